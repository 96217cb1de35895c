# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the service: none ends the source, none loses a build, none costs more requests, none shows a secret."""

from __future__ import annotations

import logging
import types
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.events import (
    Watcher,
    builds,
    told,
    with_account,
    with_app_token,
)
from applivery_simulator import Simulator

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("too_many", {"retry_after": None}),
    ("server_error", {}),
    ("server_error", {"status": 503}),
    ("html", {}),
    ("html", {"status": 403}),
    ("not_json", {}),
    ("empty", {}),
    ("truncated", {"variant": "cut"}),
    ("truncated", {"variant": "invalid"}),
    ("cut_before", {}),
    ("cut_after", {}),
    ("status_false", {"code": 5003}),
    ("redirect", {}),
    ("wrong_type", {}),
    ("wrong_type", {"value": None}),
    ("wrong_type", {"value": {"items": [1]}}),
    ("wrong_type", {"value": {"items": {"a": 1}}}),
    ("status", {"status": 401, "code": 3002}),
    ("status", {"status": 418, "body": "[" * 100000}),
    ("status", {"status": 200, "body": {"status": False, "error": "no"}}),
    ("status", {"status": 200, "body": {"status": False, "data": {"items": []}}}),
    ("status", {"status": 200, "body": {"status": True, "error": {"code": 5003}, "data": {"items": []}}}),
    ("status", {"status": 200, "body": {"status": True, "error": {"code": "x"}}}),
]


@pytest.mark.parametrize(("kind", "details"), FAULTS, ids=str)
def test_a_look_that_fails_is_logged_and_the_next_one_finds_all(
    sim: Simulator, caplog: pytest.LogCaptureFixture, kind: str, details: dict[str, Any]
) -> None:
    with Watcher(with_account(sim)) as watcher:
        watcher.look()
        fresh = sim.add_build()
        # A connection that was kept may be closed by the server at any time; the client then asks once more.
        sim.fault(kind, path="/builds", times=2, **details)
        assert watcher.look() == []
        sim.clear_faults()
        assert told(watcher.look()) == [("build_processed", fresh["id"])]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "example-app" in caplog.text
    assert sim.service_account_token not in caplog.text


def test_a_slow_answer_is_given_up(sim: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    with Watcher(with_app_token(sim, api_timeout=1)) as watcher:
        watcher.look()
        fresh = sim.add_build()
        sim.fault("slow", seconds=30)
        assert watcher.look() == []
        assert told(watcher.look()) == [("build_processed", fresh["id"])]
    assert "api_timeout" in caplog.text


def test_a_redirect_is_never_followed(simulator: Callable[..., Simulator]) -> None:
    sim, thief = simulator(), simulator()
    sim.fault("redirect", location=f"{thief.url}/v1/integrations/builds", times=None)
    with Watcher(with_app_token(sim)) as watcher:
        assert watcher.look() == []
    assert thief.requests == []


def test_what_the_server_says_is_not_logged(sim: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        sim.fault("status", status=401, code=4004, message=f"no token {sim.app_token} of ana@north.example")
        sim.fault("server_error", message=f"{sim.app_token}")
        watcher.look()
        watcher.look()
    assert "HTTP 401, code 4004" in caplog.text
    assert "HTTP 500" in caplog.text
    assert sim.app_token not in caplog.text
    assert "north" not in caplog.text


def test_an_error_on_a_later_page_tells_nothing_out_of_order(sim: Simulator) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        fresh = [sim.add_build()["id"] for _number in range(2 * builds.PAGE_SIZE + 10)]
        sim.fault("server_error", path="page=3")
        assert watcher.look() == []
        assert [event["build"]["id"] for event in watcher.look()] == fresh


def test_a_page_that_comes_twice_is_no_end(simulator: Callable[..., Simulator]) -> None:
    sim = simulator()
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        fresh = [sim.add_build()["id"] for _number in range(2 * builds.PAGE_SIZE + 10)]
        sim.fault("repeat_page", path="page=2")
        assert watcher.look() == []
        assert [event["build"]["id"] for event in watcher.look()] == fresh


@pytest.mark.parametrize("old", [0, 3 * builds.PAGE_SIZE])
def test_a_build_that_another_ones_deletion_pulled_past_the_reader_is_found_later(sim: Simulator, old: int) -> None:
    for _number in range(old):
        sim.add_build()
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        fresh = [sim.add_build()["id"] for _number in range(2 * builds.PAGE_SIZE + 10)]
        gone = fresh.pop()
        # What was the first build of page 3 is the last one of page 2 now, which was read already.
        sim.fault("call", path="page=3", action=lambda: sim.builds.pop(gone))
        seen = {event["build"]["id"] for event in [*watcher.look(), *watcher.look()]}
        assert seen == {*fresh, gone}
        sim.forget_requests()
        assert watcher.look() == []
        watcher.look()
        assert [request.query["page"] for request in sim.requests][-1:] == ["1"]


@pytest.mark.parametrize(("pages", "whole"), [(1, 3), (-1, 1)])
def test_a_list_that_miscounts_is_survived(sim: Simulator, pages: int, whole: int) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        fresh = sim.add_build()
        sim.fault("lying_total", times=None, pages=pages)
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


def test_a_list_without_an_end_is_given_up(sim: Simulator, caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr(builds, "_MOST_PAGES", 5)
    sim.set(max_limit=1, default_limit=1)
    for _number in range(20):
        sim.add_build()
    with Watcher(with_account(sim, since="2020-01-01")) as watcher:
        assert watcher.look() == []
    assert "did not end after 5 pages" in caplog.text


def test_an_answer_that_is_too_long_is_given_up(
    sim: Simulator, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        monkeypatch.setattr(builds, "_MOST_BYTES", 100)
        assert watcher.look() == []
    assert "longer than 100 bytes" in caplog.text


# --- what ends the source -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        lambda sim: with_app_token(sim, app_token="wrong-canary"),
        lambda sim: with_account(sim, service_account_token="wrong-canary"),
        lambda sim: with_account(sim, service_account_token="wrong-canary", applications=["example-app"]),
        lambda sim: with_account(sim, applications=["example-app", "no-such-app"]),
        lambda sim: with_account(sim, organization="no-such-organization"),
        lambda sim: with_app_token(sim, app_token=sim.expired_token),
    ],
)
def test_a_first_look_that_is_refused_ends_it(sim: Simulator, args: Callable[[Simulator], dict[str, Any]]) -> None:
    with Watcher(args(sim)) as watcher, pytest.raises(builds.Stop, match="Check the") as refusal:
        watcher.look()
    assert "canary" not in str(refusal.value)


def test_one_application_of_all_that_is_refused_does_not_end_it(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    second = sim.add_application(slug="second")
    sim.fault("status", status=403, code=4003, path=f"{second['id']}/builds", times=None)
    with Watcher(with_account(sim)) as watcher:
        assert watcher.look() == []
        fresh = sim.add_build()
        assert told(watcher.look()) == [("build_processed", fresh["id"])]
    assert "second" in caplog.text


def test_no_server_at_all_is_waited_for(simulator: Callable[..., Simulator], caplog: pytest.LogCaptureFixture) -> None:
    sim = simulator()
    args = with_account(sim, applications=["example-app", "b", "c", "d", "e"])
    sim.stop()
    with Watcher(args) as watcher:
        assert watcher.look() == []
    assert "ClientConnectorError" in caplog.text
    # Not one line for each application of a large organization.
    assert len(caplog.records) == 4


# --- how much is asked ----------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A clock that only the test moves."""
    now = types.SimpleNamespace(seconds=1000.0)
    fake = types.SimpleNamespace(monotonic=lambda: now.seconds, time=lambda: now.seconds)
    monkeypatch.setattr(builds, "time", fake)
    return now


def test_fifty_applications_are_one_request_each_and_stay_within_the_limit(
    sim: Simulator, clock: types.SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(49):
        application = sim.add_application(slug=f"app-{number}")
        for _build in range(3):
            sim.add_build(application=application["id"])
    with Watcher(with_account(sim, interval=10)) as watcher:
        for _look in range(3):
            sim.forget_requests()
            watcher.look()
            assert len(sim.requests) == 51
            pause = watcher.source.pause(clock.seconds)
            assert 36 < pause < 37
            assert 51 * 3600 / pause <= builds.REQUESTS_PER_HOUR == 5000
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "51 requests" in caplog.text


def test_the_interval_is_counted_from_the_begin_of_a_look(sim: Simulator, clock: types.SimpleNamespace) -> None:
    with Watcher(with_app_token(sim, interval=60)) as watcher:
        watcher.look()
        assert watcher.source.pause(clock.seconds) == 60
        watcher.look()
        assert watcher.source.pause(clock.seconds - 50) == 10


@pytest.mark.parametrize(
    ("world", "requests"),
    [
        ({"envelope": "bare"}, 1),
        ({"envelope": "items_only"}, 1),
        # What is not sorted is read to its end, and the next look waits for it.
        ({"list_filters": "ignored", "list_order": "oldest_first", "max_limit": 2, "default_limit": 2}, 10),
    ],
)
def test_a_quiet_application_is_one_page(
    simulator: Callable[..., Simulator], clock: types.SimpleNamespace, world: dict[str, Any], requests: int
) -> None:
    sim = simulator(switches=world)
    for _number in range(20):
        sim.add_build()
    with Watcher(with_app_token(sim, interval=1)) as watcher:
        watcher.look()
        watcher.source.pause(clock.seconds)
        sim.forget_requests()
        watcher.look()
        assert len(sim.requests) == requests
        assert watcher.source.pause(clock.seconds) == pytest.approx(max(1, requests * 0.72))


def test_errors_cost_no_more_requests(sim: Simulator) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        sim.forget_requests()
        sim.fault("server_error", times=None)
        for _look in range(5):
            watcher.look()
        assert len(sim.requests) == 5


def test_a_server_that_wants_a_pause_gets_it(
    sim: Simulator, clock: types.SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        sim.add_application(slug=f"app-{number}")
    with Watcher(with_account(sim, interval=60)) as watcher:
        watcher.look()
        watcher.source.pause(clock.seconds)
        sim.fault("too_many", path="/apps", retry_after=300, times=1)
        sim.forget_requests()
        watcher.look()
        assert watcher.source.pause(clock.seconds) == 300
        # Whoever was known before is not asked either.
        clock.seconds += 299
        watcher.look()
        assert len(sim.requests) == 1
        clock.seconds += 2
        fresh = sim.add_build()
        assert told(watcher.look()) == [("build_processed", fresh["id"])]
    assert "HTTP 429" in caplog.text


@pytest.mark.parametrize(("wish", "seconds"), [("999999", 3600), ("-5", 60), ("soon", 60), ("nan", 60), ("inf", 3600)])
def test_a_strange_wish_for_a_pause_is_bounded(
    sim: Simulator, clock: types.SimpleNamespace, wish: str, seconds: float
) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        watcher.source.pause(clock.seconds)
        sim.fault("status", status=503, headers={"Retry-After": wish})
        watcher.look()
        assert watcher.source.pause(clock.seconds) == seconds
