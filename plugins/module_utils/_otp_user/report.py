# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task about OTP users tells: warnings, counts, diff, and the summary of failures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .._core.errors import AppliveryError
from .dialect import SEED
from .people import Person, names
from .plan import (
    ACTIONS,
    CREATED,
    FAILED,
    REMOVED,
    UPDATED,
    Step,
    previous,
)
from .resource import UNLIMITED
from .write import Done

_MOST_FAILURES = 5
OTP_SWITCH = "Somebody on the list gets in only while OTP is switched on for the publication, in the dashboard."


def _people(emails: Sequence[str]) -> str:
    return f"{len(emails)} {'person' if len(emails) == 1 else 'people'} ({names(emails)})"


def warnings_of(
    steps: Sequence[Step], done: Sequence[Done], forms: Sequence[str | None], once: bool = False
) -> Iterator[str]:
    """What the person who runs the task should know; each warning once, however many people it concerns.

    ``forms`` are the forms in which people were created, None for everybody else. ``done`` is the plan in check mode.
    ``once``: access that ended by itself is not renewed.
    """
    yield from about_the_store(steps, done)
    twice = [step.name for step in steps if step.action != REMOVED and len(step.entries) > 1]
    if twice:
        yield f"{_people(twice)} stand on the list more than once; nothing was done about that"
    yield from _about_allowances(steps)
    unbound = [step.name for step, form in zip(steps, forms) if form == SEED]
    if unbound:
        yield (
            f"this server's form of creating OTP users can't name a publication: {_people(unbound)} are added to the "
            "list of the store, and whether that lets them into this publication is up to the server"
        )
    yield from _about_renewals(steps, done, forms, once)
    differs = [step.name for step, result in zip(steps, done) if result.differs]
    if differs:
        yield f"{names(differs)}: the server shows another allowance than it was sent; see users"


def _about_allowances(steps: Sequence[Step]) -> Iterator[str]:
    differing = [step for step in steps if step.gap.downloads or step.gap.temporal]
    left = [step.name for step in differing if not step.gap.why_kept]
    if left:
        yield (
            f"{_people(left)} on the list have another allowance than the task says; it is left as it is, since it "
            "may count down. update_allowance: always sets it"
        )
    kept = [step.name for step in differing if step.gap.why_kept]
    if kept:
        yield (
            f"{_people(kept)} on the list have another allowance than the task says; it is left as it is, and this "
            "server can't be asked to change it"
        )
    unseen = [step for step in steps if step.gap.unseen]
    if unseen:
        options = sorted({option for step in unseen for option in step.gap.unseen})
        yield (
            f"the server does not show {' and '.join(options)} of {_people([step.name for step in unseen])} on the "
            "list; whether it is as the task says can't be told, and it is left as it is"
        )


def about_the_store(steps: Sequence[Step], done: Sequence[Done]) -> Iterator[str]:
    """Who is on the list of the store, for the server shows no publication of theirs."""
    unproven = [
        (step, result) for step, result in zip(steps, done) if any(entry.owner is None for entry in step.entries)
    ]
    # Where only some entries of one person could be removed, those are gone from the store as well.
    removed = [step.name for step, result in unproven if step.action == REMOVED and wrote(result)]
    if removed:
        yield (
            f"the server does not show which publication its OTP users belong to: {_people(removed)} are removed from "
            "the whole store"
        )
    kept = [step.name for step, _result in unproven if step.action != REMOVED]
    if kept:
        yield (
            f"the server does not show which publication its OTP users belong to: {_people(kept)} are on the list of "
            "the store, which counts as being on the list of this publication"
        )


def wrote(result: Done) -> bool:
    """Whether something was, or may have been, written."""
    return result.partly or result.action in (CREATED, UPDATED, REMOVED)


def _about_renewals(
    steps: Sequence[Step], done: Sequence[Done], forms: Sequence[str | None], once: bool
) -> Iterator[str]:
    again = [
        step.name
        for step, form in zip(steps, forms)
        if step.person is not None and form is not None and _ends_by_itself(step.person, form)
    ]
    if again and not once:
        yield (
            f"{_people(again)} get access that ends by itself (after so many downloads, or after 30 days): every run "
            "after that gives it again. admit: once with a ledger lets each person in once"
        )
    limited = [
        step.name
        for step, result in zip(steps, done)
        if step.person is not None and result.action == UPDATED and step.person.allowance.downloads != UNLIMITED
    ]
    if limited:
        yield (
            f"{_people(limited)} get a new number of downloads: where downloads count down, every run gives it again. "
            "update_allowance: never leaves it as it is"
        )


def _ends_by_itself(person: Person, form: str) -> bool:
    # The server's own default of the seed form is to remove after 30 days (seed).
    temporal = person.allowance.temporal if form != SEED or person.allowance.temporal is not None else True
    return person.allowance.downloads != UNLIMITED or bool(temporal)


def outcomes(steps: Sequence[Step], done: Sequence[Done], publication: str | None) -> list[dict[str, Any]]:
    """Every person's outcome, as the task returns it."""
    return [outcome(step, result, publication) for step, result in zip(steps, done)]


def outcome(step: Step, result: Done, publication: str | None) -> dict[str, Any]:
    """One person's outcome. ``previous`` is what was taken away, also where only a part of it is certain."""
    taken = step.action in (REMOVED, UPDATED) and wrote(result)
    return {
        "email": step.email,
        "action": result.action,
        "id": result.ident,
        "msg": result.msg,
        "publication_id": publication,
        "previous": previous(step) if taken else None,
    }


def counts(done: Iterable[Done]) -> dict[str, int]:
    """How many people were created, updated, removed, left unchanged, or failed."""
    found = Counter(result.action for result in done)
    return {action: found[action] for action in ACTIONS}


def sentence(numbers: dict[str, int]) -> str:
    """The counts in words, with what being on a list does not do."""
    told = [f"{number} {action}" for action, number in numbers.items() if number] or ["nobody to see to"]
    return ", ".join(told) + ". " + OTP_SWITCH


def differences(publication: str, steps: Sequence[Step], done: Sequence[Done]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``before`` and ``after``: only the people that come, go or change, each with the allowance in words."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for step, result in zip(steps, done):
        if result.action != step.action:
            continue
        if step.before is not None:
            before[step.name] = step.before
        if step.after is not None:
            after[step.name] = step.after
    if not before and not after:
        return {}, {}
    return {"publication": publication, "users": before}, {"publication": publication, "users": after}


def failed(done: Sequence[Done], steps: Sequence[Step]) -> AppliveryError | None:
    """The error that ends a task in which somebody's turn failed; ``failure`` is that of the first."""
    problems = [(step.name, result) for step, result in zip(steps, done) if result.action == FAILED]
    if not problems:
        return None
    first = problems[0][1]
    others = ", the others are done" if len(problems) < len(done) else ""
    text = "; ".join(f"{name}: {result.msg}" for name, result in problems[:_MOST_FAILURES])
    more = f"; and {len(problems) - _MOST_FAILURES} more, see users" if len(problems) > _MOST_FAILURES else ""
    return AppliveryError(
        f"{len(problems)} of {len(done)} people failed{others}. Running the task again tries only what is not done. "
        f"{text}{more}",
        first.problem.failure if first.problem else None,
    )
