# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Builds, listed newest first with the filters that ``match`` has. Read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .find import hints, listed_and_fitting
from .match import checked, filter_spec, fits
from .read import created, find_by_id, newest_first, pages
from .resource import shown_build
from .._api.client import Api
from .._api.connection import check_id
from .._api.listing import (
    LARGEST_PAGE,
    LIST_SPEC,
    Listing,
    Read,
    list_outcome,
)
from .._core.task import Definition, Needs, Outcome, Task

INFO_SPEC: dict[str, dict[str, Any]] = {"build_id": {"type": "str"}, **filter_spec(), **LIST_SPEC}


def needs(_params: Mapping[str, Any]) -> Needs:
    """Builds belong to an application, which the Workspace API wants to know."""
    return Needs(application=True)


def run_info(task: Task[Api]) -> Outcome:
    """List the builds of the application, newest first."""
    return list_outcome(task, _listing)


def _listing(task: Task[Api]) -> Listing:
    params, api = task.params, task.api
    wanted = checked(params)
    ident = params["build_id"]
    if ident is not None:
        check_id("build_id", ident)

    def read(told: Mapping[str, Any]) -> Iterator[Read]:
        if ident is not None:
            found = find_by_id(api, ident)
            return iter([] if found is None else [found])
        return listed_and_fitting(api, wanted, told) if wanted else _newest(api, params["limit"])

    told = hints(api, wanted) if ident is None else {}
    return Listing("builds", read, lambda build: fits(build, wanted), shown_build, told)


def _newest(api: Api, limit: int | None) -> Iterator[Read]:
    """All builds, newest first; one small page is enough when its dates show that it holds the newest ones."""
    if limit is not None and limit <= LARGEST_PAGE:
        # A single build would show no order.
        page = next(pages(api, size=max(limit, 2)), [])
        moments = [moment for moment in map(created, page) if moment is not None]
        falling = moments == sorted(moments, reverse=True) and len(set(moments)) > 1
        if len(page) >= limit and len(moments) == len(page) and falling:
            yield from page
            return
    yield from newest_first(api)


DEFINITION = Definition(INFO_SPEC, run_info, needs)
