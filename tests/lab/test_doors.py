# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What an operator sets, in the file or by fairwayctl, reaches the workers and is shown: settings, marks, templates,
netmasks, thresholds."""

import pytest
from harness import LabError, two_arm

VIP, ALL, STICKY = "192.168.4.15", "192.168.4.16", "192.168.4.17"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=2) as lab:
        lab.config["settings"] = {"conn_reuse_mode": 0, "tcp_timeout": "10m"}
        lab.config["marks"] = [{"mark": 7, "protocol": "tcp", "destination": f"{ALL}/32", "destination_ports": "80-443"}]
        lab.serve("web", f"{VIP}:80")
        lab.serve("sticky", f"{STICKY}:80")
        lab.config["services"][1] |= {"persistence": "300s", "persistence_netmask": "255.255.255.0"}
        lab.config["services"].append({"mark": 7, "name": "both", "scheduler": "rr", "persistence": 60,
                                       "servers": [{"address": server.address} for server in lab.servers]})
        lab.hold(ALL, "nat", lab.servers)
        lab.start()
        yield lab


def test_the_file_s_settings_and_marks_are_in_force(lab):
    settings = lab.control.show("settings")["settings"]
    assert (settings["conn_reuse_mode"], settings["tcp_timeout"], settings["udp_timeout"]) == (0, 600, 300)
    assert lab.control.show("marks")["marks"] == [
        {"mark": 7, "protocol": "tcp", "destination": f"{ALL}/32", "destination_ports": "80-443"}]
    by_mark = lab.control.show("services")["services"][2]
    assert (by_mark["mark"], by_mark["persistence"], by_mark["persistence_netmask"]) == (7, 60, 32)
    assert [server["port"] for server in by_mark["servers"]] == [0, 0]


def test_settings_and_marks_change_while_the_director_runs(lab):
    lab.control.run("settings", "edit", "tcp_timeout=900", "sloppy_tcp=1")
    assert lab.control.show("settings")["settings"]["tcp_timeout"] == 900
    with pytest.raises(LabError, match="sloppy_tcp: 2 is out of range 0..1"):
        lab.control.run("settings", "edit", "sloppy_tcp=2")
    lab.control.run("mark", "add", 8, "--source", "10.0.0.0/8", "--position", 1)
    assert [rule["mark"] for rule in lab.control.show("marks")["marks"]] == [8, 7]
    lab.control.run("mark", "delete", 8)
    assert [rule["mark"] for rule in lab.control.show("marks")["marks"]] == [7]


def test_a_client_s_template_is_listed_beside_its_connections(lab):
    assert len(set(lab.client.fetch(f"http://{STICKY}/", times=4))) == 1
    rows = [row for row in lab.control.show("connections")["connections"] if row["virtual"] == f"{STICKY}:80"]
    template, = [row for row in rows if row["template"]]
    client = next(row["client"] for row in rows if not row["template"])
    assert template["client"] == client.rsplit(".", 1)[0] + ".0:0"
    assert template["state"] == "ASSURED" and 290 <= template["expires"] <= 300
    assert template["controls"] == len(rows) - 1 == 4
    assert {row["server"] for row in rows} == {template["server"]}
    servers = lab.control.service("tcp", f"{STICKY}:80")["servers"]
    assert servers[template["server"]]["persistent"] == 1
    assert sum(server["persistent"] for server in servers.values()) == 1


def test_a_service_by_mark_takes_what_the_rules_mark(lab):
    assert len(set(lab.client.fetch(f"http://{ALL}/", times=4))) == 1
    rows = lab.control.show("connections")["connections"]
    template, = [row for row in rows if row["virtual"] == "mark 7"]
    assert (template["protocol"], template["state"], template["controls"]) == ("ip", "ASSURED", 4)
    assert {row["server"].split(":")[0] for row in rows if row["virtual"] == f"{ALL}:80"} == {
        template["server"].split(":")[0]}
    assert lab.control.show("services")["services"][2]["connections"] == 4


def test_a_server_with_so_many_connections_gets_no_more(lab):
    first, second = (f"{server.address}:80" for server in lab.servers)
    lab.control.run("server", "edit", "tcp", f"{VIP}:80", first, "--upper-threshold", 3)
    lab.client.fetch(f"http://{VIP}/", times=12)
    servers = lab.control.service("tcp", f"{VIP}:80")["servers"]
    assert servers[first]["overloaded"] and not servers[second]["overloaded"]
    assert (servers[first]["connections"], servers[second]["connections"]) == (3, 9)
    lab.control.run("server", "edit", "tcp", f"{VIP}:80", first, "--upper-threshold", 0)
    assert not lab.control.service("tcp", f"{VIP}:80")["servers"][first]["overloaded"]
