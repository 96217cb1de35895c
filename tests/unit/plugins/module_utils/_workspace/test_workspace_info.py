# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_workspace_info: one refused part never hides the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import RequestFailed

ALL = {
    "applivery_application_info",
    "applivery_apply",
    "applivery_build",
    "applivery_build_info",
    "applivery_build_prune",
    "applivery_export",
    "applivery_otp_user",
    "applivery_otp_user_info",
    "applivery_publication",
    "applivery_publication_info",
    "applivery_release_info",
    "applivery_workspace_info",
}
OF_BUILDS = {"applivery_build", "applivery_build_info", "applivery_build_prune", "applivery_release_info"}
OF_PUBLICATIONS = {"applivery_apply", "applivery_export", "applivery_publication", "applivery_publication_info"}


def test_tells_who_what_and_which_limits(info: Callable[..., Any]) -> None:
    run = info(seed="demo")
    answer = run("workspace")
    assert answer["api"] == "workspace"
    assert answer["organization"]["slug"] == run.sim.organization["slug"]
    assert answer["organization"]["id"] == run.sim.organization["id"]
    assert [store["id"] for store in answer["stores"]] == [run.sim.store["id"]]
    assert [(app["id"], app["slug"]) for app in answer["applications"]] == [
        (run.sim.application["id"], run.sim.application["slug"])
    ]
    assert answer["limits"]["max_publications_per_app"] == 20
    assert answer["allows"]["password_apps"] is True
    assert set(answer["usable_modules"]) == ALL
    assert answer["unusable_modules"] == {}
    assert run.warnings == []
    assert run.requests <= 6


@pytest.mark.parametrize("key", ["id", "_id", "both"])
def test_the_organization_s_id_is_called_id(info: Callable[..., Any], key: str) -> None:
    run = info(switches={"organization_key": key})
    assert run("workspace")["organization"]["id"] == run.sim.organization["id"]
    assert "_id" not in run("workspace")["organization"]


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        ("status", {"status": 404, "code": 3001}),
        ("status", {"status": 401, "code": 4001}),
        ("status", {"status": 403, "code": 5004}),
        ("wrong_type", {"value": "nothing useful"}),
        ("wrong_type", {"value": {"organization": "0123456789abcdef01234567", "store": {}}}),
    ],
)
def test_without_the_one_call_answer_its_pieces_are_read(
    info: Callable[..., Any], fault: str, details: dict[str, Any]
) -> None:
    run = info(seed="demo")
    run.sim.fault(fault, path="/workspace$", **details)
    answer = run("workspace")
    assert answer["organization"]["slug"] == run.sim.organization["slug"]
    assert answer["limits"]["max_publications_per_app"] == 20
    assert run.warnings == []


def test_a_workspace_answer_that_is_the_organization_itself_is_understood(info: Callable[..., Any]) -> None:
    run = info(seed="demo")
    flat = {"id": "a" * 24, "slug": "flat", "limits": {"maxApps": 1}, "store": {}}
    run.sim.fault("wrong_type", path="/workspace$", value=flat)
    answer = run("workspace")
    assert answer["organization"]["slug"] == "flat"
    assert answer["limits"] == {"max_apps": 1}
    assert answer["allows"] is None


@pytest.mark.parametrize(
    ("refused", "null", "permission"),
    [
        ("stores", "stores", "mad.store.management.list"),
        ("applications", "applications", "mad.application.management.list"),
        ("organizations", "organization", "base.organization.management.get"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_part_is_null_and_told(
    info: Callable[..., Any], refused: str, null: str, permission: str, status: int
) -> None:
    run = info(seed="demo", switches={"permissions": {refused: status, "workspace": status}})
    answer = run("workspace")
    # Without the two calls that show the organization its limits are not known either.
    assert [key for key in ("organization", "stores", "applications") if answer[key] is None] == [null]
    assert (answer["limits"] is None) == (null == "organization")
    assert len(run.warnings) == 1
    assert run.warnings[0].startswith(f"{null} not shown: ")
    assert permission in run.warnings[0]


@pytest.mark.parametrize(
    ("refused", "modules", "permission"),
    [
        ("builds", OF_BUILDS, "mad.build.management.list"),
        (
            "publications",
            OF_PUBLICATIONS,
            "mad.store.publishedApplication.list",
        ),
        ("otp_users", {"applivery_otp_user", "applivery_otp_user_info"}, "mad.store.otpUsers.list"),
        ("applications", {"applivery_application_info"}, "mad.application.management.list"),
    ],
)
def test_says_which_modules_the_token_can_not_be_used_with(
    info: Callable[..., Any], refused: str, modules: set[str], permission: str
) -> None:
    run = info(seed="demo", switches={"permissions": {refused: 403}})
    answer = run("workspace")
    assert set(answer["unusable_modules"]) == modules
    assert all(permission in reason for reason in answer["unusable_modules"].values())
    assert set(answer["usable_modules"]) == ALL - modules


def test_looks_where_the_task_points_or_else_at_the_first(info: Callable[..., Any]) -> None:
    run = info(seed="demo")
    second, store = run.sim.add_application(slug="second"), run.sim.add_store()
    assert set(run("workspace", {"application": None})["usable_modules"]) == ALL
    run("workspace", {"application": "second", "store": store["id"]})
    paths = [request.path for request in run.sim.requests]
    assert any(path.endswith("/apps/second/builds") for path in paths)
    assert any(f"/stores/{store['id']}/pubApps" in path for path in paths)
    assert second["id"] in [app["id"] for app in run("workspace")["applications"]]


@pytest.mark.parametrize(
    ("refused", "option", "unusable"),
    [("stores", "store", {"applivery_publication"}), ("applications", "application", {"applivery_build"})],
)
def test_says_what_to_give_where_nothing_can_be_looked_at(
    info: Callable[..., Any], refused: str, option: str, unusable: set[str]
) -> None:
    run = info(seed="demo", switches={"permissions": {refused: 403}})
    answer = run("workspace", {"application": None})
    assert unusable <= set(answer["unusable_modules"])
    for name in unusable:
        assert answer["unusable_modules"][name].startswith(f"{option} is not given")


def test_an_organization_without_anything_is_no_error(info: Callable[..., Any]) -> None:
    run = info()
    other = run.sim.add_organization(slug="new-org")
    token = run.sim.service_account_token.replace(run.sim.organization["id"], other["id"])
    answer = run("workspace", {"organization": "new-org", "token": token, "application": None})
    assert (answer["stores"], answer["applications"]) == ([], [])
    assert answer["unusable_modules"]["applivery_build"] == "the organization shows no application to this token"
    assert answer["unusable_modules"]["applivery_otp_user"] == "the organization shows no store to this token"


@pytest.mark.parametrize("seed", ["demo", "empty"])
def test_an_app_token_shows_its_app_and_what_it_is_good_for(info: Callable[..., Any], seed: str) -> None:
    run = info(seed=seed)
    answer = run("workspace", {"api": "integrations"})
    assert answer["api"] == "integrations"
    assert [answer[key] for key in ("organization", "stores", "limits", "allows")] == [None] * 4
    if seed == "demo":
        assert [app["slug"] for app in answer["applications"]] == [run.sim.application["slug"]]
    else:
        assert answer["applications"] is None
    assert set(answer["unusable_modules"]) == {
        "applivery_application_info",
        "applivery_otp_user",
        "applivery_otp_user_info",
    }
    assert set(answer["usable_modules"]) == ALL - set(answer["unusable_modules"])
    assert run.warnings == []
    assert run.requests == 2


def test_a_publication_names_the_app_too(info: Callable[..., Any]) -> None:
    run = info()
    run.sim.add_publication(slug="only")
    answer = run("workspace", {"api": "integrations"})
    assert answer["applications"][0]["id"] == run.sim.application["id"]


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_a_wrong_token_fails(info: Callable[..., Any], api: str) -> None:
    run = info(seed="demo")
    with pytest.raises(RequestFailed) as caught:
        run("workspace", {"api": api, "token": "no-such-token"})
    assert caught.value.status == 401
    assert "no-such-token" not in caught.value.message
    assert run.warnings == []


def test_an_expired_token_fails_at_the_first_request(info: Callable[..., Any]) -> None:
    run = info(seed="demo")
    with pytest.raises(RequestFailed, match="expired"):
        run("workspace", {"token": run.sim.expired_token})
    assert run.requests == 1


@pytest.mark.parametrize("path", ["/workspace$", "/stores", r"/apps\?", "/builds", "/pubApps", "/otp-users"])
def test_a_server_in_trouble_says_nothing_about_the_token(info: Callable[..., Any], path: str) -> None:
    run = info(seed="demo")
    run.sim.fault("server_error", path=path, times=None)
    with pytest.raises(RequestFailed) as caught:
        run("workspace", {"retry_timeout": 0})
    assert caught.value.status == 500


def test_knows_every_module_of_the_collection(info: Callable[..., Any]) -> None:
    runtime = Path(__file__).parents[5] / "meta" / "runtime.yml"
    listed = yaml.safe_load(runtime.read_text(encoding="utf-8"))["action_groups"]["applivery"]
    answer = info(seed="demo")("workspace")
    assert sorted(answer["usable_modules"]) == sorted(listed)
