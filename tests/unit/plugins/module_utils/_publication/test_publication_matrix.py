# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same task on every server that the documents allow: nothing unmentioned is lost, and twice is like once."""

from __future__ import annotations

import itertools
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.publications import (
    FULL,
    NEW,
    only,
    play,
    task,
    unmentioned_survive,
)
from applivery_simulator import Simulator

Start = Callable[..., Simulator]

SHAPES = list(itertools.product(("replace", "merge"), ("absent", "null", "empty"), ("plain", "enriched", "expanded")))
FORMS = [
    {},
    {"dates": "milliseconds", "case": "lower", "set_order": "shuffled"},
    {"dates": "offset", "case": "upper", "set_order": "shuffled", "update_status": 204, "create_status": 201},
]
CHANGES: list[tuple[dict[str, Any], set[str]]] = [
    (
        {"visibility": "active", "blocked_countries": ["us", "RU"]},
        {"visibility", "allowedCountries", "blockedCountries"},
    ),
    (
        {"expiration_date": "2035-06-30", "groups": [["a", "b"]], "filter": {"type": "build", "ios": "c" * 24}},
        {"expirationDate", "groups", "filter"},
    ),
    (
        {
            "terms": {"text": "Other."},
            "configuration": {"branding": {"button_color": "#FFFFFF"}},
            "activate_user_audiences": False,
            "show_dev_info": False,
        },
        {"terms", "configuration", "activateUserAudiences", "showDevInfo"},
    ),
    (
        {"expiration_date": "", "groups": [], "tags": [], "blocked_countries": [], "user_audience_map": []},
        {"expirationDate", "groups", "tags", "blockedCountries", "userAudienceMap"},
    ),
]
# Every shape once, with one form of dates and case after the other.
SERVERS = [(*shape, form) for shape, form in zip(SHAPES, itertools.cycle(FORMS))]


@pytest.mark.parametrize(("put", "unset", "nested", "forms"), SERVERS, ids=map("-".join, SHAPES))
def test_changes_on_a_full_publication(
    simulator: Start, put: str, unset: str, nested: str, forms: dict[str, Any]
) -> None:
    sim = simulator(switches={"publication_put": put, "unset_fields": unset, "nested": nested, **forms})
    expected = dict(FULL)
    sim.add_publication(**FULL)
    for options, mentioned in CHANGES:
        assert play(sim, {"slug": "full-app", **options}).changed
        stored = only(sim, "full-app")
        unmentioned_survive(expected, stored, mentioned)
        expected = dict(stored)
    assert expected["terms"] == {"active": True, "text": "Other."}
    branding = {name: value.upper() for name, value in expected["configuration"]["branding"].items()}
    assert branding == {"logo": "HTTPS://LOGO.EXAMPLE/L.PNG", "primaryColor": "#FF5733", "buttonColor": "#FFFFFF"}
    assert expected["configuration"]["application"] == FULL["configuration"]["application"]
    assert (expected["expirationDate"], expected["groups"], expected["activateUserAudiences"]) == (None, [], False)
    assert sim.contract_violations == []


HIDEABLE = ["allowedCountries", "groups", "expirationDate", "activateUserAudiences", "userAudienceMap", "tags"]


@pytest.mark.parametrize("put", ["replace", "merge"])
@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
@pytest.mark.parametrize("hidden", [[name] for name in HIDEABLE] + [HIDEABLE], ids=lambda names: "+".join(names)[:20])
def test_what_the_server_hides_is_named_before_it_may_be_lost(
    simulator: Start, put: str, unset: str, hidden: list[str]
) -> None:
    sim = simulator(switches={"publication_put": put, "unset_fields": unset, "hidden_fields": hidden})
    item = sim.add_publication(**FULL)
    change = {"publication_id": item["id"], "visibility": "active"}
    for check in (True, False):
        refused = task(sim, {**change, "unreturned_fields": "fail"}, check=check)
        assert refused.error.result["previous"]["id"] == item["id"]
        for name in hidden:
            if name != "userAudienceMap":
                assert {"allowedCountries": "allowed_countries"}.get(name, name)[:5] in refused.error.message
    assert sim.writes == []
    ran = task(sim, change)
    assert ran.error is None
    assert any("unreturned_fields" in warning for warning in ran.warnings)
    quiet = task(sim, {**change, "visibility": "inactive", "unreturned_fields": "ignore"})
    assert not any("unreturned_fields" in warning for warning in quiet.warnings)
    # what was shown survives, whatever the server does
    unmentioned_survive(FULL, only(sim, "full-app"), {*hidden, "visibility", "blockedCountries"})
    if put == "merge":
        unmentioned_survive(FULL, only(sim, "full-app"), {"visibility"})


@pytest.mark.parametrize("put", ["replace", "merge"])
@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
def test_a_named_value_that_the_server_hides_is_written_every_time(simulator: Start, put: str, unset: str) -> None:
    sim = simulator(switches={"publication_put": put, "unset_fields": unset, "hidden_fields": ["allowedCountries"]})
    sim.add_publication(**FULL)
    options = {"slug": "full-app", "allowed_countries": ["FR"]}
    for _time in range(2):
        ran = play(sim, options, repeats=True)
        assert ran.changed
        assert any("allowed_countries" in warning and "every run" in warning for warning in ran.warnings)
        assert ran.result["publication"]["allowed_countries"] == ["FR"]
        assert only(sim, "full-app")["allowedCountries"] == ["FR"]


HIDDEN_GUARDS = {
    "allowedCountries": {"allowed_countries": []},
    "groups": {"groups": []},
    "expirationDate": {"expiration_date": ""},
    "activateUserAudiences": {"activate_user_audiences": False},
    "userAudienceMap": {"user_audience_map": []},
}


@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
@pytest.mark.parametrize("hidden", HIDDEN_GUARDS)
def test_clearing_what_the_server_hides_writes_nothing_alone_and_is_never_silent(
    simulator: Start, hidden: str, unset: str
) -> None:
    sim = simulator(switches={"unset_fields": unset, "hidden_fields": [hidden]})
    sim.add_publication(**FULL)
    wish = HIDDEN_GUARDS[hidden]
    for more in ({}, {"visibility": "active"}, {"visibility": "active"}):
        for check in (True, False):
            sim.forget_requests()
            ran = task(sim, {"slug": "full-app", **wish, **more}, check=check)
            assert ran.error is None
            assert ran.changed == bool(more and only(sim, "full-app")["visibility"] == "unlisted") or sim.writes
            told = [text for text in ran.warnings if next(iter(wish)) in text and "can't be compared" in text]
            assert len(told) == 1, ran.warnings


@pytest.mark.parametrize("mode", ["fail", "fail_on_guards"])
@pytest.mark.parametrize("hidden", HIDDEN_GUARDS)
@pytest.mark.parametrize("more", [{}, {"visibility": "active"}], ids=str)
@pytest.mark.parametrize("check", [True, False])
def test_clearing_what_the_server_hides_is_refused_where_that_is_asked_for(
    simulator: Start, hidden: str, mode: str, more: dict[str, Any], check: bool
) -> None:
    sim = simulator(switches={"unset_fields": "null", "hidden_fields": [hidden]})
    sim.add_publication(**FULL)
    options = {"slug": "full-app", **HIDDEN_GUARDS[hidden], **more, "unreturned_fields": mode}
    ran = task(sim, options, check=check)
    assert "unreturned_fields: " in ran.error.message
    assert next(iter(HIDDEN_GUARDS[hidden])) in ran.error.message
    assert not ran.changed
    assert sim.writes == []


def test_fail_on_guards_lets_pass_what_guards_nothing(simulator: Start) -> None:
    sim = simulator(switches={"unset_fields": "null", "hidden_fields": ["showDevInfo", "tags", "hideAttachedFiles"]})
    sim.add_publication(**FULL)
    wish = {"slug": "full-app", "show_dev_info": False, "visibility": "active"}
    assert "hide_attached_files" in task(sim, {**wish, "unreturned_fields": "fail"}).error.message
    ran = task(sim, {**wish, "unreturned_fields": "fail_on_guards"})
    assert (ran.error, ran.changed) == (None, True)
    assert any("does not show tags, hide_attached_files" in text for text in ran.warnings)


def test_a_server_that_shows_empty_lists_but_drops_unset_countries_is_written_once(simulator: Start) -> None:
    sim = simulator(switches={"unset_fields": "empty", "hidden_fields": ["allowedCountries", "blockedCountries"]})
    sim.add_publication(**NEW)
    options = {"slug": "new-app", "allowed_countries": [], "blocked_countries": [], "tags": ["x"]}
    ran = play(sim, options)
    assert ran.changed
    assert not any("more people" in text for text in ran.warnings)


def test_what_other_publications_show_makes_warnings_fewer(simulator: Start) -> None:
    sim = simulator(switches={"unset_fields": "absent", "list_filters": "ignored"})
    sim.add_publication(**NEW)
    wish = {"slug": "new-app", "allowed_countries": []}
    assert any("can't be compared" in text for text in task(sim, wish).warnings)
    sim.add_publication(**FULL)
    assert task(sim, wish).warnings == []
    # They show that the server would show it here, and prove nothing about this publication.
    assert task(sim, {**wish, "unreturned_fields": "fail"}).error is not None


@pytest.mark.parametrize("put", ["replace", "merge"])
def test_what_the_module_itself_sent_inside_a_field_proves_nothing_about_others(simulator: Start, put: str) -> None:
    sim = simulator(switches={"publication_put": put, "unset_fields": "absent"})
    sim.add_publication(**{**NEW, "terms": {"active": True, "text": "Read."}})
    cleared = {"terms": {"active": False, "text": ""}, "tags": [], "allowed_countries": [], "expiration_date": ""}
    # Plays it twice: the second time, an empty text is all that is left of the terms.
    assert play(sim, {"slug": "new-app", **cleared}).changed


@pytest.mark.parametrize("put", ["replace", "merge"])
def test_a_hidden_country_list_is_cleared_by_the_other_one(simulator: Start, put: str) -> None:
    sim = simulator(switches={"publication_put": put, "hidden_fields": ["allowedCountries"]})
    sim.add_publication(**FULL)
    play(sim, {"slug": "full-app", "blocked_countries": ["US"]})
    stored = only(sim, "full-app")
    assert (stored["allowedCountries"], stored["blockedCountries"]) == ([], ["US"])


@pytest.mark.parametrize("put", ["replace", "merge"])
@pytest.mark.parametrize("leaf", ["configuration.branding", "terms.text", "configuration.application.name"])
def test_hidden_leaves_are_no_failure(simulator: Start, put: str, leaf: str) -> None:
    sim = simulator(switches={"publication_put": put, "hidden_fields": [leaf]})
    sim.add_publication(slug="app", configuration={"application": {"description": "x"}}, terms={"active": False})
    wish = {
        "terms": {"active": True, "text": "Read."},
        "configuration": {"application": {"name": "N"}, "branding": {"logo": "https://logo.example/x"}},
    }
    ran = play(sim, {"slug": "app", **wish}, repeats=True)
    assert any(leaf in warning and "every run" in warning for warning in ran.warnings)
    assert only(sim, "app")["terms"]["text"] == "Read."
    assert only(sim, "app")["configuration"]["branding"]["logo"] == "https://logo.example/x"


@pytest.mark.parametrize("put", ["replace", "merge"])
@pytest.mark.parametrize("country_lists", ["strict", "strictest", "accepted"])
@pytest.mark.parametrize(("unset", "error_status"), [("absent", 400), ("null", 409), ("empty", 422)])
def test_from_one_country_list_to_the_other(
    simulator: Start, put: str, country_lists: str, unset: str, error_status: int
) -> None:
    switches = {"publication_put": put, "country_lists": country_lists, "unset_fields": unset}
    sim = simulator(switches={**switches, "error_status": error_status})
    sim.add_publication(**FULL)
    for options, allowed, blocked in (
        ({"blocked_countries": ["US"]}, [], ["US"]),
        ({"blocked_countries": ["RU", "US"]}, [], ["RU", "US"]),
        ({"allowed_countries": ["ES"]}, ["ES"], []),
        ({"allowed_countries": []}, [], []),
        ({"allowed_countries": ["FR"], "blocked_countries": []}, ["FR"], []),
    ):
        play(sim, {"slug": "full-app", **options})
        stored = only(sim, "full-app")
        assert (stored["allowedCountries"], stored["blockedCountries"]) == (allowed, blocked)
        unmentioned_survive(FULL, stored, {"allowedCountries", "blockedCountries"})
        limits = [write.body for write in sim.writes if write.status < 300]
        assert all(body["visibility"] == "inactive" for body in limits[:-1])


@pytest.mark.parametrize("put", ["replace", "merge"])
def test_creation_on_the_strictest_server(simulator: Start, put: str) -> None:
    sim = simulator(switches={"publication_put": put, "country_lists": "strictest"})
    play(sim, {**NEW, "allowed_countries": ["ES"], "blocked_countries": []})
    assert [write.status for write in sim.writes] == []
    assert only(sim, "new-app")["allowedCountries"] == ["ES"]


def test_texts_are_cleared_on_a_server_that_refuses_empty_ones(simulator: Start) -> None:
    sim = simulator(switches={"empty_strings": "refuse"})
    sim.add_publication(**FULL)
    wish = {"terms": {"active": False, "text": ""}, "configuration": {"application": {"name": "", "description": "y"}}}
    play(sim, {"slug": "full-app", **wish})
    stored = only(sim, "full-app")
    assert stored["terms"] == {"active": False}
    assert stored["configuration"]["application"] == {"description": "y"}
    unmentioned_survive(FULL, stored, {"terms", "configuration"})


def test_texts_that_can_not_be_cleared_are_told_about(simulator: Start) -> None:
    sim = simulator(switches={"empty_strings": "refuse", "publication_put": "merge"})
    sim.add_publication(**FULL)
    ran = task(sim, {"slug": "full-app", "configuration": {"application": {"name": ""}}})
    assert "configuration: asked for" in ran.error.message
    assert ran.error.result["previous"]["slug"] == "full-app"


@pytest.mark.parametrize("envelope", ["docs", "items", "bare", "items_only", "data_list", "top_items"])
@pytest.mark.parametrize(
    ("filters", "api"), [("honoured", "integrations"), ("ignored", "workspace"), ("refused", "integrations")]
)
def test_found_by_slug_in_every_listing(simulator: Start, envelope: str, filters: str, api: str) -> None:
    sim = simulator(switches={"envelope": envelope, "list_filters": filters, "max_limit": 2, "default_limit": 2})
    for _number in range(5):
        sim.add_publication()
    play(sim, NEW, api=api)
    play(sim, {"slug": "new-app", "tags": ["x"]}, api=api)
    play(sim, {"slug": "new-app", "state": "absent"}, api=api)
    assert len(sim.publications) == 5


@pytest.mark.parametrize(("create", "update", "delete"), [(200, 204, 200), (201, 200, 204), (201, 204, 204)])
def test_every_status_of_success(simulator: Start, create: int, update: int, delete: int) -> None:
    answer = "delete" if delete == 200 else "deleted"
    sim = simulator(
        switches={
            "create_status": create,
            "update_status": update,
            "delete_status": delete,
            "delete_answer": answer,
            "error_envelope": "status_true_with_error",
        }
    )
    play(sim, NEW)
    play(sim, {"slug": "new-app", "visibility": "unlisted"})
    play(sim, {"slug": "new-app", "state": "absent"})
    assert sim.publications == {}
