# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all info modules that list have in common, whatever the server makes of filters, pages and envelopes."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    InvalidInput,
    ListingChanged,
    RequestFailed,
)
from applivery_simulator import Simulator
from applivery_simulator.state import service_account_token

LISTS = ("builds", "publications", "otp_users", "applications")
ENVELOPES = ("docs", "items", "bare", "items_only", "data_list", "top_items")


def filled(info: Callable[..., Any], **options: Any) -> Any:
    """Seven of each kind, three of them made to be found."""
    runner = info(**options)
    sim = runner.sim
    for number in range(6):
        sim.add_application(name="Wanted" if number % 2 else "Other", slug=f"app-{number}", oss=["ios"])
    for number in range(7):
        sim.add_build(versionName="1.0" if number % 2 else "2.0", versionCode=str(number))
    wanted = sim.add_publication(slug="p-0", security="logged")
    for number in range(1, 7):
        sim.add_publication(slug=f"p-{number}", security="logged" if number in (2, 4) else "public")
    for number in range(7):
        owner = wanted["id"] if number % 2 else sim.publications[sorted(sim.publications)[0]]["id"]
        sim.add_otp_user(email=f"u{number}@example.com", publishedApplicationId=owner)
    return runner


def nothing_in(sim: Simulator) -> dict[str, Any]:
    """A connection to another organization, which has one store and nothing else."""
    other = sim.add_organization(slug="empty-org")
    sim.add_store(organization=other["id"])
    return {"organization": other["id"], "token": service_account_token(other["id"]), "application": "new-app"}


FILTERED: dict[str, dict[str, Any]] = {
    "builds": {"version_name": "1.0"},
    "publications": {"security": "logged"},
    "otp_users": {"emails": ["U1@example.com u3@EXAMPLE.com", "u5@example.com", "u@example.com"]},
    "applications": {"name": "Wanted"},
}


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
def test_reads_every_page_and_filters_exactly(info: Callable[..., Any], envelope: str, filters: str) -> None:
    run = filled(info, switches={"envelope": envelope, "list_filters": filters, "max_limit": 3, "default_limit": 3})
    for what in LISTS:
        assert len(run(what)[what]) == 7
        assert len(run(what, **FILTERED[what])[what]) == 3
        assert run.warnings == []


@pytest.mark.parametrize("what", LISTS)
def test_the_hostile_world_gives_the_same(info: Callable[..., Any], what: str) -> None:
    run = filled(info, profile="hostile")
    assert len(run(what)[what]) == 7
    assert len(run(what, **FILTERED[what])[what]) == 3


@pytest.mark.parametrize("what", LISTS)
def test_an_empty_workspace_is_an_empty_list(info: Callable[..., Any], what: str) -> None:
    run = info()
    connection = nothing_in(run.sim)
    if what == "builds":
        run.sim.add_application(slug="new-app", organization=connection["organization"])
    assert run(what, connection) == {what: []}
    assert run(what, connection, query="length(@)") == {what: [], "result": 0}


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("limit", [1, 3, 7, 8, 501])
def test_limit_returns_so_many(info: Callable[..., Any], what: str, limit: int) -> None:
    run = filled(info)
    assert len(run(what, limit=limit)[what]) == min(limit, 7)


@pytest.mark.parametrize("what", ["publications", "otp_users", "applications"])
def test_limit_asks_for_no_more_than_it_needs(info: Callable[..., Any], what: str) -> None:
    run = filled(info)
    run(what, {"store": run.sim.store["id"]}, limit=3)
    assert run.requests == 1
    assert run.sim.requests[0].query["limit"] == "3"


def test_limit_stops_after_the_page_that_is_enough(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"max_limit": 3})
    run("publications", {"store": run.sim.store["id"]}, limit=2, security="logged")
    whole = run.requests
    run("publications", {"store": run.sim.store["id"]}, limit=1, security="logged")
    assert run.requests < whole


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused_before_any_request(info: Callable[..., Any], what: str, limit: int) -> None:
    run = info()
    with pytest.raises(InvalidInput, match=f"limit: {limit} is not possible"):
        run(what, limit=limit)
    assert run.requests == 0


@pytest.mark.parametrize("what", LISTS)
def test_a_wrong_query_is_refused_before_any_request(info: Callable[..., Any], what: str) -> None:
    run = info()
    with pytest.raises(InvalidInput, match=r"query: .*<HERE>"):
        run(what, query="[?id == 'a'")
    assert run.requests == 0


@pytest.mark.parametrize("what", LISTS)
def test_query_sees_the_list_that_is_returned(info: Callable[..., Any], what: str) -> None:
    run = filled(info)
    answer = run(what, query="[].id", **FILTERED[what])
    assert answer["result"] == [item["id"] for item in answer[what]]
    assert len(answer["result"]) == 3


@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_breaks_off_fails(info: Callable[..., Any], what: str) -> None:
    run = filled(info, switches={"max_limit": 2})
    run.sim.fault("lying_total", times=None, path=r"page=", pages=1)
    with pytest.raises(ListingChanged):
        run(what, {"store": run.sim.store["id"]})


@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_changed_once_is_read_again(info: Callable[..., Any], what: str) -> None:
    run = filled(info, switches={"max_limit": 2})
    run.sim.fault("shrink", path=r"page=2")
    assert len(run(what, {"store": run.sim.store["id"]})[what]) == 6


PERMISSIONS = {
    "publications": "mad.store.publishedApplication.list",
    "otp_users": "mad.store.otpUsers.list",
    "applications": "mad.application.management.list",
    "builds": "mad.build.management.list",
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("what", LISTS)
def test_the_missing_permission_is_named(info: Callable[..., Any], what: str, status: int) -> None:
    run = filled(info, switches={"permissions": {what: status}})
    with pytest.raises(RequestFailed) as caught:
        run(what)
    assert PERMISSIONS[what] in caught.value.message
    assert caught.value.status == status
    assert run.sim.service_account_token not in caught.value.message
