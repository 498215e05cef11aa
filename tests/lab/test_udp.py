# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""UDP: questions and answers through all three methods, and a stream of datagrams."""

from collections import Counter

import pytest
from harness import VIPS, three_methods


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=2) as lab:
        for server in lab.servers:
            server.start_echo(7)
        lab.servers[0].start_iperf()
        for method, vip in VIPS.items():
            lab.serve(f"echo-{method}", f"{vip}:7", protocol="udp", forwarding=method)
        for protocol in ("tcp", "udp"):  # iperf3 speaks TCP first; both must reach one server
            lab.serve(f"iperf-{protocol}", f"{VIPS['nat']}:5201", protocol=protocol, servers=lab.servers[:1])
        yield lab.start()


@pytest.mark.parametrize("method", VIPS)
def test_each_flow_is_answered_by_one_of_the_servers(lab, method):
    answers = [lab.client.ask_udp(VIPS[method], 7, b"x" * 100, port) for port in range(20000, 20100)]
    assert Counter(server for server, _, _ in answers) == {"s1": 50, "s2": 50}
    assert {(client.split(":")[0], length) for _, client, length in answers} == {("192.168.4.1", "100")}


@pytest.mark.parametrize("size", [0, 1, 1471, 1472])
def test_every_size_comes_through(lab, size):
    assert lab.client.ask_udp(VIPS["nat"], 7, b"x" * size)[2] == str(size)


@pytest.mark.parametrize("reverse", [False, True], ids=["up", "down"])
def test_a_stream_of_datagrams(lab, reverse):
    way = ["--reverse"] if reverse else []
    end = lab.client.iperf(VIPS["nat"], "--udp", "--bitrate", "50M", *way)
    assert end["sum"]["packets"] > 1000
    assert end["sum"]["lost_percent"] < 1
