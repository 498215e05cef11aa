# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""docs/fidelity.md: what is the same, what differs and why, what does not apply; made of behaviours.py, differences.py and
the runs that results.json keeps."""

import json

from . import ROOT
from .behaviours import NOT_APPLICABLE, SAME
from .differences import KNOWN

RESULTS = ROOT / "tests" / "oracle" / "results.json"
_HEAD = """\
# Fidelity to Linux IPVS

Written by `tools/oracle --fidelity docs/fidelity.md`; `tools/test check` holds it in step with its sources.

The judge is no reading of the kernel's source but Linux IPVS itself, version 6.1, in a user-mode-linux guest. It and `fairwayd` with one
worker get the same frames and the same edits at the same time. Compared are every frame that comes out, byte for byte; whom
each connection went to; services, weights, active, inactive and persistent connections; every entry of the connection list with
its state and its expiry, to the second that both print; and the statistics of servers and services. [testing.md](testing.md#the-oracle)
says how to run it, [tests/oracle/README.md](../tests/oracle/README.md) what a scenario is.

Beside the kernel there is a second judge: `tests/unit/sched/model_test.cpp` holds every scheduler, flags included, to an independent
model (`tests/model`), choice by choice through traces of ten thousand steps, four for each; twos by the distribution of its draws.
"""
_DRAWN = """\
Not compared is what the kernel draws by itself (the IP id of packets that it makes, the sequence number with which its own TCP
begins, which entries `drop_entry` gives up), the order of packets that the director's own stack answers among those that are
forwarded, and the order of what happens within one burst of up to 32 packets: Fairway opens the connections of a burst before it moves
on those that were there. Nor is the moment of a connection's end: the kernel's timers may be an eighth late, 0.6 s for CLOSE and 41 s
for ESTABLISHED at 100 ticks a second, and until then the connection serves; Fairway's ends at the first packet after its time, and
leaves the list within half a second.
"""


def load_results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def record(kind, values):
    """Keeps what a long run has shown, for the page."""
    RESULTS.write_text(json.dumps(load_results() | {kind: values}, indent=1, sort_keys=True) + "\n")


def complaints(scenarios):
    """Where the sources of the page do not fit each other."""
    names = {one.name for one in scenarios}
    told = {name for rows in SAME.values() for _, those in rows for name in those.split()}
    shown = {name for one in scenarios for name in one.differs}
    for name in sorted(told - names):
        yield f"behaviours.py names {name}, which is no scenario"
    for name in sorted(one.name for one in scenarios if one.name not in told and not one.differs):
        yield f"behaviours.py does not name the scenario {name}"
    for name in sorted(KNOWN.keys() - shown):
        yield f"no scenario shows the known difference {name}"


def _same():
    for area, rows in SAME.items():
        yield f"\n### {area}\n\n| behaviour | scenarios |\n|---|---|"
        for behaviour, names in rows:
            yield f"| {behaviour} | {', '.join(f'`{name}`' for name in names.split())} |"


def _different(scenarios):
    yield "| what | name | why | scenarios |\n|---|---|---|---|"
    for known in KNOWN.values():
        names = ", ".join(f"`{one.name}`" for one in scenarios if known.name in one.differs)
        yield f"| {known.behaviour} | {known.name} | {known.reason} | {names} |"


def _traces(run):
    yield (f"`{run['command']}`: {run['traces']} random traces of 200 events, {run['failed']} with an unexplained difference. "
           f"{run['compared']}.")
    if run.get("once"):
        yield (f"\n{run['once']} of them differed when many were played at once and not by themselves: moments that neither director "
               "promises, such as a connection that ends just as its packet comes.")


def _faults(run):
    rows = run["faults"]
    yield (f"\n`{run['command']}`: a build with {len(rows)} deliberate faults, switched on one at a time; "
           f"{sum(bool(one['scenario'] or one['trace']) for one in rows)} were caught, {sum(bool(one['trace']) for one in rows)} of them "
           "by a random trace. The last column is how many traces it took; of those that no trace caught, how many were played.\n\n"
           "| fault | scenario | trace | traces |\n|---|---|---|--:|")
    for one in rows:
        scenario = f"`{one['scenario']}`" if one["scenario"] else "–"
        yield f"| {one['name']} | {scenario} | {one['trace'] or '–'} | {one['traces']} |"


def page(scenarios):
    results = load_results()
    lines = [_HEAD, "## The same", *_same(), "\n## Different\n", *_different(scenarios), "", _DRAWN,
             "## Not applicable\n", "| in the kernel | here |\n|---|---|"]
    lines += [f"| {what} | {why} |" for what, why in NOT_APPLICABLE]
    if results:
        lines.append("\n## Random traces and deliberate faults\n")
        lines += _traces(results["traces"]) if "traces" in results else []
        lines += _faults(results["faults"]) if "faults" in results else []
    return "\n".join(lines) + "\n"


def write(file, scenarios, only_check):
    """The exit status."""
    found = list(complaints(scenarios))
    text = page(scenarios)
    if only_check and (not file.exists() or file.read_text() != text):
        found.append(f"{file} is not in step: tools/oracle --fidelity {file} writes it")
    elif not only_check:
        file.write_text(text)
    print("\n".join([*found, f"{len(scenarios)} scenarios, {len(KNOWN)} known differences; {len(found)} complaints"]))
    return len(found) > 0
