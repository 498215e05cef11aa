# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""2,000 short connections by each method, up to 50 at a time: none fails, and the servers share them evenly."""

from collections import Counter

import pytest
from harness import VIPS, three_methods


@pytest.fixture(scope="module")
def lab():
    with three_methods(servers=2) as lab:
        yield lab.start()


@pytest.mark.parametrize("method", VIPS)
def test_none_fails(lab, method):
    answers = lab.client.fetch(f"http://{VIPS[method]}/", times=2000, parallel=50)
    assert Counter(answers) == {"s1": 1000, "s2": 1000}
