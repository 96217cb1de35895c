# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that names nobody in what everybody sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.applivery.distribution.tests.support.otp import World
from applivery_simulator import Simulator

ANA = "ana@north.example"


@pytest.fixture
def world() -> Iterator[World]:
    with Simulator(switches={"otp_body": "reference", "otp_items": "both"}) as sim:
        yield World(sim)


@pytest.mark.parametrize("quiet", [True, False])
def test_warnings_and_diffs_name_nobody(world: World, quiet: bool) -> None:
    ran = world.run(emails=[ANA], single_use=True, quiet=quiet)
    assert ran.error is None
    assert any("access that ends by itself" in text for text in ran.warnings)
    shown = str([ran.warnings, ran.outcome.before, ran.outcome.after, ran.result["msg"]])
    assert (ANA in shown) is not quiet
    assert [user["email"] for user in ran.result["users"]] == [ANA]
    assert ran.result["counts"]["created"] == 1


def test_messages_and_failures_name_nobody(world: World) -> None:
    world.sim.fault("status", method="POST", path="otp-users", times=9, status=400, message=f"{ANA} is on a list")
    ran = world.run(emails=[ANA], quiet=True)
    assert ran.error is not None
    assert "1 of 1 people failed" in ran.error.message
    assert ANA not in str([ran.error.message, ran.error.failure, ran.warnings])
    refused = world.run(emails=["Lee Ana"], quiet=True)
    assert refused.error is not None
    assert "Lee" not in refused.error.message
