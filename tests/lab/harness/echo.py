# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A real server besides nginx: `echo.py NAME PORT`.

UDP: answers each datagram with "NAME CLIENT:PORT LENGTH". TCP: reads to the client's end of stream, then answers
with "NAME CLIENT:PORT LENGTH SHA256" of what it read, so that uploads can be compared too.
"""

import hashlib
import socket
import struct
import sys
import threading

IP_PKTINFO = 8


def answer_datagrams(name, port):
    """Answers from the address that was asked: with DR and TUN that is the VIP, not the host's first address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        server.bind(("0.0.0.0", port))
        while True:
            data, ((_, _, info),), _, client = server.recvmsg(65535, 64)
            source = (socket.IPPROTO_IP, IP_PKTINFO, struct.pack("I4s4x", 0, info[8:12]))
            server.sendmsg([f"{name} {client[0]}:{client[1]} {len(data)}".encode()], [source], 0, client)


def answer_stream(name, stream, client):
    length, digest = 0, hashlib.sha256()
    with stream:
        while data := stream.recv(1 << 18):
            length += len(data)
            digest.update(data)
        stream.sendall(f"{name} {client[0]}:{client[1]} {length} {digest.hexdigest()}".encode())


def main(name, port):
    threading.Thread(target=answer_datagrams, args=(name, port), daemon=True).start()
    with socket.create_server(("0.0.0.0", port), backlog=1024) as server:
        while True:
            threading.Thread(target=answer_stream, args=(name, *server.accept()), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
