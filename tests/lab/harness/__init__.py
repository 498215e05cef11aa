# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""A lab: clients, a director and real servers as network namespaces of one machine."""

from .client import Regulars, Visitors
from .lab import VIPS, Lab, one_arm, three_methods, two_arm
from .namespace import LabError, wait_for

__all__ = ["VIPS", "Lab", "LabError", "Regulars", "Visitors", "one_arm", "three_methods", "two_arm", "wait_for"]
