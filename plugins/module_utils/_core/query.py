# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""JMESPath expressions of users: compiled before the first request, with errors that point at the place."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .errors import InvalidInput, MissingLibrary

# The only functions of the JMESPath specification that take an expression as an argument.
_TAKE_EXPRESSIONS = ("map", "max_by", "min_by", "sort_by")


class Query(NamedTuple):
    """A compiled expression, and the name of the option that it came from."""

    expression: str
    option: str
    program: Any


def compile_query(expression: str, option: str = "query") -> Query:
    """Compile ``expression``; InvalidInput points at the place of an error, MissingLibrary when jmespath is missing.

    A function that does not exist is found here as well, before anything is sent.
    """
    try:
        # Imported late: few tasks use an expression, and every task waits for its imports.
        import jmespath
        from jmespath import exceptions
        from jmespath.functions import Functions
    except ImportError:
        reason = f"for the JMESPath expression in {option}"
        raise MissingLibrary("jmespath", reason, traceback.format_exc()) from None
    try:
        program = jmespath.compile(expression)
    except exceptions.ParseError as problem:
        raise _misplaced(expression, option, problem) from problem
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{option}: {_inline(problem)}") from problem
    _check_functions(program.parsed, Query(expression, option, program), Functions.FUNCTION_TABLE)
    return Query(expression, option, program)


def run_query(query: Query, data: Any) -> Any:
    """What the expression makes of ``data``; InvalidInput when a function of it gets something it can't take."""
    try:
        return query.program.search(data)
    # jmespath leaves some of Python's own errors uncaught, such as that of contains('text', `1`).
    except (ValueError, TypeError, ArithmeticError, RecursionError) as problem:
        name = getattr(problem, "function_name", None)
        raise InvalidInput(f"{query.option}: {_inline(problem)}{_near_function(query, name)}") from problem


def _misplaced(expression: str, option: str, problem: Any) -> InvalidInput:
    position = problem.lex_position
    reason = getattr(problem, "message", None) or problem.msg
    if position >= len(expression):
        reason = "the expression ends too early"
    return InvalidInput(f"{option}: {reason}{_at(expression, position)}")


def _at(expression: str, position: int) -> str:
    """Where in the expression something is, for a message of one line."""
    before, after = expression[:position], expression[position:]
    line = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    where = f"line {line}, column {column}" if "\n" in expression else f"column {column}"
    marked = f"{_squeezed(before)} <HERE> {_squeezed(after)}".strip()
    return f", at {where} of the JMESPath expression: {marked}"


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _inline(problem: BaseException) -> str:
    return _squeezed(str(problem)) or type(problem).__name__


def _near_function(query: Query, name: str | None) -> str:
    """Where the function stands, when it is used only once; the parser does not remember places."""
    places = [match.start() for match in re.finditer(rf"\b{re.escape(name)}\s*\(", query.expression)] if name else []
    return _at(query.expression, places[0]) if len(places) == 1 else f", in the expression {query.expression!r}"


def _check_functions(tree: Mapping[str, Any], query: Query, known: Mapping[str, Any]) -> None:
    for node, parent in _nodes(tree, ""):
        if node.get("type") == "function_expression" and node["value"] not in known:
            where = _near_function(query, node["value"])
            raise InvalidInput(f"{query.option}: JMESPath has no function {node['value']}(){where}")
        if node.get("type") == "expref" and parent not in _TAKE_EXPRESSIONS:
            raise InvalidInput(
                f"{query.option}: & makes an expression, which only {', '.join(_TAKE_EXPRESSIONS)} take, "
                f"in the expression {query.expression!r}"
            )


def _nodes(tree: Mapping[str, Any], parent: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every node of a parsed expression, with the name of the function whose argument it is."""
    yield tree, parent
    name = tree["value"] if tree.get("type") == "function_expression" else ""
    for child in tree.get("children", ()):
        # The children of a slice are numbers.
        if isinstance(child, Mapping):
            yield from _nodes(child, name)
