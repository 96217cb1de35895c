# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's fixtures, shared with the unit tests."""

from __future__ import annotations

from ansible_collections.applivery.distribution.tests.unit.conftest import sim, simulator

__all__ = ["sim", "simulator"]
