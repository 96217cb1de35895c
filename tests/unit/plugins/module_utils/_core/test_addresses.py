# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: which two are the same, what is sent, and what is none."""

from __future__ import annotations

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core import addresses
from ansible_collections.applivery.distribution.plugins.module_utils._core.addresses import (
    email_key,
    sendable,
    split_addresses,
    why_no_address,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import MissingLibrary


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.example", ["a@x.example"]),
        ("a@x.example,b@x.example", ["a@x.example", "b@x.example"]),
        (" a@x.example\r\nb@x.example ; c@x.example\t\n\n", ["a@x.example", "b@x.example", "c@x.example"]),
        ("", []),
        (" ,\n; ", []),
        ("a@x.example\u00a0b@x.example", ["a@x.example", "b@x.example"]),
        ("Lee, Ana <ana@x.example>", ["ana@x.example"]),
        (
            "ben@x.example, Lee, Ana <ana@x.example>; Carla <carla@x.example>",
            ["ben@x.example", "ana@x.example", "carla@x.example"],
        ),
        ("Ana <ana@x.example> ben@x.example", ["ana@x.example", "ben@x.example"]),
        ('"Lee, Ana" <mailto:ana@x.example>, "ben@x.example"', ["ana@x.example", "ben@x.example"]),
        ('"ana@x.example" <Ana@x.example>', ["Ana@x.example"]),
        ("'ana@x.example', o'@x.example", ["ana@x.example", "o'@x.example"]),
        ("ana@x.\u200bexample\ufeff\r<ben@x.example>", ["ana@x.example", "ben@x.example"]),
        (
            "ana@x.example\uff0cben@x.example\uff1bcarla@x.example",
            ["ana@x.example", "ben@x.example", "carla@x.example"],
        ),
    ],
)
def test_texts_as_surveys_give_them(text: str, found: list[str]) -> None:
    assert split_addresses(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lee, Ana", ["Lee Ana"]),
        ("Lee, Ana ana@x.example Ben", ["Lee Ana", "ana@x.example", "Ben"]),
        ("Ben\nAna <ana@x.example>", ["Ben", "ana@x.example"]),
        ("Ben; Ana <ana@x.example>", ["Ben", "ana@x.example"]),
        ("ben@x.example <ana@x.example>", ["ben@x.example <ana@x.example>"]),
        ("Ben, Kurz, Ana <ana@x.example>", ["Ben, Kurz, Ana <ana@x.example>"]),
        ("Ana <ana@x.example, ben@x.example>", ["ana@x.example, ben@x.example"]),
        ("Ana <ana@x.example", ["Ana", "<ana@x.example"]),
        ("Ana <>", [""]),
    ],
)
def test_what_is_not_clear_is_left_for_a_complaint(text: str, found: list[str]) -> None:
    assert split_addresses(text) == found
    assert any(why_no_address(piece) for piece in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Studio.Example", "ana@studio.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@bücher.example"),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        (" ana@x.example ", "ana@x.example"),
    ],
)
def test_two_spellings_of_one_person(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@x.example", "ana+1@x.example"),
        ("ana@x.example", "ana@x.example.org"),
        ("strasse@x.example", "straße@x.example"),
        ("ana@strasse.example", "ana@straße.example"),
        ("no address", "no_address"),
        ("a@b@c.example", "b@c.example"),
    ],
)
def test_two_people(one: str, other: str) -> None:
    assert email_key(one) != email_key(other)


def test_a_domain_that_has_no_ascii_form_is_still_comparable() -> None:
    broken = "ana@\u200d\u200d.example"
    assert why_no_address(broken) == "the domain is not valid"
    assert email_key(broken) == email_key(broken.upper())


def test_what_is_sent() -> None:
    assert sendable("Ana@Studio.Example") == "Ana@Studio.Example"
    assert sendable("Ana@Bücher.example") == "Ana@xn--bcher-kva.example"


def test_without_the_library_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "idna", None)
    assert email_key("Ana@x.example") == "ana@x.example"
    for used in (email_key, sendable, why_no_address):
        with pytest.raises(MissingLibrary, match="idna"):
            used("ana@bücher.example")


@pytest.mark.parametrize(
    "email",
    [
        "a@b.example",
        "first.last+tag@sub.domain.example",
        "o'brien@x.example",
        "a@xn--bcher-kva.example",
        "a@1.example",
        "x" * 64 + "@b.example",
        "a@bücher.example",
    ],
)
def test_addresses(email: str) -> None:
    assert why_no_address(email) is None


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("ana", "lacks"),
        ("@x.example", "lacks"),
        ("ana@", "lacks"),
        ("ana@example", "domain"),
        ("ana@x..example", "domain"),
        ("ana@-x.example", "domain"),
        ("ana@10.0.0.1", "domain"),
        ("ana@x.e", "domain"),
        ("ana@x_y.example", "domain"),
        ("<ana@x.example>", "before the @ is not valid"),
        ('"ana b"@x.example', "before the @ is not valid"),
        (".ana@x.example", "before the @ is not valid"),
        ("a..b@x.example", "before the @ is not valid"),
        ("x" * 65 + "@b.example", "before the @ is not valid"),
        ("jürgen@x.example", "outside ASCII"),
        ("a@" + ".".join(["x" * 60] * 5) + ".example", "256"),
    ],
)
def test_no_addresses(email: str, reason: str) -> None:
    assert reason in str(why_no_address(email))
