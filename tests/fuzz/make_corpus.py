#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes first inputs for the fuzzer: conversations and hostile packets as scapy builds them.

usage: make_corpus.py FOLDER

An input is a byte for the scheduler, one for the services, then steps (director.cpp, step): a byte for what, and its arguments. A packet that
stands in the input as it is (frames.cpp, read_frame) is: where it comes in, its buffer, 1, its length, its bytes.
"""

import struct
import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

RR = b"\xff\x01"
OUTSIDE, INSIDE = 0, 6
RUN, LATER = b"\x0f\x00\x00", b"\x0b"  # toggles nothing: an even MTU of the gateway
CLIENT, SERVER = "198.51.100.7", "10.0.0.1"
VIP = {"nat": "192.0.2.1", "dr": "192.0.2.2", "tun": "192.0.2.3", "persistent": "192.0.2.4"}


def packet(frame, side=OUTSIDE, buffer=0):
    raw = bytes(frame)
    return bytes([side, buffer, 1]) + struct.pack(">H", len(raw)) + raw


def to_director(ip, **link):
    return Ether(**{"src": "02:00:00:00:0c:01", "dst": "02:00:00:00:00:01", **link}) / ip


def client(method, transport, **fields):
    return packet(to_director(IP(**{"src": CLIENT, "dst": VIP[method], **fields}) / transport))


def server(transport, **fields):
    link = Ether(src="02:00:00:00:0a:01", dst="02:00:00:00:00:02")
    return packet(link / IP(**{"src": SERVER, "dst": CLIENT, **fields}) / transport, INSIDE)


def time(power):
    return LATER + bytes([power])


def setting(number, value):
    return bytes([14, number, value])


def conversations():
    def tcp(method, flags, **more):
        port = 443 if method == "persistent" else 80
        return client(method, TCP(sport=40000, dport=port, flags=flags, **more))

    yield "nat-closes", RR + tcp("nat", "S") + server(TCP(sport=8080, dport=40000, flags="SA")) + tcp("nat", "A") + (
        tcp("nat", "FA") + server(TCP(sport=8080, dport=40000, flags="FA")) + tcp("nat", "A") + tcp("nat", "S"))
    for method in ("dr", "tun", "persistent"):
        yield f"{method}-closes", RR + tcp(method, "S") + tcp(method, "A") + time(10) + tcp(method, "FA") + time(17)
    yield "dr-reply", RR + tcp("dr", "S") + server(TCP(sport=80, dport=40000, flags="SA"), src=VIP["dr"])
    yield "dns", RR + client("nat", UDP(sport=40000, dport=53) / Raw(b"question")) + server(
        UDP(sport=5353, dport=40000) / Raw(b"answer"))
    for number in range(14):
        yield f"scheduler-{number}", bytes([number, 0]) + b"".join(
            client("nat", TCP(sport=sport, dport=80, flags="S")) for sport in range(40000, 40004))
    for number in range(18):
        yield f"setting-{number}", RR + tcp("nat", "S") + setting(number, 3) + tcp("nat", "A") + tcp("tun", "S") + (
            setting(number, 0)) + time(11) + tcp("nat", "R") + tcp("nat", "S")
    yield "every-port", RR + client("dr", TCP(sport=40000, dport=8080, flags="S"))
    yield "one-packet", RR + client("dr", UDP(sport=40000, dport=53)) * 2
    yield "by-mark", RR + client("nat", TCP(sport=40000, dport=22, flags="S")) + server(
        TCP(sport=22, dport=40000, flags="SA"), src="10.0.0.6")
    yield "server-deleted", RR + tcp("dr", "S") + b"\x0c\x12\x04" + tcp("dr", "A") + b"\x0c\x12\x14" + tcp("dr", "A")
    yield "service-deleted", RR + tcp("nat", "S") + b"\x0d\x00\x00" + tcp("nat", "A") + b"\x0d\x00\x03" + tcp("nat", "S")
    yield "neighbour-lost", RR + b"\x0f\x01\x01" + tcp("nat", "S") + b"\x0f\x01\x01" + tcp("nat", "A")
    yield "too-big", RR + b"\x0f\x01\x08" + tcp("nat", "S") + client("nat", TCP(dport=80, flags="S") / Raw(bytes(300)))


def hostile():
    syn = TCP(sport=40000, dport=80, flags="S")
    good = bytes(to_director(IP(src=CLIENT, dst=VIP["nat"]) / syn))
    for length in (0, 13, 14, 15, 33, 34, 41, 53):
        yield f"truncated-{length}", packet(good[:length])
    for name, fields in (("header-4", {"ihl": 4}), ("header-15", {"ihl": 15}), ("total-19", {"len": 19}),
                         ("total-65535", {"len": 65535}), ("version-6", {"version": 6}), ("checksum", {"chksum": 1}),
                         ("options", {"options": [IPOption_NOP()] * 40}), ("ttl-0", {"ttl": 0}), ("ttl-1", {"ttl": 1}),
                         ("first-fragment", {"flags": "MF"}), ("second-fragment", {"frag": 1}),
                         ("martian", {"src": "127.0.0.1"}), ("land", {"src": VIP["nat"]})):
        yield name, client("nat", syn, **fields)
    for offset in (0, 4, 15):
        yield f"data-offset-{offset}", client("nat", TCP(sport=40000, dport=80, flags="S", dataofs=offset))
    for length in (0, 7, 9, 65535):
        yield f"udp-length-{length}", client("nat", UDP(sport=40000, dport=53, len=length))
    yield "udp-no-checksum", client("nat", UDP(sport=40000, dport=53, chksum=0) / Raw(b"x"))
    yield "port-0", client("nat", TCP(sport=0, dport=0, flags="S"))
    yield "icmp", client("nat", ICMP())
    yield "arp", packet(to_director(ARP(pdst=VIP["nat"]), dst="ff:ff:ff:ff:ff:ff"))
    for tags in (1, 2, 3):
        link = Ether(src="02:00:00:00:0c:01", dst="02:00:00:00:00:01")
        for tag in range(tags):
            link = link / Dot1Q(vlan=tag + 1)
        yield f"tags-{tags}", packet(link / IP(src=CLIENT, dst=VIP["nat"], ttl=1) / syn)
    yield "segmented", packet(good[:40], buffer=14)
    yield "no-headroom", packet(to_director(IP(src=CLIENT, dst=VIP["tun"]) / syn), buffer=15)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, steps in (*conversations(), *((name, RR + steps) for name, steps in hostile())):
        (folder / name).write_bytes(steps)


if __name__ == "__main__":
    main()
