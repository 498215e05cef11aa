# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Every verdict that a packet can end in, each reached from a packet."""

import pytest
from director import (CLIENT, DR, GATEWAY, INSIDE_ADDRESS, IP, NAT, NUMBER, SERVER, TCP, TUN, VIP, check, from_client,
                      from_server, raw, to_server)

SYN = TCP(sport=40000, dport=80, flags="S")
ACK = TCP(sport=40000, dport=80, flags="A")

REACHED = {}  # by verdict, the cases that reach it


def reaches(verdict):
    """Marks a case: given a maker of directors, it returns the last result and, if that may be said, the packet."""
    def mark(case):
        REACHED.setdefault(verdict, []).append(case)
        return case
    return mark


def with_services(make, **start):
    director = make(**start)
    director.add_services()
    return director


def served_from(make, address, **start):
    director = make(**start)
    director.do("add service", vip=VIP[NAT], port=80, servers=[{"address": address, "port": 8080}])
    return director


@reaches("transmit")
def a_syn_to_a_service(make):
    expected = to_server(NAT, TCP(sport=40000, dport=8080, flags="S"))
    return with_services(make).send(from_client(NAT, SYN)), expected


@reaches("to_kernel")
def a_packet_for_no_service(make):
    sent = from_client(NAT, TCP(sport=40000, dport=22, flags="S"))
    return with_services(make).send(sent), sent


@reaches("to_other_worker")
def a_flow_of_another_worker(make):
    director = with_services(make, workers=2)
    owners = set()
    for sport in range(2000, 2032):
        sent = from_client(NAT, TCP(sport=sport, dport=80, flags="S"))
        by_worker = [director.burst([sent], worker=worker)[0] for worker in (0, 1)]
        verdicts = [verdict for verdict, _, _ in by_worker]
        assert sorted(verdicts) == ["to_other_worker", "transmit"]
        owners.add(verdicts.index("transmit"))
    assert owners == {0, 1}
    return by_worker[verdicts.index("to_other_worker")], sent


@reaches("wait_for_neighbour")
def a_server_whose_mac_is_not_known(make):
    return served_from(make, "10.0.0.10").send(from_client(NAT, SYN)), from_client(NAT, SYN)


@reaches("wait_for_neighbour")
def a_client_whose_gateway_is_not_known(make):
    director = with_services(make)
    director.open(NAT)
    director.do("set next hop", hop=GATEWAY, resolved=False)
    reply = from_server(TCP(sport=8080, dport=40000, flags="A"))
    return director.send(reply, 1), reply


@reaches("answer_port_unreachable")
def a_service_without_servers(make):
    director = make()
    director.do("add service", vip=VIP[NAT], port=80, servers=[])
    return director.send(from_client(NAT, SYN)), None


@reaches("answer_port_unreachable")
def a_service_whose_servers_have_weight_0(make):
    director = served_from(make, SERVER[NAT])
    director.do("set weight", vip=VIP[NAT], server=SERVER[NAT], weight=0)
    return director.send(from_client(NAT, SYN)), None


@reaches("answer_fragmentation_needed")
def a_packet_that_is_too_big_and_must_not_be_fragmented(make):
    return with_services(make).send(from_client(TUN, SYN / raw(1441))), None


@reaches("answer_time_exceeded")
def a_ttl_that_runs_out_here(make):
    return with_services(make).send(from_client(NAT, SYN, ttl=1)), None


@reaches("drop_malformed")
def a_truncated_packet(make):
    sent = bytes(from_client(NAT, SYN))[:-1]
    return with_services(make).send(sent), sent


@reaches("drop_malformed")
def lengths_that_contradict_each_other(make):
    return with_services(make).send(from_client(NAT, TCP(sport=40000, dport=80, flags="S", dataofs=15))), None


@reaches("drop_bad_checksum")
def a_wrong_ip_checksum(make):
    sent = from_client(NAT, SYN, chksum=0x1234)
    return with_services(make).send(sent), sent


@reaches("drop_segmented")
def headers_that_reach_beyond_the_first_buffer(make):
    sent = bytes(from_client(NAT, SYN))[:50]
    return with_services(make).send(sent, segmented=True), sent


@reaches("drop_fragment")
def a_first_fragment(make):
    return with_services(make).send(from_client(NAT, SYN, flags="MF")), None


@reaches("drop_fragment")
def a_last_fragment_of_a_reply(make):
    return with_services(make).send(from_server(raw(8), proto=6, flags=0, frag=100), 1), None


@reaches("drop_too_big")
def a_packet_that_is_too_big_and_would_have_to_be_fragmented(make):
    return with_services(make).send(from_client(TUN, SYN / raw(1441), flags=0)), None


@reaches("drop_no_neighbour")
def the_fourth_packet_that_waits_for_a_neighbour(make):
    director = served_from(make, "10.0.0.10")
    results = director.burst([from_client(NAT, SYN)] * 4)
    assert [verdict for verdict, _, _ in results[:3]] == ["wait_for_neighbour"] * 3
    return results[3], from_client(NAT, SYN)


@reaches("drop_no_neighbour")
def a_neighbour_that_does_not_answer_for_three_seconds(make):
    director = served_from(make, "10.0.0.10")
    director.send(from_client(NAT, SYN))
    assert director.do("pass", milliseconds=2999)["packets"] == []
    (result,) = director.results(director.do("pass", milliseconds=1))
    return result, from_client(NAT, SYN)


@reaches("drop_no_route")
def a_server_that_no_route_leads_to(make):
    return served_from(make, "172.16.0.1").send(from_client(NAT, SYN)), None


@reaches("drop_no_headroom")
def no_room_for_an_outer_header(make):
    return with_services(make).send(from_client(TUN, SYN), headroom=19), None


@reaches("drop_server_gone")
def a_connection_whose_server_was_deleted(make):
    director = with_services(make)
    director.open(NAT)
    director.do("remove server", vip=VIP[NAT], server=SERVER[NAT])
    return director.send(from_client(NAT, ACK)), from_client(NAT, ACK)


@reaches("drop_server_gone")
def a_connection_whose_service_was_deleted(make):
    director = with_services(make)
    director.open(NAT)
    director.do("remove service", vip=VIP[NAT], port=80)
    return director.send(from_client(NAT, ACK)), from_client(NAT, ACK)


@reaches("drop_table_full")
def a_table_full_of_established_connections(make):
    director = with_services(make, capacity=16)
    for sport in range(1024, 1040):
        director.burst([from_client(NAT, TCP(sport=sport, dport=80, flags=flags)) for flags in "SA"])
    assert len(director.connections()) == 16
    return director.send(from_client(NAT, SYN)), from_client(NAT, SYN)


@reaches("drop_tuple_taken")
def a_client_port_that_its_only_server_knows_from_another_vip(make):
    director = served_from(make, SERVER[NAT])
    director.do("add service", vip="192.0.2.9", port=80, servers=[{"address": SERVER[NAT], "port": 8080}])
    director.open(NAT)
    sent = from_client(NAT, SYN, dst="192.0.2.9")
    return director.send(sent), sent


@reaches("drop_defence")
def a_share_of_the_packets_that_would_open(make):
    director = with_services(make)
    director.do("set settings", drop_packet=3, am_droprate=1)
    return director.send(from_client(NAT, SYN)), from_client(NAT, SYN)


@reaches("drop_answer_limited")
def one_answer_too_many(make):
    director = make()
    director.do("add service", vip=VIP[NAT], port=80, servers=[])
    for _ in range(50):
        check(director.send(from_client(NAT, SYN)), "answer_port_unreachable")
    return director.send(from_client(NAT, SYN)), from_client(NAT, SYN)


@reaches("drop_unanswerable")
def a_sender_that_must_not_be_answered(make):
    return with_services(make).send(from_client(NAT, SYN, src="240.0.0.1", ttl=1)), None


@reaches("drop_martian")
def a_sender_that_is_none(make):
    return with_services(make).send(from_client(NAT, SYN, src="127.0.0.1")), from_client(NAT, SYN, src="127.0.0.1")


@reaches("drop_to_loopback")
def a_nat_server_that_is_the_directors_loopback(make):
    return served_from(make, "127.0.0.1").send(from_client(NAT, SYN)), from_client(NAT, SYN)


@reaches("drop_not_local")
def a_dr_server_that_is_the_director_without_the_vip(make):
    director = make()
    director.do("add service", vip=VIP[DR], port=80,
                servers=[{"address": INSIDE_ADDRESS, "port": 80, "forwarding": DR}])
    return director.send(from_client(DR, SYN)), from_client(DR, SYN)


CASES = [(verdict, case) for verdict, cases in REACHED.items() for case in cases]


@pytest.mark.parametrize("verdict, case", CASES, ids=[f"{verdict}: {case.__name__}" for verdict, case in CASES])
def test_verdict(bare_director, verdict, case):
    result, packet = case(bare_director)
    check(result, verdict, packet)


# The worker decides this one, from its ports: the pipeline says to_kernel.
DECIDED_BY_THE_WORKER = {"drop_no_twin"}


def test_every_verdict_is_reached(bare_director):
    assert set(bare_director().do("verdicts")["verdicts"]) == set(REACHED) | DECIDED_BY_THE_WORKER


def test_packets_that_waited_go_out_when_their_neighbour_answers(bare_director):
    """In order, as if they had just come in, by the one connection that the first has opened."""
    director = served_from(bare_director, "10.0.0.10")
    director.burst([from_client(NAT, TCP(sport=40000, dport=80, flags=flags)) for flags in ("S", "A", "PA")])
    director.do("set next hop", hop=10, resolved=True)
    results = director.results(director.do("retry"))
    assert [verdict for verdict, _, _ in results] == ["transmit"] * 3
    assert [str(IP(frame[14:])[TCP].flags) for _, _, frame in results] == ["S", "A", "PA"]
    (connection,) = director.connections()
    assert (connection["state"], connection["in_packets"]) == ("ESTABLISHED", 3)


def test_a_deleted_server_that_is_added_again_is_the_same_one(bare_director):
    director = with_services(bare_director)
    director.open(NAT)
    director.do("remove server", vip=VIP[NAT], server=SERVER[NAT])
    check(director.send(from_client(NAT, ACK)), "drop_server_gone")
    reply = director.send(from_server(TCP(sport=8080, dport=40000, flags="A")), 1)
    assert (reply[0], IP(reply[2][14:]).src, IP(reply[2][14:]).dst) == ("transmit", VIP[NAT], CLIENT)
    director.do("add server", vip=VIP[NAT], server={"address": SERVER[NAT], "port": 8080})
    check(director.send(from_client(NAT, ACK)), "transmit", to_server(NAT, TCP(sport=40000, dport=8080, flags="A")))


def test_a_neighbours_new_mac_is_used_at_once(bare_director):
    director = with_services(bare_director)
    director.open(NAT)
    director.do("set next hop", hop=NUMBER[NAT], vlan=0, to="02:00:00:00:0b:77", **{"from": "02:00:00:00:00:02"})
    _, _, frame = director.send(from_client(NAT, ACK))
    assert frame[:6] == bytes.fromhex("020000000b77")
