# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Where scenarios are played: the kernel and Fairway side by side, in namespaces that go when it ends.

Many plays take turns, each on a network of its own. What they ask at the same time is answered together: all packets in one
exchange, all edits by one command, one reading for all. So a thousand traces need one boot and some minutes.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import tempfile
import time

from harness.namespace import Namespace, sweep

from . import world
from .choice import addresses
from .fairway import Fairway
from .kernel import Kernel
from .play import Play
from .requests import Change, Edit, Exchange, Look, Pause
from .shares import Shares
from .world import SIDES

_letters = itertools.cycle("bcdefghijklmnopqrstuvwxyz")
_AT_ONCE = 72  # plays side by side


class Turn:
    """A play that is under way."""

    def __init__(self, play):
        self.play = play
        self.wants = None
        self.due = 0.0  # when its pause ends
        self.late = []
        self._steps = play.run()
        self.go_on()

    def go_on(self, answer=None):
        try:
            self.wants = self._steps.send(answer)
        except StopIteration:
            self.wants = None
        if isinstance(self.wants, Pause):
            self.due = time.monotonic() + self.wants.seconds

    def take_late(self):
        late, self.late = self.late, []
        return late


class Stage:
    """Use it as a context; `build` is the folder of the programs under test, `environment` what fairwayd gets besides."""

    def __init__(self, build=None, environment=None):
        self.name = f"fw{os.getpid()}{next(_letters)}"
        self.build = build
        self._environment = environment or {}
        self._networks = itertools.cycle(range(1, world.LAST_NETWORK))
        self._used = set()
        self._cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as started:
            sweep()
            folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
            started.callback(shutil.rmtree, folder, ignore_errors=True)
            hosts = {}
            for name in ("wires", "kernel", "dir"):
                hosts[name] = Namespace(f"{self.name}-{name}")
                started.callback(hosts[name].delete)
            self.kernel = Kernel(folder)
            started.callback(self.kernel.stop)
            self.kernel.start(hosts["kernel"])
            self.fairway = Fairway(folder, hosts["dir"], hosts["wires"], self.build, self._environment)
            started.callback(self.fairway.kill)
            self.fairway.start()
            self._defaults = self.kernel.settings()
            self._settings = {}
            self._cleanup = started.pop_all()
        return self

    def __exit__(self, kind, error, trace):
        with self._cleanup:
            if not error:
                self.fairway.stop()

    # --- tables and settings of both ----------------------------------------------------------------------------

    def network(self, wanted=0):
        """A network number for the next scenario; whoever wants one that was used begins on clean tables."""
        if not wanted:
            wanted = next(number for number in self._networks if number not in self._used)
        elif wanted in self._used:
            self.clean()
        self._used.add(wanted)
        return wanted

    def clean(self, environment=None):
        """Both directors forget all connections. With an environment, Fairway starts again with that one."""
        self.kernel.flush()
        self.fairway.restart(environment)
        self._used.clear()
        settings, self._settings = self._settings, {}
        self._change(settings)

    def _change(self, settings):
        """These settings, by name, and the defaults of all others."""
        for name in self._settings.keys() - settings.keys():
            self._set(name, self._defaults[name])
        for name, value in settings.items():
            self._set(name, value)
        self._settings = dict(settings)

    def _set(self, name, value):
        self.kernel.set(name, value)
        self.fairway.set(name, value)

    # --- turns --------------------------------------------------------------------------------------------------

    def play(self, scenario, **options):
        """One scenario by itself; its Result."""
        return next(self.play_all([scenario], **options))

    def play_all(self, scenarios, at_once=_AT_ONCE, **options):
        """Results as they become complete."""
        self._turns = {}
        coming = sorted(scenarios, key=lambda one: (one.is_alone, one.settings))[::-1]
        while self._turns or coming:
            while coming and len(self._turns) < at_once and self._may_begin(coming[-1]):
                self._begin(coming.pop(), options)
            self._round()
            for network, turn in list(self._turns.items()):
                if turn.wants is None:
                    del self._turns[network]
                    yield turn.play.result

    def _may_begin(self, scenario):
        if not self._turns:
            return True
        others = next(iter(self._turns.values())).play.scenario
        return (scenario.network not in self._used and scenario.settings == others.settings and
                not scenario.is_alone and not others.is_alone)

    def _begin(self, scenario, options):
        network = self.network(scenario.network)
        if not self._turns:
            self._change(dict(scenario.settings))
        self._turns[network] = Turn(Play(scenario, network, **options))

    def _round(self):
        """Answers what is wanted now: packets first, so that plays come together at what is dearer."""
        now = time.monotonic()
        for turn in self._turns.values():
            if isinstance(turn.wants, Pause) and turn.due <= now:
                turn.go_on()
        for kind, answer in ((Exchange, self._exchange), (Edit, self._edit), (Change, self._change_one), (Look, self._look)):
            asking = [turn for turn in self._turns.values() if isinstance(turn.wants, kind)]
            if asking:
                return answer(asking)
        if all(isinstance(turn.wants, Pause) for turn in self._turns.values()):
            time.sleep(max(0.0, min(turn.due for turn in self._turns.values()) - time.monotonic()))

    def _edit(self, turns):
        edits = [edit for turn in turns for edit in turn.wants.edits]
        self.kernel.apply(edits)
        self.fairway.apply(edits)
        for turn in turns:
            turn.go_on()

    def _change_one(self, turns):
        for turn in turns:
            self._set(turn.wants.name, turn.wants.value)
            self._settings[turn.wants.name] = turn.wants.value
            turn.go_on()

    def _look(self, turns):
        statistics = turns[0].wants.statistics
        turns = [turn for turn in turns if turn.wants.statistics == statistics]
        before = self.fairway.connections()
        kernel = self.kernel.snapshot(statistics)
        fairway = self.fairway.snapshot(statistics)
        self._hand_out_late()
        shares = [Shares(seen) for seen in (kernel, fairway, {"services": {}, "connections": before})]
        for turn in turns:
            turn.go_on((*(one.of(turn.play.world.network) for one in shares), turn.take_late()))

    # --- packets ------------------------------------------------------------------------------------------------

    def _exchange(self, turns):
        self._hand_out_late()
        came = {id(turn): [{side: [] for side in SIDES} for _ in range(2)] for turn in turns}
        for side in SIDES:
            frames = [frame for turn in turns for frame in turn.wants.frames.get(side, ())]
            if not frames:
                continue
            fences = [director.wire.send(side, frames) for director in (self.kernel, self.fairway)]
            least = {its: sum(turn.wants.least.get(its, 0) for turn in turns if side in turn.wants.frames) for its in SIDES}
            kernel = self.kernel.wire.collect(fences[0], least=least)
            fairway = self.fairway.wire.collect(fences[1], least={side: len(kernel[side]) for side in SIDES})
            for number, found in enumerate((kernel, fairway)):
                for its, frame in ((its, frame) for its in SIDES for frame in found[its]):
                    turn = self._owner(frame)
                    if id(turn) in came:
                        came[id(turn)][number][its].append(frame)
                    elif turn:
                        turn.late.append((("kernel", "fairway")[number], its, frame))
        for turn in turns:
            turn.go_on((*came[id(turn)], turn.take_late()))

    def _hand_out_late(self):
        for director in (self.kernel, self.fairway):
            for side, frame in director.wire.late():
                if turn := self._owner(frame):
                    turn.late.append((director.name, side, frame))

    def _owner(self, frame):
        """The turn whose client or VIP a frame names."""
        named = addresses(frame)
        for address in named:
            if turn := self._turns.get(world.network_of(address)):
                return turn
        return next((turn for turn in self._turns.values() if any(turn.play.world.owns(address) for address in named)), None)
