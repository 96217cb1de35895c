# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Applications: found by name, slug or platform, and shown with who is mailed on new builds. Read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from .._api.client import APPLICATIONS, Api, identity
from .._api.listing import (
    LIST_SPEC,
    Listing,
    Read,
    in_pages,
    list_outcome,
    page_size,
    plain,
)
from .._core.errors import RequestFailed
from .._core.task import Definition, Needs, Outcome, Task

FILTERS: dict[str, dict[str, Any]] = {"name": {"type": "str"}, "slug": {"type": "str"}, "platform": {"type": "str"}}
INFO_SPEC = {**FILTERS, **LIST_SPEC}
# What the module promises to show, and a list of applications may leave out (reference: get-app shows it).
_PROMISED = ("notifications", "oss", "buildPlatforms")


def needs(_params: Mapping[str, Any]) -> Needs:
    """The Integrations API knows no list of applications."""
    return Needs(workspace_only="applications")


def run_info(task: Task[Api]) -> Outcome:
    """List the applications of the organization."""
    return list_outcome(task, _listing)


def shown_application(read: Mapping[str, Any]) -> dict[str, Any]:
    """An application as modules return it; what the server does not show of it is null."""
    blank = {"id": None, "name": None, "slug": None, "oss": None, "build_platforms": None, "notifications": None}
    return {**blank, **plain(read)}


def _listing(task: Task[Api]) -> Listing:
    params, api = task.params, task.api
    complete = _Completer(api, task.warn)

    def read(hints: Mapping[str, Any]) -> Iterator[Read]:
        size = page_size(params, any(params[option] is not None for option in FILTERS))
        return (complete(item) for item in in_pages(api, APPLICATIONS, hints, size) if _is_named(params, item))

    return Listing("applications", read, _for_platform(params["platform"]), shown_application)


def _is_named(params: Mapping[str, Any], item: Read) -> bool:
    return all(params[option] in (None, item.get(option)) for option in ("name", "slug"))


def _for_platform(platform: str | None) -> Callable[[Read], bool]:
    wanted = None if platform is None else platform.lower()

    def fits(item: Read) -> bool:
        listed = [*(item.get("oss") or []), *(item.get("buildPlatforms") or [])]
        return wanted is None or wanted in (str(name).lower() for name in listed)

    return fits


class _Completer:
    """Reads an application by itself where the list shows less of it; gives that up when it is not allowed."""

    def __init__(self, api: Api, warn: Callable[[str], None]) -> None:
        self._api = api
        self._warn = warn
        self._allowed = True

    def __call__(self, item: Read) -> Read:
        ident = identity(item)
        if not self._allowed or ident is None or all(name in item for name in _PROMISED):
            return item
        try:
            return {**item, **self._api.get(APPLICATIONS, ident)}
        except RequestFailed as problem:
            if problem.absent:
                return item
            if problem.status not in (401, 403):
                raise
            self._allowed = False
            self._warn(
                f"the list of applications does not show all of them, and one alone can't be read: {problem.message}"
            )
            return item


DEFINITION = Definition(INFO_SPEC, run_info, needs)
