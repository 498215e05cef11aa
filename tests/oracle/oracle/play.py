# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Plays one scenario through the kernel and through Fairway at once, and gathers the differences.

A play is a generator that yields what it wants of the directors (requests.py), so that many plays are served together.
"""

import collections
import dataclasses

from . import compare, differences, packets
from .choice import choices
from .compare import Difference
from .requests import Change, Edit, Exchange, Look, Pause
from .scenario import (AddServer, AddService, Chosen, DeleteService, EditServer, EditService, Listen, Mark, Packet, RemoveServer,
                       ScenarioError, Set, Show, State, Wait, Zero)
from .world import SIDES, World

EDITS = (AddService, EditService, DeleteService, AddServer, EditServer, RemoveServer, Mark, Listen, Zero)
# Seconds between looks while something differs: what differs in all of them is no rounding, no connection that is just
# ending, and none that /proc/net/ip_vs_conn, read in pieces, has left out.
_LOOK_AGAIN = (0.35, 0.35)
_LOOK_AGAIN_LATER = (1, 1, 1, 1, 1)  # a busy kernel's estimator is late, and so are answers of its own stack
_STATISTICS_TICK = 2.3  # seconds; the kernel's estimator makes the counters visible every 2 s


@dataclasses.dataclass
class Target:
    """A service as commands want it."""
    world: World
    protocol: str
    vip: str
    port: int
    method: str
    mark: int = 0

    def address(self, name):
        return self.world.address(name)


@dataclasses.dataclass
class Owed:
    """An answer of one director's own stack that the other's has not given yet."""
    where: str
    director: str
    side: str
    frame: bytes

    def is_paid_by(self, director, side, frame):
        return director != self.director and side == self.side and compare.same_frames([self.frame], [frame])

    @property
    def difference(self):
        words = {"kernel": "nothing", "fairway": "nothing", self.director: packets.describe(self.frame)}
        return Difference(self.where, f"{compare.OWN_ANSWER} {self.side}", words["kernel"], words["fairway"])


@dataclasses.dataclass
class Result:
    scenario: object
    differences: list = dataclasses.field(default_factory=list)
    known: set = dataclasses.field(default_factory=set)  # names of the known differences that were seen
    packets: int = 0  # that came out and were compared
    opened: int = 0   # choices compared
    rows: int = 0     # connections whose state was compared

    @property
    def name(self):
        return self.scenario.name

    @property
    def passed(self):
        return not self.differences


class Play:
    """`until_first`: the first difference ends it. `seconds_apart`: that the expire columns may be, in all looks."""

    def __init__(self, scenario, network, until_first=False, seconds_apart=0):
        self.scenario = scenario
        self.world = World(network)
        self._until_first = until_first
        self._seconds_apart = seconds_apart
        self.allowed = scenario.differs + scenario.may_differ
        self.result = Result(scenario)
        self._targets = {}  # services by name
        self._known = {}    # likewise, deleted ones too: their clients do not know
        self._servers = {}  # (protocol, client, port, vip, port) → (address, port): whom the kernel gave it
        self._chosen = {}   # service → names of servers, since it was asked last
        self._owed = []     # what one director's own stack has answered and the other's not yet
        self._serial = 0
        self._where = ""

    def run(self):
        """Yields requests and is sent their answers; afterwards `result` is complete."""
        events = list(self.scenario.events)
        if not events or events[-1] != Show(statistics=True):
            events.append(Show(statistics=True))
        edits = []
        for number, event in enumerate(events, 1):
            if isinstance(event, EDITS):
                edits.append((event, self._target(event)))
                continue
            if edits:
                yield Edit(tuple(edits))
            edits = []
            self._where = f"{self.scenario.name}, event {number}: {event}"
            yield from self._one(event)
            if self._until_first and self.result.differences:
                break
        for name in sorted(set(self.scenario.differs) - self.result.known):
            self._complain("a difference that the scenario names was not seen", name, "-")
        if self._targets:
            yield Edit(tuple((DeleteService(name), target) for name, target in self._targets.items()))

    def _one(self, event):
        if isinstance(event, Wait):
            yield Pause(event.seconds)
        elif isinstance(event, Set):
            yield Change(event.name, event.value)
        elif isinstance(event, Show):
            yield from self._show(event.statistics)
        elif isinstance(event, Packet):
            yield from self._packet(event)
        elif isinstance(event, Chosen):
            self._check_chosen(event)
        else:
            seen = yield Look()
            self._strays(seen[3])
            self._check_state(event, seen)

    def _complain(self, what, kernel, fairway):
        self.result.differences.append(Difference(self._where, what, kernel, fairway))

    # --- edits --------------------------------------------------------------------------------------------------

    def _target(self, event):
        if isinstance(event, AddService):
            if event.name in self._targets:
                raise ScenarioError(f"{self.scenario.name}: {event}: there is a service of that name")
            vip = self.world.address(event.vip) if event.vip else ""
            target = Target(self.world, event.protocol, vip, event.port, event.method, self.world.mark(event.mark))
            self._targets[event.name] = self._known[event.name] = target
            return target
        if isinstance(event, Listen):
            return None
        if isinstance(event, Mark):
            return Target(self.world, event.protocol, self.world.address(event.vip), 0, "", self.world.mark(event.mark))
        name = event.service if isinstance(event, (AddServer, EditServer, RemoveServer)) else event.name
        if name not in self._targets:
            raise ScenarioError(f"{self.scenario.name}: {event}: there is no service {name}")
        return self._targets.pop(name) if isinstance(event, DeleteService) else self._targets[name]

    # --- packets ------------------------------------------------------------------------------------------------

    def _peer(self, packet):
        """(protocol, address, port) of the VIP; the peer may be written out, with the protocol of the flags."""
        if packet.peer in self._known:
            target = self._known[packet.peer]
            return target.protocol, target.vip, target.port
        name, _, port = packet.peer.rpartition(":")
        return "udp" if packet.flags == "UDP" else "tcp", self.world.address(name), int(port)

    def _build(self, packet):
        """The frames of an event: (side, frame, key of the connection) triples."""
        protocol, vip, vip_port = self._peer(packet)
        client = self.world.address(packet.client)
        for port in range(packet.port, packet.port + packet.times):
            key = (protocol, client, port, vip, vip_port)
            self._serial += 1
            if packet.to_server:
                ends = (client, port, vip, vip_port)
            elif key in self._servers:
                ends = (*self._servers[key], client, port)
            else:
                continue  # nobody to answer
            yield *packets.build(packet, *ends, self._serial), key

    def _packet(self, packet):
        built = list(self._build(packet))
        for side in SIDES:
            frames = [frame for its, frame, _ in built if its == side]
            if not frames:
                continue
            kernel, fairway, late = yield Exchange({side: frames}, {side: packet.option("answers", 0)})
            self._strays(late)
            if packet.to_server:
                self._remember(packet, [key for its, _, key in built if its == side], kernel)
            self._compare(kernel, fairway)

    def _remember(self, packet, keys, kernel):
        chosen = choices(kernel, keys)
        for key in keys:
            if chosen[key] and chosen[key][1]:
                self._servers[key] = chosen[key]
        if packet.flags in ("SYN", "UDP"):
            names = [self.world.name(chosen[key][0]) if chosen[key] else "-" for key in keys]
            self._chosen.setdefault(packet.peer, []).extend(names)
            self.result.opened += len(names)

    def _compare(self, kernel, fairway):
        for side in SIDES:
            self.result.packets += len(kernel[side])
        if all(compare.same_frames(kernel[side], fairway[side]) for side in SIDES):
            return
        for name in self.allowed:
            explained = differences.explain(name, kernel, fairway)
            if explained is not None:
                self.result.known.add(name)
                kernel, fairway = explained
        for side in SIDES:
            kernel, fairway = self._without_late_answers(side, kernel, fairway)
            self.result.differences += compare.frame_differences(self._where, side, kernel[side], fairway[side])

    def _without_late_answers(self, side, kernel, fairway):
        """Both without what only one director's own stack has sent, which the other's may still send: neither is bound to
        answer before the next packet is forwarded, and a busy machine is late."""
        both = {"kernel": kernel[side], "fairway": fairway[side]}
        common = collections.Counter(map(compare.masked, both["kernel"])) & collections.Counter(map(compare.masked, both["fairway"]))
        for director, frames in both.items():
            left, both[director] = common.copy(), []
            for frame in frames:
                masked = compare.masked(frame)
                if left[masked] or not self._owe(director, side, frame):
                    both[director].append(frame)
                left[masked] -= 1
        return {**kernel, side: both["kernel"]}, {**fairway, side: both["fairway"]}

    def _owe(self, director, side, frame):
        """Whether this frame is an answer of the director's own stack; then the other director owes it, or did."""
        if not compare.is_own_answer(frame):
            return False
        owed = next((one for one in self._owed if one.is_paid_by(director, side, frame)), None)
        if owed:
            self._owed.remove(owed)
        else:
            self._owed.append(Owed(self._where, director, side, frame))
        return True

    def _strays(self, late):
        """What came out late, of the event before this one: (director's name, side, frame)."""
        for director, side, frame in late:
            name = differences.explain_stray(director, frame, self.allowed)
            if name:
                self.result.known.add(name)
                continue
            if self._owe(director, side, frame):
                continue
            words = ["nothing", "nothing"]
            words[director == "fairway"] = packets.describe(frame)
            self._complain(f"a packet {side} after its event", *words)

    # --- what can be read ---------------------------------------------------------------------------------------

    def _show(self, statistics):
        if statistics:
            yield Pause(_STATISTICS_TICK)
        found = self._read((yield Look(statistics)), statistics)
        for seconds in _LOOK_AGAIN + (_LOOK_AGAIN_LATER if statistics else ()):
            if not found or (seconds in _LOOK_AGAIN_LATER and not any(one.is_late for one in found)):
                break
            yield Pause(seconds)
            before = {one.what for one in found}
            found = [one for one in self._read((yield Look(statistics)), statistics) if one.what in before]
        for one in found:
            name = differences.explain_row(one, self.allowed)
            if name:
                self.result.known.add(name)
            else:
                self.result.differences.append(one)

    def _read(self, seen, statistics):
        kernel, fairway, before = seen[:3]
        self._strays(seen[3])
        self.result.rows += len(kernel["connections"])
        return [*(one.difference for one in self._owed if statistics),
                *compare.service_differences(self._where, kernel["services"], fairway["services"]),
                *compare.connection_differences(self._where, kernel["connections"], fairway["connections"],
                                                before["connections"], self._seconds_apart)]

    def _check_chosen(self, event):
        got = self._chosen.pop(event.service, [])
        if got != list(event.servers):
            self._complain("the kernel's choices are not those that the scenario names", " ".join(got), "-")

    def _check_state(self, event, seen):
        protocol, vip, port = self._peer(Packet(event.client, event.port, True, event.service, "NONE"))
        client = f"{self.world.address(event.client)}:{event.port}"
        states = []
        for snapshot in seen[:2]:
            rows = [rows for key, rows in snapshot["connections"].items()
                    if key[:3] == (protocol, client, f"{vip}:{port}")]
            states.append(" ".join(sorted(state for row in rows for state, _ in row)) or "-")
        if states != [event.state, event.state]:
            self._complain(f"the state is not {event.state}", *states)
