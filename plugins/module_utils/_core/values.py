# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Looking through values of any shape, as tasks and servers give them. Pure, and safe at any depth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from .errors import InvalidInput

DEEPEST = 100
# What Ansible puts in the place of a secret: alone, and inside a longer text. More stars in a row are an ornament.
_MASK = re.compile(r"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|(?<!\*)\*{8}(?!\*)")


def places(value: Any, fits: Callable[[str], bool]) -> list[str]:
    """Where inside a value something stands whose text fits: names joined by dots, each place once."""
    found = {path: None for path, item, _depth in _items(value) if _is_text(item) and fits(str(item))}
    return list(found)


def is_too_deep(value: Any) -> bool:
    """Whether lists and dictionaries are nested deeper than anything that this collection could hand on."""
    return any(depth > DEEPEST for _path, _item, depth in _items(value))


def refuse_masked(options: Mapping[str, Any]) -> None:
    """Refuse Ansible's own mask as a value (InvalidInput): it stands where a registered result held a secret."""
    found = places(options, lambda text: bool(_MASK.search(text)))
    if found:
        raise InvalidInput(
            f"{found[0]}: it holds the text that Ansible puts in the place of a secret. It comes from a result "
            "that held one; name the true value"
        )


def _is_text(item: Any) -> bool:
    return isinstance(item, (str, int, float)) and not isinstance(item, bool)


def _items(value: Any) -> Iterator[tuple[str, Any, int]]:
    """Everything inside a value with its place and depth; no deeper than one step beyond what is allowed."""
    pending: list[tuple[str, Any, int]] = [("", value, 0)]
    while pending:
        path, item, depth = pending.pop()
        yield path, item, depth
        if depth > DEEPEST:
            continue
        if isinstance(item, Mapping):
            pending += [(f"{path}.{key}" if path else str(key), inner, depth + 1) for key, inner in item.items()]
        elif isinstance(item, (list, tuple)):
            pending += [(path, inner, depth + 1) for inner in item]
