# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A publication with testers, and a way to run the task against it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.otp import World
from applivery_simulator import Simulator


@pytest.fixture
def world(simulator: Callable[..., Simulator]) -> Callable[..., World]:
    """Return a function that starts a world; switches are keyword arguments, and so is ``profile``."""

    def start(profile: str = "default", **switches: Any) -> World:
        return World(simulator(profile=profile, switches=switches))

    return start
