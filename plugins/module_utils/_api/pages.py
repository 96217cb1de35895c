# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Listings: read page by page to the end, and never believed when they are not the whole truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, NamedTuple, TypeVar

from .._core.errors import (
    ListingChanged,
    RequestFailed,
    failure,
)
from .envelope import Answer, identity

# 500 is used freely by existing clients on several lists (client code); 100 is the observed default (old docs).
_PAGE_SIZES = (500, 100)
_MOST_PAGES = 20000

_Found = TypeVar("_Found")


def undisturbed(read: Callable[[], _Found]) -> _Found:
    """What ``read`` makes of a listing; where somebody wrote meanwhile it reads once more, then that is an error."""
    try:
        return read()
    except ListingChanged:
        return read()


class Reader:
    """Reads one listing. ``fetch`` gets the answer to a query, ``unusable`` makes an error of one, and says why."""

    def __init__(
        self, noun: str, fetch: Callable[[dict[str, Any]], Answer], unusable: Callable[[Answer, str], RequestFailed]
    ) -> None:
        self.limit = 0
        self._noun = noun
        self._fetch = fetch
        self._unusable = unusable

    def pages(self, hints: Mapping[str, Any], size: int, sort: str | None) -> Iterator[list[dict[str, Any]]]:
        """Page after page of objects not seen before. ``size`` 0 leaves the size to this reader."""
        pager = _Pager(self._noun)
        query: dict[str, Any] = {}
        for number in range(1, _MOST_PAGES + 1):
            if number == 1:
                answer, query = self._first_page(hints, size, sort)
            else:
                answer = self._fetch({**query, "page": number})
            fresh = self._taken(pager, answer)
            if fresh:
                yield fresh
            if pager.finished:
                break
        else:
            raise pager.changed(f"did not end after {_MOST_PAGES} pages")
        if pager.unproven:
            self._read_again(query, pager)

    def _first_page(self, hints: Mapping[str, Any], size: int, sort: str | None) -> tuple[Answer, dict[str, Any]]:
        """The first page, and the query that got it: step by step without what the server refuses to understand."""
        problems: list[RequestFailed] = []
        for query in _page_queries(hints, size, sort):
            try:
                answer = self._fetch({**query, "page": 1})
            except RequestFailed as refused:
                if not refused.body_refused:
                    raise
                problems.append(refused)
            else:
                self.limit = query.get("limit", 0)
                return answer, query
        raise problems[0]

    def _taken(self, pager: _Pager, answer: Answer) -> list[dict[str, Any]]:
        try:
            return pager.take(answer)
        except _WrongShape as wrong:
            raise self._unusable(answer, str(wrong)) from None

    def _read_again(self, query: dict[str, Any], first: _Pager) -> None:
        """Where pages don't prove that they are all, compare two readings; ListingChanged when they differ."""
        second = _Pager(self._noun)
        for number in range(1, first.pages + 2):
            self._taken(second, self._fetch({**query, "page": number}))
            if second.finished or second.seen == first.seen:
                break
        if second.seen != first.seen:
            raise first.changed("differs when it is read again")


def _page_queries(hints: Mapping[str, Any], size: int, sort: str | None) -> Iterator[dict[str, Any]]:
    """Queries to try in turn, from the most to the least demanding; no two are the same."""
    order = {"sort": sort} if sort else {}
    sizes = [size] if size else list(_PAGE_SIZES)
    least = {"limit": min(sizes[-1], _PAGE_SIZES[-1])}
    tried: list[dict[str, Any]] = []
    for query in (
        *({**hints, **order, "limit": number} for number in sizes),
        # Either the filters or the order may be what the server does not know.
        {**order, **least},
        {**hints, **least},
        least,
        {},
    ):
        if query not in tried:
            tried.append(query)
            yield query


class _WrongShape(Exception):
    """The data of a list is no list in any documented form; the text says why, where that is known."""


class _Envelope(NamedTuple):
    """One page: its items, the announced total, and whether more pages follow (None = not said)."""

    items: list[dict[str, Any]]
    total: int | None
    more: bool | None


class _Pager:
    """Follows a listing through its pages and notices when it is not the whole truth."""

    def __init__(self, noun: str) -> None:
        self.finished = False
        self.pages = 0
        self.seen: set[str] = set()
        self._filled = 0
        self._created: list[Any] = []
        self._noun = noun
        self._totals: list[int] = []
        self._repeated: set[str] = set()
        self._last: Answer | None = None

    @property
    def unproven(self) -> bool:
        """Several pages that do not prove that they hold all objects.

        Without a total nothing tells that an object removed meanwhile pulled others past the reader. With one, an
        object that left an early page and one that came at the end look like no change at all; only a list whose
        newest objects come first shows that by itself, for what comes pushes the others towards the reader.
        """
        several = self.pages > 1 and self._filled > 0
        return several and not (self._totals and self._newest_first())

    def _newest_first(self) -> bool:
        texts = [created for created in self._created if isinstance(created, str)]
        return len(texts) == len(self._created) and texts[0] > texts[-1] and texts == sorted(texts, reverse=True)

    def take(self, answer: Answer) -> list[dict[str, Any]]:
        """The items of this page that were not on an earlier one; sets ``finished`` at the end."""
        self._last = answer
        self.pages += 1
        page = _envelope(answer.data)
        if page.total is not None:
            self._totals.append(page.total)
            if page.total < self._totals[0]:
                raise self.changed(f"had {self._totals[0]} at first and {page.total} later")
        items = {_key(item): item for item in page.items}
        fresh = {key: item for key, item in items.items() if key not in self.seen}
        self.seen.update(fresh)
        self._filled += bool(fresh)
        self._created.extend(item.get("createdAt") for item in fresh.values())
        self.finished = self._is_last(page, set(items), bool(fresh))
        # An object added meanwhile may stand on a page already read, so the first total is the promise.
        if self.finished and self._totals and len(self.seen) < self._totals[0]:
            raise self.changed(f"announced {self._totals[0]} and delivered {len(self.seen)}")
        return list(fresh.values())

    def _is_last(self, page: _Envelope, keys: set[str], fresh: bool) -> bool:
        if not keys:
            if self._repeated:
                raise self.changed(f"repeats itself on page {self.pages - 1}")
            if page.more and not self._totals:
                raise self.changed(f"has an empty page {self.pages}, and announces more")
            return True
        if self._totals and len(self.seen) > max(self._totals):
            # More than announced: the counts are worth nothing, only an end that can be seen is one.
            return self._stands_still(keys, fresh)
        if page.more is None and not self._totals:
            return self._stands_still(keys, fresh)
        promised = bool(self._totals) and len(self.seen) >= self._totals[0]
        # An object added meanwhile may stand on a page already read, or on one to come.
        complete = promised and len(self.seen) >= max(self._totals)
        if page.more is False or (complete and page.more is None) or (promised and not fresh):
            return True
        if not fresh:
            raise self.changed(f"repeats itself on page {self.pages}")
        return False

    def _stands_still(self, keys: set[str], fresh: bool) -> bool:
        """Whether the same page came twice in a row: a server that does not page, or that stays on its last page."""
        before, self._repeated = self._repeated, set() if fresh else keys
        if fresh and before:
            raise self.changed(f"repeats itself on page {self.pages - 1}")
        return not fresh and before == keys

    def changed(self, what: str) -> ListingChanged:
        """The error about a listing that can't be trusted."""
        text = f"the list of {self._noun}s {what}"
        details = failure(message=text)
        if self._last is not None:
            request, reply = self._last.request, self._last.reply
            details = failure(None, text, reply.status, request.method, request.path, None, reply.attempts)
        return ListingChanged(
            f"{text}: it changed while it was read, or the server counts wrongly. Nothing was concluded from it; "
            "run the task again",
            details,
        )


def _key(item: Mapping[str, Any]) -> str:
    found = identity(item)
    # It may be the very object that is looked for: whoever passed over it would take it for absent.
    if found is None:
        raise _WrongShape("an object of the list has no usable id")
    return found


def _envelope(data: Any) -> _Envelope:
    """Read a page in any documented form: totalDocs, totalItems, a bare list, or items alone (fact sheet, C9)."""
    if isinstance(data, list):
        return _Envelope(_objects(data), None, None)
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise _WrongShape
    total = _first_number(data, "totalDocs", "totalItems")
    page = _first_number(data, "page", "currentPage")
    pages = _first_number(data, "totalPages")
    signs = [data["hasNextPage"]] if isinstance(data.get("hasNextPage"), bool) else []
    if page is not None and pages is not None:
        signs.append(page < pages)
    # Signs that contradict each other: believe the one that makes us look further.
    return _Envelope(_objects(data["items"]), total, any(signs) if signs else None)


def _objects(items: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(item, dict) for item in items):
        raise _WrongShape
    return items


def _first_number(data: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None
