# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what Applivery holds as files."""

from __future__ import annotations

from ..plugin_utils._action import OnController
from ..plugin_utils._export import DEFINITION


class ActionModule(OnController):
    definition = DEFINITION
