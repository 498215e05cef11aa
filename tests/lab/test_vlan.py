# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A port in a VLAN: what it sends is tagged, and neither its twin nor its services notice."""

import contextlib
import os
import pathlib
import tempfile

import pytest
from harness.director import Director
from harness.namespace import Namespace
from scapy.all import ARP, ICMP, IP, TCP, Dot1Q, Ether, conf

CLIENT, SERVER, PORT, PEER = "192.168.4.99", "192.168.4.101", "192.168.4.5", "02:00:00:00:cc:01"


@pytest.fixture(scope="module")
def wire():
    """A raw socket on the far end of the port's cable, and the director's MAC address."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fw-vlan")))
        hosts = [Namespace(f"{name}{os.getpid()}") for name in ("vlandir", "vlanpeer")]
        for host in hosts:
            stack.callback(host.delete)
        config = {
            "director": {"control_socket": str(folder / "s"), "hugepages": False, "connections": 1000},
            "ports": [{"name": "outside", "device": "net_tap0,iface=o0", "kernel_interface": "fw0", "vlan": 7,
                       "addresses": [f"{PORT}/24"], "neighbours": {CLIENT: PEER, SERVER: PEER}}],
            "services": [{"name": "web", "address": PORT, "port": 80, "protocol": "tcp", "forwarding": "dr",
                          "servers": [{"address": SERVER, "port": 80}]}],
        }
        director = Director(hosts[0], folder, config)
        director.start()
        stack.callback(director.stop)
        hosts[0].ip(f"link set o0 netns {hosts[1].name}")
        hosts[1].ip(f"link set o0 address {PEER}")
        hosts[1].ip("link set o0 up")
        with hosts[1].inside():
            socket = conf.L2socket(iface="o0")
        stack.callback(socket.close)
        yield socket, hosts[0].mac("fw0")


def exchange(wire, packet, expected):
    """Sends a packet in VLAN 7 and returns the first one, also in VLAN 7, that is as expected."""
    socket, mac = wire
    socket.send(Ether(src=PEER, dst=mac) / Dot1Q(vlan=7) / packet)
    for _ in range(100):
        answer = socket.recv()
        if answer and Dot1Q in answer and answer[Dot1Q].vlan == 7 and expected(answer):
            return answer
    raise AssertionError("no such answer")


def test_the_twin_answers_arp_and_ping_in_the_vlan(wire):
    exchange(wire, ARP(op="who-has", psrc=CLIENT, pdst=PORT, hwsrc=PEER), lambda p: ARP in p and p[ARP].op == 2)
    exchange(wire, IP(src=CLIENT, dst=PORT) / ICMP(id=9), lambda p: ICMP in p and p[ICMP].type == 0)


def test_a_service_forwards_in_the_vlan(wire):
    syn = IP(src=CLIENT, dst=PORT, ttl=9) / TCP(sport=1234, dport=80, flags="S")
    forwarded = exchange(wire, syn, lambda p: TCP in p and p[IP].src == CLIENT and p[IP].ttl == 8)
    assert forwarded[IP].dst == PORT and forwarded[Ether].dst == PEER
