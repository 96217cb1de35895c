# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What Applivery puts around its answers, in each form that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._http.message import Reply, Request


class Answer(NamedTuple):
    """A successful answer: what was asked, what came, and what the envelope held."""

    request: Request
    reply: Reply
    data: Any


def identity(item: Mapping[str, Any]) -> str | None:
    """The id of an object; some nested and some older objects call it ``_id`` (fact sheet 3.5)."""
    value = item.get("id") or item.get("_id")
    return str(value) if value and isinstance(value, (str, int)) and not isinstance(value, bool) else None


def opened(body: Any) -> tuple[dict[str, Any] | None, Any]:
    """The error in an answer, if any, and its data (fact sheet 3.2 and 3.3).

    Envelopes hold ``status`` true or false, ``error``, ``data``; some old examples show status true beside an error.
    Some clients saw lists without any envelope. An object without one has an id; a build's own ``status`` is a word,
    and its own ``error`` is the reason why it could not be processed.
    """
    if not isinstance(body, dict):
        return None, body
    verdict, error = body.get("status"), body.get("error")
    if not isinstance(verdict, bool) and "data" not in body and identity(body):
        return None, body
    if verdict is False or error:
        return _error_of(error, body), None
    if "data" in body:
        return None, body["data"]
    return None, body if "items" in body or not isinstance(verdict, bool) else None


def says_done(body: Any) -> bool:
    """Whether an answer to a write says that it was carried out: a true status, data, or what was made (C16)."""
    if isinstance(body, list):
        return any(isinstance(item, dict) and identity(item) for item in body)
    if not isinstance(body, dict):
        return False
    verdict = body.get("status")
    return verdict is True or (verdict is None and body.get("data") is not None) or bool(identity(body))


def _error_of(error: Any, body: dict[str, Any]) -> dict[str, Any]:
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict) and error:
        return error
    return {"message": error} if isinstance(error, str) and error else body
