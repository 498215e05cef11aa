# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Bulk TCP: iperf3 up and down through every method."""

import pytest
from harness import VIPS, three_methods


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=1) as lab:
        lab.servers[0].start_iperf()
        for method, vip in VIPS.items():
            lab.serve(f"iperf-{method}", f"{vip}:5201", forwarding=method)
        yield lab.start()


@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("method", VIPS)
def test_bulk(lab, method, way):
    reverse = ["--reverse"] if way == "down" else []
    assert lab.client.iperf(VIPS[method], *reverse)["sum_received"]["bits_per_second"] > 50e6
