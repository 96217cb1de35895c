# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repetitions: what a later answer takes back, which is nothing, and how often is too often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Callable

import pytest
import requests

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AmbiguousWrite, RequestFailed
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.scripted import Scripted, response, scripted

IDENT = "abcdef0123456789abcdef01"
Answer = Callable[[], requests.Response]


def said(status: int, code: int = 0, **headers: str) -> Answer:
    body = (
        {"status": False, "error": {"code": code, "message": "no"}} if code else {"status": True, "data": {"id": IDENT}}
    )
    return lambda: response(status, json.dumps(body).encode(), headers)


def lost() -> requests.Response:
    raise requests.exceptions.ReadTimeout("nothing came")


def connected(*answers: Answer, **connection: Any) -> tuple[Api, Scripted]:
    left: Iterator[Answer] = iter(answers)
    api, adapter, _warnings = scripted(lambda _request: next(left)(), **connection)
    return api, adapter


LOST: dict[str, Answer] = {
    "cut": lost,
    "500": said(500, 5000),
    "504": said(504, 5000),
    "unreadable": lambda: response(200, b"{", {}),
}
REFUSALS: dict[str, Answer] = {
    "400": said(400, 6002),
    "401": said(401, 4001),
    "403": said(403, 4003),
    "404": said(404, 3001),
    "409": said(409, 5024),
    "under 200": said(200, 4001),
    "redirect": said(302, 0, Location="/elsewhere"),
    "html": lambda: response(403, b"<html>", {}),
}


@pytest.mark.parametrize("first", LOST.values(), ids=LOST)
@pytest.mark.parametrize("then", REFUSALS.values(), ids=REFUSALS)
def test_no_later_refusal_makes_an_earlier_attempt_undone(first: Answer, then: Answer) -> None:
    api, adapter = connected(first, then)
    with pytest.raises(AmbiguousWrite) as caught:
        api.update(PUBLICATIONS, IDENT, {})
    assert caught.value.changed
    assert caught.value.failure["attempts"] == len(adapter.requests) == 2


@pytest.mark.parametrize("then", REFUSALS.values(), ids=REFUSALS)
def test_what_was_never_begun_is_undone(then: Answer) -> None:
    api, _adapter = connected(said(429, 5000), then)
    with pytest.raises(RequestFailed) as caught:
        api.update(PUBLICATIONS, IDENT, {})
    assert not isinstance(caught.value, AmbiguousWrite)
    assert not caught.value.changed


def test_a_deletion_of_unknown_outcome_is_decided_by_a_look() -> None:
    gone, there, refused = said(404, 3001), said(200), said(403, 4003)
    api, _adapter = connected(lost, refused, gone)
    assert api.delete(PUBLICATIONS, IDENT) is True
    api, _adapter = connected(lost, gone)
    assert api.delete(PUBLICATIONS, IDENT) is True
    api, _adapter = connected(said(429, 5000), gone)
    assert api.delete(PUBLICATIONS, IDENT) is False
    for look, changed in ((there, False), (refused, True)):
        api, _adapter = connected(lost, refused, look)
        with pytest.raises(AmbiguousWrite) as caught:
            api.delete(PUBLICATIONS, IDENT)
        assert caught.value.changed == changed


@pytest.mark.parametrize("then", ["400", "403", "409"])
def test_a_creation_stays_ambiguous_when_its_repetition_is_refused(then: str) -> None:
    api, _adapter = connected(lost, REFUSALS[then])
    with pytest.raises(AmbiguousWrite, match="looked for afterwards and is not there") as caught:
        api.create(PUBLICATIONS, {}, lambda: None)
    assert caught.value.changed
    assert caught.value.status == int(then)

    def fails() -> None:
        raise RequestFailed("the list can't be read")

    looks: Iterator[Callable[[], None]] = iter([lambda: None, fails])

    def look_up() -> None:
        return next(looks)()

    api, _adapter = connected(lost, REFUSALS[then])
    with pytest.raises(AmbiguousWrite, match="Whether it was created is unknown"):
        api.create(PUBLICATIONS, {}, look_up)


# Questions that are asked once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [lost, said(503, 5000), said(429, 5000, **{"Retry-After": "1"})], ids=["lost", "503", "429"]
)
def test_a_question_that_may_be_asked_once_is_asked_once(fault: Answer) -> None:
    api, adapter = connected(fault)
    began = api.transport.clock()
    with pytest.raises(RequestFailed):
        next(api.pages(PUBLICATIONS, attempts=1))
    assert len(adapter.requests) == 1
    assert api.transport.clock() == began


def test_a_question_that_may_be_asked_once_does_not_wait_for_others() -> None:
    api, adapter = connected(said(200))
    api.transport.gate.close_for(100)
    began = api.transport.clock()
    with pytest.raises(RequestFailed, match="asked to wait 100 s"):
        next(api.pages(PUBLICATIONS, attempts=1))
    assert adapter.requests == []
    assert api.transport.clock() == began


def test_nobody_waits_for_others_longer_than_for_an_answer() -> None:
    api, adapter = connected(said(200), retry_timeout=30)
    api.transport.gate.close_for(100)
    with pytest.raises(RequestFailed, match="asked to wait 100 s"):
        api.get(PUBLICATIONS, IDENT)
    assert adapter.requests == []


def test_one_page_is_one_request() -> None:
    items = [{"id": f"{number:024x}"} for number in range(3)]
    page = json.dumps({"status": True, "data": {"items": items, "totalDocs": 9}}).encode()
    api, adapter = connected(lambda: response(200, page, {}))
    assert next(api.pages(PUBLICATIONS, attempts=1)) == items
    assert len(adapter.requests) == 1
