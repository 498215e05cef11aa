# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""No twins: the director has no Linux side, its neighbours stand in the file, and those who ask know its MAC address."""

import pytest
from harness import Lab

NAT, DR = "192.168.4.15", "192.168.4.16"
MAC = "02:00:00:00:aa:01"


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.client = lab.add_client("client", "192.168.4.1/24", "lan")
        behind = lab.add_server("behind", "192.168.4.101/24", "lan")
        beside = lab.add_server("beside", "192.168.4.102/24", "lan")
        lab.port("lan", "lan", "192.168.4.5/24", twin=False, neighbours={
            "192.168.4.1": lab.client.mac(), behind.address: behind.mac(), beside.address: beside.mac()})
        lab.config["ports"][0]["device"] += f",mac={MAC}"
        lab.serve("nat", f"{NAT}:80", servers=[behind])
        lab.serve("dr", f"{DR}:80", servers=[beside], forwarding="dr")
        for address in (NAT, DR):
            lab.client.ip(f"neigh add {address} lladdr {MAC} dev eth0")
        behind.ip(f"neigh add 192.168.4.5 lladdr {MAC} dev eth0")
        behind.ip("route add 192.168.4.1/32 via 192.168.4.5")
        yield lab.start()


def test_served_without_a_kernel_beside(lab):
    assert lab.client.fetch(f"http://{NAT}/", times=20) == ["behind"] * 20
    assert lab.client.fetch(f"http://{DR}/", times=20) == ["beside"] * 20


def test_what_is_for_no_service_is_dropped_by_name(lab):
    before = lab.control.verdicts()
    with pytest.raises(TimeoutError):
        lab.client.open(NAT, 81, seconds=0.3)
    assert [name for name in lab.control.verdicts() - before if name.startswith("drop_")]
