# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Publications that are found by their slug, in a listing that may be filtered, searched or neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from .._api.client import Api, identity
from .._core.errors import AppliveryError
from .resource import PUBLICATIONS, find_by_id


class PublicationList:
    """Finds publications by slug, and remembers which fields this server returns for any of them."""

    def __init__(self, api: Api, warn: Callable[[str], None]) -> None:
        self.api = api
        self._returned: list[tuple[str | None, set[str]]] = []
        self._warn = warn

    def returned_for_others(self, ident: str) -> set[str]:
        """The API names of all fields that this server has shown so far for any other publication than this one."""
        return {name for owner, names in self._returned if owner != ident for name in names}

    def id_of(self, slug: str) -> str | None:
        """The id of the publication with exactly this slug, or None.

        The slug is a hint to the server (guide: exact; issue 119: a search) and is compared again here. Absence is
        believed only from a listing that was not narrowed.
        """
        fits = self._list({"slug": slug}, slug)
        ids = sorted({ident for ident in map(identity, fits) if ident})
        if len(ids) > 1:
            raise AppliveryError(
                f"slug: {len(ids)} publications have the slug {slug}; choose one by publication_id: {', '.join(ids)}"
            )
        return ids[0] if ids else None

    def _list(self, hints: Mapping[str, str], slug: str) -> list[dict[str, Any]]:
        items = self._noted(self.api.list_all(PUBLICATIONS, hints))
        fits = [item for item in items if item.get("slug") == slug]
        # The filter may be a search within slugs; what does not contain the slug shows that nothing was filtered.
        narrowed = all(slug.lower() in str(item.get("slug", "")).lower() for item in items)
        if not fits and narrowed:
            items = self._noted(self.api.list_all(PUBLICATIONS))
            fits = [item for item in items if item.get("slug") == slug]
        self._warn_about_case(items, slug)
        return fits

    def _noted(self, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        listed = list(items)
        for item in listed:
            self._returned.append((identity(item), set(item)))
        return listed

    def _warn_about_case(self, items: Iterable[Mapping[str, Any]], slug: str) -> None:
        others = {str(item.get("slug")) for item in items if str(item.get("slug", "")).lower() == slug.lower()} - {slug}
        if others:
            self._warn(
                f"slug: {slug} differs only in case from the slug of another publication: {', '.join(sorted(others))}"
            )


def find_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The publication with exactly this slug, read in full, or None."""
    ident = find_id_by_slug(api, slug, warn)
    return find_by_id(api, ident) if ident else None


def find_id_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> str | None:
    """The id of the publication with exactly this slug, or None; for tasks that need no more of it."""
    return PublicationList(api, warn).id_of(slug)
