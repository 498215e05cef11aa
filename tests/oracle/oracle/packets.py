# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Frames that a scenario's packet lines mean, and frames as a person reads them."""

import socket
import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from . import world
from .scenario import FLAGS

_SMALLEST_FRAME = 60
_TCP, _UDP = 6, 17


def _flag_bits(flags):
    bits = 0
    for name in flags.split(","):
        bits |= FLAGS[name]
    return bits


def _checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _segment(protocol, ends, header, place, payload, wanted=None):
    """Header and payload with the checksum at its place: "0", "bad", or the right one."""
    segment = header + payload
    pseudo = socket.inet_aton(ends[0]) + socket.inet_aton(ends[1]) + struct.pack("!HH", protocol, len(segment))
    right = _checksum(pseudo + segment) or (0xFFFF if protocol == _UDP else 0)
    chosen = {None: right, "0": 0}.get(wanted, 0xBAD1)
    return segment[:place] + struct.pack("!H", chosen) + segment[place + 2:]


def _ip(protocol, ends, payload, *, tos=0, number=1, fragment=0, ttl=64, options=b""):
    length = 20 + len(options)
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | length // 4, tos, length + len(payload), number, fragment, ttl, protocol, 0,
                         socket.inet_aton(ends[0]), socket.inet_aton(ends[1])) + options
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + payload


def _frame(side, source, packet):
    return _mac(world.DIRECTOR_MAC[side]) + _mac(world.mac_of(source)) + b"\x08\0" + packet


def _mac(text):
    return bytes.fromhex(text.replace(":", ""))


def build(packet, source, source_port, destination, destination_port, serial):
    """The frame for the director. `serial` makes it differ from all others of its scenario."""
    ends = (source, destination)
    options = b"\x01" * (packet.option("ihl", 5) - 5) * 4
    if packet.flags == "UDP":
        protocol, place, size = _UDP, 6, 8
    else:
        padding = b"\x01" * packet.option("tcpoptions", 0)
        padding += b"\0" * (-len(padding) % 4)
        protocol, place, size = _TCP, 16, 20 + len(padding)
    data = packet.option("data", 0)
    if packet.option("size"):
        data = packet.option("size") - 20 - len(options) - size
    payload = bytes((serial + number) & 0xFF for number in range(data))
    if protocol == _UDP:
        header = struct.pack("!HHHH", source_port, destination_port, 8 + data, 0)
    else:
        header = struct.pack("!HHIIBBHHH", source_port, destination_port, serial * 1000, serial * 1000 + 1, size << 2,
                             _flag_bits(packet.flags), 8192, 0, 0) + padding
    side = packet.option("side") or world.side_of(source)
    whole = _ip(protocol, ends, _segment(protocol, ends, header, place, payload, packet.option("checksum")),
                tos=packet.option("tos", 0), number=packet.option("id", serial & 0xFFFF), ttl=packet.option("ttl", 64),
                fragment=0x4000 if packet.option("df") else 0x2000 if packet.option("mf") else 0, options=options)
    return side, _frame(side, source, whole).ljust(_SMALLEST_FRAME, b"\0")


def udp(side, source, source_port, destination, destination_port, payload):
    """A plain UDP frame for the director."""
    header = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
    ends = (source, destination)
    return _frame(side, source, _ip(_UDP, ends, _segment(_UDP, ends, header, 6, payload)))


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
