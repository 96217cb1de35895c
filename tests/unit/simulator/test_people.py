# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of one-time-password users is found through indexes; they say the same as looking at everybody."""

from __future__ import annotations

import random
from typing import Any

from applivery_simulator import Simulator
from applivery_simulator.log import LONGEST_BODY, MOST_REQUESTS, Log, Request
from applivery_simulator.people import People


def ends(user: dict[str, Any]) -> float | None:
    return user["end"]


def user(number: int, lot: random.Random) -> dict[str, Any]:
    return {
        "id": str(number),
        "storeId": lot.choice("ab"),
        "email": f"{lot.choice('xXyY')}{lot.randrange(4)}@x.example",
        "end": lot.choice([None, lot.randrange(100)]),
    }


def test_the_indexes_say_what_a_search_says() -> None:
    lot = random.Random(7)
    people = People(ends)
    for number in range(3000):
        step = lot.random()
        known = list(people)
        if step < 0.5 or not known:
            added = user(number, lot)
            people[added["id"]] = added
        elif step < 0.7:
            del people[lot.choice(known)]
        elif step < 0.9:
            chosen = lot.choice(known)
            people[chosen].update({name: value for name, value in user(0, lot).items() if name != "id"})
            people.changed(chosen)
        else:
            now = lot.randrange(100)
            gone = {key for key, item in people.items() if item["end"] is not None and item["end"] < now}
            assert set(people.expired(now)) == gone
            for key in gone:
                people.pop(key)
        for store in "ab":
            everybody = [item for item in people.values() if item["storeId"] == store]
            assert sorted(map(id, people.of_store(store))) == sorted(map(id, everybody))
            address = f"x{lot.randrange(4)}@X.example"
            there = [item for item in everybody if item["email"].lower() == address.lower()]
            assert sorted(map(id, people.at(store, address))) == sorted(map(id, there))


def test_a_user_under_the_same_id_takes_the_place_of_the_other() -> None:
    people = People(ends)
    people["1"] = {"id": "1", "storeId": "a", "email": "a@x.example", "end": None}
    people["1"] = {"id": "1", "storeId": "b", "email": "b@x.example", "end": None}
    assert people.of_store("a") == [] == people.at("a", "a@x.example")
    assert [item["email"] for item in people.of_store("b")] == ["b@x.example"]
    assert people.pop("2", None) is None


def test_creating_somebody_does_not_look_at_everybody(sim: Simulator, monkeypatch: Any) -> None:
    sim.add_publication()
    for _number in range(50):
        sim.add_otp_user()

    def refuse(*_unused: object) -> Any:
        raise AssertionError("the whole list was walked through")

    monkeypatch.setattr(People, "values", refuse)
    monkeypatch.setattr(People, "items", refuse)
    assert sim.world.state.otp_users.at(sim.store["id"], "TESTER7@simulator.example")
    sim.world.state.purge_otp_users()


def test_the_log_is_bounded() -> None:
    log = Log()
    for number in range(MOST_REQUESTS + 5):
        log.open(Request(method="GET", number=number))
    kept = log.all()
    assert len(kept) == MOST_REQUESTS
    assert kept[0]["number"] == 5
    large = Request(method="POST", body={"email": ["x" * 100] * 1000})
    log.close(large)
    assert large["body"]["forgotten"] > LONGEST_BODY
    small = Request(method="POST", body={"email": "a@x.example"})
    log.close(small)
    assert small["body"] == {"email": "a@x.example"}
