# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A server is set to weight 0, deleted and added again, while connections to it are open."""

import pytest
from harness import two_arm

VIP = "192.168.4.15"
SERVICE = ("tcp", f"{VIP}:80")
S1 = "192.168.2.101:80"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=2) as lab:
        lab.serve("web", f"{VIP}:80")
        yield lab.start()


@pytest.fixture(scope="module")
def old(lab):
    """A connection to s1 from before; the tests below follow it in order."""
    connections = [lab.client.open(VIP) for _ in range(2)]
    return next(connection for connection in connections if connection.ask() == "s1")


def test_weight_0_takes_no_new_connections_and_keeps_the_old(lab, old):
    lab.control.edit_server(*SERVICE, S1, weight=0)
    assert set(lab.client.fetch(f"http://{VIP}/", times=20)) == {"s2"}
    assert old.ask() == "s1"


def test_weight_1_takes_new_ones_again(lab, old):
    lab.control.edit_server(*SERVICE, S1, weight=1)
    assert set(lab.client.fetch(f"http://{VIP}/", times=20)) == {"s1", "s2"}


def test_a_deleted_servers_connections_fall_silent(lab, old):
    lab.control.delete_server(*SERVICE, S1)
    assert set(lab.client.fetch(f"http://{VIP}/", times=20)) == {"s2"}
    old.send()
    with pytest.raises(TimeoutError):
        old.receive(seconds=0.5)


def test_added_again_it_is_the_same_server(lab, old):
    """The question asked meanwhile is sent again by the client's TCP, and answered in the old connection."""
    lab.control.add_server(*SERVICE, S1)
    assert old.receive() == "s1"
    assert old.ask() == "s1"
    assert set(lab.client.fetch(f"http://{VIP}/", times=20)) == {"s1", "s2"}


def test_connections_outlive_their_deleted_service(lab, old):
    """The same holds for a service and its servers."""
    lab.control.delete_service(*SERVICE)
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(VIP)
    lab.control.add_service(*SERVICE)
    lab.control.add_server(*SERVICE, S1)
    assert old.ask() == "s1"
