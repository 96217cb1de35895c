# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What JSON has no form for is refused by its option's name, before anything is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import BUILD_FIELDS
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import wishes
from ansible_collections.applivery.distribution.plugins.module_utils._core.json_value import (
    DEEPEST,
    check_json,
    is_deep,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.scripted import response, scripted


def nested(depth: int) -> Any:
    value: Any = 1
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"ratio": float("inf")}, r"metadata\.ratio: inf can't be sent"),
        ({"a": [1, {"b": float("nan")}]}, r"metadata\.a\[1\]\.b: nan can't be sent"),
        ({"a": -float("inf")}, r"metadata\.a: -inf"),
        ({"day": date(2026, 1, 1)}, r"metadata\.day: a value of the type date can't be sent; give it as text"),
        ({("a", 1): 1}, "of the type tuple"),
        ({"a": 10**5000}, r"metadata\.a: the number is too large"),
        (nested(DEEPEST + 1), "metadata: it is nested more than 100 deep"),
        (nested(5000), "metadata: it is nested more than 100 deep"),
    ],
)
def test_what_json_has_no_form_for_is_refused_by_name(value: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        check_json("metadata", value)
    with pytest.raises(InvalidInput, match=told):
        wishes(BUILD_FIELDS, {"metadata": value})


def test_what_json_has_a_form_for_passes() -> None:
    check_json("metadata", {"a": [None, True, 1, 1.5, "text", {}, [], nested(DEEPEST - 3)], 7: "seven"})


def test_depth_is_counted_in_containers() -> None:
    assert not is_deep(nested(DEEPEST))
    assert is_deep(nested(DEEPEST + 1))
    assert not is_deep("text")


def test_a_body_that_can_not_be_sent_is_not_tried() -> None:
    api, adapter, _warnings = scripted(lambda _request: response(200, b"{}", {}))
    for act in (
        lambda: api.update(PUBLICATIONS, "a" * 24, {"showHistory": float("nan")}),
        lambda: api.create(PUBLICATIONS, {"showHistory": float("nan")}, lambda: None),
    ):
        with pytest.raises(InvalidInput, match="show_history: nan can't be sent"):
            act()
    assert adapter.requests == []
