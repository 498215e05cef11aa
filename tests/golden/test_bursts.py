# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Packets that meet in one burst, and connections that meet in one tuple."""

import pytest
from director import (CLIENT, DR, IP, METHODS, NAT, SERVER, SERVER_PORT, TCP, VIP, check, from_client, from_server,
                      to_client, to_server)

OTHER_VIP = "192.0.2.9"


def segment(flags, sport=40000):
    return TCP(sport=sport, dport=80, flags=flags)


def at_server(method, flags, sport=40000):
    return to_server(method, TCP(sport=sport, dport=SERVER_PORT[method], flags=flags))


def at_other_vip(transport):
    return from_client(NAT, transport, dst=OTHER_VIP)


@pytest.fixture
def two_vips(bare_director):
    """Two services of one NAT server: clients' ports clash behind them."""
    director = bare_director()
    for vip in (VIP[NAT], OTHER_VIP):
        director.do("add service", vip=vip, port=80, servers=[{"address": SERVER[NAT], "port": 8080}])
    return director


@pytest.mark.parametrize("method", METHODS)
def test_two_packets_of_one_new_flow_are_of_one_connection(director, method):
    results = director.burst([from_client(method, segment("S"))] * 2)
    for result in results:
        check(result, "transmit", at_server(method, "S"))
    (connection,) = director.connections()
    assert (connection["in_packets"], connection["state"]) == (2, "SYN_RECV")


@pytest.mark.parametrize("method", METHODS)
def test_syn_data_and_rst_of_one_flow_in_one_burst(director, method):
    flags = ("S", "A", "PA", "R")
    for result, flag in zip(director.burst([from_client(method, segment(flag)) for flag in flags]), flags):
        check(result, "transmit", at_server(method, flag))
    (connection,) = director.connections()
    assert (connection["state"], connection["timeout"], connection["in_packets"]) == ("CLOSE", 10, 4)


def test_a_whole_conversation_in_one_burst_but_for_the_first_replies(director):
    director.send(from_client(NAT, segment("S")))
    director.send(from_server(TCP(sport=8080, dport=40000, flags="SA")), 1)
    results = director.burst([from_client(NAT, segment("A")), from_client(NAT, segment("FA"))])
    assert [verdict for verdict, _, _ in results] == ["transmit"] * 2
    assert director.state() == "CLOSE_WAIT"


def test_flows_of_all_methods_side_by_side_in_a_full_burst(director):
    sent = [(method, 40000 + i) for i in range(11) for method in METHODS][:32]
    results = director.burst([from_client(method, segment("S", sport)) for method, sport in sent])
    for result, (method, sport) in zip(results, sent):
        check(result, "transmit", at_server(method, "S", sport))
    assert len(director.connections()) == 32


def test_a_packet_before_the_syn_of_its_flow_opens_nothing(director):
    first, second = director.burst([from_client(DR, segment("A")), from_client(DR, segment("S"))])
    check(first, "to_kernel", from_client(DR, segment("A")))
    check(second, "transmit", at_server(DR, "S"))


class TestReplyTupleClash:
    """The same client port to two VIPs with the same NAT server: the server's replies look alike."""

    def test_the_second_is_dropped_by_name_while_the_first_is_open(self, two_vips):
        two_vips.open(NAT)
        check(two_vips.send(at_other_vip(segment("S"))), "drop_tuple_taken", at_other_vip(segment("S")))
        reply = two_vips.send(from_server(TCP(sport=8080, dport=40000, flags="A")), 1)
        check(reply, "transmit", to_client(TCP(sport=80, dport=40000, flags="A")))

    def test_both_in_one_burst(self, two_vips):
        results = two_vips.burst([from_client(NAT, segment("S")), at_other_vip(segment("S"))])
        assert [verdict for verdict, _, _ in results] == ["transmit", "drop_tuple_taken"]

    def test_another_server_serves_if_there_is_one(self, two_vips):
        two_vips.open(NAT)
        two_vips.do("add server", vip=OTHER_VIP, server={"address": "10.0.0.4", "port": 8080, "weight": 1})
        two_vips.do("set weight", vip=OTHER_VIP, server=SERVER[NAT], weight=1)
        for sport in (40000, 40001, 40002):  # rr would send every other one to the server of the clash
            verdict, _, frame = two_vips.send(at_other_vip(segment("S", sport)))
            assert verdict == "transmit"
            if sport == 40000:
                assert IP(frame[14:]).dst == "10.0.0.4"
        servers = [row["server"] for row in two_vips.connections() if row["virtual"] == f"{OTHER_VIP}:80"]
        assert sorted(servers) == ["10.0.0.1:8080", "10.0.0.4:8080", "10.0.0.4:8080"]

    def test_a_closing_connection_gives_its_tuple_up(self, two_vips):
        two_vips.open(NAT)
        two_vips.send(from_client(NAT, segment("FA")))
        check(two_vips.send(at_other_vip(segment("S"))), "transmit")
        (connection,) = two_vips.connections()
        assert connection["virtual"] == f"{OTHER_VIP}:80"
        verdict, _, frame = two_vips.send(from_server(TCP(sport=8080, dport=40000, flags="SA")), 1)
        assert (verdict, IP(frame[14:]).src, IP(frame[14:]).dst) == ("transmit", OTHER_VIP, CLIENT)

    def test_a_connection_that_gives_way_within_a_burst_leaves_no_count(self, two_vips):
        two_vips.open(NAT)
        two_vips.send(from_client(NAT, segment("FA")))
        results = two_vips.burst([from_client(NAT, segment("R")), at_other_vip(segment("S"))])
        assert [verdict for verdict, _, _ in results] == ["transmit"] * 2
        counts = two_vips.do("counts", vip=VIP[NAT], server=SERVER[NAT], server_port=8080)
        assert (counts["active"], counts["inactive"]) == (0, 0)


class TestReuse:
    """A SYN that finds TIME_WAIT or CLOSE opens a new connection (the kernel's conn_reuse_mode 1)."""

    @staticmethod
    def close(director, state):
        director.open(NAT)
        if state == "CLOSE":
            director.send(from_client(NAT, segment("R")))
        else:
            director.send(from_client(NAT, segment("FA")))
            director.send(from_server(TCP(sport=8080, dport=40000, flags="FA")), 1)
        assert director.state() == state

    @pytest.fixture
    def two_servers(self, bare_director):
        director = bare_director()
        servers = [{"address": address, "port": 8080} for address in ("10.0.0.4", SERVER[NAT])]
        director.do("add service", vip=VIP[NAT], port=80, servers=servers)
        return director

    @pytest.mark.parametrize("state", ("TIME_WAIT", "CLOSE"))
    def test_the_next_server_serves(self, two_servers, state):
        self.close(two_servers, state)
        verdict, _, frame = two_servers.send(from_client(NAT, segment("S")))
        assert (verdict, IP(frame[14:]).dst) == ("transmit", "10.0.0.4")
        (connection,) = two_servers.connections()
        assert (connection["state"], connection["in_packets"]) == ("SYN_RECV", 1)

    def test_what_stands_before_the_syn_in_the_burst_goes_to_the_old_server(self, two_servers):
        self.close(two_servers, "TIME_WAIT")
        results = two_servers.burst([from_client(NAT, segment(flags)) for flags in ("R", "S", "A")])
        assert [IP(frame[14:]).dst for _, _, frame in results] == [SERVER[NAT], "10.0.0.4", "10.0.0.4"]
        (connection,) = two_servers.connections()
        assert (connection["state"], connection["in_packets"]) == ("ESTABLISHED", 2)

    def test_a_syn_in_fin_wait_stays_with_its_server(self, two_servers):
        two_servers.open(NAT)
        two_servers.send(from_server(TCP(sport=8080, dport=40000, flags="FA")), 1)
        assert two_servers.state() == "FIN_WAIT"
        _, _, frame = two_servers.send(from_client(NAT, segment("S")))
        assert IP(frame[14:]).dst == SERVER[NAT]
