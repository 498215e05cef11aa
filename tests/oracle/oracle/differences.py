# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The differences from the kernel that are meant, each with its reason, and how the oracle knows one when it sees it.

A scenario names those that it shows (`differs NAME`); it fails if it shows another, and if one that it names is gone.
"""

import dataclasses
import struct

from .compare import masked
from .world import SIDES

_ICMP, _UDP = 1, 17


@dataclasses.dataclass(frozen=True)
class Known:
    name: str
    behaviour: str
    reason: str
    frames: object = None  # (kernel, fairway) of one side → the same without what is explained, or None
    row: object = None     # a compare.Difference of a row → whether this is it
    stray: object = None   # (side's name, frame that came after its event) → likewise


def _udp_checksum_zero(kernel, fairway):
    """Fairway's UDP checksum is 0 where the kernel's is not, and that is all."""
    if len(kernel) != len(fairway):
        return None
    explained = []
    for mine, its in zip(kernel, fairway):
        if mine != its and mine[23] == its[23] == _UDP:
            place = 14 + (its[14] & 15) * 4 + 6
            if its[place:place + 2] == b"\0\0":
                mine = mine[:place] + b"\0\0" + mine[place + 2:]
        explained.append(mine)
    return explained, fairway


def _fragments(kernel, fairway):
    """The kernel fragments, or forwards what it has reassembled; Fairway has dropped the packet."""
    if fairway:
        return None
    return [frame for frame in kernel if not struct.unpack_from("!H", frame, 20)[0] & 0x3FFF], []


def _is_unreachable_host(name, frame):
    return name == "kernel" and frame[23] == _ICMP and frame[34:36] == b"\x03\x01"


def _kernel_sends_nothing(kernel, fairway):
    return (fairway, fairway) if not kernel else None


def _icmp_of_own_stack(kernel, fairway):
    """Both tell the client the same kind of error; Fairway's is not as if the VIP had sent it."""
    if len(kernel) != len(fairway) or any(frame[23] != _ICMP for frame in [*kernel, *fairway]):
        return None
    return kernel, [mine if mine[34:36] == its[34:36] and len(mine) == len(its) else its for mine, its in zip(kernel, fairway)]


def _fairway_refuses(kernel, fairway):
    return ([], []) if not kernel and all(frame[23] == _ICMP for frame in fairway) else None


def _is_outgoing_count(difference):
    return difference.what.startswith(("out_packets of", "out_bytes of"))


def _is_answer_count(difference):
    return _is_outgoing_count(difference) and difference.fairway == "0"


KNOWN = {known.name: known for known in (
    Known("udp-checksum-0", "NAT of a UDP packet without checksum",
          "RFC 768 lets a sender go without; the kernel computes one, which costs a pass over the payload.",
          frames=_udp_checksum_zero),
    Known("fragments-made", "a packet without DF that is too big for the next hop",
          "Not built yet: it is dropped (drop_too_big), the kernel fragments it.", frames=_fragments),
    Known("icmp-of-connections", "an ICMP error about a NAT connection's packet",
          "Not built yet: the kernel translates what such an error quotes and sends it on to the other end; Fairway leaves it to "
          "the director's own stack. So the errors of a server that is the director itself name that server.",
          frames=_icmp_of_own_stack, row=_is_answer_count),
    Known("foreign-answers", "refusals of packets to a service by mark that were sent to an address of somebody else",
          "The kernel tells the client nothing, as it may not send from that address. Fairway answers in its name, so the client need "
          "not wait for its own timeout; by then the packets come to the director anyway.",
          frames=_fairway_refuses),
    Known("answers-counted", "statistics of an ICMP error that the director sends about a packet for a DR or TUN server",
          "The kernel takes its own answer, which comes from the VIP, for a packet of the server, and counts it as going "
          "out. Nothing of the server went out.", row=_is_answer_count),
    Known("stale-route", "DR connections of a server that still has NAT connections, its method having been edited",
          "The kernel keeps one route a server. What a NAT packet looked up makes it ask by ARP for the VIP when a DR packet "
          "comes: the server gets nothing, and the client is told that the host is unreachable.",
          frames=_kernel_sends_nothing, row=_is_outgoing_count, stray=_is_unreachable_host),
)}


def explain(name, kernel, fairway):
    """The frames by side without what this difference explains; None if it explains nothing here."""
    known = KNOWN[name]
    if known.frames is None:
        return None
    changed = False
    for side in SIDES:
        if [masked(frame) for frame in kernel[side]] == [masked(frame) for frame in fairway[side]]:
            continue
        explained = known.frames(kernel[side], fairway[side])
        if explained is not None and (list(explained[0]), list(explained[1])) != (kernel[side], fairway[side]):
            kernel, fairway = {**kernel, side: explained[0]}, {**fairway, side: explained[1]}
            changed = True
    return (kernel, fairway) if changed else None


def explain_row(difference, allowed):
    """The name of the allowed difference that this one is; None if it is none."""
    return next((name for name in allowed if KNOWN[name].row and KNOWN[name].row(difference)), None)


def explain_stray(side, frame, allowed):
    """Likewise, of a frame that came after its event."""
    return next((name for name in allowed if KNOWN[name].stray and KNOWN[name].stray(side, frame)), None)
