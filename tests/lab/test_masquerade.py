# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The real servers' own traffic: the director's kernel routes it and masquerades it, by nftables on the twins."""

import pytest
from harness import two_arm

VIP = "192.168.4.15"
RULES = """
table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "fw-outside" ip saddr 192.168.2.0/24 masquerade
  }
}
"""


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=2) as lab:
        lab.serve("web", f"{VIP}:80")
        lab.start_echo(lab.client, "client", 9000)
        lab.dir.nft(RULES)
        yield lab.start()


@pytest.mark.parametrize("number", [0, 1])
def test_a_server_goes_out_under_the_directors_address(lab, number):
    name, seen, length, _ = lab.servers[number].upload("192.168.4.1", 9000, b"x" * 500_000)
    assert (name, seen.split(":")[0], length) == ("client", "192.168.4.5", "500000")
    assert lab.servers[number].ask_udp("192.168.4.1", 9000)[1].startswith("192.168.4.5:")


def test_ping(lab):
    assert " 0% packet loss" in lab.servers[0].run("ping", "-c", "5", "-i", "0.01", "-W", "5", "192.168.4.1")


def test_service_traffic_is_not_masqueraded(lab):
    """The answers of a service leave from the VIP, past the kernel and its rules."""
    assert sorted(lab.client.fetch(f"http://{VIP}/", times=10)) == ["s1"] * 5 + ["s2"] * 5
