# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random publications and wishes in random worlds, with faults and another writer at random places.

``APPLIVERY_FUZZ_CASES`` says how many cases run, ``APPLIVERY_FUZZ_SEED`` at which one they begin: a violation names the
seed of its case, and that seed with one case repeats it.
"""

from __future__ import annotations

import copy
import itertools
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import camel
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC
from ansible_collections.applivery.distribution.tests.support.publication_service import (
    DEFAULTS,
    Service,
    Ways,
    play_in_memory,
)
from ansible_collections.applivery.distribution.tests.support.tasks import Ran

CASES = int(os.environ.get("APPLIVERY_FUZZ_CASES") or 400)
FIRST = int(os.environ.get("APPLIVERY_FUZZ_SEED") or 1)
PASSWORD = "the-password"
IDS = [letter * 24 for letter in "abcd"]
WORDS = ["qa", "Press", "mobile", "beta "]
CODES = ["ES", "PT", "FR", "US"]
DATES = ["2036-12-31T23:59:59Z", "2035-06-30T12:00:00Z", "2037-01-01T00:00:00Z"]
TEXTS = ["Read me.", "More.\n", " Ünïcode ✓"]
COLOURS = ["#FF5733", "#00aaff"]
LOST = [f"{kind} {when}" for kind in ("cut", "error", "gateway") for when in ("before", "after")]
FAULTS = [*LOST, "busy", "forbidden"]
GUARDS = (
    "allowed_countries",
    "blocked_countries",
    "groups",
    "activate_user_audiences",
    "user_audience_map",
    "expiration_date",
)
MODES = ("password", "filter_mode", "unreturned_fields")
COUNTRIES = {"allowed_countries": "blocked_countries", "blocked_countries": "allowed_countries"}
Dice = random.Random


# Cases --------------------------------------------------------------------------------------------------------------


def some(dice: Dice, values: list[Any], least: int = 1) -> list[Any]:
    return dice.sample(values, dice.randint(least, 3))


def parts(dice: Dice, **makers: Callable[[], Any]) -> dict[str, Any]:
    """Some of the parts, each made anew."""
    return {name: make() for name, make in makers.items() if dice.random() < 0.5}


def a_filter(dice: Dice) -> dict[str, Any]:
    ids = itertools.cycle(dice.sample(IDS, 4))
    listed = [{"buildPlatform": name, "id": next(ids)} for name in dice.sample(["ios", "ps5", "android"], 2)]
    return dice.choice(
        [
            {"type": "last"},
            {"type": dice.choice(["gitBranch", "tag"]), "value": dice.choice(WORDS)},
            {"type": "build", "ios": next(ids), **({"android": next(ids)} if dice.random() < 0.5 else {})},
            {"type": "builds", "builds": listed},
            {"type": "builds", "ios": next(ids), "android": next(ids)},
        ]
    )


def stored(dice: Dice) -> dict[str, Any]:
    """A publication with any part of its fields set."""
    security = dice.choice(["public", "password", "logged", "logged"])
    made = {
        "slug": "the-app",
        "visibility": dice.choice(["active", "inactive", "unlisted"]),
        "security": security,
        "filter": a_filter(dice),
        **({"password": PASSWORD} if security == "password" else {}),
        **parts(
            dice,
            activateUserAudiences=lambda: True,
            userAudienceMap=lambda: [
                {"id": ident, "notifyNewBuildsProcessed": dice.random() < 0.8} for ident in some(dice, IDS, 2)
            ],
            tags=lambda: some(dice, WORDS),
            showHistory=lambda: True,
            showDevInfo=lambda: True,
            hideAttachedFiles=lambda: True,
            expirationDate=lambda: dice.choice(DATES),
            terms=lambda: dice.choice([{"active": True, "text": "Read."}, {"active": False, "text": "Old."}]),
            configuration=lambda: parts(
                dice,
                application=lambda: parts(dice, name=lambda: "App", description=lambda: dice.choice(TEXTS)),
                branding=lambda: parts(dice, primaryColor=lambda: dice.choice(COLOURS), logo=lambda: "x.png"),
            ),
        ),
    }
    if security == "logged" and dice.random() < 0.6:
        made["groups"] = [some(dice, WORDS[:3]) for _clause in range(dice.randint(1, 2))]
    if dice.random() < 0.5:
        made[dice.choice(["allowedCountries", "blockedCountries"])] = some(dice, CODES)
    return made


def an_audience(dice: Dice, ident: str) -> dict[str, Any]:
    typed = ident.upper() if dice.random() < 0.5 else ident
    return {"id": typed, **parts(dice, notify_new_builds_processed=lambda: dice.random() < 0.5)}


def a_filter_wish(dice: Dice) -> dict[str, Any]:
    chosen = a_filter(dice)
    entries = [{"build_platform": entry["buildPlatform"], "id": entry["id"]} for entry in chosen.get("builds", [])]
    return {**chosen, **({"builds": entries} if entries else {})}


def wishes(dice: Dice) -> dict[str, Any]:
    """What a task may name: values, empty values, nested parts of them, in any spelling."""
    empty = dice.random() < 0.4
    made = parts(
        dice,
        visibility=lambda: dice.choice(["active", "inactive", "unlisted"]),
        activate_user_audiences=lambda: dice.random() < 0.5,
        user_audience_map=lambda: [] if empty else [an_audience(dice, ident) for ident in some(dice, IDS)],
        tags=lambda: [] if empty else some(dice, WORDS),
        show_history=lambda: dice.random() < 0.5,
        show_dev_info=lambda: dice.random() < 0.5,
        hide_attached_files=lambda: dice.random() < 0.5,
        expiration_date=lambda: "" if empty else dice.choice(["2036-12-31", "2035-06-30T14:00:00+02:00"]),
        terms=lambda: parts(dice, active=lambda: not empty, text=lambda: "" if empty else dice.choice(TEXTS)),
        configuration=lambda: parts(
            dice,
            application=lambda: parts(
                dice, name=lambda: "" if empty else "New", description=lambda: dice.choice(TEXTS)
            ),
            branding=lambda: parts(dice, button_color=lambda: "" if empty else dice.choice(COLOURS)),
        ),
        filter=lambda: a_filter_wish(dice),
    )
    if dice.random() < 0.5:
        which = dice.choice(list(COUNTRIES))
        made[which] = [] if empty else [dice.choice([code, code.lower()]) for code in some(dice, CODES)]
    if dice.random() < 0.4:
        made["security"] = dice.choice(["public", "password", "logged"])
    if dice.random() < 0.3:
        made["groups"] = [] if empty else [some(dice, WORDS[:3]) for _clause in range(dice.randint(1, 2))]
    return {
        **made,
        "password": PASSWORD,
        "filter_mode": dice.choice(["replace", "merge"]),
        "unreturned_fields": dice.choice(["warn", "warn", "warn", "fail", "fail_on_guards", "ignore"]),
    }


def ways(dice: Dice) -> Ways:
    names = [name for name in DEFAULTS if name not in ("slug", "visibility", "security", "filter")]
    leaves = ["terms.text", "configuration.branding", "configuration.application.name"]
    return Ways(
        put=dice.choice(["replace", "merge"]),
        unset=dice.choice(["absent", "null", "empty", "lists"]),
        nested=dice.choice(["leaves", "braces"]),
        hidden=tuple(dice.sample(names + leaves, dice.choice([0, 0, 1, 3, 8, 12]))),
        time=dice.random() < 0.5,
        enriched=dice.random() < 0.3,
        spelling=dice.choice(["exact", "exact", "trimmed", "lower"]),
        codes=dice.choice(["upper", "upper", "lower"]),
        dates=dice.choice(["as_sent", "milliseconds"]),
        lists=dice.choice(["one", "strictest"]),
        filters=dice.choice(["honoured", "ignored", "search"]),
        listed=dice.choice(["full", "brief"]),
        answer=dice.choice(["object", "nothing"]),
        api=dice.choice(["workspace", "integrations"]),
    )


def another_writer(dice: Dice) -> Callable[[Service], None]:
    change = dice.choice(
        [
            {"tags": ["by-others"]},
            {"visibility": "inactive"},
            {"expirationDate": "2034-01-01T00:00:00Z"},
            {"terms": {"active": True, "text": "Theirs."}},
            {"showHistory": True},
        ]
    )

    def write(service: Service) -> None:
        for ident, item in service.items.items():
            if item["slug"] == "the-app":
                item.update(copy.deepcopy(change))
                service.touch(ident)

    return write


@dataclass
class Case:
    """One publication, one task, one world; ``faults`` and ``writers`` are for the run in which things go wrong."""

    service: Service
    options: dict[str, Any]
    faults: dict[int, str]
    failing: str
    writers: dict[int, Callable[[Service], None]]
    retries: float

    @classmethod
    def of(cls, seed: int) -> Case:
        dice = random.Random(seed)
        service = Service(ways(dice))
        exists = dice.random() < 0.85
        ident = service.add(**stored(dice))["id"] if exists else None
        if dice.random() < 0.5:
            service.add(**{**stored(dice), "slug": "the-app-2"})
        named = {"publication_id": ident} if ident and dice.random() < 0.4 else {"slug": "the-app"}
        wished = wishes(dice)
        if dice.random() < 0.5:
            # One wish alone, which nothing else of the answer can prove.
            others = [option for option in wished if option not in MODES]
            wished = {option: wished[option] for option in [*MODES, *dice.sample(others, min(1, len(others)))]}
        if not exists:
            wished = {"visibility": "active", "security": "logged", "filter": {"type": "last"}, **wished}
        # Groups mean something with one kind of access only.
        if wished.get("groups") and wished.get("security") in ("public", "password"):
            wished["security"] = "logged"
        spots = dice.sample(range(1, 9), dice.choice([0, 1, 1, 2, 3]))
        faults = {spot: dice.choice(FAULTS) for spot in spots}
        if dice.random() < 0.2:
            # A write that is lost, and whose repetition is refused.
            spot = dice.randint(2, 5)
            faults.update({spot: "cut after", spot + 1: "forbidden"})
        failing = dice.choice(LOST) if dice.random() < 0.4 else ""
        writers = {dice.randint(1, 8): another_writer(dice)} if dice.random() < 0.3 else {}
        return cls(service, {**named, **wished}, faults, failing, writers, dice.choice([0, 5]))

    def server(self, *, faulty: bool = False) -> Service:
        made = copy.deepcopy(self.service)
        if faulty:
            made.faults, made.failing, made.writers = dict(self.faults), self.failing, dict(self.writers)
        return made


def is_one_message(text: str) -> bool:
    return bool(text.strip()) and "\n" not in text and "Traceback" not in text


def play(service: Service, options: Mapping[str, Any], *, check: bool = False, retries: float = 5) -> Ran:
    """Run the task in-process; what holds at every end is looked at here."""
    ran = play_in_memory(service, options, check=check, retry_timeout=retries)
    assert ran.error is None or is_one_message(ran.error.message)
    outcome = ran.outcome
    told = [*ran.warnings, str(ran.error), repr(outcome.result), repr(outcome.before), repr(outcome.after)]
    assert not [text for text in told if PASSWORD in text]
    assert len(set(ran.warnings)) == len(ran.warnings)
    return ran


# What must hold, in words of its own ----------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A stored or a wished value without what means nothing: order, case, blanks at edges, unset leaves."""
    if isinstance(value, dict):
        leaves = {name: plain(item) for name, item in value.items()}
        return {name: item for name, item in sorted(leaves.items()) if item} or None
    if isinstance(value, list):
        return sorted({str(plain(item)) for item in value}) or None
    if isinstance(value, str):
        return value.strip().lower().replace(".000z", "z") or None
    return value or None


def api_form(option: str, wish: Any) -> Any:
    """What a wish means in the API's words."""
    if option == "expiration_date":
        return {"2036-12-31": DATES[0], "2035-06-30T14:00:00+02:00": DATES[1]}.get(wish, wish)
    if isinstance(wish, dict):
        return {camel(name): api_form(name, item) for name, item in wish.items()}
    if isinstance(wish, list):
        return [api_form("", item) if isinstance(item, dict) else item for item in wish]
    return wish


def platforms(chosen: Mapping[str, Any]) -> dict[str, str]:
    by_key = {name: chosen[name] for name in ("ios", "android", "macos", "windows") if chosen.get(name)}
    return {**by_key, **{entry["buildPlatform"]: entry["id"] for entry in chosen.get("builds") or []}}


def fulfilled(
    option: str, options: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any], hidden: bool
) -> bool:
    """Whether what is stored is what was wished for."""
    wish, held = api_form(option, options[option]), after[camel(option)]
    if option == "filter":
        wanted = platforms(wish)
        if before is not None and options["filter_mode"] == "merge" and wanted and platforms(before["filter"]):
            form = before["filter"]["type"]
            return held["type"] == form and platforms(held) == {**platforms(before["filter"]), **wanted}
        return held["type"] == wish["type"] and (platforms(held), plain(held.get("value"))) == (
            wanted,
            plain(wish.get("value")),
        )
    if option == "user_audience_map":
        # A setting that is not shown can't be kept: it is off unless the task names it.
        shown = [] if hidden or before is None else before["userAudienceMap"]
        known = {entry["id"]: entry["notifyNewBuildsProcessed"] for entry in shown}
        wanted_ids = {
            entry["id"].lower(): entry.get("notifyNewBuildsProcessed", known.get(entry["id"].lower(), False))
            for entry in wish
        }
        return {entry["id"]: bool(entry.get("notifyNewBuildsProcessed")) for entry in held} == wanted_ids
    if isinstance(wish, dict):
        return _leaves_hold(wish, held or {})
    return bool(plain(wish) == plain(held))


def _leaves_hold(wish: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    return all(
        _leaves_hold(item, held.get(name) or {}) if isinstance(item, dict) else plain(item) == plain(held.get(name))
        for name, item in wish.items()
    )


def clears(wish: Any) -> bool:
    return all(map(clears, wish.values())) if isinstance(wish, dict) else wish in ("", [], False)


def is_hidden(service: Service, option: str) -> bool:
    """Whether the server hides a field, or a part of it."""
    return any(path.split(".")[0] == camel(option) for path in service.ways.hidden)


def wider(option: str, before: Any, after: Any) -> bool:
    """Whether a guard lets somebody in whom it kept out."""
    if option == "allowed_countries":
        return bool(before) and not (after and set(map(str.upper, after)) <= set(map(str.upper, before)))
    if option == "blocked_countries":
        return not set(map(str.upper, before)) <= set(map(str.upper, after))
    if option == "groups":
        return bool(before) and not (after and all(any(set(old) <= set(new) for old in before) for new in after))
    if option == "expiration_date":
        return bool(before) and (not after or plain(after) > plain(before))
    return bool(before and not after)


def named(options: Mapping[str, Any]) -> set[str]:
    return {option for option in options if camel(option) in DEFAULTS and option != "slug" and options[option] != {}}


def check_nothing_else_changed(
    options: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], ran: Ran, service: Service
) -> None:
    touched = {camel(option) for option in named(options)}
    touched |= {camel(other) for option, other in COUNTRIES.items() if options.get(option)}
    said = " ".join([*ran.warnings, str(ran.error or "")])
    for name in DEFAULTS:
        option = next(entry for entry in SPEC if camel(entry) == name)
        if name in touched or plain(before[name]) == plain(after[name]):
            continue
        assert is_hidden(service, option), f"{option}: nobody asked to change it"
        excluded = name == "groups" and before["security"] != "logged"
        limited = name == "blockedCountries" and before["allowedCountries"]
        quiet = options["unreturned_fields"] == "ignore" or excluded or limited
        shown_elsewhere = any(item["slug"] == "the-app-2" for item in service.items.values())
        assert quiet or shown_elsewhere or option in said, f"{option}: lost without a word"


def check_openings(options: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], ran: Ran) -> None:
    said = " ".join([*ran.warnings, str(ran.error or "")])
    for option in GUARDS:
        name = camel(option)
        told = option in said or options["unreturned_fields"] == "ignore"
        if wider(option, before[name], after[name]) and not told:
            # A narrower list of who may enter takes the place of whom to keep out.
            assert option == "blocked_countries", f"{option}: opened without a word"
            assert after["allowedCountries"] or before["allowedCountries"], "blocked_countries: opened without a word"
    weaker = ["public", "password", "logged"]
    if weaker.index(after["security"]) < weaker.index(before["security"]):
        assert "security" in said


def check_truth(case: Case, service: Service, ran: Ran, before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What a task that says it is well must have done; returns what is stored now."""
    after = next((item for item in service.items.values() if item["slug"] == "the-app"), None)
    if ran.error is not None:
        return after
    assert after is not None, "it says it is there"
    said = " ".join(ran.warnings)
    for option in named(case.options):
        if fulfilled(option, case.options, before, after, is_hidden(service, option)):
            continue
        # Only what nobody can see may be otherwise, only to be cleared, and never silently.
        assert not ran.changed or clears(case.options[option]), f"{option}: claimed and not there"
        assert is_hidden(service, option), f"{option}: taken for fulfilled"
        quiet = case.options["unreturned_fields"] == "ignore"
        assert quiet or f"{option}" in said, f"{option}: not comparable, and silent"
    return after


def held(service: Service) -> Mapping[str, Any] | None:
    return copy.deepcopy(next((item for item in service.items.values() if item["slug"] == "the-app"), None))


def check_quiet_life(case: Case) -> None:
    """Check, apply, apply again, where nothing goes wrong."""
    service = case.server()
    before = held(service)
    check = play(service, case.options, check=True)
    assert service.writes == 0, "check mode wrote"
    assert held(service) == before
    real = play(service, case.options)
    assert (check.error is None) == (real.error is None), (check.error, real.error)
    if real.error is not None:
        assert service.done == 0, "refused after it had written"
        assert not real.changed, "refused, and changed"
        return
    assert check.changed == real.changed == (service.done > 0)
    assert (check.outcome.before, check.outcome.after) == (real.outcome.before, real.outcome.after)
    after = check_truth(case, service, real, before)
    if before is not None and after is not None:
        check_nothing_else_changed(case.options, before, after, real, service)
        check_openings(case.options, before, after, real)
    done = service.done
    again = play(service, case.options)
    if again.error is not None:
        # What is cleared now may not be shown any more, and then it can't be compared.
        assert "unreturned_fields" in str(again.error), again.error
        assert case.options["unreturned_fields"].startswith("fail"), again.error
    elif again.changed:
        sets = [name for name in named(case.options) if is_hidden(service, name) and not clears(case.options[name])]
        assert sets or "the server made" in " ".join(real.warnings), again.outcome
        assert any("every run" in text for text in again.warnings), (again.warnings, real.warnings)
    else:
        assert service.done == done


def check_hard_life(case: Case) -> None:
    """The same task while answers get lost and somebody else writes."""
    service = case.server(faulty=True)
    before = held(service)
    ran = play(service, case.options, retries=case.retries)
    if service.done:
        assert ran.changed, f"written, and not told: {ran.error}"
    # Whoever writes last decides what is there.
    if service.last_writer == 0 or (ran.changed and service.last_writer < service.last_write):
        after = check_truth(case, service, ran, before)
        if service.last_writer == 0 and before is not None and after is not None and ran.error is None:
            check_nothing_else_changed(case.options, before, after, ran, service)
            check_openings(case.options, before, after, ran)


def violation(seed: int) -> str | None:
    """What a case violates, in words that repeat it."""
    case = Case.of(seed)
    for check in (check_quiet_life, check_hard_life):
        try:
            check(case)
        except Exception as problem:  # whatever it is, the seed must be told
            words = " ".join(str(problem).split())[:600]
            trouble = f"faults {case.faults}, writes {case.failing or 'arrive'}, writers at {list(case.writers)}"
            where = f"{case.options}\n  {case.service.ways}\n  {trouble}, retry_timeout {case.retries}"
            return f"seed {seed}, {check.__name__}: {type(problem).__name__}: {words}\n  {where}"
    return None


@pytest.mark.parametrize("first", range(FIRST, FIRST + CASES, 1000))
def test_nothing_is_lost_claimed_or_opened_in_any_world(first: int) -> None:
    found = [violation(seed) for seed in range(first, min(first + 1000, FIRST + CASES))]
    assert [text for text in found if text] == []
