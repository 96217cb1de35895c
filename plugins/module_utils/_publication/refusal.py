# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a refused body tells of a server that is stricter, or older, than the documents say. Pure.

A refusal leaves nothing behind, so a milder body may be sent after it. What is taken out is only what no wish depends
on being sent; the publication is read and compared afterwards in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import RequestFailed
from .._core.fields import COUNTRIES, is_empty
from .resource import FIELD, FILTER_KEYS

_COUNTRY_NAMES = (FIELD["allowed_countries"].name, FIELD["blocked_countries"].name)
_APPLICATION = "application"


def refuses_both_country_lists(problem: RequestFailed, body: Mapping[str, Any]) -> bool:
    """Whether the server can't bear the two lists together although one of them is empty."""
    if not problem.body_refused or any(name not in body for name in _COUNTRY_NAMES):
        return False
    if not any(is_empty(body[name]) for name in _COUNTRY_NAMES):
        return False
    # Such a refusal may name a list, or the body as a whole, or nothing at all.
    names = problem.field_names
    return not names or any(name.split(".")[-1] in (*_COUNTRY_NAMES, "", "body", "value") for name in names)


def milder(body: Mapping[str, Any], problem: RequestFailed, application: str | None) -> dict[str, Any]:
    """The body as it may be taken after this refusal; the same where the refusal shows no way.

    Left out are empty values that are refused (a server that clears by omission only), groups where only ``logged``
    may have them, and what is refused inside a filter of an unknown type. Country codes that were read in lower case
    are tried in upper case. The ``application`` is added where it is missed (issue 99) and left out where it is not
    known.
    """
    if not problem.body_refused:
        return dict(body)
    # A refusal may name an entry of a list, such as allowedCountries.0.
    refused = {name.rstrip("0123456789.").split(".")[-1] for name in problem.field_names}
    made = {name: value for name, value in _without_empty_texts(body).items() if not _to_leave_out(name, body, refused)}
    for name in refused & set(_COUNTRY_NAMES) & set(made):
        made[name] = COUNTRIES.to_api(made[name])
    chosen = made.get("filter")
    if isinstance(chosen, Mapping) and chosen.get("type") not in FILTER_KEYS:
        inside = {name.split(".")[-1] for name in problem.field_names if "filter." in name}
        made["filter"] = {name: value for name, value in chosen.items() if name == "type" or name not in inside}
    return _with_application(made, problem, application)


def _to_leave_out(name: str, body: Mapping[str, Any], refused: set[str]) -> bool:
    if name not in refused:
        return False
    return is_empty(body[name]) or (name == "groups" and body.get("security") in ("public", "password"))


def _with_application(made: dict[str, Any], problem: RequestFailed, application: str | None) -> dict[str, Any]:
    told = [entry for entry in problem.failure["fields"] if entry["field"].split(".")[-1] == _APPLICATION]
    if not told:
        return made
    missed = any("required" in message for entry in told for message in entry["messages"])
    if _APPLICATION not in made:
        return {**made, _APPLICATION: application} if application else made
    return made if missed else {name: value for name, value in made.items() if name != _APPLICATION}


def _without_empty_texts(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty_texts(item) if isinstance(item, Mapping) else item
        for name, item in value.items()
        if item != ""
    }
