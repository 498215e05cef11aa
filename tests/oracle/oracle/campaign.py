# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Plays many scenarios and traces, and says what came of it."""

import dataclasses
import time

from . import generate
from .compare import SECONDS_APART
from .shrink import shrink

SUITE_TRACES = 24
_BATCH = 144  # traces; both directors forget everything after so many
_TIMES_AGAIN = 2
_SHOWN = 3   # differences of a result


def say(text=""):
    print(text, flush=True)


def _show(result):
    for one in result.differences[:_SHOWN]:
        say("  " + str(one).replace("\n", "\n  "))
    if len(result.differences) > _SHOWN:
        say(f"  ... {len(result.differences)} differences in all")


def play_scenarios(stage, scenarios):
    """(passed, failed). One that fails among others is played once more by itself: a busy machine can be late."""
    passed = failed = 0
    again = []
    for result in stage.play_all(scenarios):
        if result.passed:
            passed += 1
            say(f"ok      {result.name} ({result.packets} packets, {result.opened} choices, {result.rows} connections compared)")
        else:
            again.append(result.scenario)
    for one in again:
        result = stage.play(one)
        failed += not result.passed
        passed += result.passed
        say(f"{'ok     ' if result.passed else 'FAILED '} {result.name}{' at the second time' if result.passed else ''}")
        _show(result)
    return passed, failed


@dataclasses.dataclass
class Sums:
    passed: int = 0
    failed: int = 0
    once: list = dataclasses.field(default_factory=list)  # results that differed at first and not again
    packets: int = 0
    opened: int = 0
    rows: int = 0
    events: int = 0

    def add(self, result):
        self.packets += result.packets
        self.opened += result.opened
        self.rows += result.rows
        self.events += len(result.scenario.events)

    def results(self, command):
        """For docs/fidelity.md."""
        return {"command": command, "traces": self.passed + self.failed, "failed": self.failed, "once": len(self.once),
                "compared": str(self)}

    def __str__(self):
        return f"{self.events} events, {self.packets} packets, {self.opened} choices, {self.rows} connections compared"


def batches(seed, traces, minutes=0):
    """Lists of traces, until there were so many or so long."""
    began, number = time.monotonic(), 0
    while (number < traces or not traces) and (not minutes or time.monotonic() - began < 60 * minutes):
        count = min(_BATCH, traces - number) if traces else _BATCH
        yield [generate.trace(seed, number + one) for one in range(count)]
        number += count


def play_traces(stage, seed, traces, minutes=0, keep=None):
    """The Sums of random traces. One that fails is played again by itself, twice if need be: what does not show then was a
    moment that neither director promises, such as a connection that ends just as its packet comes."""
    sums, failures = Sums(), []
    for number, batch in enumerate(batches(seed, traces, minutes)):
        if number:
            stage.clean()
        again = []
        for result in stage.play_all(batch, seconds_apart=SECONDS_APART):
            sums.add(result)
            if not result.passed:
                again.append(result)
        sums.passed += len(batch) - len(again)
        for result in again:
            last = _again(stage, result.scenario)
            if last.passed:
                sums.passed += 1
                sums.once.append(result)
                continue
            sums.failed += 1
            failures.append(last)
            say(f"FAILED  {result.name}")
            _show(last)
        say(f"{sums.passed} traces passed, {sums.failed} failed ({sums})")
    for result in failures:
        _shrink(stage, result, keep)
    for result in sums.once:
        say(f"{result.name} differed at first and not again:")
        _show(result)
    return sums


def _again(stage, scenario):
    """The last Result of playing it by itself: what a fault does wrong it does wrong every time."""
    for _ in range(_TIMES_AGAIN):
        result = stage.play(scenario, seconds_apart=SECONDS_APART)
        if result.passed:
            break
    return result


def _shrink(stage, result, keep):
    small = shrink(stage, result.scenario, {result.differences[0].kind})
    say(f"{result.name}, shrunk:\n    " + str(small).replace("\n", "\n    "))
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{small.name}.scenario").write_text(str(small))
