# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task asks of a publication, and what it can't ask: refused before the first request, by the option's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from .._api.connection import check_id
from .._core.countries import ISO_CODES, MISTAKEN_CODES, USED_CODES
from .._core.dates import parse_instant
from .._core.errors import InvalidInput
from .._core.fields import is_empty, wishes
from .resource import COUNTRY_LISTS, FILTER_KEYS, MANUAL, PLATFORMS, PUBLICATION_FIELDS

# 3 to 128 characters [reference]; the pattern is the one that the GitHub action checks [client code] (C11).
_SLUG = r"\A(?=.{3,128}\Z)[a-zA-Z0-9][a-zA-Z0-9-]+[a-zA-Z0-9]\Z"
_COLOUR = r"\A#[0-9a-fA-F]{6}\Z"


class Goal(NamedTuple):
    """What the task wants: of which publication, which wishes, and how to go about it.

    ``wishes`` holds what the task mentions, with the slug that the publication ends with; ``unreturned`` is the option
    ``unreturned_fields``, ``set_password`` whether the password is a reason to write by itself.
    """

    wishes: Mapping[str, Any]
    ident: str | None = None
    slug: str | None = None
    new_slug: str | None = None
    present: bool = True
    filter_mode: str = "replace"
    unreturned: str = "warn"
    set_password: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Goal:
        """The goal in the options of a task; an empty name counts as not given."""
        wanted = _wishes(params)
        new_slug = params["new_slug"] or None
        if new_slug:
            wanted["slug"] = new_slug
        return cls(
            wanted,
            # One form from the start; what is no id is refused by check.
            (params["publication_id"] or "").lower() or None,
            params["slug"] or None,
            new_slug,
            params["state"] == "present",
            params["filter_mode"],
            params["unreturned_fields"],
            params["update_password"] == "always" and "password" in wanted,  # noqa: S105 - a choice
        )


def _wishes(params: Mapping[str, Any]) -> dict[str, Any]:
    found = wishes([entry for entry in PUBLICATION_FIELDS if entry.option not in ("slug", "password")], params)
    if "filter" in found:
        # It is one value, so an empty key says no more than one that is left out.
        found["filter"] = {key: value for key, value in found["filter"].items() if not is_empty(value)}
    if params["password"]:
        found["password"] = params["password"]
    return found


def check(goal: Goal, check_mode: bool) -> list[str]:
    """Refuse what can't be right (InvalidInput); returns what deserves a warning."""
    if not goal.ident and not goal.slug:
        raise InvalidInput("publication_id or slug: one of them must say which publication is meant")
    if goal.ident and goal.slug:
        raise InvalidInput("publication_id and slug are mutually exclusive; to rename, name new_slug")
    if goal.ident:
        check_id("publication_id", goal.ident)
    for option, slug in (("slug", goal.slug), ("new_slug", goal.new_slug)):
        if slug:
            check_slug(option, slug)
    if goal.present:
        return check_wishes(goal.wishes, check_mode)
    if goal.new_slug:
        raise InvalidInput("new_slug: it renames, which makes no sense with state: absent")
    return []


def check_slug(option: str, slug: str) -> None:
    """Refuse what can't be a slug."""
    if not re.match(_SLUG, slug):
        raise InvalidInput(
            f"{option}: {slug!r} is no slug: 3 to 128 letters, digits and hyphens, beginning and ending with a letter "
            "or digit"
        )


def check_wishes(wishes: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse what can't be right whatever the publication is (InvalidInput); returns what deserves a warning."""
    warnings = _check_countries(wishes)
    if any(is_empty(tag) for tag in wishes.get("tags", [])):
        raise InvalidInput("tags: one of them is empty; use [] to remove all tags")
    _check_groups(wishes)
    _check_audiences(wishes)
    _check_colours(wishes)
    warnings += _check_expiration(wishes)
    if "filter" in wishes:
        warnings += _check_filter(wishes["filter"], check_mode)
    terms = wishes.get("terms", {})
    if terms.get("active") and "text" in terms and is_empty(terms["text"]):
        raise InvalidInput("terms.text: it can't be empty while terms.active is true")
    return warnings


# Who may enter --------------------------------------------------------------------------------------------------------


def _check_countries(wishes: Mapping[str, Any]) -> list[str]:
    named = {entry.option: wishes.get(entry.option) or [] for entry in COUNTRY_LISTS}
    if all(named.values()):
        # The first is the one that an export leaves out: whoever is not on the other list stays out in any case.
        raise InvalidInput("blocked_countries and allowed_countries can't be combined: name one of them")
    return [text for option, codes in named.items() for text in _check_codes(option, codes)]


def _check_codes(option: str, codes: Iterable[Any]) -> list[str]:
    upper = [str(code).strip().upper() for code in codes]
    if "" in upper:
        raise InvalidInput(f"{option}: one of the codes is empty; use [] to remove the limit")
    unknown = [code for code in upper if code not in ISO_CODES and code not in USED_CODES]
    if unknown:
        hints = "".join(f" ({MISTAKEN_CODES[code]})" for code in unknown if code in MISTAKEN_CODES)
        raise InvalidInput(f"{option}: not an ISO 3166-1 alpha-2 country code: {', '.join(unknown)}{hints}")
    return [
        f"{option}: {code} ({USED_CODES[code]}) is not in ISO 3166-1; whether Applivery knows it is not documented"
        for code in upper
        if code in USED_CODES
    ]


def _check_groups(wishes: Mapping[str, Any]) -> None:
    groups = wishes.get("groups")
    if not groups:
        return
    if any(not clause or any(is_empty(str(name).strip()) for name in clause) for clause in groups):
        raise InvalidInput(
            "groups: an empty inner list or name would let everybody in; use [] to remove the restriction"
        )
    if wishes.get("security") in ("public", "password"):
        raise InvalidInput(f"groups: they only apply with security: logged, not with {wishes['security']}")


def check_groups_apply(wishes: Mapping[str, Any], security: Any) -> None:
    """Refuse groups on a publication whose security ignores them; an unknown security may know groups."""
    if wishes.get("groups") and security in ("public", "password"):
        raise InvalidInput(
            f"groups: they only apply with security: logged, and this publication has security: {security}; name "
            "security as well"
        )


def _check_audiences(wishes: Mapping[str, Any]) -> None:
    ids = [str(item.get("id") or "") for item in wishes.get("user_audience_map") or []]
    if "" in ids:
        raise InvalidInput("user_audience_map: an entry has an empty id")
    twice = sorted({ident for ident in ids if ids.count(ident) > 1})
    if twice:
        raise InvalidInput(f"user_audience_map: named more than once: {', '.join(twice)}")


def _check_expiration(wishes: Mapping[str, Any]) -> list[str]:
    text = wishes.get("expiration_date")
    if is_empty(text):
        return []
    try:
        moment = parse_instant(str(text))
    except ValueError as problem:
        raise InvalidInput(f"expiration_date: {problem}") from None
    if moment < datetime.now(timezone.utc):
        return [f"expiration_date: {text} is in the past, nobody can download from this publication"]
    return []


# What they find -------------------------------------------------------------------------------------------------------


def _check_colours(wishes: Mapping[str, Any]) -> None:
    branding = wishes.get("configuration", {}).get("branding", {})
    for option in ("primary_color", "button_color"):
        if branding.get(option) and not re.match(_COLOUR, branding[option].strip()):
            raise InvalidInput(
                f"configuration.branding.{option}: {branding[option]!r} is no colour in the form #RRGGBB"
            )


def _check_filter(chosen: Mapping[str, Any], check_mode: bool) -> list[str]:
    kind = chosen.get("type")
    if kind is None:
        raise InvalidInput("filter.type: a filter needs it")
    named = [key for key, value in chosen.items() if key != "type" and not is_empty(value)]
    surplus = [key for key in named if key not in FILTER_KEYS[kind]]
    if surplus:
        names = ", ".join(f"filter.{key}" for key in surplus)
        raise InvalidInput(f"{names}: not allowed with filter.type: {kind}")
    if kind in ("gitBranch", "gitTag", "tag") and not named:
        raise InvalidInput(f"filter.value: filter.type: {kind} needs it")
    return _check_manual_filter(chosen, named, check_mode) if kind in MANUAL else []


def _check_manual_filter(chosen: Mapping[str, Any], named: list[str], check_mode: bool) -> list[str]:
    kind = chosen["type"]
    if "builds" in named and any(platform in named for platform in PLATFORMS):
        raise InvalidInput("filter.builds: name the builds either as a list or by platform, not in both ways")
    ids = {f"filter.{platform}": chosen[platform] for platform in PLATFORMS if platform in named}
    entries = chosen.get("builds") or []
    ids.update({f"filter.builds ({entry['build_platform']})": entry.get("id") for entry in entries})
    platforms = [entry["build_platform"] for entry in entries]
    if len(set(platforms)) < len(platforms):
        raise InvalidInput("filter.builds: a platform is named more than once")
    unknown = [option for option, ident in ids.items() if is_empty(ident)]
    if ids and not unknown:
        for option, ident in ids.items():
            check_id(option, str(ident))
        return []
    if check_mode:
        # The ids may be made by an earlier task of the same check run.
        return [
            "filter: the builds to point at are not known in this check run, they may be uploaded by an earlier task"
        ]
    if unknown:
        raise InvalidInput(f"{unknown[0]}: the build id is empty")
    wanted = ["builds"] if kind == "builds" else list(PLATFORMS)
    names = " or ".join(f"filter.{key}" for key in wanted)
    raise InvalidInput(f"{names}: filter.type: {kind} needs at least one build")


def warnings_about_effect(wishes: Mapping[str, Any], publication: Mapping[str, Any]) -> list[str]:
    """What the task names in vain; ``publication`` is what will be, in the API's form."""
    found = []
    if "password" in wishes and publication.get("security") in ("public", "logged"):
        found.append(f"password: it has no effect with security: {publication['security']}, and is not sent")
    chosen = publication.get("filter")
    kind = chosen.get("type") if isinstance(chosen, Mapping) else None
    # The guide says so.
    if kind in MANUAL and publication.get("showHistory") and ("filter" in wishes or "show_history" in wishes):
        found.append(f"show_history: Applivery shows no history where builds are chosen by hand (filter.type: {kind})")
    return found
