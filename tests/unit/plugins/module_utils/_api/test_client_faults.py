# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault, for every verb, on the first page and in the middle: success, or one clear error."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    ListingChanged,
    RequestFailed,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from applivery_simulator import Simulator

FAILURE_KEYS = {"code", "message", "status", "method", "path", "fields", "attempts"}
TOTALS = ("docs", "items")
NO_TOTALS = ("items_only", "top_items", "bare", "data_list")


class World(NamedTuple):
    sim: Simulator
    api: Api
    ids: list[str]


@pytest.fixture
def world(simulator: Callable[..., Simulator], connected: Callable[..., Api]) -> Callable[..., World]:
    """Return a function that makes five publications on pages of two, and a client."""

    def make(switches: dict[str, Any] | None = None, **connection: Any) -> World:
        sim = simulator(switches={"max_limit": 2, **(switches or {})})
        ids = [sim.add_publication(slug=f"publication-{number}")["id"] for number in range(5)]
        return World(sim, connected(sim, **connection), ids)

    return make


def new_publication(sim: Simulator) -> dict[str, Any]:
    return {
        "application": sim.application["id"],
        "slug": "brand-new",
        "visibility": "active",
        "security": "public",
        "filter": {"type": "last"},
    }


def get(world: World) -> Any:
    return world.api.find(PUBLICATIONS, world.ids[0])


def list_all(world: World) -> Any:
    return world.api.list_all(PUBLICATIONS)


def put(world: World) -> Any:
    read = world.sim.publications[world.ids[0]]
    kept = ("application", "slug", "visibility", "security", "filter")
    return world.api.update(PUBLICATIONS, world.ids[0], {**{name: read[name] for name in kept}, "tags": ["new"]})


def post(world: World) -> Any:
    def look_up() -> dict[str, Any] | None:
        return next((item for item in world.api.list_all(PUBLICATIONS) if item["slug"] == "brand-new"), None)

    return world.api.create(PUBLICATIONS, new_publication(world.sim), look_up)


def delete(world: World) -> Any:
    return world.api.delete(PUBLICATIONS, world.ids[0])


VERBS: dict[str, tuple[str, int, Callable[[World], Any]]] = {
    "get": ("GET", 0, get),
    "first page": ("GET", 0, list_all),
    "middle page": ("GET", 1, list_all),
    "put": ("PUT", 0, put),
    "post": ("POST", 0, post),
    "delete": ("DELETE", 0, delete),
}
# The requests that each verb costs without any fault.
CLEAN = {"get": 1, "first page": 3, "middle page": 3, "put": 1, "post": 1, "delete": 1}


def check_success(world: World, verb: str, result: Any) -> None:
    if verb == "get":
        assert result["id"] == world.ids[0]
    elif verb.endswith("page"):
        assert {item["id"] for item in result} == set(world.ids)
        assert len(result) == 5
    elif verb == "put":
        assert world.sim.publications[world.ids[0]]["tags"] == ["new"]
    elif verb == "post":
        assert [item["slug"] for item in world.sim.publications.values()].count("brand-new") == 1
    else:
        assert result is True
        assert world.ids[0] not in world.sim.publications


def check_failure(problem: AppliveryError, method: str) -> None:
    assert set(problem.failure) == FAILURE_KEYS
    assert problem.failure["method"] == method
    assert str(problem.failure["path"]).startswith("/v1/organizations/")
    assert problem.failure["attempts"] >= 1
    assert problem.failure["message"]
    assert "publication" in problem.message or "POST" in problem.message or "failed" in problem.message
    assert "Traceback" not in problem.message
    assert not getattr(problem, "absent", False)


def requests_of(world: World, method: str) -> int:
    return sum(1 for record in world.sim.requests if record["method"] == method)


# One fault, once: what the verbs make of it.
# A number is how many requests of that method success takes; a class is the error.
class Row(NamedTuple):
    kind: str
    details: dict[str, Any]
    get: Any = 2
    put: Any = 2
    post: Any = 2
    delete: Any = 2

    def shows(self, verb: str) -> bool:
        """Whether the server carries out what it answers badly, and looking at the object shows that."""
        return verb in ("post", "delete") and self.post == 1


RECOVERABLE = [
    Row("too_many", {"retry_after": None}),
    Row("too_many", {"retry_after": 0}),
    Row("too_many", {"retry_after": "date", "seconds": -5}),
    Row("too_many", {"retry_after": "nonsense"}),
    Row("server_error", {"status": 500}),
    Row("server_error", {"status": 503}),
    Row("server_error", {"status": 504}),
    Row("server_error", {"status": 500, "done": True}, post=1),
    Row("html", {}),
    Row("html", {"done": True}, post=1),
    Row("empty", {}, put=1, post=1, delete=1),
    Row("truncated", {"variant": "cut"}, post=1),
    Row("truncated", {"variant": "invalid"}, post=1),
    Row("cut_before", {}),
    Row("cut_after", {}, post=1),
]
FINAL = [
    Row("not_json", {}, RequestFailed, RequestFailed, 1, 1),
    Row("html", {"status": 200}, RequestFailed, RequestFailed, 2, RequestFailed),
    Row("html", {"status": 404}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("wrong_type", {}, RequestFailed, 1, 1, 1),
    Row("wrong_type", {"value": 7}, RequestFailed, 1, 1, 1),
    Row("wrong_type", {"value": None}, RequestFailed, 1, 1, 1),
    Row("wrong_type", {"value": [1]}, RequestFailed, 1, 1, 1),
    Row("wrong_type", {"value": {"items": "none"}}, RequestFailed, 1, 1, 1),
    Row("status_false", {"code": 4001}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status_false", {"code": 3001}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("redirect", {}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("redirect", {"status": 307}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 400, "code": 5000}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 401, "code": 3001}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 403, "code": 4001}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 404, "code": 5000}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 404, "body": "nothing here"}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 410, "code": 3001}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
    Row("status", {"status": 501, "code": 5000}, RequestFailed, RequestFailed, RequestFailed, RequestFailed),
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("row", RECOVERABLE + FINAL, ids=str)
def test_one_fault(world: Callable[..., World], verb: str, row: Row) -> None:
    made = world()
    method, skip, act = VERBS[verb]
    made.sim.fault(row.kind, method=method, skip=skip, **row.details)
    expected = getattr(row, "get" if method == "GET" else verb)
    if isinstance(expected, int):
        check_success(made, verb, act(made))
        assert requests_of(made, method) == expected - 1 + CLEAN[verb]
    else:
        with pytest.raises(expected) as caught:
            act(made)
        check_failure(caught.value, method)
        assert requests_of(made, method) == 1 + skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("row", [row for row in RECOVERABLE if row.kind != "empty"], ids=str)
def test_a_fault_that_stays(world: Callable[..., World], verb: str, row: Row, warnings: list[str]) -> None:
    made = world(retry_timeout=0.1)
    method, skip, act = VERBS[verb]
    # Listings serve a POST for its look-up, so only the verb's own method fails.
    made.sim.fault(row.kind, method=method, skip=skip, times=None, **row.details)
    if row.shows(verb):
        check_success(made, verb, act(made))
        return
    with pytest.raises(RequestFailed) as caught:
        act(made)
    check_failure(caught.value, method)
    assert requests_of(made, method) > 1 + skip
    told = [text for text in warnings if "had to be repeated" in text]
    assert len(told) == len(set(told)) <= 2
    if verb == "post" and row.kind != "too_many":
        assert isinstance(caught.value, AmbiguousWrite)
        assert "It was looked for afterwards and is not there" in caught.value.message
        assert requests_of(made, "POST") == 3


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("row", [row for row in RECOVERABLE if row.kind != "empty"], ids=str)
def test_without_retries(world: Callable[..., World], verb: str, row: Row, warnings: list[str]) -> None:
    made = world(retry_timeout=0)
    method, skip, act = VERBS[verb]
    made.sim.fault(row.kind, method=method, skip=skip, **row.details)
    if row.shows(verb):
        check_success(made, verb, act(made))
    else:
        with pytest.raises(RequestFailed) as caught:
            act(made)
        check_failure(caught.value, method)
        assert caught.value.failure["attempts"] == 1
    assert requests_of(made, method) == 1 + skip
    assert not warnings


@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_that_takes_too_long(world: Callable[..., World], verb: str) -> None:
    made = world(api_timeout=0.3)
    method, skip, act = VERBS[verb]
    made.sim.fault("slow", method=method, skip=skip, seconds=3600)
    check_success(made, verb, act(made))
    # On a busy machine the repetition may come too late as well.
    assert requests_of(made, method) >= 1 + CLEAN[verb]


@pytest.mark.parametrize(("fault", "posts"), [("cut_before", 2), ("cut_after", 1)])
def test_a_lost_post_is_looked_up_before_it_is_repeated(world: Callable[..., World], fault: str, posts: int) -> None:
    made = world()
    made.sim.fault(fault, method="POST")
    post(made)
    methods = [record["method"] for record in made.sim.requests]
    assert methods[:2] == ["POST", "GET"]
    assert methods.count("POST") == posts
    check_success(made, "post", None)


def test_a_post_whose_look_up_fails_says_that_nothing_is_known(world: Callable[..., World]) -> None:
    made = world()
    made.sim.fault("cut_after", method="POST")
    made.sim.fault("status", method="GET", status=403, code=4001)
    with pytest.raises(AmbiguousWrite, match="Whether it was created is unknown"):
        post(made)
    assert requests_of(made, "POST") == 1


def test_a_refused_connection_repeats_a_post(connected: Callable[..., Api], warnings: list[str]) -> None:
    api = connected(url="http://127.0.0.1:9", retry_timeout=0.05)
    with pytest.raises(RequestFailed) as caught:
        api.create(PUBLICATIONS, {}, look_up=lambda: pytest.fail("nothing was sent"))
    assert not isinstance(caught.value, AmbiguousWrite)
    assert caught.value.failure["attempts"] > 1
    assert "Connection refused" in caught.value.message
    assert len(warnings) == 1


def test_a_repeated_delete_that_finds_nothing_has_worked(world: Callable[..., World]) -> None:
    made = world()
    made.sim.fault("cut_after", method="DELETE")
    assert delete(made) is True
    assert delete(made) is False
    assert requests_of(made, "DELETE") == 3


# Listings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_every_envelope_is_read_to_its_end(world: Callable[..., World], envelope: str, limit: int) -> None:
    made = world({"envelope": envelope, "max_limit": limit})
    check_success(made, "first page", list_all(made))


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
def test_an_empty_listing_is_empty(simulator: Any, connected: Any, envelope: str) -> None:
    sim = simulator(switches={"envelope": envelope})
    assert connected(sim).list_all(PUBLICATIONS) == []
    assert len(sim.requests) == 1


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
@pytest.mark.parametrize("skip", [1, 2])
def test_a_page_that_comes_twice(world: Callable[..., World], envelope: str, skip: int) -> None:
    made = world({"envelope": envelope})
    made.sim.fault("repeat_page", skip=skip)
    check_success(made, "first page", list_all(made))


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
def test_pages_that_keep_coming_twice(world: Callable[..., World], envelope: str) -> None:
    made = world({"envelope": envelope})
    made.sim.fault("repeat_page", times=None)
    with pytest.raises(ListingChanged, match="repeats itself") as caught:
        list_all(made)
    check_failure(caught.value, "GET")


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
@pytest.mark.parametrize("skip", [1, 2])
def test_an_object_that_disappears_meanwhile_hides_no_other(
    world: Callable[..., World], envelope: str, skip: int
) -> None:
    made = world({"envelope": envelope})
    made.sim.fault("shrink", skip=skip)
    assert {item["id"] for item in list_all(made)} == set(made.sim.publications)
    assert len(made.sim.publications) == 4


@pytest.mark.parametrize("envelope", [*TOTALS, *NO_TOTALS])
def test_a_listing_that_never_rests(world: Callable[..., World], envelope: str) -> None:
    made = world({"envelope": envelope, "max_limit": 1})
    made.sim.fault("shrink", times=None, skip=1)
    try:
        found = list_all(made)
    except ListingChanged as problem:
        check_failure(problem, "GET")
    else:
        assert {item["id"] for item in found} >= set(made.sim.publications)


@pytest.mark.parametrize("envelope", TOTALS)
@pytest.mark.parametrize("pages", [1, -1])
@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("limit", [1, 2, 500])
def test_a_total_that_lies_once(world: Callable[..., World], envelope: str, pages: int, skip: int, limit: int) -> None:
    made = world({"envelope": envelope, "max_limit": limit})
    made.sim.fault("lying_total", pages=pages, skip=skip)
    check_success(made, "first page", list_all(made))


@pytest.mark.parametrize("envelope", TOTALS)
def test_a_total_that_always_promises_too_much(world: Callable[..., World], envelope: str) -> None:
    made = world({"envelope": envelope})
    made.sim.fault("lying_total", times=None)
    with pytest.raises(ListingChanged, match="announced 7 and delivered 5") as caught:
        list_all(made)
    check_failure(caught.value, "GET")


@pytest.mark.parametrize("envelope", TOTALS)
def test_a_total_that_always_promises_too_little(world: Callable[..., World], envelope: str) -> None:
    made = world({"envelope": envelope})
    made.sim.fault("lying_total", times=None, pages=-1)
    check_success(made, "first page", list_all(made))


@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("over_limit", ["clamp", "refuse"])
def test_hints_and_sizes_are_only_wishes(world: Callable[..., World], filters: str, over_limit: str) -> None:
    made = world({"list_filters": filters, "over_limit": over_limit, "default_limit": 2})
    found = made.api.list_all(PUBLICATIONS, {"nonsense": "x"} if filters == "refused" else {"slug": "publication-1"})
    assert made.ids[1] in {item["id"] for item in found}
    assert len(found) == (1 if filters == "honoured" and over_limit == "clamp" else 5)


def test_a_small_page_asked_for_once_does_not_stay(world: Callable[..., World]) -> None:
    made = world({"max_limit": 500})
    assert len(next(made.api.pages(PUBLICATIONS, size=1))) == 1
    made.sim.forget_requests()
    assert len(made.api.list_all(PUBLICATIONS)) == 5
    assert len(made.sim.requests) == 1
