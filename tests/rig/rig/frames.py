# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The packets of the rig: UDP, 60 bytes, as capture files that net_pcap replays for ever."""

import random
import socket
import struct

PORT_MAC = "02:70:63:61:70:00"  # of the first net_pcap device
PEER_MAC = "02:00:00:00:00:01"  # of all its neighbours
VIP, SERVER, GATEWAY, DIRECTOR = "192.168.4.15", "192.168.4.100", "192.168.4.254", "192.168.4.5"
SERVICE_PORT = 80
METHODS = ("dr", "nat", "tun")

_PAYLOAD = bytes(18)  # with it a frame has 60 bytes


def _mac(text):
    return bytes(int(part, 16) for part in text.split(":"))


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp_frame(source, source_port, destination, destination_port, to_mac=PORT_MAC):
    """An Ethernet frame with a UDP packet; without a UDP checksum, as RFC 768 allows."""
    length = 28 + len(_PAYLOAD)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    udp = struct.pack("!HHHH", source_port, destination_port, length - 20, 0)
    return _mac(to_mac) + _mac(PEER_MAC) + b"\x08\x00" + head + udp + _PAYLOAD


def clients(count):
    """So many pairs of address and port, each once, in no order, the same in every run."""
    numbers = random.Random(4711).sample(range(1 << 22), count)
    return [(f"198.18.{number >> 14 & 255}.{number >> 6 & 255}", 1024 + (number & 63)) for number in numbers]


def conversation(method, flows):
    """The frames of so many flows: what clients send, and for NAT in turn with it what the server answers."""
    for address, port in clients(flows):
        yield udp_frame(address, port, VIP, SERVICE_PORT)
        if method == "nat":
            yield udp_frame(SERVER, SERVICE_PORT, address, port)


def write_capture(path, frames):
    """Writes a capture file; returns the number of frames in it."""
    count = 0
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
            count += 1
    return count
