# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Looking through values of any shape, as tasks and servers give them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable


def places(value: Any, fits: Callable[[str], bool]) -> list[str]:
    """Where inside a value a text or a number stands whose text fits: names joined by dots, each place once."""
    return list(dict.fromkeys(path for path, item in _leaves(value, "") if fits(str(item))))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item, path)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield path, value
