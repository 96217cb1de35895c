# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builds and publications of one app, in memory and without a network: for thousands of cases a minute.

Written from the documents alone, with every behaviour that they leave open as a field of ``Ways``. It is no second
simulator: it knows one app, and of its publications only what they serve.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api, connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from ansible_collections.applivery.distribution.tests.support.in_process import InProcess

APP = "a" * 24
STORE = "5" * 24
Answer = tuple[int, Any]
Build = dict[str, Any]
FOLLOWED = {"gitBranch": "branch", "gitTag": "tag"}


@dataclass(frozen=True)
class Ways:
    """What the documents leave open (fact sheet 2.1, C1, C7, C9, C10, C16, N8, N12)."""

    api: str = "workspace"
    order: str = "newest first"
    filters: str = "honoured"
    envelope: str = "docs"
    page: int = 500
    hidden: frozenset[str] = frozenset()
    hidden_in_lists: frozenset[str] = frozenset()
    unset: str = "absent"
    inside: str = "replace"
    put: str = "whole"
    done: str = "processed"
    trims: bool = False
    reads_until_done: int = 1
    # What a publication takes for its newest build, how it compares, and what several tags mean.
    serves: str = "any"
    compares: str = "exact"
    several_tags: str = "any"


@dataclass
class Service:
    """One app. ``fault`` says of each request what goes wrong: ``before``, ``after``, ``busy`` or nothing.

    ``between`` is called before each request, with its method and path.
    """

    ways: Ways = field(default_factory=Ways)
    now: datetime = datetime(2030, 1, 1, tzinfo=timezone.utc)
    fault: Callable[[str], str] = lambda _method: ""
    between: Callable[[str, str], None] = lambda _method, _path: None
    builds: dict[str, Build] = field(default_factory=dict)
    publications: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Requests that write, whatever became of them; and those that had an effect.
    writes: list[tuple[str, str]] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)
    uploads: int = 0
    deleted_while_served: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    _number: int = 0

    # What happens without the API --------------------------------------------------------------------------------

    def add(self, **more: Any) -> Build:
        """Put a build there, a minute younger than the one before unless ``createdAt`` says otherwise."""
        self._number += 1
        moment = (self.now - timedelta(days=200) + timedelta(minutes=self._number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        build = {
            "id": f"{self._number:024x}",
            "status": "processed",
            "os": "ios",
            "application": APP,
            "versionCode": str(self._number),
            "createdAt": moment,
            "updatedAt": moment,
            **copy.deepcopy(more),
        }
        self.builds[build["id"]] = build
        return build

    def publish(self, chosen: Any, **more: Any) -> None:
        """Put a publication there."""
        self._number += 1
        ident = f"{self._number:024x}"
        self.publications[ident] = {
            "id": ident,
            "slug": f"pub-{self._number}",
            "application": APP,
            "filter": chosen,
            **more,
        }

    def served(self) -> set[str]:
        """The builds that publications hand out now, by this service's own ways."""
        return {ident for publication in self.publications.values() for ident in self._served_by(publication)}

    def _served_by(self, publication: Mapping[str, Any]) -> Iterator[str]:
        chosen = publication["filter"]
        kind = chosen.get("type")
        if kind in ("build", "builds"):
            yield from (chosen[key] for key in ("ios", "android", "macos", "windows") if chosen.get(key))
            yield from (entry["id"] for entry in chosen.get("builds", []))
            return
        newest: dict[Any, Build] = {}
        for build in sorted(self.builds.values(), key=lambda build: build["createdAt"]):
            if self._may_be_served(build) and self._is_followed(chosen, build):
                newest[build["os"]] = build
        yield from (build["id"] for build in newest.values())

    def _may_be_served(self, build: Build) -> bool:
        if self.ways.serves == "any":
            return True
        return build["status"] == "processed" and (self.ways.serves == "processed" or not build.get("disabled"))

    def _is_followed(self, chosen: Mapping[str, Any], build: Build) -> bool:
        kind, value = chosen.get("type"), chosen.get("value")
        if kind in ("last", "future"):
            return True
        if kind in FOLLOWED:
            held = ((build.get("deployer") or {}).get("info") or {}).get(FOLLOWED[kind])
            return held is not None and self._form(held) == self._form(value)
        wanted = [self._form(tag) for tag in str(value).split(",")]
        tags = [self._form(tag) for tag in build.get("tags") or []]
        if self.ways.several_tags == "one":
            return self._form(value) in tags
        return (any if self.ways.several_tags == "any" else all)(tag in tags for tag in wanted)

    def _form(self, text: Any) -> str:
        return str(text) if self.ways.compares == "exact" else str(text).strip().lower()

    # The API -------------------------------------------------------------------------------------------------------

    def api(self, warn: Callable[[str], None] = lambda _text: None) -> Api:
        """A client of its own, whose waits cost no time."""
        url = "https://api.applivery.example"
        connection = Connection(self.ways.api, "t" * 20, "acme", "app", STORE, url, url, retry_timeout=5)
        api = connect(connection, warn, backoff=0.5)
        keep_time(api, self.clock)
        session = api.transport._session
        getattr(session, "_session", session).mount("https://", InProcess(self))
        return api

    def handle(self, method: str, url: str, body: Any) -> Answer:
        """One request as it arrives."""
        parts = urlsplit(url)
        path = [part for part in parts.path.split("/")[2:] if part]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.between(method, parts.path)
        if method != "GET":
            self.writes.append((method, parts.path))
        if path[-1] == "stores":
            return 200, self._page([{"id": STORE}], query)
        if path[-1] in ("pubApps", "distributions"):
            return 200, self._page(list(self.publications.values()), query)
        if path[-2] in ("pubApps", "distributions"):
            return _found(self.publications.get(path[-1]))
        if path[-1] == "builds":
            return self._list(query) if method == "GET" else self._upload(body)
        return self._one(method, path[-1], body)

    def _list(self, query: Mapping[str, str]) -> Answer:
        hints = set(query) & {"os", "versionName"}
        if self.ways.filters == "refused" and hints:
            return _error(400, 6002)
        found = sorted(self.builds.values(), key=lambda build: build["createdAt"])
        asked = self.ways.api == "workspace" and query.get("sort", "").endswith(":desc")
        if self.ways.order == "newest first" or (asked and self.ways.filters == "honoured"):
            found.reverse()
        if self.ways.filters == "honoured":
            found = [build for build in found if all(build.get(name) == query[name] for name in hints)]
        return 200, self._page([self._shown(build, self.ways.hidden_in_lists) for build in found], query)

    def _page(self, items: list[Any], query: Mapping[str, str]) -> dict[str, Any]:
        size = min(int(query.get("limit", "100")), self.ways.page)
        number = int(query.get("page", "1"))
        part = items[(number - 1) * size : number * size]
        if self.ways.envelope == "bare":
            return {"status": True, "data": part}
        pages = max(1, -(-len(items) // size))
        facts = {"totalDocs": len(items), "page": number, "totalPages": pages, "hasNextPage": number < pages}
        return {"status": True, "data": {"items": part, **facts}}

    def _shown(self, build: Build, hidden: frozenset[str] = frozenset()) -> Build:
        unset = {"versionName": None, "tags": None, "changelog": None} if self.ways.unset == "null" else {}
        found = {**unset, **copy.deepcopy(build)}
        found["status"] = self.ways.done if build["status"] == "processed" else build["status"]
        found = {key: value for key, value in found.items() if key not in hidden | self.ways.hidden}
        if self.ways.unset == "null":
            return found
        return {key: value for key, value in found.items() if value not in (None, "", [], {})}

    def _one(self, method: str, ident: str, body: Any) -> Answer:
        build = self.builds.get(ident)
        if build is None:
            return _error(404, 3001)
        if method == "GET":
            self._go_on(build)
            return _found(self._shown(build))
        if method == "DELETE":
            if build["status"] in ("pending", "in_progress"):
                return _error(400, 5014)
            if ident in self.served():
                self.deleted_while_served.append(ident)
            del self.builds[ident]
            self.effects.append((method, ident))
            return 200, {"status": True, "data": {"deleted": True}}
        for name, value in body.items():
            old = build.get(name)
            merge = self.ways.inside == "merge" and isinstance(old, dict) and isinstance(value, dict)
            stored = value.strip() if self.ways.trims and isinstance(value, str) else value
            build[name] = {**old, **stored} if merge else copy.deepcopy(stored)
        build["updatedAt"] = self._moment()
        self.effects.append((method, ident))
        if self.ways.put == "nothing":
            return 204, None
        shown = self._shown(build)
        return 200, {"status": True, "data": shown if self.ways.put == "whole" else {"id": ident, **body}}

    def _go_on(self, build: Build) -> None:
        if build["status"] not in ("pending", "in_progress") or build.get("stuck"):
            return
        build["reads"] = build.get("reads", 0) + 1
        if build["reads"] > self.ways.reads_until_done:
            build["status"] = "processed"

    def _upload(self, form: Mapping[str, str]) -> Answer:
        self.uploads += 1
        info = {key.rpartition(".")[2]: value for key, value in form.items() if key.startswith("deployer.info.")}
        build = self.add(
            status="pending",
            os="android",
            versionName=form.get("versionName", "1.0.0"),
            tags=[tag for tag in form.get("tags", "").split(",") if tag],
            createdAt=self._moment(),
            deployer={"name": form.get("deployer.name", ""), "info": info},
            **({"changelog": form["changelog"]} if "changelog" in form else {}),
        )
        self.effects.append(("POST", build["id"]))
        return 201, {"status": True, "data": self._shown(build)}

    def _moment(self) -> str:
        self._number += 1
        return (self.now + timedelta(seconds=self._number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _found(item: Mapping[str, Any] | None) -> Answer:
    return _error(404, 3001) if item is None else (200, {"status": True, "data": item})


def _error(status: int, code: int) -> Answer:
    return status, {"status": False, "error": {"code": code, "message": "refused"}}
