# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two documented forms: which one is sent, how that is learnt, and what neither may lose."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import RequestFailed, failure
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.dialect import (
    REFERENCE,
    SEED,
    Dialect,
    Shown,
    refuses_form,
)
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.people import (
    PEOPLE_SPEC,
    Person,
    people_of,
)
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import (
    allowance_of,
    shown_otp_user,
)
from ansible_collections.applivery.distribution.tests.support.otp import World, actions
from ansible_collections.applivery.distribution.tests.support.tasks import filled

Start = Callable[..., World]
REFERENCE_KEYS = {"email", "allowedDownloadsNum", "publishedApplicationId"}


def person(**settings: Any) -> Person:
    return people_of(filled(PEOPLE_SPEC, {"users": [{"email": "ana@x.example", **settings}]}))[0]


def refusal(*fields: tuple[str, str], code: int | None = 6002, status: int = 400, message: str = "") -> RequestFailed:
    entries = [{"field": name, "messages": [text] if text else []} for name, text in fields]
    return RequestFailed("refused", failure(code=code, status=status, message=message, fields=entries))


# Deciding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "settings", "form"),
    [
        (Shown(reference=True), {}, REFERENCE),
        (Shown(reference=True), {"temporal": True}, REFERENCE),
        (Shown(seed=True), {}, SEED),
        (Shown(seed=True), {"allowed_downloads": 5}, SEED),
        (Shown(True, True), {}, REFERENCE),
        (Shown(True, True), {"temporal": False}, SEED),
        (Shown(True, True), {"allowed_downloads": 5}, REFERENCE),
        (Shown(), {}, REFERENCE),
        (Shown(), {"single_use": True}, REFERENCE),
        (Shown(), {"temporal": True}, SEED),
        (Shown(), {"temporal": True, "single_use": True}, SEED),
        (Shown(), {"allowed_downloads": 1}, REFERENCE),
        (Shown(), {"allowed_downloads": 1, "temporal": True}, SEED),
    ],
)
def test_the_list_decides_then_the_task(shown: Shown, settings: dict[str, Any], form: str) -> None:
    somebody = person(**settings)
    assert Dialect(shown).form_for(somebody) == form


def test_people_with_different_wishes_are_sent_in_different_forms_until_more_is_known() -> None:
    counted, lasting = person(allowed_downloads=5), person(temporal=False)
    dialect = Dialect(Shown())
    assert (dialect.form_for(counted), dialect.form_for(lasting)) == (REFERENCE, SEED)
    assert dialect.refused(SEED) == REFERENCE
    assert dialect.form_for(lasting) == REFERENCE
    assert "temporal can't be expressed" in str(dialect.why_refused(lasting))


def test_a_form_that_was_accepted_is_not_doubted() -> None:
    dialect = Dialect(Shown())
    dialect.accepted(REFERENCE)
    assert dialect.refused(REFERENCE) is None
    assert dialect.form_for(person()) == REFERENCE


def test_both_forms_refused_is_the_end() -> None:
    dialect = Dialect(Shown())
    assert dialect.refused(REFERENCE) == SEED
    assert dialect.refused(REFERENCE) == SEED
    assert dialect.refused(SEED) is None


# Understanding a refusal --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "problem",
    [
        refusal(("allowedDownloadsNum", '"allowedDownloadsNum" is not allowed')),
        refusal(("publishedApplicationId", '"publishedApplicationId" is not allowed')),
        refusal(("allowedDownloadsNum", ""), ("publishedApplicationId", "")),
        refusal(("body.allowedDownloadsNum", "unknown field"), status=422),
        refusal(("singleUse", '"singleUse" is required')),
        refusal(message='"allowedDownloadsNum" is not allowed'),
        refusal(("allowedDownloadsNum", "Unexpected key"), code=None, status=422),
    ],
)
def test_the_reference_form_is_refused(problem: RequestFailed) -> None:
    assert refuses_form(REFERENCE, problem)


@pytest.mark.parametrize(
    "problem",
    [
        refusal(("email", '"email" must be a valid email')),
        refusal(("publishedApplicationId", '"publishedApplicationId" fails to match the required pattern')),
        refusal(("publishedApplicationId", "no such publication")),
        refusal(("publishedApplicationId", "")),
        refusal(("allowedDownloadsNum", '"allowedDownloadsNum" must be less than or equal to 10')),
        refusal(code=6001, message="Database validation error"),
        refusal(("allowedDownloadsNum", "is not allowed"), code=4001, status=401),
    ],
)
def test_a_refused_value_is_no_refused_form(problem: RequestFailed) -> None:
    # In the other form the person would be let in without any publication.
    assert not refuses_form(REFERENCE, problem)


@pytest.mark.parametrize(
    ("problem", "refused"),
    [
        (refusal(("temporal", '"temporal" is not allowed')), True),
        (refusal(("allowedDownloadsNum", "is required"), ("publishedApplicationId", "is required")), True),
        (refusal(("publishedApplicationId", "is required")), True),
        (refusal(("email", "is already there")), False),
    ],
)
def test_the_seed_form_is_refused(problem: RequestFailed, refused: bool) -> None:
    assert refuses_form(SEED, problem) is refused


# On the wire --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["reference", "seed", "either"])
@pytest.mark.parametrize("items", ["reference", "seed", "both"])
@pytest.mark.parametrize("answer", ["array", "object"])
@pytest.mark.parametrize("shown", ["shown", "hidden"])
@pytest.mark.parametrize("unique", ["publication", "store"])
def test_every_mixture_of_both_documents(
    world: Start, body: str, items: str, answer: str, shown: str, unique: str
) -> None:
    here = world(otp_body=body, otp_items=items, otp_answer=answer, otp_items_publication=shown, otp_unique=unique)
    here.let_in("old@x.example", publication="beta" if body != "seed" else None)
    emails = [f"tester{number}@x.example" for number in range(4)]
    ran = here.twice(emails=[*emails, "OLD@x.example"])
    assert ran.result["counts"]["created"] == 4
    assert here.everybody() == sorted([*emails, "old@x.example"])
    assert here.sim.contract_violations == []
    here.twice(emails=[*emails, "old@x.example"], state="absent")
    assert here.everybody() == []


def test_the_form_is_learnt_with_one_refusal(world: Start) -> None:
    here = world(otp_body="seed")
    ran = here.run(emails=[f"tester{number}@x.example" for number in range(60)])
    assert ran.error is None
    assert [request.status for request in here.sim.writes].count(400) == 1
    assert len(here.sim.writes) == 61
    assert "can't name a publication" in " ".join(ran.warnings)


def test_the_form_that_the_list_shows_is_not_tried_out(world: Start) -> None:
    here = world(otp_body="seed", otp_items="seed")
    here.let_in("old@x.example", publication=None)
    here.run(emails=["ana@x.example"])
    assert [request.body for request in here.sim.writes] == [{"email": "ana@x.example", "singleUse": False}]
    here = world()
    here.let_in("old@x.example")
    here.run(emails=["ana@x.example"])
    assert [set(request.body) for request in here.sim.writes] == [REFERENCE_KEYS]


@pytest.mark.parametrize(
    ("items", "options", "part"),
    [
        ("reference", {"temporal": True}, "temporal can't be expressed"),
        ("reference", {"temporal": False}, "temporal can't be expressed"),
        ("seed", {"allowed_downloads": 5}, "allowed_downloads: 5 can't be expressed"),
    ],
)
def test_what_a_server_cannot_express_is_refused_before_any_write(
    world: Start, items: str, options: dict[str, Any], part: str
) -> None:
    here = world(otp_body=items, otp_items=items, otp_items_publication="hidden")
    here.let_in("old@x.example", "leaving@x.example")
    users = [{"email": "ana@x.example", **options}, {"email": "ben@x.example"}]
    for check in (True, False):
        ran = here.run(check=check, users=[*users, {"email": "leaving@x.example", "access_until": "2020-01-01"}])
        assert ran.error is not None
        assert part in ran.error.message
        assert "ana@x.example" in ran.error.message
        assert "ben@x.example" not in ran.error.message
        assert here.sim.writes == []


def test_what_turns_out_to_be_inexpressible_is_refused_with_nothing_written(world: Start) -> None:
    here = world(otp_body="seed")
    ran = here.run(users=[{"email": "ben@x.example"}, {"email": "ana@x.example", "allowed_downloads": 5}])
    assert ran.error is not None
    assert "allowed_downloads: 5 can't be expressed" in ran.error.message
    assert not ran.changed
    assert here.everybody() == []
    assert [request.status for request in here.sim.writes] == [400]


def test_a_wish_that_only_one_form_can_express_chooses_it(world: Start) -> None:
    here = world(otp_body="either", otp_items="both")
    here.let_in("old@x.example")
    here.run(users=[{"email": "ana@x.example", "temporal": False}, {"email": "ben@x.example", "allowed_downloads": 5}])
    bodies = {request.body["email"]: set(request.body) for request in here.sim.writes}
    assert bodies == {"ana@x.example": {"email", "temporal", "singleUse"}, "ben@x.example": REFERENCE_KEYS}


def test_a_publication_that_is_refused_does_not_lead_to_the_form_without_one(world: Start) -> None:
    here = world(otp_body="either")
    error = {"field": ["publishedApplicationId"], "messages": ['"publishedApplicationId" must be a valid id']}
    here.sim.fault("status", method="POST", times=None, status=400, code=6002, message="Body", data={"errors": [error]})
    ran = here.run(emails=["ana@x.example"])
    assert actions(ran) == {"ana@x.example": "failed"}
    assert [set(request.body) for request in here.sim.writes] == [REFERENCE_KEYS]


def test_a_field_that_a_server_drops_without_a_word_is_told(world: Start) -> None:
    here = world()
    answer = {"id": "a" * 24, "email": "ana@x.example", "temporal": True, "singleUse": False}
    here.sim.fault("status", method="POST", status=200, body={"status": True, "data": answer})
    ran = here.run(emails=["ana@x.example"], single_use=True, access_until="2099-01-01")
    assert ran.result["users"][0]["msg"].startswith("the server shows unlimited downloads")
    assert "another allowance than it was sent" in " ".join(ran.warnings)


# What is shown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "downloads", "temporal"),
    [
        ({"allowedDownloadsNum": 3}, 3, None),
        ({"allowedDownloadsNum": 0, "singleUse": True}, 0, None),
        ({"singleUse": True, "temporal": False}, 1, False),
        ({"singleUse": False, "temporal": True}, -1, True),
        ({"allowedDownloadsNum": None}, None, None),
        ({}, None, None),
    ],
)
def test_one_allowance_in_two_forms(read: dict[str, Any], downloads: int | None, temporal: bool | None) -> None:
    assert allowance_of(read) == (downloads, temporal)


def test_a_user_is_shown_in_one_shape() -> None:
    shown = shown_otp_user(
        {
            "_id": "a" * 24,
            "email": "ana@x.example",
            "allowedDownloadsNum": 1,
            "publishedApplicationId": {"_id": "b" * 24, "slug": "beta"},
            "lastLoginDate": None,
        }
    )
    assert shown == {
        "id": "a" * 24,
        "email": "ana@x.example",
        "published_application_id": "b" * 24,
        "allowed_downloads": 1,
        "single_use": True,
        "temporal": None,
        "last_login_date": None,
    }
    assert shown_otp_user({"id": "c", "email": "x@x.example"})["single_use"] is None
