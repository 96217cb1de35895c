# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test, in whatever folder."""

from __future__ import annotations

from ansible_collections.applivery.distribution.tests.support import properties

properties.load()
