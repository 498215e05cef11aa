# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The director restarts, in order and killed: its twins keep what stood on them, and new connections work again."""

import pytest
from harness import two_arm

VIP = "192.168.4.15"


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=2, ports="xdp") as lab:
        lab.serve("web", f"{VIP}:80")
        lab.start()
        lab.dir.ip("addr add 192.168.4.77/32 dev fw-outside")  # keepalived or an operator did that
        lab.dir.ip("route add 10.9.0.0/16 via 192.168.2.101 dev fw-inside")
        yield lab


def serves(lab):
    return sorted(lab.client.fetch(f"http://{VIP}/", times=10)) == ["s1"] * 5 + ["s2"] * 5


def addresses(lab, twin="fw-outside"):
    return {line.split()[3] for line in lab.dir.ip(f"-o -4 addr show dev {twin}").splitlines()}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_restart(lab, end):
    assert serves(lab)
    before, mac = addresses(lab), lab.dir.mac("fw-outside")
    assert before == {"192.168.4.5/24", f"{VIP}/32", "192.168.4.77/32"}

    getattr(lab.director, end)()
    assert addresses(lab) == before
    assert "NO-CARRIER" in lab.dir.ip("link show fw-outside")  # what VRRP needs: nobody reads, so the link is down
    with pytest.raises((TimeoutError, OSError)):
        lab.client.open(VIP, seconds=0.5)

    lab.director.start()
    assert addresses(lab) == before and lab.dir.mac("fw-outside") == mac
    assert serves(lab)
    assert " 0% packet loss" in lab.client.run("ping", "-c", "3", "-i", "0.01", "-W", "5", "192.168.4.77")


def test_a_download_over_af_xdp(lab):
    assert lab.downloads(VIP)


def test_a_changed_file_is_what_a_restart_reads(lab):
    lab.director.stop()
    del lab.config["services"][0]["servers"][0]
    lab.director.start()
    assert lab.client.fetch(f"http://{VIP}/", times=5) == ["s2"] * 5
