# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What the settings, the kernel's sysctls of IPVS, do to packets and connections."""

import pytest
from director import (DR, GATEWAY_MAC, INSIDE, INSIDE_ADDRESS, INSIDE_MAC, METHODS, NAT, OUTSIDE, OUTSIDE_MAC, SERVER,
                      SERVER_PORT, TCP, TUN, UDP, VIP, Ether, IP, check, from_client, from_server, icmp_error, raw,
                      server_mac, to_client, to_server)

PORT_UNREACHABLE = (3, 3)


def client(method, flags, sport=40000):
    return from_client(method, TCP(sport=sport, dport=80, flags=flags))


def connections_so_far(director, method):
    return director.do("counts", vip=VIP[method], server=SERVER[method],
                       server_port=SERVER_PORT[method])["connections"]


class TestConnReuseMode:
    """A SYN that finds an old connection of its addresses and ports."""

    ENDS = {  # packets after the handshake, and the state that they lead to
        "CLOSE": "R", "FIN_WAIT": "FA"}

    @pytest.mark.parametrize("mode, state, is_new", (
        (0, "CLOSE", False), (0, "FIN_WAIT", False), (1, "CLOSE", True), (1, "FIN_WAIT", False),
        (2, "CLOSE", True), (2, "FIN_WAIT", True), (3, "CLOSE", True), (3, "FIN_WAIT", True)))
    @pytest.mark.parametrize("method", (DR, TUN))
    def test_of_one_direction(self, director, method, mode, state, is_new):
        director.do("set settings", conn_reuse_mode=mode)
        director.open(method)
        director.send(client(method, self.ENDS[state]))
        assert director.state() == state
        assert director.send(client(method, "S"))[0] == "transmit"
        assert connections_so_far(director, method) == (2 if is_new else 1)
        # In either case the state machine takes the SYN: what was closing is open again.
        assert director.state() == "SYN_RECV"

    @pytest.mark.parametrize("mode", range(4))
    def test_of_nat_only_what_is_over(self, director, mode):
        director.do("set settings", conn_reuse_mode=mode)
        director.open(NAT)
        director.send(from_server(TCP(sport=8080, dport=40000, flags="FA")), INSIDE)
        assert director.state() == "FIN_WAIT"
        director.send(client(NAT, "S"))
        assert connections_so_far(director, NAT) == 1
        director.send(from_server(TCP(sport=8080, dport=40000, flags="FA")), INSIDE)
        director.send(client(NAT, "FA"))
        assert director.state() == "TIME_WAIT"
        director.send(client(NAT, "S"))
        assert connections_so_far(director, NAT) == (2 if mode else 1)


class TestExpireNodestConn:
    @pytest.fixture
    def two_servers(self, director):
        director.do("add server", vip=VIP[DR], server={"address": SERVER[DR], "port": 80, "forwarding": DR})
        director.do("add server", vip=VIP[DR], server={"address": "10.0.0.4", "port": 80, "forwarding": DR})
        return director

    def test_all_connections_of_a_deleted_server_end_at_once(self, director):
        director.do("set settings", expire_nodest_conn=1)
        for sport in range(2000, 2100):
            director.send(client(DR, "S", sport))
        director.do("remove server", vip=VIP[DR], server=SERVER[DR])
        assert director.connections() == []
        check(director.send(client(DR, "A", 2000)), "to_kernel", client(DR, "A", 2000))
        assert director.send(client(DR, "S", 2000))[0] == "answer_port_unreachable"

    def test_otherwise_they_stay_and_are_dropped(self, director):
        director.open(DR)
        director.do("remove server", vip=VIP[DR], server=SERVER[DR])
        for flags in "SA":
            check(director.send(client(DR, flags)), "drop_server_gone")
        assert len(director.connections()) == 1

    @pytest.mark.parametrize("reuse", (0, 1))
    @pytest.mark.parametrize("on", (0, 1))
    def test_a_syn_leaves_a_server_of_weight_0(self, director, on, reuse):
        director.do("set settings", expire_nodest_conn=on, conn_reuse_mode=reuse)
        director.open(DR)
        director.do("add server", vip=VIP[DR], server={"address": "10.0.0.4", "port": 80, "forwarding": DR})
        director.do("set weight", vip=VIP[DR], server=SERVER[DR], weight=0)
        assert director.send(client(DR, "A"))[2][:6] == bytes.fromhex(server_mac(2).replace(":", ""))
        _, _, frame = director.send(client(DR, "S"))
        assert frame[:6] == bytes.fromhex(server_mac(4 if on else 2).replace(":", ""))


@pytest.mark.parametrize("flags, state", (("A", "ESTABLISHED"), ("PA", "ESTABLISHED"), ("FA", "CLOSE"),
                                          ("SA", "SYN_RECV"), ("P", "CLOSE")))
@pytest.mark.parametrize("method", METHODS)
def test_sloppy_tcp_opens_by_any_segment(director, method, flags, state):
    sent = client(method, flags)
    if flags != "SA":
        check(director.send(sent), "to_kernel", sent)
        director.do("set settings", sloppy_tcp=1)
    check(director.send(sent), "transmit", to_server(method, TCP(sport=40000, dport=SERVER_PORT[method], flags=flags)))
    assert director.state() == state


def test_sloppy_tcp_opens_by_no_reset(director):
    director.do("set settings", sloppy_tcp=1)
    for flags in ("R", "RA", "RS"):
        check(director.send(client(NAT, flags)), "to_kernel", client(NAT, flags))
    assert director.connections() == []


def test_drop_packet_takes_one_of_am_droprate_that_would_open(director):
    director.open(NAT)
    director.do("set settings", drop_packet=3, am_droprate=4)
    verdicts = []
    for sport in range(2000, 2012):
        verdicts.append(director.send(client(DR, "S", sport))[0])
        assert director.send(client(NAT, "A"))[0] == "transmit"
    assert verdicts == (["drop_defence"] + ["transmit"] * 3) * 3


def test_drop_entry_ends_half_open_connections_and_no_live_ones(director):
    director.open(NAT)
    for sport in range(2000, 2200):
        director.send(client(DR, "S", sport))
    director.do("set settings", drop_entry=3)
    for _ in range(59):
        director.do("pass", milliseconds=1000)
    left = director.connections()
    assert sum(row["state"] == "SYN_RECV" for row in left) < 80
    assert sum(row["state"] == "ESTABLISHED" for row in left) == 1


class TestNatIcmpSend:
    LOST = TCP(sport=8080, dport=40000, flags="A") / raw(10)

    def test_off_the_packet_is_the_kernels(self, director):
        sent = from_server(self.LOST)
        check(director.send(sent, INSIDE), "to_kernel", sent)

    @pytest.mark.parametrize("transport", (LOST, UDP(sport=5353, dport=40000) / raw(3)), ids=("TCP", "UDP"))
    def test_on_the_server_is_told(self, director, transport):
        """The kernel's router has taken one hop off before IPVS sees the packet."""
        director.do("set settings", nat_icmp_send=1)
        sent = from_server(transport)
        older = sent.copy()
        older[IP].ttl -= 1
        expected = icmp_error(older, INSIDE_ADDRESS, *PORT_UNREACHABLE)
        check(director.send(sent, INSIDE), "answer_port_unreachable", expected, INSIDE)

    @pytest.mark.parametrize("why, packet", (
        ("a reset", from_server(TCP(sport=8080, dport=40000, flags="RA"))),
        ("another port of the server's", from_server(TCP(sport=8081, dport=40000, flags="A"))),
        ("no NAT server", from_server(LOST, src=SERVER[DR])),
        ("asked for by the director itself", from_server(LOST, dst=INSIDE_ADDRESS)),
        ("its TTL runs out", from_server(LOST, ttl=1))), ids=lambda value: value if isinstance(value, str) else "")
    def test_what_is_not_answered_is_the_kernels(self, director, why, packet):
        director.do("set settings", nat_icmp_send=1)
        check(director.send(packet, INSIDE), "to_kernel", packet)

    def test_a_reply_of_a_connection_goes_to_its_client(self, director):
        director.do("set settings", nat_icmp_send=1)
        director.open(NAT)
        expected = to_client(TCP(sport=80, dport=40000, flags="A") / raw(10))
        check(director.send(from_server(self.LOST), INSIDE), "transmit", expected, OUTSIDE)


class TestPmtuDisc:
    @pytest.mark.parametrize("flags", ("DF", 0), ids=("with DF", "without DF"))
    def test_off_the_outer_header_may_be_fragmented(self, director, flags):
        director.do("set settings", pmtu_disc=0)
        transport = TCP(sport=40000, dport=80, flags="S") / raw(1440)
        inner = IP(src="198.51.100.7", dst=VIP[TUN], id=0x1234, flags=flags, ttl=63) / transport
        outer = IP(src=INSIDE_ADDRESS, dst=SERVER[TUN], id=1, flags=0, ttl=63)
        expected = Ether(src=INSIDE_MAC, dst=server_mac(3)) / outer / inner
        check(director.send(from_client(TUN, transport, flags=flags)), "transmit", expected, INSIDE)

    @pytest.mark.parametrize("flags", ("DF", 0), ids=("with DF", "without DF"))
    def test_off_what_is_too_big_would_have_to_be_fragmented(self, director, flags):
        director.do("set settings", pmtu_disc=0)
        sent = from_client(TUN, TCP(sport=40000, dport=80, flags="S") / raw(1441), flags=flags)
        check(director.send(sent), "drop_too_big")

    @pytest.mark.parametrize("method", (NAT, DR))
    def test_it_is_about_tunnels_only(self, director, method):
        director.do("set settings", pmtu_disc=0)
        sent = from_client(method, TCP(sport=40000, dport=80, flags="S") / raw(1461))
        assert director.send(sent)[0] == "answer_fragmentation_needed"


class TestTimeouts:
    def test_a_connection_takes_a_new_timeout_with_its_next_packet(self, director):
        director.open(NAT)
        director.do("set settings", tcp_timeout=30)
        director.do("pass", milliseconds=100_000)
        assert director.connections()[0]["timeout"] == 900
        director.send(client(NAT, "A"))
        assert director.connections()[0]["timeout"] == 30
        director.do("pass", milliseconds=29_000)
        assert director.connections()
        director.do("pass", milliseconds=2000)
        assert director.connections() == []

    @pytest.mark.parametrize("setting, packets, state", (
        ("tcp_timeout", "SA", "ESTABLISHED"), ("tcp_fin_timeout", "SAF", "FIN_WAIT")))
    def test_of_which_state(self, director, setting, packets, state):
        director.do("set settings", **{setting: 77})
        for flags in packets:
            director.send(client(DR, flags))
        (connection,) = director.connections()
        assert (connection["state"], connection["timeout"]) == (state, 77)

    def test_of_udp(self, director):
        director.do("set settings", udp_timeout=77)
        director.send(from_client(DR, UDP(sport=40000, dport=53)))
        assert director.connections()[0]["timeout"] == 77


class TestRepliesOfOneDirection:
    """A server of DR or TUN whose way out leads through the director sends from the virtual address."""

    @staticmethod
    def reply(method, flags):
        link = Ether(src=server_mac(2), dst=INSIDE_MAC)
        return link / IP(src=VIP[method], dst="198.51.100.7", id=0x1234, flags="DF", ttl=64) / TCP(
            sport=80, dport=40000, flags=flags)

    @pytest.mark.parametrize("method", (DR, TUN))
    def test_it_goes_on_as_it_is_and_both_directions_are_seen_from_then_on(self, director, method):
        director.send(client(method, "S"))
        expected = Ether(src=OUTSIDE_MAC, dst=GATEWAY_MAC) / self.reply(method, "SA")[IP]
        expected[IP].ttl = 63
        check(director.send(self.reply(method, "SA"), INSIDE), "transmit", expected, OUTSIDE)
        for flags, state in (("A", "ESTABLISHED"), ("FA", "CLOSE_WAIT")):
            director.send(client(method, flags))
            assert director.state() == state
        director.send(self.reply(method, "FA"), INSIDE)
        assert director.state() == "TIME_WAIT"
        counts = director.do("counts", vip=VIP[method], server=SERVER[method], server_port=80)
        assert (counts["out_packets"], counts["out_bytes"]) == (2, 80)

    def test_of_no_connection_it_is_the_kernels(self, director):
        sent = self.reply(DR, "SA")
        check(director.send(sent, INSIDE), "to_kernel", sent)
