# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_build_info: the filters of match, newest first, no more requests than needed."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build.info import INFO_SPEC
from ansible_collections.applivery.distribution.plugins.module_utils._build.match import CRITERIA
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput

COMMIT = "c157a79031e1c40f85931829bc5fc55229f3e904"


def test_has_the_filters_of_match_and_no_others() -> None:
    assert set(INFO_SPEC) == {"build_id", "limit", "query"} | {entry.option for entry in CRITERIA}


@pytest.mark.parametrize("profile", ["default", "hostile"])
@pytest.mark.parametrize("api", ["workspace", "integrations"])
@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ({"os": "ios"}, ["409", "407", "405", "403", "401"]),
        ({"version_name": "4.2.0", "os": "android"}, ["408", "404"]),
        ({"version_name": "4.2"}, []),
        ({"version_code": "407"}, ["407"]),
        ({"tag": "candidate"}, ["408", "407", "404", "403"]),
        ({"git_branch": "release/4.2", "os": "ios"}, ["407", "403"]),
        ({"git_branch": "release"}, []),
        ({"git_commit": COMMIT}, ["408", "407"]),
        ({"git_commit": COMMIT[:7]}, ["408", "407"]),
        ({"git_commit": COMMIT[:6]}, []),
        ({"status": "error"}, ["409"]),
        ({"status": "processed", "os": "ios"}, ["407", "405", "403", "401"]),
        ({"status": "success", "os": "ios"}, ["407", "405", "403", "401"]),
    ],
)
def test_finds_exactly_what_fits_newest_first(
    info: Callable[..., Any], profile: str, api: str, filters: dict[str, Any], codes: list[str]
) -> None:
    run = info(seed="demo", profile=profile)
    answer = run("builds", {"api": api}, **filters)
    assert [build["version_code"] for build in answer["builds"]] == codes
    assert all(build["status"] in ("processed", "error") for build in answer["builds"])


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_limit_means_the_newest(info: Callable[..., Any], order: str, limit: int) -> None:
    run = info(seed="demo", switches={"list_order": order, "list_filters": "ignored"})
    answer = run("builds", limit=limit)
    assert [build["version_code"] for build in answer["builds"]] == ["410", "409", "408", "407", "406"][:limit]


@pytest.mark.parametrize(("limit", "asked"), [(1, "2"), (3, "3")])
def test_the_newest_cost_one_small_request(info: Callable[..., Any], limit: int, asked: str) -> None:
    run = info(seed="demo")
    run("builds", limit=limit)
    assert [request.query["limit"] for request in run.sim.requests] == [asked]


def test_a_server_with_its_own_order_costs_one_request_more(info: Callable[..., Any]) -> None:
    run = info(seed="demo", switches={"list_order": "oldest_first", "list_filters": "ignored"})
    run("builds", limit=3)
    assert [request.query["limit"] for request in run.sim.requests] == ["3", "500"]


def test_a_version_name_needs_one_page_where_the_server_filters(info: Callable[..., Any]) -> None:
    run = info(seed="demo", switches={"max_limit": 2})
    assert len(run("builds", version_name="4.2.0", os="ios", limit=1)["builds"]) == 1
    assert run.requests == 1


def test_one_by_id_is_one_request_and_the_filters_still_count(info: Callable[..., Any]) -> None:
    run = info(seed="demo")
    ident = next(iter(run.sim.builds))
    assert [build["id"] for build in run("builds", build_id=ident)["builds"]] == [ident]
    assert run.requests == 1
    assert run("builds", build_id=ident, version_code="999")["builds"] == []
    assert run("builds", build_id="f" * 24)["builds"] == []


@pytest.mark.parametrize("ident", ["", "407", "demo"])
def test_what_is_no_id_is_refused(info: Callable[..., Any], ident: str) -> None:
    run = info()
    with pytest.raises(InvalidInput, match="build_id"):
        run("builds", build_id=ident)
    assert run.requests == 0


def test_an_empty_filter_is_refused_rather_than_fitting_everything(info: Callable[..., Any]) -> None:
    run = info()
    with pytest.raises(InvalidInput, match="git_branch is empty"):
        run("builds", git_branch=" ")
    assert run.requests == 0


def test_a_list_in_short_form_is_no_reason_to_miss_a_build(info: Callable[..., Any]) -> None:
    run = info(seed="demo", switches={"hidden_fields": ["build_list:deployer"]})
    answer = run("builds", git_branch="release/4.2", os="ios")
    assert [build["version_code"] for build in answer["builds"]] == ["407", "403"]


def test_the_shape_is_the_same_whatever_the_server_leaves_out(info: Callable[..., Any]) -> None:
    for switches in ({}, {"unset_fields": "null"}, {"unset_fields": "empty"}, {"hidden_fields": ["tags", "metadata"]}):
        run = info(switches=switches)
        run.sim.add_build(metadata={})
        (build,) = run("builds")["builds"]
        assert build["tags"] == []
        assert build["metadata"] == {}
        assert build["default_scripts"] == {}
        assert not {"items", "values", "_id"} & set(build)
