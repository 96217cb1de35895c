# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says, before Ansible converts it: every text option of every module, by one rule."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Environment
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.given import check_texts, without_nulls
from ansible_collections.applivery.distribution.plugins.module_utils._module import spec_of

PLUGINS = Path(__file__).resolve().parents[5] / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py") if path.stem != "__init__")
MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
SPEC: dict[str, Any] = {
    "text": {"type": "str", "aliases": ["word"]},
    "secret": {"type": "str", "no_log": True},
    "place": {"type": "path"},
    "number": {"type": "int"},
    "flag": {"type": "bool"},
    "names": {"type": "list", "elements": "str"},
    "clauses": {"type": "list", "elements": "list"},
    "free": {"type": "dict"},
    "one": {"type": "dict", "options": {"text": {"type": "str"}, "two": {"type": "dict", "options": {"text": {}}}}},
    "many": {"type": "list", "elements": "dict", "options": {"text": {"type": "str"}}},
}


def spec_of_module(name: str) -> dict[str, Any]:
    package = "ansible_collections.applivery.distribution.plugins.action"
    return spec_of(importlib.import_module(f"{package}.{name}").ActionModule.definition, Environment({}))


def texts(spec: Mapping[str, Any], around: Any = lambda inside: inside) -> Iterator[Any]:
    """What makes a task out of one value, for every place in a spec where a text is meant."""
    for option, entry in spec.items():
        kind, elements = entry.get("type", "str"), entry.get("elements")

        def at(value: Any, option: str = option, around: Any = around) -> Any:
            return around({option: value})

        if kind in ("str", "path"):
            yield at
        elif kind == "list" and elements in ("str", "path"):
            yield lambda value, at=at: at(["text", value])
        elif kind == "list" and elements == "list":
            yield lambda value, at=at: at([["text"], ["text", value]])
        elif entry.get("options"):
            yield from texts(entry["options"], at if kind == "dict" else lambda inside, at=at: at([inside]))


@pytest.mark.parametrize("name", MODULES)
def test_every_text_option_of_every_module_is_guarded(name: str) -> None:
    spec = spec_of_module(name)
    places = list(texts(spec))
    assert len(places) >= 9
    for place in places:
        check_texts(spec, place("text"))
        check_texts(spec, place(410))
        for lossy in (4.1, True, False, [1.5], {"a": "b"}, MASK):
            with pytest.raises(InvalidInput):
                check_texts(spec, place(lossy))


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"text": 4.1}, "text"),
        ({"word": 4.1}, "word"),
        ({"place": True}, "place"),
        ({"names": 4.1}, "names"),
        ({"names": ["a", None]}, "names[1]"),
        ({"clauses": [["a"], ["b", False]]}, "clauses[1][1]"),
        ({"clauses": [4.1]}, "clauses[0]"),
        ({"clauses": [[{"id": "a"}]]}, "clauses[0][0]"),
        ({"one": {"two": {"text": 4.1}}}, "one.two.text"),
        ({"one": '{"text": 4.10}'}, "one.text"),
        ({"many": [{"text": "a"}, {"text": 4.1}]}, "many[1].text"),
        ({"many": {"text": 4.1}}, "many.text"),
        ({"free": {"a": [{"b": MASK}]}}, "free.a[0].b"),
        ({"one": f"text={MASK}"}, "one.text"),
    ],
)
def test_the_place_is_named(given: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_texts(SPEC, given)
    assert caught.value.message.startswith(f"{place}: this ")


@pytest.mark.parametrize(
    "given",
    [
        {"text": "4.10", "place": "~/x", "names": "a,b", "clauses": ["a,b", ["c"]], "one": "text=no", "many": []},
        {"number": 4.1, "flag": "yes", "free": {"a": 1.5, "b": [True, None], "c": {"d": {}}}},
        {"text": None, "one": None, "names": [7]},
        {"one": "neither JSON nor words", "many": [7], "nobody": 4.1},
        {"text": "*" * 9, "names": ["* * *", "a\n********\nb", "*******", "a *********"]},
    ],
)
def test_what_is_left_alone(given: dict[str, Any]) -> None:
    check_texts(SPEC, given)


@pytest.mark.parametrize(
    "text",
    ["********", "a********", "********\n", "******** b", "a ******** b", "x\na ********", MASK + "!", "$REDACTED$"],
)
def test_masks(text: str) -> None:
    with pytest.raises(InvalidInput, match="text: this holds what Ansible shows in place of a secret"):
        check_texts(SPEC, {"text": text})


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_texts(SPEC, {"secret": 1234.5})
    assert "1234" not in caught.value.message


def test_null_is_nothing_said() -> None:
    given = {
        "text": None,
        "word": None,
        "names": [None],
        "one": {"text": None, "two": {"text": None}},
        "many": [{"text": None}],
    }
    assert without_nulls(SPEC, given) == {"names": [None], "one": {"two": {}}, "many": [{}]}


def test_null_that_is_nobodys_option_or_stands_in_free_data_stays() -> None:
    given = {"none": None, "_ansible_socket": None, "free": {"a": None}, "one": {"none": None}}
    assert without_nulls(SPEC, given) == given


@pytest.mark.parametrize(
    ("value", "shaped"), [(7, "7"), ([7, None, {"text": None}], ["7", "None", {}]), ("a=b", "a=b"), (True, "True")]
)
def test_what_stands_where_options_are_meant_can_be_refused_by_ansible(value: Any, shaped: Any) -> None:
    assert without_nulls(SPEC, {"one": value}) == {"one": shaped}
