#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes first inputs for the fuzzer: conversations and hostile packets as scapy builds them.

usage: seeds_pipeline.py FOLDER

An input is a byte for the scheduler, one for the services and workers (pipeline.cpp), then steps (director.cpp, step): a byte for what, and
its arguments. A packet that stands in the input as it is (frames.cpp, read_frame) is: where it comes in, its buffer, 1, its length, its
bytes.
"""

import struct
import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

RR, HOST, TWO_WORKERS = b"\xff\x01", b"\xff\x02", b"\xff\x07"  # which extras there are (services.hpp)
OUTSIDE, INSIDE, KERNEL = 0, 6, 9
LATER = b"\x0b"
SETTINGS = ("tcp_timeout tcp_fin_timeout udp_timeout am_droprate amemthresh cache_bypass conn_reuse_mode drop_entry drop_packet "
            "expire_nodest_conn expire_quiescent_template lblc_expiration lblcr_expiration nat_icmp_send pmtu_disc run_estimation "
            "secure_tcp sloppy_tcp").split()
CLIENT, SERVER = "198.51.100.7", "10.0.0.1"
VIP = {"nat": "192.0.2.1", "dr": "192.0.2.2", "tun": "192.0.2.3", "persistent": "192.0.2.4", "host": "192.0.2.5"}


def packet(frame, side=OUTSIDE, buffer=0):
    raw = bytes(frame)
    return bytes([side, buffer, 1]) + struct.pack(">H", len(raw)) + raw


def to_director(ip, **link):
    return Ether(**{"src": "02:00:00:00:0c:01", "dst": "02:00:00:00:00:01", **link}) / ip


def client(method, transport, buffer=0, **fields):
    return packet(to_director(IP(**{"src": CLIENT, "dst": VIP[method], **fields}) / transport), buffer=buffer)


def server(transport, **fields):
    link = Ether(src="02:00:00:00:0a:01", dst="02:00:00:00:00:02")
    return packet(link / IP(**{"src": SERVER, "dst": CLIENT, **fields}) / transport, INSIDE)


def kernel(transport, **fields):
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:0c:01")
    return packet(link / IP(**{"src": "10.0.0.254", "dst": CLIENT, **fields}) / transport, KERNEL)


def time(power):
    return LATER + bytes([power])


def setting(name, value):
    return bytes([14, SETTINGS.index(name), value])


def edit_server(service, server_number, how):
    return bytes([12, service | (server_number - 1) << 4, how])


def edit_routes(which, how):
    return bytes([15, which, how])


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
        for last in range(8):  # one of eight such inputs is played with a scheduler that takes long (pipeline.cpp)
            yield f"scheduler-{number}-{last}", bytes([number, 0]) + time(last) + b"".join(
                client("nat", TCP(sport=sport, dport=80, flags="S")) for sport in range(40000, 40004))
    for name in SETTINGS:
        yield f"setting-{name}", RR + tcp("nat", "S") + setting(name, 3) + tcp("nat", "A") + tcp("tun", "S") + (
            setting(name, 0)) + time(11) + tcp("nat", "R") + tcp("nat", "S")
    yield "every-port", RR + client("dr", TCP(sport=40000, dport=8080, flags="S"))
    yield "one-packet", RR + client("dr", UDP(sport=40000, dport=53)) * 2
    yield "by-mark", RR + client("nat", TCP(sport=40000, dport=22, flags="S")) + server(
        TCP(sport=22, dport=40000, flags="SA"), src="10.0.0.6")
    yield "server-deleted", RR + tcp("dr", "S") + edit_server(2, 2, 4) + tcp("dr", "A") + edit_server(2, 2, 0x14) + tcp("dr", "A")
    yield "service-deleted", RR + tcp("nat", "S") + b"\x0d\x00\x00" + tcp("nat", "A") + b"\x0d\x00\x03" + tcp("nat", "S")
    yield "neighbour-lost", RR + edit_routes(1, 1) + tcp("nat", "S") + edit_routes(1, 1) + tcp("nat", "A")
    yield "too-big", RR + edit_routes(1, 8) + tcp("nat", "S") + client("nat", TCP(dport=80, flags="S") / Raw(bytes(300)))
    yield "reply-too-big", RR + tcp("nat", "S") + edit_routes(0, 8) + server(TCP(sport=8080, dport=40000, flags="A") / Raw(bytes(300)))
    yield "reply-too-old", RR + tcp("nat", "S") + server(TCP(sport=8080, dport=40000, flags="A"), ttl=1)
    stray = server(TCP(sport=8080, dport=40009, flags="A"))
    yield "refused-server", RR + setting("nat_icmp_send", 1) + stray + server(TCP(sport=8080, dport=40009, flags="R")) + (
        edit_routes(0xf1, 0) + stray + edit_routes(0xf0, 0) + stray)
    unserved = RR + edit_server(7, 6, 0) + setting("cache_bypass", 1)
    yield "cache-bypass", unserved + b"".join(
        client("nat", transport, dst=address) for address in ("8.8.8.8", "10.0.0.4", "172.16.0.1", "255.255.255.255", "192.0.2.254")
        for transport in (TCP(sport=40000, dport=22, flags="S"), UDP(sport=40000, dport=22)))
    fragment = {"dport": 80, "flags": "S"}
    yield "fragments", RR + client("nat", TCP(**fragment), flags="MF") + client("nat", TCP(**fragment), dst="8.8.8.8", flags="MF")


    big = TCP(sport=40000, dport=80, flags="A") / Raw(bytes(300))
    for number, (pmtu_disc, flags) in enumerate(((1, "DF"), (1, 0), (0, "DF"))):
        yield f"tunnel-too-big-{number}", RR + setting("pmtu_disc", pmtu_disc) + tcp("tun", "S") + edit_routes(3, 8) + (
            client("tun", big, flags=flags))
    for service, method, port in ((2, "dr", 80), (4, "persistent", 443)):
        yield f"tuple-taken-{method}", RR + edit_server(service, 1, 0x90) + b"".join(
            client("nat", TCP(sport=sport, dport=80, flags=flags)) for sport in range(40000, 40004) for flags in "SA") + b"".join(
            client(method, TCP(sport=sport, dport=port, flags="S")) for sport in range(40000, 40004))
    for service, method, port in ((0, "nat", 80), (4, "persistent", 443)):
        yield f"withdrawn-{method}", RR + b"".join(edit_server(service, number, 1) for number in (1, 4, 5, 6)) + b"".join(
            client(method, TCP(sport=sport, dport=port, flags="S")) for sport in (40000, 40001))


def of_this_host():
    syn, answer = TCP(sport=40000, dport=80, flags="S"), kernel(TCP(sport=8080, dport=40000, flags="SA"))
    to_host = client("host", syn)
    yield "host-nat", HOST + to_host + answer + to_host + answer + kernel(TCP(sport=22, dport=40000, flags="SA")) + (
        client("host", TCP(sport=40000, dport=80, flags="FA")) + kernel(TCP(sport=8080, dport=40000, flags="FA")) + time(18) + answer)
    yield "host-loopback", HOST + to_host + client("host", TCP(sport=40001, dport=80, flags="S"))
    yield "host-dns", HOST + client("host", UDP(sport=40000, dport=53)) + kernel(UDP(sport=53, dport=40000))
    yield "host-dr", HOST + client("nat", TCP(sport=40000, dport=443, flags="S"))
    yield "host-tun", HOST + client("tun", TCP(sport=40000, dport=443, flags="S"))
    yield "host-deleted", HOST + to_host * 2 + edit_server(5, 11, 0) + edit_server(5, 12, 0) + answer + to_host
    yield "host-others", TWO_WORKERS + b"".join(
        client("host", TCP(sport=sport, dport=80, flags="S")) + kernel(TCP(sport=8080, dport=sport, flags="SA"))
        for sport in range(40000, 40006))
    yield "host-as-client", HOST + to_host + kernel(syn, src=CLIENT, dst=VIP["host"])
    yield "ftp", HOST + client("tun", TCP(sport=40000, dport=21, flags="S")) + client("tun", TCP(sport=40001, dport=40002, flags="S"))
    yield "ftp-unserved", HOST + edit_server(9, 6, 0) + client("tun", TCP(sport=40001, dport=40002, flags="S"))
    yield "thresholds", HOST + b"".join(client("persistent", UDP(sport=sport, dport=53)) for sport in range(40000, 40008)) + (
        time(20)) + client("persistent", UDP(sport=40000, dport=53))
    for headroom in (0, 3, 4):
        yield f"by-vlan-{headroom}", HOST + b"".join(
            client("persistent", UDP(sport=sport, dport=53), buffer=headroom << 4 | 15) for sport in (40000, 40001))
    yield "by-vlan", HOST + client("persistent", UDP(sport=40000, dport=53)) * 2 + client("persistent", UDP(sport=40001, dport=53))


def of_defence():
    def opened(count, flags="S"):
        return b"".join(client("nat", TCP(sport=40000 + i, dport=80, flags=flags)) for i in range(count))

    for name in ("drop_packet", "drop_entry", "secure_tcp"):
        for mode in (1, 3):
            yield f"{name}-{mode}", RR + setting(name, mode) + opened(6) + time(11) * 2 + opened(2)
    yield "entries-dropped", RR + opened(8) + server(TCP(sport=8080, dport=40000, flags="SA")) + opened(8, "A") + time(17) + (
        setting("drop_entry", 3) + time(10) * 120)
    yield "amemthresh", RR + setting("amemthresh", 3) + setting("drop_packet", 1) + opened(20)
    yield "table-full", RR + client("nat", UDP(sport=40000, dport=53)) * 2 + opened(40)
    for mode in (0, 1, 2, 3):
        yield f"reuse-{mode}", RR + setting("conn_reuse_mode", mode) + b"".join(
            client(method, TCP(sport=40000, dport=80, flags=flags)) for method in ("nat", "dr") for flags in ("S", "A", "FA", "A", "S", "R", "S"))
    yield "nodest", RR + setting("expire_nodest_conn", 1) + opened(3) + edit_server(0, 1, 0) + edit_server(0, 4, 1) + opened(3, "A") + opened(3)


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
    # Chosen so that the checksum behind NAT would be zero, which UDP sends as 0xffff.
    beyond = IP(bytes(IP(src=CLIENT, dst=SERVER) / UDP(sport=40000, dport=5353) / Raw(bytes(2))))
    yield "udp-checksum-zero", client("nat", UDP(sport=40000, dport=53) / Raw(struct.pack(">H", beyond[UDP].chksum)))
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
    for name, steps in (*conversations(), *of_this_host(), *of_defence(), *((name, RR + steps) for name, steps in hostile())):
        (folder / name).write_bytes(steps)


if __name__ == "__main__":
    main()
