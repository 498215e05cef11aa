# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""NAT with one arm: clients and servers hang on one port of the director, which is the servers' gateway."""

from collections import Counter

import pytest
from harness import one_arm

VIP = "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with one_arm(servers=2, behind_director=True) as lab:
        lab.serve("web", f"{VIP}:80")
        yield lab.start()


def test_servers_take_turns(lab):
    assert Counter(lab.client.fetch(f"http://{VIP}/", times=10)) == {"s1": 5, "s2": 5}


def test_a_download_comes_through_whole(lab):
    assert lab.downloads(VIP)


def test_both_directions_pass_the_one_port(lab):
    service = lab.control.service("tcp", f"{VIP}:80")
    assert service["out_bytes"] > 100_000_000 > service["in_bytes"] > 0
