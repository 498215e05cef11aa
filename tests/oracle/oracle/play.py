# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Plays one scenario through the kernel and through Fairway at once, and gathers the differences.

A play is a generator that yields the seconds it wants to wait, so that many plays can wait at the same time.
"""

import dataclasses
import time

from . import compare, differences, packets
from .choice import addresses, choices
from .compare import Difference
from .scenario import (AddServer, AddService, Chosen, DeleteService, EditServer, EditService, Packet, RemoveServer,
                       ScenarioError, Show, State, Wait)
from .world import SIDES, World

EDITS = (AddService, EditService, DeleteService, AddServer, EditServer, RemoveServer)
_STATISTICS_TICK = 2.3  # seconds; the kernel's estimator makes the counters visible every 2 s


@dataclasses.dataclass
class Target:
    """A service as commands want it."""
    world: World
    protocol: str
    vip: str
    port: int
    method: str

    def address(self, name):
        return self.world.address(name)


@dataclasses.dataclass
class Result:
    name: str
    differences: list = dataclasses.field(default_factory=list)
    known: set = dataclasses.field(default_factory=set)  # names of the known differences that were seen
    packets: int = 0  # that came out and were compared
    opened: int = 0   # choices compared
    rows: int = 0     # connections whose state was compared

    @property
    def passed(self):
        return not self.differences


class Play:
    """`kernel`, `fairway`: the two directors. `allowed`: names of known differences that are no failure."""

    def __init__(self, scenario, network, kernel, fairway, allowed=None):
        self.scenario = scenario
        self.world = World(network)
        self.kernel = kernel
        self.fairway = fairway
        self.allowed = scenario.differs if allowed is None else allowed
        self.result = Result(scenario.name)
        self._targets = {}  # services by name
        self._known = {}    # likewise, deleted ones too: their clients do not know
        self._servers = {}  # (protocol, client, port, vip, port) → (address, port): whom the kernel gave it
        self._chosen = {}   # service → names of servers, since it was asked last
        self._serial = 0
        self._where = ""

    def run(self):
        """Yields the seconds to wait; afterwards `result` is complete."""
        events = list(self.scenario.events)
        if not events or events[-1] != Show(statistics=True):
            events.append(Show(statistics=True))
        edits = []
        for number, event in enumerate(events, 1):
            if isinstance(event, EDITS):
                edits.append((event, self._target(event)))
                continue
            self._apply(edits)
            edits = []
            self._where = f"{self.scenario.name}, event {number}: {event}"
            if isinstance(event, Wait):
                yield event.seconds
            elif isinstance(event, Show):
                if event.statistics:
                    yield _STATISTICS_TICK
                self._show(event.statistics)
            else:
                {Packet: self._packet, Chosen: self._check_chosen, State: self._check_state}[type(event)](event)
        self._end()

    def _end(self):
        self._strays()
        for name in sorted(set(self.scenario.differs) - self.result.known):
            self._complain("a difference that the scenario names was not seen", name, "-")
        self._apply([(DeleteService(name), target) for name, target in self._targets.items()])

    def _complain(self, what, kernel, fairway):
        self.result.differences.append(Difference(self._where, what, kernel, fairway))

    # --- edits --------------------------------------------------------------------------------------------------

    def _target(self, event):
        if isinstance(event, AddService):
            if event.name in self._targets:
                raise ScenarioError(f"{self.scenario.name}: {event}: there is a service of that name")
            target = Target(self.world, event.protocol, self.world.address(event.vip), event.port, event.method)
            self._targets[event.name] = self._known[event.name] = target
            return target
        name = event.name if isinstance(event, (EditService, DeleteService)) else event.service
        if name not in self._targets:
            raise ScenarioError(f"{self.scenario.name}: {event}: there is no service {name}")
        return self._targets.pop(name) if isinstance(event, DeleteService) else self._targets[name]

    def _apply(self, edits):
        if edits:
            self.kernel.apply(edits)
            self.fairway.apply(edits)

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
        self._strays()
        by_side = {side: [frame for its, frame, _ in built if its == side] for side in SIDES}
        for side, frames in by_side.items():
            if frames:
                self._exchange(packet, side, frames, [key for its, _, key in built if its == side])

    def _exchange(self, packet, side, frames, keys):
        directors = (self.kernel, self.fairway)
        fences = [director.wire.send(side, frames) for director in directors]
        kernel = self.kernel.wire.collect(fences[0], self._is_mine)
        fairway = self.fairway.wire.collect(fences[1], self._is_mine, least=kernel)
        if packet.to_server:
            self._remember(packet, keys, kernel)
        self._compare(kernel, fairway)

    def _is_mine(self, frame):
        return any(self.world.owns(address) for address in addresses(frame))

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
            self.result.differences += compare.frame_differences(self._where, side, kernel[side], fairway[side])

    def _strays(self):
        """What came out late, of the event before this one."""
        for director in (self.kernel, self.fairway):
            for side, frame in director.wire.strays(self._is_mine):
                name = differences.explain_stray(director.name, frame, self.allowed)
                if name:
                    self.result.known.add(name)
                    continue
                words = ["nothing", "nothing"]
                words[director is self.fairway] = packets.describe(frame)
                self._complain(f"a packet {side} after its event", *words)

    # --- what can be read ---------------------------------------------------------------------------------------

    def _snapshots(self, statistics=False):
        """Both sides' services and connections of this scenario, and the seconds between the readings."""
        kernel = self.kernel.snapshot(statistics)
        read = time.monotonic()
        fairway = self.fairway.snapshot(statistics)
        apart = time.monotonic() - read
        for snapshot in (kernel, fairway):
            snapshot["services"] = {key: row for key, row in snapshot["services"].items()
                                    if self.world.owns(key.split()[1].rpartition(":")[0])}
            snapshot["connections"] = {key: rows for key, rows in snapshot["connections"].items()
                                       if self.world.owns(key[2].rpartition(":")[0])}
        return kernel, fairway, apart

    def _show(self, statistics):
        kernel, fairway, apart = self._snapshots(statistics)
        self.result.rows += len(kernel["connections"])
        found = [*compare.service_differences(self._where, kernel["services"], fairway["services"]),
                 *compare.connection_differences(self._where, kernel["connections"], fairway["connections"], apart)]
        for one in found:
            name = differences.explain_row(one, self.allowed)
            if name:
                self.result.known.add(name)
            else:
                self.result.differences.append(one)

    def _check_chosen(self, event):
        got = self._chosen.pop(event.service, [])
        if got != list(event.servers):
            self._complain("the kernel's choices are not those that the scenario names", " ".join(got), "-")

    def _check_state(self, event):
        protocol, vip, port = self._peer(Packet(event.client, event.port, True, event.service, "NONE"))
        client = f"{self.world.address(event.client)}:{event.port}"
        states = []
        for snapshot in self._snapshots()[:2]:
            rows = [rows for key, rows in snapshot["connections"].items()
                    if key[:3] == (protocol, client, f"{vip}:{port}")]
            states.append(" ".join(sorted(state for row in rows for state, _ in row)) or "-")
        if states != [event.state, event.state]:
            self._complain(f"the state is not {event.state}", *states)
