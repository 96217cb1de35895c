# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a request to a service in memory, with what can happen to it before and after it is carried out."""

from __future__ import annotations

import json
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from email.utils import format_datetime
from typing import Any, Callable, Protocol

import requests
from requests.adapters import BaseAdapter

from ansible_collections.applivery.distribution.tests.support.scripted import response


class Killed(BaseException):
    """The process ends here, without any clean-up of its own."""


class Service(Protocol):
    """A service in memory: its time, what befalls a request of some method, and what it answers."""

    now: datetime
    fault: Callable[[str], str]

    def handle(self, method: str, url: str, body: Any) -> tuple[int, Any]:
        """One request as it arrives."""


class InProcess(BaseAdapter):
    """Takes the place of the network under requests."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service

    def send(self, request: requests.PreparedRequest, *_settings: Any, **_more: Any) -> requests.Response:
        service = self._service
        method = str(request.method)
        fault = service.fault(method)
        if fault == "before":
            raise requests.ConnectionError("cut before the request was carried out")
        if fault == "busy":
            return _answered(request, 503, {"message": "busy"}, service.now)
        if fault == "kill before":
            raise Killed
        status, answer = service.handle(method, str(request.url), _content(request))
        if fault == "after":
            raise requests.ConnectionError("cut after the request was carried out")
        if fault == "kill after":
            raise Killed
        return _answered(request, status, answer, service.now)

    def close(self) -> None:
        pass


def _content(request: requests.PreparedRequest) -> Any:
    body: Any = request.body
    if body is None or isinstance(body, (bytes, str)):
        return json.loads(body) if body else None
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body.read()).iter_parts()
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode("latin-1")
        for part in parts
    }


def _answered(request: requests.PreparedRequest, status: int, body: Any, now: datetime) -> requests.Response:
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    made = response(status, content, {**headers, "Date": format_datetime(now, usegmt=True)})
    made.request = request
    made.url = str(request.url)
    return made
