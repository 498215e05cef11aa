# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Directors for the golden tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "model"))  # what the rules say, written a second time

from director import Director, driver_path  # noqa: E402


@pytest.fixture
def bare_director():
    """Makes directors without services; what is handed in goes to the driver's "start"."""
    made = []

    def make(**start):
        made.append(Director(driver_path(), **start))
        return made[-1]

    yield make
    for director in made:
        director.close()


@pytest.fixture
def director(bare_director):
    """One director with a service of each method."""
    made = bare_director()
    made.add_services()
    return made
