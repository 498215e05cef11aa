# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Holds what came out of the director against what came out of the kernel.

Frames are compared byte for byte but for what the kernel draws by itself: the IP id of packets that it makes (ICMP errors,
packets of its own stack, outer headers that may be fragmented), and the sequence number with which its own stack begins.
Checksums over such fields must be right on both sides.
"""

import dataclasses
import functools
import struct

from . import packets

_ICMP, _IPIP, _TCP = 1, 4, 6
_DONT_FRAGMENT = 0x4000
OWN_ANSWER = "an own answer"  # the kind of difference that a late one is
COUNTERS = ("connections", "in_packets", "out_packets", "in_bytes", "out_bytes")
SECONDS_APART = 1  # of the expire columns in traces, where many are played at once; scenarios hold them to the second
_ENDING = 1  # seconds that are left of a connection which may just have ended on one side


@dataclasses.dataclass
class Difference:
    where: str  # the event, with its number
    what: str
    kernel: str
    fairway: str

    @property
    def kind(self):
        """What it is about, without names and numbers."""
        return self.what.split(":")[0].split(" of ")[0].rstrip("0123456789 ")

    @property
    def is_late(self):
        """Whether it may go by itself when the machine is less busy."""
        return self.kind in COUNTERS or self.kind.startswith(OWN_ANSWER)

    def __str__(self):
        return f"{self.where}\n  {self.what}\n    kernel:  {self.kernel}\n    fairway: {self.fairway}"


def _sum_is_right(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def _tcp_flags(frame):
    place = 14 + (frame[14] & 15) * 4 + 13
    is_first = not struct.unpack_from("!H", frame, 20)[0] & 0x1FFF
    return frame[place] if frame[23] == _TCP and is_first and len(frame) > place else 0


def _is_of_director(frame):
    """Whether the director's own stack sent it: no router's hop is missing in its TTL."""
    return frame[22] == 64


def is_greeting(frame):
    """Whether this is a SYN,ACK of the director's own stack."""
    return _is_of_director(frame) and _tcp_flags(frame) & 0x17 == 0x12


def is_made_by_kernel(frame):
    """Whether the kernel drew this packet's IP id: an ICMP error, an outer header without DF, what its own stack sends."""
    protocol, fragment = frame[23], struct.unpack_from("!H", frame, 20)[0]
    if protocol == _ICMP:
        return frame[34] in (3, 11)
    if protocol == _IPIP:
        return not fragment & _DONT_FRAGMENT
    return bool(_tcp_flags(frame) & 0x04) or _is_of_director(frame)


def is_own_answer(frame):
    """Whether the director's own stack sent this, and rightly as far as one can see."""
    return _is_of_director(frame) and masked(frame) is not None


def masked(frame):
    """The frame with the fields zeroed that need not be the same; None if their checksum is wrong."""
    if not is_made_by_kernel(frame):
        return frame
    length = (frame[14] & 15) * 4
    if not _sum_is_right(frame[14:14 + length]):
        return None
    frame = frame[:18] + b"\0\0" + frame[20:24] + b"\0\0" + frame[26:]
    return _without_sequence(frame, 14 + length) if is_greeting(frame) else frame


def _without_sequence(frame, start):
    """Likewise, of a SYN,ACK without options that must be padded."""
    end = 14 + struct.unpack_from("!H", frame, 16)[0]
    if not _sum_is_right(frame[26:34] + struct.pack("!HH", _TCP, end - start) + frame[start:end]):
        return None
    return frame[:start + 4] + bytes(4) + frame[start + 8:start + 16] + b"\0\0" + frame[start + 18:]


def same_frames(kernel, fairway):
    """In any order: what the director's own stack answers goes another way than what is forwarded."""
    if len(kernel) != len(fairway):
        return False
    sides = [[masked(frame) for frame in frames] for frames in (kernel, fairway)]
    return None not in sides[0] + sides[1] and sorted(sides[0]) == sorted(sides[1])


def _bytes_apart(a, b):
    places = [place for place in range(max(len(a), len(b))) if a[place:place + 1] != b[place:place + 1]]
    return f"differ at byte {', '.join(str(place) for place in places[:12])}{' ...' if len(places) > 12 else ''}"


def frame_differences(where, side, kernel, fairway):
    """All of one side and event; nothing if they are the same."""
    if same_frames(kernel, fairway):
        return
    for number in range(max(len(kernel), len(fairway))):
        mine = kernel[number] if number < len(kernel) else None
        its = fairway[number] if number < len(fairway) else None
        if mine is not None and its is not None and masked(mine) == masked(its) is not None:
            continue
        apart = f": {_bytes_apart(mine, its)}" if mine and its else ""
        words = [f"{packets.describe(frame)}\n      {frame.hex(' ', 2)}" if frame else "nothing" for frame in (mine, its)]
        yield Difference(where, f"packet {number + 1} {side}{apart}", *words)


def service_differences(where, kernel, fairway):
    for key in sorted(kernel.keys() | fairway.keys()):
        mine, its = kernel.get(key), fairway.get(key)
        if mine is None or its is None:
            yield Difference(where, f"service {key}", str(mine or "none"), str(its or "none"))
            continue
        if list(mine["servers"]) != list(its["servers"]):
            yield Difference(where, f"servers of {key}", " ".join(mine["servers"]), " ".join(its["servers"]))
            continue
        yield from _row_differences(where, key, mine, its)
        for server in mine["servers"]:
            yield from _row_differences(where, f"{server} of {key}", mine["servers"][server], its["servers"][server])


def _row_differences(where, what, mine, its):
    for field in sorted((mine.keys() | its.keys()) - {"servers"}):
        if mine.get(field) != its.get(field):
            yield Difference(where, f"{field} of {what}", str(mine.get(field)), str(its.get(field)))


def connection_differences(where, kernel, fairway, before, seconds_apart):
    """`before`: what Fairway had said before the kernel was asked. `seconds_apart`: that the expire columns may be, beyond
    the seconds that passed."""
    for key in sorted(kernel.keys() | fairway.keys()):
        mine, its = sorted(kernel.get(key, [])), sorted(fairway.get(key, []))
        if len(mine) != len(its):
            mine, its = ([row for row in rows if row[1] > seconds_apart + _ENDING] for rows in (mine, its))
        if len(mine) != len(its) or not all(map(functools.partial(_is_same_row, seconds_apart), mine, its, _earlier(before.get(key), its))):
            yield Difference(where, f"connection {' '.join(key)}", _rows(mine), _rows(its))


def _earlier(before, rows):
    """What Fairway said of these rows before, if it was the same rows."""
    before = sorted(before or ())
    return before if [state for state, _ in before] == [state for state, _ in rows] else rows


def _is_same_row(seconds_apart, kernel, fairway, before):
    return kernel[0] == fairway[0] and fairway[1] - seconds_apart <= kernel[1] <= max(before[1], fairway[1]) + seconds_apart


def _rows(rows):
    return ", ".join(f"{state} {seconds} s" for state, seconds in rows) or "none"
