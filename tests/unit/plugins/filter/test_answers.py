# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Survey answers as text."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.applivery.distribution.plugins.filter.answer import FilterModule as Answer
from ansible_collections.applivery.distribution.plugins.filter.answer_list import FilterModule as AnswerList

answer = Answer().filters()["answer"]
answer_list = AnswerList().filters()["answer_list"]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (None, ""),
        ("", ""),
        ("  release/2.5\n", "release/2.5"),
        ('"1.10"', "1.10"),
        ('"', '"'),
        (2024, "2024"),
        (date(2026, 12, 31), "2026-12-31"),
        ('"Fast" and "nice"', '"Fast" and "nice"'),
        ('""', ""),
    ],
)
def test_an_answer_is_the_text_that_was_typed(typed, text):
    assert answer(typed) == text


def test_a_time_is_an_answer_only_where_a_time_is_asked_for():
    typed = datetime(2026, 12, 31, 18, 0, tzinfo=timezone.utc)
    assert answer(typed, moment=True) == "2026-12-31T18:00:00+00:00"
    with pytest.raises(AnsibleFilterError, match="double quotes"):
        answer(typed)
    with pytest.raises(AnsibleFilterError, match="double quotes"):
        answer_list(typed)


@pytest.mark.parametrize("typed", [342391, 754, 31, True, 2.5, date(2026, 1, 1), datetime(2026, 1, 1, 10)])
def test_what_must_be_exact_is_text_or_refused_without_showing_it(typed):
    for read in (answer, answer_list):
        with pytest.raises(AnsibleFilterError, match="double quotes") as caught:
            read(typed, exact=True)
        assert str(typed) not in str(caught.value)


@pytest.mark.parametrize(("typed", "text"), [(None, ""), ("01234567", "01234567"), ('"0x1F"', "0x1F")])
def test_text_is_exact(typed, text):
    assert answer(typed, exact=True) == text
    assert answer_list(typed, exact=True) == ([text] if text else [])


@pytest.mark.parametrize("typed", [True, False, 7.5, [], {}])
def test_an_answer_whose_text_is_lost_is_refused_without_showing_it(typed):
    with pytest.raises(AnsibleFilterError) as caught:
        answer(typed)
    assert str(typed) not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("DE, AT;CH\nDE", ["DE", "AT", "CH"]),
        (["ios", "android"], ["ios", "android"]),
        (["release 2", ""], ["release 2"]),
        (2024, ["2024"]),
        ('"NO"', ["NO"]),
        ('"NO" "SE",DE', ["NO", "SE", "DE"]),
        ('"NO SE"', ["NO", "SE"]),
    ],
)
def test_an_answer_with_several_values_is_a_list(typed, values):
    assert answer_list(typed) == values


def test_a_country_that_arrives_as_a_truth_value_is_refused():
    with pytest.raises(AnsibleFilterError, match="double quotes"):
        answer_list(False)
