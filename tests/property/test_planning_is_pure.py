# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning never changes what it plans from, and hands out nothing that leads back to it: what was read decides later
whether anything differs, and is returned as ``previous``."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._build.plan import Goal
from ansible_collections.applivery.distribution.plugins.module_utils._build.plan import plan_update as plan_build
from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import BUILD_FIELDS
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import (
    Field,
    canonical,
    carried,
    merged,
    shown,
    to_api,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.plan import plan_update
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS

words = st.sampled_from(["", "a", "Read me.", "#aabbcc", "a" * 24])


def wish_for(entry: Field) -> st.SearchStrategy[Any]:
    """Any wish that the field's options allow, with nested options left out, empty and filled."""
    if entry.children:
        leaves = {leaf.option: wish_for(leaf) for leaf in entry.children}
        needed = {leaf.option: leaves.pop(leaf.option) for leaf in entry.children if leaf.spec.get("required")}
        inner = st.fixed_dictionaries(needed, optional=leaves)
        return st.lists(inner, max_size=2) if entry.kind.type == "list" else inner
    if entry.kind.elements:
        items = st.lists(words, max_size=2) if entry.kind.elements == "list" else words
        return st.lists(items, max_size=2)
    return {"bool": st.booleans(), "int": st.integers(0, 3), "dict": st.dictionaries(words, words, max_size=2)}.get(
        entry.kind.type, words
    )


def read_of(entry: Field) -> st.SearchStrategy[Any]:
    """What a server may show of a field: unset in any form, whole, in part, enriched."""
    unset = st.sampled_from([None, "", [], {}])
    if entry.children:
        leaves = {leaf.name: read_of(leaf) for leaf in entry.children}
        inner = st.fixed_dictionaries({}, optional={**leaves, "somethingElse": words})
        return unset | (st.lists(inner, max_size=2) if entry.kind.type == "list" else inner)
    return unset | wish_for(entry).map(lambda wish: copy.deepcopy(to_api(entry, wish)))


def wishes_for(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    named = {entry.option: wish_for(entry) for entry in fields if not entry.secret}
    return st.fixed_dictionaries({}, optional=named)


def reads_of(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"id": st.just("1")}, optional={entry.name: read_of(entry) for entry in fields})


def ruin(value: Any) -> None:
    """Change everything that can be changed in place."""
    if isinstance(value, dict):
        for item in value.values():
            ruin(item)
        value["ruined"] = True
    elif isinstance(value, list):
        for item in value:
            ruin(item)
        value.append("ruined")


FIELDS = st.sampled_from([*PUBLICATION_FIELDS, *BUILD_FIELDS])


@given(FIELDS.flatmap(lambda entry: st.tuples(st.just(entry), wish_for(entry), read_of(entry))))
def test_what_is_made_of_a_value_is_a_copy(case: tuple[Field, Any, Any]) -> None:
    entry, wish, read = case
    before = copy.deepcopy((wish, read))
    for make in (
        lambda: merged(entry, wish, read),
        lambda: carried(entry, read),
        lambda: to_api(entry, wish),
        lambda: canonical(entry, read),
        lambda: shown([entry], {entry.name: read}),
    ):
        first = copy.deepcopy(make())
        ruin(make())
        assert make() == first
        assert (wish, read) == before


@given(wishes_for(PUBLICATION_FIELDS), reads_of(PUBLICATION_FIELDS))
@example({"terms": {"active": True, "text": "Read."}}, {"terms": {}})
@example({"configuration": {"branding": {"logo": "x"}}}, {"configuration": {}})
@example({"configuration": {"branding": {"logo": "x"}}}, {"configuration": {"branding": {}}})
def test_a_plan_for_a_publication_leaves_its_inputs_alone(wish: dict[str, Any], read: dict[str, Any]) -> None:
    before = copy.deepcopy((wish, read))
    plan = plan_update(wish, read)
    assert (wish, read) == before
    for part in (plan.body, plan.expected, plan.changes, plan.diff()):
        ruin(part)
    assert (wish, read) == before


@given(wishes_for(BUILD_FIELDS), reads_of(BUILD_FIELDS), st.sampled_from(["merge", "replace"]))
@example({"default_scripts": {"audit": "x"}}, {"defaultScripts": {}}, "merge")
@example({"metadata": {"a": {"b": "c"}}}, {"metadata": {"a": {}}}, "merge")
def test_a_plan_for_a_build_leaves_its_inputs_alone(wish: dict[str, Any], read: dict[str, Any], mode: str) -> None:
    before = copy.deepcopy((wish, read))
    plan = plan_build(Goal(wish, "append", mode), read)
    assert (wish, read) == before
    assert all(entry[0] != entry[1] for entry in plan.changes.values() if entry[0] is not None)
