# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent, what it does, and whom it lets in: pure, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    InvalidInput,
    RequestFailed,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import canonical
from ansible_collections.applivery.distribution.plugins.module_utils._publication.check import (
    check_update,
    incomparable,
    judge,
    openings,
    possibly_lost,
    unproven,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.plan import plan_creation, plan_update
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import (
    FIELD,
    pinned_builds,
    understood,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.write import (
    milder,
    refuses_both_country_lists,
)
from ansible_collections.applivery.distribution.tests.support.publications import FULL, PASSWORD

ONE, TWO = "a" * 24, "b" * 24
READ_ONLY = {
    "id": "c" * 24,
    "applicationInfo": {"id": "d" * 24},
    "distributionUrl": "https://acme.applivery.io/full-app",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": "2026-01-01T00:00:00.000Z",
    "organization": "e" * 24,
    "store": "f" * 24,
}
BASE = {"slug": "app", "visibility": "active", "security": "public", "filter": {"type": "last"}}


def test_everything_that_was_read_travels_exactly_as_it_was_read() -> None:
    plan = plan_update({"tags": ["x"]}, {**FULL, **READ_ONLY})
    assert plan.body == {**FULL, "tags": ["x"]}
    assert plan.diff() == ({"tags": ["beta", "staging"]}, {"tags": ["x"]})


def test_what_compares_equal_travels_as_read_not_as_typed() -> None:
    read = {**FULL, "expirationDate": "2037-01-01T01:59:59.000+02:00", "allowedCountries": ["pt", "es"]}
    wishes = {
        "expiration_date": "2036-12-31",
        "allowed_countries": ["ES", "pt", "ES"],
        "configuration": {"branding": {"primary_color": "#fF5733"}},
        "groups": [["press"], ["mobile", "qa"]],
        "tags": ["beta", "staging"],
        "visibility": "active",
    }
    plan = plan_update(wishes, read)
    assert plan.body == {**read, "visibility": "active"}
    assert set(plan.changes) == {"visibility"}


def test_null_counts_as_unset_and_is_not_sent_except_to_clear() -> None:
    read = {**BASE, "groups": None, "terms": None, "configuration": {}, "expirationDate": None, "tags": []}
    assert plan_update({"visibility": "inactive"}, read).body == {**BASE, "visibility": "inactive", "tags": []}
    assert plan_update({"expiration_date": ""}, {**BASE, "expirationDate": "2036-01-01T00:00:00Z"}).body == {
        **BASE,
        "expirationDate": None,
    }


CLEARED: list[tuple[str, Any, Any]] = [
    ("groups", [], []),
    ("user_audience_map", [], []),
    ("allowed_countries", [], []),
    ("tags", [], []),
    ("expiration_date", "", None),
    ("terms", {"active": False, "text": ""}, {"active": False, "text": ""}),
]


@pytest.mark.parametrize(("option", "wish", "sent"), CLEARED, ids=[entry[0] for entry in CLEARED])
def test_every_field_can_be_cleared(option: str, wish: Any, sent: Any) -> None:
    plan = plan_update({option: wish}, FULL)
    assert plan.changed
    assert plan.body[FIELD[option].name] == sent
    # and once it is clear, in whichever form the server shows that, there is nothing left to do
    for unset in (None, [], {}, "") if option != "terms" else (None, {}, {"active": False}, {"text": None}):
        assert not plan_update({option: wish}, {**FULL, FIELD[option].name: unset}).changed


def test_nested_fields_merge_leaf_by_leaf() -> None:
    wish = {"configuration": {"branding": {"button_color": ""}, "application": {"name": "Other"}}}
    sent = plan_update(wish, FULL).body["configuration"]
    assert sent == {
        "application": {"name": "Other", "description": "All of it."},
        "branding": {**FULL["configuration"]["branding"], "buttonColor": ""},
    }


def test_the_filter_is_replaced_as_a_whole() -> None:
    read = {**BASE, "filter": {"type": "build", "ios": ONE, "android": TWO, "value": None, "builds": []}}
    assert plan_update({"filter": {"type": "build", "ios": TWO}}, read).body["filter"] == {
        "type": "build",
        "ios": TWO,
    }
    assert plan_update({"filter": {"type": "last"}}, read).body["filter"] == {"type": "last"}
    assert plan_update({"tags": ["x"]}, read).body["filter"] == {"type": "build", "ios": ONE, "android": TWO}


def test_builds_in_the_old_form_are_carried_in_the_old_form() -> None:
    read = {**BASE, "filter": {"type": "builds", "ios": ONE, "builds": []}}
    wish = {"type": "builds", "builds": [{"build_platform": "ios", "id": ONE}]}
    assert not plan_update({"filter": wish}, read).changed
    assert plan_update({"filter": wish, "tags": ["x"]}, read).body["filter"] == {"type": "builds", "ios": ONE}


def test_unknown_values_travel_verbatim() -> None:
    strange = {"type": "gitCommit", "commit": "abc1234", "value": None}
    read = {**FULL, "security": "private", "visibility": "secret", "filter": strange}
    body = plan_update({"tags": ["x"]}, read).body
    assert (body["security"], body["visibility"]) == ("private", "secret")
    assert body["filter"] == {"type": "gitCommit", "commit": "abc1234"}


@pytest.mark.parametrize("more", [{}, {"description": "New"}], ids=str)
def test_a_leaf_that_is_to_be_cleared_travels_where_it_is_not_shown(more: dict[str, str]) -> None:
    wishes = {"tags": ["x"], "configuration": {"application": {"name": "", **more}}}
    for application, sent in (
        ({"description": "Old"}, {"name": "", "description": "Old", **more}),
        ({"description": "Old", "name": ""}, {"description": "Old", **more}),
        ({"description": "Old", "name": "App"}, {"name": "", "description": "Old", **more}),
    ):
        read = {**BASE, "configuration": {"application": application}}
        assert plan_update(wishes, read).body["configuration"] == {"application": sent}


def test_enriched_objects_are_reduced() -> None:
    audience = {"id": ONE, "notifyNewBuildsProcessed": True, "name": "Audience", "members": 3}
    read = {**FULL, "userAudienceMap": [audience], "filter": {"type": "build", "ios": {"id": ONE, "status": "x"}}}
    body = plan_update({"tags": []}, read).body
    assert body["userAudienceMap"] == [{"id": ONE, "notifyNewBuildsProcessed": True}]
    assert body["filter"] == {"type": "build", "ios": ONE}


@pytest.mark.parametrize(
    "item",
    [ONE, {"_id": ONE}, {"audience": ONE}, {"audience": {"id": ONE}}, {"audienceId": ONE}, {"id": {"_id": ONE}}],
    ids=str,
)
def test_audiences_under_another_shape_keep_their_id(item: Any) -> None:
    read = understood({**FULL, "userAudienceMap": [item]})
    assert [entry["id"] for entry in plan_update({"tags": []}, read).body["userAudienceMap"]] == [ONE]


def test_an_entry_that_nobody_understands_is_not_destroyed() -> None:
    read = understood({**FULL, "userAudienceMap": [{"who": "knows"}]})
    plan = plan_update({"tags": []}, read)
    with pytest.raises(InvalidInput, match="user_audience_map: "):
        check_update(plan)


def test_notification_of_an_audience_is_kept_where_it_is_not_named() -> None:
    plan = plan_update({"user_audience_map": [{"id": "a" * 24}, {"id": "c" * 24}]}, FULL)
    assert plan.body["userAudienceMap"] == [
        {"id": "a" * 24, "notifyNewBuildsProcessed": True},
        {"id": "c" * 24, "notifyNewBuildsProcessed": False},
    ]
    same = {"user_audience_map": [{"id": "b" * 24}, {"id": "a" * 24}]}
    assert not plan_update(same, FULL).changed


# The two country lists ----------------------------------------------------------------------------------------


ALLOWED, BLOCKED = "allowedCountries", "blockedCountries"
COUNTRIES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # wish, read, what is sent of the two
    ({"blocked_countries": ["us"]}, {ALLOWED: ["ES"], BLOCKED: []}, {ALLOWED: [], BLOCKED: ["US"]}),
    ({"blocked_countries": ["us"]}, {ALLOWED: ["ES"]}, {ALLOWED: [], BLOCKED: ["US"]}),
    ({"blocked_countries": ["us"]}, {ALLOWED: [], BLOCKED: []}, {BLOCKED: ["US"]}),
    ({"blocked_countries": ["us"]}, {ALLOWED: None, BLOCKED: None}, {BLOCKED: ["US"]}),
    # what is not shown may be set, and leaving it out may keep it
    ({"blocked_countries": ["us"]}, {}, {ALLOWED: [], BLOCKED: ["US"]}),
    ({"blocked_countries": ["us"]}, {BLOCKED: ["RU"]}, {BLOCKED: ["US"]}),
    ({"allowed_countries": []}, {ALLOWED: ["ES"], BLOCKED: []}, {ALLOWED: []}),
    ({"allowed_countries": []}, {ALLOWED: [], BLOCKED: ["US"]}, {BLOCKED: ["US"]}),
    ({"allowed_countries": [], "blocked_countries": ["US"]}, {ALLOWED: ["ES"]}, {ALLOWED: [], BLOCKED: ["US"]}),
    ({"tags": ["x"]}, {ALLOWED: ["ES"], BLOCKED: []}, {ALLOWED: ["ES"]}),
    ({"tags": ["x"]}, {ALLOWED: [], BLOCKED: []}, {}),
    ({"tags": ["x"]}, {ALLOWED: []}, {ALLOWED: []}),
    ({"tags": ["x"]}, {}, {}),
]


@pytest.mark.parametrize(("wishes", "read", "sent"), COUNTRIES, ids=range(len(COUNTRIES)))
def test_one_country_list_clears_the_other(wishes: dict[str, Any], read: dict[str, Any], sent: dict[str, Any]) -> None:
    body = plan_update(wishes, {**BASE, **read}).body
    assert {name: body[name] for name in (ALLOWED, BLOCKED) if name in body} == sent


def test_creation_sends_one_country_list() -> None:
    wishes = {"allowed_countries": ["es"], "blocked_countries": []}
    assert plan_creation(wishes, {}).body == {ALLOWED: ["ES"]}


# Password -----------------------------------------------------------------------------------------------------


def test_password_travels_with_every_put_of_a_password_publication() -> None:
    read = {**BASE, "security": "password"}
    plan = plan_update({"tags": ["x"], "password": PASSWORD}, read)
    assert plan.body["password"] == PASSWORD
    assert plan.diff() == (
        {"password": "(unknown)"},
        {"tags": ["x"], "password": "VALUE_HIDDEN"},
    )
    assert "password" not in plan.expected
    assert not plan_update({"password": PASSWORD}, read).changed
    assert plan_update({"password": PASSWORD}, read, set_password=True).changed


def test_password_stays_at_home_where_it_means_nothing() -> None:
    for security in ("public", "logged", "private"):
        plan = plan_update({"tags": ["x"], "password": PASSWORD}, {**BASE, "security": security}, set_password=True)
        assert "password" not in plan.body
        assert not plan.forced
    assert "password" not in plan_creation({**BASE, "password": PASSWORD}, {}).body


# What opens ---------------------------------------------------------------------------------------------------

OPENINGS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"security": "logged"}, {"security": "public"}, ["security"]),
    ({"security": "logged"}, {"security": "password"}, ["security"]),
    ({"security": "password"}, {"security": "public"}, ["security"]),
    ({"security": "private"}, {"security": "logged"}, ["security"]),
    ({"security": "public"}, {"security": "logged"}, []),
    ({"security": None}, {"security": "public"}, ["security"]),
    ({"groups": [["a", "b"]]}, {"groups": [["a"]]}, ["groups"]),
    ({"groups": [["a"]]}, {"groups": [["a", "b"]]}, []),
    ({"groups": [["a"]]}, {"groups": [["a"], ["b"]]}, ["groups"]),
    ({"groups": [["a"], ["b"]]}, {"groups": [["b"]]}, []),
    ({"groups": [["a"]]}, {"groups": []}, ["groups"]),
    ({"groups": []}, {"groups": [["a"]]}, []),
    ({ALLOWED: ["ES"]}, {"allowed_countries": ["ES", "PT"]}, ["allowed_countries"]),
    ({ALLOWED: ["ES", "PT"]}, {"allowed_countries": ["ES"]}, []),
    ({ALLOWED: ["ES"]}, {"allowed_countries": []}, ["allowed_countries"]),
    ({ALLOWED: ["ES"]}, {"blocked_countries": ["US"]}, ["allowed_countries"]),
    ({ALLOWED: []}, {"allowed_countries": ["ES"]}, []),
    ({BLOCKED: ["US", "RU"]}, {"blocked_countries": ["US"]}, ["blocked_countries"]),
    ({BLOCKED: ["US"]}, {"blocked_countries": ["US", "RU"]}, []),
    ({"expirationDate": "2036-01-01T00:00:00Z"}, {"expiration_date": "2037-01-01"}, ["expiration_date"]),
    ({"expirationDate": "2036-01-01T00:00:00Z"}, {"expiration_date": "2036-01-01T00:00:00.5Z"}, ["expiration_date"]),
    ({"expirationDate": "2036-01-01T00:00:00Z"}, {"expiration_date": "2035-01-01"}, []),
    ({"expirationDate": "2036-01-01T00:00:00Z"}, {"expiration_date": ""}, ["expiration_date"]),
    ({"expirationDate": "nobody knows"}, {"expiration_date": "2035-01-01"}, ["expiration_date"]),
    ({"expirationDate": None}, {"expiration_date": "2035-01-01"}, []),
    ({"activateUserAudiences": True}, {"activate_user_audiences": False}, ["activate_user_audiences"]),
    ({"activateUserAudiences": False}, {"activate_user_audiences": True}, []),
    (
        {"activateUserAudiences": True, "userAudienceMap": [{"id": ONE}]},
        {"user_audience_map": [{"id": ONE}, {"id": TWO}]},
        ["user_audience_map"],
    ),
    (
        {"activateUserAudiences": True, "userAudienceMap": [{"id": ONE}, {"id": TWO}]},
        {"user_audience_map": [{"id": ONE}]},
        [],
    ),
    ({"activateUserAudiences": False}, {"activate_user_audiences": True, "user_audience_map": [{"id": ONE}]}, []),
    ({"visibility": "inactive"}, {"visibility": "unlisted"}, ["visibility"]),
    ({"visibility": "active"}, {"visibility": "inactive"}, []),
    # nobody knows whether there was a list of who may enter
    ({}, {"blocked_countries": ["KP"]}, ["allowed_countries"]),
    ({}, {"allowed_countries": [], "blocked_countries": ["KP"]}, []),
    ({ALLOWED: []}, {"blocked_countries": ["KP"]}, []),
    # a narrower list takes the place of a blocked country, or lets that very one in
    ({BLOCKED: ["KP"]}, {"allowed_countries": ["ES"]}, []),
    ({BLOCKED: ["KP", "RU"]}, {"allowed_countries": ["ES", "KP"]}, ["blocked_countries"]),
]


@pytest.mark.parametrize(("read", "wishes", "opened"), OPENINGS, ids=range(len(OPENINGS)))
def test_what_opens_is_named(read: dict[str, Any], wishes: dict[str, Any], opened: list[str]) -> None:
    plan = plan_update(wishes, {**BASE, **read})
    assert [text.split(":")[0] for text in openings(plan)] == opened


# What the server does not show --------------------------------------------------------------------------------


def test_possibly_lost_names_guards_first_by_option_name() -> None:
    lost = possibly_lost({}, BASE, set())
    guards = ["allowed_countries", "blocked_countries", "activate_user_audiences", "user_audience_map"]
    assert lost[:6] == [*guards, "expiration_date", "tags"]
    # Whatever fields there are, those that were not read are named, each once; groups are for logged-in people.
    unread = [entry.option for entry in FIELD.values() if entry.name not in BASE and not entry.secret]
    assert sorted([*lost, "groups"]) == sorted(unread)
    assert possibly_lost({}, {**BASE, "security": "logged"}, set())[2] == "groups"


def test_possibly_lost_leaves_out_what_is_named_excluded_or_shown_for_others() -> None:
    assert possibly_lost({}, {**BASE, **{name: None for name in FULL if name not in BASE}}, {BLOCKED}) == []
    assert possibly_lost({}, {**FULL}, set()) == []
    lost = possibly_lost({"expiration_date": "", "tags": [], "allowed_countries": ["ES"]}, BASE, {"showHistory"})
    assert not {"expiration_date", "tags", "allowed_countries", "blocked_countries", "show_history"} & set(lost)
    # who may enter is all that counts; whom to keep out says nothing about that
    assert "allowed_countries" in possibly_lost({"blocked_countries": ["KP"]}, BASE, set())
    # a list that is to be cleared says nothing about the other one
    assert "blocked_countries" in possibly_lost({"allowed_countries": []}, BASE, set())


def test_possibly_lost_looks_into_what_is_named_in_part() -> None:
    lost = possibly_lost({"configuration": {"branding": {"logo": "x"}}}, BASE, set())
    assert [name for name in lost if name.startswith("configuration")] == [
        "configuration.application",
        "configuration.branding.primary_color",
        "configuration.branding.button_color",
    ]


@pytest.mark.parametrize("option", ["visibility", "security", "filter"])
def test_what_every_publication_has_must_be_known_before_it_is_replaced(option: str) -> None:
    read = {name: value for name, value in BASE.items() if name != FIELD[option].name}
    plan = plan_update({"tags": ["x"]}, read)
    with pytest.raises(InvalidInput, match=f"{option}: "):
        check_update(plan)
    wishes = {"tags": ["x"], option: {"type": "last"} if option == "filter" else "active"}
    check_update(plan_update(wishes, read))


def test_active_terms_need_a_text() -> None:
    read = {**BASE, "terms": {"active": True}}
    assert not plan_update({"visibility": "active"}, read).changed
    with pytest.raises(InvalidInput, match=r"terms\.text"):
        check_update(plan_update({"tags": ["x"]}, read))


CLEARING: dict[str, Any] = {
    "blocked_countries": [],
    "activate_user_audiences": False,
    "expiration_date": "",
    "show_dev_info": False,
    "terms": {"active": False, "text": ""},
}


@pytest.mark.parametrize(
    "kin", [{}, {"groups": []}, {"tags": None}, {"showHistory": False}, {"configuration": {}}], ids=str
)
def test_a_field_that_is_absent_is_unset_whatever_else_is_shown(kin: dict[str, Any]) -> None:
    read = {**BASE, **kin}
    assert not plan_update(CLEARING, read).changed
    assert incomparable(CLEARING, [read]) == list(CLEARING)
    assert plan_update({"show_dev_info": True}, read).changed


def test_what_any_read_of_the_publication_shows_can_be_compared() -> None:
    listed, read, after = (
        {"blockedCountries": None},
        {**BASE, "showDevInfo": False},
        {**BASE, "terms": {"active": False}},
    )
    assert incomparable(CLEARING, [listed, read]) == ["activate_user_audiences", "expiration_date", "terms"]
    assert incomparable(CLEARING, [read, after]) == [
        "blocked_countries",
        "activate_user_audiences",
        "expiration_date",
        "terms.text",
    ]
    # A field that is shown as a whole to be unset hides no leaf.
    for unset in (None, {}):
        assert incomparable({"terms": CLEARING["terms"]}, [{**BASE, "terms": unset}]) == []


def test_surprises_tell_both_values() -> None:
    plan = plan_update({"tags": ["x"]}, FULL)
    assert judge(plan, plan.expected) == ({}, {})
    found = judge(plan, {**plan.expected, "security": "public", "tags": ["y"]}).wrong
    assert found["security"] == "security: nobody asked to change it, it was 'logged', is now 'public'"
    assert found["tags"] == "tags: asked for ['x'], is now ['y']"
    lost = {name: value for name, value in plan.expected.items() if name not in ("allowedCountries", "tags")}
    assert set(judge(plan, lost).wrong) == {"allowed_countries", "tags"}


def test_what_was_shown_as_unset_must_stay_unset() -> None:
    read = {**BASE, "groups": [], "showHistory": None}
    plan = plan_update({"tags": ["x"]}, read)
    after = {**plan.expected, "groups": [["everybody"]], "showHistory": False, "expirationDate": "2036-01-01T00:00:00Z"}
    # groups were shown and changed; the history is off as before; the date was never shown and may be a default
    assert set(judge(plan, after).wrong) == {"groups"}


def test_a_leaf_that_the_server_hides_is_no_surprise_but_unproven() -> None:
    wishes = {"configuration": {"application": {"name": "New"}, "branding": {"logo": "x"}}}
    read = {**BASE, "configuration": {"application": {"name": "Old"}}}
    plan = plan_update(wishes, read)
    after = {**BASE, "configuration": {"application": {"name": "New"}}}
    assert judge(plan, after) == ({}, {})
    assert unproven(wishes, after) == ["configuration.branding"]
    ignored = {**BASE, "configuration": {"application": {"name": "Old"}}}
    assert set(judge(plan, ignored).wrong) == {"configuration"}


def test_unproven_names_what_was_set_and_is_not_shown() -> None:
    assert unproven({"allowed_countries": ["ES"], "show_history": False}, BASE) == ["allowed_countries"]
    assert unproven({"allowed_countries": []}, {**BASE, "groups": None}) == []


# Refusals of a strict server ----------------------------------------------------------------------------------


def refused(*fields: str, code: int | None = 6002) -> RequestFailed:
    named = [{"field": field, "messages": ["no"]} for field in fields]
    return RequestFailed("no", failure(code=code, status=400, fields=named))


def test_both_country_lists_refused() -> None:
    body = {ALLOWED: [], BLOCKED: ["US"]}
    for problem in (refused(BLOCKED), refused(f"body.{ALLOWED}"), refused("value"), refused("")):
        assert refuses_both_country_lists(problem, body)
    assert refuses_both_country_lists(refused(), body)
    assert not refuses_both_country_lists(refused("slug"), body)
    assert not refuses_both_country_lists(refused(BLOCKED, code=5024), body)
    assert not refuses_both_country_lists(refused(BLOCKED), {BLOCKED: ["US"]})
    assert not refuses_both_country_lists(refused(BLOCKED), {ALLOWED: ["ES"], BLOCKED: ["US"]})


def test_a_milder_body_lacks_only_what_is_empty_or_strange() -> None:
    body = {"terms": {"active": False, "text": ""}, "expirationDate": None, "tags": [], "filter": {"type": "x", "y": 1}}
    made = milder(body, refused("terms.text", "filter.y"), None)
    assert made == {"terms": {"active": False}, "expirationDate": None, "tags": [], "filter": {"type": "x"}}
    assert milder(body, refused("slug", code=5024), None) == body
    assert "expirationDate" not in milder(body, refused("expirationDate"), None)
    assert "tags" not in milder(body, refused("tags"), None)
    assert milder({"tags": ["a"]}, refused("tags"), None) == {"tags": ["a"]}


def test_country_codes_that_were_read_in_lower_case_are_tried_in_upper_case() -> None:
    for named in (ALLOWED, f"{ALLOWED}.0", f"body.{ALLOWED}.12"):
        assert milder({ALLOWED: ["es", "PT"], "tags": ["x"]}, refused(named), None) == {
            ALLOWED: ["ES", "PT"],
            "tags": ["x"],
        }
    assert milder({ALLOWED: ["es"]}, refused("slug"), None) == {ALLOWED: ["es"]}


@pytest.mark.parametrize(
    ("security", "stays"), [("public", False), ("password", False), ("logged", True), ("unheard-of", True)]
)
def test_groups_are_left_out_after_a_refusal_only_where_they_mean_nothing(security: str, stays: bool) -> None:
    body = {"security": security, "groups": [["qa"]]}
    assert ("groups" in milder(body, refused("groups"), None)) is stays
    assert ("groups" in milder({**body, "groups": []}, refused("groups"), None)) is False


def test_the_application_is_added_where_it_is_missed_and_left_out_where_it_is_unknown() -> None:
    missed = refused("application")
    missed.failure["fields"][0]["messages"] = ['"application" is required']
    assert milder({"tags": []}, missed, "a" * 24) == {"tags": [], "application": "a" * 24}
    assert milder({"tags": []}, missed, None) == {"tags": []}
    unknown = refused("application")
    unknown.failure["fields"][0]["messages"] = ['"application" is not allowed']
    assert milder({"application": "a" * 24}, unknown, "a" * 24) == {}
    assert milder({"application": "a" * 24}, missed, "a" * 24) == {"application": "a" * 24}


# Canonical forms ----------------------------------------------------------------------------------------------

CANONICAL: list[tuple[str, Any, Any]] = [
    ("groups", [["b", "a"], ["c"], ["a", "b", "a"]], [["a", "b"], ["c"]]),
    ("groups", [], None),
    ("groups", None, None),
    ("allowed_countries", ["pt", "ES", "es"], ["ES", "PT"]),
    ("tags", ["b", "a", "b"], ["a", "b"]),
    ("expiration_date", "2036-12-31T23:59:59.000+00:00", "2036-12-31T23:59:59Z"),
    ("expiration_date", "2037-01-01T01:59:59+02:00", "2036-12-31T23:59:59Z"),
    ("expiration_date", "", None),
    ("terms", {"active": False, "text": "", "updatedAt": "x"}, {"active": False}),
    ("terms", {}, None),
    ("terms", {"text": "Read me.\r\nAll.\n"}, {"text": "Read me.\nAll."}),
    ("filter", {"type": "last", "value": "main", "ios": ONE}, {"type": "last"}),
    ("filter", {"type": "builds", "ios": ONE}, {"type": "builds", "builds": [{"build_platform": "ios", "id": ONE}]}),
    ("configuration", {"branding": {"primaryColor": "#ff5733", "more": 1}}, {"branding": {"primary_color": "#FF5733"}}),
]


@pytest.mark.parametrize(("option", "read", "form"), CANONICAL, ids=range(len(CANONICAL)))
def test_canonical_forms(option: str, read: Any, form: Any) -> None:
    assert canonical(FIELD[option], read) == form


@pytest.mark.parametrize(
    "chosen",
    [
        {"type": "build", "ios": ONE.upper()},
        {"type": "build", "ios": {"_id": ONE, "versionName": "1"}},
        {"type": "builds", "builds": [{"buildPlatform": "ps5", "id": ONE}]},
        {"type": "builds", "builds": [{"buildPlatform": "ps5", "build": {"_id": ONE}}]},
        {"type": "builds", "builds": [{"buildPlatform": "ios", "buildId": ONE}]},
        {"type": "builds", "builds": [ONE]},
        {"type": "unheard-of", "x": [[{"y": ONE}]]},
    ],
)
def test_every_id_inside_a_filter_is_a_build_that_may_be_pinned(chosen: dict[str, Any]) -> None:
    assert pinned_builds({"id": TWO, "filter": chosen}) == {ONE}


@pytest.mark.parametrize("chosen", [None, "last", {"type": "last", "value": None}, {"type": "tag", "value": "a" * 23}])
def test_what_is_no_id_pins_nothing(chosen: Any) -> None:
    assert pinned_builds({"id": TWO, "filter": chosen}) == set()


@pytest.mark.parametrize(
    ("platform", "kind"), [("ios", "builds"), ("ps5", "builds"), ("windows", "build"), ("macos", "builds")]
)
def test_a_list_of_builds_gives_way_where_it_has_no_room(platform: str, kind: str) -> None:
    read = {**BASE, "filter": {"type": "builds", "builds": [{"buildPlatform": "android", "id": ONE}]}}
    wish = {"type": "builds", "builds": [{"build_platform": platform, "id": TWO}]}
    chosen = plan_update({"filter": wish}, read, filter_mode="merge").body["filter"]
    assert chosen["type"] == kind
    listed = {entry["buildPlatform"]: entry["id"] for entry in chosen.get("builds", [])}
    keys = {key: chosen[key] for key in ("android", "windows") if key in chosen}
    assert {**listed, **keys} == {"android": ONE, platform: TWO}


def test_a_list_of_builds_that_holds_windows_has_room_for_it() -> None:
    read = {**BASE, "filter": {"type": "builds", "builds": [{"buildPlatform": "windows", "id": ONE}]}}
    wish = {"type": "build", "windows": TWO}
    chosen = plan_update({"filter": wish}, read, filter_mode="merge").body["filter"]
    assert chosen == {"type": "builds", "builds": [{"buildPlatform": "windows", "id": TWO}]}
