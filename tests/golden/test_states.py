# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""States, timeouts and counts after packets, as `ipvsadm -Lnc` of a kernel shows them."""

import pytest
import states
from director import (CLIENT, DNS_PORT, DR, INSIDE, INSIDE_MAC, IP, METHODS, NAT, NUMBER, SERVER, SERVER_PORT, TCP, TUN,
                      UDP, VIP, Ether, from_client, from_server, raw, server_mac)

# Who sends what, and the state and timeout in seconds after it.
CONVERSATIONS = {
    "NAT, the client closes": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("server", "SA", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900),
        ("client", "PA", "ESTABLISHED", 900), ("server", "PA", "ESTABLISHED", 900),
        ("client", "FA", "CLOSE_WAIT", 60), ("server", "A", "CLOSE_WAIT", 60), ("server", "FA", "TIME_WAIT", 120),
        ("client", "A", "TIME_WAIT", 120)]),
    "NAT, the server closes": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("server", "SA", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900),
        ("server", "FA", "FIN_WAIT", 120), ("client", "A", "FIN_WAIT", 120), ("client", "FA", "TIME_WAIT", 120)]),
    "NAT, the client resets": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900), ("client", "R", "CLOSE", 10)]),
    "NAT, the server resets": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("server", "RA", "CLOSE", 10)]),
    "NAT, a client's RST before the handshake is over does nothing": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("client", "R", "SYN_RECV", 60)]),
    "NAT, a SYN again": (NAT, [
        ("client", "S", "SYN_RECV", 60), ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900),
        ("client", "S", "ESTABLISHED", 900)]),
    "DR": (DR, [
        ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900), ("client", "PA", "ESTABLISHED", 900),
        ("client", "FA", "FIN_WAIT", 120), ("client", "A", "FIN_WAIT", 120)]),
    "DR, the client resets": (DR, [
        ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900), ("client", "R", "CLOSE", 10)]),
    "DR, a FIN before the handshake is over": (DR, [
        ("client", "S", "SYN_RECV", 60), ("client", "FA", "TIME_WAIT", 120)]),
    "TUN": (TUN, [
        ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900), ("client", "FA", "FIN_WAIT", 120)]),
    "no flag at all closes": (DR, [
        ("client", "S", "SYN_RECV", 60), ("client", "A", "ESTABLISHED", 900), ("client", "P", "CLOSE", 10)]),
}
ACTIVE = {"ESTABLISHED", "SYN_RECV", "SYN_SENT", "SYNACK"}


@pytest.mark.parametrize("method, packets", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_conversation(director, method, packets):
    for sender, flags, state, timeout in packets:
        if sender == "client":
            result = director.send(from_client(method, TCP(sport=40000, dport=80, flags=flags)))
        else:
            result = director.send(from_server(TCP(sport=8080, dport=40000, flags=flags)), INSIDE)
        assert result[0] == "transmit"
        (connection,) = director.connections()
        assert (connection["state"], connection["timeout"]) == (state, timeout)
        counts = director.do("counts", vip=VIP[method], server=SERVER[method], server_port=SERVER_PORT[method])
        assert (counts["active"], counts["inactive"]) == ((1, 0) if state in ACTIVE else (0, 1))


@pytest.mark.parametrize("method, packets", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_a_connection_ends_its_timeout_after_its_last_packet(director, method, packets):
    for sender, flags, _, _ in packets:
        if sender == "client":
            director.send(from_client(method, TCP(sport=40000, dport=80, flags=flags)))
        else:
            director.send(from_server(TCP(sport=8080, dport=40000, flags=flags)), INSIDE)
        director.do("pass", milliseconds=5000)
    director.do("pass", milliseconds=packets[-1][3] * 1000 - 5001)
    assert len(director.connections()) == 1
    director.do("pass", milliseconds=1001)
    assert director.connections() == []


@pytest.mark.parametrize("method", METHODS)
def test_udp_has_one_state_of_300_seconds_and_is_never_active(director, method):
    packet = from_client(method, UDP(sport=40000, dport=53) / raw(10))
    for _ in range(3):
        assert director.send(packet)[0] == "transmit"
        (connection,) = director.connections()
        assert (connection["state"], connection["timeout"]) == ("UDP", 300)
        counts = director.do("counts", vip=VIP[method], port=53, protocol="udp", server=SERVER[method],
                             server_port=DNS_PORT[method])
        assert (counts["active"], counts["inactive"]) == (0, 1)
        director.do("pass", milliseconds=299_000)
        assert len(director.connections()) == 1
    director.do("pass", milliseconds=2000)
    assert director.connections() == []


def test_a_udp_reply_starts_the_300_seconds_anew(director):
    director.send(from_client(NAT, UDP(sport=40000, dport=53)))
    director.do("pass", milliseconds=299_000)
    assert director.send(from_server(UDP(sport=5353, dport=40000)), INSIDE)[0] == "transmit"
    director.do("pass", milliseconds=299_000)
    assert len(director.connections()) == 1


def test_after_its_end_a_connections_packets_are_the_kernels(director):
    director.open(NAT)
    director.do("pass", milliseconds=901_000)
    assert director.send(from_client(NAT, TCP(sport=40000, dport=80, flags="A")))[0] == "to_kernel"
    assert director.send(from_server(TCP(sport=8080, dport=40000, flags="A")), INSIDE)[0] == "to_kernel"


@pytest.mark.parametrize("method", METHODS)
def test_counts_are_packets_and_bytes_of_ip_as_they_came_in(director, method):
    for flags, length in (("S", 0), ("A", 100), ("PA", 1)):
        director.send(from_client(method, TCP(sport=40000, dport=80, flags=flags) / raw(length)))
    counts = director.do("counts", vip=VIP[method], server=SERVER[method], server_port=SERVER_PORT[method])
    assert (counts["connections"], counts["in_packets"], counts["in_bytes"]) == (1, 3, 221)
    if method == NAT:
        director.send(from_server(TCP(sport=8080, dport=40000, flags="A") / raw(60)), INSIDE)
        counts = director.do("counts", vip=VIP[method], server=SERVER[method], server_port=SERVER_PORT[method])
        assert (counts["out_packets"], counts["out_bytes"]) == (1, 100)


def send(director, method, sender, flags, sport):
    if sender == "client":
        return director.send(from_client(method, TCP(sport=sport, dport=80, flags=flags)))
    if method == NAT:
        return director.send(from_server(TCP(sport=8080, dport=sport, flags=flags)), INSIDE)
    link = Ether(src=server_mac(NUMBER[method]), dst=INSIDE_MAC)
    return director.send(link / IP(src=VIP[method], dst=CLIENT) / TCP(sport=80, dport=sport, flags=flags), INSIDE)


EVERY_EVENT = ("S", "SA", "F", "FA", "A", "PA", "R", "RA", "SR", "SF", "P", "", "U")


@pytest.mark.parametrize("first", ("S", "A", "FA", "P"), ids=lambda flags: f"opened by {flags}")
@pytest.mark.parametrize("secure", (False, True), ids=("usual", "secure_tcp"))
@pytest.mark.parametrize("method", METHODS)
def test_every_packet_in_every_state_that_packets_lead_to(bare_director, method, secure, first):
    """Held against tests/model/states.py. An old connection is not left for a new one here (conn_reuse_mode 0)."""
    director = bare_director(capacity=4096)
    director.add_services([method])
    director.do("set settings", conn_reuse_mode=0, sloppy_tcp=1, secure_tcp=3 if secure else 0)
    sport = 1024
    for row in states.paths(method != NAT, secure, first).values():
        for sender in ("client", "server"):
            for flags in EVERY_EVENT:
                model = states.Connection(method != NAT, secure)
                for packet in (*row, (sender, flags)):
                    assert send(director, method, *packet, sport)[0] == "transmit"
                    model.packet(*packet)
                (found,) = (c for c in director.connections() if c["client"] == f"{CLIENT}:{sport}")
                assert (found["state"], found["timeout"]) == (model.state, states.TIMEOUTS[model.state]), (row, flags)
                counts = director.do("counts", vip=VIP[method], server=SERVER[method], server_port=SERVER_PORT[method])
                assert (counts["active"], counts["inactive"]) == ((1, 0) if model.state in states.ACTIVE else (0, 1))
                director.do("pass", milliseconds=1_000_000)
                sport += 1
