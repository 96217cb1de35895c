# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task may ask of a publication: refused before the first request, by the option's name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._core.dates import parse_instant
from .._core.errors import InvalidInput
from .._core.fields import is_empty
from .resource import MANUAL

# 3 to 128 characters [reference]; the pattern is the one that the GitHub action checks [client code] (C11).
_SLUG = r"\A(?=.{3,128}\Z)[a-zA-Z0-9][a-zA-Z0-9-]+[a-zA-Z0-9]\Z"
_COLOUR = r"\A#[0-9a-fA-F]{6}\Z"


def check_wishes(wishes: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse what can't be right (InvalidInput); returns what deserves a warning."""
    warnings: list[str] = []
    if wishes.get("allowed_countries") or wishes.get("blocked_countries"):
        from .value_rules import (
            check_countries,
        )

        check_countries(wishes)
    if any(is_empty(tag) for tag in wishes.get("tags", [])):
        raise InvalidInput("tags: one of them is empty; use [] to remove all tags")
    _check_groups(wishes)
    _check_audiences(wishes)
    _check_colours(wishes)
    warnings += _check_expiration(wishes)
    if "filter" in wishes:
        from .value_rules import (
            check_filter,
        )

        warnings += check_filter(wishes["filter"], check_mode)
    terms = wishes.get("terms", {})
    if terms.get("active") and "text" in terms and is_empty(terms["text"]):
        raise InvalidInput("terms.text: it can't be empty while terms.active is true")
    return warnings


def check_slug(option: str, slug: str) -> None:
    """Refuse what can't be a slug."""
    if not re.match(_SLUG, slug):
        raise InvalidInput(
            f"{option}: {slug!r} is no slug: 3 to 128 letters, digits and hyphens, beginning and ending with a letter "
            "or digit"
        )


def _check_groups(wishes: Mapping[str, Any]) -> None:
    groups = wishes.get("groups")
    if not groups:
        return
    if any(not clause or any(is_empty(name) for name in clause) for clause in groups):
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


def _check_colours(wishes: Mapping[str, Any]) -> None:
    branding = wishes.get("configuration", {}).get("branding", {})
    for option in ("primary_color", "button_color"):
        if branding.get(option) and not re.match(_COLOUR, branding[option]):
            raise InvalidInput(
                f"configuration.branding.{option}: {branding[option]!r} is no colour in the form #RRGGBB"
            )


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
