# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds become events, in which order, and what an event holds; against the simulator over HTTP."""

from __future__ import annotations

import json
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

ENVELOPES = ["docs", "items", "bare", "items_only", "data_list", "top_items"]
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    *({"switches": {"envelope": envelope}} for envelope in ENVELOPES),
    *(
        {
            "switches": {
                "envelope": envelope,
                "max_limit": 2,
                "default_limit": 2,
                "list_filters": "ignored",
                "list_order": order,
            }
        }
        for envelope in ENVELOPES
        for order in ("newest_first", "oldest_first")
    ),
    {"switches": {"list_filters": "refused", "over_limit": "refuse", "max_limit": 3, "default_limit": 3}},
    {"switches": {"dates": "offset", "nested": "expanded", "build_figures": "strings", "error_status": 409}},
]


@pytest.fixture(params=[with_app_token, with_account], ids=["integrations", "workspace"])
def way(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    return request.param


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_each_build_that_is_ready_or_failed_is_told_once_in_order(
    simulator: Callable[..., Simulator], way: Callable[..., dict[str, Any]], world: dict[str, Any]
) -> None:
    sim = simulator(**world)
    for number in range(5):
        sim.add_build(versionName=f"old {number}")
    waiting = sim.add_build(status="pending", processing=None)
    with Watcher(way(sim)) as watcher:
        assert watcher.look() == []
        assert watcher.look() == []
        # Some services tell whole seconds alone.
        fresh = [sim.add_build(createdAt=f"2040-01-01T00:00:0{number}.000Z") for number in range(7)]
        failed = sim.add_build(status="error", createdAt="2040-01-01T00:00:08.000Z")
        running = sim.add_build(status="in_progress", processing=None)
        ready = [("build_processed", build["id"]) for build in fresh]
        assert told(watcher.look()) == [*ready, ("build_failed", failed["id"])]
        assert watcher.look() == []
        sim.change(waiting["id"], status="processed")
        sim.change(running["id"], status="error")
        assert told(watcher.look()) == [("build_processed", waiting["id"]), ("build_failed", running["id"])]
        assert watcher.look() == []
    assert not sim.contract_violations
    assert not sim.writes


def test_a_build_in_process_is_told_however_many_came_after_it(sim: Simulator) -> None:
    waiting = sim.add_build(status="pending", processing=None)
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        for _number in range(builds.PAGE_SIZE + 20):
            sim.add_build()
        assert len(watcher.look()) == builds.PAGE_SIZE + 20
        sim.change(waiting["id"], status="processed")
        assert told(watcher.look()) == [("build_processed", waiting["id"])]
        sim.forget_requests()
        assert watcher.look() == []
        assert len(sim.requests) == 1


def test_a_build_deleted_while_it_was_awaited_is_waited_for_no_longer(sim: Simulator) -> None:
    waiting = sim.add_build(status="pending", processing=None)
    for _number in range(builds.PAGE_SIZE):
        sim.add_build()
    with Watcher(with_app_token(sim, since="2020-01-01")) as watcher:
        watcher.look()
        del sim.builds[waiting["id"]]
        watcher.look()
        for _number in range(3):
            sim.add_build()
        sim.forget_requests()
        assert len(watcher.look()) == 3
        assert len(sim.requests) == 1


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
def test_builds_of_the_same_moment_come_in_the_order_of_the_uploads(
    simulator: Callable[..., Simulator], order: str
) -> None:
    sim = simulator(switches={"list_order": order})
    sim.add_build(createdAt="2025-01-01T00:00:00Z")
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        same = [sim.add_build(createdAt="2026-01-01T00:00:00Z")["id"] for _number in range(4)]
        assert [event["build"]["id"] for event in watcher.look()] == same


def test_builds_without_a_date_are_told_as_well(simulator: Callable[..., Simulator]) -> None:
    sim = simulator(switches={"hidden_fields": ["createdAt"], "max_limit": 2, "default_limit": 2})
    sim.add_build()
    with Watcher(with_app_token(sim)) as watcher:
        assert watcher.look() == []
        fresh = [sim.add_build()["id"] for _number in range(5)]
        assert [event["build"]["id"] for event in watcher.look()] == fresh
        assert watcher.look() == []


def test_nothing_old_is_told_when_builds_are_deleted(sim: Simulator) -> None:
    old = [sim.add_build()["id"] for _number in range(builds.PAGE_SIZE + 50)]
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        # Everything that stood on the first page goes; older ones move up.
        for key in old[-builds.PAGE_SIZE :]:
            del sim.builds[key]
        assert watcher.look() == []
        fresh = sim.add_build()
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


def test_a_long_life_keeps_the_memory_short_and_tells_nothing_twice(sim: Simulator) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        seen: list[str] = []
        watcher.look()
        for _round in range(15):
            for _number in range(90):
                sim.add_build()
            seen += [event["build"]["id"] for event in watcher.look()]
        assert seen == list(sim.builds)
        memory = watcher.source._notebook.memories[""]
        assert len(memory.known) < 1100
        sim.forget_requests()
        assert watcher.look() == []
        assert len(sim.requests) == 1


def test_since_tells_what_was_there_already(sim: Simulator) -> None:
    sim.add_build(createdAt="2029-12-31T23:00:00Z")
    fresh = [sim.add_build(createdAt=f"2030-01-01T0{hour}:00:00Z")["id"] for hour in range(3)]
    late = sim.add_build(createdAt="2029-12-01T00:00:00Z", status="pending", processing=None)
    with Watcher(with_app_token(sim, since="2030-01-01T01:00:00+01:00")) as watcher:
        # What was uploaded at that very moment is not after it.
        assert [event["build"]["id"] for event in watcher.look()] == fresh[1:]
        sim.change(late["id"], status="processed")
        assert told(watcher.look()) == [("build_processed", late["id"])]


def test_all_applications_or_the_listed_ones(sim: Simulator) -> None:
    second = sim.add_application(slug="second")
    third = sim.add_application(slug="third")
    with Watcher(with_account(sim)) as everything, Watcher(with_account(sim, applications=["second"])) as one:
        assert everything.look() == one.look() == []
        of_second, of_third = sim.add_build(application=second["id"]), sim.add_build(application=third["id"])
        assert {build for _event, build in told(everything.look())} == {of_second["id"], of_third["id"]}
        assert told(one.look()) == [("build_processed", of_second["id"])]


def test_an_application_that_appears_is_new_with_all_its_builds(sim: Simulator) -> None:
    with Watcher(with_account(sim)) as watcher:
        assert watcher.look() == []
        later = sim.add_application(slug="later")
        # Whatever its clock says.
        fresh = sim.add_build(application=later["id"], createdAt="2001-01-01T00:00:00Z")
        assert told(watcher.look()) == [("build_processed", fresh["id"])]
        assert watcher.look() == []


def test_the_first_application_of_an_organization_is_new_as_well(sim: Simulator) -> None:
    args = with_account(sim)
    sim.applications.clear()
    with Watcher(args) as watcher:
        assert watcher.look() == []
        fresh = sim.add_build(application=sim.add_application(slug="first")["id"])
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


def test_applications_that_could_not_be_listed_at_first_are_not_new(sim: Simulator) -> None:
    sim.add_build()
    sim.fault("server_error", path="/apps")
    with Watcher(with_account(sim)) as watcher:
        assert watcher.look() == []
        assert watcher.look() == []
        fresh = sim.add_build()
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


def test_what_an_event_holds(sim: Simulator) -> None:
    with Watcher(with_account(sim)) as watcher:
        watcher.look()
        build = sim.add_build(
            os="android",
            versionName="4.2.0",
            versionCode="42",
            tags=["beta", "rc"],
            deployer={"name": "ci", "info": {"branch": "main", "tag": "v4.2.0\n", "commit": "3f2a9c1"}},
        )
        [event] = watcher.look()
    assert event == {
        "event": "build_processed",
        "application": {"id": sim.application["id"], "slug": sim.application["slug"]},
        "build": {
            "id": build["id"],
            "status": "processed",
            "os": "android",
            "version_name": "4.2.0",
            "version_code": "42",
            "tags": ["beta", "rc"],
            "git_branch": "main",
            "git_tag": "v4.2.0",
            "git_commit": "3f2a9c1",
            "created_at": build["createdAt"],
        },
    }


@pytest.mark.parametrize(
    ("given", "slug"),
    [({}, "example-app"), ({"application": "my-name"}, "my-name"), ({"application": "5f5e1000000000000000000f"}, None)],
)
def test_the_application_of_an_app_token_is_named_by_the_option_or_by_the_service(
    simulator: Callable[..., Simulator], given: dict[str, str], slug: str | None
) -> None:
    hidden = ["applicationInfo"] if given else []
    sim = simulator(switches={"hidden_fields": hidden})
    with Watcher(with_app_token(sim, **given)) as watcher:
        watcher.look()
        sim.add_build()
        [event] = watcher.look()
    assert event["application"]["slug"] == slug
    assert event["application"]["id"] in (sim.application["id"], given.get("application"))


def test_neither_people_nor_keys_of_certificates_get_into_an_event(sim: Simulator) -> None:
    with Watcher(with_account(sim)) as watcher:
        watcher.look()
        sim.add_build(
            status="error",
            error="ana@north.example could not sign it",
            changelog="Thanks to ana@north.example",
            deployer={
                "name": "ana@north.example",
                "info": {
                    "certificateUrl": "https://store.example/canary",
                    "certificatePassphrase": "canary",
                    "provisionUrl": "https://store.example/canary",
                    "commitMessage": "by ana@north.example",
                },
            },
        )
        text = json.dumps(watcher.look())
    for word in ("north.example", "simulator.example", "canary", "uploadedBy", sim.service_account_token):
        assert word not in text


@pytest.mark.parametrize(
    "text", ["{{ lookup('pipe', 'id') }}", "{% set x = 1 %}", "{# x #}", "a\x1b[2Jb", "x" * 501, ""]
)
def test_a_text_that_would_be_run_is_left_out(sim: Simulator, text: str) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
        sim.add_build(versionName=text, tags=[text, "beta"], deployer={"info": {"branch": text, "commit": "3f2a9c1"}})
        [event] = watcher.look()
    assert (event["build"]["version_name"], event["build"]["git_branch"]) == (None, None)
    assert (event["build"]["tags"], event["build"]["git_commit"]) == (["beta"], "3f2a9c1")


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"status": "processed"},
        {"id": 5, "status": []},
        {"id": "../../x", "status": "processed"},
        {"_id": "a" * 24, "status": {"x": 1}, "createdAt": 7, "deployer": [], "tags": "x", "application": []},
        {
            "id": "b" * 24,
            "status": "processed",
            "deployer": {"info": "x"},
            "tags": [None, {}],
            "os": {},
            "createdAt": "x",
        },
    ],
)
def test_whatever_an_object_holds_it_can_be_read(item: dict[str, Any]) -> None:
    build = builds.build_of(item)
    assert build.state in ("", "processed")
    event = builds.event_of(build, "")
    assert event["build"]["version_name"] is None
    assert event["application"] == {"id": None, "slug": None}
