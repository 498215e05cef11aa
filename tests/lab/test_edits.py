# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""1,000 random edits under traffic, on two workers (with $FAIRWAY_ASAN, by the build of that directory).

s1 stays: no connection to it is lost. s2 and s3 come and go: nothing that was asked meanwhile is lost for good either,
since a server added again is the same server (TCP asks again after 0.2, 0.4, ... 25.6 seconds, so a visit whose server was
away each time needs a minute); and none opens a connection to a server between the
acknowledgement of its removal and its return.
"""

import os
import random
import time

import pytest
from harness import Regulars, Visitors, two_arm

VIP = "192.168.4.15"
WEB = ("tcp", f"{VIP}:80")
SERVERS = {"s1": "192.168.2.101:80", "s2": "192.168.2.102:80", "s3": "192.168.2.103:80"}
EDITS = 1000


@pytest.fixture(scope="module")
def lab():
    with two_arm(servers=3, workers=2, build=os.environ.get("FAIRWAY_ASAN")) as lab:
        lab.serve("web", f"{VIP}:80", scheduler="wrr")
        yield lab.start()


class Editor:
    """Makes edits by chance, knows what the service must look like after them, and when each server was away."""

    def __init__(self, control):
        self.control = control
        self.chance = random.Random(7)
        self.weights = dict.fromkeys(SERVERS, 1)
        self.scheduler = "wrr"
        self.away_since = {}
        self.absences = []
        self.others = set()

    def edit(self):
        self.chance.choices([self.weigh, self.come_or_go, self.weigh_all, self.reschedule, self.other_service],
                            [4, 4, 1, 1, 1])[0]()

    def weigh(self):
        name = self.chance.choice(list(self.weights))
        self.weights[name] = self.chance.randint(1 if name == "s1" else 0, 5)
        self.control.edit_server(*WEB, SERVERS[name], self.weights[name])

    def weigh_all(self):
        self.weights = {name: self.chance.randint(1, 5) for name in self.weights}
        self.control.apply(f"server edit tcp {VIP}:80 {SERVERS[name]} --weight {weight}"
                           for name, weight in self.weights.items())

    def come_or_go(self):
        name = self.chance.choice(["s2", "s3"])
        if name in self.weights:
            del self.weights[name]
            self.control.delete_server(*WEB, SERVERS[name])
            self.away_since[name] = time.monotonic()
        else:
            self.come_back(name)

    def come_back(self, name):
        self.absences.append((name, self.away_since.pop(name), time.monotonic()))
        self.weights[name] = self.chance.randint(1, 5)
        self.control.add_server(*WEB, SERVERS[name], self.weights[name])

    def reschedule(self):
        self.scheduler = self.chance.choice(["rr", "wrr", "lc", "wlc"])
        self.control.edit_service(*WEB, scheduler=self.scheduler)

    def other_service(self):
        service = ("tcp", f"{VIP}:{self.chance.randint(1000, 1010)}")
        if service in self.others:
            self.control.delete_service(*service)
        else:
            self.control.add_service(*service)
            self.control.add_server(*service, SERVERS[self.chance.choice(list(SERVERS))])
        self.others ^= {service}


def test_a_thousand_edits(lab):
    regulars = Regulars(lab.client, VIP, "s1", count=4)
    visitors = Visitors(lab.client, VIP, count=6, seconds=90)
    editor = Editor(lab.control)
    for _ in range(EDITS):
        editor.edit()
    for name in list(editor.away_since):
        editor.come_back(name)
    visits, errors = visitors.stop(), regulars.stop()

    assert not errors and regulars.asked > 100
    assert not visitors.failures() and len(visits) > 100
    for name, gone, back in editor.absences:
        assert not [visit for visit in visits if visit.server == name and gone < visit.begun < visit.connected < back]

    service = lab.control.service(*WEB)
    assert service["scheduler"] == editor.scheduler
    assert {name: service["servers"][SERVERS[name]]["weight"] for name in SERVERS} == editor.weights
    assert len(lab.control.show("services")["services"]) == 1 + len(editor.others)
