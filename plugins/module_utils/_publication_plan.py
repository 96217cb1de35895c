# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What has to be sent so that a publication becomes what the task wishes, and what that does to it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Callable, NamedTuple

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
    parse_instant,
    to_api,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication import FIELD, PUBLICATION_FIELDS

_COUNTRIES = (FIELD["allowed_countries"], FIELD["blocked_countries"])
_SECURITY_ORDER = ("public", "password", "logged")
# Without these the API can't create a publication, so every publication has them.
_ALWAYS_THERE = ("visibility", "security", "filter")
_HIDDEN_BEFORE = "(unknown)"
_HIDDEN_AFTER = "VALUE_HIDDEN"


class Plan(NamedTuple):
    """``body`` is the whole PUT or POST, ``expected`` the publication after it, both with the API's names.

    ``changes`` maps options to canonical (before, after); ``opens`` says in words what lets more people in.
    """

    body: Mapping[str, Any]
    expected: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]
    opens: Sequence[str] = ()
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
    wishes = _with_notifications(wishes, {})
    named = {option: _without_empty_leaves(wish) for option, wish in wishes.items()}
    body = {
        FIELD[option].name: to_api(FIELD[option], wish)
        for option, wish in named.items()
        if not is_empty(wish) or isinstance(wish, list)
    }
    _keep_one_country_list(body, set(body))
    needs_password = body.get("security") == "password"
    if not needs_password:
        body.pop("password", None)
    body.update(context)
    _check_terms(body)
    return Plan(body, _visible(body), differences(PUBLICATION_FIELDS, {}, body), sends_password=needs_password)


def plan_update(
    wishes: Mapping[str, Any],
    read: Mapping[str, Any],
    context: Mapping[str, Any],
    set_password: bool = False,
    others: Collection[str] = (),
) -> Plan:
    """An update: everything that was read travels, what is wished for replaces it.

    ``set_password`` makes the password a reason to write by itself; ``others`` are the API names of the fields that
    this server shows for other publications.
    """
    wishes = _with_notifications(wishes, read)
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
    _keep_one_country_list(body, {name for name in body if _known_empty(name, read, others)})
    protected = body.get("security") == "password"
    if protected and wishes.get("password"):
        body["password"] = wishes["password"]
    body.update(context)
    hidden = unshown(wishes, read, others)
    return Plan(
        body,
        _visible(expected),
        differences(PUBLICATION_FIELDS, read, expected),
        opens=[*_openings(read, expected), *_hidden_openings(wishes, hidden)],
        sends_password=protected,
        # Clearing what the server hides shows in no difference, and yet it has to be done.
        forced=(protected and set_password) or any(_says_nothing(wishes[option]) for option in hidden),
    )


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
    _check_terms(plan.expected)


def _lists_of_objects(body: Mapping[str, Any]) -> Iterable[tuple[str, list[Any], tuple[str, ...]]]:
    yield "user_audience_map", body.get("userAudienceMap") or [], ("id",)
    chosen = body.get("filter")
    if isinstance(chosen, Mapping) and chosen.get("type") == "builds":
        yield "filter", chosen.get("builds") or [], ("buildPlatform",)


def _with_notifications(wishes: Mapping[str, Any], read: Mapping[str, Any]) -> Mapping[str, Any]:
    """Audiences whose notification the task leaves out keep theirs; new ones get no mail unless asked for."""
    named = wishes.get("user_audience_map")
    if not named:
        return wishes
    entry = FIELD["user_audience_map"]
    known = {item.get("id"): item for item in canonical(entry, read.get(entry.name)) or [] if isinstance(item, dict)}
    option = "notify_new_builds_processed"
    filled = [{option: known.get(item["id"], {}).get(option, False), **item} for item in named]
    return {**wishes, "user_audience_map": filled}


def _without_empty_leaves(wish: Any) -> Any:
    if not isinstance(wish, Mapping):
        return wish
    leaves = {key: _without_empty_leaves(value) for key, value in wish.items()}
    return {key: value for key, value in leaves.items() if not is_empty(value)}


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

    A null or an empty text at any place proves it, and an empty value of the same kind. A flag that is off proves
    nothing: it is a value.
    """
    return any(
        entry.name in read and _is_proof(kin, entry, read[entry.name])
        for entry in PUBLICATION_FIELDS
        if not entry.secret
    )


def _is_proof(kin: Field, entry: Field, value: Any) -> bool:
    if isinstance(value, Mapping) and value:
        return any(leaf.name in value and _is_proof(kin, leaf, value[leaf.name]) for leaf in entry.children)
    return value is None or value == "" or (is_empty(value) and entry.kind.type == kin.kind.type)


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
    if _says_nothing(wish):
        return []
    if entry.name not in after:
        return [entry.option]
    shown = after[entry.name]
    if entry.whole or not isinstance(wish, Mapping) or not isinstance(shown, Mapping):
        return []
    leaves = [leaf for leaf in entry.children if leaf.option in wish]
    return [f"{entry.option}.{name}" for leaf in leaves for name in _not_there(leaf, wish[leaf.option], shown)]


def _says_nothing(wish: Any) -> bool:
    """Whether a wish means "unset": empty, off, or nothing but such leaves."""
    if isinstance(wish, Mapping):
        return all(_says_nothing(leaf) for leaf in wish.values())
    return is_empty(wish) or wish is False


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


def differ_in_case(plan: Plan, after: Mapping[str, Any]) -> dict[str, str]:
    """What the server stored in another case than it was sent: option -> words with both values."""
    found = {}
    for entry in PUBLICATION_FIELDS:
        one, other = canonical(entry, plan.expected.get(entry.name)), canonical(entry, after.get(entry.name))
        if not alike(one, other) and repr(one).casefold() == repr(other).casefold():
            found[entry.option] = f"{entry.option}: the server made {other!r} of {one!r}"
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


def _visible(publication: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in publication.items() if name != "password"}


def _travels(value: Any) -> bool:
    # An empty list that was read is a statement; an empty text is how some servers show what is unset.
    return value is not None and value not in ("", {})


def _clear_other_country_list(
    body: dict[str, Any], wishes: Mapping[str, Any], read: Mapping[str, Any], others: Collection[str]
) -> None:
    """One list clears the other, also where the server does not show the other (leaving it out may keep it, C1)."""
    for mine, other in (_COUNTRIES, _COUNTRIES[::-1]):
        # A list that is set already excludes the other.
        known = other.name in read or other.name in others or not is_empty(read.get(mine.name))
        if not is_empty(wishes.get(mine.option)) and (other.name in body or not known):
            body[other.name] = []


def _known_empty(name: str, read: Mapping[str, Any], others: Collection[str]) -> bool:
    return is_empty(read[name]) if name in read else name in others


def _keep_one_country_list(body: dict[str, Any], known_empty: Collection[str]) -> None:
    """The two lists can't be combined, so an empty one travels only where it may have something to clear."""
    names = [entry.name for entry in _COUNTRIES]
    if all(name in body for name in names):
        for name in names:
            if is_empty(body[name]) and name in known_empty:
                del body[name]


def _check_terms(expected: Mapping[str, Any]) -> None:
    terms = expected.get("terms")
    if isinstance(terms, Mapping) and terms.get("active") is True and is_empty(terms.get("text")):
        raise InvalidInput("terms.text: terms.active is true, and neither the task nor the publication has a text")


# What lets more people in -------------------------------------------------------------------------------------


def _openings(read: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterable[str]:
    for option, is_wider in _WIDER.items():
        entry = FIELD[option]
        if option == "user_audience_map" and not read.get("activateUserAudiences") and is_empty(read.get(entry.name)):
            # The first audiences of a publication that was not for audiences only limit it.
            continue
        before, after = canonical(entry, read.get(entry.name)), canonical(entry, expected.get(entry.name))
        if not alike(before, after) and is_wider(before, after):
            yield f"{option}: {_words(before)} -> {_words(after)}"


def _words(value: Any) -> str:
    return "none" if is_empty(value) else str(value)


def _hidden_openings(wishes: Mapping[str, Any], hidden: Iterable[str]) -> Iterable[str]:
    for option in hidden:
        if FIELD[option].guards and _says_nothing(wishes[option]):
            yield f"{option}: not shown by the server -> none"


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
