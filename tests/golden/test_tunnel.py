# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The outer header of IP in IP, as Linux IPVS writes it."""

import pytest
from director import INSIDE, IP, SERVER, TCP, TUN, Ether, check, from_client, raw

SYN = TCP(sport=40000, dport=80, flags="S")


def outer_of(director, **fields):
    verdict, port, frame = director.send(from_client(TUN, SYN, **fields))
    assert (verdict, port) == ("transmit", INSIDE)
    packet = Ether(frame)[IP]
    rebuilt = packet.copy()
    del rebuilt.chksum
    assert IP(bytes(rebuilt)).chksum == packet.chksum
    return packet


# RFC 3168, 9.1.1 (full functionality): congestion met before the tunnel goes in as ECT(0).
@pytest.mark.parametrize("inner, outer", ((0b00, 0b00), (0b01, 0b01), (0b10, 0b10), (0b11, 0b10)),
                         ids=("Not-ECT", "ECT(1)", "ECT(0)", "CE"))
@pytest.mark.parametrize("dscp", (0, 46, 63))
def test_type_of_service(director, dscp, inner, outer):
    packet = outer_of(director, tos=dscp << 2 | inner)
    assert packet.tos == dscp << 2 | outer
    assert packet.payload.tos == dscp << 2 | inner


@pytest.mark.parametrize("ttl", (2, 3, 64, 255))
def test_ttl_is_the_inner_one_after_it_counted_down(director, ttl):
    packet = outer_of(director, ttl=ttl)
    assert packet.ttl == packet.payload.ttl == ttl - 1


def test_df_is_copied_and_needs_no_id(director):
    packet = outer_of(director, flags="DF", id=0x4321)
    assert (packet.flags, packet.id) == ("DF", 0)
    assert (packet.payload.flags, packet.payload.id) == ("DF", 0x4321)


def test_without_df_each_outer_header_has_an_id_of_its_own(director):
    packets = [outer_of(director, flags=0, id=7) for _ in range(3)]
    assert [packet.flags for packet in packets] == [0, 0, 0]
    assert len({packet.id for packet in packets}) == 3
    assert {packet.payload.id for packet in packets} == {7}


def test_from_the_directors_address_towards_the_server_to_the_server(director):
    packet = outer_of(director)
    assert (packet.src, packet.dst, packet.proto) == ("10.0.0.254", SERVER[TUN], 4)
    assert (packet.ihl, packet.len) == (5, 60)


def test_the_inner_packet_is_the_clients_but_for_its_ttl(director):
    sent = from_client(TUN, TCP(sport=40000, dport=80, flags="S", options=[("MSS", 1460)]) / raw(21))
    older = sent.copy()
    older[IP].ttl = 63
    _, _, frame = director.send(sent)
    assert frame[34:] == bytes(older)[14:]


@pytest.mark.parametrize("headroom, verdict", ((20, "transmit"), (19, "drop_no_headroom")))
def test_the_outer_header_needs_twenty_bytes_of_room(director, headroom, verdict):
    check(director.send(from_client(TUN, SYN), headroom=headroom), verdict)
