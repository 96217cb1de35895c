# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The envelope around answers, and pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable

from . import errors, validation
from .api import Call, Reply
from .state import Item

SORT = r"^[\w.]*((:asc)|(:desc))?$"


def success(reply: Reply) -> Any:
    """Return the body of a successful answer."""
    return reply.raw if reply.has_raw else {"status": True, "data": reply.data}


def failure(error: errors.ApiError, style: str) -> Item:
    """Return the body of a refusal; ``style`` is the switch ``error_envelope``."""
    return {"status": style != "status_false", "error": error.as_error()}


@dataclass(frozen=True)
class Filter:
    """One list filter: how an item is tested, and which values are valid."""

    fits: Callable[[Item, str], bool]
    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Listing:
    """What a list endpoint knows: its filters by query name, and whether ``sort`` is documented for it."""

    filters: dict[str, Filter] = field(default_factory=dict)
    sortable: bool = True


def equals(name: str) -> Callable[[Item, str], bool]:
    """Return a test for a field that holds exactly the value."""
    return lambda item, value: str(item.get(name)) == value


def contains(name: str) -> Callable[[Item, str], bool]:
    """Return a test for a field that contains the value, whatever the case."""
    return lambda item, value: value.lower() in str(item.get(name) or "").lower()


def _whole(call: Call, name: str, default: int, problems: validation.Problems) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        problems.add((name,), "must be a positive integer", "number.base")
        return default
    return int(text)


def _select(call: Call, items: list[Item], listing: Listing, problems: validation.Problems) -> list[Item]:
    strictness = call.switches["list_filters"]
    for name, value in call.query.items():
        known = listing.filters.get(name)
        if name in ("page", "limit") or (name == "sort" and (listing.sortable or strictness != "refused")):
            continue
        if known is None:
            if strictness == "refused":
                problems.add((name,), "is not allowed", "object.allowUnknown")
        elif strictness == "ignored":
            continue
        elif known.choices and value not in known.choices:
            problems.add((name,), f"must be one of [{', '.join(known.choices)}]", "any.allowOnly")
        elif known.pattern and not re.fullmatch(known.pattern, value):
            problems.add((name,), "fails to match the required pattern", "string.regex.base")
        else:
            items = [item for item in items if known.fits(item, value)]
    return items


def _field(item: Item, path: str) -> Any:
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _sorted(call: Call, items: list[Item], problems: validation.Problems) -> list[Item]:
    newest = call.state.newest_first(items)
    ordered = newest if call.switches["list_order"] == "newest_first" else newest[::-1]
    sort = call.query.get("sort")
    if not sort or call.switches["list_filters"] == "ignored":
        return ordered
    if not re.fullmatch(SORT, sort):
        problems.add(("sort",), "fails to match the required pattern", "string.regex.base")
        return ordered
    name, _colon, direction = sort.partition(":")
    if name == "createdAt":
        return newest if direction == "desc" else newest[::-1]
    found = [item for item in ordered if _field(item, name) is not None]
    lacking = [item for item in ordered if _field(item, name) is None]
    return sorted(found, key=lambda item: str(_field(item, name)), reverse=direction == "desc") + lacking


@dataclass
class Page:
    """One page, before the envelope."""

    items: list[Item]
    total: int
    number: int
    limit: int
    pages: int
    has_next: bool


def _cut(call: Call, items: list[Item], number: int, limit: int) -> Page:
    fault = call.list_fault or {}
    shown = number - 1 if fault.get("kind") == "repeat_page" and number > 1 else number
    total = len(items)
    pages = max(1, -(-total // limit))
    if fault.get("kind") == "lying_total":
        pages = max(1, pages + int(fault.get("pages", 1)))
        total = max(0, total + int(fault.get("pages", 1)) * limit)
    start = (shown - 1) * limit
    return Page(items[start : start + limit], total, number, limit, pages, number < pages)


def _wrap(page: Page, shown: list[Item], form: str) -> Reply:
    if form == "bare":
        return Reply(200, raw=shown, has_raw=True)
    if form == "top_items":
        return Reply(200, raw={"items": shown}, has_raw=True)
    if form == "data_list":
        return Reply(200, shown)
    data: Item = {"items": shown}
    if form == "docs":
        data.update(
            totalDocs=page.total,
            limit=page.limit,
            page=page.number,
            totalPages=page.pages,
            pagingCounter=(page.number - 1) * page.limit + 1,
            hasPrevPage=page.number > 1,
            hasNextPage=page.has_next,
            prevPage=page.number - 1 if page.number > 1 else None,
            nextPage=page.number + 1 if page.has_next else None,
        )
    elif form == "items":
        data.update(totalItems=page.total, itemsPerPage=page.limit, currentPage=page.number, totalPages=page.pages)
    return Reply(200, data)


def respond(
    call: Call, items: list[Item], listing: Listing, show: Callable[[Item], Item], *, form: str | None = None
) -> Reply:
    """Filter, sort and cut ``items`` as the query asks and the switches allow, and wrap the page."""
    problems = call.problems("query")
    highest = call.switches["max_limit"]
    limit = _whole(call, "limit", min(call.switches["default_limit"], highest), problems)
    if limit > highest and call.switches["over_limit"] == "refuse":
        problems.add(("limit",), f"must be less than or equal to {highest}", "number.max")
    limit = min(limit, highest)
    number = _whole(call, "page", 1, problems)
    chosen = _sorted(call, _select(call, items, listing, problems), problems)
    problems.raise_if_any()
    page = _cut(call, chosen, number, limit)
    return _wrap(page, [show(item) for item in page.items], form or call.switches["envelope"])
