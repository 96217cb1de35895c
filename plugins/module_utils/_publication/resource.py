# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Publications: their fields, where they are, and how one is understood and shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .._api.client import Endpoint, identity
from .._api.connection import INTEGRATIONS, WORKSPACE
from .._api.endpoint import NEWEST_FIRST
from .._core.fields import (
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
    sort={WORKSPACE: NEWEST_FIRST, INTEGRATIONS: NEWEST_FIRST},
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
# One limits access to some countries, the other keeps some out; the API takes no more than one of them (seed).
COUNTRY_LISTS = (FIELD["allowed_countries"], FIELD["blocked_countries"])


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
