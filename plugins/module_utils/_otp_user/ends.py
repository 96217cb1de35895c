# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Ends the access of people to one publication, to several, or to all of the workspace, and reads whether it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._api.client import STORES, Api, identity
from .._core.dates import format_instant
from .._core.errors import AppliveryError
from .._core.fields import is_id
from .._core.task import Outcome, Task
from .._publication.find import find_by_id, find_id_by_slug
from .admit import Admit
from .dialect import Dialect
from .people import Person
from .plan import FAILED, REMOVED, UNCHANGED, Rules, Step
from .report import (
    about_the_store,
    counts,
    differences,
    failed,
    outcome,
    wrote,
)
from .roll import Listed, Roll, read_roll
from .write import Done, Writer, foretold

_NOT_THERE = "was not there"
_STAYS = "may stay"
_NO_PUBLICATION = "there is no such publication"
_UNTOUCHED = (_STAYS, _NO_PUBLICATION)
_NIGHTLY = "A list that a scheduled run reads must change too, or that run lets them in again"


class _Row(NamedTuple):
    """One person in one place: ``publication`` is None for the list of the store."""

    person: Person
    publication: str | None
    step: Step
    api: Api


def run_ends(task: Task[Api], people: Sequence[Person]) -> Outcome:
    """End the access of whom the task names, or with ``state: present`` of those whose ``access_until`` has passed."""
    return _Ends(task, people).run()


class _Ends:
    def __init__(self, task: Task[Api], people: Sequence[Person]) -> None:
        self._task = task
        self._people = people
        self._absent = task.params["state"] == "absent"
        self._strict = bool(task.params["strict"])
        given = [task.params["publication"]] if task.params["publication"] else task.params["publications"] or []
        self._given = list(dict.fromkeys(name.lower() if is_id(name) else name for name in map(str, given)))

    def run(self) -> Outcome:
        everywhere = bool(self._task.params["everywhere"])
        targets = None if everywhere else self._targets()
        rows: list[_Row] = []
        for api in _stores(self._task.api) if everywhere else [self._task.api]:
            rows += self._rows(api, targets)
        rows = _once(rows)
        done = self._carried_out(rows)
        for text in about_the_store([row.step for row in rows], done):
            self._task.warn(text)
        if self._task.check_mode:
            return self._outcome(rows, self._judged(rows, done), None)
        try:
            remaining = self._remaining(rows, targets)
        except AppliveryError as problem:
            problem.message = f"nothing proves that access has ended, for the closing read failed: {problem.message}"
            return self._outcome(rows, done, None)._replace(error=problem)
        return self._outcome(rows, self._judged(rows, _proven(done, remaining)), remaining)

    # Where ------------------------------------------------------------------------------------------------------------

    def _targets(self) -> list[str]:
        """The ids of the publications. A name that is none is refused, or told where the task is not strict."""
        found = {name: self._id_of(name) for name in self._given}
        unknown = [name for name, ident in found.items() if ident is None]
        if unknown:
            text = f"publication: there is no publication {', '.join(unknown)} in this store"
            if self._strict:
                raise AppliveryError(f"{text}. Nothing was written, nobody's access ended; look at the name")
            self._task.warn(f"{text}, so nobody can be removed from it")
        return [ident.lower() for ident in found.values() if ident]

    def _id_of(self, name: str) -> str | None:
        if not is_id(name):
            return find_id_by_slug(self._task.api, name, self._task.warn)
        return name if find_by_id(self._task.api, name) is not None else None

    # Who --------------------------------------------------------------------------------------------------------------

    def _leaving(self, api: Api) -> list[Person]:
        now = api.now()
        return [person for person in self._people if self._absent or not person.wanted(now)]

    def _roll(self, api: Api) -> Roll:
        wanted = {person.key: person.sent for person in self._people}
        return read_roll(api, None, wanted, concurrency=self._task.params["concurrency"])

    def _rows(self, api: Api, targets: Sequence[str] | None) -> Iterator[_Row]:
        roll = self._roll(api)
        leaving = {person.key for person in self._leaving(api)}
        for person in self._people:
            entries = roll.entries.get(person.key, ())
            if person.key not in leaving or targets == []:
                msg = _STAYS if person.key not in leaving else _NO_PUBLICATION
                yield _Row(person, None, Step(UNCHANGED, person.key, person.email, msg=msg), api)
                continue
            for where in _places(entries, targets):
                yield _Row(person, where, self._step(person, tuple(e for e in entries if e.owner == where)), api)

    def _step(self, person: Person, entries: tuple[Listed, ...]) -> Step:
        if not entries:
            return Step(UNCHANGED, person.key, person.email, msg=_NOT_THERE)
        until = "" if self._absent or not person.until else format_instant(person.until)
        msg = f"access_until ({until}) has passed" if until else ""
        return Step(REMOVED, person.key, person.email, entries, msg, before=entries[0].allowance.text())

    # Writing, and what is seen afterwards -----------------------------------------------------------------------------

    def _carried_out(self, rows: Sequence[_Row]) -> list[Done]:
        done: dict[int, Done] = {}
        for api in dict.fromkeys(row.api for row in rows):
            mine = [number for number, row in enumerate(rows) if row.api is api]
            steps = [rows[number].step for number in mine]
            done.update(zip(mine, self._written(api, steps)))
        return [done[number] for number in range(len(rows))]

    def _written(self, api: Api, steps: Sequence[Step]) -> list[Done]:
        if self._task.check_mode:
            return [foretold(step) for step in steps]
        roll = Roll(None)
        admit = Admit("never", None, None, api.now)
        workers = self._task.params["concurrency"]
        return Writer(api, "", roll, Dialect(roll.shown), admit, Rules(absent=True), workers).carry_out(steps)

    def _remaining(self, rows: Sequence[_Row], targets: Sequence[str] | None) -> list[list[Listed]]:
        """A closing read: for each row the users that are on that list all the same."""
        left = {api: self._roll(api) for api in dict.fromkeys(row.api for row in rows)}
        found: list[list[Listed]] = []
        for row in rows:
            entries = left[row.api].entries.get(row.person.key, ()) if row.step.msg not in _UNTOUCHED else ()
            anywhere = targets is None and not row.step.entries
            found.append([entry for entry in entries if anywhere or entry.owner == row.publication])
        return found

    def _judged(self, rows: Sequence[_Row], done: Sequence[Done]) -> list[Done]:
        """Strictly, nobody may be named who was nowhere: it may be a slip of the pen, and somebody else stays."""
        if not self._strict:
            return list(done)
        found = {row.person.key for row, result in zip(rows, done) if row.step.entries or result.action == FAILED}
        return [
            result if row.person.key in found else Done(FAILED, None, _NOT_THERE) for row, result in zip(rows, done)
        ]

    def _outcome(
        self, rows: Sequence[_Row], done: Sequence[Done], remaining: Sequence[Sequence[Listed]] | None
    ) -> Outcome:
        steps = [row.step for row in rows]
        numbers = counts(done)
        where = "the workspace" if self._task.params["everywhere"] else ", ".join(self._given)
        before, after = differences(where, steps, done)
        result: dict[str, Any] = {
            "users": [outcome(row.step, one, row.publication) for row, one in zip(rows, done)],
            "counts": numbers,
            "publication_id": self._only_publication(rows),
        }
        if remaining is not None:
            result["remaining"] = [
                {"email": row.person.email, "publication_id": entry.owner, "id": entry.ident}
                for row, entries in zip(rows, remaining)
                for entry in entries
            ]
        error = failed(done, steps)
        if error is None:
            result["msg"] = _sentence(numbers, proven=remaining is not None)
        return Outcome(any(map(wrote, done)), result, before, after, f"OTP users of {where}", error=error)

    def _only_publication(self, rows: Sequence[_Row]) -> str | None:
        found = {row.publication for row in rows if row.publication}
        return next(iter(found)) if len(self._given) == 1 and len(found) == 1 else None


def _proven(done: Sequence[Done], remaining: Sequence[Sequence[Listed]]) -> list[Done]:
    """The outcomes after the closing read: whoever is on the list all the same has not left."""
    return [
        Done(FAILED, entries[0].ident, "is on the list all the same", partly=wrote(result))
        if entries and result.action != FAILED
        else result
        for result, entries in zip(done, remaining)
    ]


def _sentence(numbers: Mapping[str, int], proven: bool) -> str:
    proof = ", and a closing read shows none of them" if proven else ""
    return f"{numbers[REMOVED]} removed, {numbers[UNCHANGED]} not there or staying{proof}. {_NIGHTLY}."


def _places(entries: Sequence[Listed], targets: Sequence[str] | None) -> list[str | None]:
    """Where to end somebody's access: in each publication asked for, or wherever it is, and on the store's list."""
    owners = list(dict.fromkeys(entry.owner for entry in entries))
    if targets is None:
        return owners or [None]
    return [*targets, *([None] if None in owners else [])]


def _once(rows: Sequence[_Row]) -> list[_Row]:
    """Of several stores, only those in which a person was found; one row for who was in none of them."""
    there = {row.person.key for row in rows if row.step.entries}
    kept: dict[Any, _Row] = {}
    for row in rows:
        if row.step.entries:
            kept[(row.person.key, row.publication, id(row.api))] = row
        elif row.person.key not in there or row.publication is not None:
            kept.setdefault((row.person.key, row.publication, None), row)
    return sorted(kept.values(), key=lambda row: [one.person.key for one in rows].index(row.person.key))


def _stores(api: Api) -> list[Api]:
    """One API for each store that may hold OTP users: the one that the task names, or all of the organization."""
    if api.connection.store:
        return [api]
    stores = [ident for ident in map(identity, api.list_all(STORES)) if ident]
    if not stores:
        raise AppliveryError(f"store: the organization {api.connection.organization} shows no store to this token")
    return [type(api)(api.connection._replace(store=ident), api.transport) for ident in stores]
