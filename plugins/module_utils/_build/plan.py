# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What has to be sent to bring a build's labels into the wanted state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .resource import BUILD_FIELDS, without_nulls
from .._core.fields import (
    Field,
    alike,
    canonical,
    merged,
    to_api,
    wishes,
)

_BY_OPTION = {entry.option: entry for entry in BUILD_FIELDS}


class Goal(NamedTuple):
    """What the task wants of a build: the named fields, and how lists and objects are combined."""

    wishes: Mapping[str, Any]
    tags_mode: str = "replace"
    metadata_mode: str = "merge"

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Goal:
        found = wishes(BUILD_FIELDS, params)
        if "tags" in found:
            # One text for the list is divided at its commas by Ansible, and keeps the blanks behind them.
            found["tags"] = [str(tag).strip() for tag in found["tags"]]
        return cls(found, params["tags_mode"], params["metadata_mode"])


class Plan(NamedTuple):
    """One PUT, or none: ``body`` holds only what differs (the PUT is partial, seed), under the API's names.

    ``changes`` maps options to what is shown before and after; ``uncompared`` are the options whose fields the server
    did not return, so that they are set every time.
    """

    body: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
    uncompared: tuple[str, ...]


def plan_update(goal: Goal, read: Mapping[str, Any]) -> Plan:
    """Compare what is wanted with what was read."""
    body: dict[str, Any] = {}
    changes: dict[str, tuple[Any, Any]] = {}
    uncompared = []
    for option, wish in goal.wishes.items():
        entry = _BY_OPTION[option]
        target = _target(goal, entry, wish, read)
        if target is None or (is_known(entry, read) and holds(entry, target, read.get(entry.name))):
            continue
        body[entry.name] = target
        changes[option] = (canonical(entry, read.get(entry.name)), canonical(entry, target))
        if not is_known(entry, read):
            uncompared.append(option)
    return Plan(body, changes, tuple(uncompared))


def is_known(entry: Field, read: Mapping[str, Any]) -> bool:
    """Whether the server told the field's value. That every source shows a field makes its absence mean "unset"."""
    return entry.name in read or not entry.workspace_only


def holds(entry: Field, target: Any, read: Any) -> bool:
    """Whether a value that was read is what is wanted, in the API's form of both."""
    if entry.option == "metadata":
        return same_content(target, read)
    # Servers like to trim texts; the one that the task gives is sent as it is, once.
    return alike(_trimmed(canonical(entry, target)), _trimmed(canonical(entry, read)))


def _trimmed(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = {key: _trimmed(inner) for key, inner in value.items()}
        return {key: inner for key, inner in found.items() if inner is not None} or None
    if isinstance(value, list):
        return sorted(filter(None, map(_trimmed, value))) or None
    return value.strip() or None if isinstance(value, str) else value


def unfulfilled(body: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Which of the fields that were sent did not take effect: option -> (wanted, what is there)."""
    found = {}
    for entry in BUILD_FIELDS:
        if entry.name in body and is_known(entry, read) and not holds(entry, body[entry.name], read.get(entry.name)):
            found[entry.option] = (canonical(entry, body[entry.name]), canonical(entry, read.get(entry.name)))
    return found


def unreturned(body: Mapping[str, Any], read: Mapping[str, Any]) -> list[str]:
    """The options among those sent whose fields the server does not return even now."""
    return [entry.option for entry in BUILD_FIELDS if entry.name in body and not is_known(entry, read)]


def touched(body: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The managed fields that changed between two reads although they were not sent."""
    return [
        entry.option
        for entry in BUILD_FIELDS
        if entry.name not in body
        and entry.name in before
        and entry.name in after
        and not holds(entry, before[entry.name], after[entry.name])
    ]


def emptied(body: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` for a server that merges objects: what must not stay is named, as null.

    Only for fields that did not take effect when they were sent whole.
    """
    return {
        name: _with_nulls(value, read[name])
        for name, value in body.items()
        if isinstance(value, dict) and isinstance(read.get(name), dict)
    }


def same_content(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; the types of values count, null is absence, {} is nothing at the top."""
    return _same(without_nulls(one) or None, without_nulls(other) or None)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    # Python takes True for 1; JSON does not. 1 and 1.0 are one number in both.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _target(goal: Goal, entry: Field, wish: Any, read: Mapping[str, Any]) -> Any:
    """The field's value to be, in the API's form; None when nothing is asked for."""
    present = read.get(entry.name)
    if entry.option == "tags":
        return _tags(goal.tags_mode, wish, present if isinstance(present, list) else [])
    if entry.option == "metadata" and goal.metadata_mode == "merge":
        return _combined(present if isinstance(present, Mapping) else {}, wish) if wish else None
    if entry.option == "metadata":
        return wish
    # A leaf that is to be cleared must be named where nothing is known about the object.
    return merged(entry, wish, present or {}) if entry.children and entry.name in read else to_api(entry, wish)


def _tags(mode: str, wish: list[str], read: list[Any]) -> list[Any]:
    if mode == "append":
        return list(dict.fromkeys([*read, *wish]))
    if mode == "remove":
        return [tag for tag in read if tag not in wish]
    return list(dict.fromkeys(wish))


def _combined(read: Mapping[str, Any], wish: Mapping[str, Any]) -> dict[str, Any]:
    """Both together, the wish winning; objects inside likewise, so that a server that merges deeply agrees."""
    result = dict(read)
    for key, value in wish.items():
        present = result.get(key)
        if present is None and value is None:
            continue
        both = isinstance(present, Mapping) and isinstance(value, Mapping) and value
        result[key] = _combined(present, value) if both else value  # type: ignore[arg-type]  # "both" says so
    return result


def _with_nulls(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {key: None for key in present if key not in wanted}
    for key, value in wanted.items():
        both = isinstance(value, Mapping) and isinstance(present.get(key), Mapping)
        result[key] = _with_nulls(value, present[key]) if both else value
    return result
