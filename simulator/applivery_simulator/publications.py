# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications: ``distributions`` of the Integrations API, ``pubApps`` of the Workspace API."""

from __future__ import annotations

import copy
from typing import Any

from . import errors, render
from .api import INTEGRATIONS, Call, Reply
from .envelope import Filter, Listing, contains, equals, respond
from .state import PUBLICATION_DEFAULTS, Item
from .validation import (
    COLOUR,
    COUNTRY,
    HEX_ID,
    LOWER_SLUG,
    SLUG,
    Flag,
    Many,
    Moment,
    Path,
    Problems,
    Record,
    Rule,
    Text,
)

VISIBILITIES = ("active", "inactive", "unlisted")
SECURITIES = ("public", "password", "logged")
FILTER_TYPES = ("last", "build", "builds", "gitBranch", "gitTag", "tag")
VALUE_TYPES = ("gitBranch", "gitTag", "tag")
SYSTEMS = ("ios", "android", "macos", "windows")
BUILD_PLATFORMS = ("ios", "macos", "android", "ps4", "ps5", "switch", "xbox-one", "xbox-series")
REQUIRED = ("slug", "visibility", "security", "filter")

_id = Text(pattern=HEX_ID, about="an id of 24 hexadecimal digits", filled=True)
_colour = Text(pattern=COLOUR, about="a colour such as #FF5733")
_countries = Many(Text(pattern=COUNTRY, about="a country code of two letters", filled=True))
_filter = Record(
    {
        "type": Text(filled=True),
        "value": Text(filled=True),
        **dict.fromkeys(SYSTEMS, _id),
        "builds": Many(Record({"buildPlatform": Text(choices=BUILD_PLATFORMS), "id": _id}, ("buildPlatform", "id"))),
    },
    ("type",),
)

FIELDS: dict[str, Rule] = {
    "visibility": Text(choices=VISIBILITIES),
    "security": Text(filled=True),
    "password": Text(),
    "groups": Many(Many(Text(filled=True), fewest=1)),
    "activateUserAudiences": Flag(),
    "userAudienceMap": Many(Record({"id": _id, "notifyNewBuildsProcessed": Flag()}, ("id",))),
    "allowedCountries": _countries,
    "blockedCountries": _countries,
    "filter": _filter,
    "tags": Many(Text(filled=True)),
    "showHistory": Flag(),
    "showDevInfo": Flag(),
    "hideAttachedFiles": Flag(),
    "expirationDate": Moment(),
    "terms": Record({"active": Flag(), "text": Text()}),
    "configuration": Record(
        {
            "application": Record({"name": Text(), "description": Text()}),
            "branding": Record({"logo": Text(), "primaryColor": _colour, "buttonColor": _colour}),
        }
    ),
}


def _rule(call: Call, required: tuple[str, ...]) -> Record:
    slug = Text(
        pattern=LOWER_SLUG if call.switches["slug_alphabet"] == "lower" else SLUG,
        about="letters, digits and hyphens",
        shortest=3,
        longest=128,
        filled=True,
    )
    fields = {"slug": slug, **FIELDS}
    if call.switches["hide_attached_files"] == "unknown":
        del fields["hideAttachedFiles"]
    if call.api != INTEGRATIONS:
        fields["application"] = _id
        if call.switches["publication_application"] == "required":
            required = ("application", *required)
    return Record(fields, required)


# -- checks across fields ---------------------------------------------------------------------------------------------


def _check_filter(call: Call, chosen: Item, before: Item, problems: Problems) -> None:
    kind = chosen["type"]
    both = call.switches["filter_manual"] == "both_types"
    types = [name for name in FILTER_TYPES if both or name != "build"] + call.switches["extra_filter_types"]
    if kind not in types:
        if kind != before.get("type"):
            problems.add(("filter", "type"), f"must be one of [{', '.join(types)}]", "any.allowOnly")
        return
    allowed = _filter_keys(kind, both)
    if allowed is None:
        return
    for name in chosen:
        if name != "type" and name not in allowed:
            problems.add(("filter", name), f"is not allowed with the type {kind}", "any.unknown")
    if allowed and not any(chosen.get(name) for name in allowed):
        problems.add(("filter", sorted(allowed)[0]), f"is required with the type {kind}", "any.required")
    if call.switches["filter_builds"] == "checked" and chosen != before:
        _check_builds(call, chosen, problems)


def _filter_keys(kind: str, both: bool) -> Any:
    if kind == "last":
        return set()
    if kind in VALUE_TYPES:
        return {"value"}
    if kind == "build":
        return set(SYSTEMS)
    if kind == "builds":
        return {"builds"} if both else {"builds", *SYSTEMS}
    return None


def _check_builds(call: Call, chosen: Item, problems: Problems) -> None:
    named: list[tuple[Path, str]] = [(("filter", system), chosen[system]) for system in SYSTEMS if system in chosen]
    named += [(("filter", "builds", str(number)), entry["id"]) for number, entry in enumerate(chosen.get("builds", []))]
    for path, identity in named:
        if identity not in call.state.builds:
            problems.add(path, "is no build of the application", "any.invalid")


def _check_countries(call: Call, body: Item, problems: Problems) -> None:
    both = [name for name in ("allowedCountries", "blockedCountries") if name in body]
    if call.switches["country_lists"] == "strict":
        both = [name for name in both if body[name]]
    if len(both) == 2 and call.switches["country_lists"] != "accepted":
        problems.add(("blockedCountries",), "cannot be combined with allowedCountries", "object.without")


def _check_together(call: Call, body: Item, before: Item, problems: Problems) -> None:
    security = body.get("security")
    known = [*SECURITIES, *call.switches["extra_security"]]
    if security is not None and security not in known and security != before.get("security"):
        problems.add(("security",), f"must be one of [{', '.join(known)}]", "any.allowOnly")
    if security == "password" and not body.get("password"):
        problems.add(("password",), "is required with the security password", "any.required")
    terms = body.get("terms") or {}
    if terms.get("active") and not terms.get("text"):
        problems.add(("terms", "text"), "is required when the terms are active", "any.required")
    if "filter" in body:
        _check_filter(call, body["filter"], before.get("filter", {}), problems)
    _check_countries(call, body, problems)


def _body(call: Call, required: tuple[str, ...], before: Item) -> Item:
    body = call.checked_body(_rule(call, required))
    problems = call.problems()
    _check_together(call, body, before, problems)
    problems.raise_if_any()
    if "slug" in body and call.switches["slug_case"] == "lowered":
        body["slug"] = body["slug"].lower()
    return body


# -- finding ----------------------------------------------------------------------------------------------------------


def _mine(call: Call) -> list[Item]:
    if call.api == INTEGRATIONS:
        application = call.application()["id"]
        return [item for item in call.state.publications.values() if item["application"] == application]
    store = call.store()["id"]
    return [item for item in call.state.publications.values() if item["store"] == store]


def find(call: Call) -> Item:
    """Return the publication of the path, in the API that the path belongs to."""
    wanted = call.params["publication"].lower()
    for item in _mine(call):
        if item["id"] == wanted:
            return item
    raise call.missing()


def _listing(call: Call) -> Listing:
    slug = equals("slug") if call.switches["slug_filter"] == "exact" else contains("slug")
    filters = {
        "slug": Filter(slug),
        "security": Filter(equals("security")),
        "visibility": Filter(equals("visibility"), VISIBILITIES),
    }
    spelling = call.switches["filter_spelling"]
    kinds = Filter(lambda item, value: bool(item["filter"].get("type") == value))
    values = Filter(lambda item, value: bool(item["filter"].get("value") == value))
    if spelling in ("either", "dashed"):
        filters.update({"filter-type": kinds, "filter-value": values})
    if spelling in ("either", "camel"):
        filters.update({"filterType": kinds, "filterValue": values})
    if call.api != INTEGRATIONS:
        filters["application"] = Filter(equals("application"))
    return Listing(filters)


def _check_slug(call: Call, slug: str, organization: str, own: str = "") -> None:
    for item in call.state.publications.values():
        taken = item["slug"] == slug and call.state.stores[item["store"]]["organization"] == organization
        if taken and item["id"] != own:
            raise errors.slug_used(call.switches["error_status"])


def _check_application(call: Call, identity: str, organization: str) -> None:
    item = call.state.applications.get(identity)
    if item is None or item["organization"] != organization:
        raise call.missing()


# -- the endpoints ----------------------------------------------------------------------------------------------------


def list_publications(call: Call) -> Reply:
    """List the publications of the application (Integrations) or of the store (Workspace)."""
    return respond(call, _mine(call), _listing(call), lambda item: render.publication(call, item, listed=True))


def get_publication(call: Call) -> Reply:
    """Read one publication."""
    return Reply(200, render.publication(call, find(call)))


def create_publication(call: Call) -> Reply:
    """Create a publication."""
    if call.api == INTEGRATIONS:
        application = call.application()
        store = next(item for item in call.state.stores.values() if item["organization"] == application["organization"])
    else:
        store = call.store()
    body = _body(call, REQUIRED, {})
    organization = store["organization"]
    if call.api == INTEGRATIONS:
        body["application"] = application["id"]
    elif "application" in body:
        _check_application(call, body["application"], organization)
    _check_slug(call, body["slug"], organization)
    call.check_limit("publications", len(call.state.publications) + 1)
    item = call.state.add_publication(store=store["id"], **body)
    return call.created(render.publication(call, item))


def update_publication(call: Call) -> Reply:
    """Replace a publication, or change it in part; the switch ``publication_put`` decides."""
    item = find(call)
    body = _body(call, (), item)
    organization = call.state.stores[item["store"]]["organization"]
    if "application" in body:
        _check_application(call, body["application"], organization)
    if "slug" in body:
        _check_slug(call, body["slug"], organization, item["id"])
    replace = call.switches["publication_put"] == "replace"
    if replace:
        kept = () if call.switches["hide_attached_files"] == "known" else ("hideAttachedFiles",)
        item.update({name: copy.deepcopy(value) for name, value in PUBLICATION_DEFAULTS.items() if name not in kept})
        call.state.unset[item["id"]] = set(PUBLICATION_DEFAULTS)
    for name, value in body.items():
        merge = not replace and name in ("terms", "configuration")
        item[name] = _merged(item[name], value) if merge else copy.deepcopy(value)
    call.state.unset[item["id"]] -= set(body)
    call.state.touch(item)
    return call.updated(render.publication(call, item))


def _merged(old: Item, new: Item) -> Item:
    merged = copy.deepcopy(old)
    for name, value in new.items():
        merged[name] = _merged(merged.get(name) or {}, value) if isinstance(value, dict) else copy.deepcopy(value)
    return merged


def delete_publication(call: Call) -> Reply:
    """Delete a publication, unless it is the last one of its application that follows the newest build."""
    item = find(call)
    if item["filter"].get("type") == "last":
        others = [
            other
            for other in call.state.publications.values()
            if other is not item
            and other["application"] == item["application"]
            and other["filter"].get("type") == "last"
        ]
        if not others:
            raise errors.last_publication()
    del call.state.publications[item["id"]]
    return call.deleted()
