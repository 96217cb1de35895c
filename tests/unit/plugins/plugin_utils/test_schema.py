# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas follow from the field tables, and the check that ships says what jsonschema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.plugins.plugin_utils import _schema

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "schema"
SCHEMAS = {"publication": _schema.publication_schema(), "testers": _schema.testers_schema()}
words = st.sampled_from(["abc", "", "active", "last", "tag", "applivery_password_x", "a@x.example"])
scalars = words | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 4.1]) | st.none()


def anything_like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit the schema, or nearly."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | scalars
    kind = schema["type"]
    if kind == "object" and "properties" in schema:
        named = {name: anything_like(inner) for name, inner in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional={**named, "unknown": words}) | scalars
    if kind == "array":
        return st.lists(anything_like(schema["items"]), max_size=2) | scalars
    return scalars | st.lists(words, max_size=1)


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_shipped_is_what_the_tables_say(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == SCHEMAS[name]
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_every_field_is_in_the_schema() -> None:
    known = set(SCHEMAS["publication"]["properties"]["publication"]["properties"])
    assert {entry.option for entry in PUBLICATION_FIELDS if not entry.secret} <= known
    assert "password" not in known


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
def test_the_check_agrees_with_jsonschema(name: str, data: st.DataObject) -> None:
    schema = SCHEMAS[name]
    value = data.draw(anything_like(schema))
    theirs = {tuple(error.absolute_path) for error in Draft202012Validator(schema).iter_errors(value)}
    mine = list(_schema.problems(schema, value))
    # jsonschema names the object that holds an unknown key, the check names the key.
    assert {problem.path[:-1] if problem.text.startswith("unknown") else problem.path for problem in mine} == theirs
