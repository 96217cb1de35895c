# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The version of this collection. What else must name it is tested against this line."""

from __future__ import annotations

VERSION = "1.1.0"
USER_AGENT = f"applivery.distribution/{VERSION}"
