# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What a play asks of its stage, which answers many plays at once."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pause:
    seconds: float


@dataclasses.dataclass(frozen=True)
class Edit:
    """Both directors carry these out: (event, target) pairs."""
    edits: tuple


@dataclasses.dataclass(frozen=True)
class Exchange:
    """Both directors receive these frames (by side); the answer is what came out of each, by side, and what had come late
    before: (director's name, side, frame). `least`: packets that come out by side, which are waited for."""
    frames: dict
    least: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Look:
    """The answer: what the kernel says of the scenario's services and connections, what Fairway says after it and, of connections, had
    said before it, and what had come late."""
    statistics: bool = False


@dataclasses.dataclass(frozen=True)
class Change:
    """A setting of both directors, from now on."""
    name: str
    value: int
