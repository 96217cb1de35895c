# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in every spelling, and texts that were made to keep the redactor busy for ever."""

from __future__ import annotations

import json

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._http.redaction import Redactor

MASK = "********"
# How large a text is does not matter here: what grows with a power of it would not end within this test's life.
LONG = 4000


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("token-123456", "\\" * LONG),
        ("ab cd", "\\" * LONG),
        ("a\\b\\c\\d\\e\\f\\g\\h", "\\" * LONG),
        ("a\\b\\c\\d\\e\\f\\g\\h", ("a" + "\\" * 50 + "b" + "\\" * 50) * 30),
        ("\\n" * 10 + "X", "\\n" * (LONG // 2)),
        ("\\ n" * 8 + "z", "\\n" * (LONG // 2)),
        ("\\ " * 10 + "z", "\\ " * (LONG // 2)),
        ("密" * 6 + "1", "\N{REPLACEMENT CHARACTER}" * 2000),
        ("a     b", "a" + " " * 2000),
        ("  x", " " * LONG),
        ("x" * 200, "x" * 199 + " "),
    ],
)
def test_no_text_keeps_the_redactor_busy(secret: str, text: str) -> None:
    assert Redactor([secret])(text) == text


@pytest.mark.parametrize(
    "secret", ["\\" * 8, "\\a" * 20, "'\\\\" * 12, "é\\é\\", "\\ n" * 8, "a\\nb", "\\\\server\\share name"]
)
def test_backslashes_are_found_in_every_spelling(secret: str) -> None:
    doubled = json.dumps(secret)
    for form in (secret, doubled, json.dumps(doubled), repr(secret), doubled.replace("\\\\", "\\u005c")):
        shown = Redactor([secret])(f"it said {form}, no more")
        assert MASK in shown
        assert secret not in shown
        assert shown.startswith("it said ")
        assert shown.endswith(", no more")


def test_a_long_text_is_cut_without_showing_half_of_a_secret() -> None:
    secret = "canary-0123456789"
    redactor = Redactor([secret])
    for before in range(0, 6000, 7):
        shown = redactor("." * before + secret + "." * 6000)
        assert len(shown) < 5000
        assert "canary"[:4] not in shown


def test_nothing_to_hide_hides_nothing() -> None:
    assert Redactor(["", ""])("all of it") == "all of it"
    assert len(Redactor([])("x" * 9000)) == LONG
