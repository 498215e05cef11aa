# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What control costs a worker that forwards at full speed: how long its loops take while nothing happens, while services
are edited, and while long lists are read. The director counts loops in buckets of its own; two readings are compared."""

import time

from . import frames, pcap
from .programs import Fairwayd, cpus


def service_lines(services, servers):
    """Commands for so many services more, of so many servers each."""
    for number in range(services):
        service = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}:80"
        yield f"service add tcp {service} --scheduler wrr"
        for server in range(servers):
            yield f"server add tcp {service} 10.{100 + server}.{number >> 8 & 255}.{number & 255}:80"


def edit_lines(services, edits, weight):
    for edit in range(edits):
        number = edit % services
        service = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}:80"
        yield f"server edit tcp {service} 10.100.{number >> 8 & 255}.{number & 255}:80 --weight {weight}"


class Loops:
    """Loop times between two moments."""

    def __init__(self, control):
        self.counts = {row["from"]: (row["below"], row["count"])
                       for row in control.show("latency")["workers"][0]["loop_time"]["buckets"]}

    def since(self, before):
        """[(end of bucket in ns, loops)], the fastest first."""
        return sorted((below, count - before.counts.get(start, (0, 0))[1])
                      for start, (below, count) in self.counts.items())


def quantile(buckets, share):
    wanted, total = share * sum(count for _, count in buckets), 0
    for below, count in buckets:
        total += count
        if total >= wanted and count:
            return below
    return 0


def phase(program, name, seconds, action):
    """Repeats the action for so long, once at least, and tells what the worker did meanwhile."""
    before, loops = program.read(), Loops(program.control)
    times, began = 0, time.monotonic()
    while times == 0 or time.monotonic() < began + seconds:
        action(times)
        times += 1
    buckets = Loops(program.control).since(loops)
    done = program.read() - before
    return {"phase": name, "times": times, "cpu_ns_a_packet": round(done.cpu_ns / done.received, 1),
            "loop_median_ns": quantile(buckets, 0.5), "loop_p99_ns": quantile(buckets, 0.99),
            "loop_p9999_ns": quantile(buckets, 0.9999), "loop_longest_below_ns": quantile(buckets, 1)}


def measure(folder, services, servers, flows, connections, seconds, huge):
    path = folder / "control.pcap"
    packets = frames.write_capture(path, frames.conversation("dr", flows))
    with Fairwayd(folder, pcap.device(path), cpus()[1], huge, pcap.services("dr"), pcap.port(),
                  connections=connections, buffers=packets + 16384) as program:
        pcap.warm_up(program, packets)
        yield phase(program, "nothing", seconds, lambda _: time.sleep(0.1))
        yield phase(program, f"adding {services} services of {servers} servers", 0,
                    lambda _: program.control.apply(service_lines(services, servers)))
        yield phase(program, "nothing, with them", seconds, lambda _: time.sleep(0.1))
        yield phase(program, "1,000 edits of a server", seconds,
                    lambda times: program.control.apply(edit_lines(services, 1000, 2 + times % 2)))
        yield phase(program, "show connections", seconds,
                    lambda _: program.control.run("show", "connections", "--json", "--limit", "1000000"))
        yield phase(program, "show services", seconds, lambda _: program.control.run("show", "services", "--json"))
