# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""TUN to a true kernel: the real server is a user-mode-linux guest whose tunl0 unpacks, set up as docs/from-lvs.md says."""

import pytest
from harness import two_arm

VIP = "192.168.4.17"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=0) as lab:
        lab.add_guest("g1", "192.168.2.150/24", "inside", gateway=lab.router)
        lab.serve("web", f"{VIP}:80", forwarding="tun")
        yield lab.start()


def test_the_guest_answers(lab):
    assert lab.client.fetch(f"http://{VIP}/", times=20) == ["g1"] * 20


def test_a_connection_stays_open(lab):
    connection = lab.client.open(VIP)
    assert [connection.ask() for _ in range(100)] == ["g1"] * 100
    assert lab.control.service("tcp", f"{VIP}:80")["servers"]["192.168.2.150:80"]["active"] >= 1
