# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A program on the director itself: what a real server is that is the director (the kernel's LOCALNODE).

Run by itself it listens, PROTOCOL PORT [background], and in the background it first says the number of its process. UDP is
sent back from the address that it came to, of TCP the handshake is all.
"""

import os
import signal
import socket
import struct
import sys

_IP_PKTINFO = 8
_WHOLE_INFO = struct.Struct("=I4s4s")  # in_pktinfo: device, the local address, the header's destination


def command(event, background=False):
    return ["/usr/bin/python3", "-B", os.path.abspath(__file__), event.protocol, str(event.port)] + ["background"] * background


def _open(protocol, port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if protocol == "udp":
        made.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    made.bind(("0.0.0.0", port))
    if protocol == "tcp":
        made.listen(1000)
    return made


def _send_back(made):
    while True:
        data, info, _, sender = made.recvmsg(65536, 256)
        _, _, destination = _WHOLE_INFO.unpack(info[0][2])
        source = _WHOLE_INFO.pack(0, destination, bytes(4))
        made.sendmsg([data], [(socket.IPPROTO_IP, _IP_PKTINFO, source)], 0, sender)


def main(protocol, port, *background):
    made = _open(protocol, int(port))
    if background and (child := os.fork()):
        print(child, flush=True)
        os._exit(0)
    if protocol == "udp":
        _send_back(made)
    while True:
        signal.pause()  # nobody reads, and so nobody sends


if __name__ == "__main__":
    main(*sys.argv[1:])
