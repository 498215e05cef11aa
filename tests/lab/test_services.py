# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Several services at once: three methods, several ports, TCP and UDP, with servers in common."""

import concurrent.futures
from collections import Counter

import pytest
from harness import VIPS, three_methods


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=3) as lab:
        for server in lab.servers:
            server.start_echo(7)
        lab.serve("echo", f"{VIPS['nat']}:7", protocol="udp", servers=lab.servers[:1])
        lab.serve("stream", f"{VIPS['nat']}:7", servers=lab.servers[1:])
        yield lab.start()


def test_all_at_once(lab):
    """Each service keeps to its own servers while the others are busy as well."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pages = {method: pool.submit(lab.client.fetch, f"http://{vip}/", 300, 10) for method, vip in VIPS.items()}
        echoes = [pool.submit(lab.client.ask_udp, VIPS["nat"], 7) for _ in range(50)]
        streams = [pool.submit(lab.client.upload, VIPS["nat"], 7, b"x" * 100_000) for _ in range(50)]
    for method, page in pages.items():
        assert Counter(page.result()) == {"s1": 100, "s2": 100, "s3": 100}, method
    assert {echo.result()[0] for echo in echoes} == {"s1"}
    assert {(words[0], words[2]) for words in (stream.result() for stream in streams)} == {
        ("s2", "100000"), ("s3", "100000")}


def test_a_service_may_mix_methods(lab):
    vip = VIPS["dr"]
    for server in lab.servers:
        server.unpack(vip)
    lab.control.add_service("tcp", f"{vip}:7", forwarding="dr")
    lab.control.add_server("tcp", f"{vip}:7", "192.168.2.101:7", forwarding="dr")
    lab.control.add_server("tcp", f"{vip}:7", "192.168.2.102:7", forwarding="tun")
    assert {lab.client.upload(vip, 7, b"x")[0] for _ in range(4)} == {"s1", "s2"}


def test_a_service_comes_and_goes(lab):
    """Before and after, the VIP's port is no service and the director's kernel refuses."""
    vip = VIPS["nat"]
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(vip, 8080)
    lab.control.add_service("tcp", f"{vip}:8080")
    lab.control.add_server("tcp", f"{vip}:8080", "192.168.2.101:80")
    assert lab.client.fetch(f"http://{vip}:8080/", times=3) == ["s1"] * 3
    lab.control.delete_service("tcp", f"{vip}:8080")
    with pytest.raises(ConnectionRefusedError):
        lab.client.open(vip, 8080)
