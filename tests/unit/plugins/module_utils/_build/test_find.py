# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One search for every task: what is present is what would be absent, in lists that show less, shrink or lag."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
COMMIT = "c157a79031e1c40f85931829bc5fc55229f3e904"
SHORT_LISTS: list[dict[str, Any]] = [
    {"hidden_fields": ["build_list:deployer"]},
    {"hidden_fields": ["build_list:deployer", "build_list:metadata", "build_list:tags"]},
    {"hidden_fields": ["build_list:deployer", "build_list:disabled"], "max_limit": 2},
    {"api": "integrations", "hidden_fields": ["build_list:deployer", "build_list:tags"]},
]
MATCHES: list[dict[str, Any]] = [
    {"git_commit": COMMIT[:8]},
    {"git_branch": "main", "os": "ios"},
    {"git_tag": "v1"},
    {"query": "[?deployer.info.commit=='" + COMMIT + "']"},
    {"os": "ios", "query": "[?contains(tags, 'wanted')]"},
]


@pytest.mark.parametrize("world", SHORT_LISTS, ids=str)
@pytest.mark.parametrize("match", MATCHES, ids=str)
@pytest.mark.parametrize("newer", [0, 3])
def test_present_and_absent_find_the_same_build_in_a_short_list(
    build: Start, world: dict[str, Any], match: dict[str, Any], newer: int
) -> None:
    module = build(**world)
    module.sim.add_build(os="ios", createdAt="2026-05-01T00:00:00.000Z")
    told = {"name": "CI", "info": {"commit": COMMIT, "branch": "main", "tag": "v1"}}
    meant = module.sim.add_build(os="ios", deployer=told, tags=["wanted"], createdAt="2026-05-02T00:00:00.000Z")["id"]
    for day in range(newer):
        # What was uploaded by hand shows no more when it is read alone.
        module.sim.add_build(os="ios", createdAt=f"2026-05-0{day + 3}T00:00:00.000Z")
    assert module(match=match).result["build_id"] == meant
    assert module(check=True, match=match, state="absent").result["build_id"] == meant
    assert module(match=match, state="absent").changed
    assert meant not in module.sim.builds
    assert not module(match=match, state="absent").changed
    assert len(module.sim.builds) == 1 + newer


def test_a_list_that_is_no_short_form_is_not_read_build_by_build(build: Start) -> None:
    module = build("integrations")
    for _number in range(40):
        module.sim.add_build()
    with pytest.raises(AppliveryError, match="no build fits, of 40"):
        module(match={"git_commit": COMMIT})
    assert module.calls() == ["GET"]


def test_the_one_that_vanishes_between_list_and_look_is_passed_over(build: Start) -> None:
    module = build()
    old = module.sim.add_build(versionName="1.0.0", createdAt="2026-05-01T00:00:00.000Z")["id"]
    new = module.sim.add_build(versionName="1.0.0", createdAt="2026-05-02T00:00:00.000Z")["id"]
    module.sim.fault("shrink", method="GET", path=f"builds/{new}", id=new)
    assert module(match={"version_name": "1.0.0"}).result["build_id"] == old


def test_a_build_that_retention_takes_before_the_update_is_named(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(versionName="1.0.0")["id"]
    module.sim.fault("shrink", method="PUT", id=ident)
    with pytest.raises(AppliveryError, match=rf"1.0.0 \(1, {ident}\) was deleted while.*retention settings") as caught:
        module(match={"version_name": "1.0.0"}, tags=["x"])
    assert caught.value.failure["code"] == 3001
    assert "changed" not in caught.value.result


# What YAML made of it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["version_code", "version_name", "tag", "git_branch", "git_commit", "git_tag"])
def test_an_unquoted_number_never_decides_what_is_removed(build: Start, option: str) -> None:
    module = build()
    told = {"info": dict.fromkeys(("branch", "commit", "tag"), "101")}
    module.sim.add_build(versionCode="101", versionName="101", tags=["101"], deployer=told)
    # YAML reads 0145 as 101.
    with pytest.raises(InvalidInput, match=f"match.{option}: 101 is a number.*quote it"):
        module(match={option: 0o145}, state="absent")
    assert module.calls() == []
    assert len(module.sim.builds) == 1
    assert module(match={option: 101}).result["build_id"] in module.sim.builds
    assert module(match={option: "101"}, state="absent").changed


# Texts that look the same -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "fields"),
    [
        ({"git_branch": "feature/u\u0308ber"}, {"deployer": {"info": {"branch": "feature/\xfcber"}}}),
        ({"git_branch": "feature/\xfcber"}, {"deployer": {"info": {"branch": "feature/u\u0308ber"}}}),
        ({"tag": "fru\u0308h"}, {"tags": ["fr\xfch"]}),
        ({"version_name": "1.0 e\u0301"}, {"versionName": "1.0 \xe9"}),
        ({"git_tag": "v1.4.0"}, {"deployer": {"info": {"tag": "v1.4.0\n"}}}),
        ({"git_tag": " v1.4.0 "}, {"deployer": {"info": {"tag": "v1.4.0"}}}),
        ({"git_commit": COMMIT}, {"deployer": {"info": {"commit": COMMIT[:7] + "\n"}}}),
        ({"git_commit": COMMIT}, {"deployer": {"info": {"commit": COMMIT[:10].upper()}}}),
        ({"git_commit": COMMIT[:9]}, {"deployer": {"info": {"commit": COMMIT[:8]}}}),
    ],
)
def test_texts_that_mean_the_same_fit_in_every_task(
    build: Start, info: Callable[..., Any], match: dict[str, str], fields: dict[str, Any]
) -> None:
    module = build()
    ident = module.sim.add_build(**fields)["id"]
    assert module(match=match).result["build_id"] == ident
    assert module(check=True, match=match, state="absent").result["build_id"] == ident
    run = info()
    ident = run.sim.add_build(**fields)["id"]
    assert [found["id"] for found in run("builds", **match)["builds"]] == [ident]


@pytest.mark.parametrize("stored", [COMMIT[:6], "c157a7x", "d" + COMMIT[1:9]])
def test_a_hash_that_is_not_the_same_does_not_fit(build: Start, stored: str) -> None:
    module = build()
    module.sim.add_build(deployer={"info": {"commit": stored}})
    with pytest.raises(AppliveryError, match="no build fits"):
        module(match={"git_commit": COMMIT})


def test_letters_that_look_the_same_are_said_to_be_no_reason(build: Start) -> None:
    module = build()
    module.sim.add_build()
    with pytest.raises(AppliveryError, match=r"Composed and decomposed letters count as the same \(Unicode NFC\)"):
        module(match={"git_branch": "feature/\xfcber"})


# Disabled builds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [{}, {"hidden_fields": ["build_list:disabled"]}], ids=str)
def test_a_disabled_build_is_passed_over_and_named(build: Start, world: dict[str, Any]) -> None:
    module = build(**world)
    fine = module.sim.add_build(os="ios", createdAt="2026-05-01T00:00:00.000Z")["id"]
    off = module.sim.add_build(os="ios", disabled=True, createdAt="2026-05-02T00:00:00.000Z")["id"]
    assert module(match={"os": "ios"}).result["build_id"] == off
    assert module(match={"os": "ios", "disabled": False}).result["build_id"] == fine
    assert [warning for warning in module.warnings if off in warning and "disabled" in warning]
    assert module(match={"os": "ios", "disabled": True}).result["build_id"] == off


def test_a_server_that_never_shows_it_has_no_disabled_builds_as_far_as_anybody_sees(build: Start) -> None:
    module = build("integrations", hidden_fields=["build:disabled"])
    ident = module.sim.add_build(os="ios", disabled=True)["id"]
    assert module(match={"os": "ios", "disabled": False}).result["build_id"] == ident
    with pytest.raises(AppliveryError, match="no build fits"):
        module(match={"os": "ios", "disabled": True})


def test_only_disabled_builds_fit_and_the_error_says_so(build: Start) -> None:
    module = build()
    module.sim.add_build(os="ios", disabled=True)
    with pytest.raises(AppliveryError, match=r"1 would fit, but can't be downloaded \(disabled\)"):
        module(match={"os": "ios", "disabled": False})


# Expressions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ("[?!contains(tags, 'released')]", {"tags": ["released"], "tags_mode": "append"}),
        ("[?version_name=='1.0.0']", {"version_name": "2.0.0"}),
        ("[?changelog==null]", {"changelog": "Notes"}),
        ("sort_by(@, &updated_at)", {"tags": ["x"]}),
    ],
)
def test_an_expression_that_the_task_itself_makes_untrue_is_refused(
    build: Start, query: str, wish: dict[str, Any]
) -> None:
    module = build()
    for day in (1, 2, 3):
        module.sim.add_build(versionName="1.0.0", createdAt=f"2026-05-0{day}T00:00:00.000Z")
    for check in (True, False):
        with pytest.raises(InvalidInput, match="each run would change one more build"):
            module(check=check, match={"query": query}, **wish)
        assert module.sim.writes == []


def test_an_expression_that_finds_nothing_afterwards_is_warned_about(build: Start) -> None:
    module = build()
    module.sim.add_build(versionName="1.0.0")
    assert module(match={"query": "[?version_name=='1.0.0']"}, version_name="2.0.0").changed
    assert any("so the next run fails" in warning for warning in module.warnings)


def test_an_expression_about_something_else_may_change_labels(build: Start) -> None:
    module = build()
    for day in (1, 2):
        module.sim.add_build(tags=["a"], createdAt=f"2026-05-0{day}T00:00:00.000Z")
    assert module.twice(match={"query": "[?contains(tags, 'a')]"}, tags=["b"], tags_mode="append").changed


@pytest.mark.parametrize(
    ("match", "labels", "hidden"),
    [
        ({"query": "[?metadata.key=='x']"}, {"metadata": {"key": "x"}}, "metadata"),
        ({"query": "[?contains(tags, 'x')]"}, {"tags": ["x"]}, "tags"),
        ({"tag": "x"}, {"tags": ["x"]}, "tags"),
        ({"os": "android", "query": "[?changelog=='x']"}, {"changelog": "x"}, "changelog"),
    ],
)
def test_an_upload_is_judged_by_what_the_server_shows(
    build: Start, package: str, match: dict[str, Any], labels: dict[str, Any], hidden: str
) -> None:
    module = build(hidden_fields=[f"build:{hidden}", f"build_list:{hidden}"])
    reason = "would be uploaded again by every run|the server accepted the update, but shows other values"
    with pytest.raises(AppliveryError, match=reason) as caught:
        module(path=package, match=match, **labels)
    assert caught.value.result["changed"] is True
    module.sim.set(hidden_fields=[])
    assert not module(path=package, match=match, **labels).result["uploaded"]
    assert len(module.sim.builds) == 1
