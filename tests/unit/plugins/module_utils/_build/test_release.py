# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release goes on from where the publication is: never back, never to what can't be downloaded, and not twice."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build import release as _release
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"api": "integrations"},
    {"hidden_fields": ["build_list:deployer", "build_list:disabled"]},
]


class Finding(Module):
    spec = _release.RELEASE_SPEC
    run = staticmethod(_release.run)

    def ids(self, **options: Any) -> dict[str, str]:
        assert self(check=True, **options).result["build_ids"] == self(**options).result["build_ids"]
        assert self.sim.writes == []
        return dict(self(**options).result["build_ids"])


@pytest.fixture
def finding(build: Start) -> Callable[..., Finding]:
    def start(api: str = "workspace", **switches: Any) -> Finding:
        module = build(api, **switches)
        return Finding(module.sim, api)

    return start


def add(module: Module, day: int, branch: str = "main", **fields: Any) -> str:
    moment = f"2026-05-{day:02}T10:00:00.000Z"
    told = {"info": {"branch": branch}}
    return str(module.sim.add_build(createdAt=moment, **{"os": "ios", "deployer": told, **fields})["id"])


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_newest_of_each_platform(finding: Callable[..., Finding], world: dict[str, Any]) -> None:
    module = finding(**world)
    add(module, 1)
    ios, android = add(module, 2), add(module, 1, os="android")
    other = add(module, 3, branch="other")
    assert module.ids(publication="none-yet", git_branch="main") == {"ios": ios, "android": android}
    assert module.ids(publication="none-yet", platforms=["ios"]) == {"ios": other}


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_a_relaunch_finds_what_the_first_run_labelled(finding: Callable[..., Finding], world: dict[str, Any]) -> None:
    module = finding(**world)
    old, new = add(module, 1, versionName="4.2.0"), add(module, 2, versionName="4.2.0")
    asked = {"publication": "beta", "platforms": ["ios"], "version_name": "4.2.0", "released_as": "1.10"}
    assert module.ids(**asked) == {"ios": new}
    module.sim.add_publication(slug="beta", filter={"type": "build", "ios": new})
    module.sim.builds[new]["versionName"] = "1.10"
    # All others with that version are older.
    assert module.ids(**asked) == {"ios": new}
    del module.sim.builds[old]
    assert module.ids(**asked) == {"ios": new}
    newer = add(module, 3, versionName="4.2.0")
    assert module.ids(**asked) == {"ios": newer}


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("form", ["build", "builds"])
def test_it_never_goes_back_by_itself(finding: Callable[..., Finding], world: dict[str, Any], form: str) -> None:
    module = finding(**world)
    old, new = add(module, 1, branch="old"), add(module, 2, branch="new")
    pin = {"ios": new} if form == "build" else {"builds": [{"buildPlatform": "ios", "id": new}]}
    module.sim.add_publication(slug="beta", filter={"type": form, **pin})
    for check in (True, False):
        with pytest.raises(AppliveryError, match=rf"ios: the newest build that fits is .*{old}.*newer .*{new}.*allow_down"):
            module(check=check, publication="beta", git_branch="old")
    assert module.ids(publication="beta", git_branch="old", allow_downgrade=True) == {"ios": old}
    # Without a branch it stays with that of the pinned build.
    assert module.ids(publication="beta") == {"ios": new}


def test_what_can_not_be_told_is_refused(finding: Callable[..., Finding]) -> None:
    module = finding(hidden_fields=["build:createdAt", "build_list:createdAt"])
    old, new = add(module, 1, branch="old"), add(module, 2, branch="new")
    module.sim.add_publication(slug="beta", filter={"type": "build", "ios": new})
    with pytest.raises(AppliveryError, match="can't be told; set allow_downgrade"):
        module(publication="beta", git_branch="old")
    assert module.ids(publication="beta") == {"ios": new}
    assert module.ids(publication="beta", git_branch="old", allow_downgrade=True) == {"ios": old}


def test_a_pinned_build_that_is_gone_holds_nothing_up(finding: Callable[..., Finding]) -> None:
    module = finding()
    old = add(module, 1)
    module.sim.add_publication(slug="beta", filter={"type": "build", "ios": "f" * 24})
    assert module.ids(publication="beta") == {"ios": old}


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_disabled_builds_are_passed_over_and_named(finding: Callable[..., Finding], world: dict[str, Any]) -> None:
    module = finding(**world)
    fine, off = add(module, 1), add(module, 2, disabled=True)
    outcome = module(publication="beta", platforms=["ios"])
    shown = any("disabled" in warning and off in warning for warning in module.warnings)
    if "disabled" in repr(module.sim.switches["hidden_fields"]) or outcome.result["build_ids"]["ios"] == fine:
        assert outcome.result["build_ids"] == {"ios": fine}
        assert shown
        assert [build["id"] for build in outcome.result["passed_over"]] == [off]


@pytest.mark.parametrize(
    ("followed", "value"), [("gitBranch", "main"), ("gitTag", "v1"), ("tag", "beta")]
)
def test_it_stays_with_what_the_publication_follows(
    finding: Callable[..., Finding], followed: str, value: str
) -> None:
    module = finding()
    meant = add(module, 1, deployer={"info": {"branch": "main", "tag": "v1"}}, tags=["beta"])
    add(module, 2, branch="other")
    module.sim.add_publication(slug="beta", filter={"type": followed, "value": value})
    assert module.ids(publication="beta", platforms=["ios"]) == {"ios": meant}


def test_several_tags_need_an_answer(finding: Callable[..., Finding]) -> None:
    module = finding()
    add(module, 1, tags=["a"])
    module.sim.add_publication(slug="beta", filter={"type": "tag", "value": "a,b"})
    with pytest.raises(InvalidInput, match="follows the tags a,b"):
        module(publication="beta", platforms=["ios"])
    assert module(publication="beta", platforms=["ios"], git_branch="main").result["build_ids"]


def test_platforms_that_nobody_can_guess(finding: Callable[..., Finding]) -> None:
    module = finding()
    console = add(module, 1, os="ps5")
    pin = {"type": "builds", "builds": [{"buildPlatform": "ps5", "id": console}]}
    module.sim.add_publication(slug="beta", filter=pin)
    with pytest.raises(InvalidInput, match="pinned to ps5 alone; say what to release for"):
        module(publication="beta")
    assert module(publication="beta", platforms=["ps5"]).result["filter"] == {
        "type": "builds",
        "builds": [{"build_platform": "ps5", "id": console}],
    }


def test_a_build_that_failed_ends_it_and_one_in_the_works_is_waited_for(finding: Callable[..., Finding]) -> None:
    module = finding()
    waited = add(module, 1, status="pending", processing=2)
    assert module(publication="beta", platforms=["ios"]).result["builds"]["ios"]["status"] == "processed"
    assert module.ids(publication="beta", platforms=["ios"]) == {"ios": waited}
    add(module, 2, status="error", error="No manifest", errorCode=1)
    with pytest.raises(AppliveryError, match="No manifest"):
        module(publication="beta", platforms=["ios"])


def test_nothing_fits(finding: Callable[..., Finding]) -> None:
    module = finding()
    add(module, 1)
    with pytest.raises(AppliveryError, match="no build fits os 'ios', git_branch 'none'"):
        module(publication="beta", git_branch="none")


@pytest.mark.parametrize(
    "options", [{"publication": " "}, {"publication": "a", "platforms": [""]}, {"publication": "a", "git_branch": " "}]
)
def test_nonsense_is_refused_before_the_first_request(
    finding: Callable[..., Finding], options: dict[str, Any]
) -> None:
    module = finding()
    with pytest.raises(InvalidInput):
        module(**options)
    assert module.calls() == []
