# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The kernel's schedulers, written down a second time: what Fairway's are compared with.

A service is a list of servers, the newest first. Each scheduler is told of every change, as the kernel
tells its own, and chooses by the rules of its documentation, not by Fairway's code.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd


@dataclass
class Packet:
    """What opens a connection: addresses as numbers, and when, in seconds."""

    client: int = 0
    client_port: int = 0
    destination: int = 0
    now: float = 0


class Server:
    def __init__(self, name, weight):
        self.name, self.weight = name, weight
        self.active = self.inactive = 0

    @property
    def overhead(self):
        return 256 * self.active + self.inactive


class RoundRobin:
    """A pointer to the last choice, or to the list's head."""

    def __init__(self, servers):
        self.servers, self.last = servers, None

    def added(self, server):
        pass

    def removing(self, server):
        """Called while it still stands in the list."""
        if self.last is server:
            place = self.servers.index(server)
            self.last = self.servers[place - 1] if place > 0 else None

    def changed(self):
        pass

    def choose(self, packet):
        start = 0 if self.last is None else self.servers.index(self.last) + 1
        for server in self.servers[start:] + self.servers[:start]:
            if server.weight > 0:
                self.last = server
                return server
        return None


class WeightedRoundRobin:
    """The level cw sinks by the divisor di from pass to pass, from mw down; every change goes back to the head."""

    def __init__(self, servers):
        self.servers = servers
        self.current = -1
        self.measure()
        self.cw = self.mw

    def measure(self):
        weights = [server.weight for server in self.servers]
        self.di = gcd(*weights) or 1
        self.mw = max(weights, default=0) - (self.di - 1)

    def adapt(self):
        self.current = -1
        self.measure()
        if self.cw > self.mw or self.cw == 0:
            self.cw = self.mw
        elif self.di > 1:
            self.cw = self.cw // self.di * self.di + 1

    def added(self, server):
        self.adapt()

    def removing(self, server):
        pass

    def changed(self):
        self.adapt()

    def choose(self, packet):
        if self.mw == 0:
            return None
        while True:
            self.current += 1
            if self.current == len(self.servers):
                self.current = -1
                self.cw -= self.di
                if self.cw <= 0:
                    self.cw = self.mw
            elif self.servers[self.current].weight >= self.cw:
                return self.servers[self.current]


class Memoryless:
    """What needs to hear of nothing: it looks at the list anew for each choice."""

    def __init__(self, servers):
        self.servers = servers

    def added(self, server):
        pass

    def removing(self, server):
        pass

    def changed(self):
        pass

    @property
    def able(self):
        return [server for server in self.servers if server.weight > 0]


class LeastConnection(Memoryless):
    def choose(self, packet):
        return min(self.able, key=lambda server: server.overhead, default=None)  # the first of equals


class WeightedLeastConnection(Memoryless):
    def choose(self, packet):
        return min(self.able, key=lambda server: Fraction(server.overhead, server.weight), default=None)


class ShortestExpectedDelay(Memoryless):
    def choose(self, packet):
        return min(self.able, key=lambda server: Fraction(server.active + 1, server.weight), default=None)


class NeverQueue(ShortestExpectedDelay):
    def choose(self, packet):
        idle = [server for server in self.able if server.active == 0]
        return idle[0] if idle else super().choose(packet)


class Failover(Memoryless):
    def choose(self, packet):
        return max(self.able, key=lambda server: server.weight, default=None)


class Overflow(Memoryless):
    def choose(self, packet):
        roomy = [server for server in self.able if server.active <= server.weight]
        return max(roomy, key=lambda server: server.weight, default=None)


SCHEDULERS = {
    "rr": RoundRobin,
    "wrr": WeightedRoundRobin,
    "lc": LeastConnection,
    "wlc": WeightedLeastConnection,
    "sed": ShortestExpectedDelay,
    "nq": NeverQueue,
    "fo": Failover,
    "ovf": Overflow,
}


class Service:
    """A service with its servers by name. A server that was removed and comes back is the same one."""

    def __init__(self, scheduler):
        self.servers, self.known = [], {}
        self.use(scheduler)

    def use(self, scheduler):
        self.scheduler = SCHEDULERS[scheduler](self.servers)

    def find(self, name):
        return next(server for server in self.servers if server.name == name)

    def add(self, name, weight):
        server = self.known.setdefault(name, Server(name, weight))
        server.weight = weight
        self.servers.insert(0, server)
        self.scheduler.added(server)

    def edit(self, name, weight):
        self.find(name).weight = weight
        self.scheduler.changed()

    def remove(self, name):
        server = self.find(name)
        self.scheduler.removing(server)
        self.servers.remove(server)
        self.scheduler.changed()

    def open(self, packet=Packet()):
        """The server that gets a new connection, which begins as inactive; None if there is none."""
        server = self.scheduler.choose(packet)
        if server is not None:
            server.inactive += 1
        return server
