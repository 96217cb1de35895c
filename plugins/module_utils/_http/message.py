# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What is asked, how, and what comes of it: values that every other file of this room imports. Send nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from .._core.version import USER_AGENT


class HttpOptions(NamedTuple):
    """Times in seconds. ``verify`` is a CA bundle's path, or whether to verify certificates at all."""

    timeout: float = 60.0
    retry_timeout: float = 120.0
    verify: bool | str = True
    pool: int = 8
    backoff: float = 0.5
    user_agent: str = USER_AGENT


class Stream(Protocol):
    """A request body that is read from disk while it is sent, and that can be opened again for a repetition."""

    content_type: str

    def open(self) -> IO[bytes]:
        """A new reader over the whole body; it has ``__len__``, so that a Content-Length is sent."""


class Request(NamedTuple):
    """What to send: JSON ``body`` or a ``stream``.

    ``timeout`` in seconds where it differs from the session's; ``attempts``: how often at most, None for as often as
    the session's ``retry_timeout`` allows.
    """

    method: str
    url: str
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    stream: Stream | None = None
    timeout: float | None = None
    attempts: int | None = None

    def __repr__(self) -> str:
        # A body may hold a password.
        return f"Request({self.method} {self.path})"

    @property
    def path(self) -> str:
        """The path alone, without host and query: what an error may show."""
        return urlsplit(self.url).path

    def headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.stream is not None:
            headers["Content-Type"] = self.stream.content_type
        elif self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    @contextmanager
    def payload(self) -> Iterator[Any]:
        """The bytes to send, read anew for each attempt."""
        if self.stream is not None:
            with self.stream.open() as reader:
                yield reader
        else:
            yield None if self.body is None else json.dumps(self.body, allow_nan=False).encode("utf-8")


class Reply(NamedTuple):
    """An answer that arrived. ``data`` is the decoded JSON, or None where there was no JSON at all.

    ``no_content``: the server meant to say nothing, as is usual after a write.
    ``note`` is a sentence for the error that the answer may turn into: why it was not asked for again. ``unsure``:
    the request may have been carried out although the answer is an error. ``broken``: in which way it is no answer.
    """

    status: int
    text: str
    data: Any
    is_json: bool
    no_content: bool = False
    attempts: int = 1
    location: str | None = None
    note: str = ""
    unsure: bool = False
    broken: str = ""

    def __repr__(self) -> str:
        # A server may echo what it was sent.
        return f"Reply(status={self.status}, attempts={self.attempts})"


class Fault(NamedTuple):
    """Why an attempt brought no usable answer.

    ``sent``: the server may have acted on it. ``final``: trying again cannot help. ``told``: seconds that the server
    asked to wait. ``hint``: what to do about it.
    """

    kind: str
    text: str
    sent: bool = True
    final: bool = False
    told: float | None = None
    hint: str = ""


def fits_in_header(token: str) -> bool:
    """Whether a token can stand in a header: no blank, no line break, nothing outside ASCII."""
    return token.isascii() and token.isprintable() and " " not in token
