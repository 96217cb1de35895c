# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of testers as people really have them: what is clear is read, the rest is refused with its place."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.applivery.distribution.plugins.filter.tester_list import FilterModule

read_testers = FilterModule().filters()["tester_list"]

TESTER = {"studio": "North", "email": "ana@north.example", "allowance": 2, "access_until": "2026-12-31"}
ANA, BEN = "ana@north.example", "ben@south.example"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_rest, **_more: told.append(text))
    return told


def emails(source: Any) -> list[str]:
    return [person["email"] for person in read_testers(source)]


def refused(source: Any, **options: Any) -> str:
    with pytest.raises(AnsibleFilterError) as caught:
        read_testers(source, **options)
    assert "Error" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        [TESTER],
        [{**TESTER, "allowance": "2", "access_until": date(2026, 12, 31)}],
        [{"studio": "North", "email": ANA, "allowed_downloads": 2, "access_until": "2026-12-31"}],
        [TESTER, dict(TESTER)],
        [TESTER, {**TESTER, "email": "Ana@North.example", "access_until": "2026-12-31T23:59:59Z"}],
        "studio,email,allowance,access_until\nNorth,ana@north.example,2,2026-12-31\n",
        "\ufeffStudio;EMAIL;Allowance;Access until\r\nNorth; ana@north.example ;2;2026-12-31\r\n\r\n",
        '"email","studio","allowance","access_until"\n"ana@north.example","North","2","2026-12-31"',
        "studio\temail\tallowance\taccess_until\rNorth\tana@north.example\t2\t2026-12-31\r",
        "sep=;\nstudio;email;allowance;access_until\nNorth;ana@north.example;2;2026-12-31",
        '"sep=|"\nstudio|email|allowance|access_until\nNorth|ana@north.example|2|2026-12-31',
        "studio,email,allowance,access_until,,\n,,,,,\nNorth,Ana Lee <ana@north.example>,2,2026-12-31,,\n,,,,,\n",
        "\n\n;;;\nstudio;email;allowance;access_until\nNorth;ana@north.example;2;2026-12-31;;;;\n",
        'studio,email,allowance,access_until\n"North","ana@north.example","2","2026-12-31"\n\n',
    ],
)
def test_testers_have_one_form_however_they_are_written(source: Any) -> None:
    assert read_testers(source) == [TESTER]


@pytest.mark.parametrize(
    "text",
    [
        f"{ANA}\r{BEN}\r",
        f"{ANA},\n{BEN},\n",
        f"{ANA};\n{BEN};;\n",
        f"{ANA}\t{BEN}",
        f"sep=;\n{ANA};{BEN}",
        f"email\n{ANA}\n{BEN}\n",
        f"E-Mail\n{ANA}; {BEN}\n",
        f"email;;\n{ANA};;\n{BEN};;",
        f'"E-Mail-Adresse"\n"{ANA}"\n"{BEN}"\n',
        f"Lee, Ana <{ANA}>; Kurz, Ben <{BEN}>",
        f"<{ANA}>\n\n\n<{BEN}>",
    ],
)
def test_addresses_alone_are_read_however_they_are_divided(text: str) -> None:
    assert emails(text) == [ANA, BEN]


def test_thousands_of_addresses_on_one_line_are_read() -> None:
    many = [f"tester.number.{number}@a-studio-with-a-long-name.example" for number in range(6000)]
    for divided in (",", ";", " ", "\t"):
        assert emails(divided.join(many)) == many


@pytest.mark.parametrize(
    "heading",
    [
        *("E-Mail", "Email Address", "Mail", "e_mail", "EMAIL", "E-Mail-Adresse", "Mailadresse", "Correo electrónico"),
        *("Dirección de correo electrónico", "Courriel", "Indirizzo email"),
    ],
)
@pytest.mark.parametrize("divided", [",", ";", "\t"])
def test_the_column_of_addresses_may_have_its_usual_names(heading: str, divided: str, warnings: list[str]) -> None:
    text = f"Vorname,{heading},Telefon\nAna,{ANA},0151 23\nBen,{BEN},\n".replace(",", divided)
    assert emails(text) == [ANA, BEN]
    assert len(warnings) == 1
    assert "'Vorname', 'Telefon'" in warnings[0]


def test_what_a_tester_lacks_is_filled_in() -> None:
    people = read_testers(f"{ANA}\n {BEN}", studio="North", allowance="unlimited", access_until=date(2026, 5, 1))
    assert {(person["studio"], person["allowance"], person["access_until"]) for person in people} == {
        ("North", -1, "2026-05-01")
    }
    assert read_testers([ANA])[0]["allowance"] == 1
    assert read_testers([{"email": ANA, "single_use": False}])[0]["allowance"] == -1
    assert read_testers("email,single_use\n" + ANA + ",yes")[0]["allowance"] == 1


@pytest.mark.parametrize(("written", "temporal"), [("true", True), ("No", False), ("", None)])
def test_whether_the_server_ends_it_may_be_said(written: str, temporal: bool | None) -> None:
    (person,) = read_testers(f"email,temporal\n{ANA},{written}\n")
    assert person.get("temporal") is temporal
    (user,) = read_testers([person], form="users")
    assert user.get("temporal") is temporal


@pytest.mark.parametrize("nobody", ["", None, [], " \n;;\n", "sep=;\n", "\ufeff"])
def test_a_list_may_be_empty(nobody: Any) -> None:
    assert read_testers(nobody) == []


@pytest.mark.parametrize("text", ["email,studio\n", "email", "E-Mail;Studio\n;;\n;\n", "sep=,\nemail,,\n"])
@pytest.mark.parametrize("form", ["testers", "users", "emails"])
def test_a_heading_without_people_is_refused_unless_nobody_is_meant(text: str, form: str) -> None:
    assert "has a heading and nobody below it" in refused(text, form=form)
    assert read_testers(text, allow_empty=True, form=form) == []


def test_users_are_what_the_module_takes() -> None:
    users = read_testers([TESTER, BEN], form="users")
    assert users == [
        {"email": ANA, "allowed_downloads": 2, "access_until": "2026-12-31"},
        {"email": BEN, "allowed_downloads": 1},
    ]


@pytest.mark.parametrize(
    "source",
    [
        "email,allowance,note\nana@north.example,0,x\nANA@north.example,none,y\nben@south.example,,z\n",
        "ana@north.example\nben@south.example",
        [{"email": ANA, "allowance": 0}, BEN],
    ],
)
def test_addresses_are_read_without_what_stands_beside_them(source: Any) -> None:
    assert read_testers(source, form="emails") == [ANA, BEN]


def test_an_address_that_is_none_is_refused_on_its_own_as_well() -> None:
    assert "Line 2, column 1: 'ana' is not an e-mail" in refused("email\nana\n", form="emails")
    assert "Line 3, column 2: ana@x is not an e-mail" in refused(f"a,email\n,{ANA}\n,ana@x\n", form="emails")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ([{"email": "ana"}], "Tester 1: ana is not an e-mail"),
        ([{}], "Tester 1: nothing is not"),
        ([{"email": 5}], "Tester 1: '5', which is no text, is not an e-mail"),
        ([{"email": f"{ANA} {BEN}"}], "Tester 1: there must be one address, not 2"),
        ([5], "Tester 1: must be"),
        (5, "must be a list or text"),
        ({"email": ANA}, "must be a list or text"),
        ([{**TESTER, "phone": 1}], "unknown phone"),
        ([{**TESTER, "acces_until": 1}], "access_until may be meant"),
        ([{**TESTER, "allowance": 0}], "allowance"),
        ([{**TESTER, "allowance": "many"}], "allowance"),
        ([{**TESTER, "allowance": True}], "allowance"),
        ([{**TESTER, "allowance": 2.0}], "allowance"),
        ([{**TESTER, "single_use": True}], "allowance and single_use say the same"),
        ([{**TESTER, "studio": 1.10}], "studio: '1.1' is no text; put quotes around it"),
        ([{**TESTER, "temporal": "perhaps"}], "temporal: 'perhaps' is neither true nor false"),
        ([{**TESTER, "access_until": datetime(2026, 12, 31, 18)}], "no offset from UTC"),
        (
            [TESTER, {**TESTER, "email": "ANA@north.example", "allowance": 3}],
            "Tester 2: ANA@north.example is listed twice",
        ),
        ("email,E-Mail\na@b.example,c@d.example", "Line 1, column 2: 'E-Mail' names a column twice"),
        ("email,studio\na@b.example,North,2\n", "Line 2, column 3: has a value"),
        ("email,,studio\na@b.example,2,North\n", "Line 2, column 2: has a value"),
        ('email,studio\na@b.example,"North\n', "Line 2: a quote"),
        ('email,studio\na@b.example,"North"x\n', "Line 2: behind a closing quote"),
        ("email,studio\na@b.example," + "x" * 140000 + "\n", "Line 2: a value is longer than"),
        ("email,allowance\nok@b.example,1\nbad@b.example,none\n", "Line 3, column 2: the allowance"),
        ('email,studio,allowance\na@b.example,"two\nlines",1\nb@b.example,,1_0\n', "Line 4, column 3: the allowance"),
        ("email,allowance\na@b.example,1_0", "Line 2, column 2: the allowance"),
        ("email,allowance\na@b.example,\u0661", "Line 2, column 2: the allowance"),
        ("email,allowance\na@b.example,99999999999", "Line 2, column 2: the allowance"),
        (
            "email,access_until\na@b.example,31.12.2030",
            "Line 2, column 2: access_until: '31.12.2030' is neither a date",
        ),
        ("email,studio\n,North\n", "Line 2, column 1: nothing is not an e-mail"),
        ("email,studio\nana lee,North\n", "Line 2, column 1: ana lee is not an e-mail"),
        ("email,naem\n", "nobody below it"),
        (
            "email,accessuntl\na@b.example,2026-12-31",
            "Line 1, column 2: 'accessuntl' is unknown; access_until may be meant",
        ),
        ("emial,studio\nana@north.example,North\n", "Line 1: 'emial,studio' is neither an address nor a heading"),
        ("email, ana@x.example, ben@x.example", "Line 1, column 1: 'email' is not an e-mail address"),
        ("email, ana@x.example, ben@x.example", "A heading needs a line of its own"),
        ("North,ana@north.example,2", "Line 1, column 1: 'North' is not an e-mail address"),
        ("ana@north.example,2\nben@south.example,3", "If these are columns, name them in the first line"),
        ("ana@north.example\nben", "Line 2, column 1: 'ben' is not"),
        ("ana", "Line 1: 'ana' is neither an address nor a heading"),
        ("ana@north.example\nben\x00@south.example", "holds a character that no text has"),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_its_place(source: Any, complaint: str) -> None:
    assert complaint in refused(source)


def test_all_mistakes_of_a_list_are_told_at_once_up_to_ten() -> None:
    text = refused("email,allowance\n" + "".join(f"a{number}@b.example,none\n" for number in range(14)))
    assert text.count("the allowance") == 10
    assert "and 4 more" in text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"allowance": 0}, "The allowance of those for whom none is given: the allowance must be"),
        ({"access_until": "soon"}, "The access_until of those for whom none is given: access_until: 'soon'"),
        ({"form": "people"}, "testers, users or emails"),
    ],
)
def test_what_counts_for_all_is_looked_at_too(options: dict[str, Any], complaint: str) -> None:
    assert complaint in refused([ANA], **options)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ana@bücher.example", "Ana@xn--bcher-kva.example"), ("Ana@North.example", "ana@north.example")],
)
def test_two_spellings_are_one_person(one: str, other: str) -> None:
    assert emails([one, other]) == [one]
    assert emails(f"{one}, {other}") == [one]


def test_two_domains_are_two_people() -> None:
    assert len(emails("ana@straße.example ana@strasse.example")) == 2


def test_a_refusal_names_nobody_while_it_is_quiet() -> None:
    told = refused(f"{ANA}\nLee", quiet=True)
    assert "Line 2, column 1: (hidden) is not" in told
    assert "Lee" in refused(f"{ANA}\nLee")
