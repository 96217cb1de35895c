# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Which values JSON has a form for, so that one it hasn't is refused by its option's name and not by the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from .errors import InvalidInput

# What is nested deeper is no data that anybody wrote, and walking through it may end the process.
DEEPEST = 100
# Beyond this Python refuses to write a number out.
_MOST_BITS = 10000


def is_deep(value: Any) -> bool:
    """Whether dicts and lists stand in each other more than DEEPEST deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _depth in range(DEEPEST):
        children = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in children if isinstance(child, (dict, list))]
    return bool(level)


def check_json(option: str, value: Any) -> None:
    """Refuse what can't be sent as JSON: InvalidInput names the place, such as ``metadata.ratio``."""
    if is_deep(value):
        raise InvalidInput(f"{option}: it is nested more than {DEEPEST} deep, which can't be sent")
    for place, leaf in _leaves(option, value):
        reason = _flaw(leaf)
        if reason:
            raise InvalidInput(f"{place}: {reason}")


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            if not isinstance(key, (str, int)):
                yield f"{place}.{key}", key
            yield from _leaves(f"{place}.{key}", child)
    elif isinstance(value, (list, tuple)):
        for number, child in enumerate(value):
            yield from _leaves(f"{place}[{number}]", child)
    else:
        yield place, value


def _flaw(leaf: Any) -> str:
    if isinstance(leaf, float) and not isfinite(leaf):
        return f"{leaf} can't be sent, for JSON has no such number; give a number or a text in quotes"
    if isinstance(leaf, int) and leaf.bit_length() > _MOST_BITS:
        return "the number is too large to be sent; give it as text, in quotes"
    if leaf is not None and not isinstance(leaf, (str, int, float)):
        return f"a value of the type {type(leaf).__name__} can't be sent; give it as text, in quotes"
    return ""
