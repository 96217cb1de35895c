# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The two documented forms of creating an OTP user, and which of them a server speaks (fact sheet, C2).

The *reference* form has ``email``, ``allowedDownloadsNum`` and ``publishedApplicationId``, all required; the *seed*
form has ``email``, ``temporal`` and ``singleUse``. Neither can say all that the other can.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import RequestFailed
from .people import Person
from .resource import (
    DOWNLOADS,
    PUBLICATION,
    REFERENCE_ONLY,
    SEED_ONLY,
    SINGLE_USE,
    TEMPORAL,
    UNLIMITED,
)

REFERENCE = "reference"
SEED = "seed"
_OWN = {REFERENCE: REFERENCE_ONLY, SEED: SEED_ONLY}
_OTHER = {REFERENCE: SEED, SEED: REFERENCE}
# Words about a value rather than about a field that should not be there: the form itself was understood.
_ABOUT_VALUES = ("must be", "match", "valid", "less", "greater", "larger", "length", "empty", "exist", "found", "least")
_ABOUT_FIELDS = ("not allowed", "unknown", "unexpected", "unrecogni", "not permitted", "additional", "unsupported")


@dataclass
class Shown:
    """Which of the two forms the users on a server's list show."""

    reference: bool = False
    seed: bool = False

    def note(self, read: Mapping[str, Any]) -> None:
        """Take one user of the list into account."""
        self.reference = self.reference or any(name in read for name in REFERENCE_ONLY)
        self.seed = self.seed or any(name in read for name in SEED_ONLY)

    def only(self) -> str | None:
        """The form that is shown alone; None for both and for neither."""
        if self.reference == self.seed:
            return None
        return REFERENCE if self.reference else SEED


def why_not(form: str, person: Person) -> str | None:
    """What the form can't express of what is wished for a person, as a sentence; None where it can express all."""
    if form == REFERENCE and person.allowance.temporal is not None:
        return f"{TEMPORAL.option} can't be expressed: this server's users have {DOWNLOADS.name} instead"
    if form == SEED and person.allowance.downloads not in (1, UNLIMITED):
        return (
            f"{DOWNLOADS.option}: {person.allowance.downloads} can't be expressed: this server knows only "
            f"{SINGLE_USE.name}, which is one download or no limit"
        )
    return None


def body_of(form: str, person: Person, publication: str) -> dict[str, Any]:
    """The request that lets a person in. In the seed form nothing can name the publication."""
    if form == REFERENCE:
        return {"email": person.sent, DOWNLOADS.name: person.allowance.downloads, PUBLICATION.name: publication}
    body: dict[str, Any] = {"email": person.sent, SINGLE_USE.name: person.allowance.downloads == 1}
    if person.allowance.temporal is not None:
        body[TEMPORAL.name] = person.allowance.temporal
    return body


def refuses_form(form: str, problem: RequestFailed) -> bool:
    """Whether a refusal is about the form that was sent, not about a value in it.

    It is when it names a field that only the other form has, or says of a field of the sent form that it should not be
    there. A refused *value* of ``publishedApplicationId`` must never lead to the form that can't name a publication.
    """
    if not problem.body_refused:
        return False
    named = {entry["field"].rpartition(".")[2]: " ".join(entry["messages"]) for entry in problem.failure["fields"]}
    if not named:
        message = str(problem.failure["message"] or "")
        named = {name: message for name in (*REFERENCE_ONLY, *SEED_ONLY) if name in message}
    if any(name in named for name in _OWN[_OTHER[form]]):
        return True
    mine = [name for name in _OWN[form] if name in named]
    return len(mine) == len(_OWN[form]) or any(_should_not_be(name, named[name].lower()) for name in mine)


def _should_not_be(name: str, message: str) -> bool:
    if any(word in message for word in _ABOUT_FIELDS):
        return True
    return name != PUBLICATION.name and not any(word in message for word in _ABOUT_VALUES)


class Dialect:
    """The form to send, chosen for each person, and learnt once for all threads.

    The form that names the publication is taken unless somebody's wish needs the other; the list, and then the first
    answers, say which of them this server has. ``exclusive``: whoever is let in must show the publication afterwards,
    or a later run could tell nobody apart and would be refused.
    """

    def __init__(self, shown: Shown, exclusive: bool = False) -> None:
        self._lock = threading.Lock()
        self._shown = shown.only()
        self._exclusive = exclusive
        self._accepted: set[str] = set()
        self._refused: set[str] = set()

    @property
    def known(self) -> bool:
        """Whether the list shows users of one form alone, or a creation has told already."""
        return self._shown is not None or self.learnt

    @property
    def learnt(self) -> bool:
        """Whether a creation has told already."""
        return bool(self._accepted or self._refused)

    def form_for(self, person: Person) -> str:
        """The form in which to create a person."""
        with self._lock:
            if len(self._refused) == 1:
                return _OTHER[next(iter(self._refused))]
        if self._shown is not None:
            return self._shown
        return SEED if why_not(REFERENCE, person) and not why_not(SEED, person) else REFERENCE

    def why_not(self, form: str, person: Person) -> str | None:
        """Why a form can't be sent for a person in this task."""
        if form == SEED and self._exclusive:
            return (
                "exclusive can't be kept: this server's form of creating OTP users can't name a publication, so the "
                "next run could not tell who belongs to it"
            )
        return why_not(form, person)

    def why_refused(self, person: Person) -> str | None:
        """Why a person can't be let in as wished, as far as is known."""
        return self.why_not(self.form_for(person), person)

    def needs_one(self, person: Person) -> bool:
        """Whether only one of the forms will do for a person."""
        return any(self.why_not(form, person) for form in (REFERENCE, SEED))

    def accepted(self, form: str) -> None:
        """The server took a body in this form."""
        with self._lock:
            self._accepted.add(form)

    def refused(self, form: str) -> str | None:
        """The server refused this form: the one to try instead, or None where there is none left to try."""
        with self._lock:
            if form in self._accepted:
                return None
            self._refused.add(form)
            return _OTHER[form] if _OTHER[form] not in self._refused else None
