# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""DR: everybody on one segment, the VIP on every server's lo; answers go to the client past the director."""

from collections import Counter

import pytest
from harness import one_arm

VIP = "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with one_arm(servers=3) as lab:
        lab.serve("web", f"{VIP}:80", scheduler="wrr", forwarding="dr", weights=[3, 2, 1])
        yield lab.start()


def test_servers_answer_by_their_weights(lab):
    assert Counter(lab.client.fetch(f"http://{VIP}/", times=12)) == {"s1": 6, "s2": 4, "s3": 2}


def test_the_director_alone_answers_arp_for_the_vip(lab):
    lab.client.fetch(f"http://{VIP}/")
    assert lab.client.ip(f"neigh show {VIP}").split()[4] == lab.dir.mac("fw-lan")


def test_answers_do_not_pass_the_director(lab):
    assert lab.downloads(VIP)
    service = lab.control.service("tcp", f"{VIP}:80")
    assert service["out_packets"] == service["out_bytes"] == 0
    assert service["in_packets"] > 1000
