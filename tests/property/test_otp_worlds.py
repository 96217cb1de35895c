# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random people in random worlds, with faults at random places and a list that changes under the reader.

``APPLIVERY_FUZZ_CASES`` says how many cases run, ``APPLIVERY_FUZZ_SEED`` at which one they begin: a violation names the
seed of its case, and that seed with one case repeats it.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.otp_service import BETA, PROD, Service, Ways
from ansible_collections.applivery.distribution.tests.support.properties import each_case
from ansible_collections.applivery.distribution.tests.support.tasks import Ran, filled

CASES = int(os.environ.get("APPLIVERY_FUZZ_CASES") or 300)
FIRST = int(os.environ.get("APPLIVERY_FUZZ_SEED") or 1)
NAMES = [f"{name}@x.example" for name in ("ana", "anna", "ben", "carl", "dora", "emil", "zoe")]
UNLISTED = [f"crowd{number}@x.example" for number in range(12)]


def run_once(service: Service, options: Mapping[str, Any], *, check: bool = False, publication: str = BETA) -> Ran:
    """Run the task in-process; only an AppliveryError is an ending, everything else is a defect."""
    warnings: list[str] = []
    given = filled(SPEC, {"publication": publication, **options})
    try:
        outcome = run(Task(given, service.api(warnings.append), check, warnings.append))
    except AppliveryError as problem:
        outcome = Outcome(changed=bool(problem.result.get("changed")), result=problem.result, error=problem)
    assert "unexpected" not in str(outcome.error)
    return Ran(outcome, warnings, outcome.error)


# Cases --------------------------------------------------------------------------------------------------------------


def spelled(dice: random.Random, email: str) -> str:
    return email.capitalize() if dice.random() < 0.3 else email


def ways(dice: random.Random) -> Ways:
    return Ways(
        body=dice.choice(["reference", "reference", "seed", "either"]),
        items=dice.choice(["reference", "reference", "seed", "both"]),
        publication=dice.choice(["shown", "shown", "object", "hidden", "null"]),
        answer=dice.choice(["array", "object"]),
        unique=dice.choice(["publication", "store", "nowhere"]),
        filters=dice.choice(["honoured", "ignored", "refused"]),
        sort=dice.choice(["honoured", "ignored", "refused"]),
        envelope=dice.choice(["docs", "docs", "bare"]),
        page=dice.choice([3, 5, 500]),
        lowered=dice.random() < 0.3,
        seats=dice.choice([10_000, 10_000, 10]),
    )


def populated(dice: random.Random, chosen: Ways) -> Service:
    service = Service(chosen)
    owners = [BETA, PROD] if chosen.body != "seed" and dice.random() < 0.8 else [BETA, PROD, None]
    taken = set()
    there = dice.sample(NAMES, dice.randint(0, 5)) + dice.sample(UNLISTED, dice.choice([0, 4, 8]))
    dice.shuffle(there)
    for email in there:
        for owner in dice.sample(owners, dice.choice([1, 1, 2])):
            if (email if chosen.unique == "store" else (email, owner)) in taken:
                continue
            taken.update({email, (email, owner)})
            service.add(spelled(dice, email), owner, allowedDownloadsNum=dice.choice([-1, 1, 2, 0]))
    return service


def wish(dice: random.Random, email: str) -> dict[str, Any]:
    found: dict[str, Any] = {"email": spelled(dice, email)}
    if dice.random() < 0.4:
        found.update(dice.choice([{"allowed_downloads": 5}, {"allowed_downloads": 1}, {"single_use": False}]))
    if dice.random() < 0.2:
        found["temporal"] = dice.random() < 0.5
    if dice.random() < 0.3:
        found["access_until"] = dice.choice(["2020-01-01", "2099-01-01"])
    return found


def task(dice: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {"users": [wish(dice, email) for email in dice.sample(NAMES, dice.randint(0, 5))]}
    kind = dice.choice(["present", "absent", "exclusive", "exclusive", "always", "never"])
    if kind == "absent":
        options["state"] = "absent"
    elif kind == "exclusive":
        options.update(exclusive=True, allow_empty=True, max_removals=dice.choice([None, "100%", "2"]))
    elif kind == "always":
        options["update_allowance"] = "always"
    elif kind == "never":
        options["admit"] = "never"
    return options


def faulty(dice: random.Random, share: float) -> Callable[[str], str]:
    def fault(method: str) -> str:
        if dice.random() >= share:
            return ""
        return dice.choice(["before", "after", "busy"] if method != "GET" else ["before", "busy"])

    return fault


def restless(dice: random.Random, service: Service) -> Callable[[], None]:
    """One leaves and one comes between two pages; nobody of those whom a task names."""

    def change() -> None:
        crowd = [ident for ident, user in service.users.items() if user["email"].lower() in UNLISTED]
        if crowd:
            gone = service.users.pop(crowd[0])
            service.add(gone["email"], gone["publishedApplicationId"])

    return change if dice.random() < 0.5 else lambda: None


# What must hold -----------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What a store looks like."""

    users: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, service: Service) -> Seen:
        return cls({ident: dict(user) for ident, user in service.users.items()})

    def foreign(self) -> dict[str, Any]:
        return {ident: user for ident, user in self.users.items() if user["publishedApplicationId"] == PROD}

    def entries(self, email: str, *owners: str | None) -> list[dict[str, Any]]:
        return [
            user
            for user in self.users.values()
            if user["email"].lower() == email.lower() and user["publishedApplicationId"] in owners
        ]


def shows_publications(service: Service) -> bool:
    return service.ways.publication in ("shown", "object") and service.ways.items != "seed"


def never_twice(service: Service, before: Seen) -> None:
    """Nobody is let in twice: no two entries of one person in one place that the task made."""
    made = Counter(
        (user["email"].lower(), user["publishedApplicationId"])
        for ident, user in service.users.items()
        if ident not in before.users and user["email"].lower() in NAMES
    )
    assert [pair for pair, number in made.items() if number > 1] == []
    assert [pair for pair in made if before.entries(*pair)] == []


def reaches_nobody_else(service: Service, before: Seen, options: Mapping[str, Any]) -> None:
    after = Seen.of(service)
    named = {user["email"].lower() for user in options["users"]}
    for ident, user in before.foreign().items():
        email = user["email"].lower()
        if email not in UNLISTED and (shows_publications(service) or email not in named):
            assert after.users.get(ident) == user, "somebody of another publication was touched"


def is_as_wished(service: Service, ran: Ran, options: Mapping[str, Any]) -> None:
    """What a success claims is so: who is wanted is there, who is not wanted is gone, each outcome is true."""
    after = Seen.of(service)
    owners = (BETA, None) if shows_publications(service) else (BETA, PROD, None)
    for user in options["users"]:
        there = bool(after.entries(user["email"], *owners))
        wanted = options.get("state") != "absent" and user.get("access_until") != "2020-01-01"
        if not wanted:
            assert not there, "somebody who is not wanted is still there"
        elif options.get("admit") != "never":
            assert there, "somebody who is wanted is not there"
    for told in ran.result["users"]:
        if told["action"] == "created":
            assert told["id"] in after.users
        if told["action"] == "removed":
            assert told["id"] not in after.users


def as_it_was_or_names_the_publication(service: Service, before: Seen, options: Mapping[str, Any]) -> None:
    """Whoever states nothing is left as they are; whoever comes is named to the publication where that can be said."""
    for user in options["users"]:
        said = {"allowed_downloads", "single_use"} & set(user)
        for entry in Seen.of(service).entries(user["email"], BETA, None):
            was = before.users.get(entry["id"])
            if was is not None:
                assert said or was == entry, "an allowance changed that the task does not speak of"
            elif service.ways.body == "either" and service.ways.items != "seed" and "temporal" not in user:
                assert entry["publishedApplicationId"] == BETA, "let in without the publication"


def tells_changes(service: Service, before: Seen, ran: Ran, writes: int) -> None:
    named = {ident: user for ident, user in service.users.items() if user["email"].lower() not in UNLISTED}
    then = {ident: user for ident, user in before.users.items() if user["email"].lower() not in UNLISTED}
    if named != then:
        assert ran.changed, "something was written and not told"
    if service.writes == writes and not ran.error:
        assert not ran.changed, "told a change without a write"


def short(ran: Ran) -> dict[str, Any]:
    # What the server makes of a creation is its own affair: an id, and an allowance that it shows in other words.
    made = {"id": None, "msg": ""}
    users = [{**user, **(made if user["action"] == "created" else {})} for user in ran.result["users"]]
    return {"changed": ran.changed, "before": ran.outcome.before, "after": ran.outcome.after, "users": users}


def quiet_case(dice: random.Random) -> None:
    """No faults: check tells the truth, twice is once, what is refused is refused with nothing written."""
    service, options = populated(dice, ways(dice)), task(dice)
    before = Seen.of(service)
    foretold = run_once(service, options, check=True)
    assert service.writes == 0
    ran = run_once(service, options)
    never_twice(service, before)
    reaches_nobody_else(service, before, options)
    tells_changes(service, before, ran, 0)
    as_it_was_or_names_the_publication(service, before, options)
    if foretold.error is not None:
        assert ran.error is not None
        assert ran.error.message == foretold.error.message
        assert service.writes == 0
        return
    if ran.error is not None:
        explained(service, ran, options)
        return
    assert short(ran) == short(foretold)
    is_as_wished(service, ran, options)
    writes = service.writes
    again = run_once(service, options)
    assert again.error is None, f"a later run is refused: {again.error}"
    assert not again.changed
    assert service.writes == writes
    restored(service, before, ran, options)


def explained(service: Service, ran: Ran, options: Mapping[str, Any]) -> None:
    """What no list shows beforehand: a full plan, an address that the store has elsewhere, the form of a new store."""
    text = str(ran.error)
    reasons = [
        "another publication",
        "5003",
        "can't be expressed",
        "can't be kept",
        "does not show",
        "can't be updated",
    ]
    assert any(reason in text for reason in reasons), text
    if "users" not in ran.result:
        assert dict.fromkeys(user["email"] for user in options["users"] if "created" in user) == {}


def restored(service: Service, before: Seen, ran: Ran, options: Mapping[str, Any]) -> None:
    """What was taken away can be given back."""
    taken = [user["previous"] for user in ran.result["users"] if user["previous"]]
    if not taken or service.ways.seats < 100:
        return
    assert all(user["previous"] for user in ran.result["users"] if user["action"] in ("removed", "updated"))
    back = run_once(service, {"users": taken, "update_allowance": "always"})
    if back.error is not None:
        return
    after = Seen.of(service)
    for user in taken:
        was = before.entries(user["email"], BETA, None, PROD)
        now = after.entries(user["email"], BETA, None, PROD)
        if len(was) == 1 and service.ways.items != "seed":
            assert was[0]["allowedDownloadsNum"] in [entry["allowedDownloadsNum"] for entry in now]


def rough_case(dice: random.Random) -> None:
    """Faults and a list that changes: nobody lost, nobody twice, changes told, and in the end all is as wished."""
    chosen = ways(dice)
    service, options = populated(dice, replace(chosen, seats=10_000)), task(dice)
    before = Seen.of(service)
    service.fault = faulty(dice, dice.choice([0.0, 0.1, 0.3, 0.85]))
    service.between = restless(dice, service)
    last = None
    for _night in range(4):
        then, writes = Seen.of(service), service.writes
        last = run_once(service, options)
        never_twice(service, before)
        reaches_nobody_else(service, before, options)
        tells_changes(service, then, last, writes)
        as_it_was_or_names_the_publication(service, before, options)
        if last.error is None:
            is_as_wished(service, last, options)
    service.fault, service.between = lambda _method: "", lambda: None
    last = run_once(service, options)
    never_twice(service, before)
    if last.error is None:
        is_as_wished(service, last, options)
        assert not run_once(service, options).changed


KINDS = {"quiet": quiet_case, "rough": rough_case}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_world_is_like(kind: str) -> None:
    each_case(kind, KINDS[kind], range(FIRST, FIRST + CASES))
