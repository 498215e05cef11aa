# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""MTU: the servers' side takes 1400 bytes. What is larger and may not be fragmented is answered, and the client learns."""

import errno
import hashlib
import os
import socket

import pytest
from harness import VIPS, three_methods, wait_for

# The largest packet that a client may send: the MTU inside, less the outer header of TUN.
PATH_MTU = {"nat": 1400, "dr": 1400, "tun": 1380}
IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_MTU = 10, 2, 14


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=1, inside_mtu=1400) as lab:
        lab.servers[0].start_echo(7)
        for method, vip in VIPS.items():
            lab.serve(f"stream-{method}", f"{vip}:7", forwarding=method)
            lab.serve(f"echo-{method}", f"{vip}:7", forwarding=method, protocol="udp")
        yield lab.start()


def test_an_upload_through_the_tunnel_finds_its_packet_size(lab):
    """The server's own MSS leaves no room for the outer header, so the first full packets are too large."""
    before = lab.control.verdicts()["answer_fragmentation_needed"]
    data = os.urandom(1_000_000)
    assert lab.client.upload(VIPS["tun"], 7, data)[3] == hashlib.sha256(data).hexdigest()
    assert lab.control.verdicts()["answer_fragmentation_needed"] > before
    assert "mtu 1380" in lab.client.ip(f"route get {VIPS['tun']}")


@pytest.mark.parametrize("method", VIPS)
def test_datagrams_up_to_the_mtu_come_through(lab, method):
    largest = PATH_MTU[method] - 28
    assert lab.client.ask_udp(VIPS[method], 7, b"x" * largest)[2] == str(largest)


@pytest.mark.parametrize("method", VIPS)
def test_a_datagram_one_byte_too_large_teaches_the_mtu(lab, method):
    lab.client.ip("route flush cache")
    with lab.client.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
        flow.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        flow.connect((VIPS[method], 7))
        flow.send(b"x" * (PATH_MTU[method] - 27))
        wait_for(lambda: flow.getsockopt(socket.IPPROTO_IP, IP_MTU) == PATH_MTU[method], "the path's MTU")
        with pytest.raises(OSError) as refused:
            flow.send(b"x" * (PATH_MTU[method] - 27))
    assert refused.value.errno == errno.EMSGSIZE


@pytest.mark.parametrize("method", VIPS)
def test_a_download_is_whole(lab, method):
    assert lab.downloads(VIPS[method])
