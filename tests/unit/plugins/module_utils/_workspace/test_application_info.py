# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_application_info: apps by name, slug and platform, with who is mailed."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import RequestFailed

MAILS = {"newBuildNotifyOtpUsers": True, "newBuildNotifyEmployees": False, "newBuildMessage": "Hello"}


def filled(info: Callable[..., Any], **options: Any) -> Any:
    run = info(**options)
    run.sim.add_application(name="Game", slug="game", oss=[], buildPlatforms=["ps5"], notifications=MAILS)
    run.sim.add_application(name="Game", slug="game-two", oss=["android"], buildPlatforms=[])
    return run


def slugs(answer: dict[str, Any]) -> list[str]:
    return sorted(item["slug"] for item in answer["applications"])


@pytest.mark.parametrize("hidden", [[], ["application_list:oss", "application_list:notifications"]])
@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["example-app", "game", "game-two"]),
        ({"name": "Game"}, ["game", "game-two"]),
        ({"name": "game"}, []),
        ({"name": "Gam"}, []),
        ({"slug": "game"}, ["game"]),
        ({"slug": "Game"}, []),
        ({"platform": "android"}, ["example-app", "game-two"]),
        ({"platform": "PS5"}, ["game"]),
        ({"platform": "ps"}, []),
        ({"name": "Game", "platform": "android"}, ["game-two"]),
    ],
)
def test_filters_exactly(
    info: Callable[..., Any], hidden: list[str], filters: str, options: dict[str, Any], found: list[str]
) -> None:
    run = filled(info, switches={"hidden_fields": hidden, "list_filters": filters})
    assert slugs(run("applications", **options)) == found


@pytest.mark.parametrize("hidden", [[], ["application_list:notifications"]])
def test_shows_who_is_mailed(info: Callable[..., Any], hidden: list[str]) -> None:
    run = filled(info, switches={"hidden_fields": hidden})
    (game,) = run("applications", slug="game")["applications"]
    assert game["notifications"] == {
        "new_build_notify_otp_users": True,
        "new_build_notify_employees": False,
        "new_build_message": "Hello",
    }
    assert run.requests == 1 + len(hidden)


def test_unknown_stays_null_and_is_not_taken_for_no(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"hidden_fields": ["notifications"]})
    assert [item["notifications"] for item in run("applications")["applications"]] == [None] * 3


def test_what_one_alone_refuses_is_told_once(info: Callable[..., Any]) -> None:
    run = filled(
        info,
        switches={"hidden_fields": ["application_list:notifications"], "permissions": {"applications:get": 403}},
    )
    assert len(run("applications")["applications"]) == 3
    assert len(run.warnings) == 1
    assert "mad.application.management.get" in run.warnings[0]
    assert run.requests == 2


def test_a_server_in_trouble_is_no_missing_permission(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"hidden_fields": ["application_list:notifications"]})
    run.sim.fault("server_error", path=r"/apps/[0-9a-f]{24}", times=None)
    with pytest.raises(RequestFailed):
        run("applications", {"retry_timeout": 0})


def test_one_that_is_deleted_meanwhile_is_shown_as_listed(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"hidden_fields": ["application_list:notifications"]})
    run.sim.fault("status", path=r"/apps/[0-9a-f]{24}", status=404, code=3001)
    assert len(run("applications")["applications"]) == 3


def test_shows_an_id_whatever_its_key(info: Callable[..., Any]) -> None:
    run = filled(info)
    old = {"_id": "a" * 24, "slug": "old", "metadata": {"keptAsIs": 1}}
    run.sim.fault("wrong_type", path=r"/apps\?", value={"items": [old], "totalDocs": 1, "hasNextPage": False})
    run.sim.fault("status", path=r"/apps/[0-9a-f]{24}", status=404, code=3001)
    (found,) = run("applications", slug="old")["applications"]
    assert found["id"] == "a" * 24
    assert "_id" not in found
    assert found["metadata"] == {"keptAsIs": 1}
    assert found["oss"] is None
