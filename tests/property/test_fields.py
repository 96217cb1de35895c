# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every table of fields, every wish and whatever a server may have returned."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._core.dates import format_instant, parse_instant
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import (
    COLOUR,
    COUNTRIES,
    FLAG,
    GROUPS,
    INSTANT,
    MAPPING,
    NESTED,
    NUMBER,
    OBJECTS,
    REFERENCE,
    STRINGS,
    Field,
    argument_spec,
    as_read,
    camel,
    canonical,
    carried,
    differences,
    is_empty,
    merged,
    same,
    shown,
    snake,
    to_api,
    wished,
    wishes,
)

TABLE = (
    Field("name"),
    Field("count", NUMBER),
    Field("is_open", FLAG),
    Field("colour", COLOUR),
    Field("until", INSTANT),
    Field("tags", STRINGS),
    Field("countries", COUNTRIES),
    Field("groups", GROUPS),
    Field("metadata", MAPPING),
    Field("secret", secret=True),
    Field(
        "nested",
        NESTED,
        children=(Field("first_leaf"), Field("flag", FLAG), Field("deep", NESTED, children=(Field("x"),))),
    ),
    Field("whole", NESTED, whole=True, children=(Field("type"), Field("value"), Field("owner", REFERENCE))),
    Field("members", OBJECTS, children=(Field("id", REFERENCE), Field("notify_me", FLAG))),
)
BY_OPTION = {entry.option: entry for entry in TABLE}

words = st.text(st.characters(codec="utf-8"), max_size=6)
filled = words.filter(bool)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(timezone.utc))
instants = moments.map(format_instant)

WISHES: dict[str, st.SearchStrategy[Any]] = {
    "name": words,
    "count": st.integers(),
    "is_open": st.booleans(),
    "colour": st.sampled_from(["", "#aabbcc", "#AABBCC", "#123456"]),
    "until": st.just("") | instants,
    "tags": st.lists(filled, max_size=3),
    "countries": st.lists(st.sampled_from(["es", "ES", "pt", "DE"]), max_size=3),
    "groups": st.lists(st.lists(filled, min_size=1, max_size=3), max_size=3),
    "metadata": st.dictionaries(words, json_values, max_size=3),
    "nested": st.fixed_dictionaries(
        {},
        optional={"first_leaf": words, "flag": st.booleans(), "deep": st.fixed_dictionaries({}, optional={"x": words})},
    ),
    "whole": st.fixed_dictionaries({"type": filled}, optional={"value": words, "owner": filled}),
    "members": st.lists(
        st.fixed_dictionaries({"id": filled}, optional={"notify_me": st.booleans()}),
        max_size=3,
        unique_by=lambda i: i["id"],
    ),
}
wanted = st.fixed_dictionaries({}, optional=WISHES)
# What a server may show: what somebody once wished for beside keys that nobody knows, or any nonsense at all.
tidy_reads = wanted.map(
    lambda found: {**{BY_OPTION[o].name: to_api(BY_OPTION[o], v) for o, v in found.items()}, "id": "1"}
)
wild_reads = st.fixed_dictionaries({}, optional={entry.name: json_values for entry in TABLE})
reads = tidy_reads | wild_reads


def normal(raw: dict[str, Any]) -> dict[str, Any]:
    """Wishes as a module has them: through the table, with None for what is not mentioned."""
    return wishes(TABLE, {entry.option: raw.get(entry.option) for entry in TABLE})


def after(wish: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """What a server holds after a PUT that carries everything."""
    kept = {entry.name: carried(entry, read.get(entry.name)) for entry in TABLE if not is_empty(read.get(entry.name))}
    return {
        **kept,
        **{BY_OPTION[o].name: merged(BY_OPTION[o], value, read.get(BY_OPTION[o].name)) for o, value in wish.items()},
    }


@settings(max_examples=300)
@given(wanted, reads)
def test_fulfilled_twice_is_fulfilled_once(raw: dict[str, Any], read: dict[str, Any]) -> None:
    wish = normal(raw)
    once = after(wish, read)
    for option, value in wish.items():
        entry = BY_OPTION[option]
        assert same(entry, value, once.get(entry.name)), (option, value, once.get(entry.name))
    assert differences(TABLE, once, after(wish, once)) == {}


@settings(max_examples=300)
@given(wanted, reads)
def test_what_is_not_mentioned_survives(raw: dict[str, Any], read: dict[str, Any]) -> None:
    wish = normal(raw)
    changed = differences(TABLE, read, after(wish, read))
    assert set(changed) <= set(wish)
    nested = after(wish, read).get("nested")
    if isinstance(read.get("nested"), dict) and isinstance(nested, dict) and not is_empty(wish.get("nested")):
        for leaf in BY_OPTION["nested"].children:
            if leaf.option not in wish["nested"]:
                assert canonical(leaf, nested.get(leaf.name)) == canonical(leaf, read["nested"].get(leaf.name))


@settings(max_examples=300)
@given(wanted, reads)
def test_what_compares_equal_travels_as_it_was_read(raw: dict[str, Any], read: dict[str, Any]) -> None:
    for option, value in normal(raw).items():
        entry = BY_OPTION[option]
        found = read.get(entry.name)
        if not is_empty(found) and same(entry, value, found):
            made = merged(entry, value, found)
            by_leaf = entry.children and entry.kind.type == "dict" and not entry.whole
            assert (without_cleared(made, found) if by_leaf else made) == carried(entry, found)


def without_cleared(made: Any, read: Any) -> Any:
    """What travels, but for empty leaves that the server did not show: they are cleared to be sure."""
    if not isinstance(made, dict) or not isinstance(read, dict):
        return made
    inner = {name: without_cleared(value, read.get(name)) for name, value in made.items()}
    return {
        name: value
        for name, value in inner.items()
        if not hollow(value) or (name in read and not isinstance(value, dict))
    }


def hollow(value: Any) -> bool:
    return all(map(hollow, value.values())) if isinstance(value, dict) else is_empty(value) or value is False


@settings(max_examples=300)
@given(wanted)
def test_a_wish_that_was_sent_and_came_back_is_the_same_wish(raw: dict[str, Any]) -> None:
    for option, value in normal(raw).items():
        entry = BY_OPTION[option]
        sent = json.loads(json.dumps(to_api(entry, value)))
        assert canonical(entry, sent) == wished(entry, value)
        assert same(entry, value, sent)


@settings(max_examples=300)
@given(reads)
def test_whatever_was_read_can_be_compared_carried_and_shown(read: dict[str, Any]) -> None:
    before = copy.deepcopy(read)
    assert differences(TABLE, read, read) == {}
    result = shown(TABLE, read)
    json.dumps(result)
    assert set(result) >= {entry.option for entry in TABLE if not entry.secret}
    for entry in TABLE:
        carried(entry, read.get(entry.name))
        value = canonical(entry, read.get(entry.name))
        assert value is None or not is_empty(value)
    assert read == before


@settings(max_examples=200)
@given(st.lists(filled, max_size=5), st.randoms())
def test_sets_have_no_order(values: list[str], random: Any) -> None:
    shuffled = [*values, *values[:1]]
    random.shuffle(shuffled)
    assert same(BY_OPTION["tags"], values, shuffled)
    groups = [[value, "both"] for value in values]
    turned = [clause[::-1] for clause in groups]
    random.shuffle(turned)
    assert same(BY_OPTION["groups"], groups, turned)


@settings(max_examples=200)
@given(moments, st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    assert parse_instant(moment.astimezone(zone).isoformat()) == moment
    assert parse_instant(format_instant(moment)) == moment
    assert same(BY_OPTION["until"], format_instant(moment), moment.astimezone(zone).isoformat())


@settings(max_examples=300)
@given(
    words
    | st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}:?[0-9]{2}|Z)?)?", fullmatch=True
    )
)
def test_a_date_is_understood_or_refused(text: str) -> None:
    try:
        moment = parse_instant(text)
    except ValueError:
        return
    assert moment.tzinfo == timezone.utc
    assert parse_instant(format_instant(moment)) == moment


@given(st.lists(st.from_regex(r"[a-z]{2,6}", fullmatch=True), min_size=1, max_size=4).map("_".join))
def test_names_can_be_turned_back(name: str) -> None:
    assert snake(camel(name)) == name


@given(st.dictionaries(st.sampled_from(["password", "metadata", "someKey", "other"]), json_values))
def test_what_was_read_is_kept_but_the_password(read: dict[str, Any]) -> None:
    kept = as_read(read)
    assert "password" not in kept
    assert kept.get("metadata") == read.get("metadata")
    assert set(kept) == {snake(key) for key in read if key != "password"}


def test_the_argument_spec_says_what_the_table_says() -> None:
    spec = argument_spec(TABLE)
    assert list(spec) == [entry.option for entry in TABLE]
    assert spec["secret"] == {"type": "str", "no_log": True}
    assert spec["tags"] == {"type": "list", "elements": "str"}
    assert spec["groups"] == {"type": "list", "elements": "list"}
    assert spec["nested"]["options"]["deep"]["options"] == {"x": {"type": "str"}}
    assert spec["members"]["elements"] == "dict"


def test_a_secret_is_never_compared_or_shown() -> None:
    assert differences(TABLE, {"secret": "a"}, {"secret": "b"}) == {}
    assert "secret" not in shown((BY_OPTION["secret"],), {}) or shown((BY_OPTION["secret"],), {})["secret"] is None
