# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The kernel's schedulers, written down a second time: what Fairway's are compared with.

A service is a list of servers, the newest first. Each scheduler is told of every change, as the kernel
tells its own, and chooses by the rules of its documentation, not by Fairway's code.
"""

from math import gcd


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

    def choose(self):
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

    def choose(self):
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


class LeastConnection:
    def __init__(self, servers):
        self.servers = servers

    def added(self, server):
        pass

    def removing(self, server):
        pass

    def changed(self):
        pass

    def choose(self):
        able = [server for server in self.servers if server.weight > 0]
        return min(able, key=lambda server: server.overhead, default=None)  # the first of equals


class WeightedLeastConnection(LeastConnection):
    def choose(self):
        best = None
        for server in self.servers:
            if server.weight == 0:
                continue
            if best is None or best.overhead * server.weight > server.overhead * best.weight:
                best = server
        return best


SCHEDULERS = {"rr": RoundRobin, "wrr": WeightedRoundRobin, "lc": LeastConnection, "wlc": WeightedLeastConnection}


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

    def open(self):
        """The name of the server that gets a new, active connection; None if there is none."""
        server = self.scheduler.choose()
        if server is None:
            return None
        server.active += 1
        return server.name
