# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What a worker does in one loop is bounded, and how long loops and packets take is counted: a capture file's flows all
open at once, and their time is over all at once."""

import sys
from pathlib import Path

import pytest
from harness import wait_for

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "rig"))
from rig import frames, pcap  # noqa: E402
from rig.programs import Fairwayd, cpus  # noqa: E402

FLOWS, BURST, EXPIRIES = 3000, 32, 256


@pytest.fixture(scope="module")
def director(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loops")
    file = folder / "flows.pcap"
    frames.write_capture(file, frames.conversation("dr", FLOWS))
    with Fairwayd(folder, f"net_pcap0,rx_pcap={file}", cpus()[1], False, pcap.services("dr"), pcap.port(),
                  extra={"settings": {"udp_timeout": 1}}) as director:
        wait_for(lambda: director.worker()["expired"] == FLOWS, "the end of all connections")
        yield director


def test_no_loop_does_more_than_a_burst_and_256_expiries(director):
    worker = director.worker()
    assert worker["verdicts"]["transmit"] == worker["packets"] == FLOWS
    assert worker["most_packets_in_a_loop"] == BURST
    # So many were due at once that the loops which ended them were full.
    assert worker["most_expired_in_a_loop"] == EXPIRIES


def test_loops_and_packets_are_timed(director):
    worker = director.worker()
    assert worker["packet_age"]["count"] == FLOWS
    assert worker["loop_time"]["count"] >= FLOWS / BURST + FLOWS / EXPIRIES - 2
    for span in ("loop_time", "packet_age"):
        assert 0 < worker[span]["median"] <= worker[span]["p99"] <= worker[span]["p999"] <= worker[span]["longest"]
        whole = director.control.show("latency")["workers"][0][span]
        assert sum(bucket["count"] for bucket in whole["buckets"]) == whole["count"]
        assert all(bucket["from"] < bucket["below"] for bucket in whole["buckets"])
    assert "Loop99%" in director.control.run("show", "workers")
