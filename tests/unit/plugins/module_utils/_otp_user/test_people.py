# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a task names: addresses, duplicates, defaults, and all mistakes at once."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.people import PEOPLE_SPEC, people_of
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import Allowance
from ansible_collections.applivery.distribution.tests.support.tasks import filled


def people(**options: Any) -> list[Any]:
    return people_of(filled(PEOPLE_SPEC, options))


def mistakes(**options: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        people(**options)
    return caught.value.message


def test_all_mistakes_are_named_at_once() -> None:
    text = mistakes(
        emails=["good@x.example, bad", "worse@"],
        users=[
            {"email": "a@x.example", "allowed_downloads": 3, "single_use": True},
            {"email": "b@x.example", "allowed_downloads": -2},
            {"email": "c@x.example", "access_until": "2026-12-31T18:00:00"},
            {"email": ""},
            {"email": "d@x.example e@x.example"},
            {"email": "ugly@x"},
        ],
        access_until="soon",
    )
    for part in (
        "'bad'",
        "'worse@'",
        "users[0] (a@x.example): allowed_downloads and single_use",
        "users[1] (b@x.example): allowed_downloads must be 1 or more, or -1 for no limit, not -2",
        "users[2] (c@x.example): access_until: '2026-12-31T18:00:00' has no offset",
        "users[3]: email must hold one address, not 0",
        "users[4]: email must hold one address, not 2",
        "users[5]: 'ugly@x'",
        "the defaults: access_until: 'soon'",
    ):
        assert part in text
    assert "good@x.example" not in text
    assert text.count("soon") == 1


def test_somebody_named_twice_counts_once() -> None:
    found = people(
        emails=["Ana@X.example", "ana@x.example, ana@x.example"],
        users=[{"email": "ANA@x.example", "allowed_downloads": 1}],
        single_use=True,
    )
    assert [person.email for person in found] == ["Ana@X.example"]


@pytest.mark.parametrize(
    "own",
    [{"allowed_downloads": 2}, {"temporal": True}, {"access_until": "2026-12-31"}],
    ids=["downloads", "temporal", "until"],
)
def test_somebody_named_twice_with_different_settings(own: dict[str, Any]) -> None:
    text = mistakes(emails=["ana@x.example"], users=[{"email": "Ana@x.example", **own}])
    assert "Ana@x.example is named twice with different settings" in text


def test_neither_option_is_no_limit() -> None:
    [person] = people(emails=["ana@x.example"])
    assert person.allowance == Allowance(-1, None)
    assert person.named is None


@pytest.mark.parametrize(
    ("own", "defaults", "downloads", "named"),
    [
        ({}, {"allowed_downloads": 5}, 5, "allowed_downloads"),
        ({}, {"single_use": True}, 1, "single_use"),
        ({}, {"single_use": False}, -1, "single_use"),
        ({"allowed_downloads": 2}, {"allowed_downloads": 5}, 2, "allowed_downloads"),
        ({"single_use": True}, {"allowed_downloads": 5}, 1, "single_use"),
        ({"allowed_downloads": 3}, {"single_use": True}, 3, "allowed_downloads"),
    ],
)
def test_a_persons_own_word_beats_the_default(
    own: dict[str, Any], defaults: dict[str, Any], downloads: int, named: str
) -> None:
    [person] = people(users=[{"email": "ana@x.example", **own}], **defaults)
    assert (person.allowance.downloads, person.named) == (downloads, named)


def test_temporal_and_access_until_have_defaults_too() -> None:
    own, default = people(
        users=[
            {"email": "a@x.example", "temporal": False, "access_until": "2026-12-31"},
            {"email": "b@x.example", "access_until": ""},
        ],
        temporal=True,
        access_until="2026-06-30T20:00:00+02:00",
    )
    assert own.allowance.temporal is False
    assert own.until == datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    assert default.allowance.temporal is True
    assert default.until == datetime(2026, 6, 30, 18, tzinfo=timezone.utc)


def test_an_empty_moment_is_none() -> None:
    [person] = people(emails=["a@x.example"], access_until=" ")
    assert person.until is None


def test_names_before_addresses_are_names() -> None:
    found = people(emails=["Lee, Ana <ana@x.example>", "Ben <ben@x.example>; carla@x.example"])
    assert [person.email for person in found] == ["ana@x.example", "ben@x.example", "carla@x.example"]
    assert mistakes(emails=["Lee, Ana"]).count("is no e-mail address") == 1


def test_nobody() -> None:
    assert people(emails=["", " \n"], users=[]) == []
