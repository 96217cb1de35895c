# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access report: what it says, and what it does not pretend to know."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest
from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.filter.access_report import FilterModule
from ansible_collections.applivery.distribution.plugins.filter.builds_to_read import FilterModule as BuildsToRead
from ansible_collections.applivery.distribution.plugins.filter.publications_to_report import FilterModule as Picked
from ansible_collections.applivery.distribution.plugins.filter.report_since import FilterModule as Since
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.ledger import Place, opened

access_report = FilterModule().filters()["access_report"]
builds_to_read = BuildsToRead().filters()["builds_to_read"]
publications_to_report = Picked().filters()["publications_to_report"]
report_since = Since().filters()["report_since"]

NOW = "2026-06-01T12:00:00Z"
PUBLICATION = {
    "id": "p1",
    "slug": "beta",
    "application": "a1",
    "distribution_url": "https://acme.example/beta",
    "visibility": "unlisted",
    "security": "logged",
    "groups": [["qa", "ios"], ["pm"]],
    "allowed_countries": ["DE", "AT"],
    "expiration_date": "2026-12-31",
    "filter": {"type": "build", "ios": "b1", "android": "b2"},
}
ANA = {
    "published_application_id": "p1",
    "email": "Ana@north.example",
    "allowed_downloads": 2,
    "created_at": "2026-05-20T00:00:00Z",
}


def one(**piece):
    publication = {**PUBLICATION, **piece.pop("publication", {})}
    piece["users"] = [{"published_application_id": "P1", **user} for user in piece.get("users", [])]
    report = access_report([{"publication": publication, **piece}], now=NOW)
    assert report["totals"]["publications"] == 1
    return report["publications"][0]


def test_what_can_be_downloaded_from_pinned_builds():
    builds = [{"id": "b1", "version_name": "2.5", "version_code": "77", "disabled": True}, {"id": "b2"}]
    assert one(builds=builds)["downloads"] == [
        "iOS: 2.5 (77), build b1, disabled",
        "Android: build without a version name, build b2",
    ]
    assert one()["downloads"] == ["iOS: build b1", "Android: build b2"]
    listed = {"filter": {"type": "builds", "builds": [{"build_platform": "ps5", "id": "b9"}]}}
    assert one(publication=listed)["downloads"] == ["ps5: build b9"]
    assert one(publication={"filter": {"type": "build"}})["downloads"] == ["no build"]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"type": "last"}, "the newest build of the application"),
        ({"type": "gitBranch", "value": "release/2"}, "the branch release/2"),
        ({"type": "gitTag", "value": "v2"}, "the git tag v2"),
        ({"type": "tag", "value": "beta"}, "the tag beta"),
        ({"type": "moon"}, "unknown: the filter is moon"),
        (None, "unknown: the filter is None"),
    ],
)
def test_what_can_be_downloaded_by_a_rule(chosen, words):
    lines = one(publication={"filter": chosen, "show_history": True})["downloads"]
    assert words in lines[0]
    assert "history" in lines[1]


def test_who_gets_in():
    assert one()["who"] == [
        "People who sign in",
        "Members of the groups qa and ios or pm",
        "External testers on the OTP list, when OTP is switched on in the dashboard",
        "Only from DE, AT",
    ]
    audiences = {
        "activate_user_audiences": True,
        "user_audience_map": [{"id": "u1", "notify_new_builds_processed": True}],
    }
    item = one(publication={"groups": [], "allowed_countries": [], "blocked_countries": ["US"], **audiences})
    assert item["who"][1:] == [
        "No group limits this",
        "External testers on the OTP list, when OTP is switched on in the dashboard",
        "Audiences are on: u1",
        "Not from US",
    ]
    assert {"who": "Audience u1", "mailed": True} in item["mailed"]
    assert one(publication={"security": "telepathy"})["who"][0] == "Unknown: security is telepathy"


def test_what_the_server_keeps_back_is_unknown_rather_than_none():
    hidden = ["groups", "allowed_countries", "blocked_countries", "activate_user_audiences", "expiration_date"]
    item = one(publication={**dict.fromkeys(hidden), "unreturned_fields": hidden})
    assert item["who"] == [
        "People who sign in",
        "Whether groups limit this is not known",
        "External testers on the OTP list, when OTP is switched on in the dashboard",
        "Whether countries limit this is not known",
        "Whether audiences may enter is not known",
    ]
    assert item["findings"] == ["The server does not show whether it ends."]
    declared = {"groups": [["qa"]], "allowed_countries": ["DE"], "expiration_date": "2027-01-01"}
    item = one(publication={**dict.fromkeys(hidden), "unreturned_fields": hidden}, declared=declared)
    assert "Members of the groups qa" in item["who"]
    assert "Only from DE" in item["who"]
    assert item["findings"] == []


@pytest.mark.parametrize(
    ("fields", "because"),
    [({"visibility": "inactive"}, "it is inactive"), ({"expiration_date": "2026-05-31"}, "it has expired"), ({}, None)],
)
def test_a_closed_publication_lets_nobody_in(fields, because):
    item = one(publication=fields, users=[ANA])
    assert item["closed_because"] == because
    assert item["open"] is (because is None)
    assert item["testers"][0]["can_enter"] is (because is None)
    if because:
        assert item["findings"] == []


def test_each_tester_with_the_nearest_end():
    testers = [{"email": "ana@north.example", "studio": "North", "allowance": 2, "access_until": "2026-07-01"}]
    (row,) = one(users=[ANA], testers=testers)["testers"]
    assert (row["email"], row["studio"], row["downloads"], row["listed"]) == ("Ana@north.example", "North", 2, True)
    assert (row["ends"], row["ends_because"].split(" says")[0]) == ("2026-07-01T23:59:59Z", "the list of testers")
    (row,) = one(users=[ANA])["testers"]
    assert (row["ends"], row["ends_because"], row["listed"]) == (
        "2026-12-31T23:59:59Z",
        "the publication expires",
        None,
    )
    (row,) = one(users=[{**ANA, "temporal": True}])["testers"]
    assert row["ends"] == "2026-06-19T00:00:00Z"


@pytest.mark.parametrize(
    ("user", "downloads"),
    [({"single_use": True}, 1), ({"single_use": False}, -1), ({}, None), ({"allowed_downloads_num": 4}, 4)],
)
def test_downloads_in_each_form_that_a_server_may_show(user, downloads):
    assert one(users=[{"email": "ana@north.example", **user}])["testers"][0]["downloads"] == downloads


def test_findings_name_whom_and_what_to_look_at():
    testers = [
        {"email": "missing@north.example", "access_until": ""},
        {"email": "gone@north.example", "access_until": "2026-05-01"},
        {"email": "late@north.example", "access_until": "2026-05-01"},
    ]
    users = [{"email": "late@north.example"}, {"email": "stranger@else.example"}]
    item = one(users=users, testers=testers, publication={"expiration_date": None, "security": "public"})
    assert item["findings"] == [
        "Everybody who has the address can download, listed or not.",
        "Nothing ends it.",
        "late@north.example can still enter although access was to end at 2026-05-01T23:59:59Z.",
        "missing@north.example is on the list of testers but can't enter: the server does not have the address.",
        "stranger@else.example can enter without being on the list of testers.",
        "stranger@else.example can enter without an end.",
    ]


def test_people_of_another_publication_do_not_count_and_those_of_an_unknown_one_do():
    users = [
        {**ANA, "published_application_id": "p2"},
        {**ANA, "email": "bo@south.example", "published_application_id": None},
    ]
    item = one(users=users)
    assert [person["email"] for person in item["testers"]] == ["bo@south.example"]
    assert item["findings"] == [
        "The server does not show which publication 1 of the addresses may enter; it may be this one."
    ]


@pytest.mark.parametrize("none_kept", [None, ""])
def test_no_list_of_testers_is_not_an_empty_one(none_kept):
    assert one(users=[ANA], testers=none_kept)["findings"] == []
    assert one(users=[ANA], testers=[])["findings"] == [
        "Ana@north.example can enter without being on the list of testers."
    ]


def test_fields_that_the_server_does_not_show_are_marked_as_declared():
    item = one(
        publication={"expiration_date": None}, declared={"expiration_date": "2026-08-01", "groups": [], "slug": "other"}
    )
    assert (item["expires"], item["declared_only"], item["slug"]) == (
        "2026-08-01T23:59:59Z",
        ["expiration_date"],
        "beta",
    )


def test_what_check_mode_would_do_is_applied():
    testers = [{"email": "new@north.example", "allowance": 3, "access_until": ""}]
    outcomes = [
        {"email": "new@north.example", "action": "created"},
        {"email": "ana@north.example", "action": "removed"},
    ]
    (row,) = one(users=[ANA], testers=testers, outcomes=[*outcomes, {"email": "x@y.example", "action": "unchanged"}])[
        "testers"
    ]
    assert (row["email"], row["downloads"], row["can_enter"]) == ("new@north.example", 3, True)


def test_who_is_mailed_is_unknown_where_the_server_does_not_say():
    application = {
        "name": "My App",
        "notifications": {"new_build_notify_otp_users": True, "new_build_notify_employees": False},
    }
    item = one(application=application)
    assert item["application"] == "My App"
    assert [line["mailed"] for line in item["mailed"]] == [True, None, False]
    assert [line["mailed"] for line in one()["mailed"]] == [None, None, None]


def test_the_report_changes_when_a_date_passes_and_not_before():
    piece = {"publication": PUBLICATION, "users": [ANA]}
    assert access_report([piece], now="2026-06-01T00:00:00Z") == access_report([piece], now="2026-06-02T10:00:00Z")
    assert access_report([piece], now="2026-06-01T00:00:00Z") != access_report([piece], now="2027-01-01T00:00:00Z")


def test_people_count_once_and_publications_are_sorted():
    second = {**PUBLICATION, "slug": "alpha", "expiration_date": "not a date"}
    report = access_report(
        [
            {"publication": PUBLICATION, "users": [ANA]},
            {"publication": second, "users": [{**ANA, "email": "ANA@NORTH.EXAMPLE"}]},
        ]
    )
    assert [item["slug"] for item in report["publications"]] == ["alpha", "beta"]
    assert report["totals"]["people_outside"] == 1


def test_a_moment_that_is_none_is_refused():
    with pytest.raises(AnsibleFilterError, match="offset"):
        access_report([], now="2026-06-01T00:00:00")


def test_each_entry_of_the_servers_list_is_told_of():
    users = [{**ANA, "allowed_downloads": 0}, {**ANA, "email": "ANA@north.example", "allowed_downloads": 3}]
    item = one(users=users, testers=[{"email": "ana@north.example", "access_until": ""}])
    assert [(person["downloads"], person["can_enter"]) for person in item["testers"]] == [(0, False), (3, True)]
    assert item["findings"] == [
        "Ana@north.example stands on the server's list 2 times.",
        "Ana@north.example is on the server's list but can't enter by it: no download is left.",
        "ANA@north.example stands on the server's list 2 times.",
    ]


def test_the_list_lets_nobody_into_a_publication_with_a_password():
    item = one(publication={"security": "password"}, users=[ANA])
    assert [person["can_enter"] for person in item["testers"]] == [False]
    assert "can't enter by it: people get in with the password, not by the list." in item["findings"][-1]
    assert (
        access_report([{"publication": {**PUBLICATION, "security": "password"}}], now=NOW, users=[ANA])["totals"][
            "people_outside"
        ]
        == 0
    )


@pytest.mark.parametrize("email", [None, "", {"odd": 1}, 5])
def test_a_user_without_an_address_is_shown_as_unknown(email):
    report = access_report([{"publication": PUBLICATION}], now=NOW, users=[{**ANA, "email": email, "id": "u1"}, ANA])
    rows = report["publications"][0]["testers"]
    assert [row["name"] for row in rows] == ["Ana@north.example", "an entry without an address (u1)"]
    assert rows[1]["email"] is None
    assert report["totals"]["people_outside"] == 2


@pytest.mark.parametrize("kind", ["by{branch}", "{0}", "{", "tag"])
def test_what_the_server_says_is_no_format(kind):
    lines = one(publication={"filter": {"type": kind, "value": "{0.__class__}"}})["downloads"]
    assert lines in (["the newest build with the tag {0.__class__}"], [f"unknown: the filter is {kind}"])


def test_two_spellings_of_a_domain_are_one_person():
    user = {**ANA, "email": "ana@xn--bcher-kva.example"}
    item = one(users=[user], testers=[{"email": "ana@bücher.example", "access_until": "2026-07-01"}])
    assert [(person["listed"], person["on_server"]) for person in item["testers"]] == [(True, True)]
    assert item["findings"] == []


def test_the_ledger_tells_when_somebody_was_let_in(tmp_path):
    path = str(tmp_path / "ledger.json")
    where = Place("acme", "s1", "p1")
    with opened(path) as ledger:
        for email, sure in (("ana@north.example", True), ("bo@south.example", False)):
            ledger.claim(where, email, "1", datetime(2026, 5, 20, tzinfo=timezone.utc))
            if sure:
                ledger.confirm(where, email, "1")
        ledger.save()
    testers = [{"email": "ana@north.example"}, {"email": "bo@south.example"}, {"email": "cy@south.example"}]
    piece = {"publication": PUBLICATION, "testers": testers}
    item = access_report([piece], now=NOW, users=[ANA], ledger=path)["publications"][0]
    admitted = {person["name"]: person["admitted"] for person in item["testers"]}
    assert admitted["Ana@north.example"]["count"] == 1
    assert admitted["cy@south.example"] is None
    assert item["findings"] == [
        "bo@south.example may have been let in by a run that was cut off: the ledger is not certain.",
        "bo@south.example was let in on 2026-05-20T00:00:00Z; access is used up or was ended.",
        "cy@south.example is on the list of testers but can't enter: the server does not have the address.",
    ]
    (tmp_path / "ledger.json").write_text("{")
    with pytest.raises(AnsibleFilterError, match="ledger"):
        access_report([piece], now=NOW, ledger=path)


def test_an_updated_allowance_is_foretold():
    testers = [{"email": "ana@north.example", "allowance": 9, "access_until": ""}]
    outcomes = [{"email": "ana@north.example", "action": "updated"}, {"email": "no@x.example", "action": "updated"}]
    (row,) = one(users=[ANA], testers=testers, outcomes=outcomes)["testers"]
    assert row["downloads"] == 9


def test_builds_are_asked_for_with_few_requests():
    b1, b2 = "64b7f0c2a1d3e4f5a6b7c8d1", "64b7f0c2a1d3e4f5a6b7c8d2"
    pinned = [{"application": "a1", "filter": {"type": "build", "ios": b1.upper()}}, {"filter": {"type": "last"}}]
    assert builds_to_read(pinned) == [{"application": "a1", "build_id": b1}]
    more = {"application": "a1", "filter": {"type": "builds", "builds": [{"build_platform": "ios", "id": b2}]}}
    assert builds_to_read([*pinned, more]) == [{"application": "a1"}]


def test_publications_are_picked_by_slug_or_id():
    two = [{"slug": "beta", "id": "p1"}, {"slug": "prod", "id": "p2"}]
    assert publications_to_report(two) == two
    assert publications_to_report(two, ["p2"]) == [two[1]]
    assert publications_to_report(two, ["beta", "p2"]) == two
    with pytest.raises(AnsibleFilterError, match="no publication nowhere, p9"):
        publications_to_report(two, ["nowhere", "beta", "p9"])


@pytest.mark.parametrize(
    "earlier",
    [
        *("", "{", "<<<<<<< HEAD", "[]", "null", "\udcff", "[" * 9999),
        *('{"report": {}}', '{"unchanged_since": "soon", "report": {}}'),
    ],
)
def test_an_earlier_report_that_is_damaged_is_none_and_said(earlier, monkeypatch):
    told = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_rest, **_more: told.append(text))
    assert report_since({"totals": {}}, base64.b64encode(earlier.encode("utf-8", "surrogateescape")).decode())
    assert len(told) == (1 if earlier else 0)


def test_since_when_it_has_been_like_this():
    def earlier(report):
        text = json.dumps({"format": 1, "unchanged_since": "2026-01-01T00:00:00Z", "report": report})
        return base64.b64encode(text.encode()).decode()

    report = {"totals": {"open": 1}, "publications": []}
    assert report_since(report, earlier(report)) == "2026-01-01T00:00:00Z"
    assert report_since(report, earlier({})) > "2026-01-01T00:00:00Z"


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.text("{}a%-T:", max_size=8) | st.just("2026-05-20T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "type", "ios"]), inner),
    max_leaves=4,
)
KEYS = [
    "slug",
    "id",
    "application",
    "visibility",
    "security",
    "groups",
    "allowed_countries",
    "expiration_date",
    "filter",
]
KEYS += ["user_audience_map", "activate_user_audiences", "unreturned_fields", "application_info", "show_history"]
USER = ["email", "id", "published_application_id", "allowed_downloads", "single_use", "temporal", "created_at"]


@given(
    st.dictionaries(st.sampled_from(KEYS), anything),
    st.lists(st.dictionaries(st.sampled_from(USER), anything), max_size=3),
)
def test_whatever_a_server_says_is_reported(publication, users):
    report = access_report([{"publication": publication, "testers": [{"email": "a@b.example"}]}], now=NOW, users=users)
    json.dumps(report, default=str)
    assert report["totals"]["publications"] == 1
