# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that every unit test may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Callable

import pytest

from applivery_simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Callable[..., Simulator]]:
    """Return a function that starts a simulator; all of them end with the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Simulator:
            return stack.enter_context(Simulator(**options))

        yield start


@pytest.fixture
def sim(simulator: Callable[..., Simulator]) -> Simulator:
    """Return a simulator with its default behaviour and an empty workspace."""
    return simulator()
