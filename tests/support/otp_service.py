# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OTP users of one store, in memory and without a network: for thousands of cases a minute.

Written from the documents alone, with every behaviour that they leave open as a field of ``Ways``. It is no second
simulator: it knows one store, two publications and their OTP users.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api, connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from ansible_collections.applivery.distribution.tests.support.in_process import InProcess

BETA, PROD = "b" * 24, "c" * 24
STORE = "5" * 24
PUBLICATIONS = {"beta": BETA, "prod": PROD}
REFERENCE_KEYS = {"email", "allowedDownloadsNum", "publishedApplicationId"}
SEED_KEYS = {"email", "temporal", "singleUse"}
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Ways:
    """What the documents leave open (fact sheet 2.3, C2, C3, C5, C9, C10)."""

    body: str = "reference"
    items: str = "reference"
    publication: str = "shown"
    answer: str = "array"
    unique: str = "publication"
    filters: str = "honoured"
    sort: str = "honoured"
    envelope: str = "docs"
    page: int = 500
    lowered: bool = False
    seats: int = 10_000
    drops_after_download: bool = True
    drops_after_days: int | None = 30


@dataclass
class Service:
    """One store. ``fault`` says of each request what goes wrong: ``before``, ``after``, ``busy``, ``kill`` or nothing.

    ``between`` is called before each page but the first of a list.
    """

    ways: Ways = field(default_factory=Ways)
    now: datetime = datetime(2030, 1, 1, tzinfo=timezone.utc)
    fault: Callable[[str], str] = lambda _method: ""
    between: Callable[[], None] = lambda: None
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    admissions: list[tuple[str, str | None]] = field(default_factory=list)
    full: bool = False
    writes: int = 0
    _number: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # What happens without the API --------------------------------------------------------------------------------

    def add(self, email: str, publication: str | None, **more: Any) -> dict[str, Any]:
        """Put somebody on the list."""
        self._number += 1
        downloads = more.get("allowedDownloadsNum", 1 if more.get("singleUse") else -1)
        user = {
            "id": f"{self._number:024x}",
            "email": email.lower() if self.ways.lowered else email,
            "publishedApplicationId": publication,
            "allowedDownloadsNum": downloads,
            "singleUse": downloads == 1,
            "temporal": more.get("temporal", self.ways.body == "seed"),
            "created": self.now,
        }
        self.users[user["id"]] = user
        return user

    def on(self, publication: str | None) -> list[str]:
        """Who is on a list, in lower case."""
        return sorted(
            user["email"].lower() for user in self.users.values() if user["publishedApplicationId"] == publication
        )

    def download(self, ident: str) -> None:
        """Somebody downloads once."""
        user = self.users[ident]
        if user["allowedDownloadsNum"] > 0:
            user["allowedDownloadsNum"] -= 1
            if user["allowedDownloadsNum"] == 0 and self.ways.drops_after_download:
                del self.users[ident]

    def pass_day(self) -> None:
        """A day goes by; the server takes temporal people off after its time."""
        self.now += timedelta(days=1)
        days = self.ways.drops_after_days
        for ident, user in list(self.users.items()):
            if days is not None and user["temporal"] and self.now - user["created"] >= timedelta(days=days):
                del self.users[ident]

    # The API -------------------------------------------------------------------------------------------------------

    def api(self, warn: Callable[[str], None] = lambda _text: None, retry_timeout: float = 120) -> Api:
        """A client of its own, whose waits cost no time."""
        url = "https://api.applivery.example"
        connection = Connection("workspace", "t" * 20, "acme", "app", STORE, url, url, retry_timeout=retry_timeout)
        api = connect(connection, warn, backoff=0.5)
        keep_time(api, Clock())
        api.transport._session._session.mount("https://", InProcess(self))
        return api

    def handle(self, method: str, url: str, body: Any) -> Answer:
        """One request as it arrives."""
        parts = urlsplit(url)
        path = parts.path.split("/")[3:]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self._lock:
            if path[-2] == "pubApps":
                return self._publication(path[-1])
            if path[-1] == "pubApps":
                return 200, self._page([{"id": ident, "slug": slug} for slug, ident in PUBLICATIONS.items()], query)
            if path[-1] == "otp-users":
                return self._list(query) if method == "GET" else self._create(body)
            return self._one(method, path[-1], body)

    def _publication(self, ident: str) -> Answer:
        slug = {ident: slug for slug, ident in PUBLICATIONS.items()}.get(ident)
        return (200, {"status": True, "data": {"id": ident, "slug": slug}}) if slug else _error(404, 3001)

    def _list(self, query: Mapping[str, str]) -> Answer:
        if int(query.get("page", "1")) > 1:
            self.between()
        if self.ways.filters == "refused" and "email" in query:
            return _error(400, 6002, "email")
        if self.ways.sort == "refused" and "sort" in query:
            return _error(400, 6002, "sort")
        found = list(self.users.values())
        if self.ways.sort == "honoured" and query.get("sort", "").endswith(":desc"):
            found.reverse()
        if self.ways.filters == "honoured" and "email" in query:
            found = [user for user in found if query["email"].lower() in user["email"].lower()]
        return 200, self._page([self._shown(user) for user in found], query)

    def _page(self, items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
        size = min(int(query.get("limit", "100")), self.ways.page)
        number = int(query.get("page", "1"))
        part = items[(number - 1) * size : number * size]
        if self.ways.envelope == "bare":
            return {"status": True, "data": part}
        pages = max(1, -(-len(items) // size))
        facts = {"totalDocs": len(items), "page": number, "totalPages": pages, "hasNextPage": number < pages}
        return {"status": True, "data": {"items": part, **facts}}

    def _shown(self, user: Mapping[str, Any]) -> dict[str, Any]:
        found = {"id": user["id"], "email": user["email"]}
        if self.ways.items != "seed":
            found["allowedDownloadsNum"] = user["allowedDownloadsNum"]
        if self.ways.items != "reference":
            found.update(singleUse=user["singleUse"], temporal=user["temporal"])
        owner = user["publishedApplicationId"]
        if self.ways.publication == "null":
            found["publishedApplicationId"] = None
        elif self.ways.publication != "hidden" and self.ways.items != "seed":
            shown = {"_id": owner, "slug": "x"} if owner and self.ways.publication == "object" else owner
            found["publishedApplicationId"] = shown
        return found

    def _create(self, body: Mapping[str, Any]) -> Answer:
        reference = bool(set(body) & (REFERENCE_KEYS - {"email"}))
        wanted = ("reference" if reference else "seed") if self.ways.body == "either" else self.ways.body
        wrong = set(body) - (REFERENCE_KEYS if wanted == "reference" else SEED_KEYS)
        lacking = REFERENCE_KEYS - set(body) if wanted == "reference" else set()
        if wrong or lacking:
            return _error(400, 6002, *sorted(wrong or lacking), text="is not allowed" if wrong else "is required")
        owner = body.get("publishedApplicationId")
        if owner not in (None, *PUBLICATIONS.values()):
            return _error(404, 3001)
        for user in self.users.values():
            same = user["email"].lower() == body["email"].lower()
            there = user["publishedApplicationId"] == owner and self.ways.unique == "publication"
            if same and (self.ways.unique == "store" or there):
                return _error(400, 6001)
        if self.full or len(self.users) >= self.ways.seats:
            return _error(400, 5003)
        self.writes += 1
        user = self.add(**{**body, "publication": body.get("publishedApplicationId"), "publishedApplicationId": owner})
        self.admissions.append((body["email"].lower(), owner))
        shown = self._shown(user)
        return 201, {"status": True, "data": [shown] if self.ways.answer == "array" else shown}

    def _one(self, method: str, ident: str, body: Any) -> Answer:
        user = self.users.get(ident)
        if user is None:
            return _error(404, 3001)
        if method == "GET":
            return 200, {"status": True, "data": self._shown(user)}
        if method == "DELETE":
            self.writes += 1
            del self.users[ident]
            return 200, {"status": True, "data": {"deleted": True}}
        if set(body) != {"allowedDownloadsNum"}:
            return _error(400, 6002, *body)
        self.writes += 1
        user.update(allowedDownloadsNum=body["allowedDownloadsNum"], singleUse=body["allowedDownloadsNum"] == 1)
        return 200, {"status": True, "data": self._shown(user)}


def _error(status: int, code: int, *fields: str, text: str = "is not allowed") -> Answer:
    errors = [{"field": [name], "messages": [f'"{name}" {text}']} for name in fields]
    return status, {"status": False, "error": {"code": code, "message": "refused", "data": {"errors": errors}}}
