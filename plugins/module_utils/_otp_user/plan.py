# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""From the people of a task and the users on a list to what is to be done. Pure but for the reading of the list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from .._api.client import Api, identity
from .._api.pages import undisturbed
from .._core.addresses import email_key
from .._core.dates import format_instant
from .dialect import REFERENCE, Shown, why_not
from .people import Person
from .resource import (
    DOWNLOADS,
    OTP_USERS,
    TEMPORAL,
    Allowance,
    allowance_of,
    names_no_publication,
    publication_of,
)

CREATED, UPDATED, REMOVED, UNCHANGED, FAILED = "created", "updated", "removed", "unchanged", "failed"
ACTIONS = (CREATED, UPDATED, REMOVED, UNCHANGED, FAILED)


class Listed(NamedTuple):
    """One user of the list, with no more than the plan needs: lists can be long.

    ``proven``: the server shows that it is this publication's. ``counted``: the server shows a number of downloads,
    the only thing that it can update.
    """

    ident: str | None
    email: str
    allowance: Allowance
    proven: bool
    counted: bool


@dataclass
class Roll:
    """What was learnt from a store's list about one publication.

    ``entries``: the users by address, those of other publications left out. ``hidden``: how many users of the store
    do not show a publication. ``proven``: the publication exists, since somebody shows it or it was found.
    ``elsewhere``: the addresses, among those asked for, that are on the list of another publication, and of which.

    ``binds``: some users show a publication, and none shows the form of creation that can't name one. Then whoever is
    shown to have none belongs to none: ``nobodys`` says how many those are, and ``loose`` has those among the addresses
    asked for. Without it they may be this publication's, and count as hidden.
    """

    entries: dict[str, tuple[Listed, ...]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    loose: dict[str, tuple[Listed, ...]] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    hidden: int = 0
    nobodys: int = 0
    proven: bool = False
    binds: bool = False

    def note(self, read: dict[str, Any], owner: str | None, mine: str) -> None:
        """Take one user of the list into account, whoever it is."""
        self.shown.note(read)
        self.proven = self.proven or owner == mine
        self.binds = self.binds or owner is not None
        if owner is None:
            self.hidden += 1
            self.nobodys += names_no_publication(read)

    def settle(self) -> None:
        """Decide, after the whole list, about those who are shown to have no publication."""
        # The form with ``temporal`` can't name a publication, so its users have none, whoever they were let in for.
        self.binds = self.binds and not self.shown.seed
        if self.binds:
            self.hidden -= self.nobodys
            return
        for key, entries in self.loose.items():
            self.entries[key] = (*self.entries.get(key, ()), *entries)
        self.loose = {}
        self.nobodys = 0


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
    """What is to be done about one person. ``before`` and ``after`` are for the diff, None for not being there.

    ``gap`` is for those who stay on the list as they are.
    """

    action: str
    key: str
    email: str
    idents: tuple[str | None, ...] = ()
    msg: str = ""
    before: str | None = None
    after: str | None = None
    person: Person | None = None
    refused: str = ""
    gap: Gap = Gap()


def read_roll(api: Api, publication: str | None, wanted: Collection[str], everybody: bool) -> Roll:
    """Read the whole list once, and keep only what matters: the ``wanted`` addresses, or ``everybody``.

    The server is asked for no filter: one that is honoured would hide users that show no publication, which then would
    be created again and again.
    """
    return undisturbed(lambda: _roll(api, publication, wanted, everybody))


def _roll(api: Api, publication: str | None, wanted: Collection[str], everybody: bool) -> Roll:
    roll = Roll()
    mine = (publication or "").lower()
    # Thousands of people share a handful of allowances.
    allowances: dict[Allowance, Allowance] = {}
    for read in (read for page in api.pages(OTP_USERS) for read in page):
        owner = publication_of(read)
        roll.note(read, owner, mine)
        email = str(read.get("email") or "")
        key = email_key(email)
        if owner not in (None, mine):
            if key in wanted:
                roll.elsewhere[key] = str(owner)
        elif key in wanted or (everybody and owner is not None):
            made = listed(read, mine)
            made = made._replace(allowance=allowances.setdefault(made.allowance, made.allowance))
            kept = roll.loose if owner is None and names_no_publication(read) else roll.entries
            kept[key] = (*kept.get(key, ()), made)
    roll.settle()
    return roll


def listed(read: dict[str, Any], publication: str) -> Listed:
    """One user of the list as the plan sees it."""
    number = read.get(DOWNLOADS.name)
    counted = isinstance(number, int) and not isinstance(number, bool)
    proven = publication_of(read) == publication
    return Listed(identity(read), str(read.get("email") or ""), allowance_of(read), proven, counted)


def plan(
    people: Iterable[Person], roll: Roll, now: datetime, absent: bool, exclusive: bool, always: bool
) -> list[Step]:
    """What is to be done about each person, in the order of the task, then about everybody else, by name."""
    steps = []
    named = set()
    for person in people:
        named.add(person.key)
        entries = roll.entries.get(person.key, ())
        if absent or not person.wanted(now):
            steps.append(_leave(person, entries, absent, person.key in roll.loose))
        elif entries:
            steps.append(_stay(person, entries, always))
        else:
            steps.append(Step(CREATED, person.key, person.email, after=_after(person), person=person))
    return steps + (list(_others(roll, named)) if exclusive else [])


def _others(roll: Roll, named: Collection[str]) -> Iterator[Step]:
    for key in sorted(roll.entries):
        if key not in named:
            entries = roll.entries[key]
            yield _removal(key, entries[0].email, entries, "not named by the task")


def _leave(person: Person, entries: tuple[Listed, ...], absent: bool, loose: bool) -> Step:
    reasons = []
    if not absent and person.until is not None:
        reasons.append(f"access_until ({format_instant(person.until)}) has passed")
    if loose:
        reasons.append("stays on the list of the store, of no publication")
    why = "; ".join(reasons)
    if entries:
        return _removal(person.key, person.email, entries, why)
    return Step(UNCHANGED, person.key, person.email, msg=why or "is not on the list")


def _removal(key: str, email: str, entries: tuple[Listed, ...], why: str) -> Step:
    msg = "; ".join(part for part in (why, _several(entries)) if part)
    return Step(REMOVED, key, email, tuple(entry.ident for entry in entries), msg, before=entries[0].allowance.text())


def _several(entries: tuple[Listed, ...]) -> str:
    return f"was on the list {len(entries)} times" if len(entries) > 1 else ""


def _stay(person: Person, entries: tuple[Listed, ...], always: bool) -> Step:
    idents = tuple(entry.ident for entry in entries)
    gap = _gap(person, entries)
    if always and gap.why_kept:
        return Step(UNCHANGED, person.key, person.email, idents, person=person, refused=gap.why_kept)
    if always and gap.downloads:
        return _update(person, gap.downloads)
    return Step(UNCHANGED, person.key, person.email, idents, _told(person, gap), person=person, gap=gap)


def _update(person: Person, differing: tuple[Listed, ...]) -> Step:
    before = differing[0].allowance
    after = before._replace(downloads=person.allowance.downloads)
    return Step(
        UPDATED,
        person.key,
        person.email,
        tuple(entry.ident for entry in differing),
        f"{before.text()} -> {after.text()}",
        before.text(),
        after.text(),
        person,
    )


def _gap(person: Person, entries: tuple[Listed, ...]) -> Gap:
    wish = person.allowance
    gap = Gap(
        downloads=tuple(entry for entry in entries if entry.allowance.downloads not in (None, wish.downloads)),
        temporal=tuple(entry for entry in entries if _differs(entry.allowance.temporal, wish.temporal)),
        # Without a word of the task there is nothing to compare: the number is then only what creations need.
        unseen=(
            *([DOWNLOADS.option] if person.named and any(_no_number(entry) for entry in entries) else []),
            *([TEMPORAL.option] if wish.temporal is not None and any(_no_temporal(entry) for entry in entries) else []),
        ),
    )
    return gap._replace(why_kept=_why_kept(person, entries, gap))


def _differs(shown: bool | None, wish: bool | None) -> bool:
    return None not in (shown, wish) and shown != wish


def _no_number(entry: Listed) -> bool:
    return entry.allowance.downloads is None


def _no_temporal(entry: Listed) -> bool:
    return entry.allowance.temporal is None


def _why_kept(person: Person, entries: Iterable[Listed], gap: Gap) -> str:
    if gap.temporal:
        return "temporal of somebody on the list can't be updated"
    if not all(entry.counted for entry in gap.downloads):
        return "single_use of somebody on the list can't be updated"
    if DOWNLOADS.option in gap.unseen:
        return "the server does not show the number of downloads, so it can't be compared"
    if TEMPORAL.option in gap.unseen:
        counted = all(entry.counted for entry in entries if _no_temporal(entry))
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
