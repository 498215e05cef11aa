# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Two workers: each owns its share of the connections, packets that meet the wrong one are handed over."""

from collections import Counter

import pytest
from harness import VIPS, three_methods, wait_for

CONNECTIONS = 2000


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=2, workers=2) as lab:
        yield lab.start()


def quiet_workers(lab):
    """The workers' rows once nothing is on its way between them."""
    def read():
        workers = lab.control.workers()
        on_the_way = sum(worker["handed_over"] - worker["received_by_hand_over"] for worker in workers)
        return on_the_way == 0 and workers
    return wait_for(read, "the end of all hand-overs")


@pytest.mark.parametrize("method", ["nat", "dr"])
def test_each_worker_owns_its_share_and_none_is_lost(lab, method):
    before = {worker["id"]: worker for worker in quiet_workers(lab)}
    connections = [lab.client.open(VIPS[method]) for _ in range(CONNECTIONS)]
    answers = Counter(connection.ask() for connection in connections)
    assert answers == {"s1": CONNECTIONS / 2, "s2": CONNECTIONS / 2}

    workers = quiet_workers(lab)
    owned = [worker["connections"] - before[worker["id"]]["connections"] for worker in workers]
    handed_over = sum(worker["handed_over"] - before[worker["id"]]["handed_over"] for worker in workers)
    received = sum(worker["received_by_hand_over"] - before[worker["id"]]["received_by_hand_over"] for worker in workers)
    assert sum(owned) == CONNECTIONS
    assert all(0.3 * CONNECTIONS <= share <= 0.7 * CONNECTIONS for share in owned)
    assert handed_over == received >= CONNECTIONS / 10

    assert Counter(connection.ask() for connection in connections) == answers
    for connection in connections:
        connection.close()


def test_short_connections_through_two_workers(lab):
    for vip in VIPS.values():
        assert len(lab.client.fetch(f"http://{vip}/", times=1000, parallel=50)) == 1000
