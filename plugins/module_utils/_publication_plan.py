# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What has to be sent so that a publication becomes what the task wishes, and what that does to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.applivery.distribution.plugins.module_utils._errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._fields import (
    Field,
    alike,
    canonical,
    carried,
    diff_pair,
    differences,
    is_empty,
    merged,
    to_api,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication import FIELD, PUBLICATION_FIELDS

_COUNTRIES = (FIELD["allowed_countries"], FIELD["blocked_countries"])
_SECURITY_ORDER = ("public", "password", "logged")
_HIDDEN_BEFORE = "(unknown)"
_HIDDEN_AFTER = "VALUE_HIDDEN"


@dataclass(frozen=True)
class Plan:
    """``body`` is the whole PUT or POST, ``expected`` the publication after it, both with the API's names.

    ``changes`` maps options to canonical (before, after); ``opens`` says in words what lets more people in.
    """

    body: Mapping[str, Any]
    expected: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
    opens: list[str] = field(default_factory=list)
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


def plan_creation(wishes: Mapping[str, Any], context: Mapping[str, Any]) -> Plan:
    """A new publication: only what is named is sent, and the server's defaults are not guessed."""
    named = {option: wish for option, wish in wishes.items() if not is_empty(wish) or isinstance(wish, list)}
    body = {FIELD[option].name: to_api(FIELD[option], wish) for option, wish in named.items()}
    _keep_one_country_list(body, {})
    needs_password = body.get("security") == "password"
    if not needs_password:
        body.pop("password", None)
    body.update(context)
    return Plan(body, _visible(body), differences(PUBLICATION_FIELDS, {}, body), sends_password=needs_password)


def plan_update(
    wishes: Mapping[str, Any], read: Mapping[str, Any], context: Mapping[str, Any], set_password: bool
) -> Plan:
    """An update: everything that was read travels, what is wished for replaces it.

    ``set_password`` makes the password a reason to write by itself.
    """
    body = {}
    for entry in PUBLICATION_FIELDS:
        if entry.secret:
            continue
        raw = read.get(entry.name)
        if entry.option in wishes:
            body[entry.name] = merged(entry, wishes[entry.option], raw)
        elif _travels(carried(entry, raw)):
            body[entry.name] = carried(entry, raw)
    _clear_other_country_list(body, wishes)
    expected = {**read, **body}
    _keep_one_country_list(body, read)
    protected = body.get("security") == "password"
    if protected and wishes.get("password"):
        body["password"] = wishes["password"]
    body.update(context)
    _check_terms(expected)
    return Plan(
        body,
        _visible(expected),
        differences(PUBLICATION_FIELDS, read, expected),
        opens=list(_openings(read, expected)),
        sends_password=protected,
        forced=protected and set_password,
    )


def possibly_lost(wishes: Mapping[str, Any], read: Mapping[str, Any], returned: Iterable[str]) -> list[str]:
    """Fields that an update may reset because the server did not show them, those that guard access first.

    Left out is what the task names, what a field that was shown excludes, and what the server shows for other
    publications (``returned``, API names), where it just is unset here.
    """
    known = set(returned) | _excluded(wishes, read)
    found: list[tuple[bool, str]] = []
    for entry in PUBLICATION_FIELDS:
        if not entry.secret and entry.name not in known:
            names = _unnamed_and_unread(entry, wishes.get(entry.option), read, entry.option)
            found.extend((not entry.guards, name) for name in names)
    return [name for _order, name in sorted(found, key=lambda pair: pair[0])]


def _unnamed_and_unread(entry: Field, wish: Any, read: Mapping[str, Any], path: str) -> list[str]:
    if entry.name in read:
        return []
    if wish is None:
        return [path]
    if entry.whole or entry.kind.type != "dict" or not isinstance(wish, Mapping):
        return []
    return [
        name
        for leaf in entry.children
        for name in _unnamed_and_unread(leaf, wish.get(leaf.option), {}, f"{path}.{leaf.option}")
    ]


def _excluded(wishes: Mapping[str, Any], read: Mapping[str, Any]) -> set[str]:
    names = set()
    security = wishes.get("security", read.get("security"))
    if security in ("public", "password") and read.get("security") in ("public", "password"):
        names.add("groups")
    for mine, other in (_COUNTRIES, _COUNTRIES[::-1]):
        if not is_empty(wishes.get(mine.option)) or not is_empty(read.get(mine.name)):
            names.add(other.name)
    return names


def unread_wishes(wishes: Mapping[str, Any], read: Mapping[str, Any]) -> list[str]:
    """Options that ask for a value of a field that the server does not show: they can't be compared."""
    return [
        entry.option
        for entry in PUBLICATION_FIELDS
        if not entry.secret and not is_empty(wishes.get(entry.option)) and entry.name not in read
    ]


def surprises(wishes: Mapping[str, Any], before: Mapping[str, Any], plan: Plan, after: Mapping[str, Any]) -> list[str]:
    """What the read after a write shows that it should not, in words with both values.

    A field that was neither named nor read may have got the server's default: that is no surprise.
    """
    found = []
    for entry in PUBLICATION_FIELDS:
        named = entry.option in wishes
        if entry.secret or (not named and is_empty(before.get(entry.name))):
            continue
        if named and entry.name not in after:
            continue
        expected, actual = canonical(entry, plan.expected.get(entry.name)), canonical(entry, after.get(entry.name))
        if not alike(expected, actual):
            reason = "asked for" if named else "nobody asked to change it, it was"
            found.append(f"{entry.option}: {reason} {expected!r}, is now {actual!r}")
    return found


def _visible(publication: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in publication.items() if name != "password"}


def _travels(value: Any) -> bool:
    # An empty list that was read is a statement; an empty text is how some servers show what is unset.
    return value is not None and value not in ("", {})


def _clear_other_country_list(body: dict[str, Any], wishes: Mapping[str, Any]) -> None:
    for mine, other in (_COUNTRIES, _COUNTRIES[::-1]):
        if not is_empty(wishes.get(mine.option)) and other.name in body:
            body[other.name] = []


def _keep_one_country_list(body: dict[str, Any], read: Mapping[str, Any]) -> None:
    """The two lists can't be combined, so an empty one travels only where it has something to clear."""
    allowed, blocked = (entry.name for entry in _COUNTRIES)
    if allowed not in body or blocked not in body:
        return
    for name in (allowed, blocked):
        if is_empty(body[name]) and is_empty(read.get(name)):
            del body[name]


def _check_terms(expected: Mapping[str, Any]) -> None:
    terms = expected.get("terms")
    if isinstance(terms, Mapping) and terms.get("active") is True and is_empty(terms.get("text")):
        raise InvalidInput("terms.text: terms.active is true, and neither the task nor the publication has a text")


# What lets more people in -------------------------------------------------------------------------------------


def _openings(read: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterable[str]:
    for option, is_wider in _WIDER.items():
        entry = FIELD[option]
        before, after = canonical(entry, read.get(entry.name)), canonical(entry, expected.get(entry.name))
        if not alike(before, after) and is_wider(before, after):
            yield f"{option}: {_words(before)} -> {_words(after)}"


def _words(value: Any) -> str:
    return "none" if is_empty(value) else str(value)


def _weaker(before: Any, after: Any) -> bool:
    if before not in _SECURITY_ORDER:
        return before is not None
    return after not in _SECURITY_ORDER or _SECURITY_ORDER.index(after) < _SECURITY_ORDER.index(before)


def _more_clauses(before: Any, after: Any) -> bool:
    """Groups widen when a clause lets somebody in whom no former clause let in; no clause lets everybody in."""
    if not before:
        return False
    return not after or any(not any(set(old) <= set(new) for old in before) for new in after)


def _more_allowed(before: Any, after: Any) -> bool:
    return bool(before) and (not after or not set(after) <= set(before))


def _fewer_blocked(before: Any, after: Any) -> bool:
    return not set(before or []) <= set(after or [])


def _later(before: Any, after: Any) -> bool:
    # Canonical instants sort as text; an unreadable one counts as wider, to be named rather than missed.
    return before is not None and (after is None or str(after) > str(before))


def _switched_off(before: Any, after: Any) -> bool:
    return before is True and after is not True


def _more_audiences(before: Any, after: Any) -> bool:
    old: set[Any] = {item.get("id") for item in before or []}
    new: set[Any] = {item.get("id") for item in after or []}
    return not new <= old or (len(old) > 0 and len(new) == 0)


def _back_in_service(before: Any, after: Any) -> bool:
    return bool(before == "inactive" and after != "inactive")


_WIDER: dict[str, Callable[[Any, Any], bool]] = {
    "security": _weaker,
    "groups": _more_clauses,
    "allowed_countries": _more_allowed,
    "blocked_countries": _fewer_blocked,
    "expiration_date": _later,
    "activate_user_audiences": _switched_off,
    "user_audience_map": _more_audiences,
    "visibility": _back_in_service,
}
