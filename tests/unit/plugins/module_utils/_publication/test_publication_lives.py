# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lives of publications on both APIs: check, apply, apply again, change, rename, remove."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.publications import (
    FULL,
    NEW,
    PASSWORD,
    only,
    play,
    task,
    truth,
    unmentioned_survive,
)
from applivery_simulator import Simulator

Start = Callable[..., Simulator]
APIS = ("workspace", "integrations")
BUILDS = ("5f7f1d2a9c1e4b0012ab34c1", "5f7f1d2a9c1e4b0012ab34c2")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("profile", ["default", "hostile"])
def test_a_whole_life(simulator: Start, profile: str, api: str) -> None:
    sim = simulator(profile=profile)
    sim.add_publication(slug="bystander", tags=["mine"])
    options: dict[str, Any] = {
        **NEW,
        "security": "logged",
        "groups": [["qa", "mobile"], ["press"]],
        "allowed_countries": ["pt", "es"],
        "expiration_date": "2036-12-31",
        "tags": ["b", "a"],
        "show_history": True,
        "terms": {"active": True, "text": "Read me."},
        "configuration": {"application": {"name": "New App"}, "branding": {"primary_color": "#ff5733"}},
        "activate_user_audiences": True,
        "user_audience_map": [{"id": "a" * 24}],
    }
    created = play(sim, options, api=api)
    assert created.changed
    assert created.outcome.before == {}
    assert created.result["publication"]["expiration_date"] == "2036-12-31T23:59:59Z"
    assert "previous" not in created.result
    stored = only(sim, "new-app")
    assert created.result["publication_id"] == stored["id"]
    assert created.result["distribution_url"].endswith("/new-app")

    ident = stored["id"]
    changed = play(sim, {"publication_id": ident, "tags": ["c"], "blocked_countries": ["US"]}, api=api)
    assert changed.result["previous"]["id"] == ident
    assert set(changed.outcome.after) == {"tags", "blocked_countries"}
    assert any("allowed_countries: ['ES', 'PT'] -> none" in warning for warning in changed.warnings)
    unmentioned_survive(stored_as(options), only(sim, "new-app"), {"tags", "allowedCountries", "blockedCountries"})

    play(sim, {"slug": "new-app", "expiration_date": "", "groups": [], "terms": {"active": False, "text": ""}}, api=api)
    assert only(sim, "new-app")["groups"] == []
    assert only(sim, "new-app")["expirationDate"] is None

    absent = play(sim, {"slug": "new-app", "state": "absent"}, api=api)
    assert absent.changed
    assert absent.result["publication"] is None
    assert [item["slug"] for item in sim.publications.values()] == ["bystander"]
    assert sim.contract_violations == []


def stored_as(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "slug": "new-app",
        "visibility": options["visibility"],
        "security": options["security"],
        "groups": options["groups"],
        "filter": options["filter"],
        "showHistory": True,
        "terms": options["terms"],
        "expirationDate": "2036-12-31T23:59:59Z",
        "activateUserAudiences": True,
        "userAudienceMap": options["user_audience_map"],
        "configuration": {"application": {"name": "New App"}, "branding": {"primaryColor": "#ff5733"}},
    }


@pytest.mark.parametrize("api", APIS)
def test_a_missing_field_to_create_is_named(sim: Simulator, api: str) -> None:
    ran = task(sim, {"slug": "new-app", "security": "password"}, api=api, check=True)
    assert "visibility, filter, password" in ran.error.message
    assert sim.writes == []


def test_application_travels_only_where_the_token_does_not_imply_it(sim: Simulator) -> None:
    play(sim, NEW)
    assert task(sim, {"slug": "new-app", "tags": ["x"]}).changed
    assert task(sim, {**NEW, "slug": "other-app"}, api="integrations").changed
    assert task(sim, {"slug": "other-app", "tags": ["x"]}, api="integrations").changed
    for write in sim.writes:
        assert ("application" in write.body) == ("/organizations/" in write.path)


def test_the_application_of_the_publication_is_carried_over(sim: Simulator) -> None:
    other = sim.add_application(slug="other")
    item = sim.add_publication(slug="theirs", application=other["id"])
    assert task(sim, {"publication_id": item["id"], "tags": ["x"]}, application=None).changed
    assert only(sim, "theirs")["application"] == other["id"]


@pytest.mark.parametrize("api", APIS)
def test_which_publication(sim: Simulator, api: str) -> None:
    item = sim.add_publication(slug="one")
    for options, message in (
        ({}, "publication_id or slug"),
        ({"slug": "", "publication_id": ""}, "publication_id or slug"),
        ({"slug": "one", "publication_id": item["id"]}, "mutually exclusive"),
        ({"publication_id": "one"}, "publication_id: 'one' is not an id"),
        ({"slug": "a b"}, "slug: 'a b'"),
        ({"slug": "one", "new_slug": "x"}, "new_slug: 'x'"),
        ({"slug": "one", "new_slug": "two", "state": "absent"}, "new_slug: "),
    ):
        ran = task(sim, options, api=api)
        assert message in ran.error.message
    assert sim.requests == []
    assert task(sim, {"publication_id": "", "slug": "one", "new_slug": "", "password": ""}, api=api).error is None
    assert task(sim, {"publication_id": item["id"], "slug": ""}, api=api).error is None


def test_an_unknown_id_is_an_error_for_present_and_fine_for_absent(sim: Simulator) -> None:
    missing = task(sim, {"publication_id": "f" * 24, "visibility": "active"})
    assert missing.error.failure["code"] == 3001
    gone = task(sim, {"publication_id": "f" * 24, "state": "absent"})
    assert (gone.changed, gone.error) == (False, None)
    assert gone.result == {"publication": None, "publication_id": "f" * 24, "distribution_url": None}


@pytest.mark.parametrize("api", APIS)
def test_ambiguous_slugs_are_refused_with_their_ids(sim: Simulator, api: str) -> None:
    twins = sorted(sim.add_publication(slug="twin")["id"] for _number in range(2))
    for state in ("present", "absent"):
        ran = task(sim, {"slug": "twin", "state": state}, api=api)
        assert ", ".join(twins) in ran.error.message
    assert sim.writes == []
    assert task(sim, {"publication_id": twins[0], "visibility": "active"}, api=api).error is None


def test_a_slug_that_differs_in_case_is_another_publication(sim: Simulator) -> None:
    sim.add_publication(slug="My-App")
    created = play(sim, {**NEW, "slug": "my-app"})
    assert any("differs only in case" in warning and "My-App" in warning for warning in created.warnings)
    assert {item["slug"] for item in sim.publications.values()} == {"My-App", "my-app"}


def test_absence_is_not_believed_from_a_filtered_listing(simulator: Start) -> None:
    sim = simulator(switches={"slug_filter": "partial"})
    sim.add_publication(slug="my-app-2")
    sim.forget_requests()
    assert task(sim, {"slug": "my-app", "state": "absent"}).changed is False
    assert len([request for request in sim.requests if request.path.endswith("/pubApps")]) == 2


# Renaming -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("profile", ["default", "hostile"])
def test_rename(simulator: Start, profile: str, api: str) -> None:
    sim = simulator(profile=profile)
    sim.add_publication(**FULL)
    renamed = play(sim, {"slug": "full-app", "new_slug": "better-app"}, api=api)
    assert (renamed.outcome.before, renamed.outcome.after) == ({"slug": "full-app"}, {"slug": "better-app"})
    [warning] = [text for text in renamed.warnings if "renaming" in text]
    assert "/full-app -> https://" in warning
    assert warning.endswith("/better-app")
    unmentioned_survive(FULL, only(sim, "better-app"), {"slug"})


def test_rename_by_id(sim: Simulator) -> None:
    item = sim.add_publication(slug="old-app")
    play(sim, {"publication_id": item["id"], "new_slug": "other-app"})
    assert only(sim, "other-app")["id"] == item["id"]


@pytest.mark.parametrize("check", [True, False])
def test_a_taken_new_slug_fails_before_anything_is_written(sim: Simulator, check: bool) -> None:
    sim.add_publication(slug="old-app")
    other = sim.add_publication(slug="taken-app")
    ran = task(sim, {"slug": "old-app", "new_slug": "taken-app"}, check=check)
    assert ran.error.failure["code"] == 5024
    assert other["id"] in ran.error.message
    assert sim.writes == []


def test_new_slug_never_creates(sim: Simulator) -> None:
    ran = task(sim, {**NEW, "new_slug": "newer-app"})
    assert "neither new-app nor new_slug newer-app exists" in ran.error.message
    assert sim.writes == []


@pytest.mark.parametrize("options", [{"slug": "New-App"}, {"slug": "old-app", "new_slug": "New-App"}])
def test_a_server_that_lowers_slugs_is_told_about(simulator: Start, options: dict[str, Any]) -> None:
    sim = simulator(switches={"slug_case": "lowered"})
    sim.add_publication(slug="old-app")
    ran = task(sim, {**NEW, **options})
    assert ran.error is None
    assert any("the server made new-app of New-App" in warning for warning in ran.warnings)
    assert ran.result["publication"]["slug"] == "new-app"


# Password -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_password_flow(sim: Simulator, api: str) -> None:
    options = {**NEW, "security": "password", "password": PASSWORD}
    created = play(sim, options, api=api)
    assert created.outcome.after["password"] == "VALUE_HIDDEN"
    assert only(sim, "new-app")["password"] == PASSWORD

    for check in (True, False):
        sim.forget_requests()
        refused = task(sim, {"slug": "new-app", "tags": ["x"]}, api=api, check=check)
        assert "password: " in refused.error.message
        assert sim.writes == []

    changed = play(sim, {"slug": "new-app", "tags": ["x"], "password": PASSWORD}, api=api)
    assert (changed.outcome.before["password"], changed.outcome.after["password"]) == ("(unknown)", "VALUE_HIDDEN")
    assert changed.outcome.note == "password set again"
    assert only(sim, "new-app")["password"] == PASSWORD

    other = "An0ther-Pass-Phrase"
    sim.forget_requests()
    assert task(sim, {"slug": "new-app", "password": other}, api=api).changed is False
    assert sim.writes == []
    forced = play(sim, {"slug": "new-app", "password": other, "update_password": "always"}, api=api, repeats=True)
    assert forced.changed
    assert any("update_password: always" in warning for warning in forced.warnings)
    assert only(sim, "new-app")["password"] == other

    opened = play(sim, {"slug": "new-app", "security": "public"}, api=api)
    assert any("security: password -> public" in warning for warning in opened.warnings)


def test_becoming_protected_needs_the_password(sim: Simulator) -> None:
    sim.add_publication(slug="open-app")
    assert "password: " in task(sim, {"slug": "open-app", "security": "password"}, check=True).error.message
    play(sim, {"slug": "open-app", "security": "password", "password": PASSWORD})
    assert only(sim, "open-app")["password"] == PASSWORD


def test_a_password_without_effect_is_warned_about_and_not_sent(sim: Simulator) -> None:
    ran = play(sim, {**NEW, "password": PASSWORD})
    assert any("it has no effect with security: public" in warning for warning in ran.warnings)
    assert only(sim, "new-app")["password"] is None


def test_a_password_inside_the_slug_or_the_id_is_warned_about(sim: Simulator) -> None:
    item = sim.add_publication(slug="press-app", security="password", password="press")
    for options in ({"slug": "press-app"}, {"publication_id": item["id"]}):
        ran = task_without_secret_check(sim, {**options, "password": "press"})
        assert any(warning.startswith("password: it occurs") for warning in ran)
    assert task_without_secret_check(sim, {"slug": "press-app", "password": PASSWORD}) == []


def task_without_secret_check(sim: Simulator, options: dict[str, Any]) -> list[str]:
    from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC, run
    from ansible_collections.applivery.distribution.tests.support.tasks import run_task

    return run_task(run, SPEC, sim, options).warnings


# Builds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [
        {"type": "last"},
        {"type": "build", "ios": BUILDS[0], "android": BUILDS[1], "macos": "", "builds": []},
        {"type": "builds", "builds": [{"build_platform": p, "id": i} for p, i in zip(("ps5", "ios"), BUILDS)]},
        {"type": "gitTag", "value": "v1"},
        {"type": "tag", "value": "release"},
    ],
    ids=lambda chosen: chosen["type"],
)
@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
def test_every_way_to_choose_builds(simulator: Start, chosen: dict[str, Any], unset: str) -> None:
    sim = simulator(switches={"unset_fields": unset, "nested": "expanded"})
    sim.add_publication(slug="new-app")
    play(sim, {"slug": "new-app", "filter": chosen})
    play(sim, {"slug": "new-app", "tags": ["x"]})
    stored = only(sim, "new-app")["filter"]
    assert stored["type"] == chosen["type"]
    assert all(stored.values())


def test_builds_that_an_earlier_task_of_the_check_run_would_upload(sim: Simulator) -> None:
    sim.add_publication(slug="new-app", filter={"type": "build", "ios": BUILDS[0]})
    for chosen in ({"type": "build", "ios": None}, {"type": "builds", "builds": [{"build_platform": "ps5", "id": ""}]}):
        ran = task(sim, {"slug": "new-app", "filter": chosen}, check=True)
        assert ran.error is None
        assert ran.changed
        assert any("earlier task" in warning for warning in ran.warnings)
        assert task(sim, {"slug": "new-app", "filter": chosen}).error is not None
    assert sim.writes == []


def test_history_is_warned_about_wherever_the_other_half_comes_from(sim: Simulator) -> None:
    sim.add_publication(slug="pinned", filter={"type": "build", "ios": BUILDS[0]})
    sim.add_publication(slug="history", showHistory=True)
    for options in (
        {"slug": "pinned", "show_history": True},
        {"slug": "history", "filter": {"type": "build", "ios": BUILDS[0]}},
        {**NEW, "filter": {"type": "build", "ios": BUILDS[0]}, "show_history": True},
    ):
        assert any("show_history" in warning for warning in task(sim, options).warnings)


# Removing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
def test_removal_warns_about_active_publications_and_otp_users(sim: Simulator, check: bool) -> None:
    item = sim.add_publication(slug="app", visibility="active")
    sim.add_otp_user(publishedApplicationId=item["id"])
    ran = task(sim, {"slug": "app", "state": "absent"}, check=check)
    assert any("is active" in warning for warning in ran.warnings)
    assert any("OTP users" in warning for warning in ran.warnings)
    assert ran.outcome.before["slug"] == "app"
    assert ran.outcome.after == {}


def test_removal_of_an_inactive_publication_without_users_is_quiet(sim: Simulator) -> None:
    sim.add_publication(slug="app", visibility="inactive")
    assert task(sim, {"slug": "app", "state": "absent"}).warnings == []


def test_a_publication_that_somebody_else_deleted_first_is_no_change(sim: Simulator) -> None:
    sim.add_publication(slug="app", visibility="inactive")
    sim.fault("status", method="DELETE", status=404, code=3001, message="Entity not found")
    ran = task(sim, {"slug": "app", "state": "absent"})
    assert (ran.changed, ran.outcome.before, ran.result["publication"]) == (False, {}, None)
    assert "previous" not in ran.result


@pytest.mark.parametrize("api", APIS)
def test_the_last_publication_of_the_newest_build_is_explained(sim: Simulator, api: str) -> None:
    item = sim.add_publication(slug="newest", filter={"type": "last"})
    assert any(
        "filter.type: last" in text for text in task(sim, {"slug": "newest", "state": "absent"}, check=True).warnings
    )
    ran = task(sim, {"slug": "newest", "state": "absent"}, api=api)
    assert "the last publication with filter.type: last" in ran.error.message
    assert "visibility: inactive" in ran.error.message
    assert ran.error.result["previous"]["id"] == item["id"]
    assert item["id"] in sim.publications


# OTP ----------------------------------------------------------------------------------------------------------


def test_otp_users_are_warned_about_before_an_update_only(sim: Simulator) -> None:
    item = sim.add_publication(slug="app", security="logged")
    sim.add_otp_user(publishedApplicationId=item["id"])
    unchanged = task(sim, {"slug": "app", "security": "logged"})
    assert unchanged.warnings == []
    assert not [request for request in sim.requests if "otp-users" in request.path]
    assert any("OTP users" in warning for warning in task(sim, {"slug": "app", "tags": ["x"]}).warnings)
    assert not any("OTP" in text for text in task(sim, {"slug": "app", "tags": ["y"]}, api="integrations").warnings)


@pytest.mark.parametrize("kind", ["server_error", "too_many", "cut_before", "html"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_question_for_otp_users_is_asked_once_for_one_page(sim: Simulator, kind: str, state: str) -> None:
    item = sim.add_publication(slug="app", security="logged", visibility="inactive")
    for _number in range(600):
        sim.add_otp_user(publishedApplicationId="c" * 24)
    sim.add_otp_user(publishedApplicationId=item["id"])
    sim.set(list_filters="ignored")
    sim.fault(kind, method="GET", path="otp-users", times=None)
    options = {"publication_id": item["id"], "tags": ["x"], "state": state, "unreturned_fields": "ignore"}
    ran = task(sim, options)
    assert (ran.changed, ran.error) == (True, None)
    assert len([request for request in sim.requests if "otp-users" in request.path]) == 1
    assert ran.warnings == []


def test_a_token_that_may_not_ask_for_otp_users_updates_all_the_same(sim: Simulator) -> None:
    item = sim.add_publication(slug="app", security="logged")
    sim.add_otp_user(publishedApplicationId=item["id"])
    sim.set(permissions={"otp_users": 403})
    ran = task(sim, {"slug": "app", "tags": ["x"]})
    assert (ran.changed, ran.error) == (True, None)


def test_an_unchanged_run_is_quiet_and_changes_nothing(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    before = truth(sim)
    ran = task(sim, {"slug": "full-app", "visibility": "unlisted", "unreturned_fields": "warn"})
    assert (ran.changed, ran.warnings, ran.error) == (False, [], None)
    assert truth(sim) == before


def test_unset_fields_are_returned_in_one_form(simulator: Start) -> None:
    for unset in ("absent", "null", "empty"):
        sim = simulator(switches={"unset_fields": unset})
        sim.add_publication(slug="app")
        shown = task(sim, {"slug": "app"}).result["publication"]
        assert shown["groups"] == shown["tags"] == shown["allowed_countries"] == []
        assert shown["terms"] in ({}, {"active": False})
        assert shown["configuration"] == {}
        assert shown["expiration_date"] is None
        assert "password" not in shown
