# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that is read once says of each publication what reading it for that publication would."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.roll import (
    Census,
    Roll,
    key_of,
    read_roll,
)

PUBLICATIONS = [character * 24 for character in "abc"]


def somebody(dice: random.Random, number: int) -> dict[str, Any]:
    """A user in either form, of a publication or of none, now and then without an address, and perhaps twice."""
    read: dict[str, Any] = {"id": f"{number:024x}", "email": f"Person{dice.randrange(8)}@x.example"}
    if dice.random() < 0.1:
        del read["email"]
    owner = dice.choice([*PUBLICATIONS, *PUBLICATIONS, None, "", "absent"])
    if owner != "absent":
        read["publishedApplicationId"] = owner.upper() if owner and dice.random() < 0.2 else owner
    read.update(dice.choice([{"allowedDownloadsNum": 1}, {"singleUse": True}, {"temporal": False}, {}]))
    return read


def roll_of(reads: list[dict[str, Any]], publication: str, wanted: set[str], everybody: bool) -> Roll:
    roll = Roll(publication)
    for read in reads:
        roll.note(read, wanted, everybody)
    return roll


@pytest.mark.parametrize("seed", range(300))
def test_a_part_of_the_list_says_the_same_as_the_whole(seed: int) -> None:
    dice = random.Random(seed)
    reads = [somebody(dice, number) for number in range(dice.randrange(30))]
    census = Census(reads)
    for publication in PUBLICATIONS:
        wanted = {key_of({"email": f"person{number}@x.example"}) for number in range(dice.randrange(4))}
        for everybody in (False, True):
            part = roll_of(census.about(publication, wanted), publication, wanted, everybody)
            assert part == roll_of(reads, publication, wanted, everybody)


def test_a_part_is_small() -> None:
    reads = [
        {"id": f"{number:024x}", "email": f"p{number}@x.example", "publishedApplicationId": f"{number % 50:024x}"}
        for number in range(1000)
    ]
    part = Census(reads).about(f"{7:024x}", {"p7@x.example", "p8@x.example"})
    # Twenty of its own, one of somebody else's who is asked for, and one that shows what the others show.
    assert len(part) == 22


class Listing:
    """A list of users in pages of fresh objects, as JSON makes them."""

    def __init__(self, users: int) -> None:
        self.users = users

    def pages(self, *_endpoint: Any) -> Iterator[list[dict[str, Any]]]:
        for first in range(0, self.users, 500):
            yield [json.loads(self.user(number)) for number in range(first, min(first + 500, self.users))]

    @staticmethod
    def user(number: int) -> str:
        return json.dumps(
            {
                "id": f"{number:024x}",
                "organizationId": "b" * 24,
                "storeId": "c" * 24,
                "publishedApplicationId": "a" * 24,
                "email": f"some.tester.{number}@studio-with-a-name.example",
                "allowedDownloadsNum": -1,
                "lastLoginDate": "2026-06-01T10:00:00.000Z",
                "lastDownloadDate": None,
                "createdAt": "2026-06-01T10:00:00.000Z",
                "updatedAt": "2026-06-01T10:00:00.000Z",
            }
        )


def memory_of(users: int) -> int:
    """The most bytes at one time while a list of so many users is read and all of them are kept."""
    listing: Any = Listing(users)
    tracemalloc.start()
    try:
        assert len(read_roll(listing, "a" * 24, {}, everybody=True).entries) == users
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_list_takes_less_than_a_kilobyte_for_each_user() -> None:
    assert (memory_of(6000) - memory_of(1000)) / 5000 < 1024
