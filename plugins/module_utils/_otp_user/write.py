# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Carries out a plan for OTP users: concurrently, nobody twice, and one person's failure stops nobody else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from .._api.client import Api, identity
from .._core.addresses import email_key
from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    Failure,
    InvalidInput,
    RequestFailed,
)
from .._publication.find import find_by_id
from .dialect import (
    SEED,
    Dialect,
    body_of,
    refuses_form,
    why_not,
)
from .people import Person
from .plan import (
    CREATED,
    FAILED,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Roll,
    Step,
)
from .resource import (
    DOWNLOADS,
    OTP_USERS,
    allowance_of,
    names_no_publication,
    publication_of,
)

# As many failures in a row, of a kind that has nothing to do with the person, and the rest is not tried any more.
_HOPELESS_AFTER = 10
_HOPELESS_CODES = (5003, 5004)
# Creations sent one at a time until one has told which form the server takes.
_MOST_SCOUTS = 3
_SAFE_TO_SEARCH = re.compile(r"[A-Za-z0-9@._-]+")


class NoPublication(AppliveryError):
    """The publication does not exist, or can't be looked up where nothing else would tell."""


class Done(NamedTuple):
    """What became of one step.

    ``differs`` is what the server shows instead of what was asked for. ``partly``: it failed, but not before something
    was written.
    """

    action: str
    ident: str | None = None
    msg: str = ""
    differs: str = ""
    problem: AppliveryError | None = None
    partly: bool = False


class Writer:
    """Sends the writes of one task through one API that all threads share."""

    def __init__(self, api: Api, publication: str, roll: Roll, dialect: Dialect, concurrency: int) -> None:
        self._api = api
        self._publication = publication
        self._roll = roll
        self._dialect = dialect
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._proving = threading.Lock()
        self._missing: AppliveryError | None = None
        self._interrupted = False
        self._in_a_row: dict[str, int] = {}
        self._hopeless: dict[str, AppliveryError] = {}

    def carry_out(self, steps: Sequence[Step]) -> list[Done]:
        """The outcome of each step, in the same order. Raises only when the publication turns out not to exist."""
        done: dict[int, Done] = {}
        todo: list[int] = []
        for number, step in enumerate(steps):
            if step.action == UNCHANGED:
                done[number] = Done(UNCHANGED, _first(step), step.msg)
            else:
                todo.append(number)
        # Removals free places that a plan may count; creations come last.
        todo.sort(key=lambda number: (REMOVED, UPDATED, CREATED).index(steps[number].action))
        for number in self._scouts(steps, todo):
            done[number] = self._attempt(steps[number])
            self._check_publication(done[number])
        self._fan_out(steps, [number for number in todo if number not in done], done)
        return [done[number] for number in range(len(steps))]

    def _scouts(self, steps: Sequence[Step], todo: Sequence[int]) -> Iterator[int]:
        """Creations to send alone: a thousand at once would be refused a thousand times in the wrong form."""
        creations = [number for number in todo if steps[number].action == CREATED]
        for number in creations[:_MOST_SCOUTS]:
            if self._dialect.learnt:
                return
            yield number

    def _check_publication(self, done: Done) -> None:
        """End the task where the first creation shows that nobody can be let in; nothing was written by then."""
        problem = done.problem
        if isinstance(problem, RequestFailed) and problem.absent:
            self._make_sure(problem.failure)
        if isinstance(problem, NoPublication) and not done.partly:
            raise problem

    def _make_sure(self, refusal: Failure | None = None) -> None:
        """Raise NoPublication unless the publication exists. It is looked up once, and only where nothing showed it."""
        with self._proving:
            if not self._roll.proven and self._missing is None:
                self._missing = self._why_missing()
                self._roll.proven = self._missing is None
            if self._missing is None:
                return
            self._hopeless[CREATED] = self._missing
            raise NoPublication(self._missing.message, refusal or self._missing.failure)

    def _why_missing(self) -> AppliveryError | None:
        try:
            found = find_by_id(self._api, self._publication)
        except AppliveryError as problem:
            problem.message = f"publication: whether {self._publication} exists can't be told: {problem.message}"
            return problem
        if found is not None:
            return None
        return AppliveryError(f"publication: there is no publication {self._publication} in this store")

    def _fan_out(self, steps: Sequence[Step], todo: Sequence[int], done: dict[int, Done]) -> None:
        queue = iter(todo)

        def work() -> None:
            try:
                while not self._interrupted:
                    with self._lock:
                        number = next(queue, None)
                    if number is None:
                        return
                    done[number] = self._attempt(steps[number])
            except BaseException:
                self._interrupted = True
                raise

        workers = min(self._concurrency, len(todo))
        if not workers:
            return
        with ThreadPoolExecutor(workers) as pool:
            try:
                for running in [pool.submit(work) for _worker in range(workers)]:
                    running.result()
            except BaseException:
                # Interrupted: what is on its way is finished, nothing new begins; another run does the rest.
                self._interrupted = True
                raise

    def _attempt(self, step: Step) -> Done:
        stopped = self._hopeless.get(step.action)
        if stopped is not None:
            text = "not tried, for others failed before for a reason that is nobody's own: "
            return Done(FAILED, _first(step), text + stopped.message, problem=stopped)
        try:
            done = self._verbs[step.action](self, step)
        except AppliveryError as problem:
            self._note_failure(step.action, problem)
            # An entry that was asked for may be written although the answer got lost; a creation is looked up.
            maybe = isinstance(problem, AmbiguousWrite) and step.action != CREATED
            return Done(FAILED, _first(step), problem.message, problem=problem, partly=maybe)
        self._in_a_row[step.action] = 0
        return done

    def _note_failure(self, action: str, problem: AppliveryError) -> None:
        with self._lock:
            self._in_a_row[action] = self._in_a_row.get(action, 0) + 1 if _concerns_everybody(problem) else 0
            if self._in_a_row[action] >= _HOPELESS_AFTER:
                self._hopeless[action] = problem

    # Removing and updating ------------------------------------------------------------------------------------

    def _remove(self, step: Step) -> Done:
        return self._one_by_one(step, lambda ident: self._api.delete(OTP_USERS, ident))

    def _update(self, step: Step) -> Done:
        person = _person(step)
        return self._one_by_one(step, lambda ident: self._set_downloads(ident, person))

    def _set_downloads(self, ident: str, person: Person) -> bool:
        try:
            self._api.update(OTP_USERS, ident, {DOWNLOADS.name: person.allowance.downloads})
        except RequestFailed as problem:
            if not problem.absent:
                raise
            text = f"left the list meanwhile; running the task again decides anew. {problem.message}"
            raise AppliveryError(text, problem.failure) from problem
        return True

    def _one_by_one(self, step: Step, write: Callable[[str], bool]) -> Done:
        """Write all entries of one person, of whom the list may hold several; one that fails does not keep the others.

        ``write`` tells whether there was anything to do.
        """
        written = 0
        failures: list[tuple[str | None, AppliveryError]] = []
        for ident in step.idents:
            try:
                written += write(_known(ident))
            except AppliveryError as problem:
                failures.append((ident, problem))
        if not failures:
            done = Done(step.action, _first(step), step.msg)
            return done if written else Done(UNCHANGED, _first(step), "was gone already")
        ident, first = failures[0]
        if not written:
            raise first
        text = f"stands on the list {len(step.idents)} times, {written} of them {step.action}; {first.message}"
        return Done(FAILED, ident, text, problem=first, partly=True)

    # Creating -------------------------------------------------------------------------------------------------

    def _create(self, step: Step) -> Done:
        person = _person(step)
        form = self._dialect.form_for(person)
        try:
            return self._create_in(form, person)
        except RequestFailed as problem:
            other = self._dialect.refused(form) if refuses_form(form, problem) else None
            if other is None:
                raise
        return self._create_in(other, person)

    def _create_in(self, form: str, person: Person) -> Done:
        reason = why_not(form, person)
        if reason:
            raise InvalidInput(reason)
        if form == SEED:
            # It can't name the publication, so that a server would let people in though it does not exist.
            self._make_sure()
            if person.key in self._roll.loose:
                # All that this form can do for a person has been done.
                loose = self._roll.loose[person.key][0]
                return Done(UNCHANGED, loose.ident, "is on the list of the store; this server's form can do no more")
        uncertain: list[bool] = []

        def look_up() -> dict[str, Any] | None:
            uncertain.append(True)
            return self._find(form, person, thoroughly=True)

        try:
            data = self._api.create(OTP_USERS, body_of(form, person, self._publication), look_up)
        except RequestFailed as problem:
            if refuses_form(form, problem) or not _may_be_duplicate(problem):
                raise
            found = self._find_after(problem, form, person)
            self._dialect.accepted(form)
            # After an uncertain first attempt the one that is there now is most likely our own.
            return Done(CREATED if uncertain else UNCHANGED, identity(found), "was on the list already")
        self._dialect.accepted(form)
        return self._created(form, person, data)

    def _find_after(self, problem: RequestFailed, form: str, person: Person) -> dict[str, Any]:
        """Who is on the list under the address that was refused; the refusal itself where that explains nothing."""
        try:
            found = self._find(form, person)
        except AppliveryError:
            found = None
        if found is not None:
            return found
        other = self._roll.elsewhere.get(person.key)
        where = f"another publication ({other})" if other else ""
        if not where and person.key in self._roll.loose:
            where = "the store, of no publication"
        if where:
            problem.message = (
                f"is on the list of {where}, and this server seems to keep an address only once per store: remove it "
                f"there first. {problem.message}"
            )
        raise problem

    def _find(self, form: str, person: Person, thoroughly: bool = False) -> dict[str, Any] | None:
        """The user with exactly this address, of this publication or of one that is not shown.

        The filter by e-mail is a partial match (reference) and only a hint. ``thoroughly``: before absence is
        concluded, the list is read without it.
        """
        hint = max(_SAFE_TO_SEARCH.findall(person.sent), key=len)
        for hints in ({"email": hint}, {}) if thoroughly else ({"email": hint},):
            found = None
            for read in self._api.list_all(OTP_USERS, hints):
                if email_key(str(read.get("email") or "")) != person.key:
                    continue
                owner = publication_of(read)
                if owner == self._publication.lower():
                    return read
                if owner is not None:
                    self._roll.elsewhere[person.key] = owner
                elif not self._is_loose(form, read):
                    found = read
            if found is not None:
                return found
        return None

    def _is_loose(self, form: str, read: Mapping[str, Any]) -> bool:
        """Whether a user can't be one that was created in this form, for lack of any publication."""
        return form != SEED and self._roll.binds and names_no_publication(read)

    def _created(self, form: str, person: Person, data: Any) -> Done:
        read = _answered(data, person, self._publication.lower())
        if read is None:
            try:
                read = self._find(form, person)
            except AppliveryError:
                read = None
        ident, owner = (None, None) if read is None else (identity(read), publication_of(read))
        if read is not None and self._is_loose(form, read):
            text = "the server put the address on the list of the store, of no publication"
            return Done(FAILED, ident, text, partly=True)
        if owner is None:
            # A server may drop the publication without a word.
            try:
                self._make_sure()
            except NoPublication as problem:
                text = f"the server put the address on the list of the store. {problem.message}"
                return Done(FAILED, ident, text, problem=problem, partly=True)
        elif owner != self._publication.lower():
            text = f"the server put the address on the list of another publication ({owner})"
            return Done(FAILED, ident, text, partly=True)
        else:
            self._roll.proven = True
        if read is None:
            return Done(CREATED, None, "the server accepted the address, but does not show it yet")
        differs = _difference(person, read)
        return Done(CREATED, ident, differs, differs)

    _verbs: Mapping[str, Callable[[Writer, Step], Done]] = {CREATED: _create, UPDATED: _update, REMOVED: _remove}


def _answered(data: Any, person: Person, publication: str) -> dict[str, Any] | None:
    """The user in the answer to a creation, which is an object or an array (fact sheet, C3)."""
    objects = [item for item in (data if isinstance(data, list) else [data]) if isinstance(item, dict)]
    fits = [item for item in objects if email_key(str(item.get("email") or "")) == person.key and identity(item)]
    mine = [item for item in fits if publication_of(item) == publication]
    unsaid = [item for item in fits if publication_of(item) is None]
    return next(iter(mine + unsaid + fits), None)


def _difference(person: Person, read: Mapping[str, Any]) -> str:
    """What the server shows instead of what was asked for, such as a field that it dropped without a word."""
    wish, shown = person.allowance, allowance_of(read)
    downloads = shown.downloads is not None and shown.downloads != wish.downloads
    temporal = None not in (shown.temporal, wish.temporal) and shown.temporal != wish.temporal
    return f"the server shows {shown.text()} instead of {wish.text()}" if downloads or temporal else ""


def _may_be_duplicate(problem: RequestFailed) -> bool:
    # Neither code nor status of a duplicate is documented (seed), so any refusal of the content may be one.
    if isinstance(problem, AmbiguousWrite) or _concerns_everybody(problem) or problem.status is None:
        return False
    return problem.status < 300 or problem.status in (400, 409, 422)


def _concerns_everybody(problem: AppliveryError) -> bool:
    """Whether the next person would most likely meet the same: no access, a limit, a missing parent, no server."""
    if not isinstance(problem, RequestFailed):
        return False
    status = problem.status
    if status is None or status >= 500 or status in (401, 403, 404, 429):
        return True
    return problem.code in _HOPELESS_CODES


def _known(ident: str | None) -> str:
    if ident is None:
        raise AppliveryError("the server does not show the id of this user, so nothing can be changed")
    return ident


def _person(step: Step) -> Person:
    if step.person is None:
        raise AppliveryError(f"nothing is known about {step.email}")
    return step.person


def _first(step: Step) -> str | None:
    return step.idents[0] if step.idents else None
