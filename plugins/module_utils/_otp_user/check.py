# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task about OTP users is refused for: its own options before the first request, its plan before any write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.concurrency import workers_of
from .._core.errors import AppliveryError, InvalidInput
from .admit import NEVER, ONCE
from .dialect import Dialect
from .people import Person, names
from .plan import CREATED, REMOVED, Step
from .roll import Roll

# More than these are removed only where the task says so: a list read by mistake is nearly empty.
_USUAL_SHARE, _ALWAYS_ALLOWED = 50, 5
_MOST_REMOVED_NAMES = 10


def check_options(params: Mapping[str, Any], people: Sequence[Person]) -> None:
    """Refuse, before the first request, options that contradict each other or reach too far."""
    workers_of(params)
    if params["exclusive"] and params["state"] == "absent":
        raise InvalidInput("exclusive: it goes only with state: present, where it removes whom the task does not name")
    if params["exclusive"] and not people and not params["allow_empty"]:
        raise InvalidInput("exclusive: nobody is named, so everybody would be removed; allow_empty: true allows that")
    most_removals(params["max_removals"], 0)
    if params["admit"] == ONCE and not params["ledger"]:
        raise InvalidInput("admit: once needs ledger, a file on this machine that remembers who was let in")
    _check_where(params)


def _check_where(params: Mapping[str, Any]) -> None:
    """One publication, or several where people only leave."""
    ways = [option for option in ("publication", "publications", "everywhere") if params[option]]
    if len(ways) != 1:
        given = " and ".join(ways) or "nothing"
        raise InvalidInput(f"publication: say where by one of publication, publications and everywhere, not by {given}")
    only_ends = params["state"] == "absent" or (params["admit"] == NEVER and not params["exclusive"])
    if ways != ["publication"] and not only_ends:
        raise InvalidInput(f"{ways[0]}: it goes only with state: absent, or with admit: never and without exclusive")
    if params["strict"] and params["state"] != "absent":
        raise InvalidInput("strict: it goes only with state: absent")
    for text in [params["publication"]] if params["publication"] else params["publications"] or []:
        # The pattern of the reference and of a client, with upper case though the guide knows only lower (C11).
        if not re.match(r"\A[A-Za-z0-9][A-Za-z0-9-]*\Z", str(text)):
            raise InvalidInput(f"{ways[0]}: {text!r} is neither a slug nor an id")


def most_removals(given: str | None, people: int) -> int:
    """How many of so many people ``exclusive`` may remove: a number, or a percentage rounded down."""
    if given is None or not given.strip():
        return max(_ALWAYS_ALLOWED, people * _USUAL_SHARE // 100)
    match = re.match(r"\A\s*([0-9]{1,9})\s*(%?)\s*\Z", given, re.ASCII)
    if not match or (match[2] and int(match[1]) > 100):
        raise InvalidInput(f"max_removals: {given!r} is neither a number of people nor a percentage such as 20%")
    return people * int(match[1]) // 100 if match[2] else int(match[1])


def check_plan(steps: Sequence[Step], roll: Roll, dialect: Dialect, params: Mapping[str, Any]) -> None:
    """Refuse the whole task before any write, in check mode too."""
    if params["exclusive"]:
        _check_exclusive(steps, roll, params["max_removals"])
    check_steps(steps, dialect)


def check_steps(steps: Sequence[Step], dialect: Dialect) -> None:
    """Refuse what this server can't do for somebody, as far as its list and its answers have told."""
    reasons: dict[str, list[str]] = {}
    for step in steps:
        person = step.person
        reason = step.refused or (step.action == CREATED and person and dialect.why_refused(person)) or ""
        if reason:
            reasons.setdefault(reason, []).append(step.name)
    if reasons:
        told = "; ".join(f"{names(emails)}: {reason}" for reason, emails in reasons.items())
        raise InvalidInput(f"this server can't do what the task asks for, nothing was written. {told}")


def _check_exclusive(steps: Sequence[Step], roll: Roll, given: str | None) -> None:
    if roll.hidden:
        raise AppliveryError(
            f"exclusive: {roll.hidden} of the OTP users in this store do not show which publication they belong "
            "to, so removing everybody else could reach the testers of other publications. Nothing was written. "
            "Name who is to leave with state: absent"
        )
    unnamed = [step.name for step in steps if step.action == REMOVED and step.unnamed]
    most = most_removals(given, roll.people)
    if len(unnamed) > most:
        raise AppliveryError(
            f"exclusive: {len(unnamed)} of {roll.people} people on the list are not named by the task, and "
            f"max_removals allows to remove {most}. Nothing was written. Look whether the list of the task is whole; "
            f"max_removals: {len(unnamed)} removes them: {names(unnamed, _MOST_REMOVED_NAMES)}"
        )
