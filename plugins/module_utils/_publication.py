# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Publications: their fields, where they are, and how one is found and shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Callable

from ansible_collections.applivery.distribution.plugins.module_utils._client import Api, Endpoint, identity
from ansible_collections.applivery.distribution.plugins.module_utils._errors import AppliveryError
from ansible_collections.applivery.distribution.plugins.module_utils._fields import (
    COLOUR,
    COUNTRIES,
    FLAG,
    GROUPS,
    INSTANT,
    NESTED,
    OBJECTS,
    PROSE,
    REFERENCE,
    STRINGS,
    Field,
    is_empty,
    is_id,
    shown,
)

PUBLICATIONS = Endpoint(
    "publication",
    workspace="organizations/{organization}/stores/{store}/pubApps",
    integrations="integrations/distributions",
    permissions={
        "list": "mad.store.publishedApplication.list",
        "get": "mad.store.publishedApplication.get",
        "create": "mad.store.publishedApplication.create",
        "update": "mad.store.publishedApplication.update",
        "remove": "mad.store.publishedApplication.remove",
    },
)

PLATFORMS = ("ios", "android", "macos", "windows")
# Which keys each way of choosing builds has (seed); `builds` was once written with one id per platform (C19).
FILTER_KEYS: dict[str, tuple[str, ...]] = {
    "last": (),
    "build": PLATFORMS,
    "builds": ("builds", *PLATFORMS),
    "gitBranch": ("value",),
    "gitTag": ("value",),
    "tag": ("value",),
}
MANUAL = ("build", "builds")


def _filter_leaves(read: Mapping[str, Any]) -> Collection[str] | None:
    kind = str(read.get("type"))
    return ("type", *FILTER_KEYS[kind]) if kind in FILTER_KEYS else None


def _one_form_of_builds(leaves: dict[str, Any]) -> dict[str, Any]:
    """`builds` as one list, whether the server shows the list, an id per platform, or both."""
    if leaves.get("type") != "builds":
        return leaves
    pairs = {(item.get("build_platform"), item.get("id")) for item in leaves.get("builds", [])}
    pairs |= {(platform, leaves[platform]) for platform in PLATFORMS if platform in leaves}
    builds = [{"build_platform": platform, "id": ident} for platform, ident in sorted(pairs, key=repr)]
    return {"type": "builds", **({"builds": builds} if builds else {})}


PUBLICATION_FIELDS: tuple[Field, ...] = (
    Field("slug"),
    Field("visibility", choices=("active", "inactive", "unlisted")),
    Field("security", choices=("public", "password", "logged")),
    Field("password", secret=True),
    # The order of what guards access is the order in which a person wants to hear about it.
    Field("allowed_countries", COUNTRIES, guards=True),
    Field("blocked_countries", COUNTRIES, guards=True),
    Field("groups", GROUPS, guards=True),
    Field("activate_user_audiences", FLAG, guards=True),
    Field(
        "user_audience_map",
        OBJECTS,
        guards=True,
        children=(Field("id", REFERENCE, spec={"required": True}), Field("notify_new_builds_processed", FLAG)),
    ),
    Field("expiration_date", INSTANT, guards=True),
    Field(
        "filter",
        NESTED,
        whole=True,
        relevant=_filter_leaves,
        refine=_one_form_of_builds,
        children=(
            Field("type", choices=tuple(FILTER_KEYS), spec={"required": True}),
            Field("value"),
            *(Field(platform, REFERENCE) for platform in PLATFORMS),
            Field(
                "builds", OBJECTS, children=(Field("build_platform", spec={"required": True}), Field("id", REFERENCE))
            ),
        ),
    ),
    Field("tags", STRINGS),
    Field("show_history", FLAG),
    Field("show_dev_info", FLAG),
    Field("hide_attached_files", FLAG),
    Field("terms", NESTED, children=(Field("active", FLAG), Field("text", PROSE))),
    Field(
        "configuration",
        NESTED,
        children=(
            Field("application", NESTED, children=(Field("name"), Field("description", PROSE))),
            Field(
                "branding",
                NESTED,
                children=(Field("logo"), Field("primary_color", COLOUR), Field("button_color", COLOUR)),
            ),
        ),
    ),
)
GUARDS = tuple(entry.option for entry in PUBLICATION_FIELDS if entry.guards)
FIELD = {entry.option: entry for entry in PUBLICATION_FIELDS}


def shown_publication(read: Mapping[str, Any]) -> dict[str, Any]:
    """A publication as every module returns it."""
    return shown(PUBLICATION_FIELDS, read)


def unreturned(read: Mapping[str, Any]) -> list[str]:
    """The writable fields that the server did not show for this publication, those that guard access first."""
    missing = [entry for entry in PUBLICATION_FIELDS if not entry.secret and entry.name not in read]
    return [entry.option for entry in sorted(missing, key=lambda entry: not entry.guards)]


def pinned_builds(read: Mapping[str, Any]) -> set[str]:
    """The ids of the builds that a publication is, or may be, pinned to, in lower case.

    That is every id inside its filter, however deep: a build may be shown as an object, and a filter may be of a type
    that nobody knows.
    """
    return set(_ids_in(read.get("filter")))


def _ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, str) and is_id(value):
        yield value.lower()
    elif isinstance(value, (list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _ids_in(item)


def application_of(read: Mapping[str, Any]) -> str | None:
    """The id of the app that a publication belongs to, whether the server shows the id or the object behind it."""
    for key in ("application", "applicationInfo"):
        value = read.get(key)
        ident = identity(value) if isinstance(value, Mapping) else value
        if ident:
            return str(ident)
    return None


def understood(read: Mapping[str, Any]) -> dict[str, Any]:
    """A publication whose lists of objects have ids where the client looks for them (fact sheet, hazard 10)."""
    result = dict(read)
    if isinstance(read.get("userAudienceMap"), list):
        result["userAudienceMap"] = [_with_id(item, "audience") for item in read["userAudienceMap"]]
    chosen = read.get("filter")
    if isinstance(chosen, Mapping) and isinstance(chosen.get("builds"), list):
        result["filter"] = {**chosen, "builds": [_with_id(item, "build") for item in chosen["builds"]]}
    return result


def _with_id(item: Any, noun: str) -> Any:
    if isinstance(item, str):
        return {"id": item}
    if not isinstance(item, Mapping) or item.get("id"):
        return item
    behind = item.get(noun, item.get(f"{noun}Id", item.get("_id")))
    ident = identity(behind) if isinstance(behind, Mapping) else behind
    return {**item, "id": ident} if ident else item


class Publications:
    """Finds publications, and remembers which fields this server returns for any of them."""

    def __init__(self, api: Api, warn: Callable[[str], None]) -> None:
        self.api = api
        self._returned: list[tuple[str | None, set[str]]] = []
        self._warn = warn

    def returned_for_others(self, ident: str) -> set[str]:
        """The API names of all fields that this server has shown so far for any other publication than this one."""
        return {name for owner, names in self._returned if owner != ident for name in names}

    def by_id(self, ident: str) -> dict[str, Any] | None:
        """One publication, or None when the server says that it does not exist."""
        found = self.api.find(PUBLICATIONS, ident)
        if found is None:
            return None
        if not is_empty(found.get("slug")):
            return understood(found)
        raise AppliveryError(f"the server's answer for the publication {ident} does not show a slug: it is incomplete")

    def by_slug(self, slug: str) -> dict[str, Any] | None:
        """The publication with exactly this slug, read in full, or None."""
        ident = self.id_of(slug)
        return self.by_id(ident) if ident else None

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


def find_by_id(api: Api, ident: str) -> dict[str, Any] | None:
    """The publication with this id, or None."""
    return Publications(api, _silent).by_id(ident)


def find_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> dict[str, Any] | None:
    """The publication with exactly this slug, or None."""
    return Publications(api, warn).by_slug(slug)


def find_id_by_slug(api: Api, slug: str, warn: Callable[[str], None]) -> str | None:
    """The id of the publication with exactly this slug, or None; for tasks that need no more of it."""
    return Publications(api, warn).id_of(slug)


def _silent(_message: str) -> None:
    """A lookup by id has nothing to warn about."""
