# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The kernel's schedulers, written down a second time: what Fairway's are compared with.

A service is a list of servers, the newest first. Each scheduler is told of every change, as the kernel
tells its own, and chooses by the rules of its documentation, not by Fairway's code.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from math import gcd


@dataclass
class Packet:
    """What opens a connection: addresses as numbers, and when, in milliseconds."""

    client: int = 0
    client_port: int = 0
    destination: int = 0
    now: int = 0


class Server:
    """A server by its number N; its address is 10.1.0.0 plus N, its port 80."""

    def __init__(self, name):
        self.name = name
        self.active = self.inactive = 0
        self.upper = self.lower = 0
        self.overloaded = False

    def set_weight(self, weight):
        self.weight = weight
        self.last_weight = weight or self.last_weight

    @property
    def overhead(self):
        return 256 * self.active + self.inactive

    @property
    def takes(self):
        """May get new connections."""
        return self.weight > 0 and not self.overloaded

    def set_thresholds(self, upper, lower):
        if upper == 0 or upper > self.upper:
            self.overloaded = False
        self.upper, self.lower = upper, lower

    def bound(self):
        """A connection has been counted."""
        if self.upper and self.active + self.inactive >= self.upper:
            self.overloaded = True

    def unbound(self):
        """A connection has ended."""
        total = self.active + self.inactive
        if total < self.lower if self.lower else not self.upper or 4 * total < 3 * self.upper:
            self.overloaded = False


def least(servers, burden):
    """The one with the least burden for its weight; the first of equals."""
    best = None
    for server in servers:
        if best is None or burden(best) * server.weight > burden(server) * best.weight:
            best = server
    return best


def overhead(server):
    return server.overhead


def delay(server):
    return server.active + 1


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
            if server.takes:
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
        """Gives up after a pass with the lowest level over all servers, wherever it began."""
        if self.mw == 0:
            return None
        last, stop, last_pass, restarted = self.current, None, False, False
        reach = max((server.weight for server in self.servers if server.takes), default=0)
        while True:
            for self.current in range(self.current + 1, len(self.servers)):
                server = self.servers[self.current]
                if server.takes and server.weight >= self.cw:
                    return server
                if self.current == stop:
                    return None
            self.current = -1
            self.cw -= self.di
            if self.cw <= 0:
                self.cw = self.mw
                if last_pass or last == -1:
                    return None
                restarted = True
            # Of many passes that nobody's weight reaches, only the last is made.
            self.cw -= max(0, (self.cw - max(reach, self.di) - 1) // self.di - 1) * self.di
            last_pass = self.cw <= self.di
            if last_pass and restarted and last != -1:
                stop = last


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
        return [server for server in self.servers if server.takes]


class LeastConnection(Memoryless):
    def choose(self, packet):
        return min(self.able, key=lambda server: server.overhead, default=None)  # the first of equals


class WeightedLeastConnection(Memoryless):
    def choose(self, packet):
        return least(self.able, overhead)


class ShortestExpectedDelay(Memoryless):
    def choose(self, packet):
        return least(self.able, delay)


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


def hash_32(value, bits):
    return (value * 0x61C88647 & 0xFFFFFFFF) >> (32 - bits)


class Hashing(Memoryless):
    """A table of servers by a hash of an address. It is made anew for each choice after a change."""

    def __init__(self, servers, flags=()):
        super().__init__(servers)
        self.falls_back = any(flag.endswith("-fallback") for flag in flags)
        self.uses_port = any(flag.endswith("-port") for flag in flags)
        self.table = None

    def added(self, server):
        self.table = None

    def changed(self):
        self.table = None

    def choose(self, packet):
        if self.table is None:
            self.table = self.fill()
        if not self.table:
            return None
        first, others = self.places(packet)
        for place in chain([first], others if self.falls_back else []):
            if self.table[place].takes:
                return self.table[place]
        return None

    def key(self, packet):
        return packet.client + (packet.client_port if self.uses_port else 0)


class SourceHashing(Hashing):
    def fill(self):
        """One round of the list, until there is enough of it."""
        round_ = [server for server in self.servers for _ in range(max(1, min(server.weight, 256)))]
        return (round_ * 256)[:256]

    def places(self, packet):
        place = hash_32(self.key(packet), 8)
        return place, [(place + (place + i) % 256) % 256 for i in range(256)]


class DestinationHashing(Hashing):
    def fill(self):
        return (self.servers * 256)[:256]

    def places(self, packet):
        return hash_32(packet.destination, 8), []


def rotate(word, by):
    return (word << by | word >> (64 - by)) & (1 << 64) - 1


def siphash(number, key):
    """SipHash with one round a word and three at the end, of four bytes, the key's halves alike; its lower 32 bits."""
    a, b, c, d = (int.from_bytes(b"somepseudorandomlygeneratedbytes"[i:i + 8], "big") ^ key for i in (0, 8, 16, 24))

    def round_(a, b, c, d):
        a, c = a + b & (1 << 64) - 1, c + d & (1 << 64) - 1
        b, d = rotate(b, 13) ^ a, rotate(d, 16) ^ c
        a, c = rotate(a, 32) + d & (1 << 64) - 1, c + b & (1 << 64) - 1
        return a, rotate(b, 17) ^ c, rotate(c, 32), rotate(d, 21) ^ a

    word = 4 << 56 | number & 0xFFFFFFFF
    a, b, c, d = round_(a, b, c, d ^ word)
    a, c = a ^ word, c ^ 0xFF
    for _ in range(3):
        a, b, c, d = round_(a, b, c, d)
    return (a ^ b ^ c ^ d) & 0xFFFFFFFF


class MaglevHashing(Hashing):
    SIZE, KEY_1, KEY_2 = 4093, 2654435761, 2654446892

    @staticmethod
    def turns(server, divisor, shift):
        return max(server.last_weight // divisor >> shift, min(server.last_weight, 1))

    @classmethod
    @cache
    def wishes(cls, name):
        """All places in the order in which this server wants them."""
        number = (0x0A010000 + name) + 80
        offset, skip = siphash(number, cls.KEY_1) % cls.SIZE, siphash(number, cls.KEY_2) % (cls.SIZE - 1) + 1
        return [(offset + skip * i) % cls.SIZE for i in range(cls.SIZE)]

    def fill(self):
        divisor = gcd(*(server.last_weight for server in self.servers))
        if divisor == 0:
            return None
        largest = max(server.last_weight for server in self.servers) // divisor
        shift = max(0, largest.bit_length() - 6)
        players = [(server, iter(self.wishes(server.name)), self.turns(server, divisor, shift)) for server in self.servers]
        table, taken = [None] * self.SIZE, 0
        while True:
            for server, wishes, turns in players:
                for _ in range(turns):
                    place = next(wishes)
                    while table[place]:
                        place = next(wishes)
                    table[place] = server
                    taken += 1
                    if taken == self.SIZE:
                        return table

    def places(self, packet):
        key = self.key(packet)
        place = siphash(key, self.KEY_1) % self.SIZE
        return place, (siphash(key + (place + i) % self.SIZE, self.KEY_1) % self.SIZE for i in range(self.SIZE))


@dataclass
class Remembered:
    """Of one destination: its servers, the newest first, and when they were used and last changed."""

    servers: list
    used: int
    changed: int


class Locality(WeightedLeastConnection):
    """Servers by destination. A timer looks at them each minute from the first choice on."""

    MINUTE, HALF_AN_HOUR = 60_000, 30

    def __init__(self, servers):
        super().__init__(servers)
        self.entries, self.next_tick, self.counter = {}, None, 1
        self.expiration = 86_400_000

    def tick(self, now):
        if self.counter % self.HALF_AN_HOUR == 0:
            self.entries = {key: entry for key, entry in self.entries.items() if entry.used + self.expiration > now}
            self.counter = 0
        self.counter += 1

    def remembered(self, packet):
        if self.next_tick is None:
            self.next_tick = packet.now + self.MINUTE
        while self.next_tick <= packet.now:
            self.tick(self.next_tick)
            self.next_tick += self.MINUTE
        entry = self.entries.get(packet.destination)
        if entry:
            entry.used = packet.now
        return entry

    def is_overburdened(self, server):
        return server.active > server.weight and any(2 * other.active < other.weight for other in self.servers)


class LocalityLeastConnection(Locality):
    def choose(self, packet):
        entry = self.remembered(packet)
        if entry:
            server = entry.servers[0]
            if server in self.servers and server.weight > 0 and not self.is_overburdened(server):
                return server
        server = super().choose(packet)
        if server:
            self.entries[packet.destination] = Remembered([server], packet.now, packet.now)
        return server


class LocalityWithReplication(Locality):
    """What is spared of a set is first of all what left the service: here Fairway differs from the kernel."""

    def spare(self, entry, now):
        gone = [server for server in entry.servers if server not in self.servers]
        weighty = [server for server in entry.servers if server.weight > 0]
        if gone or weighty:
            entry.servers.remove(
                gone[0] if gone else max(weighty, key=lambda server: Fraction(server.overhead, server.weight)))
            entry.changed = now

    def choose(self, packet):
        entry = self.remembered(packet)
        if entry:
            server = least([server for server in entry.servers if server in self.servers and server.takes], overhead)
            if len(entry.servers) > 1 and packet.now > entry.changed + self.expiration:
                self.spare(entry, packet.now)
            if server and not self.is_overburdened(server):
                return server
        server = super().choose(packet)
        if not server:
            return None
        if not entry:
            self.entries[packet.destination] = Remembered([server], packet.now, packet.now)
        elif server not in entry.servers:
            entry.servers.insert(0, server)
            entry.changed = packet.now
        return server


class TwoChoices(Memoryless):
    def probabilities(self):
        """How likely the choice of each server is."""
        able = self.able
        # Of the numbers from 0 to the sum of weights, both included, these many lead to each server.
        ways = [server.weight + (place == 0) for place, server in enumerate(able)]
        result = dict.fromkeys(able, Fraction(0))
        for first, first_ways in zip(able, ways):
            for second, second_ways in zip(able, ways):
                second_is_better = second.weight * first.overhead > first.weight * second.overhead
                chosen = second if second_is_better else first
                result[chosen] += Fraction(first_ways * second_ways, sum(ways) ** 2)
        return result


SCHEDULERS = {
    "rr": RoundRobin,
    "wrr": WeightedRoundRobin,
    "lc": LeastConnection,
    "wlc": WeightedLeastConnection,
    "lblc": LocalityLeastConnection,
    "lblcr": LocalityWithReplication,
    "dh": DestinationHashing,
    "sh": SourceHashing,
    "sed": ShortestExpectedDelay,
    "nq": NeverQueue,
    "mh": MaglevHashing,
    "fo": Failover,
    "ovf": Overflow,
    "twos": TwoChoices,
}


class Service:
    """A service with its servers by name. A server that was removed and comes back is the same one."""

    def __init__(self, scheduler, flags=()):
        self.servers, self.known = [], {}
        self.scheduler = SCHEDULERS[scheduler](self.servers, *([flags] if flags else []))

    def find(self, name):
        return next(server for server in self.servers if server.name == name)

    def add(self, name, weight, upper=0, lower=0):
        server = self.known.setdefault(name, Server(name))
        server.set_thresholds(upper, lower)
        server.weight = server.last_weight = weight
        self.servers.insert(0, server)
        self.scheduler.added(server)

    def edit(self, name, weight, upper=0, lower=0):
        self.find(name).set_weight(weight)
        self.find(name).set_thresholds(upper, lower)
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
            server.bound()
        return server
