# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""What pytest adds to the lab: an end that cleans up, and the programs' words when a scenario fails."""

import os
import signal

import pytest

from harness import Lab
from harness.lab import notes


def pytest_configure():
    if os.geteuid():
        pytest.exit("the lab makes network namespaces: run it as root", 2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an ended run cleans up as one stopped by Ctrl-C


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Lab):
                report.sections.append(("what the lab's programs said", value.words()))


def pytest_terminal_summary(terminalreporter):
    for note in notes:
        terminalreporter.write_line(f"lab: {note}")
