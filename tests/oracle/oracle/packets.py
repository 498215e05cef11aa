# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Frames that a scenario's packet lines mean, and frames as a person reads them."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from . import world
from .scenario import FLAGS

_SMALLEST_FRAME = 60


def _flag_bits(flags):
    bits = 0
    for name in flags.split(","):
        bits |= FLAGS[name]
    return bits


def _transport(packet, source_port, destination_port, serial):
    if packet.flags == "UDP":
        return UDP(sport=source_port, dport=destination_port)
    options = [("NOP", None)] * packet.option("tcpoptions", 0)
    return TCP(sport=source_port, dport=destination_port, seq=serial * 1000, ack=serial * 1000 + 1,
               flags=_flag_bits(packet.flags), options=options)


def _spoil(packet, transport):
    """The transport checksum as the scenario wants it: "0", "bad", or the right one."""
    wanted = packet.option("checksum")
    if wanted is None:
        return
    transport.chksum = 0 if wanted == "0" else 0xBAD1


def build(packet, source, source_port, destination, destination_port, serial):
    """The frame for the director. `serial` makes it differ from all others of its scenario."""
    ip = IP(src=source, dst=destination, ttl=packet.option("ttl", 64), tos=packet.option("tos", 0),
            id=packet.option("id", serial), flags=("DF" if packet.option("df") else "MF" if packet.option("mf") else 0),
            options=[b"\x01"] * (packet.option("ihl", 5) - 5) * 4)
    transport = _transport(packet, source_port, destination_port, serial)
    _spoil(packet, transport)
    data = packet.option("data", 0)
    if packet.option("size"):
        data = packet.option("size") - len(ip / transport)
    side = packet.option("side") or world.side_of(source)
    source_mac = world.mac_of(source)
    payload = Raw(bytes((serial + place) & 0xFF for place in range(data))) if data else b""
    frame = bytes(Ether(src=source_mac, dst=world.DIRECTOR_MAC[side]) / ip / transport / payload)
    return side, frame.ljust(_SMALLEST_FRAME, b"\0")


def udp(side, source, source_port, destination, destination_port, payload):
    """A plain UDP frame for the director."""
    return bytes(Ether(src=world.mac_of(source), dst=world.DIRECTOR_MAC[side]) /
                 IP(src=source, dst=destination) / UDP(sport=source_port, dport=destination_port) / Raw(payload))


def describe(frame):
    """One line that says what a frame is; the bytes follow where they matter."""
    packet = Ether(frame)
    words = [f"to {packet.dst}"]
    layer = packet.getlayer(IP)
    while layer is not None:
        words.append(_describe_ip(layer))
        transport = layer.payload
        if isinstance(transport, IP):
            layer = transport
            continue
        words.append(_describe_transport(transport))
        layer = None
    return "  ".join(words)


def _describe_ip(ip):
    return (f"IP {ip.src} > {ip.dst} ttl {ip.ttl} tos {ip.tos:#04x} id {ip.id} {ip.flags or '-'} len {ip.len}"
            f" sum {ip.chksum:#06x}")


def _describe_transport(transport):
    if isinstance(transport, TCP):
        return f"TCP {transport.sport} > {transport.dport} {transport.flags} seq {transport.seq} sum {transport.chksum:#06x}"
    if isinstance(transport, UDP):
        return f"UDP {transport.sport} > {transport.dport} len {transport.len} sum {transport.chksum:#06x}"
    if isinstance(transport, ICMP):
        quoted = bytes(transport.payload)
        return (f"ICMP {transport.type}/{transport.code} mtu {getattr(transport, 'nexthopmtu', 0)}"
                f" sum {transport.chksum:#06x} quotes {len(quoted)} bytes")
    return transport.summary()
