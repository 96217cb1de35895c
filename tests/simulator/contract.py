# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares every exchange with ``openapi.yaml``."""

from __future__ import annotations

from typing import Any


class Contract:
    """The differences found so far."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self.violations: list[dict[str, Any]] = []

    def forget(self) -> None:
        """Begin anew."""
        self.violations.clear()

    def check(self, route: Any, record: Any, answer: Any, status: int) -> None:
        """Compare one exchange with the document."""
