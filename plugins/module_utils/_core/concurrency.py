# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The option ``concurrency``: how many requests of one task may be under way at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InvalidInput

CONCURRENCY_SPEC: dict[str, dict[str, Any]] = {"concurrency": {"type": "int", "default": 8}}
MOST_WORKERS = 32


def pool_of(params: Mapping[str, Any]) -> int:
    """How many connections to keep; made before anything is checked, so that any number gets a sensible one."""
    return min(max(params["concurrency"] or 0, 1), MOST_WORKERS)


def workers_of(params: Mapping[str, Any]) -> int:
    """The number given, 1 to MOST_WORKERS; InvalidInput names any other."""
    given = params["concurrency"]
    if not 1 <= (given or 0) <= MOST_WORKERS:
        raise InvalidInput(f"concurrency: {given} is not possible; it must be from 1 to {MOST_WORKERS}")
    return int(given)
