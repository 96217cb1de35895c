# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Turns an answer that is no success into the error that a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from .._core.errors import (
    AmbiguousWrite,
    Failure,
    RequestFailed,
    failure,
)
from .._core.wording import after, one_line, sentences
from .._http.message import Reply, Request

_MOST_FIELDS = 50
_MOST_MESSAGES = 10
_LONGEST_TEXT = 500
_PLAN = "the plan of this workspace may not include it"
_NO_LOGIN = "this belongs to the login of a person: use an app token or the token of a Service Account"
_CODES = {
    3001: "the object does not exist, or not under this organization, application or store",
    3002: "the token has expired: create a new one",
    4001: "the token is not accepted here",
    4002: "no token arrived at the server: a proxy may remove the Authorization header",
    4003: "the token is valid, but not allowed to do this",
    4004: "the token is invalid or of the wrong kind: it may be mistyped or deleted, or belong to the other API",
    4011: _NO_LOGIN,
    4014: _NO_LOGIN,
    5003: f"a limit of the workspace is reached, or {_PLAN}",
    5004: _PLAN,
    5006: "the server does not take this file for an app build",
    5014: "the build is not processed yet",
    5017: f"a limit of the workspace is reached, or {_PLAN}",
    5024: "the slug is used by another publication of this workspace; choose another one",
    6001: "the server's database refuses a value: look at ids and lengths",
    6002: "the server refuses the content of the request",
}
# What an answer in Applivery's own form has at least one of (fact sheet 3.2).
_SIGNS = {"status", "error", "data", "code", "msg"}
_FOREIGN = (
    "this was not Applivery's answer: something on the way (a firewall, a proxy) may have given it, or api_url or "
    "upload_url lead elsewhere"
)
_TOKEN_CODES = (3002, 4001, 4002, 4003, 4004)
_DOING = {"list": "list the", "get": "read the", "create": "create the", "update": "update the", "remove": "delete the"}


def doing(verb: str, noun: str) -> str:
    """What was attempted, in words."""
    return f"{_DOING[verb]} {noun}{'s' if verb == 'list' else ''}"


class ErrorResponse:
    """One answer, and what was asked: which verb of which noun, with which kind of token, needing which permission."""

    def __init__(
        self,
        verb: str,
        noun: str,
        request: Request,
        reply: Reply,
        redact: Callable[[str], str],
        token_kind: str,
        permission: str | None,
    ) -> None:
        self._doing = doing(verb, noun)
        self._request = request
        self._reply = reply
        self._redact = redact
        self._path = redact(request.path)
        self._token = token_kind + (f", which needs the permission {permission}" if permission else "")

    def error(self, error: Mapping[str, Any] | None) -> RequestFailed:
        """The error; ``error`` is what the envelope held, where there was one."""
        if 300 <= self._reply.status < 400:
            return self._redirected()
        if not self._reply.is_json:
            return self._not_json()
        # Some errors have no envelope: code and message stand alone.
        plain = self._reply.data if isinstance(self._reply.data, dict) else {}
        return self._refused(error or plain)

    def unusable(self, data: Any, how: str = "") -> RequestFailed:
        """The error about a successful answer that makes no sense; ``how`` says in which way."""
        shape = how or f"the answer has an unexpected form ({type(data).__name__})"
        hint = "look at api_url, and whether a proxy or a newer API version answers"
        return self._kind()(self._sentence(shape, [hint]), self._details(message=shape))

    def _not_json(self) -> RequestFailed:
        if self._reply.broken:
            hint = "run the task again; if it stays like this, look at proxies on the way"
            return self._kind()(self._sentence(self._reply.broken, [hint]), self._details(message=self._reply.broken))
        excerpt = self._excerpt(self._reply.text, 120)
        said = f"HTTP {self._reply.status} with " + (
            f"something that is not JSON: {excerpt!r}" if excerpt else "nothing"
        )
        hints = [_FOREIGN, self._access_hint(None), _status_hint(self._reply.status)]
        return self._kind()(self._sentence(said, hints), self._details(message=said))

    def _kind(self) -> type[RequestFailed]:
        # A write that came through may have been carried out, whatever was made of its answer, unless Applivery
        # itself says that it was not.
        reply = self._reply
        denied = isinstance(reply.data, dict) and reply.data.get("status") is False
        unsure = reply.unsure or (self._request.method != "GET" and 200 <= reply.status < 300 and not denied)
        return AmbiguousWrite if unsure else RequestFailed

    def _redirected(self) -> RequestFailed:
        target = self._excerpt(self._reply.location or "", 200).split("?", 1)[0]
        said = f"HTTP {self._reply.status}, a redirect" + (f" to {target!r}" if target else "")
        hint = "a token is never sent after a redirect: correct api_url or upload_url"
        return self._kind()(self._sentence(said, [hint]), self._details(message=said))

    def _refused(self, error: Mapping[str, Any]) -> RequestFailed:
        code, message, found = _read_error(error)
        message = self._excerpt(message, _LONGEST_TEXT)
        fields = [self._cleaned(entry) for entry in found[:_MOST_FIELDS]]
        said = _what_was_said(self._reply.status, code, message, fields)
        foreign = "" if isinstance(self._reply.data, dict) and _SIGNS & set(self._reply.data) else _FOREIGN
        hints = [foreign, _CODES.get(code or 0, ""), self._access_hint(code), _status_hint(self._reply.status)]
        details = self._details(code, message or f"HTTP {self._reply.status}", fields)
        return self._kind()(self._sentence(said, hints), details)

    def _details(
        self, code: int | None = None, message: str = "", fields: list[dict[str, Any]] | None = None
    ) -> Failure:
        reply = self._reply
        return failure(code, message, reply.status, self._request.method, self._path, fields, reply.attempts)

    def _sentence(self, said: str, hints: Iterable[str]) -> str:
        first = f"could not {self._doing} ({self._request.method} {self._path}){after(self._reply.attempts)}: {said}"
        return sentences(first, self._reply.note, *hints)

    def _access_hint(self, code: int | None) -> str:
        if self._reply.status not in (401, 403) and code not in _TOKEN_CODES:
            return ""
        wrong = "" if code in (3002, 4002) else "; Applivery may answer like this to a wrong organization or store too"
        return f"the request was made with {self._token}{wrong}. Also, {_PLAN}"

    def _excerpt(self, text: str, length: int) -> str:
        # Secrets go first, for half of one would not be recognised.
        return one_line(self._redact(text), length)

    def _cleaned(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        messages = [self._excerpt(text, _LONGEST_TEXT) for text in entry["messages"][:_MOST_MESSAGES]]
        return {"field": self._excerpt(entry["field"], _LONGEST_TEXT), "messages": messages}


def _read_error(error: Mapping[str, Any]) -> tuple[int | None, str, list[dict[str, Any]]]:
    """Code, message and fields of an error in any of the forms that were seen (fact sheet 3.2)."""
    message = str(error.get("message") or error.get("msg") or "")
    data = error.get("data")
    listed = data.get("errors") if isinstance(data, dict) else data
    fields = [_read_field(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if not fields and isinstance(error.get("field"), str):
        fields = [{"field": error["field"], "messages": []}]
    if isinstance(data, dict) and "limit" in data:
        message = f"{message} (limit: {data['limit']})".strip()
    return _read_code(error.get("code")), message, fields


def _read_code(code: Any) -> int | None:
    if isinstance(code, str) and len(code) < 10 and code.strip().isdecimal():
        return int(code)
    if isinstance(code, float) and code.is_integer():
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _read_field(entry: Mapping[str, Any]) -> dict[str, Any]:
    name = entry.get("field")
    messages = entry.get("messages", entry.get("message"))
    texts = messages if isinstance(messages, list) else [] if messages is None else [messages]
    return {
        "field": ".".join(str(part) for part in name) if isinstance(name, list) else str(name or ""),
        "messages": [str(text) for text in texts],
    }


def _status_hint(status: int) -> str:
    """What to do about an answer that says nothing of the request itself."""
    if status == 429:
        return "the rate limit is reached: raise retry_timeout, lower concurrency where there is one, or run later"
    if status >= 500:
        return "this is a fault of the server or of a gateway before it: run the task again later"
    return ""


def _what_was_said(status: int, code: int | None, message: str, fields: list[dict[str, Any]]) -> str:
    said = f"HTTP {status}"
    if code is not None:
        said += f", code {code}"
    if message:
        said += f": {message}"
    if fields:
        said += " (" + "; ".join(f"{entry['field']}: {', '.join(entry['messages'])}" for entry in fields) + ")"
    return said
