# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The publications of one store, in memory and without a network: for thousands of cases a minute.

Written from the documents alone, with every behaviour that they leave open as a field of ``Ways``. It is no second
simulator: it knows one store and its publications, and answers below the client's repetitions.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api, connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._http.decode import judged
from ansible_collections.applivery.distribution.plugins.module_utils._http.message import Fault, Reply, Request
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from ansible_collections.applivery.distribution.tests.support.tasks import Ran, filled

STORE, APPLICATION = "5" * 24, "a" * 24
# The body of the seed page and the reference, with what a publication holds before anything is set.
DEFAULTS: dict[str, Any] = {
    "slug": None,
    "visibility": None,
    "security": None,
    "groups": [],
    "activateUserAudiences": False,
    "userAudienceMap": [],
    "allowedCountries": [],
    "blockedCountries": [],
    "filter": None,
    "tags": [],
    "showHistory": False,
    "showDevInfo": False,
    "hideAttachedFiles": False,
    "expirationDate": None,
    "terms": {},
    "configuration": {},
}
NEEDED = ("slug", "visibility", "security", "filter")
LEAVES: dict[str, Any] = {
    "terms": {"active": False, "text": ""},
    "configuration": {
        "application": {"name": "", "description": ""},
        "branding": {"logo": "", "primaryColor": "", "buttonColor": ""},
    },
}
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Ways:
    """What the documents leave open (fact sheet 2.2, 4 and 5)."""

    put: str = "replace"
    unset: str = "absent"  # absent, null, empty; or lists: empty lists are shown, all other unset fields are dropped
    nested: str = "leaves"  # leaves: an unset nested field is shown with its leaves; or braces: as {}
    hidden: tuple[str, ...] = ()
    time: bool = True
    enriched: bool = False
    spelling: str = "exact"  # exact, trimmed, lower
    codes: str = "upper"
    dates: str = "as_sent"
    lists: str = "one"  # one: two filled country lists are refused; or strictest: an empty one beside a filled one too
    filters: str = "honoured"
    listed: str = "full"
    answer: str = "object"
    api: str = "workspace"


@dataclass
class Service:
    """One store. ``faults`` and ``writers`` say what goes wrong at, or happens before, the request of that number;
    ``failing`` is what goes wrong at every write.
    """

    ways: Ways = field(default_factory=Ways)
    faults: dict[int, str] = field(default_factory=dict)
    failing: str = ""
    writers: dict[int, Callable[[Service], None]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    writes: int = 0
    done: int = 0
    last_write: int = 0
    last_writer: int = 0
    _number: int = 0

    # What happens without the API --------------------------------------------------------------------------------

    def add(self, **fields: Any) -> dict[str, Any]:
        """Put a publication into the store as it is."""
        self._number += 1
        ident = f"{self._number:024x}"
        self.items[ident] = {"id": ident, "password": None, **copy.deepcopy(DEFAULTS), **copy.deepcopy(fields)}
        self.touch(ident)
        return self.items[ident]

    def touch(self, ident: str) -> None:
        """The time of the last update moves."""
        self._number += 1
        self.items[ident]["updatedAt"] = f"2030-01-01T00:{self._number // 60:02}:{self._number % 60:02}.000Z"

    # The API -------------------------------------------------------------------------------------------------------

    def api(self, warn: Callable[[str], None], retry_timeout: float = 5) -> Api:
        """A client of its own, whose waits cost no time."""
        url = "https://api.applivery.example"
        connection = Connection(self.ways.api, "t" * 20, "acme", "app", STORE, url, url, retry_timeout=retry_timeout)
        connection = connection._replace(application=APPLICATION)
        api = connect(connection, warn, ["the-password"], backoff=0.5)
        keep_time(api, Clock())
        api.transport.attempt = self.attempt  # below it the network begins
        return api

    def attempt(self, request: Request, _limit: float) -> tuple[Reply | None, Fault | None]:
        """One request as it arrives, or does not."""
        self.requests += 1
        assert self.requests < 200, "the client does not end"
        if self.requests in self.writers:
            self.last_writer = self.requests
            self.writers[self.requests](self)
        fault = (self.failing if request.method != "GET" else "") or self.faults.get(self.requests, "")
        self.writes += request.method != "GET"
        if fault == "forbidden":
            return _answered(request, 403, {"status": False, "error": {"code": 4003, "message": "Forbidden"}})
        if fault == "busy":
            return _answered(request, 429, {"status": False, "error": {"code": 0, "message": "slow down"}})
        if fault.endswith("before"):
            return _lost(request, fault)
        body = None if request.body is None else json.loads(json.dumps(request.body))
        status, data = self._handled(request.method, request.path.split("/")[2:], request.query or {}, body)
        if fault.endswith("after") and status < 300:
            return _lost(request, fault)
        return _answered(request, status, data)

    def _handled(self, method: str, path: list[str], query: Mapping[str, Any], body: Any) -> Answer:
        if path[-1] == "otp-users":
            return 200, {"status": True, "data": {"items": [], "totalDocs": 0, "page": 1, "totalPages": 1}}
        if path[-1] in ("pubApps", "distributions"):
            return self._list(query) if method == "GET" else self._create(body)
        item = self.items.get(path[-1])
        if item is None:
            return _refused(404, 3001, "Entity not found")
        if method == "PUT":
            return self._update(item, body)
        if method == "DELETE":
            del self.items[path[-1]]
            self._wrote()
            return 200, {"status": True, "data": {"deleted": True}}
        return 200, {"status": True, "data": self.shown(item)}

    def _wrote(self) -> None:
        self.done += 1
        self.last_write = self.requests

    def _list(self, query: Mapping[str, Any]) -> Answer:
        slug = query.get("slug")
        found = list(self.items.values())
        if slug and self.ways.filters == "honoured":
            found = [item for item in found if item["slug"] == slug]
        elif slug and self.ways.filters == "search":
            found = [item for item in found if slug.lower() in str(item["slug"]).lower()]
        items = [self.shown(item) for item in found]
        if self.ways.listed == "brief":
            items = [{name: item[name] for name in ("id", "slug", "visibility")} for item in items]
        total = {"totalDocs": len(items), "page": 1, "totalPages": 1, "hasNextPage": False}
        return 200, {"status": True, "data": {"items": items, **total}}

    def _create(self, body: dict[str, Any]) -> Answer:
        problem = self._problem(body, None)
        if problem:
            return problem
        item = self.add(**{name: self._stored(name, value) for name, value in body.items() if name != "application"})
        self._wrote()
        return 201, {"status": True, "data": self.shown(item)}

    def _update(self, item: dict[str, Any], body: dict[str, Any]) -> Answer:
        problem = self._problem(body, item)
        if problem:
            return problem
        stored = {name: self._stored(name, value) for name, value in body.items() if name != "application"}
        kept = item if self.ways.put == "merge" else {"id": item["id"], "password": None, **copy.deepcopy(DEFAULTS)}
        if self.ways.put == "merge":
            stored = {name: _merged(kept.get(name), value) for name, value in stored.items()}
        self.items[item["id"]] = {**kept, **stored}
        self.touch(item["id"])
        self._wrote()
        return (204, None) if self.ways.answer == "nothing" else (200, {"status": True, "data": {"id": item["id"]}})

    def _problem(self, body: dict[str, Any], item: dict[str, Any] | None) -> Answer | None:
        wanted = {*DEFAULTS, "password", *(["application"] if self.ways.api == "workspace" else [])}
        if set(body) - wanted:
            return _invalid(sorted(set(body) - wanted)[0], "is not allowed")
        missing = [name for name in NEEDED if not body.get(name)]
        if missing:
            return _invalid(missing[0], "is required")
        if any(other["slug"] == body["slug"] for other in self.items.values() if other is not item):
            return _refused(400, 5024, "Slug already used")
        return self._contradiction(body)

    def _contradiction(self, body: dict[str, Any]) -> Answer | None:
        both = [body.get(name) for name in ("allowedCountries", "blockedCountries")]
        if all(both) or (self.ways.lists == "strictest" and None not in both and any(both)):
            return _invalid("blockedCountries", "conflict between the two country lists")
        if body["security"] == "password" and not body.get("password"):
            return _invalid("password", "is required")
        if (body.get("terms") or {}).get("active") and not body["terms"].get("text"):
            return _invalid("terms.text", "is required")
        return None

    def _stored(self, name: str, value: Any) -> Any:
        if name in ("allowedCountries", "blockedCountries"):
            return [getattr(code, self.ways.codes)() for code in value]
        if name == "expirationDate" and value and self.ways.dates == "milliseconds":
            return value.replace(".000Z", "Z").replace("Z", ".000Z")
        if name in ("tags", "terms", "configuration"):
            return _spelled(value, self.ways.spelling)
        return value if value is not None or name == "expirationDate" else DEFAULTS.get(name)

    # How it is shown -----------------------------------------------------------------------------------------------

    def shown(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """A publication as the API shows it."""
        made: dict[str, Any] = {"id": item["id"], "application": APPLICATION}
        if self.ways.enriched:
            made["application"] = {"id": APPLICATION, "name": "App"}
        if self.ways.time:
            made["updatedAt"] = item["updatedAt"]
        for name, default in DEFAULTS.items():
            self._show(made, name, copy.deepcopy(item[name]), default)
        return self._without_hidden(made)

    def _show(self, made: dict[str, Any], name: str, value: Any, default: Any) -> None:
        bare = value in (None, "", [], {}, False)
        if name in LEAVES and not bare:
            made[name] = self._with_leaves(value, LEAVES[name])
        elif not bare:
            made[name] = self._enriched(name, value) if self.ways.enriched else value
        elif self.ways.unset == "null":
            made[name] = False if value is False else None
        elif self.ways.unset == "empty":
            braces = self.ways.nested == "braces" or name not in LEAVES
            made[name] = copy.deepcopy(default if braces else LEAVES[name])
        elif self.ways.unset == "lists" and default == [] and not name.endswith("Countries"):
            made[name] = []

    def _with_leaves(self, value: dict[str, Any], leaves: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"touched": True} if self.ways.enriched else {}
        for name, unset in leaves.items():
            inner = value.get(name)
            if isinstance(unset, dict) and inner:
                made[name] = self._with_leaves(inner, unset)
            elif inner not in (None, "", {}):
                made[name] = inner
            elif self.ways.unset == "null":
                made[name] = None
            elif self.ways.unset == "empty":
                made[name] = {} if isinstance(unset, dict) else unset
        return made

    def _enriched(self, name: str, value: Any) -> Any:
        if name == "userAudienceMap":
            return [{**entry, "name": "Audience", "members": 3} for entry in value]
        if name == "filter":
            build = {key: {"id": ident, "status": "processed"} for key, ident in value.items() if len(str(ident)) == 24}
            return {"value": None, "builds": [], **value, **build}
        return value

    def _without_hidden(self, made: dict[str, Any]) -> dict[str, Any]:
        for path in self.ways.hidden:
            _hide(made, path.split("."))
        return made


def _hide(holder: Any, path: Sequence[str]) -> None:
    """Take out what a path names, and on the way up what holds nothing else: it is not shown to be unset."""
    name, *below = path
    if not isinstance(holder, dict) or name not in holder:
        return
    if below:
        _hide(holder[name], below)
    if not below or holder[name] == {}:
        del holder[name]


def play_in_memory(
    service: Service, options: Mapping[str, Any], *, check: bool = False, retry_timeout: float = 5
) -> Ran:
    """One run of the module's task; an AppliveryError is an ending, any other exception a defect."""
    warnings: list[str] = []
    given = filled(SPEC, options)
    before = copy.deepcopy(given)
    try:
        outcome = run(Task(given, service.api(warnings.append, retry_timeout), check, warnings.append))
    except AppliveryError as problem:
        outcome = Outcome(changed=bool(problem.result.get("changed")), result=problem.result, error=problem)
    assert given == before, "the task's own options were changed"
    return Ran(outcome, warnings, outcome.error)


def _answered(request: Request, status: int, data: Any) -> tuple[Reply, Fault | None]:
    content = b"" if data is None else json.dumps(data).encode()
    return judged(request.method, status, {"Content-Type": "application/json"}, content)


def _lost(request: Request, kind: str) -> tuple[Reply | None, Fault | None]:
    """What is left of an answer: nothing, an error of the server, or a page of a gateway."""
    if kind.startswith("cut"):
        return None, Fault("connection", "the connection broke")
    status, content = (502, b"<html>Bad Gateway</html>") if kind.startswith("gateway") else (500, b'{"status":false}')
    return judged(request.method, status, {"Content-Type": "text/html"}, content)


def _refused(status: int, code: int, message: str) -> Answer:
    return status, {"status": False, "error": {"code": code, "message": message}}


def _invalid(name: str, message: str) -> Answer:
    entry = {"field": name.split("."), "location": "body", "messages": [f'"{name}" {message}'], "types": ["any"]}
    return 400, {"status": False, "error": {"code": 6002, "message": "Invalid body", "data": {"errors": [entry]}}}


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict) or "type" in new:
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}


def _spelled(value: Any, how: str) -> Any:
    if isinstance(value, dict):
        return {name: _spelled(item, how) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item, how) for item in value]
    if not isinstance(value, str) or how == "exact":
        return value
    return value.strip() if how == "trimmed" else value.lower()
