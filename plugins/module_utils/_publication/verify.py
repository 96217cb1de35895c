# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Whether a publication, read again after it was written, is what it should be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._core.fields import (
    Field,
    alike,
    canonical,
)
from .plan import (
    Plan,
    says_nothing,
    unshown,
)
from .resource import PUBLICATION_FIELDS


def surprises(
    wishes: Mapping[str, Any],
    before: Mapping[str, Any],
    plan: Plan,
    after: Mapping[str, Any],
    others: Collection[str] = (),
) -> dict[str, str]:
    """What the read after a write shows that it should not: option -> words with both values.

    A field that was neither named nor read may have got the server's default, and a named one that this server never
    shows can't be judged: these are no surprises.
    """
    found = {}
    for entry in PUBLICATION_FIELDS:
        named, seen = entry.option in wishes, entry.name in before or entry.name in others
        if entry.secret or not (named or entry.name in before) or (entry.name not in after and not seen):
            continue
        expected = plan.expected.get(entry.name)
        actual = after.get(entry.name)
        if named:
            expected = _as_far_as_shown(entry, expected, actual, before.get(entry.name))
        one, other = canonical(entry, expected), canonical(entry, actual)
        if not alike(one, other):
            reason = "asked for" if named else "nobody asked to change it, it was"
            found[entry.option] = f"{entry.option}: {reason} {one!r}, is now {other!r}"
    return found


def _as_far_as_shown(entry: Field, expected: Any, actual: Any, before: Any = None) -> Any:
    """``expected`` without the leaves of a nested field that the server shows neither before nor after."""
    if entry.whole or entry.kind.type != "dict" or not isinstance(expected, Mapping) or not isinstance(actual, Mapping):
        return expected
    known = before if isinstance(before, Mapping) else {}
    return {
        leaf.name: _as_far_as_shown(leaf, expected[leaf.name], actual.get(leaf.name), known.get(leaf.name))
        for leaf in entry.children
        if leaf.name in expected and (leaf.name in actual or leaf.name in known)
    }


def differ_in_case(plan: Plan, after: Mapping[str, Any]) -> dict[str, str]:
    """What the server stored in another case than it was sent: option -> words with both values."""
    found = {}
    for entry in PUBLICATION_FIELDS:
        one, other = canonical(entry, plan.expected.get(entry.name)), canonical(entry, after.get(entry.name))
        if not alike(one, other) and repr(one).casefold() == repr(other).casefold():
            found[entry.option] = f"{entry.option}: the server made {other!r} of {one!r}"
    return found


def unproven(wishes: Mapping[str, Any], after: Mapping[str, Any], others: Collection[str] = ()) -> list[str]:
    """Options, and leaves of them, that were set and that the server does not show afterwards."""
    found = set(unshown(wishes, after, others))
    names = []
    for entry in PUBLICATION_FIELDS:
        if entry.secret or entry.option not in wishes:
            continue
        names += [entry.option] if entry.option in found else _not_there(entry, wishes[entry.option], after)
    return names


def _not_there(entry: Field, wish: Any, after: Mapping[str, Any]) -> list[str]:
    if says_nothing(wish):
        return []
    if entry.name not in after:
        return [entry.option]
    shown = after[entry.name]
    if entry.whole or not isinstance(wish, Mapping) or not isinstance(shown, Mapping):
        return []
    leaves = [leaf for leaf in entry.children if leaf.option in wish]
    return [f"{entry.option}.{name}" for leaf in leaves for name in _not_there(leaf, wish[leaf.option], shown)]
