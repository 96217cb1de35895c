# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

import pytest

from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk
from applivery_simulator import Simulator


@pytest.fixture
def talk() -> Iterator[Callable[[Simulator], Talk]]:
    """Return a function that makes a client; their connections are closed with the test."""
    made: list[Talk] = []

    def make(sim: Simulator) -> Talk:
        made.append(Talk(sim))
        return made[-1]

    yield make
    for client in made:
        client.session.close()


@pytest.fixture
def client(sim: Simulator, talk: Callable[[Simulator], Talk]) -> Talk:
    """Return a client of a default simulator."""
    return talk(sim)
