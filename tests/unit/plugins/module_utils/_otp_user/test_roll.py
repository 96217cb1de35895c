# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that is read once says of each publication what reading it for that publication would."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.roll import Census, Roll, key_of

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
