# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The four machines of LVS's tutorials: two directors that share a VIP by keepalived's VRRP, two real servers by DR.

Whatever ends the master, the other serves within VRRP's own time, and the master takes over again when it is back.
"""

import contextlib
import re
import sys
import time

import pytest
from harness import Lab, wait_for
from harness.client import Visitors
from harness.keepalived import Half, longest_silence
from harness.lab import notes
from harness.page import VIP, commands_for

ADVERT, PRIORITIES = 1, {"lvs1": 150, "lvs2": 100}
SKEW = ADVERT * (256 - PRIORITIES["lvs2"]) / 256
LIMIT = 3 * ADVERT + SKEW + 1  # seconds

# As tutorials write it.
TUTORIAL = """
global_defs {{
   router_id {name}
}}

vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.168.4.15
    }}
}}

virtual_server 192.168.4.15 80 {{
    delay_loop 6
    lb_algo wlc
    lb_kind DR
    persistence_timeout 50
    protocol TCP

    real_server 192.168.4.101 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
    real_server 192.168.4.102 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"""
RULES = """-A -t 192.168.4.15:80 -s wlc -p 50
-a -t 192.168.4.15:80 -r 192.168.4.101:80 -g -w 1
-a -t 192.168.4.15:80 -r 192.168.4.102:80 -g -w 1
"""


def configuration(half):
    """With the twin's name for the interface's, which is all that docs/from-lvs.md asks for."""
    state = "MASTER" if half.name == "lvs1" else "BACKUP"
    text = TUTORIAL.format(name=half.name, state=state, priority=PRIORITIES[half.name])
    return re.sub(r"\beth0\b", "fw-lan", text)


class Fetching(Visitors):
    VISITS_PER_SECOND = 100


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.client = lab.add_client("client", "192.168.4.1/24", "lan")
        lab.client.ip("addr add 192.168.4.2/24 dev eth0")
        for number in (1, 2):
            server = lab.add_server(f"s{number}", f"192.168.4.{100 + number}/24", "lan")
            server.run("sh", "-ec", commands_for("DR"))
            assert f" {VIP}/32 " in server.ip("-o -4 addr show dev lo")
        lab.master, lab.backup = (Half(lab, name, f"192.168.4.{5 + i}/24") for i, name in enumerate(PRIORITIES))
        for half in (lab.master, lab.backup):
            half.director.start()
            half.keepalived.start(configuration(half))
        wait_for(lambda: lab.master.holds(VIP), "the master to have the VIP")
        yield lab


@contextlib.contextmanager
def clients_meet(lab, what, silences):
    """A client fetches and fetches meanwhile, each time in a new connection. The longest time, in seconds, in which it got no
    answer is appended to `silences`, and told at the end of the run."""
    fetching = Fetching(lab.client, VIP, count=2, seconds=0.3)
    wait_for(lambda: any(visit.server for visit in fetching.visits), "a first answer")
    yield
    until = time.monotonic()
    wait_for(lambda: any(visit.server and visit.begun > until for visit in fetching.visits), "an answer afterwards")
    silences.append(longest_silence(fetching.stop()))
    notes.append(f"failover, {what}: {silences[-1]:.2f} s without an answer (VRRP's limit and a second: {LIMIT:.2f})")


def taken_over(lab, by, of):
    wait_for(lambda: by.holds(VIP), f"{by.name} to take the VIP over")
    wait_for(lambda: not of.holds(VIP), f"{of.name} to give the VIP up")


def test_the_four_machines(lab):
    """The table is keepalived's on both directors, the VIP on one; a client keeps its server, the next gets the other."""
    for half in (lab.master, lab.backup):
        assert half.keepalived.ipvsadm("-Sn") == RULES
    assert lab.master.holds(VIP) and not lab.backup.holds(VIP)
    first = lab.client.curl("--interface", "192.168.4.1", f"http://{VIP}/").strip()
    second = lab.client.curl("--interface", "192.168.4.2", f"http://{VIP}/").strip()
    assert {first, second} == {"s1", "s2"}
    assert lab.client.curl("--interface", "192.168.4.1", f"http://{VIP}/?[1-5]").split() == [first] * 5
    assert lab.client.ip(f"neigh show {VIP}").split()[4] == lab.master.host.mac("fw-lan")
    connections = lab.master.keepalived.ipvsadm("-Lnc")
    assert f"192.168.4.1:0      {VIP}:80" in connections and "ASSURED" in connections


class Kill:
    """kill -9 of the director: nobody holds the twin, which loses its carrier; systemd restarts both programs."""

    @staticmethod
    def end(half):
        half.director.kill()
        wait_for(lambda: "NO-CARRIER" in half.host.ip("link show fw-lan"), "the twin to lose its carrier")

    @staticmethod
    def begin(half):
        assert half.keepalived.stop() == 0
        half.director.start()
        half.keepalived.start(configuration(half))


class Unplug:
    """The cable is pulled: the twin's carrier follows the port's link."""

    @staticmethod
    def end(half):
        half.plug("down")
        wait_for(lambda: "NO-CARRIER" in half.host.ip("link show fw-lan"), "the twin to lose its carrier")
        assert [port["link"] for port in half.director.control.show("ports")["ports"]] == [False]

    @staticmethod
    def begin(half):
        half.plug("up")
        wait_for(lambda: "NO-CARRIER" not in half.host.ip("link show fw-lan"), "the twin to have its carrier again")
        assert [port["link"] for port in half.director.control.show("ports")["ports"]] == [True]


class StopKeepalived:
    """keepalived is stopped in order: it tells the other, and takes its table with it."""

    @staticmethod
    def end(half):
        assert half.keepalived.stop() == 0
        assert half.keepalived.ipvsadm("-Sn") == ""

    @staticmethod
    def begin(half):
        half.keepalived.start(configuration(half))


@pytest.mark.parametrize("event", [Kill, Unplug, StopKeepalived], ids=lambda event: event.__name__)
def test_the_other_serves_and_gives_back(lab, event):
    silences = go_through(lab, event)
    if max(silences) > LIMIT:  # a machine with much else to do is late once; VRRP that does not work is late again
        silences = go_through(lab, event)
    assert max(silences) <= LIMIT


def go_through(lab, event):
    silences = []
    with clients_meet(lab, f"{event.__name__}, the backup takes over", silences):
        event.end(lab.master)
        taken_over(lab, by=lab.backup, of=lab.master)
    assert_traffic_goes_to(lab, lab.backup)
    with clients_meet(lab, f"{event.__name__}, the master takes over again", silences):
        event.begin(lab.master)
        taken_over(lab, by=lab.master, of=lab.backup)
    # Checks that came while the cable was out have failed; the next ones bring the servers back.
    wait_for(lambda: lab.master.keepalived.ipvsadm("-Sn") == RULES, "the whole table")
    assert_traffic_goes_to(lab, lab.master)
    return silences


def assert_traffic_goes_to(lab, half):
    """Gratuitous ARP has told the client, who would have gone on with the address that it knew."""
    assert lab.client.ip(f"neigh show {VIP}").split()[4] == half.host.mac("fw-lan")
    before = half.director.control.service("tcp", f"{VIP}:80")["connections"]
    assert len(lab.client.fetch(f"http://{VIP}/", times=5)) == 5
    assert half.director.control.service("tcp", f"{VIP}:80")["connections"] == before + 5


# As fast as one process can, packets for ports that nobody listens on.
FLOOD = """
import socket, sys, time
flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + float(sys.argv[1])
number = 0
while time.monotonic() < end:
    for _ in range(100):
        number += 1
        flood.sendto(b"x" * 18, (sys.argv[2 + number % (len(sys.argv) - 2)], 20000 + number % 10000))
"""


def changes_of_state(half):
    return [line for line in half.keepalived.words().splitlines() if "Entering" in line or "FAULT" in line]


def test_vrrp_survives_a_flood_that_is_for_no_service(lab):
    """More than the lane to the twins carries; VRRP's packets have their own way there. The backup hears the master still."""
    for half in (lab.master, lab.backup):
        # Their own packets are in the flood, which the lane caps: no check during this one.
        half.keepalived.reload(configuration(half).replace("delay_loop 6", "delay_loop 600"))
    before = [changes_of_state(half) for half in (lab.master, lab.backup)]
    with clients_meet(lab, "a flood", []):
        seconds = 3 * ADVERT + SKEW + 1
        flood = lab.run_in(lab.client, sys.executable, "-c", FLOOD, seconds, VIP, "192.168.4.5", "192.168.4.6")
        wait_for(lambda: not flood.alive, "the flood to end")
    assert [changes_of_state(half) for half in (lab.master, lab.backup)] == before
    assert lab.master.holds(VIP) and not lab.backup.holds(VIP)
    for half in (lab.master, lab.backup):
        port = half.director.control.show("ports")["ports"][0]
        assert port["to_kernel"]["bulk"]["capped"] > 1000, port
        assert port["to_kernel"]["control"]["capped"] == port["to_kernel"]["control"]["lost"] == 0, port


def test_a_virtual_mac_address_moves_with_the_vip(lab):
    """VRRP's own MAC address stands on a macvlan of the twin; the client keeps what it has learnt."""
    virtual = "00:00:5e:00:01:33"
    halves = (lab.backup, lab.master)
    for half in halves:
        assert half.keepalived.stop() == 0
        half.keepalived.start(configuration(half).replace("virtual_router_id 51", "virtual_router_id 51 \n use_vmac"))
    wait_for(lambda: lab.master.holds(VIP, "vrrp.51"), "the master to have the VIP")
    with clients_meet(lab, "with a virtual MAC address, the backup takes over", []):
        assert lab.client.ip(f"neigh show {VIP}").split()[4] == virtual
        assert lab.master.keepalived.stop() == 0
        wait_for(lambda: lab.backup.holds(VIP, "vrrp.51"), "the backup to have the VIP")
    assert lab.client.ip(f"neigh show {VIP}").split()[4] == virtual
