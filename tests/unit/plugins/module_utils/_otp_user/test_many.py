# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many people at once, and what may go wrong on the way: nobody is lost, nobody is there twice."""

from __future__ import annotations

import itertools
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user import write as _otp_write
from ansible_collections.applivery.distribution.tests.support.otp import World, actions

Start = Callable[..., World]
TESTERS = [f"tester{number}@x.example" for number in range(30)]
LISTS = [
    {"envelope": envelope, "list_filters": filters, "max_limit": limit, "list_order": order}
    for envelope, filters, limit, order in itertools.product(
        ["docs", "items", "bare", "items_only", "data_list"],
        ["honoured", "ignored", "refused"],
        [3, 500],
        ["newest_first", "oldest_first"],
    )
]


def posts(world: World) -> list[str]:
    return [request.body["email"] for request in world.sim.writes if request.method == "POST"]


# Lists --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", LISTS, ids=lambda switches: "-".join(map(str, switches.values())))
def test_every_shape_of_a_list(world: Start, switches: dict[str, Any]) -> None:
    here = world(**switches)
    here.let_in("ana@x.example", "anna@x.example", *TESTERS[:5])
    here.let_in("zoe@x.example", publication="prod")
    here.twice(emails=[*TESTERS[:7], "Ana@x.example"], exclusive=True)
    assert here.on() == sorted([*TESTERS[:7], "ana@x.example"])
    assert here.on("prod") == ["zoe@x.example"]


@pytest.mark.parametrize(
    "switches",
    [
        {"create_status": 201, "update_status": 204, "delete_status": 204},
        {"delete_answer": "delete", "otp_answer": "object"},
        {"error_envelope": "status_true_with_error", "otp_body": "seed"},
        {"error_status": 422, "otp_body": "seed"},
        {"error_status": 409, "otp_body": "seed"},
        {"email_case": "lowered"},
        {"otp_organization": "either"},
        {"store_ids": "number"},
    ],
    ids=str,
)
def test_every_shape_of_an_answer(world: Start, switches: dict[str, Any]) -> None:
    here = world(**switches)
    here.twice(emails=["Ana@x.example", "ben@x.example"])
    assert [email.lower() for email in here.everybody()] == ["ana@x.example", "ben@x.example"]
    here.twice(emails=["Ana@x.example"], state="absent")
    assert here.everybody() == ["ben@x.example"]


def test_a_list_that_changes_is_read_again(world: Start) -> None:
    here = world(max_limit=5)
    here.let_in(*TESTERS[:12])
    here.sim.fault("shrink", path="page=2")
    assert here.run(emails=TESTERS[:1]).error is None


def test_a_list_that_keeps_changing_is_never_taken_for_absence(world: Start) -> None:
    here = world(max_limit=5)
    here.let_in(*TESTERS[:20])
    here.sim.fault("repeat_page", path="page=2", times=None)
    ran = here.run(emails=["new@x.example"])
    assert ran.error is not None
    assert here.sim.writes == []


# Answers that say little --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["empty", "wrong_type"])
def test_an_answer_without_the_user_is_looked_up(world: Start, kind: str) -> None:
    here = world()
    here.sim.fault(kind, method="POST", times=None)
    ran = here.run(emails=TESTERS[:3])
    assert ran.error is None
    assert here.on() == sorted(TESTERS[:3])
    assert all(here.sim.otp_users[user["id"]]["email"] == user["email"] for user in ran.result["users"])
    assert len(posts(here)) == 3


def test_the_answer_may_hold_other_people_too(world: Start) -> None:
    here = world()
    people = [
        {"id": "a" * 24, "email": "xana@x.example", "publishedApplicationId": here.beta},
        {"id": "b" * 24, "email": "ANA@x.example", "publishedApplicationId": here.prod},
        {"id": "c" * 24, "email": "Ana@x.example", "publishedApplicationId": here.beta},
    ]
    here.sim.fault("status", method="POST", status=200, body={"status": True, "data": people})
    assert here.run(emails=["ana@x.example"]).result["users"][0]["id"] == "c" * 24


def test_a_user_on_the_wrong_list_is_a_failure(world: Start) -> None:
    here = world()
    data = {"id": "b" * 24, "email": "ana@x.example", "publishedApplicationId": here.prod}
    here.sim.fault("status", method="POST", status=200, body={"status": True, "data": data})
    ran = here.run(emails=["ana@x.example"])
    assert "on the list of another publication" in ran.result["users"][0]["msg"]
    assert ran.error is not None


def test_accepted_but_not_shown(world: Start) -> None:
    here = world()
    here.sim.fault("status", method="POST", status=201, body={"status": True, "data": None})
    ran = here.run(emails=["ana@x.example"])
    assert actions(ran) == {"ana@x.example": "created"}
    assert ran.result["users"][0]["id"] is None
    assert "does not show it yet" in ran.result["users"][0]["msg"]


def test_the_look_up_after_a_success_may_fail(world: Start) -> None:
    here = world()
    here.sim.fault("empty", method="POST")
    here.sim.fault("status", method="GET", path="email=", status=403, code=4001, times=None)
    ran = here.run(emails=["ana@x.example"])
    assert actions(ran) == {"ana@x.example": "created"}


# Faults -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "server_error", "html", "truncated", "not_json"])
def test_an_uncertain_creation_never_makes_two(world: Start, kind: str, filters: str) -> None:
    here = world(list_filters=filters)
    # No more than two for one person: after three the person has failed.
    here.sim.fault(kind, method="POST", skip=8, times=2)
    here.sim.fault(kind, method="POST", skip=0, times=2)
    ran = here.run(emails=TESTERS)
    assert ran.error is None, ran.error
    assert here.on() == sorted(TESTERS)
    assert ran.result["counts"]["created"] == len(TESTERS)


def test_an_address_that_no_filter_finds_is_not_let_in_twice(world: Start) -> None:
    here = world()
    email = "ana+b.c+d@x.example"
    here.sim.fault("cut_after", method="POST")
    here.sim.fault("status", method="GET", path="email=", status=200, body={"status": True, "data": {"items": []}})
    assert here.run(emails=[email]).error is None
    assert posts(here) == [email]


def test_removal_and_update_survive_faults(world: Start) -> None:
    here = world()
    here.let_in(*TESTERS, allowedDownloadsNum=2)
    for method in ("PUT", "DELETE"):
        for kind in ("cut_before", "cut_after", "server_error", "too_many"):
            here.sim.fault(kind, method=method, times=3, **({"retry_after": 0} if kind == "too_many" else {}))
    stay, leave = TESTERS[:15], TESTERS[15:]
    ran = here.run(emails=stay, allowed_downloads=5, update_allowance="always", exclusive=True)
    assert ran.error is None, ran.error
    assert here.on() == sorted(stay)
    assert ran.result["counts"] == {"created": 0, "updated": 15, "removed": len(leave), "unchanged": 0, "failed": 0}


def test_nobody_is_let_in_more_often_than_the_rate_allows(world: Start) -> None:
    here = world()
    here.sim.fault("too_many", method="POST", times=4, retry_after=0)
    assert here.run(emails=TESTERS).error is None
    assert here.on() == sorted(TESTERS)


# Duplicates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [6001, 9999, 6002])
@pytest.mark.parametrize("status", [400, 409, 422])
def test_somebody_let_in_meanwhile_is_no_failure(world: Start, code: int, status: int) -> None:
    here = world(otp_duplicate_code=code, error_status=status)
    here.sim.fault("call", method="POST", action=lambda: here.let_in("Ana@x.example"))
    ran = here.run(emails=["ana@x.example", "ben@x.example"])
    assert ran.error is None, ran.error
    assert actions(ran) == {"ana@x.example": "unchanged", "ben@x.example": "created"}
    assert ran.result["users"][0]["id"] in here.sim.otp_users
    assert ran.outcome.after["users"] == {"ben@x.example": "unlimited downloads"}


@pytest.mark.parametrize("known", ["before", "meanwhile"])
def test_somebody_on_another_publications_list_is_explained(world: Start, known: str) -> None:
    here = world(otp_unique="store")
    if known == "before":
        here.let_in("ana@x.example", publication="prod")
    else:
        here.sim.fault("call", method="POST", action=lambda: here.let_in("ana@x.example", publication="prod"))
    ran = here.run(emails=["ana@x.example", "ben@x.example"])
    assert ran.error is not None
    assert actions(ran) == {"ana@x.example": "failed", "ben@x.example": "created"}
    assert f"another publication ({here.prod})" in ran.result["users"][0]["msg"]
    assert here.on("prod") == ["ana@x.example"]


def test_a_prediction_tells_who_is_on_another_list(world: Start) -> None:
    here = world(otp_unique="store")
    here.let_in("ana@x.example", publication="prod")
    ran = here.run(emails=["ana@x.example", "ben@x.example"], check=True)
    told = [warning for warning in ran.warnings if "on the list of another publication" in warning]
    assert len(told) == 1
    assert "ana@x.example" in told[0]
    assert "ben@x.example" not in told[0]


def test_an_address_may_be_on_two_lists(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", publication="prod")
    here.twice(emails=["ana@x.example"])
    assert here.everybody() == ["ana@x.example", "ana@x.example"]


def test_a_refusal_stays_the_reason_when_the_look_up_fails(world: Start) -> None:
    here = world()
    here.sim.fault("status", method="POST", status=400, code=6001, message="Too exotic")
    here.sim.fault("status", method="GET", path="email=", status=403, code=4001, times=None)
    ran = here.run(emails=["ana@x.example"])
    assert "Too exotic" in ran.result["users"][0]["msg"]


# Partial failure ----------------------------------------------------------------------------------------------------


def test_one_persons_failure_stops_nobody(world: Start) -> None:
    here = world()
    here.let_in("leaving@x.example")
    here.sim.fault("status", method="POST", skip=5, times=2, status=400, code=6001, message="Not this one")
    options = {"emails": TESTERS, "exclusive": True}
    ran = here.run(**options)
    assert ran.changed
    assert ran.result["counts"] == {"created": 28, "updated": 0, "removed": 1, "unchanged": 0, "failed": 2}
    failed = [user for user in ran.result["users"] if user["action"] == "failed"]
    assert [user["email"] for user in ran.result["users"]] == [*TESTERS, "leaving@x.example"]
    assert all("Not this one" in user["msg"] for user in failed)
    assert ran.error is not None
    assert "2 of 31 people failed" in ran.error.message
    assert all(user["email"] in ran.error.message for user in failed)
    assert ran.error.failure["code"] == 6001
    assert set(ran.outcome.after["users"]) == set(TESTERS) - {user["email"] for user in failed}
    assert "msg" not in ran.result
    rest = here.run(**options)
    assert rest.error is None
    assert rest.result["counts"] == {"created": 2, "updated": 0, "removed": 0, "unchanged": 28, "failed": 0}
    assert here.on() == sorted(TESTERS)


def test_many_failures_are_summarised(world: Start) -> None:
    here = world()
    here.sim.fault("status", method="POST", times=None, status=400, code=6001, message="No")
    ran = here.run(emails=TESTERS)
    assert ran.error is not None
    assert "and 25 more, see users" in ran.error.message
    assert len(posts(here)) == len(TESTERS)


@pytest.mark.parametrize(
    "details", [{"status": 401, "code": 4004}, {"status": 403, "code": 4001}, {"status": 400, "code": 5003}]
)
def test_what_concerns_everybody_is_not_tried_for_everybody(world: Start, details: dict[str, Any]) -> None:
    here = world()
    here.let_in("leaving@x.example")
    here.sim.fault("status", method="POST", times=None, **details)
    everybody = [f"tester{number}@x.example" for number in range(200)]
    ran = here.run(emails=everybody, exclusive=True)
    assert ran.result["counts"] == {"created": 0, "updated": 0, "removed": 1, "unchanged": 0, "failed": 200}
    assert len(posts(here)) < 40
    assert "not tried" in ran.result["users"][199]["msg"]


def test_a_refusal_in_between_is_not_hopeless(world: Start) -> None:
    here = world()
    for number in range(12):
        # What one fault hits does not count for the next: every second request.
        here.sim.fault("status", method="POST", skip=number, times=1, status=403, code=4001)
    ran = here.run(emails=TESTERS, concurrency=1)
    assert ran.result["counts"]["failed"] == 12
    assert len(posts(here)) == len(TESTERS)


def test_somebody_gone_meanwhile(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "ben@x.example", allowedDownloadsNum=2)
    gone = list(here.sim.otp_users)

    def leave() -> None:
        here.sim.otp_users.pop(gone[0], None)

    here.sim.fault("call", method="PUT", action=leave, times=None)
    ran = here.run(emails=["ana@x.example", "ben@x.example"], single_use=True, update_allowance="always")
    assert actions(ran)["ana@x.example"] == "failed"
    assert "left the list meanwhile" in ran.result["users"][0]["msg"]
    gone.pop(0)
    here.sim.fault("call", method="DELETE", action=leave)
    ran = here.run(emails=["ben@x.example"], state="absent")
    assert ran.result["users"][0] == {
        "email": "ben@x.example",
        "action": "unchanged",
        "id": gone[0],
        "msg": "was gone already",
        "publication_id": here.beta,
        "previous": None,
    }
    assert not ran.changed
    assert ran.outcome.before == {}


def test_warnings_are_about_what_was_done(world: Start) -> None:
    here = world(otp_body="seed", otp_items="seed")
    here.let_in("gone@x.example", "stuck@x.example", "off@x.example", publication=None)
    gone, stuck, _off = here.sim.otp_users
    here.sim.fault("shrink", method="DELETE", path=gone, id=gone)
    here.sim.fault("status", method="DELETE", path=stuck, times=None, status=400, code=6001)
    leaving = ["gone@x.example", "stuck@x.example", "off@x.example"]
    foretold = here.run(check=True, emails=leaving, state="absent")
    assert "3 people" in " ".join(foretold.warnings)
    ran = here.run(emails=leaving, state="absent")
    assert list(actions(ran).values()) == ["unchanged", "failed", "removed"]
    assert len(ran.warnings) == 1
    assert "1 person (off@x.example) are removed from the whole store" in ran.warnings[0]

    here.sim.fault("status", method="POST", skip=1, times=1, status=400, code=6001)
    coming = ["ana@x.example", "ben@x.example"]
    assert " ".join(here.run(check=True, emails=coming).warnings).count("2 people") == 2
    ran = here.run(emails=coming)
    assert list(actions(ran).values()) == ["created", "failed"]
    assert len(ran.warnings) == 2
    assert all("1 person (ana@x.example)" in text for text in ran.warnings)

    here.sim.fault("status", method="POST", times=None, status=400, code=6001)
    assert here.run(emails=["carl@x.example", "dora@x.example"]).warnings == []


@pytest.mark.parametrize("fails", ["first", "second"])
@pytest.mark.parametrize(
    ("options", "method"),
    [
        ({"state": "absent"}, "DELETE"),
        ({"allowed_downloads": 5, "update_allowance": "always"}, "PUT"),
    ],
)
def test_half_of_somebody_who_stands_there_twice(
    world: Start, fails: str, options: dict[str, Any], method: str
) -> None:
    here = world()
    here.let_in("ana@x.example", "Ana@x.example", allowedDownloadsNum=2)
    here.sim.fault("status", method=method, skip=int(fails == "second"), status=400, code=6001, message="Not this one")
    ran = here.run(emails=["ana@x.example"], **options)
    assert ran.error is not None
    assert ran.changed
    assert actions(ran) == {"ana@x.example": "failed"}
    assert "2 times, 1 of them" in ran.result["users"][0]["msg"]
    assert "Not this one" in ran.result["users"][0]["msg"]
    assert ran.error.failure["code"] == 6001
    assert len(here.sim.writes) == 2
    rest = here.run(emails=["ana@x.example"], **options)
    assert rest.error is None
    assert len(here.sim.writes) == 1


def test_a_refused_update_is_its_own_reason(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    here.sim.fault("status", method="PUT", status=400, code=6001, message="Not today")
    ran = here.run(emails=["ana@x.example"], single_use=True, update_allowance="always")
    assert "Not today" in ran.result["users"][0]["msg"]
    assert "meanwhile" not in ran.result["users"][0]["msg"]


def test_a_user_without_an_id_cannot_be_removed(world: Start) -> None:
    here = world()
    people = [{"email": "ana@x.example", "publishedApplicationId": here.beta}]
    here.sim.fault("status", method="GET", path="otp-users", status=200, body={"status": True, "data": people})
    ran = here.run(emails=["ana@x.example"], state="absent")
    assert "no usable id" in ran.error.message
    assert here.sim.writes == []


def test_interrupted_and_run_again(world: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world()
    create, count = Api.create, itertools.count()

    def until_interrupted(self: Api, *arguments: Any) -> Any:
        if next(count) == 12:
            raise KeyboardInterrupt
        return create(self, *arguments)

    monkeypatch.setattr(Api, "create", until_interrupted)
    with pytest.raises(KeyboardInterrupt):
        here.run(emails=TESTERS, concurrency=4)
    # Twelve before it, and what the other three threads had on their way.
    assert 9 <= len(here.on()) <= 16
    monkeypatch.undo()
    assert here.run(emails=TESTERS).error is None
    assert here.on() == sorted(TESTERS)


@pytest.mark.parametrize("concurrency", [1, 3, 32])
def test_no_more_requests_at_once_than_allowed(world: Start, monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    seen = []
    made = _otp_write.ThreadPoolExecutor

    def counted(workers: int) -> Any:
        seen.append(workers)
        return made(workers)

    monkeypatch.setattr(_otp_write, "ThreadPoolExecutor", counted)
    here = world()
    assert here.run(emails=TESTERS, concurrency=concurrency).error is None
    assert seen == [min(concurrency, len(TESTERS) - 1)]


def test_an_allowance_whose_answer_is_lost_may_have_been_set(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", allowedDownloadsNum=1)
    options = {"emails": ["ana@x.example"], "allowed_downloads": 5, "update_allowance": "always"}
    here.sim.fault("not_json", method="PUT")
    ran = here.run(**options, connection={"retry_timeout": 0})
    assert ran.error is not None
    assert actions(ran) == {"ana@x.example": "failed"}
    assert ran.changed
    assert not here.run(**options).changed


def test_a_removal_whose_answer_is_lost_is_looked_at(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.sim.fault("not_json", method="DELETE")
    ran = here.run(emails=["ana@x.example"], state="absent", connection={"retry_timeout": 0})
    assert ran.error is None
    assert actions(ran) == {"ana@x.example": "removed"}
