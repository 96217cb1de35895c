# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What the bytes of an answer say, and whether they are an answer at all. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import Any

from .faults import transient, unreadable
from .message import Fault, Reply

_TRANSIENT = (429, 500, 502, 503, 504)
# Statuses that say enough, whatever became of the body behind them.
TELLING = (*_TRANSIENT, 401, 403)


def judged(method: str, status: int, headers: Mapping[str, str], content: bytes) -> tuple[Reply, Fault | None]:
    """The answer that arrived whole, and what is wrong with it, if anything."""
    text, is_text = _text(content, headers.get("Content-Type", ""))
    data, is_json = _decode(text) if is_text else (None, False)
    # Nothing to read is fine after a write; a GET without content is an answer that got lost.
    nothing = method != "GET" and 200 <= status < 300 and not content and _meant_empty(status, headers)
    reply = Reply(status, text, data, is_json, nothing, location=headers.get("Location"))
    if status in _TRANSIENT:
        return reply, transient(status, headers)
    if 200 <= status < 300 and not is_json and not nothing and _may_be_cut(text):
        return reply, unreadable(status)
    return reply, None


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
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace"), False


def _decode(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text, parse_constant=_not_json, parse_float=_finite), True
    except (ValueError, RecursionError):
        return None, False


def _finite(number: str) -> float:
    # Python makes infinity of 1e999, which nobody could read back from a result.
    value = float(number)
    return value if abs(value) < inf else _not_json(number)


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
