# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath expressions: every wrong one is refused with the place of the error."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput, MissingLibrary
from ansible_collections.applivery.distribution.plugins.module_utils._core.query import compile_query, run_query

BUILDS = [{"id": "b", "version": "1.10", "size": 7}, {"id": "a", "version": "1.9", "size": 5}]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("[0].id", "b"),
        ("[?version == '1.9'].id", ["a"]),
        ("sort_by(@, &size)[0].id", "a"),
        ("[?contains(version, '10')] | [0]", BUILDS[0]),
        ("map(&id, @)", ["b", "a"]),
        ("[::2].id", ["b"]),
        ("nothing", None),
    ],
)
def test_gives_what_jmespath_gives(expression: str, result: object) -> None:
    assert run_query(compile_query(expression), BUILDS) == result


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("[?os=='ios'", "query: the expression ends too early, at column 12 of the JMESPath expression"),
        ("[?os = 'ios']", "at column 6 of the JMESPath expression: [?os <HERE> = 'ios']"),
        ("a b", "at column 3 of the JMESPath expression: a <HERE> b"),
        ("[0].\nid b", "at line 2, column 4 of the JMESPath expression: [0]. id <HERE> b"),
        ("'abc", "at column 1 of the JMESPath expression: <HERE> 'abc"),
        ("", "query: "),
        ("  ", "query: "),
        ("[?foo(id)]", "JMESPath has no function foo(), at column 3 of the JMESPath expression: [? <HERE> foo(id)]"),
        ("foo(foo(@))", "JMESPath has no function foo(), in the expression 'foo(foo(@))'"),
        ("&id", "only map, max_by, min_by, sort_by take, in the expression '&id'"),
        ("to_array(&id)", "only map, max_by, min_by, sort_by take"),
        ("(" * 5000, "query: "),
    ],
)
def test_points_at_the_place_before_anything_is_read(expression: str, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_query(expression)
    assert where in caught.value.message
    assert caught.value.message.startswith("query: ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("[?length(size) > `1`]", "at column 3 of the JMESPath expression: [? <HERE> length(size)"),
        ("length(@, @)", "Expected 1 argument for function length(), received 2"),
        ("[::0]", "slice step cannot be zero, in the expression '[::0]'"),
        ("contains('text', `1`)", "in the expression"),
        ("sort_by(@, &version) | sort_by(@, &not_there)", "invalid type for value"),
    ],
)
def test_an_error_while_it_runs_is_one_of_the_option(expression: str, where: str) -> None:
    query = compile_query(expression, "match.query")
    with pytest.raises(InvalidInput) as caught:
        run_query(query, BUILDS)
    assert caught.value.message.startswith("match.query: ")
    assert where in caught.value.message


def test_the_missing_package_is_named_with_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(MissingLibrary) as caught:
        compile_query("id", "match.query")
    assert caught.value.library == "jmespath"
    assert "match.query" in caught.value.reason
    assert "Traceback" in caught.value.trace
