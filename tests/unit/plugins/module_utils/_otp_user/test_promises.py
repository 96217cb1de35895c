# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody may lose by: refused on the first run rather than on a later one, brakes, and what can be given back."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Task
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.check import most_removals
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import shown_otp_user
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.otp import World, actions
from ansible_collections.applivery.distribution.tests.support.otp_service import BETA, Service, Ways
from ansible_collections.applivery.distribution.tests.support.tasks import filled

Start = Callable[..., World]
FIVE = [f"new{number}@x.example" for number in range(5)]
CROWD = [f"old{number}@x.example" for number in range(12)]


def played(service: Service, **options: Any) -> Any:
    task = Task(filled(SPEC, {"publication": BETA, **options}), service.api(), False, lambda _text: None)
    return run(task)


# Refused on the first run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("items", ["seed", "both"])
def test_exclusive_on_an_empty_list_of_a_server_that_can_name_no_publication(world: Start, items: str) -> None:
    here = world(otp_body="seed", otp_items=items)
    for _time in range(2):
        ran = here.run(emails=FIVE, exclusive=True, access_until="2099-01-01")
        assert ran.error is not None
        assert "exclusive can't be kept" in ran.error.message
        assert not ran.changed
        assert here.everybody() == []
    assert "exclusive: whether this server shows" in here.run(check=True, emails=FIVE, exclusive=True).warnings[0]


def test_exclusive_on_an_empty_list_of_a_server_that_hides_publications(world: Start) -> None:
    here = world(otp_items_publication="hidden")
    ran = here.run(emails=FIVE, exclusive=True)
    assert ran.error is not None
    assert "taken off the list again" in ran.error.message
    assert here.everybody() == []
    assert ran.changed


def test_an_allowance_that_could_not_be_kept_is_refused_on_the_first_run(world: Start) -> None:
    here = world(hidden_fields=["otp_user:allowedDownloadsNum"])
    ran = here.run(emails=FIVE, allowed_downloads=3, update_allowance="always")
    assert ran.error is not None
    assert "does not show the number of downloads" in ran.error.message
    assert here.everybody() == []


def test_the_form_is_learnt_before_anybody_leaves(world: Start) -> None:
    here = world(otp_body="seed", otp_items="both")
    here.let_in("old@x.example")
    ran = here.run(emails=FIVE, exclusive=True)
    assert "exclusive can't be kept" in str(ran.error)
    assert here.everybody() == ["old@x.example"]


# The form of each person --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False])
def test_each_person_is_named_to_the_publication_unless_the_wish_needs_the_other_form(
    world: Start, listed: bool
) -> None:
    here = world(otp_body="either", otp_items="both")
    if listed:
        here.let_in("old@x.example", publication="prod")
    users = [{"email": "ana@x.example"}, {"email": "ben@x.example", "temporal": True}, {"email": "carl@x.example"}]
    here.twice(users=users)
    assert here.on() == ["ana@x.example", "carl@x.example"]
    assert here.on(None) == ["ben@x.example"]


# Removals first, and nobody slips through -----------------------------------------------------------------------------


@pytest.mark.parametrize("items", ["reference", "both"])
def test_a_full_plan_allows_a_swap(items: str) -> None:
    service = Service(Ways(items=items, seats=5))
    for email in CROWD[:5]:
        service.add(email, BETA)
    outcome = played(service, emails=FIVE, exclusive=True)
    assert outcome.error is None
    assert service.on(BETA) == FIVE


@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_somebody_who_slips_past_the_reader_is_found(filters: str, state: str) -> None:
    service = Service(Ways(page=3, sort="ignored", filters=filters, unique="nowhere"))
    for email in [*CROWD[:3], "ana@x.example", *CROWD[3:]]:
        service.add(email, BETA)
    left = [CROWD[0]]

    def change() -> None:
        # One leaves a page already read and one comes: the first of the next page moves to the one before it.
        for ident, user in list(service.users.items()):
            if left and user["email"] == left[0]:
                del service.users[ident]
                left.clear()
                service.add("late@x.example", BETA)

    service.between = change
    outcome = played(service, emails=["ana@x.example"], state=state)
    assert outcome.result["users"][0]["action"] == ("unchanged" if state == "present" else "removed")
    assert service.on(BETA).count("ana@x.example") == (1 if state == "present" else 0)


def test_the_newest_are_asked_for_first(world: Start) -> None:
    here = world()
    here.run(emails=["ana@x.example"], state="absent")
    assert any("createdAt" in str(request.query) for request in here.sim.requests)


# Brakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "people", "most"),
    [
        (None, 0, 5),
        (None, 10, 5),
        (None, 13, 6),
        ("", 100, 50),
        ("3", 100, 3),
        ("0", 100, 0),
        ("20%", 14, 2),
        (" 100 % ", 7, 7),
    ],
)
def test_how_many_may_be_removed(given: str | None, people: int, most: int) -> None:
    assert most_removals(given, people) == most


@pytest.mark.parametrize("given", ["-1", "101%", "half", "1.5", "10 people", "٣"])
def test_what_is_no_number_of_people(world: Start, given: str) -> None:
    here = world()
    ran = here.run(emails=["a@x.example"], exclusive=True, max_removals=given)
    assert isinstance(ran.error, InvalidInput)
    assert "max_removals" in ran.error.message
    assert here.sim.requests == []


@pytest.mark.parametrize("options", [{"emails": ["new@x.example"]}, {"emails": [], "allow_empty": True}])
def test_a_list_that_is_nearly_empty_by_mistake_removes_nobody(world: Start, options: dict[str, Any]) -> None:
    here = world()
    here.let_in(*CROWD)
    for check in (True, False):
        ran = here.run(check=check, exclusive=True, **options)
        assert ran.error is not None
        assert "12 of 12 people" in ran.error.message
        assert "allows to remove 6" in ran.error.message
        assert sum(email in ran.error.message for email in CROWD) == 10
        assert "and 2 more" in ran.error.message
        assert here.sim.writes == []
    here.twice(exclusive=True, max_removals="100%", **options)
    assert here.on() == options["emails"]


def test_whose_time_has_passed_is_not_braked(world: Start) -> None:
    here = world()
    here.let_in(*CROWD)
    ran = here.twice(emails=CROWD, access_until="2020-01-01", exclusive=True)
    assert ran.result["counts"]["removed"] == 12


# Allowances ---------------------------------------------------------------------------------------------------------


def test_whoever_states_nothing_is_left_as_they_are(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "ben@x.example", allowedDownloadsNum=2)
    users = [{"email": "ana@x.example"}, {"email": "ben@x.example", "allowed_downloads": 5}]
    ran = here.twice(users=users, update_allowance="always")
    assert actions(ran) == {"ana@x.example": "unchanged", "ben@x.example": "updated"}
    assert [user["allowedDownloadsNum"] for user in here.sim.otp_users.values()] == [2, 5]
    assert ["ben@x.example" in text and "every run gives it again" in text for text in ran.warnings] == [True]


@pytest.mark.parametrize(
    ("switches", "fields"),
    [
        ({}, {"allowedDownloadsNum": 3}),
        ({}, {"allowedDownloadsNum": 0}),
        ({}, {"allowedDownloadsNum": -1}),
        ({"otp_items": "seed", "otp_body": "seed"}, {"singleUse": True, "temporal": False}),
        ({"otp_items": "both"}, {"allowedDownloadsNum": 3, "temporal": True}),
    ],
)
def test_what_was_taken_away_can_be_given_back(world: Start, switches: dict[str, Any], fields: dict[str, Any]) -> None:
    here = world(**switches)
    here.let_in("ana@x.example", publication=None if "otp_body" in switches else "beta", **fields)
    [before] = here.sim.otp_users.values()
    before = dict(before)
    ran = here.twice(emails=["ana@x.example"], state="absent")
    assert ran.result["users"][0]["previous"]["email"] == "ana@x.example"
    here.twice(users=[user["previous"] for user in ran.result["users"] if user["previous"]])
    [after] = here.sim.otp_users.values()
    same = ["email", "publishedApplicationId", "allowedDownloadsNum", "singleUse"]
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_an_update_tells_what_was_there_before(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    ran = here.run(emails=["ana@x.example", "ben@x.example"], allowed_downloads=5, update_allowance="always")
    assert [user["previous"] for user in ran.result["users"]] == [
        {"email": "ana@x.example", "allowed_downloads": 2},
        None,
    ]


# Truth --------------------------------------------------------------------------------------------------------------


def test_a_creation_of_unknown_outcome_may_have_changed_something(world: Start) -> None:
    here = world()
    here.sim.fault("cut_after", method="POST")
    here.sim.fault("status", method="GET", path="email=", status=403, code=4001, times=None)
    ran = here.run(emails=["ana@x.example"])
    assert ran.error is not None
    assert ran.changed


def test_a_removal_of_unknown_outcome_may_have_changed_something(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.sim.fault("cut_after", method="DELETE")
    here.sim.fault("status", method="DELETE", times=None, status=403, code=4001)
    here.sim.fault("status", method="GET", skip=1, times=None, status=403, code=4001)
    ran = here.run(emails=["ana@x.example"], state="absent")
    assert ran.error is not None
    assert ran.changed


@pytest.mark.parametrize("email", [None, "", " ", 5, ["ana@x.example"]])
def test_a_user_without_an_address_is_shown_as_unknown_and_can_be_removed(world: Start, email: Any) -> None:
    assert shown_otp_user({"id": "a" * 24, "email": email})["email"] is None
    here = world()
    people = [{"id": "a" * 24, "email": email, "publishedApplicationId": here.beta, "allowedDownloadsNum": 1}]
    page = {"items": people, "totalDocs": 1, "page": 1, "totalPages": 1, "hasNextPage": False}
    here.sim.fault("status", method="GET", path="otp-users", status=200, body={"status": True, "data": page})
    ran = here.run(check=True, emails=["ana@x.example"], exclusive=True)
    assert ran.error is None
    assert [(user["email"], user["action"]) for user in ran.result["users"]] == [
        ("ana@x.example", "created"),
        (None, "removed"),
    ]


def test_a_defect_in_one_persons_turn_stops_nobody(world: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world()
    create = type(here).run

    def broken(_read: Any, _person: Any, _publication: Any) -> None:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(
        "ansible_collections.applivery.distribution.plugins.module_utils._otp_user.write._answered", broken
    )
    ran = create(here, emails=["ana@x.example", "ben@x.example"])
    assert ran.result["counts"]["failed"] == 2
    assert ran.changed
    assert "please report it" in str(ran.error)
