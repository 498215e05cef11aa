# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A client of a persistent service stays with its server, on whichever worker its connections are."""

import pytest
from harness import two_arm

VIP = "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3, workers=2) as lab:
        lab.serve("sticky", f"{VIP}:80")
        lab.config["services"][0]["persistence"] = "300s"
        lab.start()
        yield lab


def address_of(lab, name):
    return next(f"{server.address}:80" for server in lab.servers if server.name_in_answers == name)


def test_all_connections_of_a_client_go_to_one_server(lab):
    answers = lab.client.fetch(f"http://{VIP}/", times=40)
    assert len(answers) == 40 and len(set(answers)) == 1
    assert all(row["connections"] > 0 for row in lab.control.workers())


def test_weight_zero_keeps_the_clients_that_a_server_has(lab):
    home = lab.client.fetch(f"http://{VIP}/", times=1)[0]
    server = address_of(lab, home)
    lab.control.edit_server("tcp", f"{VIP}:80", server, weight=0)
    assert set(lab.client.fetch(f"http://{VIP}/", times=10)) == {home}
    lab.control.edit_server("tcp", f"{VIP}:80", server, weight=1)


def test_a_deleted_server_gives_its_clients_up(lab):
    home = lab.client.fetch(f"http://{VIP}/", times=1)[0]
    server = address_of(lab, home)
    lab.control.delete_server("tcp", f"{VIP}:80", server)
    answers = lab.client.fetch(f"http://{VIP}/", times=10)
    assert len(set(answers)) == 1 and home not in answers
    lab.control.add_server("tcp", f"{VIP}:80", server)
