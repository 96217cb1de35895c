# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bytes of an answer say, and when they say nothing that can be used."""

from __future__ import annotations

import json
import zlib

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._http.decode import judged
from ansible_collections.applivery.distribution.plugins.module_utils._http.message import Fault, Reply


def judge(
    content: bytes, content_type: str = "application/json", method: str = "PUT", status: int = 200, **headers: str
) -> tuple[Reply | None, Fault | None]:
    found = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return judged(method, status, found, content)


NOT_UTF_8 = '{"a": "Café"}'.encode("latin-1")


@pytest.mark.parametrize(
    "charset",
    ["undefined", "idna", "punycode", "hex", "base64", "rot13", "unheard-of", "a" * 5000, "\x00", ".", "ä", ""],
)
def test_no_charset_makes_anything_but_an_unreadable_answer(charset: str) -> None:
    reply, fault = judge(NOT_UTF_8, f"application/json; charset={charset}")
    assert fault is not None
    assert (fault.kind, fault.sent, fault.final) == ("unreadable", True, False)
    assert reply is not None
    assert not reply.is_json


@pytest.mark.parametrize("depth", [101, 400, 100000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_too_deep_is_unreadable_and_not_asked_for_again(depth: int, opening: str) -> None:
    text = opening * depth + "1" + ("]" if opening == "[" else "}") * depth
    reply, fault = judge(text.encode())
    assert fault is not None
    assert (fault.kind, fault.sent, fault.final) == ("unreadable", True, True)
    assert "nested more than 100 deep" in fault.text
    assert reply is not None
    assert reply.data is None


def test_a_hundred_levels_are_read() -> None:
    reply, fault = judge(b"[" * 100 + b"]" * 100)
    assert fault is None
    assert reply is not None
    assert reply.is_json


@pytest.mark.parametrize(
    ("content", "encoding", "final"),
    [
        (b"not packed", "gzip", False),
        (zlib.compress(b"{}")[:-3], "deflate", False),
        (b"{}", "br", True),
        (b"{}", "gzip, gzip", True),
        (b"{}", "\x00", True),
    ],
)
def test_what_can_not_be_unpacked_is_unreadable(content: bytes, encoding: str, final: bool) -> None:
    reply, fault = judge(content, Content_Encoding=encoding)
    assert reply is None
    assert fault is not None
    assert (fault.kind, fault.sent, fault.final) == ("unreadable", True, final)
    # A refusal says enough, whatever is behind it.
    reply, fault = judge(content, status=401, Content_Encoding=encoding)
    assert reply is not None
    assert reply.status == 401


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_what_is_not_packed_is_read_as_it_is(encoding: str) -> None:
    reply, _fault = judge(b'{"a": 1}', Content_Encoding=encoding)
    assert reply is not None
    assert reply.data == {"a": 1}


@pytest.mark.parametrize(("status", "unsure"), [(500, True), (505, True), (520, True), (501, False), (400, False)])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_who_gave_a_write_up_may_not_know_what_became_of_it(method: str, status: int, unsure: bool) -> None:
    reply, _fault = judge(json.dumps({"error": {}}).encode(), method=method, status=status)
    assert reply is not None
    assert reply.unsure == (unsure and method != "GET")
