# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The two segments of one director, as the oracle sees them: what it sends, and all IPv4 frames that come out.

Nobody knows how many packets an event brings forth, so a fence follows each: a UDP packet to a DR service that goes round
to this side, and one to a service on the other side. What was received before it has been dealt with when both are back.
"""

import select
import socket
import struct
import time

from harness import LabError

from . import packets
from .world import INSIDE, OUTSIDE, SIDES

_ETH_P_ALL = 3
_PACKET_IGNORE_OUTGOING = 23
_SOL_PACKET = 263
FENCE_VIPS = {OUTSIDE: "10.191.255.1", INSIDE: "10.191.255.2"}  # by the side where it comes out
FENCE_SERVERS = {OUTSIDE: "192.168.4.250", INSIDE: "192.168.2.250"}
FENCE_CLIENTS = {OUTSIDE: "192.168.4.251", INSIDE: "192.168.2.251"}  # by the side where it comes from
FENCE_PORT = 9
_MARK = b"fence"
_PATIENCE = 5  # seconds until a fence is sent again


class Wire:
    def __init__(self, name, namespace, devices):
        """`devices`: by side, the device in the namespace that is the other end of the director's port."""
        self.name = name
        self._sockets = {}
        self._numbers = 0
        self._late = []
        with namespace.inside():
            for side, device in devices.items():
                self._sockets[side] = self._open(device)

    @staticmethod
    def _open(device):
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        made.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        made.bind((device, 0))
        made.setblocking(False)
        return made

    def close(self):
        for one in self._sockets.values():
            one.close()

    def _receive(self):
        """What has come: (side, frame) pairs, IPv4 only."""
        for side, one in self._sockets.items():
            while True:
                try:
                    frame = one.recv(65536)
                except BlockingIOError:
                    break
                if frame[12:14] == b"\x08\x00":
                    yield side, frame

    def late(self):
        """Frames that came when nobody waited for them any more: (side, frame) pairs."""
        found = self._late + [(side, frame) for side, frame in self._receive() if _MARK not in frame]
        self._late = []
        return found

    def send(self, side, frames):
        """Sends these frames and a fence behind them; returns what `collect` wants to know."""
        for frame in frames:
            self._sockets[side].send(frame)
        fence = {}  # payload → whence it is sent, and the frame
        for goal in SIDES:
            self._numbers += 1
            payload = _MARK + struct.pack("!I", self._numbers)
            fence[payload] = side, packets.udp(side, FENCE_CLIENTS[side], FENCE_PORT, FENCE_VIPS[goal], FENCE_PORT, payload)
        self._send_fence(fence)
        return fence

    def _send_fence(self, fence):
        for side, frame in fence.values():
            self._sockets[side].send(frame)

    def collect(self, fence, least=None, seconds=60):
        """The frames by side that come until the fence is back, in order. With `least` (their numbers by side) some may
        be on a slower way: waits for as many, but not longer than a second more. A guest that is short of memory may lose
        a packet: the fence is sent again now and then."""
        came, fence = {side: [] for side in SIDES}, dict(fence)
        deadline = time.monotonic() + seconds
        again = time.monotonic() + _PATIENCE
        while True:
            if fence and time.monotonic() > again:
                self._send_fence(fence)
                again += _PATIENCE
            for side, frame in self._receive():
                returned = [payload for payload in fence if payload in frame] if _MARK in frame else ()
                if returned:
                    for payload in returned:
                        del fence[payload]
                    if not fence:
                        deadline = min(deadline, time.monotonic() + 1)
                elif _MARK not in frame:
                    came[side].append(frame)
            enough = least is None or all(len(came[side]) >= least[side] for side in SIDES)
            if not fence and (enough or time.monotonic() > deadline):
                return came
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: a fence packet did not come back in {seconds} s")
            select.select(list(self._sockets.values()), [], [], 0.05)


def fence_services():
    """(VIP, server) pairs of UDP services on FENCE_PORT, by DR, that every director needs."""
    return [(FENCE_VIPS[side], FENCE_SERVERS[side]) for side in SIDES]


def is_fence(address):
    return address in FENCE_VIPS.values()
