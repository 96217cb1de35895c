# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Survey answers as text, and lists of testers."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.applivery.distribution.plugins.filter.answer import FilterModule as Answer
from ansible_collections.applivery.distribution.plugins.filter.answer_list import FilterModule as AnswerList
from ansible_collections.applivery.distribution.plugins.filter.tester_list import FilterModule as TesterList

answer = Answer().filters()["answer"]
answer_list = AnswerList().filters()["answer_list"]
read_testers = TesterList().filters()["tester_list"]


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


TESTER = {"studio": "North", "email": "ana@north.example", "allowance": 2, "access_until": "2026-12-31"}


@pytest.mark.parametrize(
    "source",
    [
        [TESTER],
        [{**TESTER, "allowance": "2", "access_until": date(2026, 12, 31)}],
        [TESTER, dict(TESTER)],
        "studio,email,allowance,access_until\nNorth,ana@north.example,2,2026-12-31\n",
        "\ufeffStudio;E-mail".replace("E-mail", "EMAIL")
        + ";allowance;access_until\r\nNorth; ana@north.example ;2;2026-12-31\r\n\r\n",
        '"email","studio","allowance","access_until"\n"ana@north.example","North","2","2026-12-31"',
    ],
)
def test_testers_have_one_form_however_they_are_written(source):
    assert read_testers(source) == [TESTER]


def test_addresses_alone_take_the_defaults():
    people = read_testers(
        "ana@north.example\n bo@south.example", studio="North", allowance="unlimited", access_until=date(2026, 5, 1)
    )
    assert [person["email"] for person in people] == ["ana@north.example", "bo@south.example"]
    assert {(person["studio"], person["allowance"], person["access_until"]) for person in people} == {
        ("North", -1, "2026-05-01")
    }
    assert read_testers(["ana@north.example"])[0]["allowance"] == 1


@pytest.mark.parametrize("nobody", ["", None, [], "email,studio\n"])
def test_a_list_may_be_empty(nobody):
    assert read_testers(nobody) == []


def test_users_are_what_the_module_takes():
    users = read_testers([TESTER, "bo@south.example"], form="users")
    assert users == [
        {"email": "ana@north.example", "allowed_downloads": 2, "access_until": "2026-12-31"},
        {"email": "bo@south.example", "allowed_downloads": 1},
    ]


@pytest.mark.parametrize(
    "source",
    [
        "email,allowance,note\nana@north.example,0,x\nANA@north.example,none,y\nbo@south.example,,z\n",
        "ana@north.example\nbo@south.example",
        [{"email": "ana@north.example", "allowance": 0}, "bo@south.example"],
    ],
)
def test_addresses_are_read_without_what_stands_beside_them(source):
    assert read_testers(source, form="emails") == ["ana@north.example", "bo@south.example"]


def test_an_address_that_is_none_is_refused_on_its_own_as_well():
    with pytest.raises(AnsibleFilterError, match="Line 2: ana is not an e-mail"):
        read_testers("email\nana\n", form="emails")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ([{"email": "ana"}], "Tester 1: ana is not an e-mail"),
        ([{}], "Tester 1: nothing is not"),
        ([5], "Tester 1: must be"),
        (5, "must be a list or text"),
        ([{**TESTER, "phone": 1}], "unknown phone"),
        ([{**TESTER, "allowance": 0}], "allowance"),
        ([{**TESTER, "allowance": "many"}], "allowance"),
        ([{**TESTER, "allowance": True}], "allowance"),
        (
            [TESTER, {**TESTER, "email": "ANA@north.example", "allowance": 3}],
            "Tester 2: ANA@north.example is listed twice",
        ),
        ("email,email\na@b.example,c@d.example", "names a column twice"),
        ("email,studio\na@b.example,North,2\n", "Line 2: has more values"),
        ('email,studio\na@b.example,"North\n', "Line 2: unexpected end"),
        ("email,allowance\nok@b.example,1\nbad@b.example,none\n", "Line 3: the allowance"),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_its_place(source, complaint):
    with pytest.raises(AnsibleFilterError, match=complaint):
        read_testers(source)


def test_an_unknown_form_is_refused():
    with pytest.raises(AnsibleFilterError, match="testers, users or emails"):
        read_testers([], form="people")
