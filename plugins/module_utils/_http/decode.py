# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What the bytes of an answer say, and whether they are an answer at all. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from math import inf
from typing import Any

from .._core.json_value import DEEPEST, is_deep
from .faults import too_large, transient, unreadable
from .message import Fault, Reply
from .sockets import LARGEST_ANSWER

_TRANSIENT = (429, 500, 502, 503, 504)
# Statuses that say enough, whatever became of the body behind them.
TELLING = (*_TRANSIENT, 401, 403)
_CUT = "is cut, empty or no valid JSON"
_DEEP = f"is nested more than {DEEPEST} deep"
# zlib's word for: with the header of gzip or its own, whichever comes.
_EITHER_HEADER = 47


def judged(method: str, status: int, headers: Mapping[str, str], content: bytes) -> tuple[Reply | None, Fault | None]:
    """An answer that arrived, and what is wrong with it, if anything; no answer where it can't be unpacked."""
    try:
        content = _unpacked(content, headers.get("Content-Encoding", ""))
    except _Packed as problem:
        if status not in TELLING:
            return None, problem.fault
        content = b""
    text, is_text = _text(content, headers.get("Content-Type", ""))
    data, flaw = _decode(text) if is_text else (None, _CUT)
    # Nothing to read is fine after a write; a GET without content is an answer that got lost.
    nothing = method != "GET" and 200 <= status < 300 and not content and _meant_empty(status, headers)
    # Whoever gave it up may not know what became of a write; what is not implemented was not carried out.
    unsure = method != "GET" and status >= 500 and status != 501
    reply = Reply(status, text, data, not flaw, nothing, location=headers.get("Location"), unsure=unsure)
    if status in _TRANSIENT:
        return reply, transient(status, headers)
    if 200 <= status < 300 and flaw and not nothing and _may_be_cut(text):
        return reply, unreadable(status, flaw, final=flaw != _CUT)
    return reply, None


class _Packed(Exception):
    """What is packed, and can't be unpacked."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def _unpacked(content: bytes, encoding: str) -> bytes:
    """The content without its encoding; a little of it may unpack to more than any memory holds."""
    if not content or encoding.strip().lower() in ("", "identity"):
        return content
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise _Packed(Fault("unreadable", "the answer is packed in a way that was not asked for", final=True))
    machine = zlib.decompressobj(_EITHER_HEADER)
    try:
        plain = machine.decompress(content, LARGEST_ANSWER + 1)
    except zlib.error:
        raise _Packed(Fault("unreadable", "the answer can't be unpacked")) from None
    if len(plain) > LARGEST_ANSWER:
        raise _Packed(too_large())
    if not machine.eof:
        raise _Packed(Fault("unreadable", "the answer can't be unpacked, it is cut"))
    return plain


def _meant_empty(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer without content says so itself: else the connection may have broken after the status."""
    return status in (204, 205) or headers.get("Content-Length") == "0" or "Transfer-Encoding" in headers


def _may_be_cut(text: str) -> bool:
    return not text.strip() or text.lstrip()[0] in "{["


def _text(content: bytes, content_type: str) -> tuple[str, bool]:
    """The text of an answer, and whether it is free of guesses: what is damaged must never travel back in a PUT."""
    # A byte order mark is no part of the JSON behind it.
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" '\"")
    for encoding in ("utf-8-sig", charset):
        try:
            return content.decode(encoding), True
        except (ValueError, LookupError):
            # Some encodings that Python knows by name raise other errors than those of decoding.
            continue
    return content.decode("utf-8", "replace"), False


def _decode(text: str) -> tuple[Any, str]:
    """The data, and what is wrong with the text: nothing, or why it is no JSON that can be used."""
    try:
        data = json.loads(text, parse_constant=_not_json, parse_float=_finite)
    except ValueError:
        return None, _CUT
    except RecursionError:
        return None, _DEEP
    return (None, _DEEP) if is_deep(data) else (data, "")


def _finite(number: str) -> float:
    # Python makes infinity of 1e999, which nobody could read back from a result.
    value = float(number)
    return value if abs(value) < inf else _not_json(number)


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
