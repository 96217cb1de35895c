# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds that are not processed yet, or never will be."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError

from ansible_collections.applivery.distribution.tests.support.builds import Clock, Module

Start = Callable[..., Module]


@pytest.mark.parametrize("word", ["processed", "success"])
def test_an_unprocessed_build_is_waited_for_before_it_is_updated(build: Start, clock: Clock, word: str) -> None:
    module = build(done_word=word)
    ident = module.sim.add_build(status="pending", processing=2)["id"]
    outcome = module(build_id=ident, tags=["x"], wait_interval=7)
    assert outcome.result["build"]["status"] == "processed"
    assert module.calls()[-1] == "PUT"
    assert set(clock.slept) == {7}
    assert module.calls().count("GET") == len(clock.slept) + 1


def test_waiting_ends(build: Start, clock: Clock) -> None:
    module = build()
    ident = module.sim.add_build(status="in_progress", processing=None)["id"]
    with pytest.raises(AppliveryError, match="is still 'in_progress' after 12 s") as caught:
        module(build_id=ident, tags=["x"], wait_timeout=12)
    assert clock.slept == [5, 5, 2]
    assert "changed" not in caught.value.result
    assert module.sim.writes == []


def test_a_word_nobody_knows_is_waited_for(build: Start) -> None:
    module = build()
    stored = module.sim.add_build(status="queued", processing=None)
    module.sim.fault("call", method="GET", path=stored["id"], skip=2, action=lambda: stored.update(status="processed"))
    assert module(build_id=stored["id"], tags=["x"]).changed
    assert module.calls() == ["GET", "GET", "GET", "PUT"]


def test_a_build_that_fails_while_it_is_waited_for(build: Start) -> None:
    module = build(processing={"reads": 1, "result": "error", "error": "No manifest", "code": 5006})
    ident = module.sim.add_build(status="pending", processing=1)["id"]
    with pytest.raises(AppliveryError, match=r"No manifest \(errorCode 5006\)") as caught:
        module(build_id=ident, tags=["x"])
    assert caught.value.result["build"]["status"] == "error"
    assert module.sim.writes == []


def test_a_build_that_is_deleted_while_it_is_waited_for(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(status="pending", processing=None)["id"]
    module.sim.fault("shrink", method="GET", path=ident, skip=1, id=ident)
    with pytest.raises(AppliveryError, match="was deleted while it was waited for"):
        module(build_id=ident, tags=["x"])


def test_without_waiting_it_is_updated_with_a_warning(build: Start, clock: Clock) -> None:
    module = build()
    ident = module.sim.add_build(status="pending", processing=None)["id"]
    assert module(build_id=ident, tags=["x"], wait=False).changed
    assert any("wait is false" in warning for warning in module.warnings)
    assert clock.slept == []


def test_check_mode_does_not_wait_but_says_so(build: Start, clock: Clock) -> None:
    module = build()
    ident = module.sim.add_build(status="pending", processing=None)["id"]
    outcome = module(check=True, build_id=ident, tags=["x"])
    assert outcome.changed
    assert outcome.result["build"]["status"] is None
    assert any("'pending'" in warning for warning in module.warnings)
    assert clock.slept == []


@pytest.mark.parametrize("options", [{"wait": True}, {"wait": False}])
def test_a_failed_build_by_id(build: Start, options: dict[str, Any]) -> None:
    module = build()
    ident = module.sim.add_build(status="error", error=None, errorCode=None)["id"]
    if options["wait"]:
        with pytest.raises(AppliveryError, match="without a reason"):
            module(build_id=ident, tags=["x"], **options)
        assert module.sim.writes == []
    else:
        assert module(build_id=ident, tags=["x"], **options).changed
        assert module.warnings


def test_a_failed_build_that_was_asked_for(build: Start) -> None:
    module = build()
    module.sim.add_build(status="error", error="bad", errorCode=1)
    assert module(match={"status": "error"}, tags=["broken"]).changed


def test_only_waiting_changes_nothing(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(status="pending", processing=1)["id"]
    outcome = module(build_id=ident)
    assert not outcome.changed
    assert outcome.result["build"]["status"] == "processed"
