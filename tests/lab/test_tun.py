# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""TUN: the director wraps each packet in IPIP; answers go back through a router, not through the director."""

from collections import Counter

import pytest
from harness import two_arm

VIP = "192.168.4.17"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3) as lab:
        lab.serve("web", f"{VIP}:80", scheduler="wrr", forwarding="tun", weights=[1, 2, 3])
        yield lab.start()


def test_servers_answer_by_their_weights(lab):
    assert Counter(lab.client.fetch(f"http://{VIP}/", times=12)) == {"s1": 2, "s2": 4, "s3": 6}


def test_the_outer_header_is_the_kernels(lab):
    """From the director's own address inside, protocol 4, DF and TTL as the inner packet's."""
    with lab.capture(lab.servers[0], "ip proto 4") as packets:
        lab.client.fetch(f"http://{VIP}/", times=6)
    for packet in packets:
        assert "192.168.2.1 > 192.168.2.101: IP " in packet and f" > {VIP}.80: " in packet
        assert packet.count("ttl 63,") == packet.count("flags [DF],") == 2


def test_answers_do_not_pass_the_director(lab):
    assert lab.downloads(VIP)
    assert lab.control.service("tcp", f"{VIP}:80")["out_packets"] == 0
