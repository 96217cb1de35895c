# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What an update may destroy, which is refused or told, and whom it lets in, which is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from .._core.dates import parse_instant
from .._core.errors import InvalidInput
from .._core.fields import (
    Field,
    alike,
    canonical,
    is_empty,
)
from .plan import (
    COUNTRY_LISTS,
    Plan,
    says_nothing,
)
from .resource import FIELD, PUBLICATION_FIELDS

_ALLOWED, _BLOCKED = COUNTRY_LISTS
_SECURITY_ORDER = ("public", "password", "logged")
# Without these the API can't create a publication, so every publication has them.
_ALWAYS_THERE = ("visibility", "security", "filter")


def check_update(wishes: Mapping[str, Any], read: Mapping[str, Any], plan: Plan) -> None:
    """Refuse an update that would replace the publication by something else than what it is (InvalidInput)."""
    for option in _ALWAYS_THERE:
        if option not in wishes and is_empty(read.get(FIELD[option].name)):
            raise InvalidInput(
                f"{option}: the server does not show it for this publication, and an update without it could reset "
                "it; name it in the task"
            )
    for option, items, keys in _lists_of_objects(plan.body):
        if any(not isinstance(item, Mapping) or any(is_empty(item.get(key)) for key in keys) for item in items):
            raise InvalidInput(
                f"{option}: the server shows an entry in a form that this version does not know, and an update could "
                "destroy it; name the option in the task"
            )
    check_terms(plan.expected)


def _lists_of_objects(body: Mapping[str, Any]) -> Iterable[tuple[str, list[Any], tuple[str, ...]]]:
    yield "user_audience_map", body.get("userAudienceMap") or [], ("id",)
    chosen = body.get("filter")
    if isinstance(chosen, Mapping) and chosen.get("type") == "builds":
        yield "filter", chosen.get("builds") or [], ("buildPlatform",)


def check_terms(expected: Mapping[str, Any]) -> None:
    terms = expected.get("terms")
    if isinstance(terms, Mapping) and terms.get("active") is True and is_empty(terms.get("text")):
        raise InvalidInput("terms.text: terms.active is true, and neither the task nor the publication has a text")


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
    for mine, other in (COUNTRY_LISTS, COUNTRY_LISTS[::-1]):
        if not is_empty(read.get(mine.name)):
            names.add(other.name)
    if not is_empty(wishes.get(_ALLOWED.option)):
        # Whoever is not on this list stays out, blocked or not. The other way round, a limit would be lost.
        names.add(_BLOCKED.name)
    return names


# What lets more people in -------------------------------------------------------------------------------------


def openings(wishes: Mapping[str, Any], read: Mapping[str, Any], plan: Plan) -> list[str]:
    """What the plan does that lets more people in, in words with both values."""
    unseen = [option for option in plan.hidden if FIELD[option].guards and says_nothing(wishes[option])]
    found = [*_openings(read, plan.expected), *(f"{option}: not shown by the server -> none" for option in unseen)]
    if _clears_unseen_countries(wishes, read, plan):
        found.append(f"{_ALLOWED.option}: not shown by the server -> none (name it as [] as well if there was none)")
    return found


def _clears_unseen_countries(wishes: Mapping[str, Any], read: Mapping[str, Any], plan: Plan) -> bool:
    return plan.body.get(_ALLOWED.name) == [] and _ALLOWED.name not in read and _ALLOWED.option not in wishes


def _openings(read: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterable[str]:
    for option, is_wider in _WIDER.items():
        before, after = _both(FIELD[option], read, expected)
        if not alike(before, after) and is_wider(before, after) and not _limited_otherwise(option, read, expected):
            yield f"{option}: {_words(before)} -> {_words(after)}"


def _both(entry: Field, read: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[Any, Any]:
    return canonical(entry, read.get(entry.name)), canonical(entry, expected.get(entry.name))


def _limited_otherwise(option: str, read: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether another field keeps out whom this change alone would let in."""
    if option == "user_audience_map":
        # The first audiences of a publication that was not for audiences only limit it.
        return not read.get("activateUserAudiences") and is_empty(read.get("userAudienceMap"))
    if option == _BLOCKED.option:
        blocked, allowed = _both(_BLOCKED, read, expected)[0], _both(_ALLOWED, read, expected)[1]
        return isinstance(allowed, list) and not set(allowed) & set(blocked)
    return False


def _words(value: Any) -> str:
    return "none" if is_empty(value) else str(value)


def _weaker(before: Any, after: Any) -> bool:
    if before is None:
        return bool(after != _SECURITY_ORDER[-1])
    if before not in _SECURITY_ORDER:
        return True
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
    if before is None or after is None:
        return before is not None
    try:
        return parse_instant(str(after)) > parse_instant(str(before))
    except ValueError:
        # What can't be read is named rather than missed.
        return True


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
