# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A whole task about OTP users: read the list once, plan, refuse what can't be, write what differs, tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._api.client import Api
from .._core.errors import AppliveryError, InvalidInput
from .._core.fields import is_id
from .._core.task import Definition, Needs, Outcome, Task
from .._publication.find import find_by_id, find_id_by_slug
from .dialect import Dialect
from .people import PEOPLE_SPEC, Person, people_of
from .plan import (
    CREATED,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Roll,
    Step,
    plan,
    read_roll,
)
from .report import (
    counts,
    differences,
    failed,
    names,
    outcomes,
    sentence,
    warnings_of,
)
from .write import Done, Writer

_MOST_WORKERS = 32
SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "publication": {"type": "str", "required": True},
    **PEOPLE_SPEC,
    "exclusive": {"type": "bool", "default": False},
    "allow_empty": {"type": "bool", "default": False},
    "update_allowance": {"type": "str", "choices": ["never", "always"], "default": "never"},
    "concurrency": {"type": "int", "default": 8},
}
CONSTRAINTS: dict[str, Any] = {"required_one_of": [("emails", "users")]}


def needs(params: Mapping[str, Any]) -> Needs:
    """OTP users exist only in the Workspace API; each concurrent request wants a connection of its own."""
    return Needs(workspace_only="OTP users", pool=min(max(params["concurrency"], 1), _MOST_WORKERS))


def run(task: Task[Api]) -> Outcome:
    """Bring the list of a publication to what the task says; see the module's documentation."""
    return _Run(task).run()


class _Run:
    def __init__(self, task: Task[Api]) -> None:
        self._task = task
        self._absent = task.params["state"] == "absent"
        self._exclusive = bool(task.params["exclusive"])
        given = str(task.params["publication"])
        # Ids come in lower case from the server, and are compared and sent as such.
        self._given = given.lower() if is_id(given) else given
        self._people = people_of(task.params)
        _check(task.params, self._people)

    def run(self) -> Outcome:
        task = self._task
        publication = self._given if is_id(self._given) else find_id_by_slug(task.api, self._given, task.warn)
        if publication is None and not self._may_go_on():
            return self._nothing_to_remove()
        wanted = {person.key for person in self._people}
        roll = read_roll(task.api, publication, wanted, self._exclusive)
        # A slug was found, or is missing in check mode.
        roll.proven = roll.proven or not is_id(self._given)
        steps = self._plan(roll)
        dialect = Dialect(roll.shown, [step.person for step in steps if step.person and step.action == CREATED])
        self._refuse(steps, roll, dialect)
        if not self._exists(publication, roll, steps):
            return self._nothing_to_remove()
        if task.check_mode or publication is None:
            done = [Done(step.action, step.idents[0] if step.idents else None, step.msg) for step in steps]
        else:
            done = Writer(task.api, publication, roll, dialect, task.params["concurrency"]).carry_out(steps)
        self._warn(steps, roll, dialect, done)
        return self._outcome(publication, steps, done)

    def _plan(self, roll: Roll) -> list[Step]:
        always = self._task.params["update_allowance"] == "always"
        # The clock is asked after the list, since the server's date counts too.
        return plan(self._people, roll, self._task.api.now(), self._absent, self._exclusive, always)

    # Whether the publication is there ---------------------------------------------------------------------------

    def _may_go_on(self) -> bool:
        """Whether to go on without the publication: only in check mode, for an earlier task may create it."""
        if self._absent:
            return False
        if not self._task.check_mode:
            raise AppliveryError(f"publication: there is no publication with the slug {self._given} in this store")
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
        if self._absent:
            return False
        if not self._task.check_mode:
            raise AppliveryError(f"publication: there is no publication {publication} in this store")
        self._warn_missing()
        return True

    def _needs_proof(self, steps: Sequence[Step]) -> bool:
        """Whether a wrong id could go unnoticed, or be noticed too late."""
        actions = {step.action for step in steps}
        if self._absent or actions & {REMOVED, UPDATED}:
            return True
        if CREATED in actions:
            # A real creation tells by itself.
            return self._task.check_mode
        # Nobody to remove: from the right list, or from none at all?
        return self._exclusive or any(step.person is None for step in steps)

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
        return self._outcome(None, steps, [Done(UNCHANGED, None, step.msg) for step in steps])

    # What can't be ----------------------------------------------------------------------------------------------

    def _refuse(self, steps: Sequence[Step], roll: Roll, dialect: Dialect) -> None:
        """Refuse the whole task before any write, in check mode too."""
        if self._exclusive and roll.hidden:
            raise AppliveryError(
                f"exclusive: {roll.hidden} of the OTP users in this store do not show which publication they belong "
                "to, so removing everybody else could reach the testers of other publications. Nothing was written. "
                "Name who is to leave with state: absent"
            )
        reasons: dict[str, list[str]] = {}
        for step in steps:
            person = step.person
            reason = step.refused or (step.action == CREATED and person and dialect.why_refused(person)) or ""
            if reason:
                reasons.setdefault(reason, []).append(step.email)
        if reasons:
            told = "; ".join(f"{names(emails)}: {reason}" for reason, emails in reasons.items())
            raise InvalidInput(f"this server can't do what the task asks for, nothing was written. {told}")

    # How it ends ------------------------------------------------------------------------------------------------

    def _warn(self, steps: Sequence[Step], roll: Roll, dialect: Dialect, done: Sequence[Done]) -> None:
        forms = [
            dialect.form_for(step.person) if step.person and result.action == CREATED else None
            for step, result in zip(steps, done)
        ]
        for text in warnings_of(steps, done, roll, forms):
            self._task.warn(text)
        if self._exclusive and roll.nobodys:
            self._task.warn(
                f"exclusive: {roll.nobodys} of the OTP users in this store belong to no publication, and stay where "
                "they are; whether that lets them into this one is up to the server"
            )
        if self._task.check_mode:
            self._warn_of_other_lists(steps, roll)
        differs = [step.email for step, result in zip(steps, done) if result.differs]
        if differs:
            self._task.warn(f"{names(differs)}: the server shows another allowance than it was sent; see users")

    def _warn_of_other_lists(self, steps: Sequence[Step], roll: Roll) -> None:
        coming = [step for step in steps if step.action == CREATED]
        for where, known in (("another publication", roll.elsewhere), ("the store, of no publication", roll.loose)):
            emails = [step.email for step in coming if step.key in known]
            if emails:
                self._task.warn(
                    f"on the list of {where}: {names(emails)}. A server that keeps an address only once per store will "
                    "refuse them"
                )

    def _outcome(self, publication: str | None, steps: Sequence[Step], done: Sequence[Done]) -> Outcome:
        numbers = counts(done)
        before, after = differences(self._given, steps, done)
        result: dict[str, Any] = {
            "users": outcomes(steps, done),
            "counts": numbers,
            "publication_id": publication,
        }
        error = failed(done, steps)
        if error is None:
            result["msg"] = sentence(numbers)
        return Outcome(
            changed=any(result.partly or result.action in (CREATED, UPDATED, REMOVED) for result in done),
            result=result,
            before=before,
            after=after,
            title=f"OTP users of {self._given}",
            error=error,
        )


def _check(params: Mapping[str, Any], people: Sequence[Person]) -> None:
    """Refuse, before the first request, options that contradict each other or reach too far."""
    if not 1 <= params["concurrency"] <= _MOST_WORKERS:
        raise InvalidInput(
            f"concurrency: {params['concurrency']} is not possible; it must be from 1 to {_MOST_WORKERS}"
        )
    if params["exclusive"] and params["state"] == "absent":
        raise InvalidInput("exclusive: it goes only with state: present, where it removes whom the task does not name")
    if params["exclusive"] and not people and not params["allow_empty"]:
        raise InvalidInput("exclusive: nobody is named, so everybody would be removed; allow_empty: true allows that")
    _check_publication(str(params["publication"]))


def _check_publication(text: str) -> None:
    # The pattern of the reference and of a client, with upper case though the guide knows only lower (C11).
    if not re.match(r"\A[A-Za-z0-9][A-Za-z0-9-]*\Z", text):
        raise InvalidInput(f"publication: {text!r} is neither a slug nor an id")


DEFINITION = Definition(SPEC, run, needs, CONSTRAINTS)
