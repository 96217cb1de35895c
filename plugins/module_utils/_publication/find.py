# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Publications that are found by their id, or by their slug in a listing that may be filtered, searched or neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from .._api.client import Api, identity
from .._core.errors import AppliveryError
from .._core.fields import is_empty
from .._otp_user.resource import has_otp_users
from .resource import PUBLICATIONS, understood


class Publications:
    """Finds publications, and remembers what the server's lists have shown of any of them."""

    def __init__(self, api: Api, warn: Callable[[str], None]) -> None:
        self.api = api
        self._warn = warn
        self._told: set[str] = set()
        self._listed: list[dict[str, Any]] = []

    def warn(self, text: str) -> None:
        """Warn once: planning may happen more than once, and a slug may be looked for more than once."""
        if text not in self._told:
            self._told.add(text)
            self._warn(text)

    def tell(self, texts: Iterable[str]) -> None:
        """Warn of each."""
        for text in texts:
            self.warn(text)

    def by_id(self, ident: str) -> dict[str, Any] | None:
        """The publication with this id, read in full, or None when the server says that it does not exist."""
        found = self.api.find(PUBLICATIONS, ident)
        if found is None:
            return None
        if is_empty(found.get("slug")):
            raise AppliveryError(
                f"the server's answer for the publication {ident} does not show a slug: it is incomplete"
            )
        return understood(found)

    def by_slug(self, slug: str) -> dict[str, Any] | None:
        """The publication with exactly this slug, read in full, or None."""
        ident = self.id_of(slug)
        return self.by_id(ident) if ident else None

    def id_of(self, slug: str) -> str | None:
        """The id of the publication with exactly this slug, or None.

        The slug is a hint to the server (guide: exact; issue 119: a search) and is compared again here. Absence is
        believed only from a listing that was not narrowed.
        """
        ids = sorted({str(identity(item)) for item in self._with_slug(slug)})
        if len(ids) > 1:
            raise AppliveryError(
                f"slug: {len(ids)} publications have the slug {slug}; choose one by publication_id: {', '.join(ids)}"
            )
        return ids[0] if ids else None

    def has_otp_users(self, read: Mapping[str, Any]) -> bool:
        """Whether a publication has, or may have, OTP users."""
        return has_otp_users(self.api, str(identity(read)))

    def seen(self, read: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], set[str]]:
        """All that was shown of a publication, what was read now last, and the API names shown of any other one."""
        mine = [item for item in self._listed if identity(item) == identity(read)]
        others = {name for item in self._listed if identity(item) != identity(read) for name in item}
        return [*mine, read], others

    def _with_slug(self, slug: str) -> list[dict[str, Any]]:
        items = self._list({"slug": slug})
        fits = [item for item in items if item.get("slug") == slug]
        # The filter may be a search within slugs; what does not contain the slug shows that nothing was filtered.
        narrowed = all(slug.lower() in str(item.get("slug", "")).lower() for item in items)
        if not fits and narrowed:
            items = self._list()
            fits = [item for item in items if item.get("slug") == slug]
        self._warn_about_case(items, slug)
        return fits

    def _list(self, hints: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        items = self.api.list_all(PUBLICATIONS, hints)
        self._listed += items
        return items

    def _warn_about_case(self, items: Iterable[Mapping[str, Any]], slug: str) -> None:
        others = {str(item.get("slug")) for item in items if str(item.get("slug", "")).lower() == slug.lower()} - {slug}
        if others:
            self.warn(
                f"slug: {slug} differs only in case from the slug of another publication: {', '.join(sorted(others))}"
            )


def find_by_id(api: Api, ident: str) -> dict[str, Any] | None:
    """The publication with this id, read in full, or None when the server says that it does not exist."""
    return Publications(api, _unheard).by_id(ident)


def find_many(api: Api, idents: Iterable[str], workers: int) -> list[dict[str, Any]]:
    """The publications with these ids, each read in full, in their order; one that is gone by now is left out.

    ``workers`` requests are under way at once; the first error ends it.
    """
    with ThreadPoolExecutor(workers) as pool:
        return [found for found in pool.map(lambda ident: find_by_id(api, ident), idents) if found is not None]


def find_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The publication with exactly this slug, read in full, or None."""
    return Publications(api, warn).by_slug(slug)


def find_id_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> str | None:
    """The id of the publication with exactly this slug, or None; for tasks that need no more of it."""
    return Publications(api, warn).id_of(slug)


def _unheard(_text: str) -> None:
    """Reading by id has nothing to warn about."""
