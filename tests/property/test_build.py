# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds: for every held state and every wish, once is enough, nothing else changes, and predictions come true."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._build.match import fits
from ansible_collections.applivery.distribution.plugins.module_utils._build.plan import (
    Goal,
    Plan,
    emptied,
    plan_update,
    same_content,
    unfulfilled,
)
from ansible_collections.applivery.distribution.plugins.module_utils._build.read import sorted_newest_first
from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import (
    BUILD_FIELDS,
    shown_build,
    without_nulls,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
TAGS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4)
SCRIPTS = ("preInstall", "postInstall", "audit", "enforce", "runner")
OPTIONS = ("pre_install", "post_install", "audit", "enforce", "runner")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
METADATA = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3)

HELD = st.fixed_dictionaries(
    {"id": st.just("5f7f1d2a9c1e4b0012ab34c1"), "status": st.just("processed")},
    optional={
        "versionName": TEXT,
        "tags": TAGS,
        "changelog": st.none() | TEXT,
        "metadata": st.none() | METADATA,
        "defaultScripts": st.none() | st.dictionaries(st.sampled_from(SCRIPTS), TEXT, max_size=5),
        "disabled": st.none() | st.booleans(),
        "os": st.sampled_from(["ios", "android"]),
    },
)
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "version_name": TEXT,
        "tags": TAGS,
        "changelog": TEXT,
        "metadata": METADATA,
        "default_scripts": st.dictionaries(st.sampled_from(OPTIONS), TEXT, min_size=1, max_size=5),
        "disabled": st.booleans(),
    },
)
GOALS = st.builds(Goal, WISHES, st.sampled_from(["replace", "append", "remove"]), st.sampled_from(["merge", "replace"]))


def put(held: dict[str, Any], body: dict[str, Any], merges: bool) -> dict[str, Any]:
    """What a server makes of a PUT: fields are replaced, objects are replaced or merged at every depth."""
    after = copy.deepcopy(held)
    for name, value in body.items():
        old = after.get(name)
        after[name] = _deep(old, value) if merges and isinstance(old, dict) and isinstance(value, dict) else value
    return after


def _deep(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        present = merged.get(key)
        merged[key] = _deep(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return merged


def carry_out(held: dict[str, Any], plan: Plan, merges: bool) -> dict[str, Any]:
    """As the writer does: once, and once more with names for what must go where that is needed."""
    after = put(held, dict(plan.body), merges)
    named = emptied(plan.body, after)
    if named and unfulfilled(plan.body, after):
        after = put(after, {**plan.body, **named}, merges)
    return after


@given(HELD, GOALS, st.booleans())
def test_once_is_enough_whatever_the_server_does_inside_objects(held: dict[str, Any], goal: Goal, merges: bool) -> None:
    plan = plan_update(goal, held)
    after = carry_out(held, plan, merges)
    assert unfulfilled(plan.body, after) == {}
    # A field that the server did not show before is shown now.
    assert plan_update(goal, after).body == {}


@given(HELD, GOALS, st.booleans())
def test_what_is_not_wished_for_stays(held: dict[str, Any], goal: Goal, merges: bool) -> None:
    names = {entry.name for entry in BUILD_FIELDS if entry.option in goal.wishes}
    plan = plan_update(goal, held)
    assert set(plan.body) <= names
    after = carry_out(held, plan, merges)
    assert {key: value for key, value in after.items() if key not in names} == {
        key: value for key, value in held.items() if key not in names
    }


@given(HELD, GOALS, st.booleans())
def test_predictions_come_true(held: dict[str, Any], goal: Goal, merges: bool) -> None:
    plan = plan_update(goal, held)
    predicted = shown_build({**held, **plan.body})
    real = shown_build(carry_out(held, plan, merges))
    assert predicted == real
    for option, (_before, wanted) in plan.changes.items():
        assert real[option] == wanted or (not real[option] and not wanted)


@given(HELD, GOALS)
def test_leaves_that_are_not_mentioned_stay(held: dict[str, Any], goal: Goal) -> None:
    plan = plan_update(goal, held)
    after = carry_out(held, plan, merges=False)
    for option, name in zip(OPTIONS, SCRIPTS, strict=True):
        if option not in goal.wishes.get("default_scripts", {}):
            before = (held.get("defaultScripts") or {}).get(name)
            assert (after.get("defaultScripts") or {}).get(name) == before or not before
    if goal.metadata_mode == "merge":
        wish = goal.wishes.get("metadata", {})
        for key, value in (held.get("metadata") or {}).items():
            if key not in wish:
                assert after["metadata"][key] == value


@given(HELD)
def test_what_is_shown_can_be_given_back(held: dict[str, Any]) -> None:
    shown = shown_build(held)
    known = {entry.option for entry in BUILD_FIELDS if entry.name in held or not entry.workspace_only}
    wishes = {option: shown[option] for option in known if shown[option] not in (None, {})}
    assert plan_update(Goal(wishes, "replace", "replace"), held).body == {}


@given(HELD, GOALS)
def test_planning_changes_nothing_that_it_was_given(held: dict[str, Any], goal: Goal) -> None:
    before = copy.deepcopy((held, goal))
    plan_update(goal, held)
    assert (held, goal) == before


@given(VALUES, VALUES)
def test_the_same_content_has_the_same_types(left: Any, right: Any) -> None:
    assert same_content(left, left)
    assert same_content(left, right) == same_content(right, left)
    if same_content({"x": left}, {"x": right}) and isinstance(left, bool):
        assert isinstance(right, bool)
    assert same_content({"x": without_nulls(left)}, {"x": left})


@given(st.lists(st.integers(0, 5), max_size=8), st.permutations(range(8)))
def test_the_newest_is_first_whatever_the_order(days: list[int], order: list[int]) -> None:
    builds = [{"id": str(number), "createdAt": f"2026-05-0{day + 1}T10:00:00Z"} for number, day in enumerate(days)]
    mixed = [builds[position] for position in order if position < len(builds)]
    dates = [build["createdAt"] for build in sorted_newest_first(mixed)]
    assert dates == sorted(dates, reverse=True)
    assert sorted(build["id"] for build in sorted_newest_first(mixed)) == sorted(build["id"] for build in mixed)


@given(st.text("0123456789abcdefABCDEF", min_size=1, max_size=40), st.integers(1, 40), st.sampled_from(["", " ", "\n"]))
def test_a_commit_fits_by_seven_characters_or_whole(commit: str, length: int, edge: str) -> None:
    build = {"deployer": {"info": {"commit": commit + edge}}}
    wanted = commit[:length]
    assert fits(build, {"git_commit": edge + wanted}) == (len(wanted) >= 7 or wanted.lower() == commit.lower())
