# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A service without an available server answers with port unreachable from the VIP, at once."""

import time

import pytest
from harness import two_arm

VIP = "192.168.4.15"
WEB = ("tcp", f"{VIP}:80")


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=1) as lab:
        lab.servers[0].start_echo(7)
        lab.serve("empty", f"{VIP}:81", servers=[])
        lab.serve("web", f"{VIP}:80", weights=[0])
        lab.serve("echo", f"{VIP}:7", protocol="udp", weights=[0])
        yield lab.start()


@pytest.mark.parametrize("port", [80, 81], ids=["weight 0", "no server"])
def test_tcp_is_refused_by_icmp(lab, port):
    before = lab.control.verdicts()["answer_port_unreachable"]
    with lab.capture(lab.client, "icmp") as packets:
        begun = time.monotonic()
        with pytest.raises(ConnectionRefusedError):
            lab.client.open(VIP, port)
        assert time.monotonic() - begun < 0.5
    assert f"{VIP} > 192.168.4.1: ICMP {VIP} tcp port {port} unreachable" in packets[0]
    assert lab.control.verdicts()["answer_port_unreachable"] > before


def test_udp_is_refused_by_icmp(lab):
    with pytest.raises(ConnectionRefusedError):
        lab.client.ask_udp(VIP, 7)


def test_with_a_server_it_serves(lab):
    lab.control.edit_server(*WEB, "192.168.2.101:80", weight=1)
    assert lab.client.fetch(f"http://{VIP}/", times=3) == ["s1"] * 3
    lab.control.delete_server(*WEB, "192.168.2.101:80")
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(VIP)
