# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Decapsulates IPIP for a real server whose kernel has no ipip module: `decapsulate.py DEVICE`.

A raw socket of protocol 4 receives the tunnel's packets (and keeps the kernel from answering them with
protocol-unreachable); a TUN device hands the inner packets to the kernel. Answers go out directly, as with tunl0.
"""

import fcntl
import os
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI, SO_RCVBUFFORCE = 0x400454CA, 0x0001, 0x1000, 33


def main(device):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP) as outer:
        outer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        while True:
            packet = outer.recv(65535)
            try:
                os.write(tun, packet[(packet[0] & 15) * 4:])
            except OSError:  # no IP packet inside, or the device is still down: lost, as in a kernel
                pass


if __name__ == "__main__":
    main(sys.argv[1])
