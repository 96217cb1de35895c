# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What all modules that list things share: exact filters, ``limit``, ``query``, and one shape of the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from .._core.errors import InvalidInput
from .._core.fields import as_read
from .._core.query import compile_query, run_query
from .._core.task import Outcome, Task
from .client import Api, Endpoint, identity
from .pages import undisturbed

Read = dict[str, Any]

LIST_SPEC: dict[str, dict[str, Any]] = {"limit": {"type": "int"}, "query": {"type": "str"}}
LARGEST_PAGE = 500
_NONE: Mapping[str, Any] = MappingProxyType({})


class Listing(NamedTuple):
    """What one task lists.

    ``key`` is the returned key, ``read`` gives the objects as the server shows them, lazily, asked with hints that the
    server may ignore; ``fits`` decides exactly; ``shown`` makes what the task returns.
    """

    key: str
    read: Callable[[Mapping[str, Any]], Iterable[Read]]
    fits: Callable[[Read], bool]
    shown: Callable[[Read], dict[str, Any]]
    hints: Mapping[str, Any] = _NONE


def list_outcome(task: Task[Api], make: Callable[[Task[Api]], Listing]) -> Outcome:
    """Return what fits, no more than ``limit`` of it, and with ``query`` also ``result``.

    Wrong options are refused before anything is sent: ``make`` must not send, only what its ``read`` does.
    """
    limit = _limit(task.params)
    expression = task.params["query"]
    query = None if expression is None else compile_query(expression)
    listing = make(task)
    found = [listing.shown(item) for item in _found(listing, limit)]
    result: dict[str, Any] = {listing.key: found}
    if query is not None:
        result["result"] = run_query(query, found)
    return Outcome(result=result)


def in_pages(api: Api, endpoint: Endpoint, hints: Mapping[str, Any], size: int | None = None) -> Iterator[Read]:
    """The objects of a listing, page after page, no page before its first object is wanted."""
    for page in api.pages(endpoint, hints, size):
        yield from page


def page_size(params: Mapping[str, Any], filtered: bool) -> int | None:
    """The size to ask for, so that no more is read than ``limit`` wants; None leaves it to the client.

    Filters may drop most of a page, so with them a small page would only mean more requests.
    """
    limit = _limit(params)
    return None if limit is None or filtered else min(limit, LARGEST_PAGE)


def plain(read: Mapping[str, Any]) -> dict[str, Any]:
    """An object without managed fields, as it is returned: keys in snake_case, and always an ``id``."""
    return {"id": identity(read), **{key: value for key, value in as_read(read).items() if key not in ("id", "_id")}}


def _limit(params: Mapping[str, Any]) -> int | None:
    limit: int | None = params["limit"]
    if limit is not None and limit < 1:
        raise InvalidInput(f"limit: {limit} is not possible, the least is 1; leave it out to read everything")
    return limit


def _found(listing: Listing, limit: int | None) -> list[Read]:
    found = _read(listing, listing.hints, limit)
    # A server that misunderstands a hint must not look like an empty one.
    return found if found or not listing.hints else _read(listing, {}, limit)


def _read(listing: Listing, hints: Mapping[str, Any], limit: int | None) -> list[Read]:
    return undisturbed(lambda: list(islice(filter(listing.fits, listing.read(hints)), limit)))
