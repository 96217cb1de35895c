# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A plan against what was read: what it may destroy, what nobody can see, whom it lets in, and whether it came true.

Pure. What is wrong is refused (InvalidInput, AppliveryError), what a person should know is returned in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from .._core.dates import parse_instant
from .._core.errors import AppliveryError, InvalidInput
from .._core.fields import Field, differences, is_empty
from .plan import Plan, says_nothing
from .resource import COUNTRY_LISTS, FIELD, GUARDS, PUBLICATION_FIELDS
from .rules import Goal, check_groups_apply, warnings_about_effect

_ALLOWED, _BLOCKED = COUNTRY_LISTS
_SECURITY_ORDER = ("public", "password", "logged")
# Without these the API can't create a publication, so every publication has them.
_ALWAYS_THERE = ("visibility", "security", "filter")
Read = Mapping[str, Any]


def concerns(goal: Goal, plan: Plan, reads: Sequence[Read], others: Iterable[str]) -> list[str]:
    """Refuse a plan that must not be carried out; returns what a person should know about it before it is.

    ``reads`` is all that was read of this publication, the newest last; ``others`` are the API names that the server
    shows for other publications.
    """
    if plan.changed:
        check_update(plan)
    lost = check_unreturned(goal, plan, reads, others)
    texts = warnings_about_effect(plan.wishes, plan.expected)
    opens = openings(plan, others)
    if opens:
        texts.append(f"this change lets more people in: {'; '.join(opens)}")
    texts += lost
    if plan.forced:
        texts.append("update_password: always sets the password in every run and reports changed each time")
    return texts + _address_changes(goal, plan)


def _address_changes(goal: Goal, plan: Plan) -> list[str]:
    if not goal.new_slug or "slug" not in plan.changes:
        return []
    slug = str(plan.read.get("slug"))
    old = str(plan.read.get("distributionUrl") or slug)
    new = old[: -len(slug)] + goal.new_slug if old.endswith(slug) else goal.new_slug
    return [f"renaming changes the address, links to the old one break: {old} -> {new}"]


# What an update may destroy -------------------------------------------------------------------------------------------


def check_update(plan: Plan) -> None:
    """Refuse an update that would replace the publication by something else than what it is (InvalidInput)."""
    for option in _ALWAYS_THERE:
        if option not in plan.wishes and is_empty(plan.before[option]):
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
    check_groups_apply(plan.wishes, plan.after["security"])
    check_terms(plan.expected)
    if plan.sends_password and "password" not in plan.wishes:
        raise InvalidInput(
            "password: every update of a password-protected publication must carry its password, because the "
            "server does not show it and replaces everything; name it in the task"
        )


def _lists_of_objects(body: Mapping[str, Any]) -> Iterable[tuple[str, list[Any], tuple[str, ...]]]:
    yield "user_audience_map", body.get("userAudienceMap") or [], ("id",)
    chosen = body.get("filter")
    if isinstance(chosen, Mapping) and chosen.get("type") == "builds":
        yield "filter", chosen.get("builds") or [], ("buildPlatform",)


def check_terms(expected: Mapping[str, Any]) -> None:
    """Refuse terms that users must accept and that say nothing (InvalidInput)."""
    terms = expected.get("terms")
    if isinstance(terms, Mapping) and terms.get("active") is True and is_empty(terms.get("text")):
        raise InvalidInput("terms.text: terms.active is true, and neither the task nor the publication has a text")


# What the server does not show ----------------------------------------------------------------------------------------


def check_unreturned(goal: Goal, plan: Plan, reads: Sequence[Read], others: Iterable[str]) -> list[str]:
    """Refuse, as ``unreturned_fields`` says, what can't be seen; returns what to tell of fields that may be lost."""
    lost = possibly_lost(plan.wishes, plan.read, others) if plan.changed else []
    unseen = incomparable(plan.wishes, reads)
    strict = {"fail": (*lost, *unseen), "fail_on_guards": GUARDS}.get(goal.unreturned, ())
    refused = [name for name in lost if name in strict], [name for name in unseen if name in strict]
    if any(refused):
        raise AppliveryError(_refusal(*refused, goal.unreturned))
    if not lost or goal.unreturned == "ignore":
        return []
    text = f"the server does not show {', '.join(lost)}: unset, or set and reset by this update"
    return [f"{text}. Name them in the task to be sure (option unreturned_fields)"]


def _refusal(lost: Sequence[str], unseen: Sequence[str], mode: str) -> str:
    texts = []
    if lost:
        texts.append(
            f"{', '.join(lost)} may be set although the server does not show it, and be reset by replacing the "
            "publication. Name these options in the task"
        )
    if unseen:
        texts.append(
            f"{', '.join(unseen)} is to be cleared, and the server shows nowhere whether it is, so it can't be compared"
        )
    return f"unreturned_fields: {'; '.join(texts)}, or set unreturned_fields to something else than {mode}"


def told_of_incomparable(goal: Goal, plan: Plan, reads: Sequence[Read], others: Iterable[str]) -> list[str]:
    """What to tell of fields that are to be cleared and that nothing read of this publication shows.

    Where the server shows a field for other publications, it would show it here as well.
    """
    known = {entry.option for entry in PUBLICATION_FIELDS if entry.name in others}
    unseen = [name for name in incomparable(plan.wishes, reads) if name not in known]
    if not unseen or goal.unreturned == "ignore":
        return []
    sent = "this update sends it in any case" if plan.changed else "nothing is written because of it alone"
    text = f"{', '.join(unseen)}: to be cleared, and the server does not show it, so it can't be compared"
    return [f"{text}: it is taken for unset, and {sent} (option unreturned_fields)"]


def told_of_unproven(wishes: Mapping[str, Any], after: Read) -> list[str]:
    """What to tell of fields that were set and that the server does not show afterwards."""
    names = ", ".join(unproven(wishes, after))
    text = (
        f"the server does still not show {names}, so it can't be compared: as long as that is so, every run writes it"
    )
    return [f"{text} and reports changed"] if names else []


def possibly_lost(wishes: Mapping[str, Any], read: Read, others: Iterable[str]) -> list[str]:
    """Fields that an update may reset because the server did not show them, those that guard access first.

    Left out is what the task names, what a field that was shown excludes, and what the server shows for other
    publications (``others``, API names), where it just is unset here.
    """
    known = set(others) | _excluded(wishes, read)
    found: list[tuple[bool, str]] = []
    for entry in PUBLICATION_FIELDS:
        if not entry.secret and entry.name not in known:
            names = _unnamed_and_unread(entry, wishes.get(entry.option), read, entry.option)
            found.extend((not entry.guards, name) for name in names)
    return [name for _order, name in sorted(found, key=lambda pair: pair[0])]


def _unnamed_and_unread(entry: Field, wish: Any, read: Read, path: str) -> list[str]:
    shown = read.get(entry.name)
    if entry.name not in read and wish is None:
        return [path]
    # A field that is shown, and shown to be unset, hides no leaf.
    if (entry.name in read and is_empty(shown)) or not _has_leaves(entry, wish, shown):
        return []
    return [
        name
        for leaf in entry.children
        for name in _unnamed_and_unread(leaf, (wish or {}).get(leaf.option), shown or {}, f"{path}.{leaf.option}")
    ]


def _has_leaves(entry: Field, *values: Any) -> bool:
    """Whether a field is merged leaf by leaf, and everything that is known of it is of that form."""
    nested = bool(entry.children) and entry.kind.type == "dict" and not entry.whole
    return nested and all(value is None or isinstance(value, Mapping) for value in values)


def _excluded(wishes: Mapping[str, Any], read: Read) -> set[str]:
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


def incomparable(wishes: Mapping[str, Any], reads: Sequence[Read]) -> list[str]:
    """Options, and leaves of them, that the task clears and that nothing read of this publication shows."""
    return _not_shown(wishes, reads, clearing=True)


def unproven(wishes: Mapping[str, Any], after: Read) -> list[str]:
    """Options, and leaves of them, that the task set and that the server does not show afterwards."""
    return _not_shown(wishes, [after], clearing=False)


def _not_shown(wishes: Mapping[str, Any], reads: Sequence[Read], clearing: bool) -> list[str]:
    return [
        name
        for entry in PUBLICATION_FIELDS
        if entry.option in wishes and not entry.secret
        for name in _parts_not_shown(entry, wishes[entry.option], reads, entry.option, clearing)
    ]


def _parts_not_shown(entry: Field, wish: Any, reads: Sequence[Read], path: str, clearing: bool) -> Iterator[str]:
    shown = [read[entry.name] for read in reads if entry.name in read]
    if not shown:
        if says_nothing(wish) == clearing:
            yield path
        return
    inside = [value for value in shown if isinstance(value, Mapping) and (value or not clearing)]
    if not inside or entry.whole or not isinstance(wish, Mapping):
        return
    for leaf in entry.children:
        if leaf.option in wish:
            yield from _parts_not_shown(leaf, wish[leaf.option], inside, f"{path}.{leaf.option}", clearing)


# What lets more people in ---------------------------------------------------------------------------------------------


def openings(plan: Plan, others: Iterable[str] = ()) -> list[str]:
    """What the plan does that lets more people in, in words with both values."""
    found = [
        f"{option}: {_words(plan.before[option])} -> {_words(plan.after[option])}"
        for option, is_wider in _WIDER.items()
        if option in plan.changes and is_wider(*plan.changes[option]) and not _limited_otherwise(option, plan)
    ]
    unseen = _ALLOWED.name not in plan.read and _ALLOWED.name not in others
    if unseen and plan.body.get(_ALLOWED.name) == [] and _ALLOWED.option not in plan.wishes:
        found.append(f"{_ALLOWED.option}: not shown by the server -> none (name it as [] as well if there was none)")
    return found


def _limited_otherwise(option: str, plan: Plan) -> bool:
    """Whether another field keeps out whom this change alone would let in."""
    if option == "user_audience_map":
        # The first audiences of a publication that was not for audiences only limit it.
        return not plan.before["activate_user_audiences"] and is_empty(plan.before["user_audience_map"])
    if option == _BLOCKED.option:
        blocked, allowed = plan.before[_BLOCKED.option], plan.after[_ALLOWED.option]
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


# Whether it came true -------------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """What a publication, read after a write, shows that it should not, in words by option.

    ``wrong`` differs from what was planned; ``normalised`` means the same, in the server's own spelling.
    """

    wrong: Mapping[str, str]
    normalised: Mapping[str, str]


def judge(plan: Plan, after: Read) -> Verdict:
    """Compare a publication, read again, with what was planned for it.

    A field that was neither named nor read may have got the server's default, and one that the server shows neither
    before nor after can't be judged: ``unproven`` tells of it.
    """
    wishes, before = plan.wishes, plan.read
    judged = {
        entry.name: entry
        for entry in PUBLICATION_FIELDS
        if (entry.option in wishes and entry.name in after) or entry.name in before
    }
    expected = {
        name: _as_far_as_shown(entry, plan.expected.get(name), after.get(name), before.get(name))
        if entry.option in wishes
        else plan.expected.get(name)
        for name, entry in judged.items()
    }
    wrong, normalised = {}, {}
    for option, (wanted, found) in differences(judged.values(), expected, after).items():
        if _loosely(wanted) == _loosely(found) and (option in wishes or option not in GUARDS):
            advice = "; name it like that in the task, or every run writes it and reports changed"
            normalised[option] = f"{option}: the server made {found} of {wanted}{advice * (option in wishes)}"
        else:
            reason = "asked for" if option in wishes else "nobody asked to change it, it was"
            wrong[option] = f"{option}: {reason} {wanted!r}, is now {found!r}"
    return Verdict(wrong, normalised)


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


def _loosely(value: Any) -> Any:
    """What two spellings of a value have in common: no case, no blanks at the edges, no order, nothing that is off."""
    if isinstance(value, Mapping):
        leaves = {key: _loosely(value[key]) for key in sorted(value)}
        return {key: leaf for key, leaf in leaves.items() if leaf not in (None, False)}
    if isinstance(value, list):
        return sorted({repr(_loosely(item)) for item in value})
    return value.strip().casefold() if isinstance(value, str) else value


def not_to_see(plan: Plan, after: Read) -> list[str]:
    """The options among those that a plan changes for which ``after`` does not show the new value."""
    changed = [FIELD[option] for option in plan.changes]
    found = differences(changed, plan.expected, after)
    return [option for option, (wanted, shown) in found.items() if _loosely(wanted) != _loosely(shown)]


def believable(plan: Plan, after: Read, began: bool = False) -> bool:
    """Whether what is read after a write of unknown outcome shows that it was carried out.

    Every new value must be there to see, or the time of the last update must have moved; and nothing may contradict.
    ``began``: a first step was written, which moved that time as well, so that only the values prove anything.
    """
    times = (plan.read.get("updatedAt"), after.get("updatedAt"))
    moved = None not in times and times[0] != times[1] and not began
    seen = moved or (bool(plan.changes) and not_to_see(plan, after) == [])
    return seen and not judge(plan, after).wrong


def never_happened(plan: Plan, after: Read) -> bool:
    """Whether what is read after a write of unknown outcome shows that nothing was written at all."""
    telling = plan.read.get("updatedAt") is not None or any(FIELD[option].name in after for option in plan.changes)
    return telling and unmoved(plan.read, after)


def unmoved(before: Read, after: Read) -> bool:
    """Whether nobody wrote between two reads: same time stamp, and the same in every field that could be lost."""
    return before.get("updatedAt") == after.get("updatedAt") and not differences(PUBLICATION_FIELDS, before, after)
