# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every publication, every desired state and every server: unmentioned fields survive, twice is like
once, check mode predicts, and nothing holds the password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import (
    alike,
    as_read,
    canonical,
    is_empty,
    wished,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.check import judge, openings, unproven
from ansible_collections.applivery.distribution.plugins.module_utils._publication.plan import Plan, plan_update
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import (
    FIELD,
    PUBLICATION_FIELDS,
)
from ansible_collections.applivery.distribution.tests.support.publications import (
    PASSWORD,
    assert_predicted,
    only,
    task,
    truth,
    unmentioned_survive,
)
from applivery_simulator import Simulator

PURE = settings(max_examples=400)
SERVED = settings(max_examples=60)

words = st.sampled_from(["qa", "press", "Mobile", "ops", "beta"])
ids = st.sampled_from([letter * 24 for letter in "abcdef"])
countries = st.lists(st.sampled_from(["ES", "PT", "FR", "US", "DE"]), min_size=1, max_size=3, unique=True)
colours = st.sampled_from(["#FF5733", "#00AAFF", "#abcdef"])
texts = st.sampled_from(["Read me.", "More.", "Ünïcode ✓"])
moments = st.sampled_from(["2036-12-31T23:59:59Z", "2035-06-30T12:00:00Z", "2037-01-01T00:00:00Z"])
clauses = st.lists(st.lists(words, min_size=1, max_size=3, unique=True), min_size=1, max_size=3)
tags = st.lists(words, min_size=1, max_size=3, unique=True)
audiences = st.lists(
    st.fixed_dictionaries({"id": ids, "notifyNewBuildsProcessed": st.booleans()}),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["id"],
)
filters = st.one_of(
    st.just({"type": "last"}),
    st.fixed_dictionaries({"type": st.sampled_from(["gitBranch", "gitTag", "tag"]), "value": words}),
    st.fixed_dictionaries({"type": st.just("build"), "ios": ids}, optional={"android": ids, "windows": ids}),
    st.fixed_dictionaries(
        {
            "type": st.just("builds"),
            "builds": st.lists(
                st.fixed_dictionaries({"buildPlatform": st.sampled_from(["ios", "ps5", "switch"]), "id": ids}),
                min_size=1,
                max_size=3,
                unique_by=lambda item: item["buildPlatform"],
            ),
        }
    ),
)


@st.composite
def publications(draw: st.DrawFn) -> dict[str, Any]:
    """A stored publication, with any part of its fields set."""
    security = draw(st.sampled_from(["public", "password", "logged", "logged"]))
    made: dict[str, Any] = {
        "slug": "the-app",
        "visibility": draw(st.sampled_from(["active", "inactive", "unlisted"])),
        "security": security,
        "filter": draw(filters),
    }
    if security == "password":
        made["password"] = PASSWORD
    if security == "logged":
        made.update(draw(st.fixed_dictionaries({}, optional={"groups": clauses})))
    made.update(
        draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "activateUserAudiences": st.booleans(),
                    "userAudienceMap": audiences,
                    "tags": tags,
                    "showHistory": st.booleans(),
                    "showDevInfo": st.booleans(),
                    "hideAttachedFiles": st.booleans(),
                    "expirationDate": moments,
                    "terms": st.sampled_from([{"active": True, "text": "Read."}, {"active": False}]),
                    "configuration": st.fixed_dictionaries(
                        {},
                        optional={
                            "application": st.fixed_dictionaries({"name": texts}, optional={"description": texts}),
                            "branding": st.fixed_dictionaries({"primaryColor": colours}),
                        },
                    ),
                },
            )
        )
    )
    if draw(st.booleans()):
        made[draw(st.sampled_from(["allowedCountries", "blockedCountries"]))] = draw(countries)
    return made


@st.composite
def desires(draw: st.DrawFn) -> dict[str, Any]:
    """What a task may name, empty values included; always legal together with any stored publication."""
    wish = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "visibility": st.sampled_from(["active", "inactive", "unlisted"]),
                "activate_user_audiences": st.booleans(),
                "user_audience_map": st.one_of(
                    st.just([]),
                    st.lists(
                        st.fixed_dictionaries({"id": ids}, optional={"notify_new_builds_processed": st.booleans()}),
                        max_size=2,
                        unique_by=lambda item: item["id"],
                    ),
                ),
                "tags": st.one_of(st.just([]), tags),
                "show_history": st.booleans(),
                "show_dev_info": st.booleans(),
                "hide_attached_files": st.booleans(),
                "expiration_date": st.sampled_from(["", "2036-12-31", "2035-06-30T14:00:00+02:00"]),
                "terms": st.sampled_from(
                    [{"active": True, "text": "New."}, {"active": False}, {"active": False, "text": ""}]
                ),
                "configuration": st.fixed_dictionaries(
                    {},
                    optional={
                        "application": st.fixed_dictionaries({"description": st.one_of(st.just(""), texts)}),
                        "branding": st.fixed_dictionaries({"button_color": st.one_of(st.just(""), colours)}),
                    },
                ),
                "filter": st.sampled_from(
                    [
                        {"type": "last"},
                        {"type": "gitBranch", "value": "main"},
                        {"type": "build", "ios": "a" * 24},
                        {"type": "builds", "builds": [{"build_platform": "ps5", "id": "b" * 24}]},
                    ]
                ),
            },
        )
    )
    which = draw(st.sampled_from(["", "allowed_countries", "blocked_countries"]))
    if which:
        wish[which] = draw(st.one_of(st.just([]), countries))
    if draw(st.booleans()):
        wish["security"] = draw(st.sampled_from(["public", "password", "logged"]))
        if wish["security"] == "logged":
            wish["groups"] = draw(st.one_of(st.just([]), clauses))
    return {**wish, "password": PASSWORD}


switches = st.fixed_dictionaries(
    {
        "publication_put": st.sampled_from(["replace", "merge"]),
        "unset_fields": st.sampled_from(["absent", "null", "empty"]),
        "nested": st.sampled_from(["plain", "enriched", "expanded"]),
        "dates": st.sampled_from(["as_sent", "milliseconds", "offset"]),
        "case": st.sampled_from(["as_sent", "lower", "upper"]),
        "set_order": st.sampled_from(["as_sent", "shuffled"]),
        "country_lists": st.sampled_from(["strict", "strictest"]),
        "update_status": st.sampled_from([200, 204]),
    }
)
hidden_fields = st.lists(
    st.sampled_from(
        ["allowedCountries", "groups", "expirationDate", "userAudienceMap", "tags", "configuration", "showDevInfo"]
    ),
    max_size=3,
    unique=True,
)


# Pure ---------------------------------------------------------------------------------------------------------


def applied(read: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """What a server that replaces shows afterwards."""
    return {name: value for name, value in plan.body.items() if name != "password"}


@PURE
@given(publications(), desires())
def test_a_plan_carried_out_leaves_nothing_to_do(read: dict[str, Any], wish: dict[str, Any]) -> None:
    read.pop("password", None)
    plan = plan_update(wish, read)
    after = applied(read, plan)
    assert judge(plan, after) == ({}, {})
    assert unproven(wish, after) == []
    assert not plan_update(wish, after).changes


@PURE
@given(publications(), desires())
def test_a_plan_keeps_what_is_not_mentioned_exactly_as_read(read: dict[str, Any], wish: dict[str, Any]) -> None:
    read.pop("password", None)
    plan = plan_update(wish, read)
    excluded = {
        other
        for mine, other in (("allowed_countries", "blockedCountries"), ("blocked_countries", "allowedCountries"))
        if wish.get(mine)
    }
    for entry in PUBLICATION_FIELDS:
        if entry.option not in wish and entry.name not in excluded and not entry.secret and entry.name != "filter":
            assert plan.body.get(entry.name) == (read.get(entry.name) or plan.body.get(entry.name))
            assert (entry.name in plan.body) <= (entry.name in read)


@PURE
@given(publications(), desires())
def test_a_plan_fulfils_what_is_mentioned(read: dict[str, Any], wish: dict[str, Any]) -> None:
    read.pop("password", None)
    plan = plan_update(wish, read)
    for option, value in wish.items():
        entry = FIELD[option]
        if entry.secret or option == "user_audience_map" or (entry.children and not entry.whole):
            continue
        assert alike(wished(entry, value), canonical(entry, plan.expected.get(entry.name)))


@PURE
@given(publications(), desires())
def test_no_secret_leaves_a_plan(read: dict[str, Any], wish: dict[str, Any]) -> None:
    plan = plan_update(wish, read, set_password=True)
    for visible in (plan.diff(), plan.expected, plan.changes, openings(plan), as_read(read)):
        assert PASSWORD not in repr(visible)
    assert plan.body.get("password", PASSWORD) == PASSWORD


@PURE
@given(publications(), desires())
def test_both_country_lists_are_never_full(read: dict[str, Any], wish: dict[str, Any]) -> None:
    body = plan_update(wish, read).body
    assert is_empty(body.get("allowedCountries")) or is_empty(body.get("blockedCountries"))


@PURE
@given(publications())
def test_what_is_wished_as_it_is_changes_nothing(read: dict[str, Any]) -> None:
    read.pop("password", None)
    shown = {entry.option: canonical(entry, read.get(entry.name)) for entry in PUBLICATION_FIELDS}
    wish = {option: value for option, value in shown.items() if value is not None}
    assert not plan_update(wish, read).changed
    filled = {name: value for name, value in read.items() if value != {}}
    assert plan_update({**wish, "slug": "else-where"}, read).body == {**filled, "slug": "else-where"}


# Against a server ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as sim:
        yield sim


@SERVED
@given(stored=publications(), wish=desires(), world=switches, api=st.sampled_from(["workspace", "integrations"]))
def test_on_every_server(
    server: Simulator, stored: dict[str, Any], wish: dict[str, Any], world: dict[str, Any], api: str
) -> None:
    server.reset(switches=world)
    item = server.add_publication(**stored)
    options = {"publication_id": item["id"], **wish}
    before = only(server, "the-app").copy()
    check = task(server, options, check=True, api=api)
    assert server.writes == []
    assert truth(server)[item["id"]] == before
    real = task(server, options, api=api)
    assert (check.error, real.error) == (None, None)
    assert_predicted(check, real, options)
    after = only(server, "the-app")
    mentioned = {FIELD[option].name for option in wish}
    for mine, other in (("allowed_countries", "blockedCountries"), ("blocked_countries", "allowedCountries")):
        if wish.get(mine):
            mentioned.add(other)
    unmentioned_survive(before, after, mentioned)
    if after["security"] == "password":
        assert after["password"] == PASSWORD
    server.forget_requests()
    again = task(server, options, api=api)
    assert (again.error, again.changed, server.writes) == (None, False, [])


@SERVED
@given(stored=publications(), wish=desires(), world=switches, hidden=hidden_fields)
def test_on_every_server_that_hides(
    server: Simulator, stored: dict[str, Any], wish: dict[str, Any], world: dict[str, Any], hidden: list[str]
) -> None:
    server.reset(switches={**world, "hidden_fields": hidden})
    item = server.add_publication(**stored)
    options = {"publication_id": item["id"], **wish}
    before = only(server, "the-app").copy()
    careful = task(server, {**options, "unreturned_fields": "fail"}, check=True)
    check = task(server, options, check=True)
    real = task(server, options)
    assert (check.error, real.error) == (None, None)
    assert_predicted(check, real, options)
    mentioned = {FIELD[option].name for option in wish} | {"allowedCountries", "blockedCountries"}
    after = only(server, "the-app")
    unmentioned_survive(before, after, mentioned | set(hidden))
    named = {FIELD[option].name for option in wish}
    set_and_hidden = [name for name in hidden if name not in named and not is_empty(before.get(name))]
    for name in set_and_hidden:
        lost = not alike(canonical(FIELD_BY_NAME[name], before[name]), canonical(FIELD_BY_NAME[name], after[name]))
        exchanged = name == "allowedCountries" and options.get("blocked_countries")
        # what was lost had been told of before
        assert not lost or exchanged or FIELD_BY_NAME[name].option in careful.error.message
    server.forget_requests()
    again = task(server, options)
    assert again.error is None
    assert again.changed == bool(server.writes)
    assert not again.changed or named & set(hidden)


FIELD_BY_NAME = {entry.name: entry for entry in PUBLICATION_FIELDS}
