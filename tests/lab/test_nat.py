# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""NAT with two arms: the director is the servers' gateway and translates both ways."""

from collections import Counter

import pytest
from harness import two_arm

VIP = "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3) as lab:
        for server in lab.servers:
            server.start_echo(7)
        lab.serve("web", f"{VIP}:80", scheduler="wrr", weights=[1, 1, 2])
        lab.serve("echo", f"{VIP}:7")
        yield lab.start()


def test_servers_answer_by_their_weights(lab):
    assert Counter(lab.client.fetch(f"http://{VIP}/", times=12)) == {"s1": 3, "s2": 3, "s3": 6}


def test_service_and_server_counts_tell_what_happened(lab):
    before = lab.control.service("tcp", f"{VIP}:80")
    lab.client.fetch(f"http://{VIP}/", times=4)
    after = lab.control.service("tcp", f"{VIP}:80")
    assert after["connections"] - before["connections"] == 4
    assert sum(row["connections"] for row in after["servers"].values()) == after["connections"]
    for way in ("in", "out"):
        packets, octets = (after[f"{way}_{unit}"] - before[f"{way}_{unit}"] for unit in ("packets", "bytes"))
        assert 4 * 4 <= packets <= 4 * 10 and packets * 40 < octets < packets * 1500


def test_the_server_sees_the_clients_own_address(lab):
    server, seen, length, _ = lab.client.upload(VIP, 7, b"who am I")
    assert (seen.split(":")[0], length) == ("192.168.4.1", "8") and server in {"s1", "s2", "s3"}


def test_the_client_hears_only_the_vip(lab):
    connection = lab.client.open(VIP)
    assert connection.stream.getpeername() == (VIP, 80)
    assert connection.ask() == connection.ask()


def test_a_closed_port_of_the_server_refuses_through_the_director(lab):
    lab.control.add_service("tcp", f"{VIP}:8888")
    lab.control.add_server("tcp", f"{VIP}:8888", "192.168.2.101:8888")
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(VIP, 8888, seconds=2)
