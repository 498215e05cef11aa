# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Which real server a packet was sent to, read off the frame that came out."""

import socket
import struct

from . import world

_ICMP, _IPIP, _TCP, _UDP = 1, 4, 6, 17
_PROTOCOLS = {_TCP: "tcp", _UDP: "udp"}
_HOSTS = {mac: address for side in world.SIDES for address, mac in world.ALL_NEIGHBOURS[side].items()}


def _read(frame, start):
    """(protocol, source, destination, source port, destination port, offset of the payload) of an IPv4 packet."""
    length = (frame[start] & 15) * 4
    source, destination = (socket.inet_ntoa(frame[start + place:start + place + 4]) for place in (12, 16))
    ports = struct.unpack_from("!HH", frame, start + length) if len(frame) >= start + length + 4 else (0, 0)
    return frame[start + 9], source, destination, *ports, start + length


def addresses(frame):
    """All that an IPv4 frame names: of its header, and of the packet that it carries or quotes."""
    found, inner = set(), 14
    while len(frame) >= inner + 20 and frame[inner] >> 4 == 4:
        protocol, source, destination, _, _, start = _read(frame, inner)
        found |= {source, destination}
        if protocol not in (_ICMP, _IPIP):
            break
        inner = start + (8 if protocol == _ICMP else 0)
    return found


def _server_of(frame, keys):
    """The connection's key and the (address, port) that it went to; the port is 0 where no reply comes back this way."""
    protocol, source, destination, source_port, destination_port, inner = _read(frame, 14)
    if protocol == _IPIP:
        server = destination
        protocol, source, destination, source_port, destination_port, _ = _read(frame, inner)
        port = 0
    else:
        server, port = _HOSTS.get(frame[:6].hex(":")), 0
    for key in keys:
        if key[:3] != (_PROTOCOLS.get(protocol), source, source_port):
            continue
        if (destination, destination_port) == key[3:]:
            return key, (server, port)
        if frame[23] != _IPIP:
            return key, (destination, destination_port)  # NAT
    return None, None


def choices(frames, keys):
    """For each key (protocol, client, port, VIP, port): whom its packet went to, or None."""
    chosen = dict.fromkeys(keys)
    for side in world.SIDES:
        for frame in frames[side]:
            key, server = _server_of(frame, keys)
            if key is not None:
                chosen[key] = server
    return chosen
