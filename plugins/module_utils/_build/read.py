# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""How builds are read: one by its id, or all of them, newest first, whatever order the server has.

Every build comes in through here, so that nothing behind it ever sees what ``understood`` takes away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .resource import BUILDS, Build, understood
from .._api.client import Api
from .._core.dates import parse_instant
from .._core.errors import AppliveryError, failure


def find_by_id(api: Api, ident: str) -> Build | None:
    """The build with this id, read in full; None when the server says that it does not exist."""
    found = api.find(BUILDS, ident)
    return None if found is None else understood(found)


def get(api: Api, ident: str) -> Build:
    """As ``find_by_id``; that there is no such build is an error that says what may have become of it."""
    found = find_by_id(api, ident)
    if found is None:
        raise gone(f"there is no build {ident} in this app; it may have been deleted")
    return found


def gone(what: str) -> AppliveryError:
    """The error about a build that is not there: Applivery itself deletes builds (fact sheet, N8)."""
    return AppliveryError(
        f"{what}, by somebody or by the retention settings of the app",
        failure(code=3001, message="Entity not found", status=404),
    )


def pages(api: Api, told: Mapping[str, Any] | None = None, size: int | None = None) -> Iterator[list[Build]]:
    """The list of builds, page after page. ``told`` are hints that the server may ignore."""
    for page in api.pages(BUILDS, told, size):
        yield [understood(build) for build in page]


def created(build: Mapping[str, Any]) -> datetime | None:
    """When the build was created; None where that is not told or not understood."""
    text = str(build.get("createdAt") or "")
    for form in (text, text + "Z"):
        try:
            return parse_instant(form)
        except ValueError:
            continue
    return None


class _Order:
    """What the creation dates that were seen so far say about the order of a listing."""

    def __init__(self) -> None:
        self.falls = False
        self.rises = False
        self.unknown = False
        self._last: datetime | None = None

    def see(self, build: Mapping[str, Any]) -> None:
        moment = created(build)
        if moment is None:
            self.unknown = True
            return
        if self._last is not None:
            self.falls = self.falls or moment < self._last
            self.rises = self.rises or moment > self._last
        self._last = moment

    @property
    def newest_first(self) -> bool:
        return self.falls and not self.rises and not self.unknown


def sorted_newest_first(builds: Sequence[Build]) -> list[Build]:
    """Newest first by ``createdAt``; the server's order where dates are missing or equal."""
    order = _Order()
    for build in builds:
        order.see(build)
    if order.unknown:
        return list(builds)
    # In a list that only rises, the later one of two equal dates is the newer one.
    turned = list(reversed(builds)) if order.rises and not order.falls else list(builds)
    return sorted(turned, key=lambda build: created(build) or datetime.min, reverse=True)


def newest_first(api: Api, told: Mapping[str, Any] | None = None) -> Iterator[Build]:
    """All builds, newest first, read lazily: pages are fetched only as far as the caller iterates.

    Builds are handed out before the end of the list only while their dates prove its order. A caller that takes the
    first fitting build therefore gets the newest one, whatever the server's order.
    """
    order = _Order()
    held: list[Build] = []
    for page in pages(api, told):
        for build in page:
            order.see(build)
        held.extend(page)
        if order.newest_first:
            yield from held
            held = []
    yield from sorted_newest_first(held)
