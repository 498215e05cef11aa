#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes a random trace of one service's life with the choices that the model of its scheduler makes.

    trace.py SEED STEPS SCHEDULER [FLAG ...]

One event a line, servers and clients being numbers:

    add SERVER WEIGHT UPPER LOWER | edit SERVER WEIGHT UPPER LOWER | remove SERVER      thresholds of connections
    expire SECONDS                                       the setting of lblc and lblcr
    open CLIENT PORT DESTINATION MILLISECONDS CHOSEN     a new connection, inactive; 0: nobody takes it
    settle SERVER | close SERVER | end SERVER            one of its connections: active, inactive again, gone
"""

import random
import sys

from schedulers import Packet, Service

class Life:
    """One service, its open connections, and the trace so far."""

    def __init__(self, seed, scheduler, flags):
        self.random = random.Random(f"{scheduler} {flags} {seed}")
        # Every other service has thresholds, every third one many servers.
        self.is_limited, self.most_servers = seed % 2 == 0, 24 if seed % 3 else 90
        self.service = Service(scheduler, flags)
        self.trace, self.opening, self.settled, self.closing = [], [], [], []
        self.now = 0
        # Some services have weights that are alike, some small ones, some any; some live through many edits.
        self.largest_weight = self.random.choice([1, 2, 5, 20, 300, 65535, 2**31 - 1])
        self.edits = self.random.choice([0.01, 0.03, 0.1])
        self.clients = self.random.choice([3, 50, 100_000])
        self.destinations = self.random.choice([2, 10, 100])

    def note(self, *words):
        self.trace.append(" ".join(map(str, words)))

    def weight(self):
        return 0 if self.random.random() < 0.15 else self.random.randint(1, self.largest_weight)

    def thresholds(self):
        if not self.is_limited or self.random.random() < 0.2:
            return 0, 0
        upper = self.random.choice([1, 2, 5, 20])
        return upper, self.random.choice([0, self.random.randint(0, upper)])

    def edit(self):
        present = [server.name for server in self.service.servers]
        absent = [name for name in range(1, self.most_servers + 1) if name not in present]
        # Back towards half of them.
        kind = self.random.choices(["add", "edit", "remove"], [len(absent), self.most_servers / 2, len(present)])[0]
        if kind == "add" or not present:
            edit = self.random.choice(absent), self.weight(), *self.thresholds()
            self.service.add(*edit)
            self.note("add", *edit)
        elif kind == "edit":
            edit = self.random.choice(present), self.weight(), *self.thresholds()
            self.service.edit(*edit)
            self.note("edit", *edit)
        else:
            name = self.random.choice(present)
            self.service.remove(name)
            self.note("remove", name)

    def open(self):
        # Mostly seconds, now and then hours, seldom a day.
        self.now += self.random.choices([self.random.randrange(3000), self.random.randrange(36_000_000),
                                         self.random.randrange(80_000_000, 95_000_000)], [1000, 20, 4])[0]
        packet = Packet(client=0xcb007100 + self.random.randrange(self.clients),
                        client_port=1024 + self.random.randrange(60000),
                        destination=0xc6336400 + self.random.randrange(self.destinations), now=self.now)
        server = self.service.open(packet)
        if server is not None:
            self.opening.append(server)
        self.note("open", packet.client, packet.client_port, packet.destination, self.now, server.name if server else 0)

    def take(self, connections):
        place = self.random.randrange(len(connections))
        connections[place], connections[-1] = connections[-1], connections[place]
        return connections.pop()

    def settle(self):
        server = self.take(self.opening)
        server.inactive -= 1
        server.active += 1
        self.settled.append(server)
        self.note("settle", server.name)

    def close(self):
        server = self.take(self.settled)
        server.active -= 1
        server.inactive += 1
        self.closing.append(server)
        self.note("close", server.name)

    def end(self):
        server = self.take(self.closing)
        server.inactive -= 1
        server.unbound()
        self.note("end", server.name)

    def fill(self):
        """Half of the servers at once."""
        for name in range(1, self.most_servers // 2 + 1):
            self.service.add(name, self.weight(), *self.thresholds())
            server = self.service.find(name)
            self.note("add", name, server.weight, server.upper, server.lower)

    def expire(self):
        if hasattr(self.service.scheduler, "expiration"):
            seconds = self.random.choice([600, 86_400, 2_147_483])
            self.service.scheduler.expiration = 1000 * seconds
            self.note("expire", seconds)

    def step(self):
        if self.random.random() < self.edits or not self.service.servers:
            return self.edit() if self.random.random() < 0.98 else self.expire()
        # Connections pile up for a while, then thin out.
        thinning = 1.5 if len(self.trace) // 1500 % 2 else 0.5
        chances = [(self.open, 1), (self.settle, bool(self.opening)), (self.close, thinning * bool(self.settled)),
                   (self.end, thinning * bool(self.closing))]
        events, weights = zip(*chances)
        self.random.choices(events, weights)[0]()


def main():
    seed, steps, scheduler, *flags = sys.argv[1:]
    life = Life(int(seed), scheduler, flags)
    life.fill()
    while len(life.trace) < int(steps):
        life.step()
    print("\n".join(life.trace))


if __name__ == "__main__":
    main()
