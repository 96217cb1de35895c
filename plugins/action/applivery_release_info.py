# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module of the same name, inside the controller's process where that is possible."""

from __future__ import annotations

from ..module_utils._build.release import DEFINITION
from ..plugin_utils._action import InProcess


class ActionModule(InProcess):
    definition = DEFINITION
