# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A year of nightly runs: who is invited once is let in once, whatever fails, is killed or runs twice at a time.

``APPLIVERY_FUZZ_NIGHTS`` says how many nights a year has here, ``APPLIVERY_FUZZ_SEED`` which year it is.
"""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._otp_user import ledger as ledger_module
from ansible_collections.applivery.distribution.tests.property.test_otp_worlds import run_once
from ansible_collections.applivery.distribution.tests.support.in_process import Killed
from ansible_collections.applivery.distribution.tests.support.otp_service import BETA, Service, Ways
from ansible_collections.applivery.distribution.tests.support.tasks import Ran

NIGHTS = int(os.environ.get("APPLIVERY_FUZZ_NIGHTS") or 40)
SEED = int(os.environ.get("APPLIVERY_FUZZ_SEED") or 1)
FAILING = 0.3
# How many requests of one run are on their way at a time, so that a kill leaves no more than so many in doubt.
AT_ONCE = 3


@dataclass
class Invited:
    """Somebody with an end, and with as many invitations as were sent so far."""

    email: str
    begins: int
    ends: int
    temporal: bool
    invitations: int = 1
    # Invitations that never reached anybody: the run was killed between writing down and sending.
    void: int = 0

    def element(self, service: Service, first: Any) -> dict[str, Any]:
        """As the list has it."""
        found: dict[str, Any] = {
            "email": self.email,
            "access_until": (first + timedelta(days=self.ends)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "invitation": str(self.invitations),
        }
        if service.ways.body == "seed":
            return {**found, "single_use": not self.temporal, "temporal": self.temporal}
        return {**found, "allowed_downloads": 1}


@dataclass
class Year:
    """The world of one year, and what is expected of it."""

    dice: random.Random
    service: Service
    ledger: Path
    testers: list[Invited]
    first: Any = None
    night: int = 0
    # How many people may be in doubt by now: those whose request a kill may have cut off.
    doubts: int = 0
    dead: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.first = self.service.now

    def options(self) -> dict[str, Any]:
        users = [tester.element(self.service, self.first) for tester in self.testers if tester.begins <= self.night]
        return {"users": users, "admit": "once", "ledger": str(self.ledger), "concurrency": AT_ONCE}

    def run(self, service: Service) -> Ran:
        return run_once(service, self.options())

    # Nights ---------------------------------------------------------------------------------------------------------

    def pass_night(self) -> None:
        """One run, two at once, or one that is killed and run again the next night."""
        self.dead.clear()
        self.service.fault = self._fault(kill=self.dice.randint(1, 4) if self.night % 10 == 9 else 0)
        self.service.full = self.dice.random() < 0.1
        if self.night % 20 == 19:
            self._two_at_once()
        else:
            try:
                self.run(self.service)
            except Killed:
                json.loads(self.ledger.read_text(encoding="utf-8"))

    def _fault(self, kill: int) -> Any:
        dice, left = random.Random(self.dice.random()), [kill]
        # Half of the kills hit a request that lets somebody in: the moment that matters.
        counted = dice.choice(["GET POST PUT DELETE", "POST"])
        lock = threading.Lock()

        def fault(method: str) -> str:
            with lock:
                if self.dead.is_set():
                    return "kill before"
                left[0] -= method in counted
                if kill and left[0] == 0:
                    self.dead.set()
                    self.doubts += 2 * AT_ONCE
                    return dice.choice(["kill before", "kill after"])
                if dice.random() >= FAILING:
                    return ""
                return dice.choice(["before", "busy"] if method == "GET" else ["before", "after", "busy"])

        return fault

    def _two_at_once(self) -> None:
        def work() -> None:
            with suppress(Killed):
                self.run(self.service)

        threads = [threading.Thread(target=work) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # Days -----------------------------------------------------------------------------------------------------------

    def pass_day(self) -> None:
        """Testers download; some are invited anew; a day goes by."""
        for ident in list(self.service.users):
            if self.dice.random() < 0.5:
                self.service.download(ident)
        admitted = Counter(email for email, _owner in self.service.admissions)
        for tester in self.testers:
            gone = tester.email not in self.service.on(BETA) + self.service.on(None)
            # Nobody is invited anew before the last invitation was served.
            gone = gone and admitted[tester.email] == tester.invitations - tester.void
            if gone and tester.begins < self.night < tester.ends and self.dice.random() < 0.15:
                tester.invitations += 1
        self.service.pass_day()
        self.night += 1

    def settle(self) -> Ran:
        """A run in which nothing fails, and a new invitation for whoever was named as not certain."""
        self.dead.clear()
        self.service.fault = lambda _method: ""
        self.service.full = False
        ran = self.run(self.service)
        admitted = Counter(email for email, _owner in self.service.admissions)
        for tester in self.testers:
            known = self.answer(tester.email, ran)
            if known is None or "may have been let in" not in known:
                continue
            self.doubts -= 1
            assert self.doubts >= 0, f"{tester.email} is in doubt, and no kill can be the reason"
            assert any(tester.email in text for text in ran.warnings), "nobody was told of a doubt"
            tester.void += tester.invitations - tester.void - admitted[tester.email]
            tester.invitations += 1
        self.doubts = 0
        return self.run(self.service)

    @staticmethod
    def answer(email: str, ran: Ran) -> str | None:
        return next((user["msg"] for user in ran.result["users"] if user["email"] == email), None)


def check(year: Year, ran: Ran) -> None:
    """For every person as many admissions as invitations; who may enter can, or has used it up; nobody else can."""
    assert ran.error is None, ran.error
    service = year.service
    admitted = Counter(email for email, _owner in service.admissions)
    there = Counter(service.on(BETA) + service.on(None))
    for tester in year.testers:
        if tester.begins > year.night:
            assert admitted[tester.email] == 0
            continue
        assert there[tester.email] <= 1
        if tester.ends <= year.night:
            assert not there[tester.email], f"night {year.night}: {tester.email} has access after the end"
            continue
        expected = tester.invitations - tester.void
        assert admitted[tester.email] == expected, (
            f"night {year.night}: {tester} was let in {admitted[tester.email]} times"
        )


WORLDS = {
    "downloads": Ways(unique="nowhere"),
    "store": Ways(unique="store", page=5, sort="ignored"),
    "seed": Ways(body="seed", items="seed", answer="object", unique="store"),
    "hidden": Ways(publication="hidden", filters="ignored", page=5),
}


@pytest.mark.parametrize("world", WORLDS)
def test_a_year_of_nights(world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(f"{world} {SEED}")
    testers = [
        Invited(
            f"tester{number}@x.example",
            begins := dice.randint(0, NIGHTS // 2),
            begins + dice.randint(5, NIGHTS),
            dice.random() < 0.5,
        )
        for number in range(20)
    ]
    year = Year(dice, Service(WORLDS[world]), tmp_path / "ledger.json", testers)
    replace = ledger_module._replace

    def replace_unless_dead(path: str, text: str) -> None:
        # Whatever a process would still like to do after a kill, it does not.
        if year.dead.is_set():
            raise Killed
        replace(path, text)

    monkeypatch.setattr(ledger_module, "_replace", replace_unless_dead)
    for night in range(NIGHTS):
        year.pass_night()
        if night % 5 == 4:
            check(year, year.settle())
        year.pass_day()
    year.night = 3 * NIGHTS
    year.service.now += timedelta(days=2 * NIGHTS)
    check(year, year.settle())
    assert year.service.on(BETA) + year.service.on(None) == []
    text = year.ledger.read_text(encoding="utf-8")
    assert "@" not in text
    assert "tester" not in text
