# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What has to be sent so that a publication becomes what the task wishes. Pure.

A field that the server does not show counts as unset: a wish to set it differs, a wish to clear it does not. What may
be behind that is for ``check`` to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from .._core.errors import InvalidInput
from .._core.fields import (
    diff_pair,
    differences,
    forms,
    is_empty,
    rewritten,
    to_api,
)
from .resource import COUNTRY_LISTS, FIELD, MANUAL, PLATFORMS, PUBLICATION_FIELDS

_HIDDEN_BEFORE = "(unknown)"
_HIDDEN_AFTER = "VALUE_HIDDEN"


class Plan(NamedTuple):
    """What a task wishes of a publication as it was read, and what has to be sent for it.

    ``read`` is empty for a creation. ``body`` is the whole PUT or POST, ``expected`` the publication after it, both
    with the API's names. ``before`` and ``after`` are the canonical forms of all fields by option, ``changes`` those
    that differ. ``sends_password``: the body has to carry the password. ``forced``: it is written although nothing
    differs.
    """

    wishes: Mapping[str, Any]
    read: Mapping[str, Any]
    body: Mapping[str, Any]
    expected: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
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
    wishes: Mapping[str, Any], read: Mapping[str, Any], set_password: bool = False, filter_mode: str = "replace"
) -> Plan:
    """An update: everything that was read travels, what is wished for replaces it.

    ``set_password`` makes the password a reason to write by itself.
    """
    merges = filter_mode == "merge" and "filter" in wishes
    named = {option: wish for option, wish in wishes.items() if not (merges and option == "filter")}
    body = rewritten(PUBLICATION_FIELDS, with_notifications(named, read), read)
    if merges:
        _keep_other_platforms(body, wishes["filter"])
    _clear_other_country_list(body, wishes, read)
    expected = _visible({**read, **body})
    # A field that the server shows, and shows to be unset, has nothing to clear.
    _keep_one_country_list(body, {name for name in body if name in read and is_empty(read[name])})
    protected = body.get("security") == "password"
    if protected and wishes.get("password"):
        body["password"] = wishes["password"]
    return _plan(wishes, read, body, expected, protected, protected and set_password)


def plan_creation(wishes: Mapping[str, Any], context: Mapping[str, Any]) -> Plan:
    """A new publication: only what is named is sent, and the server's defaults are not guessed.

    ``context`` is what a body needs beside the fields.
    """
    named = {option: _without_empty_leaves(wish) for option, wish in with_notifications(wishes, {}).items()}
    body = {
        FIELD[option].name: to_api(FIELD[option], wish)
        for option, wish in named.items()
        if not is_empty(wish) or isinstance(wish, list)
    }
    _keep_one_country_list(body, set(body))
    protected = body.get("security") == "password"
    if not protected:
        body.pop("password", None)
    body.update(context)
    return _plan(wishes, {}, body, _visible(body), protected)


def _plan(
    wishes: Mapping[str, Any],
    read: Mapping[str, Any],
    body: Mapping[str, Any],
    expected: Mapping[str, Any],
    protected: bool,
    forced: bool = False,
) -> Plan:
    return Plan(
        wishes,
        read,
        body,
        expected,
        before=forms(PUBLICATION_FIELDS, read),
        after=forms(PUBLICATION_FIELDS, expected),
        changes=differences(PUBLICATION_FIELDS, read, expected),
        sends_password=protected,
        forced=forced,
    )


def with_notifications(wishes: Mapping[str, Any], read: Mapping[str, Any]) -> Mapping[str, Any]:
    """Audiences whose notification the task leaves out keep theirs; new ones get no mail unless asked for."""
    named = wishes.get("user_audience_map")
    if not named:
        return wishes
    there = [item for item in read.get("userAudienceMap") or [] if isinstance(item, Mapping)]
    known = {str(item.get("id")).lower(): item.get("notifyNewBuildsProcessed") is True for item in there}
    option = "notify_new_builds_processed"
    return {**wishes, "user_audience_map": [{option: known.get(item["id"], False), **item} for item in named]}


# Builds chosen by hand, where the task names some of the platforms ----------------------------------------------------


def _keep_other_platforms(body: dict[str, Any], wish: Mapping[str, Any]) -> None:
    """Move the platforms that a filter names to their builds, and keep the others, in the form that is there.

    A filter of another type, wished for or there, knows no platforms: then the wish is what it is.
    """
    there = body.get("filter")
    if wish["type"] not in MANUAL or not isinstance(there, dict) or there.get("type") not in MANUAL:
        body["filter"] = to_api(FIELD["filter"], wish)
        return
    if not all(isinstance(entry, Mapping) and entry.get("buildPlatform") for entry in there.get("builds", [])):
        raise InvalidInput(
            "filter_mode: the server shows a pinned build in a form that this version does not know, so it can't be "
            "kept; name all platforms with filter_mode: replace"
        )
    held = {entry["buildPlatform"] for entry in there.get("builds", [])}
    for platform, ident in _builds_of(wish).items():
        _pin(there, platform, ident)
    if "windows" not in held:
        body["filter"] = _with_room_for_windows(there)


def _with_room_for_windows(chosen: dict[str, Any]) -> dict[str, Any]:
    """A list of builds is not known to hold windows (seed), so it gives way to a key for each platform if it can."""
    ids = {entry["buildPlatform"]: entry["id"] for entry in chosen.get("builds", []) if entry.get("id")}
    return {"type": "build", **ids} if "windows" in ids and set(ids) <= set(PLATFORMS) else chosen


def _builds_of(wish: Mapping[str, Any]) -> dict[str, Any]:
    by_key = {platform: wish[platform] for platform in PLATFORMS if platform in wish}
    return by_key or {entry["build_platform"]: entry["id"] for entry in wish.get("builds", []) if entry.get("id")}


def _pin(chosen: dict[str, Any], platform: str, ident: str) -> None:
    """Point one platform at a build wherever the filter names it, else where a filter of this form has room for it."""
    entries = chosen.get("builds", [])
    mine = [entry for entry in entries if entry["buildPlatform"] == platform]
    for entry in mine:
        entry["id"] = _unless_same(entry.get("id"), ident)
    # `builds` was once written with one id per platform (C19).
    by_key = chosen["type"] == "build" or (not entries and any(name in chosen for name in PLATFORMS))
    if platform in chosen or (by_key and not mine and platform in PLATFORMS):
        chosen[platform] = _unless_same(chosen.get(platform), ident)
    elif chosen["type"] == "build":
        raise InvalidInput(
            f"filter.builds: this publication has filter.type: build, which has no place for {platform}; use "
            "filter_mode: replace to change the type"
        )
    elif not mine:
        chosen["builds"] = [*entries, {"buildPlatform": platform, "id": ident}]


def _unless_same(read: Any, ident: str) -> Any:
    """What compares equal travels as it was read."""
    return read if isinstance(read, str) and read.lower() == ident else ident


# What a body holds ----------------------------------------------------------------------------------------------------


def says_nothing(wish: Any) -> bool:
    """Whether a wish means "unset": empty, off, or nothing but such leaves."""
    if isinstance(wish, Mapping):
        return all(says_nothing(leaf) for leaf in wish.values())
    return is_empty(wish) or wish is False


def _visible(publication: Mapping[str, Any]) -> dict[str, Any]:
    return {name: deepcopy(value) for name, value in publication.items() if name != "password"}


def _without_empty_leaves(wish: Any) -> Any:
    if not isinstance(wish, Mapping):
        return wish
    leaves = {key: _without_empty_leaves(value) for key, value in wish.items()}
    return {key: value for key, value in leaves.items() if not is_empty(value)}


def _clear_other_country_list(body: dict[str, Any], wishes: Mapping[str, Any], read: Mapping[str, Any]) -> None:
    """One list clears the other, also where the server does not show the other (leaving it out may keep it, C1)."""
    for mine, other in (COUNTRY_LISTS, COUNTRY_LISTS[::-1]):
        # A list that is set already excludes the other.
        known = other.name in read or not is_empty(read.get(mine.name))
        if not is_empty(wishes.get(mine.option)) and (other.name in body or not known):
            body[other.name] = []


def _keep_one_country_list(body: dict[str, Any], known_empty: Collection[str]) -> None:
    """The two lists can't be combined, so an empty one travels only where it may have something to clear."""
    names = [entry.name for entry in COUNTRY_LISTS]
    if all(name in body for name in names):
        for name in names:
            if is_empty(body[name]) and name in known_empty:
                del body[name]
