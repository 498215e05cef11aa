# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A VIP moves from an old director to Fairway by hand, by the commands that docs/from-lvs.md has for it.

To the client the old director is a host that has the VIP and answers; what it answers with does not matter here.
"""

import pytest
from harness import Lab, wait_for
from harness.page import VIP, command, commands_for


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.port("outside", "outside", "192.168.4.5/24")
        lab.port("inside", "inside", "192.168.2.1/24")
        lab.client = lab.add_client("client", "192.168.4.1/24", "outside")
        for number in (1, 2):
            lab.add_server(f"s{number}", f"192.168.2.{100 + number}/24", "inside").run("sh", "-ec", commands_for("NAT"))
        lab.serve("web", f"{VIP}:80")
        lab.config["ports"][0]["addresses"].remove(f"{VIP}/32")
        lab.start()
        lab.old = lab.add_server("old", "192.168.4.6/24", "outside")
        lab.old.ip(f"addr add {VIP}/32 dev eth0")
        yield lab


def address_that_the_client_knows(lab):
    return lab.client.ip(f"neigh show {VIP}").split("lladdr ")[1].split()[0]


def test_the_client_learns_where_the_vip_is(lab):
    """By arping, as it would have gone on with the address that it knew."""
    new = lab.dir.mac("fw-outside")
    assert lab.client.fetch(f"http://{VIP}/", times=2) == ["old"] * 2
    lab.old.ip(f"addr del {VIP}/32 dev eth0")
    lab.dir.run(*command("ip address add").split())
    assert address_that_the_client_knows(lab) == lab.old.mac()
    lab.dir.run(*command("arping").split())
    wait_for(lambda: address_that_the_client_knows(lab) == new, "the client to know the new director", 1)
    assert sorted(lab.client.fetch(f"http://{VIP}/", times=4)) == ["s1", "s1", "s2", "s2"]
