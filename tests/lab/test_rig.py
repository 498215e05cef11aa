# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""tools/rig in its shortest form: both programs forward, and what is printed can be. Nothing is said of how fast."""

import json
from pathlib import Path

from harness.namespace import run

RIG = Path(__file__).resolve().parents[2] / "tools" / "rig"


def rows(*arguments):
    words = run(RIG, *arguments, "--seconds", "0.2", "--huge-pages", "0", "--json", seconds=200)
    return [json.loads(line) for line in words.splitlines()]


def test_capture_files():
    for row in rows("pcap", "--methods", "nat,tun", "--flows", "10", "--rounds", "1"):
        assert row["connections"] == row["flows"] == 10
        assert 1 < row["macswap_ns"] < 1e6 and 1 < row["fairwayd_ns"] < 1e6


def test_link():
    macswap, fairwayd, summary = rows("link", "--rounds", "1")
    assert (macswap["program"], fairwayd["program"]) == ("macswap", "fairwayd")
    assert summary["macswap_mpps"] == macswap["mpps"] > 0 and summary["fairwayd_mpps"] == fairwayd["mpps"] > 0


def test_control():
    phases = rows("control", "--services", "20", "--servers", "2", "--flows", "100", "--connections", "10000")
    assert {row["phase"] for row in phases} >= {"nothing", "1,000 edits of a server", "show connections"}
    for row in phases:
        assert row["times"] > 0
        assert 0 < row["loop_median_ns"] <= row["loop_p99_ns"] <= row["loop_longest_below_ns"]
