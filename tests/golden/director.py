# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The director of the golden tests, the packets that go in and those that must come out.

The pipeline runs in golden-driver (driver.cpp), in the network of tests/support/site.hpp: clients behind
a gateway on port 0, servers on the link of port 1. Packets are built by scapy on both sides, checksums
included, so that nothing is compared with itself.
"""

import json
import os
import subprocess
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP  # noqa: F401  (what tests import from here)
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: F401
from scapy.packet import Raw

OUTSIDE, INSIDE = 0, 1
OUTSIDE_MAC, INSIDE_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
GATEWAY_MAC = "02:00:00:00:0c:01"
GATEWAY = 0  # its next hop; those of the servers are numbered as they are
CLIENT, ROUTER = "198.51.100.7", "192.0.2.254"
INSIDE_ADDRESS = "10.0.0.254"
NAT, DR, TUN = "nat", "dr", "tun"
METHODS = (NAT, DR, TUN)
VIP = {NAT: "192.0.2.1", DR: "192.0.2.2", TUN: "192.0.2.3"}
SERVER = {NAT: "10.0.0.1", DR: "10.0.0.2", TUN: "10.0.0.3"}
NUMBER = {NAT: 1, DR: 2, TUN: 3}
SERVER_PORT = {NAT: 8080, DR: 80, TUN: 80}
DNS_PORT = {NAT: 5353, DR: 53, TUN: 53}
IP_FIELDS = {"id": 0x1234, "flags": "DF", "ttl": 64}


def server_mac(number):
    return f"02:00:00:00:0a:{number:02x}"


class Director:
    """One golden-driver with services of each method: TCP port 80 and UDP port 53, one server each."""

    def __init__(self, driver, **start):
        self.process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.do("start", **start)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0

    def do(self, what, **arguments):
        self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"golden-driver ended at {what} {arguments}"
        return json.loads(answer)

    def add_services(self, methods=METHODS):
        for method in methods:
            for protocol, port, server_port in (("tcp", 80, SERVER_PORT[method]), ("udp", 53, DNS_PORT[method])):
                server = {"address": SERVER[method], "port": server_port, "forwarding": method}
                self.do("add service", vip=VIP[method], port=port, protocol=protocol, servers=[server])

    def burst(self, packets, port=OUTSIDE, worker=0, **how):
        """One burst; a list of (verdict, port, bytes)."""
        described = [{"hex": bytes(packet).hex(), "port": port, **how} for packet in packets]
        return self.results(self.do("burst", packets=described, worker=worker))

    def from_kernel(self, packet, port=OUTSIDE, worker=0):
        """What Linux sends by the twin of a port."""
        described = [{"hex": bytes(packet).hex(), "port": port}]
        return self.results(self.do("burst", packets=described, worker=worker, from_kernel=True))[0]

    def send(self, packet, port=OUTSIDE, **how):
        return self.burst([packet], port, **how)[0]

    def results(self, answer):
        return [(packet["verdict"], packet["port"], bytes.fromhex(packet["hex"])) for packet in answer["packets"]]

    def connections(self, worker=0):
        return self.do("connections", worker=worker)["connections"]

    def state(self):
        """Of the only connection."""
        (only,) = self.connections()
        return only["state"]

    def open(self, method, sport=40000):
        """A connection that has shown its SYN and an ACK."""
        for flags in ("S", "A"):
            verdict, _, _ = self.send(from_client(method, TCP(sport=sport, dport=80, flags=flags)))
            assert verdict == "transmit"


def tagged(link, tags):
    for position, tag in enumerate(tags):
        link.lastlayer().type = 0x88A8 if position + 1 < len(tags) else 0x8100
        link = link / Dot1Q(vlan=tag)
    return link


def from_client(method, transport, tags=(), **fields):
    """The frame that a client's packet to the service of this method arrives in."""
    link = tagged(Ether(src=GATEWAY_MAC, dst=OUTSIDE_MAC), tags)
    return link / IP(**{"src": CLIENT, "dst": VIP[method], **IP_FIELDS, **fields}) / transport


def to_server(method, transport, tags=(), **fields):
    """The frame that this packet leaves in, one hop older. Of NAT, `transport` has the server's port."""
    link = tagged(Ether(src=INSIDE_MAC, dst=server_mac(NUMBER[method])), tags)
    fields = {**IP_FIELDS, "ttl": 63, **fields}
    inner = IP(src=CLIENT, dst=SERVER[NAT] if method == NAT else VIP[method], **fields) / transport
    if method != TUN:
        return link / inner
    is_whole = "DF" in str(fields["flags"])
    outer = IP(src=INSIDE_ADDRESS, dst=SERVER[TUN], ttl=fields["ttl"], tos=fields.get("tos", 0),
               flags="DF" if is_whole else 0, id=0 if is_whole else 1)
    return link / outer / inner


def from_server(transport, **fields):
    """The frame that a NAT server's packet to the client arrives in."""
    link = Ether(src=server_mac(1), dst=INSIDE_MAC)
    return link / IP(**{"src": SERVER[NAT], "dst": CLIENT, **IP_FIELDS, **fields}) / transport


def to_client(transport, **fields):
    """The frame that it leaves in. `transport` has the service's port."""
    link = Ether(src=OUTSIDE_MAC, dst=GATEWAY_MAC)
    return link / IP(**{"src": VIP[NAT], "dst": CLIENT, **IP_FIELDS, "ttl": 63, **fields}) / transport


def icmp_error(frame, source, kind, code, mtu=0, tos=0xC0):
    """The error about a packet that goes back the way it came, quoting its first 548 bytes. `frame` is what the
    director had of it by then."""
    link = bytes(Ether(src=frame[Ether].dst, dst=frame[Ether].src, type=frame[Ether].type))
    whole = bytes(frame)
    start = len(frame) - len(frame[IP])
    quoted = whole[start:start + frame[IP].len] if frame[IP].len else whole[start:]
    header = IP(src=source, dst=frame[IP].src, ttl=64, id=0, tos=tos, proto=1)
    icmp = ICMP(bytes([kind, code, 0, 0, 0, 0, mtu >> 8, mtu & 0xFF]) + quoted[:548])
    icmp.chksum = None
    return link + whole[len(link):start] + bytes(header / icmp)


def describe(data):
    return Ether(data).show(dump=True) if data else "(nothing)"


def check(result, verdict, packet=None, port=None):
    """Compares a whole packet, byte by byte, and shows both if they differ."""
    got_verdict, got_port, got = result
    assert got_verdict == verdict
    if port is not None:
        assert got_port == port
    if packet is not None and got != bytes(packet):
        raise AssertionError(f"came out:\n{describe(got)}{got.hex()}\nexpected:\n"
                             f"{describe(bytes(packet))}{bytes(packet).hex()}")


def driver_path():
    build = os.environ.get("FAIRWAY_BUILD", str(Path(__file__).resolve().parents[2] / "build" / "test"))
    return str(Path(build) / "tests" / "golden" / "golden-driver")


def raw(length):
    """So many bytes that are not all the same."""
    return Raw(bytes(i % 251 for i in range(length))) if length else Raw()
