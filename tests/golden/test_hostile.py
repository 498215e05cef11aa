# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Packets that lie, or that nobody honest sends: one row a case, what becomes of each and why.

None of them may open a connection unless the row says so, and what is not transmitted or answered stays as it was.
"""

import struct

import pytest
from director import (ARP, CLIENT, DR, GATEWAY_MAC, INSIDE, NAT, OUTSIDE_MAC, SERVER, TCP, UDP, VIP, Dot1Q, Ether, IP,
                      IPOption_NOP, from_client, from_server, raw, tagged)

SYN = TCP(sport=40000, dport=80, flags="S")
DNS = UDP(sport=40000, dport=53) / raw(10)


def link(tags=()):
    return tagged(Ether(src=GATEWAY_MAC, dst=OUTSIDE_MAC), tags)


def ip(transport=SYN, **fields):
    return from_client(NAT, transport, **fields)


def cut(packet, length):
    return bytes(packet)[:length]


def changed(packet, offset, data):
    """Bytes changed behind everybody's back: no checksum follows."""
    whole = bytearray(bytes(packet))
    whole[offset:offset + len(data)] = data
    return bytes(whole)


def resummed(packet):
    """With the IP header's checksum put right for its true header length."""
    whole = bytearray(packet)
    header = (whole[14] & 15) * 4
    whole[24:26] = b"\0\0"
    total = sum(struct.unpack(f">{header // 2}H", whole[14:14 + header]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    whole[24:26] = struct.pack(">H", 0xFFFF - total)
    return bytes(whole)


TOO_SHORT, LYING, DAMAGED, ODD, FRAGMENT = "truncated", "lying lengths", "damaged", "odd addresses and ports", "fragments"

# (kind, case): (frame, verdict, does it open a connection)
CASES = {
    (TOO_SHORT, "no byte at all"): (b"", "drop_malformed", False),
    (TOO_SHORT, "half a MAC address"): (cut(ip(), 3), "drop_malformed", False),
    (TOO_SHORT, "no type"): (cut(ip(), 13), "drop_malformed", False),
    (TOO_SHORT, "Ethernet alone"): (cut(ip(), 14), "drop_malformed", False),
    (TOO_SHORT, "half an IP header"): (cut(ip(), 24), "drop_malformed", False),
    (TOO_SHORT, "one byte less than an IP header"): (cut(ip(), 33), "drop_malformed", False),
    (TOO_SHORT, "an IP header alone, which promises more"): (cut(ip(), 34), "drop_malformed", False),
    (TOO_SHORT, "one byte less than a TCP header"): (cut(ip(), 53), "drop_malformed", False),
    (TOO_SHORT, "an IP packet that ends behind its header"): (ip(transport=raw(0), proto=6), "drop_malformed", False),
    (TOO_SHORT, "a TCP header of 19 bytes"): (ip(transport=raw(19), proto=6), "drop_malformed", False),
    (TOO_SHORT, "a UDP header of 7 bytes"): (ip(transport=raw(7), proto=17), "drop_malformed", False),
    (TOO_SHORT, "a tag and nothing behind it"): (cut(ip(tags=(5,)), 16), "drop_malformed", False),
    (TOO_SHORT, "two tags, the second not whole"): (cut(ip(tags=(5, 6)), 21), "drop_malformed", False),
    (TOO_SHORT, "IP options that are not all there"): (
        cut(ip(options=[IPOption_NOP()] * 40), 60), "drop_malformed", False),

    (LYING, "IP version 5"): (resummed(changed(ip(), 14, b"\x55")), "drop_malformed", False),
    (LYING, "IP version 6 under IPv4's type"): (resummed(changed(ip(), 14, b"\x65")), "drop_malformed", False),
    (LYING, "an IP header of 0 bytes"): (changed(ip(), 14, b"\x40"), "drop_malformed", False),
    (LYING, "an IP header of 16 bytes"): (resummed(changed(ip(), 14, b"\x44")), "drop_malformed", False),
    (LYING, "a total length of 0"): (ip(len=0), "drop_malformed", False),
    (LYING, "a total length below the header's"): (ip(len=19), "drop_malformed", False),
    (LYING, "a total length of the header alone"): (ip(len=20), "drop_malformed", False),
    (LYING, "a total length one above what came"): (ip(len=41), "drop_malformed", False),
    (LYING, "a total length of 65535"): (ip(len=65535), "drop_malformed", False),
    (LYING, "a TCP data offset of 0"): (ip(transport=TCP(dport=80, flags="S", dataofs=0)), "drop_malformed", False),
    (LYING, "a TCP data offset of 16"): (ip(transport=TCP(dport=80, flags="S", dataofs=4)), "drop_malformed", False),
    (LYING, "a TCP data offset beyond the packet"): (
        ip(transport=TCP(dport=80, flags="S", dataofs=6)), "drop_malformed", False),
    (LYING, "a TCP data offset of 60 in a packet of 59"): (
        ip(transport=TCP(dport=80, flags="S", dataofs=15) / raw(39)), "drop_malformed", False),
    (LYING, "a TCP data offset of just the packet"): (
        ip(transport=TCP(sport=40000, dport=80, flags="S", dataofs=15) / raw(40)), "transmit", True),
    (LYING, "a UDP length of 0"): (ip(transport=UDP(dport=53, len=0)), "drop_malformed", False),
    (LYING, "a UDP length below the header's"): (ip(transport=UDP(dport=53, len=7)), "drop_malformed", False),
    (LYING, "a UDP length one above the packet"): (ip(transport=UDP(dport=53, len=9)), "drop_malformed", False),
    (LYING, "a UDP length of 65535"): (ip(transport=UDP(dport=53, len=65535)), "drop_malformed", False),

    (DAMAGED, "a wrong IP checksum"): (ip(chksum=1), "drop_bad_checksum", False),
    (DAMAGED, "an IP checksum of 0"): (ip(chksum=0), "drop_bad_checksum", False),
    (DAMAGED, "one bit of the source turned"): (changed(ip(), 26, b"\x47"), "drop_bad_checksum", False),
    (DAMAGED, "a wrong TCP checksum goes through, for the server to see"): (
        ip(transport=TCP(sport=40000, dport=80, flags="S", chksum=1)), "transmit", True),
    (DAMAGED, "a wrong UDP checksum likewise"): (
        ip(transport=UDP(sport=40000, dport=53, chksum=1) / raw(10)), "transmit", True),
    (DAMAGED, "40 bytes of IP options"): (ip(options=[IPOption_NOP()] * 40), "transmit", True),
    (DAMAGED, "40 bytes of IP options and of TCP options"): (
        ip(transport=TCP(sport=40000, dport=80, flags="S", options=[("NOP", None)] * 40),
           options=[IPOption_NOP()] * 40), "transmit", True),
    (DAMAGED, "TTL 0"): (ip(ttl=0), "answer_time_exceeded", True),
    (DAMAGED, "TTL 1"): (ip(ttl=1), "answer_time_exceeded", True),
    (DAMAGED, "all TCP flags at once"): (ip(transport=TCP(sport=40000, dport=80, flags=0xFF)), "to_kernel", False),
    (DAMAGED, "no TCP flag at all"): (ip(transport=TCP(sport=40000, dport=80, flags=0)), "to_kernel", False),
    (DAMAGED, "SYN and FIN opens, as in the kernel"): (
        ip(transport=TCP(sport=40000, dport=80, flags="SF")), "transmit", True),
    (DAMAGED, "IP's reserved bit"): (ip(flags="evil"), "transmit", True),

    (FRAGMENT, "the first"): (ip(flags="MF"), "drop_fragment", False),
    (FRAGMENT, "the first, of eight bytes: it overlaps the TCP header"): (
        ip(transport=raw(8), proto=6, flags="MF"), "drop_fragment", False),
    (FRAGMENT, "at offset 8, within the TCP header"): (
        ip(transport=raw(16), proto=6, flags=0, frag=1), "drop_fragment", False),
    (FRAGMENT, "the last one possible, beyond 65535 bytes"): (
        ip(transport=raw(100), proto=17, flags=0, frag=8191), "drop_fragment", False),
    (FRAGMENT, "of a packet that must not be fragmented"): (ip(flags="MF+DF"), "drop_fragment", False),
    (FRAGMENT, "for no service"): (ip(dst="192.0.2.200", flags="MF"), "to_kernel", False),

    # The kernel's routing drops martians before IPVS sees them.
    (ODD, "land: the VIP to itself"): (ip(src=VIP[NAT], transport=TCP(sport=80, dport=80, flags="S")), "drop_martian",
                                       False),
    (ODD, "from this network, 0.0.0.0/8"): (ip(src="0.0.0.0"), "drop_martian", False),
    (ODD, "from 0.1.2.3"): (ip(src="0.1.2.3"), "drop_martian", False),
    (ODD, "from loopback"): (ip(src="127.0.0.1"), "drop_martian", False),
    (ODD, "from a group"): (ip(src="224.0.0.5"), "drop_martian", False),
    (ODD, "from class E, which the kernel routes"): (ip(src="240.0.0.1"), "transmit", True),
    (ODD, "from everybody"): (ip(src="255.255.255.255"), "drop_martian", False),
    (ODD, "from another address of the director's, which the kernel would drop"): (
        ip(src="192.0.2.254"), "transmit", True),
    (ODD, "by UDP from loopback"): (ip(src="127.0.0.1", transport=DNS), "drop_martian", False),
    (ODD, "to loopback"): (ip(dst="127.0.0.1"), "to_kernel", False),
    (ODD, "to a group"): (ip(dst="224.0.0.1"), "to_kernel", False),
    (ODD, "to everybody"): (ip(dst="255.255.255.255"), "to_kernel", False),
    (ODD, "from port 0"): (ip(transport=TCP(sport=0, dport=80, flags="S")), "transmit", True),
    (ODD, "to port 0, which is no service"): (ip(transport=TCP(sport=40000, dport=0, flags="S")), "to_kernel", False),
    (ODD, "by UDP from and to port 0"): (ip(transport=UDP(sport=0, dport=0)), "to_kernel", False),
    (ODD, "three tags"): (bytes(link((1, 2)) / Dot1Q(vlan=3) / IP(src=CLIENT, dst=VIP[NAT]) / SYN), "to_kernel", False),
    (ODD, "ARP for the VIP"): (link() / ARP(pdst=VIP[NAT]), "to_kernel", False),
    (ODD, "another host's frame"): (Ether(src=GATEWAY_MAC, dst="02:00:00:00:ff:ff") / ip()[IP], "to_kernel", False),
    (ODD, "to the VIP in a group's frame"): (Ether(src=GATEWAY_MAC, dst="01:00:5e:00:00:01") / ip()[IP], "to_kernel",
                                              False),
}
CHANGED = ("transmit", "answer_")


@pytest.mark.parametrize("case", CASES, ids=": ".join)
def test_what_becomes_of(director, case):
    frame, verdict, opens = CASES[case]
    got, _, out = director.send(frame)
    assert got == verdict
    if not verdict.startswith(CHANGED):
        assert out == bytes(frame)
    assert len(director.connections()) == int(opens)


def test_a_land_packet_of_a_servers_own_address_is_the_kernels(director):
    """From a NAT server to itself: no service and no connection."""
    sent = from_server(TCP(sport=8080, dport=8080, flags="S"), dst=SERVER[NAT])
    assert director.send(sent, INSIDE)[0] == "to_kernel"


def test_a_flood_from_martians_makes_no_connection(director):
    packets = [from_client(DR, TCP(sport=sport, dport=80, flags="S"), src="127.0.0.1") for sport in range(1024, 1056)]
    assert {verdict for verdict, _, _ in director.burst(packets)} == {"drop_martian"}
    assert director.connections() == []
