# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build: exact filters, the newest one, no trust in the server's filters or order, and no page too many."""

from __future__ import annotations

from typing import Any, Callable, cast

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build.match import fits, misfits
from ansible_collections.applivery.distribution.plugins.module_utils._build.read import (
    newest_first,
    sorted_newest_first,
)
from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
COMMIT = "c157a79031e1c40f85931829bc5fc55229f3e904"
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"api": "integrations"},
    {"api": "integrations", "profile": "hostile"},
    {"max_limit": 1},
    {"max_limit": 1, "list_order": "oldest_first", "list_filters": "ignored"},
    {"max_limit": 2, "over_limit": "refuse", "default_limit": 2},
    {"list_filters": "refused"},
    {"list_order": "oldest_first"},
    {"envelope": "bare"},
    {"envelope": "items_only", "max_limit": 1},
    {"envelope": "data_list", "max_limit": 2},
    {"hidden_fields": ["build:createdAt"]},
    {"done_word": "success", "dates": "offset"},
    {"hidden_fields": ["build_list:deployer", "build_list:tags", "build_list:metadata"]},
]


def fill(module: Module) -> list[str]:
    """Six builds, oldest first; their ids."""
    made = [
        {"versionName": "1.0.0", "versionCode": "7", "os": "ios"},
        {"versionName": "1.0.0", "versionCode": "7", "os": "android", "tags": ["a", "b"]},
        {"versionName": "2.0.0", "os": "ios", "deployer": {"name": "CI", "info": {"commit": COMMIT, "branch": "main"}}},
        {"versionName": "2.0.0", "os": "android", "deployer": {"name": "CI", "info": {"branch": "main", "tag": "v2"}}},
        {"versionName": "2.0.0", "os": "ios", "status": "error", "error": "bad", "errorCode": 5006, "tags": ["a"]},
        {"versionName": "2.0", "versionCode": "70", "os": "ios"},
    ]
    moments = [f"2026-05-0{number}T10:00:00.000Z" for number in range(1, 7)]
    return [
        module.sim.add_build(**fields, createdAt=moment)["id"] for fields, moment in zip(made, moments, strict=True)
    ]


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"version_name": "1.0.0"}, 1),
        ({"version_name": "1.0.0", "os": "ios"}, 0),
        ({"version_code": "7"}, 1),
        ({"version_code": "7", "os": "ios"}, 0),
        ({"tag": "b"}, 1),
        ({"git_branch": "main"}, 3),
        ({"git_commit": COMMIT}, 2),
        ({"git_commit": COMMIT[:7].upper()}, 2),
        ({"git_tag": "v2"}, 3),
        ({"version_name": "2.0.0", "status": "processed"}, 3),
        ({"version_name": "2.0.0", "status": "success", "os": "ios"}, 2),
        ({"version_name": "2.0.0", "status": "error"}, 4),
        ({"os": "ios"}, 5),
        ({"query": "[?version_code=='7'] | [-1]"}, 0),
        ({"version_name": "2.0.0", "query": "[?status!='error']"}, 3),
    ],
    ids=str,
)
def test_the_newest_that_fits(build: Start, world: dict[str, Any], match: dict[str, str], expected: int) -> None:
    module = build(**world)
    ids = fill(module)
    if "build:createdAt" in world.get("hidden_fields", []) and "list_order" in world:
        return
    assert module(match=match).result["build_id"] == ids[expected]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_fits_is_an_error_that_counts(build: Start, world: dict[str, Any]) -> None:
    module = build(**world)
    fill(module)
    with pytest.raises(AppliveryError, match=r"os 'ios', version_name '3.0'.*no build fits, of 6 that were read"):
        module(match={"os": "ios", "version_name": "3.0"})


def test_the_newest_fit_that_failed_is_named(build: Start) -> None:
    module = build()
    ids = fill(module)
    with pytest.raises(AppliveryError, match=rf"2.0.0 \(5, {ids[4]}\) could not be processed.*bad \(errorCode 5006\)"):
        module(match={"version_name": "2.0.0"})
    assert module.sim.writes == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("[].version_name", "has no id"),
        ("length(@)", "has no id"),
        ("{id: '5f7f1d2a9c1e4b0012ab34c1'}", "has no id"),
        ("[0].deployer", "has no id"),
        ("[?version_name=='none']", "no build fits, of 6"),
        ("[0].nothing", "no build fits, of 6"),
    ],
)
def test_a_query_that_yields_no_build(build: Start, query: str, reason: str) -> None:
    module = build()
    fill(module)
    with pytest.raises(AppliveryError, match=reason):
        module(match={"query": query})


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        ({}, "match is empty"),
        ({"git_commit": ""}, "match.git_commit is empty"),
        ({"query": " "}, "match.query is empty"),
        ({"query": "[?"}, "match.query"),
        ({"os": "iOS"}, "writes iOS as ios"),
    ],
)
def test_a_match_that_says_nothing_is_refused_before_the_first_request(
    build: Start, match: dict[str, str], reason: str
) -> None:
    module = build()
    with pytest.raises(InvalidInput, match=reason):
        module(match=match)
    assert module.calls() == []


def test_a_short_commit_is_exact_and_the_error_says_so(build: Start) -> None:
    module = build()
    fill(module)
    with pytest.raises(AppliveryError, match="needs 7 characters"):
        module(match={"git_commit": COMMIT[:6]})


def test_a_build_in_another_state_is_mentioned(build: Start) -> None:
    module = build()
    fill(module)
    with pytest.raises(AppliveryError, match=r"2\.0 \(70, \w+\) would fit, but its status is 'processed'"):
        module(match={"version_code": "70", "status": "pending"})


def pages_read(module: Module) -> int:
    return sum(1 for request in module.sim.requests if not request.path.rstrip("/").endswith(tuple(module.sim.builds)))


@pytest.mark.parametrize(
    ("switches", "position", "pages"),
    [
        # Two builds on a page show the order, so the page that holds the fit is the last one read.
        ({"max_limit": 2}, 5, 1),
        ({"max_limit": 2}, 2, 2),
        # A page of one shows no order: the next one does.
        ({"max_limit": 1}, 5, 2),
        # An unproven order is read to the end, and once more to see that nothing moved meanwhile.
        ({"max_limit": 2, "list_order": "oldest_first"}, 5, 6),
    ],
)
def test_pages_are_read_only_as_far_as_needed(
    build: Start, switches: dict[str, Any], position: int, pages: int
) -> None:
    module = build("integrations", list_filters="ignored", **switches)
    for number in range(6):
        module.sim.add_build(versionCode=f"{number}", createdAt=f"2026-05-0{number + 1}T10:00:00.000Z")
    module(match={"version_code": f"{position}"})
    assert pages_read(module) == pages


def test_hints_that_are_honoured_save_pages_and_status_is_never_one(build: Start) -> None:
    module = build(max_limit=2)
    fill(module)
    module(match={"version_name": "1.0.0", "status": "success", "os": "ios"})
    queries = [request.query for request in module.sim.requests if "page" in request.query]
    assert pages_read(module) == 1
    assert all("status" not in query for query in queries)
    assert queries[0]["os"] == "ios"
    assert queries[0]["versionName"] == "1.0.0"


def test_a_hint_that_hides_the_build_is_not_believed(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(versionName="1.0.0", os="macos")["id"]
    module.sim.add_build(versionName="other")
    # A filter that compares with something else than what is shown.
    module.sim.fault(
        "status", method="GET", path="versionName", status=200, body={"status": True, "data": {"items": []}}
    )
    assert module(match={"version_name": "1.0.0"}).result["build_id"] == ident


def test_an_interrupted_list_is_never_taken_for_absence(build: Start, package: str) -> None:
    module = build("integrations", max_limit=2)
    fill(module)
    module.connection = {"retry_timeout": 0}
    module.sim.fault("server_error", method="GET", path="page=2", times=None)
    with pytest.raises(AppliveryError, match="HTTP 500"):
        module(match={"version_name": "3.0"}, path=package)
    assert module.sim.writes == []


def test_a_list_that_shrinks_is_read_again(build: Start) -> None:
    module = build("integrations", max_limit=2)
    ids = fill(module)
    module.sim.fault("shrink", method="GET", path="page=2", id=ids[5])
    assert module(match={"git_commit": COMMIT}).result["build_id"] == ids[2]


def test_a_list_in_no_order_is_read_to_the_end() -> None:
    class Unordered:
        def pages(self, _endpoint: Any, _hints: Any, _size: Any) -> Any:
            yield [{"createdAt": f"2026-05-0{day}T10:00:00Z"} for day in (3, 9, 5)]
            yield [{"createdAt": "2026-05-07T10:00:00Z"}]

    days = [build["createdAt"][9] for build in newest_first(cast(Api, Unordered()))]
    assert days == ["9", "7", "5", "3"]


def test_equal_dates_keep_the_order_of_the_server() -> None:
    same = "2026-05-01T10:00:00Z"
    falling = [
        {"id": "a", "createdAt": "2026-05-02T10:00:00Z"},
        {"id": "b", "createdAt": same},
        {"id": "c", "createdAt": same},
    ]
    assert [item["id"] for item in sorted_newest_first(falling)] == ["a", "b", "c"]
    assert [item["id"] for item in sorted_newest_first(falling[::-1])] == ["a", "b", "c"]
    assert [item["id"] for item in sorted_newest_first([{"id": "x"}, *falling])] == ["x", "a", "b", "c"]


def test_dates_compare_as_instants() -> None:
    builds = [
        {"id": "a", "createdAt": "2026-05-01T12:00:00+02:00"},
        {"id": "b", "createdAt": "2026-05-01T11:00:00"},
        {"id": "c", "createdAt": "2026-05-01T10:30:00.5Z"},
    ]
    assert [item["id"] for item in sorted_newest_first(builds)] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("build", "wanted", "expected"),
    [
        ({"versionCode": 7}, {"version_code": "7"}, {}),
        ({"tags": None}, {"tag": "a"}, {"tag": None}),
        ({"deployer": "text"}, {"git_branch": "main"}, {"git_branch": None}),
        ({"deployer": {"info": None}}, {"git_branch": "main"}, {"git_branch": None}),
        ({"deployer": {"info": {"branch": "Main"}}}, {"git_branch": "main"}, {"git_branch": "Main"}),
        ({"os": "ios"}, {"os": None, "status": None}, {}),
    ],
)
def test_what_does_not_fit(build: dict[str, Any], wanted: dict[str, Any], expected: dict[str, Any]) -> None:
    assert misfits(build, wanted) == expected
    assert fits(build, wanted) == (not expected)


def test_values_that_are_not_shown_yet_contradict_nothing() -> None:
    assert misfits({"os": None, "versionName": "2"}, {"os": "ios", "version_name": "1"}, known_only=True) == {
        "version_name": "2"
    }
