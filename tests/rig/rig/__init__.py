# SPDX-License-Identifier: BSD-3-Clause
# SPDX-FileCopyrightText: Fairway contributors
"""The rig: fairwayd and testpmd on the same packets or the same link, one after the other, and what each costs."""
