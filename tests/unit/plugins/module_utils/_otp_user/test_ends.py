# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access that ends in several places at once, and the reading that proves it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.tests.support.otp import World
from ansible_collections.applivery.distribution.tests.support.tasks import Ran

Start = Callable[..., World]


def end(world: World, *, check: bool = False, **options: Any) -> Ran:
    return world.run(check=check, **{"publication": None, "state": "absent", **options})


def told(ran: Ran, world: World) -> set[tuple[str, str, str]]:
    names = {world.beta: "beta", world.prod: "prod", None: "-"}
    return {(user["email"], names[user["publication_id"]], user["action"]) for user in ran.result["users"]}


def test_from_several_publications(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "ben@x.example")
    here.let_in("ana@x.example", publication="prod")
    options = {"publications": ["beta", here.prod], "emails": ["Ana@x.example"], "strict": True}
    foretold = end(here, check=True, **options)
    assert here.sim.writes == []
    ran = end(here, **options)
    assert ran.error is None
    assert told(ran, here) == told(foretold, here)
    assert told(ran, here) == {("Ana@x.example", "beta", "removed"), ("Ana@x.example", "prod", "removed")}
    assert ran.result["remaining"] == []
    assert "remaining" not in foretold.result
    assert "closing read" in ran.result["msg"]
    assert "scheduled run" in ran.result["msg"]
    assert here.everybody() == ["ben@x.example"]


def test_everywhere(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "ben@x.example")
    here.let_in("ana@x.example", publication="prod")
    here.let_in("ana@x.example", publication=None)
    ran = end(here, everywhere=True, emails=["ana@x.example"], strict=True, connection={"store": None})
    assert ran.error is None
    assert {place for _email, place, _action in told(ran, here)} == {"beta", "prod", "-"}
    assert here.everybody() == ["ben@x.example"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    "where", [{"publication": "betta"}, {"publications": ["beta", "betta"]}, {"publication": "9" * 24}]
)
def test_strictly_an_unknown_publication_is_refused(world: Start, where: dict[str, Any], check: bool) -> None:
    here = world()
    here.let_in("ana@x.example")
    ran = end(here, check=check, emails=["ana@x.example"], strict=True, **where)
    assert ran.error is not None
    assert "there is no publication" in ran.error.message
    assert here.sim.writes == []


def test_strictly_who_was_not_there_fails_and_the_others_leave(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    options = {"publication": "beta", "emails": ["ana@x.example", "anna@x.example"], "strict": True}
    assert end(here, check=True, **options).error is not None
    ran = end(here, **options)
    assert ran.error is not None
    assert "anna@x.example: was not there" in ran.error.message
    assert told(ran, here) == {("ana@x.example", "beta", "removed"), ("anna@x.example", "beta", "failed")}
    assert ran.changed
    assert here.everybody() == []
    again = end(here, **{**options, "strict": False, "publications": ["beta"], "publication": None})
    assert again.error is None
    assert [user["msg"] for user in again.result["users"]] == ["was not there", "was not there"]


def test_somebody_on_one_of_the_lists_was_there(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    ran = end(here, publications=["beta", "prod"], emails=["ana@x.example"], strict=True)
    assert ran.error is None
    assert told(ran, here) == {("ana@x.example", "beta", "removed"), ("ana@x.example", "prod", "unchanged")}


def test_a_removal_that_did_not_happen_is_seen(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.sim.fault("status", method="DELETE", status=200, body={"status": True, "data": {"deleted": True}})
    ran = end(here, publications=["beta"], emails=["ana@x.example"])
    assert ran.error is not None
    assert "on the list all the same" in ran.error.message
    assert [user["email"] for user in ran.result["remaining"]] == ["ana@x.example"]
    assert ran.changed


def test_without_the_closing_read_nothing_is_proven(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.sim.fault("status", method="GET", path="otp-users", skip=1, times=None, status=403, code=4001)
    ran = end(here, publications=["beta"], emails=["ana@x.example"])
    assert "nothing proves" in str(ran.error)
    assert ran.changed
    assert ran.result["counts"]["removed"] == 1


def test_the_list_of_the_store_counts_for_every_publication(world: Start) -> None:
    here = world(otp_items_publication="hidden")
    here.let_in("ana@x.example", publication="prod")
    ran = end(here, publications=["beta"], emails=["ana@x.example"], strict=True)
    assert ran.error is None
    assert here.everybody() == []
    assert "from the whole store" in ran.warnings[0]


def test_a_publication_that_does_not_exist_reaches_nobody(world: Start) -> None:
    here = world(otp_items_publication="hidden")
    here.let_in("ana@x.example")
    ran = end(here, publications=["betta"], emails=["ana@x.example"])
    assert ran.error is None
    assert not ran.changed
    assert "there is no publication betta" in ran.warnings[0]
    assert here.everybody() == ["ana@x.example"]


def test_only_those_leave_whose_time_has_passed(world: Start) -> None:
    here = world()
    for publication in ("beta", "prod"):
        here.let_in("ana@x.example", "ben@x.example", publication=publication)
    users = [{"email": "ana@x.example", "access_until": "2020-01-01"}, {"email": "ben@x.example"}]
    ran = here.run(publication=None, everywhere=True, users=users, admit="never")
    assert ran.error is None
    assert ran.result["counts"]["removed"] == 2
    assert here.everybody() == ["ben@x.example", "ben@x.example"]
    again = here.run(publication=None, everywhere=True, users=users, admit="never")
    assert not again.changed


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({}, "say where"),
        ({"publication": "beta", "everywhere": True}, "say where"),
        ({"publications": ["a/b"]}, "neither a slug nor an id"),
        ({"everywhere": True, "state": "present"}, "everywhere: it goes only with"),
        ({"publications": ["beta"], "state": "present", "admit": "never", "exclusive": True}, "it goes only with"),
        ({"publication": "beta", "state": "present", "strict": True}, "strict"),
    ],
)
def test_refused_before_the_first_request(world: Start, options: dict[str, Any], part: str) -> None:
    here = world()
    ran = end(here, emails=["ana@x.example"], **options)
    assert isinstance(ran.error, InvalidInput)
    assert part in ran.error.message
    assert here.sim.requests == []
