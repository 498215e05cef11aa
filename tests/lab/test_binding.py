# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Whom a client gets where a service is more than one port, binds whole networks or nobody, or where the director itself
is the server."""

import pytest
from harness import two_arm, wait_for
from harness.server import nginx

NETWORK, EVERY_PORT, OPS = "192.168.4.21", "192.168.4.22", "192.168.4.23"
MARKED = ("192.168.4.24", "192.168.4.25")
MIXED, OWN = "192.168.4.26", "192.168.4.27"
ECHO = 7


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3, workers=2) as lab:
        for server in lab.servers:
            server.start_echo(ECHO)
            server.start_echo(443)
        lab.serve("network", f"{NETWORK}:80")
        lab.config["services"][-1] |= {"persistence": "300s", "persistence_netmask": 26}
        lab.serve("every-port", f"{EVERY_PORT}:0")
        lab.config["services"][-1] |= {"persistence": "300s"}
        lab.serve("ops", f"{OPS}:{ECHO}", protocol="udp", forwarding="dr")
        lab.config["services"][-1] |= {"one_packet": True}
        lab.config["marks"] = [{"mark": 7, "protocol": "tcp", "destination": f"{MARKED[0]}/31", "destination_ports": port}
                               for port in ("80", "443")]
        lab.config["services"].append({"mark": 7, "name": "marked", "scheduler": "rr", "persistence": "300s",
                                       "servers": [{"address": server.address} for server in lab.servers]})
        for vip in (*MARKED, MIXED, OWN):
            lab.hold(vip, "nat", [])
        lab.start()
        lab.run_in(lab.dir, *nginx("director", lab.folder / "director", lab.files))
        wait_for(lambda: lab.dir.listens(80), "nginx of the director")
        yield lab


def from_address(lab, address, url):
    lab.client.ip(f"addr replace {address}/24 dev eth0")
    return lab.client.curl("--interface", address, "-H", "Connection: close", url).strip()


def test_clients_of_one_network_share_a_server(lab):
    def answers(*numbers):
        return {from_address(lab, f"192.168.4.{number}", f"http://{NETWORK}/") for number in numbers}

    first, second = answers(65, 66, 126), answers(130, 190)
    assert len(first) == len(second) == 1 and first != second
    rows = [row for row in lab.control.show("connections")["connections"]
            if row["template"] and row["virtual"] == f"{NETWORK}:80"]
    assert {row["client"] for row in rows} == {"192.168.4.64:0", "192.168.4.128:0"}


def test_a_client_of_a_service_of_every_port_has_one_server_for_all_of_them(lab):
    answers = lab.client.fetch(f"http://{EVERY_PORT}/", times=5)
    answers += [lab.client.upload(EVERY_PORT, port, b"data")[0] for port in (ECHO, 443, ECHO)]
    assert len(answers) == 8 and len(set(answers)) == 1


def test_a_service_by_mark_is_one_service_at_two_addresses_and_ports(lab):
    answers = [name for vip in MARKED for name in lab.client.fetch(f"http://{vip}/", times=3)]
    answers += [lab.client.upload(vip, 443, b"data")[0] for vip in MARKED]
    assert len(answers) == 8 and len(set(answers)) == 1
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(MARKED[0], 81)


def test_packets_of_one_flow_are_scheduled_one_by_one(lab):
    answers = [lab.client.ask_udp(OPS, ECHO, from_port=5000) for _ in range(6)]
    assert [name for name, _, _ in answers[:3]] == [name for name, _, _ in answers[3:]]
    assert {name for name, _, _ in answers} == {"s1", "s2", "s3"}
    assert {client for _, client, _ in answers} == {"192.168.4.1:5000"}
    assert not [row for row in lab.control.show("connections")["connections"] if row["virtual"] == f"{OPS}:{ECHO}"]
    servers = lab.control.service("udp", f"{OPS}:{ECHO}")["servers"].values()
    assert [(server["connections"], server["active"], server["inactive"]) for server in servers] == [(2, 0, 0)] * 3


def test_nat_to_the_director_itself_beside_other_servers(lab):
    """By another port than the service's, its answers translated on whichever worker the client is."""
    web = ("tcp", f"{MIXED}:8000")
    lab.control.add_service(*web)
    lab.control.add_server(*web, "192.168.2.1:80")
    lab.control.add_server(*web, f"{lab.servers[0].address}:80")
    answers = lab.client.fetch(f"http://{MIXED}:8000/", times=40)
    assert {name: answers.count(name) for name in set(answers)} == {"director": 20, "s1": 20}
    own = lab.control.service(*web)["servers"]["192.168.2.1:80"]
    assert own["connections"] == 20 and own["out_packets"] >= 60
    # What else Linux sends is not touched meanwhile.
    assert lab.client.fetch("http://192.168.4.5/", times=3) == ["director"] * 3
    lab.client.run("ping", "-q", "-c", "1", "-W", "5", MIXED)
    assert lab.dir.run("curl", "-sS", "--fail", "--max-time", "10", f"http://{lab.servers[1].address}/").strip() == "s2"
    lab.control.delete_service(*web)


@pytest.mark.parametrize("server", ("127.0.0.1", "192.168.2.1"))
def test_dr_to_the_director_itself(lab, server):
    web = ("tcp", f"{OWN}:80")
    lab.control.add_service(*web, forwarding="dr")
    lab.control.add_server(*web, f"{server}:80")
    assert lab.client.fetch(f"http://{OWN}/", times=5) == ["director"] * 5
    assert lab.control.service(*web)["servers"][f"{server}:80"]["connections"] == 5
    lab.control.delete_service(*web)
