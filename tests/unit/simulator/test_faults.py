# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault does what it says, where it says, and as often as it says."""

from __future__ import annotations

import datetime
import email.utils
from typing import Any, Callable

import pytest
import requests

from ansible_collections.applivery.distribution.tests.support.clock import eventually
from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk
from applivery_simulator.faults import KINDS

COVERED: dict[str, Callable[[Talk], None]] = {}


def of(kind: str) -> Callable[[Callable[[Talk], None]], Callable[[Talk], None]]:
    """Mark a check as the one of a fault."""

    def mark(check: Callable[[Talk], None]) -> Callable[[Talk], None]:
        COVERED[kind] = check
        return check

    return mark


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_fault(kind: str, client: Talk) -> None:
    COVERED[kind](client)
    assert client.call("GET", "/integrations/builds").status_code == 200
    assert not client.sim.contract_violations


def label(client: Talk, **options: Any) -> tuple[dict[str, Any], requests.Response]:
    """Write the label of a new build and return the build and the answer."""
    build = client.sim.add_build(versionName="old")
    return build, client.call("PUT", f"/integrations/builds/{build['id']}", json={"versionName": "new"}, **options)


@of("status")
def check_status(client: Talk) -> None:
    client.sim.fault("status", status=503, code=9, message="Busy", headers={"X-More": "1"}, data={"limit": 3})
    build, answer = label(client)
    assert (answer.status_code, answer.headers["X-More"], build["versionName"]) == (503, "1", "old")
    assert answer.json() == {"status": False, "error": {"code": 9, "message": "Busy", "data": {"limit": 3}}}
    client.sim.fault("status", status=418, body="teapot", done=True)
    build, answer = label(client)
    assert (answer.status_code, answer.text, build["versionName"]) == (418, "teapot", "new")
    client.sim.fault("status", status=400, body={"msg": "old form"})
    assert label(client)[1].json() == {"msg": "old form"}


@of("too_many")
def check_too_many(client: Talk) -> None:
    client.sim.fault("too_many")
    build, answer = label(client)
    assert (answer.status_code, answer.headers["Retry-After"], build["versionName"]) == (429, "1", "old")
    client.sim.fault("too_many", retry_after=7)
    assert label(client)[1].headers["Retry-After"] == "7"
    client.sim.fault("too_many", retry_after=None)
    assert "Retry-After" not in label(client)[1].headers
    client.sim.fault("too_many", retry_after="date", seconds=3600)
    later = email.utils.parsedate_to_datetime(label(client)[1].headers["Retry-After"])
    assert later > datetime.datetime.now(datetime.timezone.utc)


@of("server_error")
def check_server_error(client: Talk) -> None:
    client.sim.fault("server_error")
    build, answer = label(client)
    assert (answer.status_code, answer.json()["error"]["code"], build["versionName"]) == (500, 5000, "old")
    client.sim.fault("server_error", done=True)
    build, answer = label(client)
    assert (answer.status_code, build["versionName"]) == (500, "new")


@of("html")
def check_html(client: Talk) -> None:
    client.sim.fault("html")
    build, answer = label(client)
    assert (answer.status_code, build["versionName"]) == (502, "old")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


@of("not_json")
def check_not_json(client: Talk) -> None:
    client.sim.fault("not_json")
    build, answer = label(client)
    assert (answer.status_code, answer.text, build["versionName"]) == (200, "It works!", "new")


@of("empty")
def check_empty(client: Talk) -> None:
    client.sim.fault("empty")
    build, answer = label(client)
    assert (answer.status_code, answer.text, build["versionName"]) == (200, "", "new")


@of("truncated")
def check_truncated(client: Talk) -> None:
    client.sim.fault("truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        label(client)
    assert client.sim.requests[-1].status == 200
    client.sim.fault("truncated", variant="invalid")
    build, answer = label(client)
    assert build["versionName"] == "new"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


@of("cut_before")
def check_cut_before(client: Talk) -> None:
    client.sim.fault("cut_before")
    with pytest.raises(requests.ConnectionError):
        label(client)
    assert [build["versionName"] for build in client.sim.builds.values()] == ["old"]
    assert client.sim.requests[-1].status is None
    client.sim.fault("cut_before", method="POST")
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "/integrations/builds", files={"build": ("a.ipa", b"x" * 5_000_000)})
    assert len(client.sim.builds) == 1


@of("cut_after")
def check_cut_after(client: Talk) -> None:
    client.sim.fault("cut_after")
    with pytest.raises(requests.ConnectionError):
        label(client)
    assert [build["versionName"] for build in client.sim.builds.values()] == ["new"]
    assert client.sim.requests[-1].status is None


@of("slow")
def check_slow(client: Talk) -> None:
    client.sim.fault("slow", seconds=0.02)
    build, answer = label(client)
    assert (answer.status_code, build["versionName"]) == (200, "new")
    client.sim.fault("slow", seconds=3600)
    with pytest.raises(requests.Timeout):
        label(client, timeout=0.2)
    client.sim.fault("slow", seconds=3600, done=True)
    with pytest.raises(requests.Timeout):
        label(client, timeout=0.2)
    # The client may give up before the server has come to it.
    eventually(lambda: [build["versionName"] for build in client.sim.builds.values()] == ["new", "old", "new"])


@of("status_false")
def check_status_false(client: Talk) -> None:
    client.sim.fault("status_false", code=5003, message="Limit exceeded")
    build, answer = label(client)
    assert (answer.status_code, build["versionName"]) == (200, "old")
    assert answer.json() == {"status": False, "error": {"code": 5003, "message": "Limit exceeded"}}


@of("redirect")
def check_redirect(client: Talk) -> None:
    client.sim.fault("redirect")
    build, answer = label(client)
    assert (answer.status_code, build["versionName"]) == (302, "old")
    assert "127.0.0.1" not in answer.headers["Location"]
    client.sim.fault("redirect", status=307, location="http://other.example/")
    answer = label(client)[1]
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://other.example/")


@of("wrong_type")
def check_wrong_type(client: Talk) -> None:
    for value in ("text", [], 5, None):
        client.sim.fault("wrong_type", value=value)
        assert label(client)[1].json() == {"status": True, "data": value}


def pages(client: Talk, count: int) -> list[list[str]]:
    """Return the version codes on the first pages of two."""
    return [
        [
            item["versionCode"]
            for item in client.data("/integrations/builds", params={"limit": 2, "page": page})["items"]
        ]
        for page in range(1, count + 1)
    ]


def fill(client: Talk) -> None:
    for number in (5, 4, 3, 2, 1):
        client.sim.add_build(versionCode=str(number))


@of("repeat_page")
def check_repeat_page(client: Talk) -> None:
    fill(client)
    client.sim.fault("repeat_page", path="page=2")
    assert pages(client, 3) == [["1", "2"], ["1", "2"], ["5"]]


@of("shrink")
def check_shrink(client: Talk) -> None:
    fill(client)
    client.sim.fault("shrink", skip=1)
    assert pages(client, 3) == [["1", "2"], ["4", "5"], []]
    chosen = next(iter(client.sim.builds))
    client.sim.fault("shrink", id=chosen)
    assert pages(client, 1) == [["2", "3"]]
    assert chosen not in client.sim.builds


@of("lying_total")
def check_lying_total(client: Talk) -> None:
    fill(client)
    client.sim.fault("lying_total")
    data = client.data("/integrations/builds", params={"limit": 2, "page": 3})
    assert (data["totalPages"], data["hasNextPage"], data["totalDocs"]) == (4, True, 7)
    client.sim.fault("lying_total", pages=-1)
    data = client.data("/integrations/builds", params={"limit": 2, "page": 2})
    assert (data["totalPages"], data["hasNextPage"], len(data["items"])) == (2, False, 2)


@of("interfere")
def check_interfere(client: Talk) -> None:
    build = client.sim.add_build(tags=["old"])
    client.sim.fault("interfere", method="PUT", id=build["id"], fields={"tags": ["other writer"]})
    client.call("PUT", f"/integrations/builds/{build['id']}", json={"versionName": "new"})
    assert (build["versionName"], build["tags"]) == ("new", ["other writer"])


@of("call")
def check_call(client: Talk) -> None:
    client.sim.fault("call", action=lambda: client.sim.add_build(versionName="just in time"))
    assert [item["versionName"] for item in client.data("/integrations/builds")["items"]] == ["just in time"]


# -- choosing the request ---------------------------------------------------------------------------------------------


def statuses(client: Talk, count: int, method: str = "GET", path: str = "/integrations/builds") -> list[int]:
    return [client.call(method, path).status_code for _unused in range(count)]


def test_times_and_skip(client: Talk) -> None:
    client.sim.fault("html", skip=1, times=2)
    assert statuses(client, 5) == [200, 502, 502, 200, 200]
    client.sim.fault("html", times=None)
    assert statuses(client, 4) == [502] * 4
    client.sim.clear_faults()
    assert statuses(client, 1) == [200]


def test_method_and_path(client: Talk) -> None:
    client.sim.fault("html", method="get", path=r"/distributions$")
    assert statuses(client, 1) == [200]
    assert statuses(client, 1, "POST", "/integrations/distributions") == [400]
    assert statuses(client, 1, path="/integrations/distributions") == [502]
    assert client.sim.requests[-1].fault == "html"


def test_several_faults_come_in_their_order(client: Talk) -> None:
    client.sim.fault("html")
    client.sim.fault("server_error")
    assert statuses(client, 3) == [502, 500, 200]


def test_what_a_fault_does_not_know(client: Talk) -> None:
    for wrong in ({"kind": "nothing"}, {"kind": "html", "seconds": 1}, {"kind": "status"}):
        with pytest.raises(ValueError, match=r"nothing|seconds|needs status"):
            client.sim.fault(**wrong)
    with pytest.raises(Exception, match="unterminated"):
        client.sim.fault("html", path="[")


@of("refuse_early")
def check_refuse_early(client: Talk) -> None:
    client.sim.fault("refuse_early", status=401, code=4004, message="Invalid token")
    answer = client.call("POST", "/integrations/distributions", json=client.publication())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 4004)
    assert not client.sim.publications
