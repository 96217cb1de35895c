# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task may ask of the fields that have many rules of their own: the filter and the countries. Pure.

Imported only where the task names them.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from .._api.connection import check_id
from .._core.errors import InvalidInput, MissingLibrary
from .._core.fields import is_empty
from .resource import FILTER_KEYS, MANUAL, PLATFORMS

_COUNTRY_HINTS = {"UK": " (the United Kingdom is GB)", "FALSE": ' (Norway has to be quoted in YAML: "NO")'}


def check_countries(wishes: Mapping[str, Any]) -> None:
    """Refuse both lists together, and what is no country (InvalidInput)."""
    named = {option: wishes.get(option) or [] for option in ("allowed_countries", "blocked_countries")}
    if all(named.values()):
        raise InvalidInput("allowed_countries and blocked_countries can't be combined: name one of them")
    for option, codes in named.items():
        if not codes:
            continue
        known = _country_codes()
        unknown = [code for code in codes if str(code).upper() not in known]
        if unknown:
            raise InvalidInput(
                f"{option}: not an ISO 3166-1 alpha-2 country code: {', '.join(map(str, unknown))}"
                + "".join(_COUNTRY_HINTS.get(str(code).upper(), "") for code in unknown)
            )


def _country_codes() -> set[str]:
    try:
        import pycountry
    except ImportError:
        raise MissingLibrary("pycountry", "to tell country codes from mistyped ones", traceback.format_exc()) from None
    return {country.alpha_2 for country in pycountry.countries}


def check_filter(chosen: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse a filter whose keys do not fit its type (InvalidInput); returns what deserves a warning."""
    kind = chosen["type"]
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
