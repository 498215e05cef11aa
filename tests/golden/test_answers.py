# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""ICMP errors that the director sends: when, from whom, and every byte of them."""

import pytest
from director import (GATEWAY, INSIDE, INSIDE_ADDRESS, IP, METHODS, NAT, NUMBER, OUTSIDE, ROUTER, SERVER_PORT, TCP, TUN,
                      UDP, VIP, IPOption_NOP, check, from_client, from_server, icmp_error, raw, to_server)

UNREACHABLE, TIME_EXCEEDED = 3, 11
PORT, FRAGMENTATION_NEEDED = 3, 4
MTU = 1400


def sized(bytes_of_ip, flags="S"):
    """A TCP packet that makes an IP packet of so many bytes."""
    return TCP(sport=40000, dport=80, flags=flags) / raw(bytes_of_ip - 40)


def older(frame):
    copy = frame.copy()
    copy[IP].ttl -= 1
    return copy


@pytest.mark.parametrize("method", METHODS)
class TestSize:
    """MTU - 1, MTU and MTU + 1 of what the next hop takes; IP in IP leaves twenty bytes less."""

    @pytest.fixture
    def narrow(self, director, method):
        director.do("set next hop", hop=NUMBER[method], mtu=MTU)
        return director

    @staticmethod
    def largest(method):
        return MTU - 20 if method == TUN else MTU

    @pytest.mark.parametrize("spare", (1, 0))
    @pytest.mark.parametrize("flags", ("DF", 0), ids=("with DF", "without DF"))
    def test_what_fits_goes_out(self, narrow, method, spare, flags):
        transport = sized(self.largest(method) - spare)
        expected = transport.copy()
        expected.dport = SERVER_PORT[method]
        result = narrow.send(from_client(method, transport, flags=flags))
        check(result, "transmit", to_server(method, expected, flags=flags), INSIDE)
        assert len(result[2]) == 14 + MTU - spare

    def test_one_byte_more_with_df_is_answered_with_the_mtu(self, narrow, method):
        sent = from_client(method, sized(self.largest(method) + 1))
        expected = icmp_error(older(sent), VIP[method], UNREACHABLE, FRAGMENTATION_NEEDED, self.largest(method))
        check(narrow.send(sent), "answer_fragmentation_needed", expected, OUTSIDE)

    def test_one_byte_more_without_df_is_dropped_by_name(self, narrow, method):
        check(narrow.send(from_client(method, sized(self.largest(method) + 1), flags=0)), "drop_too_big")

    def test_ttl_comes_first(self, narrow, method):
        sent = from_client(method, sized(self.largest(method) + 1), ttl=1)
        check(narrow.send(sent), "answer_time_exceeded", icmp_error(sent, VIP[method], TIME_EXCEEDED, 0), OUTSIDE)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ttl", (0, 1))
@pytest.mark.parametrize("transport", (TCP(sport=40000, dport=80, flags="S"), UDP(sport=40000, dport=53) / raw(5)),
                         ids=("TCP", "UDP"))
def test_a_ttl_that_runs_out_here_is_answered_from_the_vip(director, method, ttl, transport):
    sent = from_client(method, transport, ttl=ttl)
    check(director.send(sent), "answer_time_exceeded", icmp_error(sent, VIP[method], TIME_EXCEEDED, 0), OUTSIDE)


def test_errors_about_a_servers_packets_come_from_the_director(director):
    """Linux forwards them as a router does: the TTL is not yet one less in what is quoted."""
    director.send(from_client(NAT, TCP(sport=40000, dport=80, flags="S")))
    old = from_server(TCP(sport=8080, dport=40000, flags="SA"), ttl=1)
    check(director.send(old, INSIDE), "answer_time_exceeded", icmp_error(old, INSIDE_ADDRESS, TIME_EXCEEDED, 0), INSIDE)

    director.do("set next hop", hop=GATEWAY, mtu=MTU)
    fits, big = (from_server(TCP(sport=8080, dport=40000, flags="A") / raw(size - 40)) for size in (MTU, MTU + 1))
    check(director.send(fits, INSIDE), "transmit", port=OUTSIDE)
    expected = icmp_error(big, INSIDE_ADDRESS, UNREACHABLE, FRAGMENTATION_NEEDED, MTU)
    check(director.send(big, INSIDE), "answer_fragmentation_needed", expected, INSIDE)


@pytest.mark.parametrize("transport", (TCP(sport=40000, dport=80, flags="S"), UDP(sport=40000, dport=53) / raw(5)),
                         ids=("TCP", "UDP"))
@pytest.mark.parametrize("tags", ((), (100,), (100, 200)), ids=str)
def test_without_a_server_the_client_is_told_by_the_vip(bare_director, transport, tags):
    """Also of TCP: the kernel sends no RST. Tags go back as they came."""
    director = bare_director()
    director.do("add service", vip=VIP[NAT], port=80, protocol="tcp", servers=[])
    director.do("add service", vip=VIP[NAT], port=53, protocol="udp", servers=[])
    sent = from_client(NAT, transport, tags=tags)
    check(director.send(sent), "answer_port_unreachable", icmp_error(sent, VIP[NAT], UNREACHABLE, PORT), OUTSIDE)


@pytest.fixture
def without_server(bare_director):
    director = bare_director()
    director.do("add service", vip=VIP[NAT], port=80, servers=[])
    return director


def refused(director, transport, **fields):
    sent = from_client(NAT, transport, **fields)
    return sent, director.send(sent)


@pytest.mark.parametrize("size", (40, 41, 547, 548, 549, 1000, 1500))
def test_as_much_is_quoted_as_fits_into_576_bytes(without_server, size):
    sent, result = refused(without_server, sized(size))
    check(result, "answer_port_unreachable", icmp_error(sent, VIP[NAT], UNREACHABLE, PORT))
    assert len(result[2]) == 14 + min(576, 28 + size)


def test_padding_is_not_quoted(without_server):
    sent = from_client(NAT, sized(40))
    expected = icmp_error(sent, VIP[NAT], UNREACHABLE, PORT)
    check(without_server.send(bytes(sent) + b"\xee" * 6), "answer_port_unreachable", expected)


def test_ip_options_are_quoted_and_not_copied(without_server):
    sent, result = refused(without_server, sized(40), options=[IPOption_NOP()] * 8)
    check(result, "answer_port_unreachable", icmp_error(sent, VIP[NAT], UNREACHABLE, PORT))


@pytest.mark.parametrize("tos, answer", ((0x00, 0xC0), (0x01, 0xC0), (0x02, 0xC2), (0x10, 0xD0), (0xFF, 0xDE)), ids=hex)
def test_the_type_of_service_is_the_packets_with_the_precedence_of_control(without_server, tos, answer):
    sent, result = refused(without_server, sized(40), tos=tos)
    check(result, "answer_port_unreachable", icmp_error(sent, VIP[NAT], UNREACHABLE, PORT, tos=answer))


@pytest.mark.parametrize("source", ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.5", "240.0.0.1", "255.255.255.255"))
def test_nobody_answers_a_sender_that_is_none(without_server, source):
    sent, result = refused(without_server, sized(40), src=source)
    check(result, "drop_unanswerable" if source == "240.0.0.1" else "drop_martian", sent)


def test_answers_are_limited_to_a_burst_and_a_rate(without_server):
    """As icmp_msgs_burst and icmp_msgs_per_sec: fifty at once, a thousand a second."""
    def answered(count):
        packets = [from_client(NAT, TCP(sport=1024 + i, dport=80, flags="S")) for i in range(count)]
        bursts = [without_server.burst(packets[first:first + 32]) for first in range(0, count, 32)]
        verdicts = [verdict for burst in bursts for verdict, _, _ in burst]
        assert set(verdicts) <= {"answer_port_unreachable", "drop_answer_limited"}
        return verdicts.count("answer_port_unreachable")

    assert answered(100) == 50
    assert answered(10) == 0
    without_server.do("pass", milliseconds=7)
    assert answered(32) == 7
    without_server.do("pass", milliseconds=60_000)
    assert answered(100) == 50


def test_an_error_needs_28_bytes_of_room(without_server):
    sent = from_client(NAT, sized(40))
    check(without_server.send(sent, headroom=27), "drop_no_headroom", sent)
    check(without_server.send(sent, headroom=28), "answer_port_unreachable")


def test_the_clients_side_has_another_address_than_the_vip(director):
    """What the kernel answers for itself (ROUTER) is never the source of an error about a service."""
    _, _, frame = director.send(from_client(NAT, sized(40), ttl=1))
    assert IP(frame[14:]).src == VIP[NAT] != ROUTER
