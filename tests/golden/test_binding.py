# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Who serves a packet, where that is more than a server of one address and port: whole packets in and out."""

import pytest
from director import (CLIENT, DR, GATEWAY_MAC, INSIDE, INSIDE_ADDRESS, IP, NAT, OUTSIDE, OUTSIDE_MAC, SERVER, TCP, TUN,
                      UDP, VIP, Ether, check, from_client, from_server, raw, to_client, to_server)

SYN = TCP(sport=40000, dport=80, flags="S")
OTHER = "203.0.113.80"  # an address that the director has not


def answer_of_this_host(transport, source=INSIDE_ADDRESS):
    """What the director's Linux sends by the outside twin: the kernel has chosen the way."""
    return Ether(src=OUTSIDE_MAC, dst=GATEWAY_MAC) / IP(src=source, dst=CLIENT, id=7, flags="DF") / transport


@pytest.mark.parametrize("transport, port, payload", [(TCP(flags="S", sport=40000), 80, raw(3)),
                                                      (UDP(sport=40000), 53, raw(20))], ids=["TCP", "UDP"])
def test_nat_to_the_director_itself(bare_director, transport, port, payload):
    """Rewritten, but no hop older; the answer is translated back, and nothing else of it changes."""
    director = bare_director()
    protocol = transport.name.lower()
    director.do("add service", vip=VIP[NAT], port=port, protocol=protocol,
                servers=[{"address": INSIDE_ADDRESS, "port": 8080}])
    asked, got, answer, told = (transport.copy() for _ in range(4))
    asked.dport, got.dport = port, 8080
    expected = from_client(NAT, got / payload, dst=INSIDE_ADDRESS)
    check(director.send(from_client(NAT, asked / payload)), "to_kernel", expected, OUTSIDE)

    answer.sport, answer.dport, told.sport, told.dport = 8080, 40000, port, 40000
    expected = answer_of_this_host(told / payload, source=VIP[NAT])
    check(director.from_kernel(answer_of_this_host(answer / payload)), "transmit", expected, OUTSIDE)


def test_all_else_that_linux_sends_goes_out_as_it_is(bare_director):
    director = bare_director()
    director.do("add service", vip=VIP[NAT], port=80, servers=[{"address": INSIDE_ADDRESS, "port": 8080}])
    director.send(from_client(NAT, SYN))
    for sport, dport in ((8081, 40000), (8080, 40001)):
        sent = answer_of_this_host(TCP(sport=sport, dport=dport, flags="A"))
        check(director.from_kernel(sent), "to_kernel", sent, OUTSIDE)


@pytest.mark.parametrize("address", (INSIDE_ADDRESS, "127.0.0.1"))
@pytest.mark.parametrize("method", (DR, TUN))
def test_dr_and_tun_leave_what_is_for_the_director_itself_as_it_is(bare_director, method, address):
    director = bare_director()
    director.do("add service", vip=VIP[NAT], port=80, servers=[{"address": address, "port": 80, "forwarding": method}])
    sent = from_client(NAT, SYN, ttl=1)
    check(director.send(sent), "to_kernel", sent, OUTSIDE)
    assert director.state() == "SYN_RECV"


def test_a_service_of_every_port_leaves_packets_their_port(bare_director):
    director = bare_director()
    director.do("add service", vip=VIP[NAT], port=0, persistence=300, servers=[{"address": SERVER[NAT], "port": 0}])
    for port in (1, 80, 65535):
        check(director.send(from_client(NAT, TCP(sport=40000, dport=port, flags="S"))), "transmit",
              to_server(NAT, TCP(sport=40000, dport=port, flags="S")), INSIDE)
        answer = TCP(sport=port, dport=40000, flags="SA")
        check(director.send(from_server(answer), INSIDE), "transmit", to_client(answer), OUTSIDE)


def test_a_service_by_mark_takes_packets_to_several_addresses(bare_director):
    director = bare_director()
    director.do("mark", mark=7, destination="192.0.2.0/24")
    director.do("add service", mark=7, servers=[{"address": SERVER[NAT], "port": 0}])
    for vip, port in ((VIP[NAT], 80), ("192.0.2.200", 443)):
        sent = from_client(NAT, TCP(sport=40000, dport=port, flags="S"), dst=vip)
        check(director.send(sent), "transmit", to_server(NAT, TCP(sport=40000, dport=port, flags="S")), INSIDE)
        answer = TCP(sport=port, dport=40000, flags="SA")
        check(director.send(from_server(answer), INSIDE), "transmit", to_client(answer, src=vip), OUTSIDE)


def test_without_a_server_what_has_a_mark_goes_on(bare_director):
    director = bare_director()
    director.do("mark", mark=7, destination="203.0.113.0/24")
    director.do("add service", mark=7, servers=[])
    check(director.send(from_client(NAT, SYN, dst=OTHER)), "answer_port_unreachable")
    director.do("set settings", cache_bypass=1)
    link = Ether(src=OUTSIDE_MAC, dst=GATEWAY_MAC)
    expected = link / IP(src=CLIENT, dst=OTHER, id=0x1234, flags="DF", ttl=63) / SYN
    check(director.send(from_client(NAT, SYN, dst=OTHER)), "transmit", expected, OUTSIDE)
    assert director.state() == "SYN_RECV"
    check(director.send(from_client(NAT, SYN, dst=OTHER, ttl=1)), "answer_time_exceeded")


@pytest.mark.parametrize("method", (NAT, DR, TUN))
def test_a_packet_that_is_scheduled_by_itself(bare_director, method):
    """It leaves as any other, and leaves no connection; NAT's reply is the kernel's."""
    director = bare_director()
    port = {NAT: 5353}.get(method, 53)
    director.do("add service", vip=VIP[method], port=53, protocol="udp", one_packet=True,
                servers=[{"address": SERVER[method], "port": port, "forwarding": method}])
    sent = from_client(method, UDP(sport=40000, dport=53) / raw(33))
    check(director.send(sent), "transmit", to_server(method, UDP(sport=40000, dport=port) / raw(33)), INSIDE)
    assert director.connections() == []
    reply = from_server(UDP(sport=5353, dport=40000) / raw(4))
    check(director.send(reply, INSIDE), "to_kernel", reply)
