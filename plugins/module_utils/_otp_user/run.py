# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A whole task about OTP users: read the list once, plan, refuse what can't be, write what differs, tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .._api.client import Api
from .._core.concurrency import CONCURRENCY_SPEC, pool_of, workers_of
from .._core.errors import AppliveryError
from .._core.fields import is_id
from .._core.task import Definition, Needs, Outcome, Task
from .._publication.find import find_by_id, find_id_by_slug
from .admit import ADMIT_SPEC, NEVER, Admit
from .check import check_options, check_plan
from .dialect import Dialect
from .ends import run_ends
from .ledger import Ledger, Place, opened, read_ledger
from .people import PEOPLE_SPEC, Person, names, people_of
from .plan import (
    CREATED,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Rules,
    Step,
    plan,
)
from .quiet import quietly
from .report import (
    counts,
    differences,
    failed,
    outcomes,
    sentence,
    warnings_of,
    wrote,
)
from .resource import OTP_USERS
from .roll import Roll, read_roll
from .write import Done, Writer, foretold

SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "publication": {"type": "str"},
    "publications": {"type": "list", "elements": "str"},
    "everywhere": {"type": "bool", "default": False},
    "strict": {"type": "bool", "default": False},
    **PEOPLE_SPEC,
    **ADMIT_SPEC,
    "exclusive": {"type": "bool", "default": False},
    "allow_empty": {"type": "bool", "default": False},
    "max_removals": {"type": "str"},
    "update_allowance": {"type": "str", "choices": ["never", "always"], "default": "never"},
    **CONCURRENCY_SPEC,
    "quiet": {"type": "bool", "default": False},
}
CONSTRAINTS: dict[str, Any] = {"required_one_of": [("emails", "users")]}


def needs(params: Mapping[str, Any]) -> Needs:
    """OTP users exist only in the Workspace API; each concurrent request wants a connection of its own."""
    return Needs(workspace_only="OTP users", pool=pool_of(params))


def run(task: Task[Api]) -> Outcome:
    """Bring the list of a publication to what the task says; see the module's documentation."""
    return quietly(task, _run) if task.params["quiet"] else _run(task)


def _run(task: Task[Api]) -> Outcome:
    people = people_of(task.params)
    check_options(task.params, people)
    if task.params["publications"] or task.params["everywhere"] or task.params["strict"]:
        return run_ends(task, people)
    with _ledger_of(task) as ledger:
        return _Run(task, people, ledger).run()


@contextmanager
def _ledger_of(task: Task[Api]) -> Iterator[Ledger | None]:
    """The ledger, read before anything is sent; a run that writes is alone with it until its end."""
    path = task.params["ledger"]
    if not path or task.params["admit"] == NEVER or task.params["state"] == "absent":
        yield None
    elif task.check_mode:
        yield read_ledger(path)
    else:
        with opened(path) as ledger:
            if ledger.is_new:
                task.warn(f"ledger: {path} is begun now: whoever is not on the list counts as never let in before")
            yield ledger


class _Run:
    def __init__(self, task: Task[Api], people: Sequence[Person], ledger: Ledger | None) -> None:
        self._task = task
        self._people = people
        self._ledger = ledger
        given = str(task.params["publication"])
        # Ids come in lower case from the server, and are compared and sent as such.
        self._given = given.lower() if is_id(given) else given

    def run(self) -> Outcome:
        task = self._task
        publication = self._publication_id()
        if publication is None and not self._may_go_on(f"with the slug {self._given}"):
            return self._nothing_to_remove()
        roll = self._roll(publication)
        admit = Admit(task.params["admit"], self._ledger, self._place(publication), task.api.now)
        rules = self._rules(admit)
        # The clock is asked after the list, since the server's date counts too.
        steps = plan(self._people, roll, task.api.now(), rules)
        dialect = Dialect(roll.shown, rules.exclusive)
        check_plan(steps, roll, dialect, task.params)
        if not self._exists(publication, roll, steps):
            return self._nothing_to_remove()
        if task.check_mode or publication is None:
            done = [foretold(step) for step in steps]
        else:
            done = self._written(
                steps, Writer(task.api, publication, roll, dialect, admit, rules, self._workers), admit
            )
        self._warn(steps, roll, dialect, done, admit)
        return self._outcome(publication, steps, done)

    @property
    def _workers(self) -> int:
        return workers_of(self._task.params)

    def _rules(self, admit: Admit) -> Rules:
        params = self._task.params
        always = params["update_allowance"] == "always"
        return Rules(params["state"] == "absent", params["exclusive"], always, admit.held)

    def _roll(self, publication: str | None) -> Roll:
        wanted = {person.key: person.sent for person in self._people}
        roll = read_roll(self._task.api, publication or "", wanted, self._task.params["exclusive"], self._workers)
        # A slug was found, or is missing in check mode.
        roll.proven = roll.proven or not is_id(self._given)
        return roll

    def _written(self, steps: Sequence[Step], writer: Writer, admit: Admit) -> list[Done]:
        for step in steps:
            if step.person is not None and step.entries:
                admit.seen(step.person)
        try:
            return writer.carry_out(steps)
        finally:
            self._save(admit)

    def _save(self, admit: Admit) -> None:
        try:
            admit.save()
        except AppliveryError as problem:
            # All that was sent stands in the ledger already, as not certain.
            self._task.warn(problem.message)

    # Whether the publication is there ---------------------------------------------------------------------------------

    def _publication_id(self) -> str | None:
        if is_id(self._given):
            return self._given
        found = find_id_by_slug(self._task.api, self._given, self._task.warn)
        return found.lower() if found else None

    def _place(self, publication: str | None) -> Place | None:
        if self._ledger is None or publication is None:
            return None
        _word, organization, _word, store, _word = self._task.api.path(OTP_USERS).split("/")
        return Place(organization.lower(), store.lower(), publication)

    def _may_go_on(self, named: str) -> bool:
        """Whether to go on without the publication: only in check mode, for an earlier task may create it."""
        if self._task.params["state"] == "absent":
            return False
        if not self._task.check_mode:
            raise AppliveryError(f"publication: there is no publication {named} in this store")
        self._warn_missing()
        return True

    def _exists(self, publication: str | None, roll: Roll, steps: Sequence[Step]) -> bool:
        """False when nothing may be removed because there is no such publication.

        An id is looked up only where nothing else tells whether it is right.
        """
        if publication is None or roll.proven or not self._needs_proof(steps):
            return True
        if find_by_id(self._task.api, publication) is not None:
            roll.proven = True
            return True
        return self._may_go_on(publication)

    def _needs_proof(self, steps: Sequence[Step]) -> bool:
        """Whether a wrong id could go unnoticed, or be noticed too late."""
        actions = {step.action for step in steps}
        if self._task.params["state"] == "absent" or actions & {REMOVED, UPDATED}:
            return True
        if CREATED in actions:
            # A real creation tells by itself.
            return self._task.check_mode
        # Nobody to remove: from the right list, or from none at all?
        return self._task.params["exclusive"] or any(step.person is None for step in steps)

    def _warn_missing(self) -> None:
        self._task.warn(
            f"publication {self._given} was not found. If an earlier task creates it, this is what happens then; "
            "otherwise the task will fail"
        )

    def _nothing_to_remove(self) -> Outcome:
        self._task.warn(f"publication {self._given} was not found, so there is nobody to remove; look at its name")
        steps = [
            Step(UNCHANGED, person.key, person.email, msg="there is no such publication") for person in self._people
        ]
        return self._outcome(None, steps, [foretold(step) for step in steps])

    # How it ends ------------------------------------------------------------------------------------------------------

    def _warn(self, steps: Sequence[Step], roll: Roll, dialect: Dialect, done: Sequence[Done], admit: Admit) -> None:
        forms = [
            dialect.form_for(step.person) if step.person and result.action == CREATED else None
            for step, result in zip(steps, done)
        ]
        for text in warnings_of(steps, done, forms, admit.once):
            self._task.warn(text)
        missing = {step.key for step in steps if not step.entries}
        now = self._task.api.now()
        doubtful = [
            person.email
            for person in self._people
            if person.key in missing and person.wanted(now) and admit.doubtful(person)
        ]
        if doubtful:
            self._task.warn(
                f"{names(doubtful)}: whether they were let in is not known, and counts as if they were; another "
                "invitation lets them in"
            )
        if self._task.check_mode:
            self._warn_of_the_real_run(steps, roll, dialect)

    def _warn_of_the_real_run(self, steps: Sequence[Step], roll: Roll, dialect: Dialect) -> None:
        coming = [step for step in steps if step.action == CREATED]
        emails = [step.name for step in coming if step.key in roll.elsewhere]
        if emails:
            self._task.warn(
                f"on the list of another publication: {names(emails)}. A server that keeps an address only once per "
                "store will refuse them"
            )
        if coming and self._task.params["exclusive"] and not dialect.known:
            self._task.warn(
                "exclusive: whether this server shows which publication its OTP users belong to is seen only when the "
                "first of them is let in; if it does not, the task will be refused then"
            )

    def _outcome(self, publication: str | None, steps: Sequence[Step], done: Sequence[Done]) -> Outcome:
        numbers = counts(done)
        before, after = differences(self._given, steps, done)
        result: dict[str, Any] = {
            "users": outcomes(steps, done, publication),
            "counts": numbers,
            "publication_id": publication,
        }
        error = failed(done, steps)
        if error is None:
            result["msg"] = sentence(numbers)
        return Outcome(
            changed=any(map(wrote, done)),
            result=result,
            before=before,
            after=after,
            title=f"OTP users of {self._given}",
            error=error,
        )


DEFINITION = Definition(SPEC, run, needs, CONSTRAINTS)
