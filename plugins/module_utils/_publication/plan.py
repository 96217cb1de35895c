# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What has to be sent so that a publication becomes what the task wishes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .._core.fields import (
    Field,
    canonical,
    carried,
    diff_pair,
    differences,
    is_empty,
    merged,
)
from .resource import FIELD, PUBLICATION_FIELDS

COUNTRY_LISTS = (FIELD["allowed_countries"], FIELD["blocked_countries"])
_HIDDEN_BEFORE = "(unknown)"
_HIDDEN_AFTER = "VALUE_HIDDEN"


class Plan(NamedTuple):
    """``body`` is the whole PUT or POST, ``expected`` the publication after it, both with the API's names.

    ``changes`` maps options to canonical (before, after); ``hidden`` are the options that the task names and this
    server evidently never shows.
    """

    body: Mapping[str, Any]
    expected: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
    hidden: Sequence[str] = ()
    sends_password: bool = False
    forced: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.changes) or self.forced

    def diff(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """``before`` and ``after`` of what changes; the password shows that it travels, never its content."""
        before, after = diff_pair(self.changes)
        if self.changed and self.sends_password:
            before["password"], after["password"] = _HIDDEN_BEFORE, _HIDDEN_AFTER
        return before, after


def plan_update(
    wishes: Mapping[str, Any],
    read: Mapping[str, Any],
    set_password: bool = False,
    others: Collection[str] = (),
) -> Plan:
    """An update: everything that was read travels, what is wished for replaces it.

    ``set_password`` makes the password a reason to write by itself; ``others`` are the API names of the fields that
    this server shows for other publications.
    """
    wishes = with_notifications(wishes, read)
    body = {}
    for entry in PUBLICATION_FIELDS:
        if entry.secret:
            continue
        raw = read.get(entry.name)
        if entry.option in wishes:
            body[entry.name] = merged(entry, wishes[entry.option], raw)
        elif _travels(carried(entry, raw)):
            body[entry.name] = carried(entry, raw)
    _clear_other_country_list(body, wishes, read, others)
    expected = {**read, **body}
    keep_one_country_list(body, {name for name in body if _known_empty(name, read, others)})
    protected = body.get("security") == "password"
    if protected and wishes.get("password"):
        body["password"] = wishes["password"]
    hidden = unshown(wishes, read, others)
    return Plan(
        body,
        visible(expected),
        differences(PUBLICATION_FIELDS, read, expected),
        hidden=hidden,
        sends_password=protected,
        # Clearing what the server hides shows in no difference, and yet it has to be done.
        forced=(protected and set_password) or any(says_nothing(wishes[option]) for option in hidden),
    )


def with_notifications(wishes: Mapping[str, Any], read: Mapping[str, Any]) -> Mapping[str, Any]:
    """Audiences whose notification the task leaves out keep theirs; new ones get no mail unless asked for."""
    named = wishes.get("user_audience_map")
    if not named:
        return wishes
    entry = FIELD["user_audience_map"]
    known = {item.get("id"): item for item in canonical(entry, read.get(entry.name)) or [] if isinstance(item, dict)}
    option = "notify_new_builds_processed"
    filled = [{option: known.get(item["id"], {}).get(option, False), **item} for item in named]
    return {**wishes, "user_audience_map": filled}


def unshown(wishes: Mapping[str, Any], read: Mapping[str, Any], others: Collection[str] = ()) -> list[str]:
    """Options that the task names and that this server evidently never shows, so that they can't be compared.

    A field that is absent is unset where the server shows it for others, and also where nothing tells that the server
    shows fields that are unset.
    """
    return [
        entry.option
        for entry in PUBLICATION_FIELDS
        if entry.option in wishes
        and not entry.secret
        and entry.name not in read
        and entry.name not in others
        and _shows_unset(entry, read)
    ]


def _shows_unset(kin: Field, read: Mapping[str, Any]) -> bool:
    """Whether a field like this one would be in the answer if it were just unset, as others are.

    A null or an empty text proves it, and an empty value of the same kind. A flag that is off proves nothing: it is a
    value. Neither does what is inside a nested field: that may be kept as it once was sent.
    """
    return any(
        entry.name in read and _is_proof(kin, entry, read[entry.name])
        for entry in PUBLICATION_FIELDS
        if not entry.secret
    )


def _is_proof(kin: Field, entry: Field, value: Any) -> bool:
    return value is None or value == "" or (is_empty(value) and entry.kind.type == kin.kind.type)


def says_nothing(wish: Any) -> bool:
    """Whether a wish means "unset": empty, off, or nothing but such leaves."""
    if isinstance(wish, Mapping):
        return all(says_nothing(leaf) for leaf in wish.values())
    return is_empty(wish) or wish is False


def visible(publication: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in publication.items() if name != "password"}


def _travels(value: Any) -> bool:
    # An empty list that was read is a statement; an empty text is how some servers show what is unset.
    return value is not None and value not in ("", {})


def _clear_other_country_list(
    body: dict[str, Any], wishes: Mapping[str, Any], read: Mapping[str, Any], others: Collection[str]
) -> None:
    """One list clears the other, also where the server does not show the other (leaving it out may keep it, C1)."""
    for mine, other in (COUNTRY_LISTS, COUNTRY_LISTS[::-1]):
        # A list that is set already excludes the other.
        known = other.name in read or other.name in others or not is_empty(read.get(mine.name))
        if not is_empty(wishes.get(mine.option)) and (other.name in body or not known):
            body[other.name] = []


def _known_empty(name: str, read: Mapping[str, Any], others: Collection[str]) -> bool:
    return is_empty(read[name]) if name in read else name in others


def keep_one_country_list(body: dict[str, Any], known_empty: Collection[str]) -> None:
    """The two lists can't be combined, so an empty one travels only where it may have something to clear."""
    names = [entry.name for entry in COUNTRY_LISTS]
    if all(name in body for name in names):
        for name in names:
            if is_empty(body[name]) and name in known_empty:
                del body[name]
