# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Carries out a plan for OTP users: concurrently, nobody twice, and one person's failure stops nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from .._api.client import Api, identity
from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    Failure,
    InvalidInput,
    RequestFailed,
)
from .._publication.find import find_by_id
from .admit import Admit
from .check import check_steps
from .dialect import SEED, Dialect, body_of, refuses_form
from .people import Person
from .plan import (
    CREATED,
    FAILED,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Rules,
    Step,
    stay,
)
from .resource import (
    DOWNLOADS,
    OTP_USERS,
    allowance_of,
    publication_of,
)
from .roll import Roll, key_of, listed, of_person, search

# As many failures in a row, of a kind that has nothing to do with the person, and the rest is not tried any more.
_HOPELESS_AFTER = 10
_HOPELESS_CODES = (5003, 5004, 5017)
# Creations sent one at a time until one has told which form the server takes.
_MOST_SCOUTS = 3


class NoPublication(AppliveryError):
    """The publication does not exist, or can't be looked up where nothing else would tell."""


class Done(NamedTuple):
    """What became of one step.

    ``differs`` is what the server shows instead of what was asked for. ``partly``: it failed, but something was, or may
    have been, written.
    """

    action: str
    ident: str | None = None
    msg: str = ""
    differs: str = ""
    problem: AppliveryError | None = None
    partly: bool = False


def foretold(step: Step) -> Done:
    """What becomes of a step in check mode, and of one that asks for nothing."""
    return Done(step.action, _first(step), step.msg)


class Writer:
    """Sends the writes of one task through one API that all threads share."""

    def __init__(
        self, api: Api, publication: str, roll: Roll, dialect: Dialect, admit: Admit, rules: Rules, concurrency: int
    ) -> None:
        self._api = api
        self._publication = publication
        self._roll = roll
        self._dialect = dialect
        self._admit = admit
        self._rules = rules
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._proving = threading.Lock()
        self._missing: AppliveryError | None = None
        self._interrupted = False
        self._in_a_row: dict[str, int] = {}
        self._hopeless: dict[str, AppliveryError] = {}

    def carry_out(self, steps: Sequence[Step]) -> list[Done]:
        """The outcome of each step, in the same order.

        Raises, with nothing left written, where the publication turns out not to exist, or the server turns out to be
        one that can't do what the task asks for.
        """
        done = {number: foretold(step) for number, step in enumerate(steps) if step.action == UNCHANGED}
        todo = {
            action: [number for number, step in enumerate(steps) if step.action == action]
            for action in (REMOVED, UPDATED, CREATED)
        }
        self._learn(steps, todo[CREATED], done)
        # Removals free places that a plan may count, so all of them are done before the first creation.
        for action in (REMOVED, UPDATED):
            self._fan_out(steps, todo[action], done)
        for number in [number for number in todo[CREATED] if number not in done][:_MOST_SCOUTS]:
            # A thousand at once would be refused a thousand times in the wrong form.
            if not self._dialect.learnt:
                done[number] = self._attempt(steps[number])
                self._check_publication(done[number])
        self._fan_out(steps, [number for number in todo[CREATED] if number not in done], done)
        return [done[number] for number in range(len(steps))]

    # Learning, before anything else is written, what could not be kept true later -------------------------------------

    def _learn(self, steps: Sequence[Step], creations: Sequence[int], done: dict[int, Done]) -> None:
        """Let one person in where the list does not show the form, and the task depends on it.

        What a creation needs only one of the forms for, or a later run has to see, is refused here.
        """
        people = {number: _person(steps[number]) for number in creations}
        choosy = [number for number, person in people.items() if self._dialect.needs_one(person)]
        stated = [number for number, person in people.items() if self._rules.always and person.named]
        if self._dialect.known or not (choosy or stated):
            return
        # The form that names no publication is tried first, for the other one may be all that a server has.
        choosy.sort(key=lambda number: self._dialect.form_for(people[number]) != SEED)
        first = (choosy or stated)[0]
        tried = self._attempt(steps[first])
        self._check_publication(tried)
        try:
            check_steps(steps, self._dialect)
            if tried.action in (CREATED, UNCHANGED):
                self._check_lasting(people[first], tried)
        except AppliveryError as problem:
            problem.with_result(changed=tried.partly or tried.action == CREATED)
            raise
        if tried.action != FAILED or tried.partly:
            done[first] = tried

    def _check_lasting(self, person: Person, done: Done) -> None:
        """Take somebody off again whose entry a later run of the same task would be refused for, and say so."""
        found = tuple(listed(read) for read in of_person(search(self._api, person.sent), person.key))
        mine = tuple(entry for entry in found if entry.owner in (self._publication, None))
        reason = stay(person, mine, self._rules.always).refused
        if self._rules.exclusive and any(entry.owner is None for entry in mine):
            reason = "exclusive can't be kept: this server does not show which publication its OTP users belong to"
        if not reason:
            return
        idents = [entry.ident for entry in mine if entry.ident] if done.action == CREATED else []
        for ident in idents:
            self._api.delete(OTP_USERS, ident)
        if idents:
            self._admit.withdraw(person)
        raise InvalidInput(
            f"this server can't do what the task asks for: {reason}. It showed when {person.email} was let in, who was "
            "taken off the list again; nobody else was touched"
        )

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

    # Many at once -----------------------------------------------------------------------------------------------------

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
        verbs = {REMOVED: self._remove, UPDATED: self._update, CREATED: self._create}
        try:
            done = verbs[step.action](step)
        except AppliveryError as problem:
            return Done(FAILED, _first(step), problem.message, problem=problem)
        except Exception as bug:  # one person's failure stops nobody, whatever it is, and what was written is told
            unexpected = AppliveryError(f"unexpected {type(bug).__name__}; please report it")
            return Done(FAILED, _first(step), unexpected.message, problem=unexpected, partly=True)
        if done.action != FAILED:
            self._in_a_row[step.action] = 0
        return done

    def _note_failure(self, action: str, problem: AppliveryError) -> None:
        with self._lock:
            self._in_a_row[action] = self._in_a_row.get(action, 0) + 1 if _concerns_everybody(problem) else 0
            if self._in_a_row[action] >= _HOPELESS_AFTER:
                self._hopeless[action] = problem

    # Removing and updating --------------------------------------------------------------------------------------------

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
            problem.message = f"left the list meanwhile; running the task again decides anew. {problem.message}"
            raise
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
            done = foretold(step)
            return done if written else Done(UNCHANGED, _first(step), "was gone already")
        ident, first = failures[0]
        partly = bool(written) or any(_may_be_written(problem) for _ident, problem in failures)
        self._note_failure(step.action, first)
        if not written:
            return Done(FAILED, ident, first.message, problem=first, partly=partly)
        text = f"stands on the list {len(step.idents)} times, {written} of them {step.action}; {first.message}"
        return Done(FAILED, ident, text, problem=first, partly=True)

    # Creating ---------------------------------------------------------------------------------------------------------

    def _create(self, step: Step) -> Done:
        person = _person(step)
        asked = _Asked()
        self._admit.claim(person)
        try:
            done = self._create_in_its_form(person, asked)
        except AppliveryError as problem:
            if asked.settled:
                self._admit.withdraw(person)
            self._note_failure(CREATED, problem)
            return Done(FAILED, None, problem.message, problem=problem, partly=asked.uncertain)
        if done.action != FAILED:
            self._admit.confirm(person)
        return done

    def _create_in_its_form(self, person: Person, asked: _Asked) -> Done:
        form = self._dialect.form_for(person)
        try:
            return self._create_in(form, person, asked)
        except RequestFailed as problem:
            other = self._dialect.refused(form) if refuses_form(form, problem) else None
            if other is None:
                raise
        return self._create_in(other, person, asked)

    def _create_in(self, form: str, person: Person, asked: _Asked) -> Done:
        reason = self._dialect.why_not(form, person)
        if reason:
            raise InvalidInput(reason)
        if form == SEED:
            # It can't name the publication, so that a server would let people in though it does not exist.
            self._make_sure()

        def look_up() -> dict[str, Any] | None:
            asked.uncertain, asked.settled = True, False
            found = self._find(person, thoroughly=True)
            asked.settled = found is None
            return found

        try:
            data = self._api.create(OTP_USERS, body_of(form, person, self._publication), look_up)
        except RequestFailed as problem:
            if refuses_form(form, problem) or not _may_be_duplicate(problem):
                raise
            found = self._find_after(problem, person)
            self._dialect.accepted(form)
            # After an uncertain first attempt the one that is there now is most likely our own.
            return Done(CREATED if asked.uncertain else UNCHANGED, identity(found), "was on the list already")
        asked.uncertain, asked.settled = True, False
        self._dialect.accepted(form)
        return self._created(person, data)

    def _find_after(self, problem: RequestFailed, person: Person) -> dict[str, Any]:
        """Who is on the list under the address that was refused; the refusal itself where that explains nothing."""
        try:
            found = self._find(person)
        except AppliveryError:
            found = None
        if found is not None:
            return found
        other = self._roll.elsewhere.get(person.key)
        if other:
            problem.message = (
                f"is on the list of another publication ({other}), and this server seems to keep an address only once "
                f"per store: remove it there first. {problem.message}"
            )
        raise problem

    def _find(self, person: Person, thoroughly: bool = False) -> dict[str, Any] | None:
        """The user with exactly this address, of this publication or of one that is not shown.

        ``thoroughly``: before absence is concluded, the list is read without the server's filter.
        """
        for reads in (self._searched, self._whole_list) if thoroughly else (self._searched,):
            unsaid = None
            for read in of_person(reads(person), person.key):
                owner = publication_of(read)
                if owner == self._publication:
                    return read
                if owner is None:
                    unsaid = read
                else:
                    self._roll.elsewhere[person.key] = owner
            if unsaid is not None:
                return unsaid
        return None

    def _searched(self, person: Person) -> list[dict[str, Any]]:
        return search(self._api, person.sent)

    def _whole_list(self, _person: Person) -> list[dict[str, Any]]:
        return self._api.list_all(OTP_USERS)

    def _created(self, person: Person, data: Any) -> Done:
        read = _answered(data, person, self._publication)
        if read is None:
            try:
                read = self._find(person)
            except AppliveryError:
                read = None
        ident, owner = (None, None) if read is None else (identity(read), publication_of(read))
        if owner is None:
            # A server may drop the publication without a word.
            try:
                self._make_sure()
            except NoPublication as problem:
                text = f"the server put the address on the list of the store. {problem.message}"
                return Done(FAILED, ident, text, problem=problem, partly=True)
        elif owner != self._publication:
            text = f"the server put the address on the list of another publication ({owner})"
            return Done(FAILED, ident, text, partly=True)
        else:
            self._roll.proven = True
        if read is None:
            return Done(CREATED, None, "the server accepted the address, but does not show it yet")
        differs = _difference(person, read)
        return Done(CREATED, ident, differs, differs)


class _Asked:
    """What is known of one request to let somebody in.

    ``uncertain``: it may have been carried out. ``settled``: as far as can be seen, it was not.
    """

    def __init__(self) -> None:
        self.uncertain = False
        self.settled = True


def _answered(data: Any, person: Person, publication: str) -> dict[str, Any] | None:
    """The person in an answer that is an object or an array, and may hold other people too (fact sheet, C3)."""
    objects = [item for item in (data if isinstance(data, list) else [data]) if isinstance(item, dict)]
    fits = [item for item in objects if key_of(item) == person.key and identity(item)]
    mine = [item for item in fits if publication_of(item) == publication]
    unsaid = [item for item in fits if publication_of(item) is None]
    return next(iter(mine + unsaid + fits), None)


def _difference(person: Person, read: Mapping[str, Any]) -> str:
    """What the server shows instead of what was asked for, such as a field that it dropped without a word."""
    wish, shown = person.allowance, allowance_of(read)
    downloads = shown.downloads is not None and shown.downloads != wish.downloads
    temporal = None not in (shown.temporal, wish.temporal) and shown.temporal != wish.temporal
    return f"the server shows {shown.text()} instead of {wish.text()}" if downloads or temporal else ""


def _may_be_written(problem: AppliveryError) -> bool:
    """Whether a request about somebody on the list may have been carried out, in this attempt or an earlier one."""
    return isinstance(problem, AmbiguousWrite) or problem.failure["attempts"] > 1


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
        raise AppliveryError(f"nothing is known about {step.name}")
    return step.person


def _first(step: Step) -> str | None:
    return step.idents[0] if step.idents else None
