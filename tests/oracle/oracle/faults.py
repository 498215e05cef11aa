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
    by: str = ""  # the trace or scenario; empty: nothing caught it
    after: int = 0  # how many were played until then
    difference: object = None


def _first_caught(stage, batch):
    """The first of these that fails, and fails again by itself; it and its result, or (None, None)."""
    for result in stage.play_all(batch, until_first=True):
        if result.passed:
            continue
        stage.clean()
        again = stage.play(result.scenario, until_first=True)
        stage.clean()
        if not again.passed:
            return again
        return _first_caught(stage, [one for one in batch if one.name != result.scenario.name])
    return None


def _batches(seed, traces, likely):
    """First what is likely to catch it, then traces, then all scenarios."""
    if likely:
        yield [scenario.load(SCENARIOS / f"{name}.scenario") for name in likely]
    for first in range(0, traces, _BATCH):
        yield [generate.trace(seed, number) for number in range(first, min(traces, first + _BATCH))]
    yield [scenario.load(path) for path in sorted(SCENARIOS.glob("*.scenario"))]


def catch(stage, number, fault, seed, traces):
    stage.clean({"FAIRWAY_FAULT": str(number)})
    played = 0
    for batch in _batches(seed, traces, fault.scenarios):
        result = _first_caught(stage, batch)
        if result:
            return Catch(fault, number, result.name, played + 1 + [one.name for one in batch].index(result.name),
                         result.differences[0])
        played += len(batch)
        stage.clean()
    return Catch(fault, number, after=played)


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
            verdict = f"caught by {one.by}, the {one.after}. played" if one.by else f"NOT CAUGHT by {one.after}"
            what = f": {one.difference.what.split(':')[0]}" if one.difference else ""
            say(f"{number:3} {fault.name:58} {verdict}{what}")
    caught = sum(bool(one.by) for one in catches)
    if keep:
        fidelity.record("faults", {"command": f"tools/oracle --faults --seed {seed}", "faults": [
            {"name": one.fault.name, "by": one.by, "after": one.after} for one in catches]})
    say(f"{caught} of {len(catches)} faults caught in {time.monotonic() - began:.0f} s (seed {seed}, at most {traces} traces each)")
    return caught, len(catches) - caught
