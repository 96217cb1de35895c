# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Whether somebody who is not on the list is let in: always, never, or once per invitation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .ledger import Ledger, Place
from .people import Person

ALWAYS, NEVER, ONCE = "always", "never", "once"
ADMIT_SPEC: dict[str, dict[str, Any]] = {
    "admit": {"type": "str", "choices": [ALWAYS, NEVER, ONCE], "default": ALWAYS},
    "ledger": {"type": "path"},
}


class Admit:
    """What one task says about letting people in, and what its ledger remembers.

    Without a ledger, or without a publication yet, nothing is remembered.
    """

    def __init__(self, admit: str, ledger: Ledger | None, place: Place | None, now: Callable[[], datetime]) -> None:
        self._admit = admit
        self._ledger = ledger if place is not None else None
        self._place = place or Place("", "", "")
        self._now = now

    @property
    def once(self) -> bool:
        """Whether access that ends by itself is not renewed."""
        return self._admit == ONCE

    def held(self, person: Person) -> str | None:
        """Why somebody who is missing is not let in; None to let in."""
        if self._admit == NEVER:
            return "is not on the list, and admit: never lets nobody in"
        if self._admit != ONCE or self._ledger is None:
            return None
        known = self._ledger.admission(self._place, person.key, person.invitation)
        if known is None:
            return None
        if known.pending:
            return (
                f"may have been let in on {known.last}, which counts; whether that request was carried out is unknown"
            )
        return f"was let in on {known.last}, access is used up or was ended"

    def doubtful(self, person: Person) -> bool:
        """Whether somebody counts as let in although that is not certain."""
        known = self._ledger.admission(self._place, person.key, person.invitation) if self._ledger else None
        return self.once and known is not None and known.pending

    # What becomes of a person, told while the task runs -----------------------------------------------------------

    def claim(self, person: Person) -> None:
        """A request to let the person in is about to be sent."""
        if self._ledger is not None:
            self._ledger.claim(self._place, person.key, person.invitation, self._now())

    def confirm(self, person: Person) -> None:
        """The person was let in."""
        if self._ledger is not None:
            self._ledger.confirm(self._place, person.key, person.invitation)

    def withdraw(self, person: Person) -> None:
        """The person was certainly not let in."""
        if self._ledger is not None:
            self._ledger.withdraw(self._place, person.key, person.invitation)

    def seen(self, person: Person) -> None:
        """The person is on the list, whoever let in."""
        if self._ledger is not None:
            self._ledger.seen(self._place, person.key, person.invitation, self._now())

    def save(self) -> None:
        """Bring the ledger's file up to date."""
        if self._ledger is not None:
            self._ledger.save()
