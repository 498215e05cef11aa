# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The director's addresses are the kernel's: what is for no service goes to a port's twin, and the kernel answers."""

import hashlib
import os

import pytest
from harness import two_arm, wait_for

DIRECTOR, VIP = "192.168.4.5", "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=1) as lab:
        lab.serve("web", f"{VIP}:80")
        lab.start_echo(lab.dir, "director", 2222)
        yield lab.start()


@pytest.mark.parametrize("address", [DIRECTOR, VIP])
def test_ping(lab, address):
    assert " 0% packet loss" in lab.client.run("ping", "-c", "20", "-i", "0.01", "-W", "5", address)


def test_ping_with_large_packets(lab):
    assert " 0% packet loss" in lab.client.run("ping", "-c", "20", "-i", "0.01", "-W", "5", "-s", "1472", DIRECTOR)


def test_arp_gives_the_twins_mac_address(lab):
    neighbours = {line.split()[0]: line.split()[4] for line in lab.client.ip("neigh show").splitlines()}
    assert neighbours[DIRECTOR] == neighbours[VIP] == lab.dir.mac("fw-outside")


@pytest.mark.parametrize("address", [DIRECTOR, VIP])
def test_a_port_that_is_no_service_is_refused_by_the_kernel(lab, address):
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(address, 81, seconds=2)


@pytest.mark.parametrize("address", [DIRECTOR, VIP])
def test_a_daemon_of_the_director_is_reached(lab, address):
    """Also at the VIP: "for no service" is a matter of address and port together."""
    data = os.urandom(2_000_000)
    name, _, length, digest = lab.client.upload(address, 2222, data)
    assert (name, length, digest) == ("director", "2000000", hashlib.sha256(data).hexdigest())
    assert lab.client.ask_udp(address, 2222)[0] == "director"


def test_the_director_reaches_out_by_both_ports(lab):
    assert " 0% packet loss" in lab.dir.run("ping", "-c", "3", "-i", "0.01", "-W", "5", "192.168.4.1")
    assert lab.dir.run("curl", "-sS", "--max-time", "5", "http://192.168.2.101/") == "s1\n"


def test_the_kernel_forwards_what_is_no_service(lab):
    """Routing between the ports is the kernel's as well; here the client knows the servers' network."""
    lab.client.ip(f"route add 192.168.2.0/24 via {DIRECTOR}")
    assert lab.client.fetch("http://192.168.2.101/", times=3) == ["s1"] * 3


def test_a_flood_for_the_kernel_leaves_the_services_alone(lab):
    """The lane to the twins is capped; ARP has a class of its own, so a host that comes new is still answered."""
    before = lab.control.verdicts()["to_kernel"]
    flood = lab.run_in(lab.client, "ping", "-f", "-q", "-s", "1400", DIRECTOR)
    assert lab.client.fetch(f"http://{VIP}/", times=500, parallel=10) == ["s1"] * 500
    lab.client.ip(f"neigh del {VIP} dev eth0")
    assert lab.client.fetch(f"http://{VIP}/", times=10) == ["s1"] * 10
    flood.stop()
    assert lab.control.verdicts()["to_kernel"] > before


def test_a_flood_at_one_port_leaves_the_other_ports_twin_alone():
    """Such as health checks of real servers inside while somebody floods the outside."""
    with two_arm(servers=1) as lab:
        lab.config["director"]["kernel_packets_per_second"] = 300  # and at most 30 at once
        lab.start()
        flood = lab.run_in(lab.client, "ping", "-f", "-q", DIRECTOR)
        wait_for(lambda: counts(lab, "outside")["capped"] > 1000, "the flood to be capped")
        for _ in range(5):
            assert lab.dir.run("curl", "-sS", "--max-time", "5", "http://192.168.2.101/") == "s1\n"
        capped = counts(lab, "outside")["capped"]
        wait_for(lambda: counts(lab, "outside")["capped"] > capped, "more of the flood to be capped")
        flood.stop()
        assert counts(lab, "inside")["capped"] == 0


def counts(lab, port):
    """What has gone to a port's twin of the class that is capped."""
    return next(one for one in lab.control.show("ports")["ports"] if one["name"] == port)["to_kernel"]["bulk"]
