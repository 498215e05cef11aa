# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The oracle: the same scenario through real Linux IPVS and through Fairway, compared."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCENARIOS = ROOT / "tests" / "oracle" / "scenarios"
sys.path.insert(0, str(ROOT / "tests" / "lab"))
