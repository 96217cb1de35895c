# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""From the people of a task and the users on a list to what is to be done. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from .._core.dates import format_instant
from .dialect import REFERENCE, why_not
from .people import Person
from .resource import (
    DOWNLOADS,
    SINGLE_USE,
    TEMPORAL,
    UNLIMITED,
)
from .roll import Listed, Roll

CREATED, UPDATED, REMOVED, UNCHANGED, FAILED = "created", "updated", "removed", "unchanged", "failed"
ACTIONS = (CREATED, UPDATED, REMOVED, UNCHANGED, FAILED)
NOT_THERE = "is not on the list"


class Gap(NamedTuple):
    """What lies between somebody on the list and what the task says.

    ``downloads`` and ``temporal``: the entries that differ in that. ``unseen``: the options that can't be compared,
    since the server does not show them. ``why_kept``: why the server can't be asked to close the gap.
    """

    downloads: tuple[Listed, ...] = ()
    temporal: tuple[Listed, ...] = ()
    unseen: tuple[str, ...] = ()
    why_kept: str = ""


class Step(NamedTuple):
    """What is to be done about one person, with the users on the list that it concerns.

    ``before`` and ``after`` are for the diff, None for not being there. ``gap`` is for those who stay on the list as
    they are. ``email`` is None for somebody whose address the server does not show. ``unnamed``: the task says nothing
    of this person.
    """

    action: str
    key: str
    email: str | None
    entries: tuple[Listed, ...] = ()
    msg: str = ""
    before: str | None = None
    after: str | None = None
    person: Person | None = None
    refused: str = ""
    gap: Gap = Gap()
    unnamed: bool = False

    @property
    def name(self) -> str:
        """The person for the eyes of another one."""
        return self.email or "somebody without an address"

    @property
    def idents(self) -> tuple[str | None, ...]:
        """The ids of the users that it concerns, None for one that shows none."""
        return tuple(entry.ident for entry in self.entries)


class Rules(NamedTuple):
    """What the task says about everybody. ``held`` tells why a person who is missing is not let in, None to let in."""

    absent: bool = False
    exclusive: bool = False
    always: bool = False
    held: Callable[[Person], str | None] = lambda _person: None


def plan(people: Iterable[Person], roll: Roll, now: datetime, rules: Rules) -> list[Step]:
    """What is to be done about each person, in the order of the task, then about everybody else, by name."""
    steps = [_step(person, roll.entries.get(person.key, ()), now, rules) for person in people]
    named = {step.key for step in steps}
    return steps + (list(_others(roll, named)) if rules.exclusive else [])


def _step(person: Person, entries: tuple[Listed, ...], now: datetime, rules: Rules) -> Step:
    if rules.absent or not person.wanted(now):
        return _leave(person, entries, rules.absent)
    if entries:
        return stay(person, entries, rules.always)
    held = rules.held(person)
    if held is not None:
        return Step(UNCHANGED, person.key, person.email, msg=held)
    return Step(CREATED, person.key, person.email, after=_after(person), person=person)


def _others(roll: Roll, named: Collection[str]) -> Iterator[Step]:
    for key in sorted(roll.entries):
        if key not in named:
            entries = roll.entries[key]
            yield _removal(key, entries[0].email, entries, "not named by the task")._replace(unnamed=True)


def _leave(person: Person, entries: tuple[Listed, ...], absent: bool) -> Step:
    why = ""
    if not absent and person.until is not None:
        why = f"access_until ({format_instant(person.until)}) has passed"
    if entries:
        return _removal(person.key, person.email, entries, why)
    return Step(UNCHANGED, person.key, person.email, msg=why or NOT_THERE)


def _removal(key: str, email: str | None, entries: tuple[Listed, ...], why: str) -> Step:
    several = f"was on the list {len(entries)} times" if len(entries) > 1 else ""
    msg = "; ".join(part for part in (why, several) if part)
    return Step(REMOVED, key, email, entries, msg, before=entries[0].allowance.text())


def stay(person: Person, entries: tuple[Listed, ...], always: bool) -> Step:
    """What is to be done about somebody who is on the list and may stay."""
    gap = _gap(person, entries)
    if always and gap.why_kept:
        return Step(UNCHANGED, person.key, person.email, entries, person=person, refused=gap.why_kept)
    if always and gap.downloads:
        return _update(person, gap.downloads)
    return Step(UNCHANGED, person.key, person.email, entries, _told(person, gap), person=person, gap=gap)


def _update(person: Person, differing: tuple[Listed, ...]) -> Step:
    before = differing[0].allowance
    after = before._replace(downloads=person.allowance.downloads)
    msg = f"{before.text()} -> {after.text()}"
    return Step(UPDATED, person.key, person.email, differing, msg, before.text(), after.text(), person)


def _gap(person: Person, entries: tuple[Listed, ...]) -> Gap:
    """Only what the task says of a person is compared: whoever states nothing is left as they are."""
    downloads, temporal = person.allowance
    numbers = [entry for entry in entries if person.named and entry.allowance.downloads != downloads]
    flags = [entry for entry in entries if temporal is not None and entry.allowance.temporal != temporal]
    gap = Gap(
        downloads=tuple(entry for entry in numbers if entry.allowance.downloads is not None),
        temporal=tuple(entry for entry in flags if entry.allowance.temporal is not None),
        unseen=(
            *([DOWNLOADS.option] if any(entry.allowance.downloads is None for entry in numbers) else []),
            *([TEMPORAL.option] if any(entry.allowance.temporal is None for entry in flags) else []),
        ),
    )
    return gap._replace(why_kept=_why_kept(person, entries, gap))


def _why_kept(person: Person, entries: Iterable[Listed], gap: Gap) -> str:
    if gap.temporal:
        return "temporal of somebody on the list can't be updated"
    if not all(entry.counted for entry in gap.downloads):
        return "single_use of somebody on the list can't be updated"
    if DOWNLOADS.option in gap.unseen:
        return "the server does not show the number of downloads, so it can't be compared"
    if TEMPORAL.option in gap.unseen:
        counted = all(entry.counted for entry in entries if entry.allowance.temporal is None)
        reason = why_not(REFERENCE, person) if counted else None
        return reason or "the server does not show temporal of somebody on the list, so it can't be compared"
    return ""


def _told(person: Person, gap: Gap) -> str:
    """What somebody should know whose allowance stays as it is; nothing where it is as wished."""
    told = []
    if gap.downloads or gap.temporal:
        found = (gap.downloads or gap.temporal)[0].allowance
        told.append(f"has {found.text()}, the task says {person.allowance.text()}; left as it is")
    if gap.unseen:
        told.append(f"the server does not show {' and '.join(gap.unseen)}, which can't be compared; left as it is")
    return "; ".join(told)


def _after(person: Person) -> str:
    until = f", until {format_instant(person.until)}" if person.until else ""
    return person.allowance.text() + until


def previous(step: Step) -> dict[str, Any] | None:
    """What a removal or an update takes from somebody, as an element of ``users`` that gives it back.

    Where the user showed a publication, the form that names it brings the user back, and that form has no ``temporal``.
    None for who shows no address: nothing could bring such a user back.
    """
    if step.email is None or not step.entries:
        return None
    entry = max(step.entries, key=lambda one: one.owner is not None)
    downloads, temporal = entry.allowance
    found: dict[str, Any] = {"email": step.email}
    if entry.counted:
        found[DOWNLOADS.option] = downloads
    elif downloads is not None:
        found[SINGLE_USE.option] = downloads != UNLIMITED
    if temporal is not None and entry.owner is None and downloads in (1, UNLIMITED, None):
        found[TEMPORAL.option] = temporal
    return found
