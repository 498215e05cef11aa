# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Where scenarios are played: the kernel and Fairway side by side, in namespaces that go when it ends."""

import contextlib
import heapq
import itertools
import os
import pathlib
import shutil
import tempfile
import time

from harness.namespace import Namespace, sweep

from . import world
from .fairway import Fairway
from .kernel import Kernel
from .play import Play

_letters = itertools.cycle("bcdefghijklmnopqrstuvwxyz")
_AT_ONCE = 8  # plays that wait side by side


class Stage:
    """Use it as a context; `build` is the folder of the programs under test."""

    def __init__(self, build=None):
        self.name = f"fw{os.getpid()}{next(_letters)}"
        self.build = build
        self._networks = itertools.cycle(range(1, world.LAST_NETWORK))
        self._used = set()
        self._cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as started:
            sweep()
            cpus = os.sched_getaffinity(0)
            folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
            started.callback(shutil.rmtree, folder, ignore_errors=True)
            hosts = {}
            for name in ("wires", "kernel", "dir"):
                hosts[name] = Namespace(f"{self.name}-{name}")
                started.callback(hosts[name].delete)
            self.kernel = Kernel(folder)
            started.callback(self.kernel.stop)
            self.kernel.start(hosts["kernel"])
            self.fairway = Fairway(folder, hosts["dir"], hosts["wires"], self.build)
            started.callback(self.fairway.kill)
            self.fairway.start()
            started.callback(os.sched_setaffinity, 0, cpus)
            os.sched_setaffinity(0, {min(cpus)})
            self._cleanup = started.pop_all()
        return self

    def __exit__(self, kind, error, trace):
        with self._cleanup:
            if not error:
                self.fairway.stop()

    def network(self, wanted=0):
        """A network number for the next scenario; whoever wants one that was used begins on clean tables."""
        if not wanted:
            wanted = next(number for number in self._networks if number not in self._used)
        elif wanted in self._used:
            self.clean()
        self._used.add(wanted)
        return wanted

    def clean(self):
        """Both directors forget all connections."""
        self.kernel.flush()
        self.fairway.restart()
        self._used.clear()

    def play(self, scenario, **options):
        """One scenario by itself; its Result."""
        return next(self.play_all([scenario], **options))

    def play_all(self, scenarios, at_once=_AT_ONCE, **options):
        """Results as they become complete. Plays take turns whenever one waits."""
        waiting, coming, numbers = [], list(scenarios)[::-1], itertools.count()
        while waiting or coming:
            while coming and len(waiting) < at_once and not (waiting and coming[-1].network in self._used):
                scenario = coming.pop()
                play = Play(scenario, self.network(scenario.network), self.kernel, self.fairway, **options)
                heapq.heappush(waiting, (time.monotonic(), next(numbers), play, play.run()))
            due, number, play, steps = heapq.heappop(waiting)
            time.sleep(max(0.0, due - time.monotonic()))
            seconds = next(steps, None)
            if seconds is None:
                yield play.result
            else:
                heapq.heappush(waiting, (time.monotonic() + seconds, number, play, steps))
