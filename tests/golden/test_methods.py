# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What NAT, DR and TUN make of whole packets: one table a direction."""

import pytest
from director import (DNS_PORT, DR, INSIDE, IP, METHODS, NAT, OUTSIDE, SERVER_PORT, TCP, TUN, UDP, IPOption_NOP, check,
                      from_client, from_server, raw, to_client, to_server)

TCP_OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (12345, 0)), ("NOP", None), ("WScale", 7)]

# What the case is called; the transport header that comes in, without its port; payload; fields of the IP header.
CLIENT_PACKETS = [
    ("a SYN", TCP(sport=40000, flags="S"), raw(0), {}),
    ("a SYN with options", TCP(sport=40000, flags="S", options=TCP_OPTIONS), raw(0), {}),
    ("a SYN with data", TCP(sport=40000, flags="S"), raw(10), {}),
    ("a SYN with all kinds of flags", TCP(sport=40000, flags="SECUP", urgptr=7, window=1), raw(3), {}),
    ("a SYN from the lowest port", TCP(sport=1, flags="S"), raw(0), {}),
    ("a SYN from the highest port", TCP(sport=65535, flags="S"), raw(0), {}),
    ("a payload of one byte", TCP(sport=40000, flags="S"), raw(1), {}),
    ("an odd payload", TCP(sport=40000, flags="S"), raw(777), {}),
    ("a packet of exactly 1480 bytes", TCP(sport=40000, flags="S"), raw(1440), {}),
    ("TTL 2", TCP(sport=40000, flags="S"), raw(0), {"ttl": 2}),
    ("TTL 255", TCP(sport=40000, flags="S"), raw(0), {"ttl": 255}),
    ("a type of service", TCP(sport=40000, flags="S"), raw(0), {"tos": 0xB8}),
    ("a packet that may be fragmented", TCP(sport=40000, flags="S"), raw(0), {"flags": 0, "id": 0xBEEF}),
    ("the id 0", TCP(sport=40000, flags="S"), raw(0), {"id": 0}),
    ("UDP", UDP(sport=40000), raw(20), {}),
    ("UDP without payload", UDP(sport=40000), raw(0), {}),
    ("UDP with an odd payload", UDP(sport=40000), raw(33), {}),
    ("UDP that may be fragmented", UDP(sport=40000), raw(20), {"flags": 0}),
] + [(f"an IP header of {words} words", TCP(sport=40000, flags="S"), raw(5),
      {"options": [IPOption_NOP()] * 4 * (words - 5)}) for words in range(5, 16)]


def ports(method, transport):
    """The service's port, and the port that the packet arrives at the server with."""
    return (80, SERVER_PORT[method]) if transport.name == "TCP" else (53, DNS_PORT[method])


def with_port(transport, port):
    copy = transport.copy()
    copy.dport = port
    return copy


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("transport, payload, fields", [case[1:] for case in CLIENT_PACKETS],
                         ids=[case[0] for case in CLIENT_PACKETS])
def test_client_to_server(director, method, transport, payload, fields):
    before, after = ports(method, transport)
    sent = from_client(method, with_port(transport, before) / payload, **fields)
    out_fields = {**fields, "ttl": fields.get("ttl", 64) - 1}
    expected = to_server(method, with_port(transport, after) / payload, **out_fields)
    check(director.send(sent), "transmit", expected, INSIDE)


SERVER_PACKETS = [
    ("a SYN/ACK", TCP(dport=40000, flags="SA"), raw(0), {}),
    ("data", TCP(dport=40000, flags="PA", seq=1, ack=1), raw(100), {}),
    ("an odd payload", TCP(dport=40000, flags="A"), raw(1), {}),
    ("a packet of 1500 bytes", TCP(dport=40000, flags="A"), raw(1460), {}),
    ("a FIN", TCP(dport=40000, flags="FA"), raw(0), {}),
    ("an RST", TCP(dport=40000, flags="R"), raw(0), {}),
    ("TTL 2", TCP(dport=40000, flags="A"), raw(0), {"ttl": 2}),
    ("a type of service", TCP(dport=40000, flags="A"), raw(0), {"tos": 0x03}),
    ("IP options", TCP(dport=40000, flags="A"), raw(0), {"options": [IPOption_NOP()] * 8}),
    ("UDP", UDP(dport=40000), raw(99), {}),
]


@pytest.mark.parametrize("transport, payload, fields", [case[1:] for case in SERVER_PACKETS],
                         ids=[case[0] for case in SERVER_PACKETS])
def test_nat_server_to_client(director, transport, payload, fields):
    """A NAT server's packets get the virtual address and port as source, and are one hop older."""
    request = TCP(sport=40000, dport=80, flags="S") if transport.name == "TCP" else UDP(sport=40000, dport=53)
    director.send(from_client(NAT, request))
    before, after = transport.copy(), transport.copy()
    after.sport, before.sport = ports(NAT, transport)
    out_fields = {**fields, "ttl": fields.get("ttl", 64) - 1}
    result = director.send(from_server(before / payload, **fields), INSIDE)
    check(result, "transmit", to_client(after / payload, **out_fields), OUTSIDE)


@pytest.mark.parametrize("method", METHODS)
def test_udp_without_a_checksum_stays_without(director, method):
    sent = from_client(method, UDP(sport=40000, dport=53, chksum=0) / raw(20))
    expected = to_server(method, UDP(sport=40000, dport=DNS_PORT[method], chksum=0) / raw(20))
    check(director.send(sent), "transmit", expected)


def test_nat_reply_without_a_udp_checksum_stays_without(director):
    director.send(from_client(NAT, UDP(sport=40000, dport=53)))
    result = director.send(from_server(UDP(sport=5353, dport=40000, chksum=0) / raw(4)), INSIDE)
    check(result, "transmit", to_client(UDP(sport=53, dport=40000, chksum=0) / raw(4)))


def checksum_of(frame):
    return IP(bytes(frame)[14:])[UDP].chksum


def payload_for(checksum, build):
    """Two bytes of payload that give the packet built with them this checksum."""
    zero = checksum_of(build(b"\0\0"))
    word = (zero - checksum) % 0xFFFF
    payload = word.to_bytes(2, "big")
    assert checksum_of(build(payload)) == checksum
    return payload


def test_a_udp_checksum_that_comes_out_as_zero_is_sent_as_ffff(director):
    def out(payload):
        return to_server(NAT, UDP(sport=40000, dport=5353) / payload)

    payload = payload_for(0xFFFF, out)
    check(director.send(from_client(NAT, UDP(sport=40000, dport=53) / payload)), "transmit", out(payload))


def test_a_udp_checksum_of_ffff_is_updated_like_any(director):
    def sent(payload):
        return from_client(NAT, UDP(sport=40000, dport=53) / payload)

    payload = payload_for(0xFFFF, sent)
    check(director.send(sent(payload)), "transmit", to_server(NAT, UDP(sport=40000, dport=5353) / payload))


@pytest.mark.parametrize("method", (DR, TUN))
@pytest.mark.parametrize("wrong", (0, 1, 0xFFFF))
def test_dr_and_tun_do_not_look_at_layer_4_checksums(director, method, wrong):
    sent = from_client(method, TCP(sport=40000, dport=80, flags="S", chksum=wrong))
    expected = to_server(method, TCP(sport=40000, dport=80, flags="S", chksum=wrong))
    check(director.send(sent), "transmit", expected)


@pytest.mark.parametrize("wrong_by", (1, 0x100, 0x7FFF, 0xFFFE))
@pytest.mark.parametrize("transport, port", ((TCP, 80), (UDP, 53)), ids=("TCP", "UDP"))
def test_nat_carries_a_wrong_checksum_on_as_wrong_as_it_was(director, transport, port, wrong_by):
    """The receiver must see that the packet is broken: no checksum is made good on the way."""
    def wrong(frame, layer):
        frame = frame.__class__(bytes(frame))
        frame[layer].chksum = (frame[layer].chksum + wrong_by) % 0xFFFF or 0xFFFF
        return frame

    fields = {"flags": "S"} if transport is TCP else {}
    sent = wrong(from_client(NAT, transport(sport=40000, dport=port, **fields) / raw(9)), transport)
    server_port = SERVER_PORT[NAT] if transport is TCP else DNS_PORT[NAT]
    expected = wrong(to_server(NAT, transport(sport=40000, dport=server_port, **fields) / raw(9)), transport)
    check(director.send(sent), "transmit", expected)
