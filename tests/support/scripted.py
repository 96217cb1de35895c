# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client whose answers are made in this process: no socket, no simulator, thousands of requests a second."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Callable

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api, connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._http.redaction import Redactor
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time

TOKEN = "canary-token.0123456789"
PASSWORD = 'canary "pass\\word"'
_REDACTOR = Redactor((TOKEN, PASSWORD))


class BreakingBody(io.BytesIO):
    """A body that ends with an exception."""

    def __init__(self, content: bytes, problem: Exception) -> None:
        super().__init__(content)
        self._problem = problem

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise self._problem
        return piece


def response(status: int, body: bytes | io.BytesIO, headers: dict[str, str]) -> requests.Response:
    """What an adapter of requests hands on."""
    made = requests.Response()
    made.status_code = status
    stream = body if isinstance(body, io.BytesIO) else io.BytesIO(body)
    made.raw = HTTPResponse(stream, HTTPHeaderDict(headers), status, preload_content=False)
    made.headers.update(headers)
    return made


@dataclass
class Scripted(BaseAdapter):
    """``answers`` makes the answer to each request, or raises what a library would."""

    answers: Callable[[requests.PreparedRequest], requests.Response]
    requests: list[str] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, *_arguments: Any, **_options: Any) -> requests.Response:
        self.requests.append(f"{request.method} {request.path_url}")
        return self.answers(request)

    def close(self) -> None:
        pass


def scripted(
    answers: Callable[[requests.PreparedRequest], requests.Response], **connection: Any
) -> tuple[Api, Scripted, list[str]]:
    """A client, what it asks, and what it warns of; its clock moves only while it sleeps."""
    warnings: list[str] = []
    facts: dict[str, Any] = {"api": "workspace", "token": TOKEN, "organization": "acme", "store": "0" * 24}
    api = connect(Connection(**{**facts, **connection}), warnings.append, (PASSWORD,))
    adapter = Scripted(answers)
    api.transport._session._session.mount("https://", adapter)
    # It takes longer to make than all that a test asks.
    api.transport._redactor = _REDACTOR
    keep_time(api, Clock())
    return api, adapter, warnings
