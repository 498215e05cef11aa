#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Writes random services under load with how likely each server is to be chosen by twos.

    distributions.py SEED SERVICES

A line a server and an empty one after each service: SERVER WEIGHT ACTIVE INACTIVE PROBABILITY
"""

import random
import sys

from schedulers import Service


def main():
    chance = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        service = Service("twos")
        largest_weight, largest_load = chance.choice([1, 3, 100, 65535]), chance.choice([0, 2, 1000])
        for name in range(1, chance.randint(1, 12) + 1):
            service.add(name, 0 if chance.random() < 0.2 else chance.randint(1, largest_weight))
            server = service.find(name)
            server.active, server.inactive = chance.randint(0, largest_load), chance.randint(0, largest_load)
        probabilities = service.scheduler.probabilities()
        for server in reversed(service.servers):
            print(server.name, server.weight, server.active, server.inactive, float(probabilities.get(server, 0)))
        print()


if __name__ == "__main__":
    main()
