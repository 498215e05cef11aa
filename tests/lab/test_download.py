# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A file of 100 MB by each method, its SHA-256 compared: on clean wires, and losing 1 % of the packets each way."""

import pytest
from harness import VIPS, three_methods


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=1) as lab:
        yield lab.start()


@pytest.mark.parametrize("method", VIPS)
def test_clean(lab, method):
    assert lab.downloads(VIPS[method])


@pytest.mark.parametrize("method", VIPS)
def test_with_one_per_cent_lost_each_way(lab, method):
    for host in (lab.client, *lab.servers):
        host.lose(per_cent=1)
    assert lab.downloads(VIPS[method])
    for host in (lab.client, *lab.servers):
        host.lose(per_cent=0)
