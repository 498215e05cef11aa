# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Deliberate faults: can the oracle see what it is there to see?

A copy of the sources is instrumented so that each faulty spot reads `chosen ? faulty : original`, and built once, into
build/faults; the environment variable FAIRWAY_FAULT chooses one. Nothing of this is in the product's own sources.
"""

import dataclasses
import itertools
import os
import shutil
import subprocess
import time

from . import ROOT, SCENARIOS, fidelity, generate, scenario
from .compare import SECONDS_APART
from .fault_list import FAULTS
from .stage import Stage

_TREE = ROOT / "build" / "faults"
_HEADER = """\
// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdlib>
#include <type_traits>
namespace fairway::faults {
inline const int chosen = [] {
  const char* text = std::getenv("FAIRWAY_FAULT");
  return text ? std::atoi(text) : 0;
}();
constexpr bool is_chosen(int number) { return !std::is_constant_evaluated() && chosen == number; }
}  // namespace fairway::faults
"""
_BATCH = 24


def say(text=""):
    print(text, flush=True)


def _instrumented(number, fault):
    condition = f"fairway::faults::is_chosen({number})"
    if fault.is_statement:
        return f"{{ if ({condition}) {{ {fault.faulty} }} else {{ {fault.original} }} }}"
    return f"({condition} ? ({fault.faulty}) : ({fault.original}))"


def stale():
    """Faults whose place is not to be found in the sources (exactly once) any more."""
    for fault in FAULTS:
        count = (ROOT / fault.file).read_text().count(fault.original)
        if count != 1:
            yield f"{fault.file}: {fault.name}: `{fault.original}` is there {count} times"


def check():
    """Prints what is stale; the exit status."""
    complaints = list(stale())
    print("\n".join([*complaints, f"{len(FAULTS)} faults, {len(complaints)} of them without their place"]))
    return len(complaints) > 0


def _instrument():
    """Writes the instrumented copy; files that do not change keep their time, so that a second build is short."""
    wanted = {"lib/base/fault.hpp": _HEADER}
    for number, fault in enumerate(FAULTS, 1):
        text = wanted.get(fault.file) or (ROOT / fault.file).read_text()
        wanted[fault.file] = text.replace(fault.original, _instrumented(number, fault))
    for path in wanted:
        if path.endswith(".cpp"):
            head, _, rest = wanted[path].partition("#include")
            wanted[path] = f'{head}#include "base/fault.hpp"\n#include{rest}'
        elif "#pragma once" in wanted[path] and not path.endswith("fault.hpp"):
            wanted[path] = wanted[path].replace("#pragma once\n", '#pragma once\n#include "base/fault.hpp"\n', 1)
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).split("\n")
    for path in {*filter(None, listed), *wanted}:
        text = wanted[path].encode() if path in wanted else (ROOT / path).read_bytes()
        target = _TREE / path
        if not target.exists() or target.read_bytes() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
            if path not in wanted:
                shutil.copymode(ROOT / path, target)


def build():
    """The folder of the instrumented programs."""
    _instrument()
    folder = _TREE / "build"
    environment = os.environ | {"CCACHE_NOHASHDIR": "1"}
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", "-Doptimization=0", "-Dtests=false", str(folder), str(_TREE)], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
    say("building Fairway with its faults")
    wanted = ["apps/fairwayd/fairwayd", "apps/fairwayctl/fairwayctl"]
    subprocess.run(["ninja", "-C", str(folder), "--quiet", *wanted], check=True, env=environment)
    return folder


@dataclasses.dataclass
class Catch:
    fault: object
    number: int
    scenario: str = ""  # that saw it; empty: none
    trace: str = ""     # likewise
    traces: int = 0     # how many were played until then
    difference: object = None

    @property
    def is_caught(self):
        return bool(self.scenario or self.trace)

    def __str__(self):
        trace = f"by {self.trace}, the {self.traces}. trace" if self.trace else f"by none of {self.traces} traces"
        what = f": {self.difference.what.split(':')[0]}" if self.difference else ""
        return f"{self.number:3} {self.fault.name:58} {f'by {self.scenario}' if self.scenario else 'by no scenario'}, {trace}{what}"


def _first_caught(stage, batch, seconds_apart=0):
    """The result of the first of these that fails, and fails again by itself; None if none does."""
    for result in stage.play_all(batch, until_first=True, seconds_apart=seconds_apart):
        if result.passed:
            continue
        stage.clean()
        again = stage.play(result.scenario, until_first=True, seconds_apart=seconds_apart)
        stage.clean()
        if not again.passed:
            return again
        return _first_caught(stage, [one for one in batch if one.name != result.scenario.name], seconds_apart)
    return None


def _catch_by_scenario(stage, one, names):
    scenarios = [scenario.load(SCENARIOS / f"{name}.scenario") for name in names]
    result = _first_caught(stage, [each for each in scenarios if not each.is_long])
    if result:
        one.scenario, one.difference = result.name, result.differences[0]


def _catch_by_trace(stage, one, seed, traces):
    for first in range(0, traces, _BATCH):
        batch = [generate.trace(seed, number) for number in range(first, min(traces, first + _BATCH))]
        result = _first_caught(stage, batch, SECONDS_APART)
        if result:
            one.trace, one.difference = result.name, one.difference or result.differences[0]
            one.traces += 1 + [each.name for each in batch].index(result.name)
            return
        one.traces += len(batch)
        stage.clean()


def catch(stage, number, fault, seed, traces):
    """By the scenarios that are there for it, and by traces; by any scenario if by none of those."""
    stage.clean({"FAIRWAY_FAULT": str(number)})
    one = Catch(fault, number)
    _catch_by_scenario(stage, one, fault.scenarios)
    _catch_by_trace(stage, one, seed, traces)
    if not one.is_caught:
        _catch_by_scenario(stage, one, sorted(path.stem for path in SCENARIOS.glob("*.scenario")))
    return one


def _record(command, catches):
    """Beside what was recorded of other faults; those that are no more are left out."""
    rows = {row["name"]: row for row in fidelity.load_results().get("faults", {}).get("faults", ())}
    for one in catches:
        rows[one.fault.name] = {"name": one.fault.name, "scenario": one.scenario, "trace": one.trace, "traces": one.traces}
    fidelity.record("faults", {"command": command, "faults": [rows[one.name] for one in FAULTS if one.name in rows]})


def run(seed, traces, only=(), keep=False):
    """(caught, not caught); prints the list."""
    complaints = list(stale())
    if complaints:
        say("\n".join(complaints))
        return 0, len(complaints)
    folder = build()
    catches, began = [], time.monotonic()
    with Stage(folder) as stage:
        for number, fault in zip(itertools.count(1), FAULTS):
            if only and not any(word in fault.name for word in only):
                continue
            one = catch(stage, number, fault, seed, traces)
            catches.append(one)
            say(one if one.is_caught else f"{one}: NOT CAUGHT")
    caught = sum(one.is_caught for one in catches)
    if keep:
        _record(f"tools/oracle --faults --traces {traces} --seed {seed}", catches)
    say(f"{caught} of {len(catches)} faults caught, {sum(bool(one.trace) for one in catches)} of them by a trace, in "
        f"{time.monotonic() - began:.0f} s (seed {seed}, at most {traces} traces each)")
    return caught, len(catches) - caught
