#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Builds Fairway, runs its test suites and counts their cases (called by tools/test).

The last line printed is "N passed, N failed", with ", N skipped" where cases were skipped. The exit
status is 0 only if something ran and nothing failed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = {
    "check": "the rules of the source tree: layers, style, format, headers, links",
    "install": "what `meson install` puts where (builds all programs)",
    "unit": "the rooms' unit tests (portable build)",
    "golden": "whole packets through the pipeline, built and compared by scapy",
    "asan": "unit and golden tests under the address and undefined-behaviour sanitizers",
    "fuzz": "libFuzzer's inputs for all targets, under the same sanitizers (tools/fuzz; 110,000 inputs)",
    "tsan": "the unit tests with threads in them under the thread sanitizer",
    "ipvs": "unmodified ipvsadm and keepalived on the director, compared with Linux IPVS in a guest (root)",
    "lab": "fairwayd between real clients and servers in network namespaces (root)",
    "oracle": "the same packets through Linux IPVS and through fairwayd, compared (root)",
}
BUILDS = {
    "test": [],
    "asan": ["-Doptimization=1", "-Db_sanitize=address,undefined", "-Db_lundef=false"],
    "tsan": ["-Doptimization=1", "-Db_sanitize=thread", "-Db_lundef=false"],
}
FUZZED = {"pipeline": 50_000, "ipvs": 20_000, "text": 40_000}  # inputs by target of tools/fuzz
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "halt_on_error=1:abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Tally:
    """Cases counted over all runners."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed=0, failed=0, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def line(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


class BuildFailed(Exception):
    pass


def say(text):
    print(f"== {text}", flush=True)


def environment(**extra):
    # Without the compiler's working directory in the hash, every clone on this machine shares one ccache.
    return {**os.environ, "CCACHE_NOHASHDIR": "1", "PYTHONDONTWRITEBYTECODE": "1", **extra}


def run_logged(command, log):
    """Runs a build step; prints its progress now and then, and the end of its output if it fails."""
    last = 0.0
    with open(log, "w") as out, subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, bufsize=1,
                                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for text in process.stdout:
            out.write(text)
            if text.startswith("[") and time.monotonic() - last > 5:
                last = time.monotonic()
                print("   " + text.rstrip()[:110], flush=True)
    if process.returncode != 0:
        lines = Path(log).read_text(errors="replace").splitlines()
        start = next((n for n, text in enumerate(lines) if text.startswith("FAILED")), max(0, len(lines) - 60))
        print("\n".join(lines[start:][:120]), flush=True)
        raise BuildFailed(f"{' '.join(map(str, command))} failed; all of its output is in {log}")


def configure(name):
    """Sets a build folder up, or again where meson.build files have come, gone or been renamed since.

    (Meson itself notices their changes; it does not notice a file that a fs.is_file() now finds.)
    """
    folder = ROOT / "build" / name
    files = sorted(str(path) for top in ("lib", "apps", "conf", "tests") for path in (ROOT / top).rglob("*")
                   if path.name == "meson.build" or top in ("apps", "conf"))
    stamp = hashlib.sha256("\n".join(files + BUILDS[name]).encode()).hexdigest()
    stamp_file = folder / "configured-for"
    ready = (folder / "build.ninja").exists()
    if ready and stamp_file.exists() and stamp_file.read_text() == stamp:
        return folder
    if folder.exists() and not ready:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"configure build/{name}")
    command = ["meson", "setup", *(["--reconfigure"] if ready else []), *BUILDS[name], str(folder), str(ROOT)]
    run_logged(command, ROOT / "build" / f"{name}-setup.log")
    stamp_file.write_text(stamp)
    return folder


def introspect(folder, what):
    return json.loads(subprocess.check_output(["meson", "introspect", what, str(folder)], env=environment()))


def files_of(folder, target):
    return [str(Path(name).relative_to(folder)) for name in target["filename"] if Path(name).is_relative_to(folder)]


def meson_tests(folder, suite, keyword=None):
    """(test name, ninja targets that it needs) of each of Meson's tests in the suite whose name holds the keyword."""
    by_id = {target["id"]: files_of(folder, target) for target in introspect(folder, "--targets")}
    return [(test["name"], [name for needed in test["depends"] for name in by_id.get(needed, [])])
            for test in introspect(folder, "--tests")
            if any(label.split(":")[-1] == suite for label in test["suite"]) and (keyword is None or keyword in test["name"])]


def targets(folder):
    return [name for target in introspect(folder, "--targets") for name in files_of(folder, target)]


def build(name, wanted):
    """Builds the wanted targets of build/<name>; None is everything."""
    folder = configure(name)
    if wanted is None or wanted:
        say(f"build build/{name}" + ("" if wanted is None else f" ({len(wanted)} targets)"))
        run_logged(["ninja", "-C", str(folder), *(wanted or [])], ROOT / "build" / f"{name}-build.log")
    return folder


def count_catch(test, tally):
    """Adds one finished Meson test: the cases of a Catch2 program's summary, else the program itself as one."""
    output = test.get("stdout", "")
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    if test["result"] == "SKIP":
        tally.add(skipped=1)
        return
    whole = re.search(r"^All tests passed \(.* in (\d+) test cases?\)", output, re.MULTILINE)
    parts = re.search(r"^test cases: *(\d+)(.*)$", output, re.MULTILINE)
    passed = failed = 0
    if whole:
        passed = int(whole[1])
    elif parts:
        counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed)(?! as)", parts[2])}
        passed, failed = counts.get("passed", 0), counts.get("failed", 0)
    elif good and "No tests ran" not in output:
        passed = 1
    if not good and failed == 0:  # it crashed, timed out or was stopped by a sanitizer
        failed = 1
    tally.add(passed, failed)


def run_meson(folder, suite, keyword, tally, label):
    """Runs the Meson tests of a suite, those whose name holds the keyword, and counts their cases."""
    names = [name for name, _ in meson_tests(folder, suite, keyword)]
    if not names:
        return
    say(f"{label}: {len(names)} programs")
    log = folder / "meson-logs" / f"{label}.json"
    log.unlink(missing_ok=True)
    sanitized = folder.name != "test"
    command = ["meson", "test", "-C", str(folder), "--no-rebuild", "--suite", suite, "--print-errorlogs",
               "--logbase", label, "--timeout-multiplier", "6" if sanitized else "2"]
    if folder.name == "tsan" and subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        command = ["setarch", "-R", *command]  # gcc 12's thread sanitizer dislikes some randomised mappings
    subprocess.run(command + names, cwd=ROOT, env=environment(**SANITIZER_OPTIONS))
    seen = [json.loads(text) for text in log.read_text().splitlines()] if log.exists() else []
    for test in seen:
        count_catch(test, tally)
    tally.add(failed=max(0, len(names) - len(seen)))


def run_pytest(suite, folder, arguments, tally):
    """Runs tests/<suite> by Debian's pytest against the programs of a build folder, and counts its cases."""
    if not any((ROOT / "tests" / suite).rglob("test_*.py")):
        return
    label = suite if folder.name == "test" else f"{suite}-{folder.name}"
    say(f"{label}: pytest tests/{suite} on build/{folder.name}")
    report = ROOT / "build" / f"{label}.xml"
    report.unlink(missing_ok=True)
    command = ["/usr/bin/python3", "-B", "-m", "pytest", f"tests/{suite}", "-p", "no:cacheprovider", "-rs",
               "--tb=short", f"--junitxml={report}", *(["-v"] if suite == "lab" else []), *arguments]
    extra = {"FAIRWAY_BUILD": str(folder), "FAIRWAY_ASAN": str(ROOT / "build" / "asan")}
    status = subprocess.run(command, cwd=ROOT, env=environment(**SANITIZER_OPTIONS, **extra)).returncode
    if not report.exists():
        tally.add(failed=1)
        return
    before = tally.failed
    for part in ElementTree.parse(report).getroot().iter("testsuite"):
        total, skipped = int(part.get("tests")), int(part.get("skipped"))
        failed = int(part.get("failures")) + int(part.get("errors"))
        tally.add(max(0, total - skipped - failed), failed, skipped)
    if status not in (0, 5) and tally.failed == before:  # 5: no test matched
        tally.add(failed=1)


def programs(folder, *prefixes):
    return [name for name in targets(folder) if name.startswith(prefixes)]


def prepare(suite, keyword, whole):
    """Builds what a suite's tests need (of build/test all, if whole is set) and returns its build folder."""
    name = {"asan": "asan", "tsan": "tsan"}.get(suite, "test")
    folder = configure(name)
    if suite == "check":
        return folder  # the rules of the tree need no programs
    if suite == "install" or (whole and name == "test"):
        return build(name, None)
    needed = [name for _, names in meson_tests(folder, "unit" if suite == "asan" else suite, keyword) for name in names]
    if suite in ("golden", "asan"):
        needed += programs(folder, "tests/golden/")
    if suite == "lab":
        needed += programs(folder, "apps/", "tests/lab/")
    if suite == "ipvs":
        needed += programs(folder, "apps/fairwayd", "apps/fairway-ipvs")
    if suite == "oracle":
        needed += programs(folder, "apps/fairwayd", "apps/fairwayctl")
    return build(name, sorted(set(needed)))


def run_as_root(suite, folder, arguments, tally):
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        say(f"{suite} skipped: no network namespaces can be made here; run tools/test as root")
        tally.add(skipped=1)
        return
    if suite == "lab":
        build("asan", programs(configure("asan"), "apps/fairwayd", "apps/fairwayctl"))
    run_pytest(suite, folder, arguments, tally)


def run_fuzz(keyword, tally):
    """Bounded runs from the kept corpus: a case a target."""
    for target, inputs in FUZZED.items():
        if keyword is not None and keyword not in f"fuzz {target}":
            continue
        say(f"fuzz: {target}, {inputs:,} inputs")
        command = [str(ROOT / "tools/fuzz"), target, "--inputs", str(inputs)]
        status = subprocess.run(command, cwd=ROOT, env=environment()).returncode
        tally.add(passed=int(status == 0), failed=int(status != 0))


def run_oracle(folder, keyword, tally):
    """All scenarios of tests/oracle and a few random traces, or the scenarios whose name holds the keyword."""
    scenarios = sorted(path.stem for path in (ROOT / "tests" / "oracle" / "scenarios").glob("*.scenario"))
    chosen = ["--suite"] if keyword is None else [name for name in scenarios if keyword in name]
    if not chosen:
        return
    say("oracle: Linux IPVS in user-mode-linux beside fairwayd")
    with subprocess.Popen(["/usr/bin/python3", "-B", "tools/oracle", "--build", str(folder), *chosen], cwd=ROOT,
                          env=environment(), text=True, stdout=subprocess.PIPE) as process:
        last = ""
        for last in process.stdout:
            print(last, end="", flush=True)
    counted = re.fullmatch(r"(\d+) passed, (\d+) failed\n?", last)
    if process.returncode == 77:
        tally.add(skipped=1)
    elif counted:
        tally.add(int(counted[1]), int(counted[2]))
    if process.returncode not in (0, 77) and not (counted and int(counted[2])):
        tally.add(failed=1)


def run_suite(suite, keyword, arguments, whole, tally):
    if suite == "tsan" and not meson_tests(configure("test"), "tsan"):
        return
    if suite == "fuzz":
        return run_fuzz(keyword, tally)
    folder = prepare(suite, keyword, whole)
    if suite in ("check", "install", "unit", "tsan", "asan"):
        run_meson(folder, "unit" if suite == "asan" else suite, keyword, tally, suite)
    if suite in ("golden", "asan"):
        run_pytest("golden", folder, arguments, tally)
    if suite in ("ipvs", "lab"):
        run_as_root(suite, folder, arguments, tally)
    if suite == "oracle":
        run_oracle(folder, keyword, tally)


def parse_arguments():
    listing = "\n".join(f"  {name:8} {what}" for name, what in SUITES.items())
    parser = argparse.ArgumentParser(
        prog="tools/test", formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="tools/test [SUITE ...] [-k WORD] [PYTEST OPTION ...]",
        description="Sets the machine up, builds, and runs all suites or the named ones:\n\n" + listing,
        epilog="The last line printed is 'N passed, N failed', with ', N skipped' where cases were skipped.")
    parser.add_argument("-k", metavar="WORD", help="only the test programs and pytest cases whose name matches")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    known, rest = parser.parse_known_args()
    unknown = [name for name in known.suites if name not in SUITES]
    if unknown:
        parser.error(f"no suite is called {unknown[0]}; there are {', '.join(SUITES)}")
    return known.suites, known.k, rest


def main():
    chosen, keyword, rest = parse_arguments()
    arguments = rest + (["-k", keyword] if keyword else [])
    tally = Tally()
    started = time.monotonic()
    try:
        for suite in chosen or SUITES:
            run_suite(suite, keyword, arguments, not chosen, tally)
    except BuildFailed as failure:
        print(f"tools/test: {failure}", flush=True)
        tally.add(failed=1)
    except KeyboardInterrupt:
        say("interrupted")
        tally.add(failed=1)
    say(f"{time.monotonic() - started:.0f} s")
    print(tally.line(), flush=True)
    return 0 if tally.passed > 0 and tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
