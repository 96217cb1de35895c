# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-time-password users by id, found by store, by address and by the moment they expire without looking at all."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Callable

Item = dict[str, Any]


class People(dict[str, Item]):
    """A dictionary id -> user that keeps its indexes; ``expires`` says when a user goes, None = never."""

    def __init__(self, expires: Callable[[Item], float | None]) -> None:
        super().__init__()
        self._expires = expires
        self._stores: defaultdict[str, dict[str, Item]] = defaultdict(dict)
        self._addresses: defaultdict[tuple[str, str], dict[str, Item]] = defaultdict(dict)
        # Where each user stands in the indexes: its fields may have been changed since.
        self._where: dict[str, tuple[str, str]] = {}
        self._ends: list[tuple[float, str]] = []

    def __setitem__(self, key: str, item: Item) -> None:
        if key in self:
            del self[key]
        super().__setitem__(key, item)
        self._enter(key, item)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._leave(key)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a user and return it, as a dictionary does."""
        if key not in self and default:
            return default[0]
        item = self[key]
        del self[key]
        return item

    def changed(self, key: str) -> None:
        """Index a user anew whose fields were changed in place."""
        self._leave(key)
        self._enter(key, self[key])

    def of_store(self, store: str) -> list[Item]:
        """Return the users of one store, in the order in which they came."""
        return list(self._stores[store].values())

    def at(self, store: str, email: str) -> list[Item]:
        """Return the users of one store with this address, whatever its case."""
        return list(self._addresses.get((store, email.lower()), {}).values())

    def expired(self, now: float) -> Iterator[str]:
        """Yield the ids of those whose time is over; each is yielded once."""
        while self._ends and self._ends[0][0] < now:
            _end, key = heapq.heappop(self._ends)
            item = self.get(key)
            end = None if item is None else self._expires(item)
            if end is not None and end < now:
                yield key
            elif end is not None and item is not None:
                self._note_end(item)

    def _note_end(self, item: Item) -> None:
        end = self._expires(item)
        if end is not None:
            heapq.heappush(self._ends, (end, item["id"]))

    def _enter(self, key: str, item: Item) -> None:
        store, email = self._where[key] = item["storeId"], str(item["email"]).lower()
        self._stores[store][key] = item
        self._addresses[store, email][key] = item
        self._note_end(item)

    def _leave(self, key: str) -> None:
        store, email = self._where.pop(key)
        del self._stores[store][key]
        del self._addresses[store, email][key]
        if not self._addresses[store, email]:
            del self._addresses[store, email]
