# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every list of OTP users, every wish and every behaviour of the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._core.addresses import email_key, why_no_address
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.people import (
    PEOPLE_SPEC,
    Person,
    people_of,
)
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.plan import (
    CREATED,
    REMOVED,
    UPDATED,
    Rules,
    Step,
    plan,
)
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import publication_of
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.roll import read_roll
from ansible_collections.applivery.distribution.tests.support.otp import World, told
from ansible_collections.applivery.distribution.tests.support.tasks import filled
from applivery_simulator import Simulator

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
OURS, OTHERS = "a" * 24, "b" * 24
NAMES = ["ana", "Ana", "anna", "ben", "carl", "zoe"]
DOMAINS = ["x.example", "X.Example", "bücher.example", "xn--bcher-kva.example"]

emails = st.builds("{}@{}".format, st.sampled_from(NAMES), st.sampled_from(DOMAINS))
owners = st.sampled_from([OURS, OTHERS, None])
allowances = st.one_of(
    st.builds(lambda number: {"allowedDownloadsNum": number}, st.sampled_from([-1, 0, 1, 5])),
    st.builds(lambda single, days: {"singleUse": single, "temporal": days}, st.booleans(), st.booleans()),
    st.just({}),
)
wishes = st.fixed_dictionaries(
    {"email": emails},
    optional={
        "allowed_downloads": st.sampled_from([-1, 1, 5]),
        "temporal": st.booleans(),
        "access_until": st.sampled_from(["", "2020-01-01", "2099-01-01"]),
    },
)


@st.composite
def listed_users(draw: st.DrawFn) -> list[dict[str, Any]]:
    users = draw(st.lists(st.tuples(emails, owners, allowances), max_size=12))
    return [
        {"id": f"{number:024x}", "email": email, **({"publishedApplicationId": owner} if owner else {}), **allowance}
        for number, (email, owner, allowance) in enumerate(users, 1)
    ]


@st.composite
def wished_people(draw: st.DrawFn) -> list[Person]:
    chosen = draw(st.lists(wishes, max_size=8, unique_by=lambda user: email_key(user["email"])))
    return people_of(filled(PEOPLE_SPEC, {"users": chosen}))


class Listing:
    """As much of an Api as reading the list takes."""

    def __init__(self, users: list[dict[str, Any]]) -> None:
        self.users = users

    def pages(self, *_endpoint: Any) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(self.users), 5):
            yield self.users[start : start + 5]

    def list_all(self, *_endpoint: Any) -> list[dict[str, Any]]:
        return self.users


def steps_for(users: list[dict[str, Any]], people: list[Person], **options: bool) -> list[Step]:
    listing: Any = Listing(users)
    rules = Rules(**options)
    roll = read_roll(listing, OURS, {person.key: person.sent for person in people}, rules.exclusive)
    return plan(people, roll, NOW, rules)


def carried_out(users: list[dict[str, Any]], steps: list[Step]) -> list[dict[str, Any]]:
    """The list after a server did what was planned."""
    gone = {ident for step in steps if step.action == REMOVED for ident in step.idents}
    after = [dict(user) for user in users if user["id"] not in gone]
    for number, step in enumerate(steps, 1000):
        if step.action == CREATED and step.person:
            made = {"id": f"{number:024x}", "email": step.person.sent, "publishedApplicationId": OURS}
            after.append({**made, "allowedDownloadsNum": step.person.allowance.downloads})
        if step.action == UPDATED and step.person:
            for user in after:
                if user["id"] in step.idents:
                    user["allowedDownloadsNum"] = step.person.allowance.downloads
    return after


modes = st.sampled_from([{}, {"absent": True}, {"exclusive": True}, {"always": True}])


@given(listed_users(), wished_people(), modes)
def test_a_plan_carried_out_leaves_nothing_to_do(
    users: list[dict[str, Any]], people: list[Person], mode: dict[str, bool]
) -> None:
    after = carried_out(users, steps_for(users, people, **mode))
    again = steps_for(after, people, **mode)
    assert [step for step in again if step.action in (CREATED, UPDATED, REMOVED)] == []


@given(listed_users(), wished_people(), modes)
def test_the_people_of_other_publications_are_never_touched(
    users: list[dict[str, Any]], people: list[Person], mode: dict[str, bool]
) -> None:
    touched = {ident for step in steps_for(users, people, **mode) for ident in step.idents}
    foreign = {user["id"] for user in users if publication_of(user) == OTHERS}
    assert not touched & foreign


@given(listed_users(), wished_people())
def test_exclusive_never_touches_somebody_whose_publication_is_unknown_and_who_is_not_named(
    users: list[dict[str, Any]], people: list[Person]
) -> None:
    named = {person.key for person in people}
    unknown = {user["id"] for user in users if publication_of(user) is None and email_key(user["email"]) not in named}
    steps = steps_for(users, people, exclusive=True)
    assert not unknown & {ident for step in steps for ident in step.idents}


@given(listed_users(), wished_people(), modes)
def test_who_is_there_afterwards_is_what_was_asked_for(
    users: list[dict[str, Any]], people: list[Person], mode: dict[str, bool]
) -> None:
    after = carried_out(users, steps_for(users, people, **mode))
    there = {email_key(user["email"]) for user in after if publication_of(user) != OTHERS}
    for person in people:
        assert (person.key in there) is (not mode.get("absent") and person.wanted(NOW))


@given(listed_users(), wished_people())
def test_an_allowance_is_not_changed_unless_asked_for(users: list[dict[str, Any]], people: list[Person]) -> None:
    after = {user["id"]: user for user in carried_out(users, steps_for(users, people))}
    assert all(after[user["id"]] == user for user in users if user["id"] in after)


@given(st.lists(emails, max_size=6), st.lists(st.sampled_from(["\n", ", ", " ", ";", "\r\n\t"]), min_size=6))
def test_however_addresses_are_divided(addresses: list[str], separators: list[str]) -> None:
    text = "".join(part for pair in zip(addresses, separators) for part in pair)
    one_by_one = people_of(filled(PEOPLE_SPEC, {"emails": addresses}))
    assert people_of(filled(PEOPLE_SPEC, {"emails": [text]})) == one_by_one


@given(st.text(max_size=40))
def test_no_text_breaks_the_comparison_of_addresses(text: str) -> None:
    assert email_key(email_key(text)) == email_key(text)
    why_no_address(text)


# Against the simulator, whatever it is like -------------------------------------------------------------------------

switches = st.fixed_dictionaries(
    {
        "otp_body": st.sampled_from(["reference", "seed", "either"]),
        "otp_answer": st.sampled_from(["array", "object"]),
        "otp_items": st.sampled_from(["reference", "seed", "both"]),
        "otp_items_publication": st.sampled_from(["shown", "null", "hidden"]),
        "otp_unique": st.sampled_from(["publication", "store"]),
        "envelope": st.sampled_from(["docs", "items", "bare", "items_only", "data_list"]),
        "list_filters": st.sampled_from(["honoured", "ignored", "refused"]),
        "max_limit": st.sampled_from([2, 500]),
        "email_case": st.sampled_from(["kept", "lowered"]),
    }
)
known = st.lists(
    st.tuples(st.sampled_from(["ana", "ben", "carl"]), st.sampled_from(["beta", "prod", None])),
    max_size=4,
    unique_by=lambda pair: pair[0],
)
options = st.fixed_dictionaries(
    {"emails": st.lists(st.sampled_from([f"{name}@x.example" for name in NAMES]), min_size=1, max_size=5)},
    optional={"state": st.just("absent"), "exclusive": st.just(True), "single_use": st.booleans()},
)


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def _is_strange(world: World, user: dict[str, Any]) -> bool:
    """Whether it is plain that a user is none of ``beta``."""
    return world.sim.switches["otp_items_publication"] == "shown" and user["publishedApplicationId"] == world.prod


@settings(max_examples=60)
@given(switches, known, options)
def test_check_mode_foretells_and_a_second_run_finds_nothing(
    sim: Simulator, switches: dict[str, Any], known: list[tuple[str, str | None]], options: dict[str, Any]
) -> None:
    sim.reset(switches=switches)
    world = World(sim)
    for name, publication in known:
        world.let_in(f"{name}@x.example", publication=publication)
    strangers = {ident for ident, user in sim.otp_users.items() if _is_strange(world, user)}
    foretold = world.run(check=True, **options)
    assert sim.writes == []
    ran = world.run(**options)
    if foretold.error is not None:
        assert sim.writes == []
        assert ran.error is not None
        return
    if ran.error is not None:
        # Only what no list shows beforehand: the address is elsewhere in the store, or the form is learnt by asking.
        assert any(text in ran.error.message for text in ("another publication", "can't be kept"))
        return
    assert told(foretold) == told(ran)
    assert strangers <= set(sim.otp_users)
    again = world.run(**options)
    assert again.error is None or "exclusive" in again.error.message
    assert sim.writes == []
    assert len({email.lower() for email in world.on()}) == len(world.on())
