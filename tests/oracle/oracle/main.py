# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The command line of tools/oracle.

The judge is Linux IPVS in a user-mode-linux guest; it and fairwayd get the same packets and edits, and what they choose,
send, count and show is compared. Without arguments all scenarios of tests/oracle/scenarios are played but the long ones.
"""

import argparse
import os
import pathlib
import time

from harness import LabError

from . import SCENARIOS, campaign, faults, fidelity, kernel, scenario
from .stage import Stage

SKIPPED = 77


def load_scenarios(names=()):
    """The named ones (or files), or all, by name."""
    if not names:
        return [scenario.load(path) for path in sorted(SCENARIOS.glob("*.scenario"))]
    return [scenario.load(path if path.is_file() else SCENARIOS / f"{path.name}.scenario") for path in map(pathlib.Path, names)]


def chosen_scenarios(arguments):
    """The named ones, or all that are long, or all that are not."""
    scenarios = load_scenarios(arguments.names)
    return scenarios if arguments.names else [one for one in scenarios if one.is_long == arguments.long]


def list_scenarios():
    scenarios = load_scenarios()
    for one in scenarios:
        print(f"{one.name:34} {one.about.splitlines()[0] if one.about else ''}")
    print(f"{len(scenarios)} scenarios")
    return 0


def run(arguments):
    """Plays what is asked for; (passed, failed)."""
    with Stage(arguments.build) as stage:
        passed, failed = 0, 0
        if arguments.names or arguments.suite or arguments.long or not (arguments.traces or arguments.minutes):
            passed, failed = campaign.play_scenarios(stage, chosen_scenarios(arguments))
        if arguments.suite:
            stage.clean()
        if arguments.traces or arguments.minutes:
            more = campaign.play_traces(stage, arguments.seed, arguments.traces, arguments.minutes, arguments.keep)
            passed, failed = passed + more.passed, failed + more.failed
            if arguments.record:
                fidelity.record("traces", more.results(f"tools/oracle --traces {arguments.traces} --seed {arguments.seed}"))
    return passed, failed


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tools/oracle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Random traces: 200 events each, the same for the same seed; a failing one is shrunk and printed as a scenario.")
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help="names of scenarios, or files")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--long", action="store_true", help="the scenarios that wait for minutes, fifty of them in all")
    parser.add_argument("--traces", type=int, default=0, metavar="N", help="play N random traces")
    parser.add_argument("--minutes", type=float, default=0, metavar="N", help="play random traces for so long")
    parser.add_argument("--seed", type=int, default=1, help="of the random traces (1)")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="save the failing traces there, shrunk")
    parser.add_argument("--faults", action="store_true",
                        help="build Fairway with deliberate faults and see which trace or scenario catches each")
    parser.add_argument("--check-faults", action="store_true", help="whether each fault still has its place in the sources")
    parser.add_argument("--fidelity", metavar="FILE", type=pathlib.Path,
                        help="write the page on behaviours; with --check only see whether it is in step")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", action="store_true", help="keep the numbers for the page on behaviours")
    parser.add_argument("--suite", action="store_true", help="all scenarios and a few traces, as tools/test does")
    parser.add_argument("--build", default=os.environ.get("FAIRWAY_BUILD", "build/test"), help="folder of the programs (build/test)")
    return parser, parser.parse_args()


def without_stage(arguments):
    """What needs neither root nor programs: its exit status; None if a stage is needed."""
    if arguments.list:
        return list_scenarios()
    if arguments.check_faults:
        return faults.check()
    if arguments.fidelity:
        return fidelity.write(arguments.fidelity, load_scenarios(), only_check=arguments.check)
    return None


def main():
    parser, arguments = parse_arguments()
    status = without_stage(arguments)
    if status is not None:
        return status
    if reason := kernel.missing():
        print(f"oracle skipped: {reason}")
        return SKIPPED
    if arguments.suite:
        arguments.traces = arguments.traces or campaign.SUITE_TRACES
    began = time.monotonic()
    try:
        if arguments.faults:
            passed, failed = faults.run(arguments.seed, arguments.traces or 1000, arguments.names, arguments.record)
        else:
            passed, failed = run(arguments)
    except (LabError, scenario.ScenarioError) as error:
        print(f"FAILED: {error}")
        passed, failed = 0, 1
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return failed > 0
