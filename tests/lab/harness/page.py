# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""Commands as they stand in docs/from-lvs.md, so that what is tried is what people copy."""

import re
import textwrap

from .director import ROOT

VIP = "192.168.4.15"


def commands_for(method, vip=VIP):
    """What a real server is told to do for "NAT", "DR" or "TUN", as a shell script. `vip`: if it is not the page's."""
    _, section = _text().split(f"**{method}**")
    block = re.search(r"(?m)(?:^    .+\n)+", section)[0]
    return textwrap.dedent(block).replace(VIP, vip)


def command(words):
    """The one command in a sentence that begins with these words."""
    found, = re.findall(rf"`({re.escape(words)} [^`]+)`", _text())
    return found


def _text():
    return (ROOT / "docs" / "from-lvs.md").read_text()
