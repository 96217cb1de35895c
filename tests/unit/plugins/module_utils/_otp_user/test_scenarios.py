# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task against the simulator: what each option does, in check mode, for real, and once more."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Needs
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import has_otp_users
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import needs
from ansible_collections.applivery.distribution.tests.support.otp import World, actions
from ansible_collections.applivery.distribution.tests.support.tasks import connection_to

Start = Callable[..., World]


def paths(world: World) -> list[str]:
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in world.sim.requests]


# Coming and going ---------------------------------------------------------------------------------------------------


def test_people_are_let_in(world: Start) -> None:
    here = world()
    here.let_in("ben@x.example")
    ran = here.twice(emails=["ana@x.example, ben@x.example"], access_until="2099-12-31")
    assert actions(ran) == {"ana@x.example": "created", "ben@x.example": "unchanged"}
    assert ran.result["counts"] == {"created": 1, "updated": 0, "removed": 0, "unchanged": 1, "failed": 0}
    assert ran.result["publication_id"] == here.beta
    assert ran.outcome.before == {"publication": here.beta, "users": {}}
    assert ran.outcome.after["users"] == {"ana@x.example": "unlimited downloads, until 2099-12-31T23:59:59Z"}
    assert here.on() == ["ana@x.example", "ben@x.example"]
    assert ran.warnings == []
    created = next(user for user in ran.result["users"] if user["action"] == "created")
    assert here.sim.otp_users[created["id"]]["email"] == "ana@x.example"


def test_people_are_taken_off(world: Start) -> None:
    here = world()
    here.let_in("Ana@X.example", "anna@x.example", "xana@x.example")
    here.let_in("ana@x.example", publication="prod")
    ran = here.twice(emails=["ana@x.example", "nobody@x.example"], state="absent")
    assert actions(ran) == {"ana@x.example": "removed", "nobody@x.example": "unchanged"}
    assert ran.outcome.before["users"] == {"ana@x.example": "unlimited downloads, removed after 30 days"} or (
        ran.outcome.before["users"] == {"ana@x.example": "unlimited downloads"}
    )
    assert here.on() == ["anna@x.example", "xana@x.example"]
    assert here.on("prod") == ["ana@x.example"]


def test_exclusive_removes_whom_the_task_does_not_name(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "Zoe@x.example", "ben@x.example")
    here.let_in("carl@x.example", publication="prod")
    ran = here.twice(emails=["new@x.example", "ana@x.example"], exclusive=True)
    assert [(user["email"], user["action"]) for user in ran.result["users"]] == [
        ("new@x.example", "created"),
        ("ana@x.example", "unchanged"),
        ("ben@x.example", "removed"),
        ("Zoe@x.example", "removed"),
    ]
    assert here.on() == ["ana@x.example", "new@x.example"]
    assert here.on("prod") == ["carl@x.example"]


def test_exclusive_with_nobody_needs_to_be_allowed(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    refused = here.run(emails=[""], exclusive=True)
    assert isinstance(refused.error, InvalidInput)
    assert "allow_empty" in refused.error.message
    assert here.sim.requests == []
    assert actions(here.twice(emails=[], exclusive=True, allow_empty=True)) == {"ana@x.example": "removed"}
    assert here.on() == []


def test_an_empty_list_alone_does_nothing(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    assert here.twice(emails=[""]).result["users"] == []
    assert here.twice(emails=[""], state="absent").result["users"] == []
    assert here.on() == ["ana@x.example"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"emails": ["a@x.example"], "exclusive": True, "state": "absent"}, "exclusive"),
        ({"emails": ["a@x.example"], "concurrency": 0}, "concurrency: 0"),
        ({"emails": ["a@x.example"], "concurrency": 33}, "concurrency: 33"),
        ({"emails": ["a@x.example"], "publication": "a/b"}, "publication"),
        ({"emails": ["a@x.example"], "publication": ""}, "publication"),
        ({"emails": ["bad", "a@x.example"]}, "'bad'"),
    ],
)
def test_refused_before_the_first_request(world: Start, options: dict[str, Any], part: str) -> None:
    here = world()
    ran = here.run(**options)
    assert isinstance(ran.error, InvalidInput)
    assert part in ran.error.message
    assert here.sim.requests == []


def test_an_internationalised_domain_is_one_person(world: Start) -> None:
    here = world()
    here.twice(emails=["ana@bücher.example"])
    assert here.on() == ["ana@xn--bcher-kva.example"]
    here.twice(emails=["Ana@BÜCHER.example"])
    assert actions(here.twice(emails=["ana@bücher.example"], state="absent")) == {"ana@bücher.example": "removed"}
    assert here.everybody() == []


def test_somebody_who_stands_there_twice(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "Ana@x.example")
    ran = here.twice(emails=["ana@x.example"])
    assert "more than once" in ran.warnings[0]
    ran = here.twice(emails=["ana@x.example"], state="absent")
    assert "2 times" in ran.result["users"][0]["msg"]
    assert here.everybody() == []


# Until when ---------------------------------------------------------------------------------------------------------


def test_once_access_until_has_passed_people_leave(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "carl@x.example")
    ran = here.twice(
        users=[
            {"email": "ana@x.example", "access_until": "2020-01-01"},
            {"email": "ben@x.example", "access_until": "2020-01-01T00:00:00+01:00"},
            {"email": "carl@x.example", "access_until": "2099-01-01"},
        ]
    )
    assert actions(ran) == {"ana@x.example": "removed", "ben@x.example": "unchanged", "carl@x.example": "unchanged"}
    assert ran.result["users"][0]["msg"] == "access_until (2020-01-01T23:59:59Z) has passed"
    assert here.on() == ["carl@x.example"]


def test_the_servers_clock_counts_too(world: Start) -> None:
    here = world(now="2098-06-01T00:00:00Z")
    here.let_in("ana@x.example")
    ran = here.twice(emails=["ana@x.example"], access_until="2098-05-31")
    assert actions(ran) == {"ana@x.example": "removed"}


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({"single_use": True}, True),
        ({"allowed_downloads": 3}, True),
        ({"single_use": True, "access_until": "2099-01-01"}, True),
        ({}, False),
    ],
)
def test_access_that_ends_by_itself_is_unsafe_to_repeat(world: Start, options: dict[str, Any], warned: bool) -> None:
    here = world()
    ran = here.twice(emails=["ana@x.example"], **options)
    assert any("ends by itself" in text for text in ran.warnings) is warned
    assert not any("ends by itself" in text for text in here.run(emails=["ana@x.example"], **options).warnings)


def test_the_first_form_ends_access_after_30_days_by_default(world: Start) -> None:
    here = world(otp_body="seed", otp_items="seed")
    here.let_in("somebody@x.example")
    assert any("ends by itself" in text for text in here.run(emails=["ana@x.example"]).warnings)
    assert not any("ends by itself" in text for text in here.run(emails=["ben@x.example"], temporal=False).warnings)


# Allowances ---------------------------------------------------------------------------------------------------------


def test_an_allowance_is_left_alone(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    here.let_in("ben@x.example", allowedDownloadsNum=5)
    ran = here.twice(emails=["ana@x.example", "ben@x.example"], allowed_downloads=5)
    assert ran.result["users"][0]["msg"] == "has 2 downloads, the task says 5 downloads; left as it is"
    assert ran.result["users"][1]["msg"] == ""
    assert len(ran.warnings) == 1
    assert "1 person (ana@x.example)" in ran.warnings[0]


def test_an_allowance_is_set_when_asked_for(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    here.let_in("ben@x.example", allowedDownloadsNum=5)
    ran = here.twice(emails=["ana@x.example", "ben@x.example"], allowed_downloads=5, update_allowance="always")
    assert actions(ran) == {"ana@x.example": "updated", "ben@x.example": "unchanged"}
    assert ran.outcome.before["users"] == {"ana@x.example": "2 downloads"}
    assert ran.outcome.after["users"] == {"ana@x.example": "5 downloads"}
    assert [user["allowedDownloadsNum"] for user in here.sim.otp_users.values()] == [5, 5]


def test_an_update_sends_only_what_may_be_sent(world: Start) -> None:
    here = world(update_status=204)
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    here.run(emails=["ana@x.example"], single_use=True, update_allowance="always")
    assert [(request.method, request.body) for request in here.sim.writes] == [("PUT", {"allowedDownloadsNum": 1})]


@pytest.mark.parametrize(
    ("items", "options", "part"),
    [
        ("seed", {"single_use": True}, "single_use of somebody on the list"),
        ("seed", {"temporal": False}, "temporal of somebody on the list"),
        ("both", {"temporal": False}, "temporal of somebody on the list"),
    ],
)
def test_what_the_server_cannot_update_is_refused(world: Start, items: str, options: dict[str, Any], part: str) -> None:
    here = world(otp_body="seed", otp_items=items)
    here.let_in("ana@x.example", temporal=True)
    for check in (True, False):
        ran = here.run(check=check, emails=["ana@x.example", "new@x.example"], update_allowance="always", **options)
        assert ran.error is not None
        assert part in ran.error.message
        assert "ana@x.example" in ran.error.message
        assert here.sim.writes == []


def test_a_hidden_number_cannot_be_set(world: Start) -> None:
    here = world(hidden_fields=["otp_user:allowedDownloadsNum"])
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    ran = here.run(emails=["ana@x.example"], allowed_downloads=5, update_allowance="always")
    assert ran.error is not None
    assert "does not show the number" in ran.error.message
    ran = here.twice(emails=["ana@x.example"], allowed_downloads=5)
    assert "does not show allowed_downloads" in ran.result["users"][0]["msg"]
    assert [text for text in ran.warnings if "does not show allowed_downloads of 1 person" in text] == ran.warnings
    assert here.twice(emails=["ana@x.example"]).warnings == []


@pytest.mark.parametrize("temporal", [True, False])
@pytest.mark.parametrize("options", [{}, {"allowed_downloads": 5}])
def test_what_the_list_does_not_show_is_told_and_left(world: Start, temporal: bool, options: dict[str, Any]) -> None:
    here = world()
    here.let_in("ana@x.example", "ben@x.example", allowedDownloadsNum=5 if options else -1)
    ran = here.twice(emails=["ana@x.example", "ben@x.example"], temporal=temporal, **options)
    assert not ran.changed
    assert here.sim.writes == []
    assert all("the server does not show temporal" in user["msg"] for user in ran.result["users"])
    assert len(ran.warnings) == 1
    assert "does not show temporal of 2 people (ana@x.example, ben@x.example)" in ran.warnings[0]


@pytest.mark.parametrize("hidden", [[], ["otp_user:temporal"]])
def test_what_the_list_does_not_show_cannot_be_set(world: Start, hidden: list[str]) -> None:
    here = world(hidden_fields=hidden, **({"otp_body": "seed", "otp_items": "seed"} if hidden else {}))
    here.let_in("ana@x.example", "ben@x.example")
    users = [{"email": "ana@x.example", "temporal": True}, {"email": "ben@x.example"}, {"email": "new@x.example"}]
    for check in (True, False):
        ran = here.run(check=check, users=users, update_allowance="always")
        assert ran.error is not None
        assert ("server does not show temporal" if hidden else "temporal can't be expressed") in ran.error.message
        assert "ana@x.example" in ran.error.message
        assert "ben@x.example" not in ran.error.message
        assert here.sim.writes == []


@pytest.mark.parametrize(
    ("items", "options", "advised"),
    [
        ("reference", {"allowed_downloads": 5}, True),
        ("both", {"allowed_downloads": 5}, True),
        ("both", {"allowed_downloads": 5, "temporal": False}, False),
        ("seed", {"allowed_downloads": 5}, False),
        ("seed", {"single_use": True}, False),
        ("seed", {"temporal": False}, False),
    ],
)
def test_only_what_would_help_is_advised(world: Start, items: str, options: dict[str, Any], advised: bool) -> None:
    here = world(otp_body="reference" if items == "reference" else "seed", otp_items=items)
    here.let_in("ana@x.example", temporal=True)
    ran = here.twice(emails=["ana@x.example"], **options)
    assert "left as it is" in ran.result["users"][0]["msg"]
    assert len(ran.warnings) == 1
    assert "have another allowance" in ran.warnings[0]
    assert ("update_allowance: always sets it" in ran.warnings[0]) is advised
    followed = here.run(check=True, emails=["ana@x.example"], update_allowance="always", **options)
    assert (followed.error is None) is advised


# The publication ----------------------------------------------------------------------------------------------------


def test_a_slug_costs_one_request(world: Start) -> None:
    here = world()
    ran = here.run(publication="beta", emails=["ana@x.example"])
    assert ran.result["publication_id"] == here.beta
    assert paths(here) == ["GET pubApps", "GET otp-users", "POST otp-users"]
    here.twice(publication="beta", emails=["ana@x.example"])


def test_an_id_costs_none(world: Start) -> None:
    here = world()
    here.run(emails=["a@x.example", "b@x.example"])
    assert paths(here) == ["GET otp-users", "POST otp-users", "POST otp-users"]
    here.run(emails=["a@x.example", "b@x.example"])
    assert paths(here) == ["GET otp-users"]
    here.run(emails=["a@x.example"], state="absent")
    assert [path.split()[0] for path in paths(here)] == ["GET", "DELETE"]


def test_what_is_still_to_resolve_costs_one_request_each(world: Start) -> None:
    here = world()
    names = {"store": None, "organization": here.sim.organization["id"]}
    here.run(publication="beta", emails=["a@x.example"], connection=names)
    assert len(here.sim.requests) == 5
    assert len(here.sim.writes) == 1


def test_pages_then_one_write_per_difference(world: Start) -> None:
    here = world(max_limit=10)
    here.let_in(*(f"old{number}@x.example" for number in range(25)))
    here.let_in(*(f"other{number}@x.example" for number in range(5)), publication="prod")
    here.run(emails=[f"old{number}@x.example" for number in range(20)] + ["new@x.example"], exclusive=True)
    methods = [request.method for request in here.sim.requests]
    # Of several pages one may have slipped past the reader, so who is missing is looked up before being let in.
    assert (methods.count("GET"), methods.count("DELETE"), methods.count("POST")) == (3 + 1, 5, 1)


@pytest.mark.parametrize("publication", ["gone", "0123456789abcdef01234567"])
class TestNoSuchPublication:
    def test_nobody_to_remove(self, world: Start, publication: str) -> None:
        here = world()
        here.let_in("ana@x.example", publication="prod")
        ran = here.twice(publication=publication, emails=["ana@x.example"], state="absent")
        assert actions(ran) == {"ana@x.example": "unchanged"}
        assert ran.result["publication_id"] is None
        assert "was not found" in ran.warnings[0]
        assert here.everybody() == ["ana@x.example"]

    def test_nobody_is_removed_from_a_store_that_shows_no_publications(self, world: Start, publication: str) -> None:
        here = world(profile="hostile", otp_items_publication="hidden")
        here.let_in("ana@x.example")
        ran = here.twice(publication=publication, emails=["ana@x.example"], state="absent")
        assert not ran.changed
        assert here.everybody() == ["ana@x.example"]

    def test_nobody_is_let_in(self, world: Start, publication: str) -> None:
        here = world()
        ran = here.run(publication=publication, emails=[f"{number}@x.example" for number in range(20)])
        assert ran.error is not None
        assert "there is no publication" in ran.error.message
        assert len(here.sim.writes) <= 1
        assert here.everybody() == []

    def test_check_mode_foretells_what_follows_an_earlier_task(self, world: Start, publication: str) -> None:
        here = world()
        ran = here.run(check=True, publication=publication, emails=["ana@x.example"])
        assert ran.error is None
        assert actions(ran) == {"ana@x.example": "created"}
        assert "was not found" in ran.warnings[0]


def test_expired_people_do_not_leave_a_publication_that_does_not_exist(world: Start) -> None:
    here = world(profile="hostile", otp_items_publication="hidden")
    here.let_in("ana@x.example")
    ran = here.run(publication="0123456789abcdef01234567", emails=["ana@x.example"], access_until="2020-01-01")
    assert ran.error is not None
    assert "there is no publication" in ran.error.message
    assert here.everybody() == ["ana@x.example"]


WRONG = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("listed", "options"),
    [
        (False, {}),
        (False, {"temporal": False}),
        (True, {}),
        (True, {"temporal": True}),
    ],
)
def test_a_form_that_cannot_name_the_publication_lets_nobody_into_a_wrong_one(
    world: Start, listed: bool, options: dict[str, Any]
) -> None:
    here = world(otp_body="seed", otp_items="seed")
    if listed:
        here.let_in("old@x.example", publication=None)
    before = here.everybody()
    everybody = [f"{number}@x.example" for number in range(20)]
    foretold = here.run(check=True, publication=WRONG, emails=everybody, **options)
    assert "the task will fail" in foretold.warnings[0]
    ran = here.run(publication=WRONG, emails=everybody, **options)
    assert ran.error is not None
    assert f"there is no publication {WRONG}" in ran.error.message
    assert not ran.changed
    assert here.everybody() == before
    assert [request.status for request in here.sim.writes] == ([] if listed or options else [400])
    assert paths(here).count(f"GET {WRONG}") == 1


def test_a_form_that_cannot_name_the_publication_costs_one_look_up(world: Start) -> None:
    here = world(otp_body="seed", otp_items="seed")
    everybody = [f"{number}@x.example" for number in range(20)]
    assert here.run(emails=everybody).error is None
    assert paths(here).count(f"GET {here.beta}") == 1
    assert len(here.everybody()) == 20
    assert here.run(publication="beta", emails=[*everybody, "ben@x.example"]).error is None
    assert paths(here) == ["GET pubApps", "GET otp-users", "POST otp-users"]


def test_a_form_that_cannot_name_the_publication_needs_the_look_up(world: Start) -> None:
    here = world(otp_body="seed", permissions={"publications:get": 403})
    ran = here.run(emails=["ana@x.example", "ben@x.example"])
    assert ran.error is not None
    assert "exists can't be told" in ran.error.message
    assert ran.error.failure["status"] == 403
    assert here.everybody() == []


@pytest.mark.parametrize("publication", [None, WRONG])
def test_a_server_that_drops_the_publication_is_asked_for_it(world: Start, publication: str | None) -> None:
    here = world()
    answer = {"id": "a" * 24, "email": "ana@x.example", "temporal": True, "singleUse": False}
    here.sim.fault("status", method="POST", status=201, body={"status": True, "data": answer})
    wanted = publication or here.beta
    ran = here.run(publication=wanted, emails=["ana@x.example", *(f"{number}@x.example" for number in range(9))])
    assert paths(here).count(f"GET {wanted}") == 1
    assert ran.changed
    if publication is None:
        assert ran.error is None
        return
    assert ran.error is not None
    assert f"on the list of the store. publication: there is no publication {WRONG}" in ran.result["users"][0]["msg"]
    assert ran.result["counts"]["failed"] == 10
    assert len(here.sim.writes) == 1


@pytest.mark.parametrize(
    ("switches", "options"),
    [
        ({}, {"emails": [], "exclusive": True, "allow_empty": True}),
        ({}, {"emails": ["gone@x.example"], "exclusive": True, "access_until": "2020-01-01"}),
        ({}, {"emails": ["gone@x.example"], "access_until": "2020-01-01"}),
        (
            {"otp_items_publication": "hidden"},
            {"emails": ["ana@x.example"], "allowed_downloads": 5, "update_allowance": "always"},
        ),
    ],
)
def test_a_wrong_id_is_noticed_although_nobody_is_let_in(
    world: Start, switches: dict[str, Any], options: dict[str, Any]
) -> None:
    here = world(**switches)
    here.let_in("ana@x.example", allowedDownloadsNum=2)
    foretold = here.run(check=True, publication=WRONG, **options)
    assert "the task will fail" in foretold.warnings[0]
    ran = here.run(publication=WRONG, **options)
    assert ran.error is not None
    assert "there is no publication" in ran.error.message
    assert here.sim.writes == []
    here.twice(**options)


def test_an_enriched_publication_is_recognised(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.sim.fault(
        "status",
        method="GET",
        path="otp-users",
        status=200,
        body={
            "status": True,
            "data": {
                "items": [
                    {"id": "a" * 24, "email": "ana@x.example", "publishedApplicationId": {"_id": here.beta.upper()}},
                    {"id": "b" * 24, "email": "ben@x.example", "publishedApplication": {"id": here.prod}},
                ]
            },
        },
    )
    ran = here.run(check=True, emails=["ana@x.example"], exclusive=True)
    assert actions(ran) == {"ana@x.example": "unchanged"}


# A server that does not show whose publication it is ----------------------------------------------------------------


@pytest.mark.parametrize("only_some", [False, True])
def test_exclusive_is_refused_where_publications_are_hidden(world: Start, only_some: bool) -> None:
    here = world(otp_items_publication="shown" if only_some else "hidden")
    here.let_in("ana@x.example", "ben@x.example")
    if only_some:
        here.let_in("carl@x.example", publication=None)
    for check in (True, False):
        ran = here.run(check=check, emails=["ana@x.example", "new@x.example"], exclusive=True)
        assert ran.error is not None
        assert "exclusive" in ran.error.message
        assert here.sim.writes == []


def test_the_list_is_the_stores_where_publications_are_hidden(world: Start) -> None:
    here = world(otp_items_publication="hidden")
    here.let_in("ana@x.example", publication="prod")
    ran = here.twice(emails=["ana@x.example"])
    assert "counts as being on the list of this publication" in ran.warnings[0]
    ran = here.twice(emails=["ana@x.example"], state="absent")
    assert "from the whole store" in ran.warnings[0]
    assert here.everybody() == []


# Somebody of whom a server that shows publications shows none ---------------------------------------------------------


@pytest.fixture
def mixed(world: Start) -> Callable[..., World]:
    """Return a function that starts a world where ``ana`` is bound to a publication, and ``zoe`` to none."""

    def start(bound: str | None = "beta", **switches: Any) -> World:
        here = world(**{"otp_items_publication": "null", **switches})
        if bound:
            here.let_in("ana@x.example", publication=bound)
        here.let_in("zoe@x.example", publication=None)
        return here

    return start


@pytest.mark.parametrize("bound", ["beta", "prod", None])
def test_whoever_shows_no_publication_counts_as_on_the_list_whatever_others_show(mixed: Start, bound: str) -> None:
    here = mixed(bound)
    ran = here.twice(emails=["Zoe@x.example"])
    assert actions(ran) == {"Zoe@x.example": "unchanged"}
    assert "counts as being on the list of this publication" in ran.warnings[0]


@pytest.mark.parametrize("options", [{"state": "absent"}, {"access_until": "2020-01-01"}])
@pytest.mark.parametrize("first", [["ana@x.example"], []])
def test_whoever_shows_no_publication_leaves_whatever_others_show(
    mixed: Start, options: dict[str, Any], first: list[str]
) -> None:
    here = mixed()
    ran = here.run(emails=[*first, "zoe@x.example"], **options)
    assert actions(ran)["zoe@x.example"] == "removed"
    assert "from the whole store" in ran.warnings[0]
    assert here.everybody() == sorted({"ana@x.example"} - set(first))
    assert not here.run(emails=[*first, "zoe@x.example"], **options).changed


def test_exclusive_is_refused_where_one_shows_no_publication(mixed: Start) -> None:
    here = mixed()
    ran = here.run(emails=["new@x.example"], exclusive=True)
    assert "exclusive: 1 of the OTP users" in str(ran.error)
    assert here.sim.writes == []


@pytest.mark.parametrize("items", ["seed", "both"])
def test_null_says_nothing_where_creations_cannot_name_a_publication(mixed: Start, items: str) -> None:
    here = mixed(otp_items=items, otp_body="seed")
    here.twice(emails=["zoe@x.example", "new@x.example"])
    assert here.everybody() == ["ana@x.example", "new@x.example", "zoe@x.example"]
    here.twice(emails=["zoe@x.example", "new@x.example"], state="absent")
    assert here.everybody() == ["ana@x.example"]


# What many people look like -----------------------------------------------------------------------------------------


def test_a_warning_about_many_people_stays_readable(world: Start) -> None:
    here = world()
    ran = here.run(check=True, emails=[f"tester{number}@x.example" for number in range(300)], single_use=True)
    assert "300 people (tester0@x.example" in ran.warnings[0]
    assert "and 295 more" in ran.warnings[0]
    assert len(ran.warnings[0]) < 500
    assert len(ran.outcome.after["users"]) == 300


def test_success_says_what_being_on_a_list_does_not_do(world: Start) -> None:
    here = world()
    message = here.run(emails=["ana@x.example"]).result["msg"]
    assert message.startswith("1 created. ")
    assert "switched on for the publication" in message
    assert here.run(emails=[]).result["msg"].startswith("nobody")


def test_the_task_needs_the_workspace_api_and_a_connection_per_thread() -> None:
    assert needs({"concurrency": 12}) == Needs(workspace_only="OTP users", pool=12)
    assert needs({"concurrency": 1000}).pool == 32


@pytest.mark.parametrize(
    ("publication", "switches", "answer"),
    [("beta", {}, True), ("prod", {}, False), ("prod", {"otp_items_publication": "hidden"}, False)],
)
def test_whether_a_publication_has_otp_users(
    world: Start, publication: str, switches: dict[str, Any], answer: bool
) -> None:
    here = world(**switches)
    here.let_in("ana@x.example")
    owner = {"beta": here.beta, "prod": here.prod}[publication]
    api = connect(connection_to(here.sim), [].append, backoff=0.01)
    assert has_otp_users(api, owner) is answer
    here.sim.set(list_filters="ignored")
    assert has_otp_users(api, owner) is (answer or bool(switches))
    here.sim.set(permissions={"otp_users": 403})
    assert has_otp_users(api, owner) is False
    assert has_otp_users(connect(connection_to(here.sim, "integrations"), [].append), owner) is False
