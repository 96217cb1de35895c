# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stateful, strict Applivery on loopback, to develop against and to rehearse playbooks on."""

from __future__ import annotations

from .simulator import Simulator, SimulatorError

__all__ = ["Simulator", "SimulatorError"]
