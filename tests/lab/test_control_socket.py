# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Hostile clients of the control socket disturb neither traffic nor other clients of the socket."""

import os
import socket
import time

import pytest
from harness import Visitors, two_arm

VIP = "192.168.4.15"
POST = b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

HOSTILE = {
    "stalls": b"",
    "one byte": b"G",
    "half a request": b"GET /v1/services HTTP/1.1\r\nHost:",
    "a promised body that never comes": POST % 1000,
    "4 MB of noise": os.urandom(4 << 20),
    "4 MB of header": b"GET / HTTP/1.1\r\nX: " + b"x" * (4 << 20),
    "4 MB of body": POST % (4 << 20) + b"[" * (4 << 20),
    "no JSON": POST % 9 + b"{\"a\": nul",
    "JSON of another shape": POST % 13 + b"[{\"x\": [1]}]\n",
    "NULs": b"\0" * 1000,
}


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=2) as lab:
        lab.serve("web", f"{VIP}:80")
        lab.start()
        lab.visitors = Visitors(lab.client, VIP, count=2)
        yield lab
        lab.visitors.stop()


def attack(lab, data):
    """A connection that has sent all it could of `data` without waiting long."""
    hostile = socket.socket(socket.AF_UNIX)
    hostile.connect(lab.config["director"]["control_socket"])
    hostile.settimeout(0.2)
    try:
        hostile.sendall(data)
    except OSError:  # hung up on, or not read any more: as it should be
        pass
    return hostile


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_twenty_of_a_kind_disturb_nobody(lab, data):
    hostile = [attack(lab, data) for _ in range(20)]
    done = len(lab.visitors.visits)
    begun = time.monotonic()
    assert len(lab.control.show("services")["services"]) == 1
    lab.control.edit_server("tcp", f"{VIP}:80", "192.168.2.101:80", weight=2)
    assert time.monotonic() - begun < 2
    assert lab.client.fetch(f"http://{VIP}/", times=20)
    assert len(lab.visitors.visits) > done and not lab.visitors.failures()
    for connection in hostile:
        connection.close()


def test_a_thousand_that_connect_and_leave(lab):
    for _ in range(1000):
        attack(lab, b"GET /v1/serv").close()
    assert len(lab.control.show("services")["services"]) == 1
    assert not lab.visitors.failures()


def test_a_refused_command_says_why_and_changes_nothing(lab):
    before = lab.control.service("tcp", f"{VIP}:80")["servers"].keys()
    with pytest.raises(Exception, match="weight"):
        lab.control.add_server("tcp", f"{VIP}:80", "192.168.2.102:81", weight=2**31)
    assert lab.control.service("tcp", f"{VIP}:80")["servers"].keys() == before
