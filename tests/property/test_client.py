# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every request, whatever goes wrong at whatever place, and for every list that moves while it is read.

APPLIVERY_FUZZ_CASES sets how many cases are tried; some hundreds a second fit one core.
"""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import event, given, settings
from hypothesis import strategies as st
from urllib3 import exceptions as urllib3_errors

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._api.pages import undisturbed
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    ListingChanged,
    RequestFailed,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.scripted import (
    PASSWORD,
    TOKEN,
    BreakingBody,
    response,
    scripted,
)

CASES = int(os.environ.get("APPLIVERY_FUZZ_CASES", "300"))
IDENT = "abcdef0123456789abcdef01"
SLUG = "brand-new"
# No budget of a request is larger; a creation is up to three of them and as many looks.
RETRY_TIMEOUT = 30.0
MOST_SECONDS = 10 * RETRY_TIMEOUT


# A server with one publication -------------------------------------------------------------------------------------


@dataclass
class Server:
    """Carries out what it is asked, and remembers that it did, whatever becomes of its answer."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: int = 0
    created: int = 0

    def carry_out(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        ident = str(request.path_url).rsplit("/", 1)[-1]
        if request.method == "GET" and "?" in ident:
            return 200, {"items": list(self.objects.values()), "totalDocs": len(self.objects), "hasNextPage": False}
        if request.method == "POST":
            self.created += 1
            self.written += 1
            made = {"id": f"{self.created:024x}", **json.loads(request.body or b"{}")}
            self.objects[made["id"]] = made
            return 201, made
        if ident not in self.objects:
            return 404, {"code": 3001, "message": "Entity not found"}
        if request.method == "DELETE":
            self.written += 1
            return 200, {"deleted": bool(self.objects.pop(ident))}
        if request.method == "PUT":
            self.written += 1
            self.objects[ident].update(json.loads(request.body or b"{}"))
        return 200, self.objects[ident]


def enveloped(status: int, data: Any) -> bytes:
    if status < 300:
        return json.dumps({"status": True, "data": data}).encode()
    return json.dumps({"status": False, "error": data}).encode()


# What can go wrong -----------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """``done``: whether the server carries the request out all the same; ``make`` gives the answer, or raises."""

    name: str
    done: bool
    make: Callable[[requests.PreparedRequest, int, bytes], requests.Response]

    def __repr__(self) -> str:
        return f"{self.name} ({'done' if self.done else 'not done'})"


def raising(problem: Exception) -> Callable[..., requests.Response]:
    def make(*_arguments: Any) -> requests.Response:
        raise problem

    return make


JSON = {"Content-Type": "application/json"}
ECHO = f"it said {TOKEN}, {json.dumps(PASSWORD)} and {PASSWORD}"
NO_WAY = urllib3_errors.NewConnectionError(None, "no way")  # there is no pool here
UNSENT = [
    requests.ConnectionError(urllib3_errors.MaxRetryError(None, "/", NO_WAY)),  # no pool here
    requests.exceptions.ConnectTimeout(urllib3_errors.ConnectTimeoutError("slow")),
    requests.exceptions.SSLError(urllib3_errors.SSLError("CERTIFICATE_VERIFY_FAILED")),
    requests.exceptions.InvalidURL("no address"),
]
BROKEN = [
    requests.ConnectionError(urllib3_errors.ProtocolError("Connection aborted.", ConnectionResetError(104, ECHO))),
    requests.exceptions.ReadTimeout(ECHO),
    requests.exceptions.SSLError(urllib3_errors.SSLError("EOF occurred in violation of protocol")),
    requests.exceptions.ChunkedEncodingError(ECHO),
    requests.exceptions.InvalidHeader(ECHO),
    PermissionError(1, ECHO),
    KeyError(ECHO),
    AttributeError("'NoneType' object has no attribute 'readline'"),
]
IN_BODY = [
    urllib3_errors.IncompleteRead(3, 9),
    urllib3_errors.ReadTimeoutError(None, "/", ECHO),  # no pool here
    ConnectionResetError(104, "reset"),
    UnicodeError(ECHO),
    ValueError(ECHO),
    MemoryError(),
    RecursionError(ECHO),
    FileNotFoundError(2, ECHO),
]
NONSENSE = [
    b"",
    b" ",
    b"[" * 5000,
    b'{"a":' * 150 + b"1" + b"}" * 150,
    b"null",
    b"[]",
    b"{}",
    b"17",
    b'{"status": true}',
    b'{"status": true, "error": {"code": 5000}}',
    b'{"data": null}',
    b'{"status": null, "error": null}',
    b'{"status": true, "data": NaN}',
    b"\xff\xfe\x00",
    f"<html>{ECHO}</html>".encode(),
    json.dumps({"message": ECHO}).encode(),
]
CHARSETS = ["utf-8", "undefined", "idna", "punycode", "hex", "utf-16", "unheard-of", "unicode_escape", '"', "\x00"]
ENCODINGS = ["", "gzip", "deflate", "br", "gzip, gzip", "identity", "\x00"]
REFUSALS = [
    (400, 6002),
    (400, 5017),
    (401, 4004),
    (403, 4003),
    (403, 4001),
    (404, 5000),
    (409, 5024),
    (501, 0),
    (302, 0),
]
ERRORS = [429, 500, 502, 503, 504, 505, 520, 599]
RETRY_AFTER = ["", "0", "3", "1000000", "-1", "nan", "soon", "Fri, 02 Jan 2026 00:00:30 GMT", "²"]


def answering(status: int, body: bytes, **headers: str) -> Callable[..., requests.Response]:
    return lambda *_arguments: response(status, body, {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}})


def nonsense(said: bytes) -> Callable[..., requests.Response]:
    """Answer ``said``; a bare ``[]`` is a listing in good form, and no client sees through one that lies."""

    def make(request: requests.PreparedRequest, status: int, body: bytes) -> requests.Response:
        lists = request.method == "GET" and "?" in str(request.path_url)
        return response(status, body, JSON) if lists and said == b"[]" else response(200, said, JSON)

    return make


def breaking(problem: Exception, length: int) -> Callable[..., requests.Response]:
    return lambda _request, status, body: response(status, BreakingBody(body[:length], problem), JSON)


def mangled(length: int, charset: str, encoding: str) -> Callable[..., requests.Response]:
    headers = {"Content-Type": f"application/json; charset={charset}", "Content-Encoding": encoding}

    def make(_request: Any, status: int, body: bytes) -> requests.Response:
        packed = gzip.compress(body) if "gzip" in encoding else body
        return response(status, packed[:length], headers)

    return make


refusals = st.builds(
    lambda pair, status: Fault(
        f"refused {pair}", False, answering(status or pair[0], enveloped(400, {"code": pair[1], "message": ECHO}))
    ),
    st.sampled_from(REFUSALS),
    st.sampled_from([0, 0, 200]),
)
errors = st.builds(
    lambda status, done, told, html: Fault(
        f"HTTP {status}",
        done and status != 429,
        answering(status, ECHO.encode() if html else b"{}", **({"Retry_After": told} if told else {})),
    ),
    st.sampled_from(ERRORS),
    st.booleans(),
    st.sampled_from(RETRY_AFTER),
    st.booleans(),
)
faults = st.one_of(
    refusals,
    errors,
    st.builds(lambda problem: Fault(repr(problem)[:40], False, raising(problem)), st.sampled_from(UNSENT)),
    st.builds(
        lambda problem, done: Fault(repr(problem)[:40], done, raising(problem)), st.sampled_from(BROKEN), st.booleans()
    ),
    st.builds(
        lambda problem, length: Fault(f"body: {problem!r}"[:40], True, breaking(problem, length)),
        st.sampled_from(IN_BODY),
        st.integers(0, 80),
    ),
    st.builds(lambda said: Fault(f"{said!r}"[:40], True, nonsense(said)), st.sampled_from(NONSENSE)),
    st.builds(
        lambda length, charset, encoding: Fault(f"{charset} {encoding}", True, mangled(length, charset, encoding)),
        st.integers(0, 120),
        st.sampled_from(CHARSETS),
        st.sampled_from(ENCODINGS),
    ),
)
scripts = st.lists(st.one_of(st.none(), faults), max_size=8)


def look_up(api: Api) -> dict[str, Any] | None:
    return next((item for item in api.list_all(PUBLICATIONS) if item.get("slug") == SLUG), None)


VERBS: dict[str, Callable[[Api], Any]] = {
    "get": lambda api: api.get(PUBLICATIONS, IDENT),
    "list": lambda api: api.list_all(PUBLICATIONS),
    "update": lambda api: api.update(PUBLICATIONS, IDENT, {"tags": ["x"], "password": PASSWORD}),
    "delete": lambda api: api.delete(PUBLICATIONS, IDENT),
    "create": lambda api: api.create(PUBLICATIONS, {"slug": SLUG, "password": PASSWORD}, lambda: look_up(api)),
}


class Told(NamedTuple):
    """How a verb ended: what it returned, or the error."""

    result: Any = None
    problem: AppliveryError | None = None


def carried(api: Api, verb: str) -> Told:
    try:
        return Told(VERBS[verb](api))
    except AppliveryError as problem:
        return Told(problem=problem)


@settings(max_examples=CASES)
@given(st.sampled_from(list(VERBS)), scripts)
def test_a_write_that_may_have_been_carried_out_is_never_called_undone(verb: str, script: list[Fault | None]) -> None:
    server, left = Server({IDENT: {"id": IDENT, "slug": "app"}}), list(script)

    def answers(request: requests.PreparedRequest) -> requests.Response:
        fault = left.pop(0) if left else None
        if fault is None:
            status, data = server.carry_out(request)
            return response(status, enveloped(status, data), JSON)
        status, data = server.carry_out(request) if fault.done else (200, {})
        return fault.make(request, status, enveloped(status, data))

    api, adapter, warnings = scripted(answers, retry_timeout=RETRY_TIMEOUT)
    began = api.transport.clock()
    told = carried(api, verb)
    event(f"{verb}: {type(told.problem).__name__}")
    assert api.transport.clock() - began <= MOST_SECONDS
    assert len(adapter.requests) <= 400
    assert server.created <= 1
    if told.problem is None:
        assert claimed_rightly(verb, told.result, server)
    elif server.written:
        assert isinstance(told.problem, AmbiguousWrite)
        assert told.problem.changed
    check_words([*warnings, *words(told.problem)])


def claimed_rightly(verb: str, result: Any, server: Server) -> bool:
    if verb == "delete":
        return IDENT not in server.objects
    if verb == "create":
        return server.created == 1
    return verb != "update" or server.objects[IDENT].get("tags") == ["x"]


def words(problem: AppliveryError | None) -> list[str]:
    return [] if problem is None else [problem.message, repr(problem), json.dumps(problem.failure, ensure_ascii=False)]


def check_words(texts: list[str]) -> None:
    for text in texts:
        assert TOKEN not in text
        assert PASSWORD not in text
        assert json.dumps(PASSWORD) not in text
        assert text.isprintable()
        assert len(text) < 6000
        text.encode()


# Lists that move while they are read -------------------------------------------------------------------------------

ORDERS = ("newest first", "oldest first", "anywhere")


@dataclass
class MovingList:
    """Ten objects or so on pages of three; before each page some leave and some come."""

    order: str
    honours_sort: bool
    shows_created: bool
    shows_total: bool
    moves: list[tuple[str, int]]
    items: list[dict[str, Any]]
    there_all_along: set[str] = field(default_factory=set)
    count: int = 100

    def __post_init__(self) -> None:
        self.there_all_along = {item["id"] for item in self.items}

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        query = parse_qs(urlsplit(str(request.path_url)).query)
        page = int(query["page"][0])
        self._move()
        items = self.items
        if self.honours_sort and "sort" in query:
            items = sorted(items, key=lambda item: str(item["createdAt"]), reverse=True)
        shown = [
            {name: value for name, value in item.items() if self.shows_created or name != "createdAt"}
            for item in items[3 * (page - 1) : 3 * page]
        ]
        data: dict[str, Any] = {"items": shown}
        if self.shows_total:
            data["totalDocs"] = len(items)
        return response(200, enveloped(200, data), JSON)

    def _move(self) -> None:
        while self.moves:
            kind, number = self.moves.pop(0)
            if kind == "rest":
                return
            if kind == "leave" and self.items:
                gone = self.items.pop(number % len(self.items))
                self.there_all_along.discard(gone["id"])
            if kind == "come":
                self.count += 1
                place = {"newest first": 0, "oldest first": len(self.items)}.get(self.order, number)
                self.items.insert(place, made(self.count))


def made(number: int) -> dict[str, Any]:
    return {"id": f"{number:024x}", "createdAt": f"2026-01-01T{number // 60:02}:{number % 60:02}:00.000Z"}


@st.composite
def moving_lists(draw: st.DrawFn) -> MovingList:
    order = draw(st.sampled_from(ORDERS))
    numbers = list(range(draw(st.integers(0, 12))))
    items = [made(number) for number in (reversed(numbers) if order == "newest first" else numbers)]
    move = st.tuples(st.sampled_from(["rest", "rest", "leave", "come"]), st.integers(0, 12))
    return MovingList(
        order, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()), draw(st.lists(move, max_size=25)), items
    )


@settings(max_examples=CASES)
@given(moving_lists())
def test_no_list_that_moves_hides_what_was_there_all_along(moving: MovingList) -> None:
    api, _adapter, _warnings = scripted(moving.answer)
    try:
        found = undisturbed(lambda: [item for page in api.pages(PUBLICATIONS, size=3) for item in page])
    except ListingChanged:
        event("changed")
        return
    ids = [item["id"] for item in found]
    assert len(ids) == len(set(ids))
    assert moving.there_all_along <= set(ids)


@settings(max_examples=CASES)
@given(st.lists(st.sampled_from(["id", "_id", "slug", "nothing"]), min_size=1, max_size=5), st.integers(0, 4))
def test_an_object_without_an_id_is_never_absence(names: list[str], odd: int) -> None:
    values: list[Any] = [None, "", 0, False, [], {}, 1.5]
    items = [{name: f"{number:024x}"} for number, name in enumerate(names)]
    items[odd % len(items)] = {"id": values[odd % len(values)], "slug": SLUG}
    api, _adapter, _warnings = scripted(lambda _request: response(200, enveloped(200, items), JSON))
    with pytest.raises(RequestFailed, match="no usable id"):
        api.list_all(PUBLICATIONS)
