# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""VLAN tags, padding, MAC addresses, and what is none of a director's."""

import pytest
from director import (ARP, DR, GATEWAY, GATEWAY_MAC, ICMP, INSIDE, INSIDE_MAC, IP, METHODS, NAT, NUMBER, OUTSIDE,
                      OUTSIDE_MAC, SERVER_PORT, TCP, UDP, VIP, Ether, check, from_client, from_server, raw, server_mac,
                      tagged, to_client, to_server)
from scapy.layers.inet6 import IPv6

SYN = TCP(sport=40000, dport=80, flags="S")


def arrived(method):
    return TCP(sport=40000, dport=SERVER_PORT[method], flags="S")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tags", ((), (100,), (100, 200), (4094,), (0,)), ids=str)
def test_tags_that_came_in_do_not_go_out(director, method, tags):
    check(director.send(from_client(method, SYN, tags=tags)), "transmit", to_server(method, arrived(method)), INSIDE)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tags", ((), (100,), (100, 200)), ids=str)
def test_a_tagged_next_hop_gets_its_tag(director, method, tags):
    director.do("set next hop", hop=NUMBER[method], vlan=300, to=server_mac(NUMBER[method]), **{"from": INSIDE_MAC})
    expected = to_server(method, arrived(method), tags=(300,))
    check(director.send(from_client(method, SYN, tags=tags)), "transmit", expected, INSIDE)


def test_a_reply_gets_the_tag_of_the_gateway(director):
    director.send(from_client(NAT, SYN))
    director.do("set next hop", hop=GATEWAY, vlan=7, to=GATEWAY_MAC, **{"from": OUTSIDE_MAC})
    result = director.send(from_server(TCP(sport=8080, dport=40000, flags="SA")), INSIDE)
    packet = to_client(TCP(sport=80, dport=40000, flags="SA"))
    check(result, "transmit", tagged(Ether(src=OUTSIDE_MAC, dst=GATEWAY_MAC), (7,)) / packet[IP], OUTSIDE)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("padding", (b"\0" * 6, b"\xff", b"x" * 200), ids=len)
def test_padding_behind_the_packet_is_cut(director, method, padding):
    frame = bytes(from_client(method, SYN)) + padding
    check(director.send(frame), "transmit", to_server(method, arrived(method)), INSIDE)


def unchanged(director, frame, port=OUTSIDE):
    """It goes to the kernel, by the twin of the port that it came in by, as it came."""
    check(director.send(frame, port), "to_kernel", frame, port)


def test_a_frame_to_another_host_is_the_kernels(director):
    unchanged(director, Ether(src=GATEWAY_MAC, dst="02:00:00:00:00:99") / from_client(NAT, SYN)[IP])
    unchanged(director, from_client(NAT, SYN), INSIDE)


def test_broadcasts_and_multicasts_are_the_kernels(director):
    for to in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:12"):
        unchanged(director, Ether(src=GATEWAY_MAC, dst=to) / from_client(NAT, SYN)[IP])


@pytest.mark.parametrize("payload", (
    ARP(op=1, psrc="192.0.2.9", pdst="192.0.2.1"), IP(src="198.51.100.7", dst="192.0.2.1") / ICMP(),
    IPv6(src="2001:db8::7", dst="2001:db8::1") / TCP(dport=80), IP(src="192.0.2.9", dst="224.0.0.18", proto=112),
    IP(src="198.51.100.7", dst="192.0.2.1", proto=47) / raw(8),
    IP(src="198.51.100.7", dst="192.0.2.1") / ICMP(type=3, code=4) / IP(src="192.0.2.1") / TCP(sport=80),
), ids=("ARP", "ping to a VIP", "IPv6", "VRRP", "GRE", "an ICMP error"))
def test_what_is_not_tcp_or_udp_over_ipv4_is_the_kernels(director, payload):
    unchanged(director, Ether(src=GATEWAY_MAC, dst=OUTSIDE_MAC) / payload)


@pytest.mark.parametrize("transport", (
    TCP(sport=40000, dport=81, flags="S"), UDP(sport=40000, dport=80), TCP(sport=40000, dport=80, flags="A"),
    TCP(sport=40000, dport=80, flags="SR"), TCP(sport=40000, dport=80, flags="R"), TCP(sport=40000, dport=80, flags=""),
    TCP(sport=20, dport=80, flags="S"),
), ids=("a port without service", "the wrong protocol", "an ACK of no connection", "a SYN with RST", "an RST",
        "no flags", "a SYN from FTP's data port"))
def test_what_opens_no_connection_is_the_kernels(director, transport):
    unchanged(director, from_client(DR, transport))
    assert director.connections() == []


def test_a_server_that_answers_nobody_is_the_kernels(director):
    unchanged(director, from_server(TCP(sport=8080, dport=40000, flags="SA")), INSIDE)


def test_what_a_dr_server_sends_of_no_connection_is_the_kernels(director):
    director.send(from_client(DR, SYN))
    frame = Ether(src=server_mac(2), dst=INSIDE_MAC) / IP(src=VIP[DR], dst="198.51.100.7") / TCP(sport=80, dport=40001)
    unchanged(director, frame, INSIDE)
