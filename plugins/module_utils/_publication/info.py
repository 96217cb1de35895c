# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Publications, listed with exact filters. Read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Callable

from .._api.client import Api, identity
from .._api.connection import check_id
from .._api.listing import (
    LIST_SPEC,
    Listing,
    Read,
    in_pages,
    list_outcome,
    page_size,
)
from .._core.concurrency import CONCURRENCY_SPEC, pool_of, workers_of
from .._core.dates import parse_instant
from .._core.errors import AppliveryError, InvalidInput
from .._core.fields import (
    Field,
    argument_spec,
    is_empty,
)
from .._core.task import Definition, Needs, Outcome, Task
from .find import find_by_id, find_many
from .resource import (
    FIELD,
    FILTER_KEYS,
    PUBLICATIONS,
    pinned_builds,
    shown_publication,
    understood,
    unreturned,
)

FILTERS: dict[str, dict[str, Any]] = {
    **argument_spec([FIELD["slug"], FIELD["visibility"], FIELD["security"]]),
    **argument_spec([Field("filter_type", choices=tuple(FILTER_KEYS))]),
    "publication_id": {"type": "str"},
    "build": {"type": "str"},
    "expiring_before": {"type": "str"},
}
INFO_SPEC: dict[str, dict[str, Any]] = {
    **FILTERS,
    **LIST_SPEC,
    "full": {"type": "bool", "default": False},
    **CONCURRENCY_SPEC,
}
# What the server must show of a publication so that the filter can decide.
_NEEDED = {"visibility": "visibility", "security": "security", "filter_type": "filter", "build": "filter"}


def needs(params: Mapping[str, Any]) -> Needs:
    """Each request that is under way at once wants a connection of its own."""
    return Needs(pool=pool_of(params))


def run_info(task: Task[Api]) -> Outcome:
    """List the publications of the store, or with an app token those of the app."""
    workers_of(task.params)
    expiry = _Expiry(task.params["expiring_before"], task.warn)
    outcome = list_outcome(task, lambda _task: _listing(task, expiry))
    expiry.tell()
    return outcome


def shown_with_gaps(read: Mapping[str, Any]) -> dict[str, Any]:
    """A publication as the managing module returns it, and the names of the options that the server did not show."""
    return {**shown_publication(read), "unreturned_fields": unreturned(read)}


def _listing(task: Task[Api], expiry: _Expiry) -> Listing:
    params = task.params
    for option in ("publication_id", "build"):
        if params[option] is not None:
            check_id(option, params[option])
    slug = params["slug"]
    hints = {"slug": slug} if slug and params["publication_id"] is None else {}
    return Listing("publications", lambda given: _read(task, given), _fits(params, expiry), shown_with_gaps, hints)


def _read(task: Task[Api], hints: Mapping[str, Any]) -> Iterator[Read]:
    """Candidates; in full where one is named, or where a list leaves out what a filter needs."""
    params, api = task.params, task.api
    if params["publication_id"] is not None:
        found = find_by_id(api, params["publication_id"])
        yield from [] if found is None else [found]
        return
    if params["full"]:
        yield from _read_in_full(api, hints, params)
        return
    needed = [name for option, name in _NEEDED.items() if params[option] is not None]
    size = page_size(params, any(params[option] is not None for option in FILTERS))
    for item in in_pages(api, PUBLICATIONS, hints, size):
        if params["slug"] not in (None, item.get("slug")):
            continue
        ident = identity(item)
        if ident and (params["slug"] is not None or any(name not in item for name in needed)):
            found = find_by_id(api, ident)
            yield from [] if found is None else [found]
        else:
            yield understood(item)


def _read_in_full(api: Api, hints: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Read]:
    """Each publication read by itself, so many at a time as ``concurrency`` says, and no more than are wanted."""
    workers = params["concurrency"]
    slug = params["slug"]
    items = (item for item in in_pages(api, PUBLICATIONS, hints) if slug in (None, item.get("slug")))
    while batch := list(islice(items, 4 * workers)):
        idents = [identity(item) for item in batch]
        if None in idents:
            raise AppliveryError("the list of publications holds one without an id: nothing was concluded from it")
        yield from find_many(api, map(str, idents), workers)


def _fits(params: Mapping[str, Any], expiry: _Expiry) -> Callable[[Read], bool]:
    build = (params["build"] or "").lower()

    def fits(item: Read) -> bool:
        chosen = item.get("filter")
        kind = chosen.get("type") if isinstance(chosen, Mapping) else None
        return (
            all(params[option] in (None, item.get(option)) for option in ("slug", "visibility", "security"))
            and params["filter_type"] in (None, kind)
            and (not build or build in pinned_builds(item))
            and expiry.fits(item)
        )

    return fits


class _Expiry:
    """The filter ``expiring_before``; remembers whether the server shows ends at all, since silence is no answer."""

    def __init__(self, text: str | None, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._moment = None if text is None else _moment(text)
        self._judged = 0
        self._shown = 0

    def fits(self, item: Read) -> bool:
        if self._moment is None:
            return True
        end = item.get("expirationDate")
        self._judged += 1
        self._shown += "expirationDate" in item
        if is_empty(end):
            return False
        try:
            return parse_instant(str(end)) <= self._moment
        except ValueError as problem:
            self._warn(
                f"expiring_before: the publication {item.get('slug')} is left out, its expiration_date: {problem}"
            )
            return False

    def tell(self) -> None:
        if self._judged and not self._shown:
            self._warn(
                f"expiring_before: the server showed no expiration_date for any of {self._judged} publications; "
                "either none of them expires, or the server does not return it"
            )


def _moment(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as problem:
        raise InvalidInput(f"expiring_before: {problem}") from None


DEFINITION = Definition(INFO_SPEC, run_info, needs)
