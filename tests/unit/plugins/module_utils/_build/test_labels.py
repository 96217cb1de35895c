# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels: only what differs travels, in every world that the documents allow."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build.run import BUILD_SPEC, needs
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AppliveryError,
    InvalidInput,
    RequestFailed,
)

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
HELD = {
    "versionName": "2.5.0",
    "tags": ["staging", "sprint-43"],
    "changelog": "First",
    "metadata": {"team": "mobile", "ci": {"run": 4, "branch": "main"}},
    "defaultScripts": {"preInstall": "echo pre", "audit": "echo audit"},
}
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"build_nested_put": "merge"},
    {"unset_fields": "null", "build_nested_put": "merge"},
    {"unset_fields": "empty"},
    {"update_status": 204, "done_word": "success"},
    {"set_order": "shuffled", "dates": "offset"},
]
WISHES: list[dict[str, Any]] = [
    {"version_name": "2.5.1"},
    {"tags": ["b", "a", "b"]},
    {"tags": ["new", "staging"], "tags_mode": "append"},
    {"tags": ["staging", "unknown"], "tags_mode": "remove"},
    {"tags": []},
    {"changelog": ""},
    {"changelog": "Two lines\nof text\n"},
    {"metadata": {"team": "web", "count": 3, "on": True, "share": 0.5, "list": [1, "a", None], "gone": None}},
    {"metadata": {"ci": {"run": 5}}},
    {"metadata": {"team": None}},
    {"metadata": {"only": "this"}, "metadata_mode": "replace"},
    {"metadata": {"ci": {"run": 4}}, "metadata_mode": "replace"},
    {"default_scripts": {"runner": "r", "audit": ""}},
    {"default_scripts": {"pre_install": "echo other\n"}},
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_what_is_wished_comes_true_and_nothing_else_changes(build: Start, world: dict[str, Any], wish: Any) -> None:
    module = build(**world)
    stored = module.sim.add_build(**HELD)
    before = {name: stored[name] for name in HELD}
    outcome = module.twice(build_id=stored["id"], **wish)
    assert outcome.changed
    touched = {{"default_scripts": "defaultScripts", "version_name": "versionName"}.get(name, name) for name in wish}
    after = module.sim.builds[stored["id"]]
    assert {name: after[name] for name in HELD if name not in touched} == {
        name: value for name, value in before.items() if name not in touched
    }
    assert outcome.result["previous"]["version_name"] == "2.5.0"


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_values_that_are_stored(build: Start, world: dict[str, Any]) -> None:
    module = build(**world)
    ident = module.sim.add_build(**HELD)["id"]
    module(build_id=ident, metadata={"ci": {"run": 5}, "flag": False}, default_scripts={"audit": "", "runner": "go"})
    stored = module.sim.builds[ident]
    assert stored["metadata"] == {"team": "mobile", "ci": {"run": 5, "branch": "main"}, "flag": False}
    assert stored["metadata"]["flag"] is False
    assert {name: text for name, text in stored["defaultScripts"].items() if text} == {
        "preInstall": "echo pre",
        "runner": "go",
    }
    module(build_id=ident, metadata={"new": "x"}, metadata_mode="replace")
    assert {name: value for name, value in stored["metadata"].items() if value is not None} == {"new": "x"}


def test_replaced_metadata_leaves_no_nulls_where_the_server_replaces(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module(build_id=ident, metadata={"new": "x"}, metadata_mode="replace")
    assert module.sim.builds[ident]["metadata"] == {"new": "x"}


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ("1", 1), (None, "")])
def test_types_of_metadata_count(build: Start, one: Any, other: Any) -> None:
    module = build()
    ident = module.sim.add_build(metadata={"value": one})["id"]
    assert module.twice(build_id=ident, metadata={"value": other}).changed
    assert module.sim.builds[ident]["metadata"]["value"] == other
    assert type(module.sim.builds[ident]["metadata"]["value"]) is type(other)


def test_blanks_and_line_breaks_at_the_edges_of_a_text_are_no_difference(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    same = {"version_name": " 2.5.0", "tags": ["sprint-43 ", "staging"], "default_scripts": {"pre_install": "echo pre\n"}}
    assert not module(build_id=ident, **same).changed
    assert module.sim.writes == []
    module(build_id=ident, default_scripts={"pre_install": "echo other\n"})
    assert module.sim.writes[0].body["defaultScripts"]["preInstall"] == "echo other\n"


def test_one_text_for_the_tags_is_trimmed(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module.twice(build_id=ident, tags="rc, beta , gamma")
    assert module.sim.builds[ident]["tags"] == ["rc", "beta", "gamma"]
    module.twice(build_id=ident, tags="gamma , rc", tags_mode="remove")
    assert module.sim.builds[ident]["tags"] == ["beta"]


def test_only_what_differs_travels(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module(build_id=ident, version_name="2.5.0", tags=["sprint-43", "staging"], changelog="Second")
    assert module.sim.writes[0].body == {"changelog": "Second"}


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_request_counts_by_id(build: Start, api: str) -> None:
    module = build(api)
    ident = module.sim.add_build(**HELD)["id"]
    module(build_id=ident, version_name="2.5.0", tags=["staging", "sprint-43"])
    assert module.calls() == ["GET"]
    module(build_id=ident, version_name="2.6.0", tags=[], changelog="")
    assert module.calls() == ["GET", "PUT"]


def test_an_update_without_an_answer_is_read_again(build: Start) -> None:
    module = build(update_status=204)
    ident = module.sim.add_build(**HELD)["id"]
    outcome = module(build_id=ident, tags=["x"])
    assert module.calls() == ["GET", "PUT", "GET"]
    assert outcome.result["build"]["tags"] == ["x"]


@pytest.mark.parametrize(
    ("wish", "calls"),
    [({"version_name": "2.6.0"}, ["GET", "PUT"]), ({"metadata": {"a": 1}}, ["GET", "PUT", "GET"])],
)
def test_an_answer_that_shows_less_than_the_build(build: Start, wish: dict[str, Any], calls: list[str]) -> None:
    """The documented answer to an update lacks size, info and metadata, which reading a build shows."""
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    short = {"id": ident, "status": "success", "tags": [], "versionName": "2.6.0", "changelog": "First", "os": "ios"}
    answer = {"status": True, "data": short}
    module.sim.fault("status", method="PUT", status=200, body=answer, done=True)
    outcome = module(build_id=ident, **wish)
    assert module.calls() == calls
    assert outcome.result["build"]["size"] == 1048576
    shown = outcome.result["build"]
    assert shown["version_name"] == wish.get("version_name", "2.5.0")
    assert shown["metadata"] == {**HELD["metadata"], **wish.get("metadata", {})}


def test_an_answer_that_repeats_an_object_does_not_tell_what_became_of_it(build: Start) -> None:
    """A server that merges keeps what the object held, whatever its answer repeats."""
    module = build(build_nested_put="merge")
    ident = module.sim.add_build(**{**HELD, "metadata": {"a": 1, "b": 2}})["id"]
    answer = {"status": True, "data": {"id": ident, "metadata": {"a": 1}}}
    module.sim.fault("status", method="PUT", status=200, body=answer, done=True)
    outcome = module(build_id=ident, metadata={"a": 1}, metadata_mode="replace")
    assert outcome.result["build"]["metadata"] == {"a": 1}
    # What is to go has to be named there, and stays as a null.
    assert module.sim.builds[ident]["metadata"] == {"a": 1, "b": None}


def test_a_label_that_takes_the_build_out_of_sight_is_warned_about(build: Start) -> None:
    module = build()
    module.sim.add_build(**HELD)
    for check in (True, False):
        assert module(check=check, match={"version_name": "2.5.0"}, version_name="2.6.0").changed
        assert any("match.version_name" in warning and "next run" in warning for warning in module.warnings)


def test_first_metadata_of_a_build_is_no_reason_to_warn(build: Start) -> None:
    module = build()
    ident = module.sim.add_build()["id"]
    assert module.twice(build_id=ident, metadata={"a": 1}, default_scripts={"audit": "x"}, disabled=True).changed
    assert module.warnings == []


@pytest.mark.parametrize(
    ("field", "wish"),
    [
        ("disabled", {"disabled": True}),
        ("disabled", {"disabled": False}),
        ("metadata", {"metadata": {"a": 1}}),
        ("defaultScripts", {"default_scripts": {"audit": "x"}}),
        ("defaultScripts", {"default_scripts": {"audit": ""}}),
        ("metadata", {"metadata": {}, "metadata_mode": "replace"}),
    ],
)
def test_a_field_that_is_never_returned_is_set_every_time_and_warned_about(
    build: Start, field: str, wish: dict[str, Any]
) -> None:
    module = build(hidden_fields=[f"build:{field}"])
    stored = module.sim.add_build(**HELD)
    option = next(iter(wish))
    for _run in range(2):
        predicted = module(check=True, build_id=stored["id"], **wish)
        assert predicted.changed
        assert any(option in warning for warning in module.warnings)
        outcome = module(build_id=stored["id"], **wish)
        assert outcome.changed
        assert any(option in warning and "every run" in warning for warning in module.warnings)
        assert len(module.sim.writes) == 1
        assert outcome.result["build"][option] == predicted.result["build"][option]
        assert (outcome.before, outcome.after) == (predicted.before, predicted.after)
    wanted = next(iter(wish.values()))
    held = module.sim.builds[stored["id"]][field]
    assert held == wanted or (field == "defaultScripts" and held == {"audit": wanted["audit"]})


def test_not_mentioned_is_not_a_wish(build: Start) -> None:
    module = build(hidden_fields=["build:disabled", "build:metadata"])
    ident = module.sim.add_build(**HELD)["id"]
    assert not module(build_id=ident, version_name="2.5.0", metadata={}, default_scripts={}).changed
    assert module.warnings == []


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_what_the_server_did_not_do_is_an_error_with_both_values(build: Start, api: str) -> None:
    module = build(api)
    ident = module.sim.add_build(**HELD)["id"]
    module.sim.fault("interfere", method="GET", path=ident, skip=1, id=ident, fields={"versionName": "other"})
    module.sim.set(update_status=204)
    with pytest.raises(AppliveryError, match="version_name is 'other' instead of 'mine'") as caught:
        module(build_id=ident, version_name="mine")
    assert caught.value.result["changed"] is True
    assert caught.value.result["previous"]["version_name"] == "2.5.0"


def test_somebody_else_at_the_same_time_is_told(build: Start) -> None:
    module = build(update_status=204)
    ident = module.sim.add_build(**HELD)["id"]
    module.sim.fault("interfere", method="GET", path=ident, skip=1, id=ident, fields={"changelog": "other"})
    module(build_id=ident, version_name="mine")
    assert any("changelog" in warning for warning in module.warnings)


def test_a_refused_update_changes_nothing_and_says_so(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module.sim.fault("status", method="PUT", status=400, code=6002, message="Body validation error")
    with pytest.raises(RequestFailed) as caught:
        module(build_id=ident, version_name="mine")
    assert "changed" not in caught.value.result
    assert caught.value.failure["code"] == 6002


def test_workspace_fields_need_the_workspace_api() -> None:
    params = dict.fromkeys(BUILD_SPEC) | {"state": "present", "metadata": {"a": 1}, "disabled": False}
    assert needs(params).workspace_only == "metadata and disabled"
    assert needs(params | {"state": "absent"}).workspace_only is None
    assert needs(params | {"metadata": None, "disabled": None}).workspace_only is None
    assert needs(params).application


@pytest.mark.parametrize(
    "options",
    [
        {"build_id": "nonsense"},
        {"build_id": ""},
        {"tags": [" "]},
        {"wait_interval": 0},
        {"wait_timeout": -1},
        {"path": "/a.apk"},
    ],
)
def test_nonsense_is_refused_before_the_first_request(build: Start, options: dict[str, Any]) -> None:
    module = build()
    with pytest.raises(InvalidInput):
        module(**{"build_id": "5f7f1d2a9c1e4b0012ab34c1", **options})
    assert module.calls() == []


def test_a_build_that_does_not_exist_is_an_error(build: Start) -> None:
    module = build()
    with pytest.raises(AppliveryError, match="there is no build 5f7f1d2a9c1e4b0012ab34c1") as caught:
        module(build_id="5f7f1d2a9c1e4b0012ab34c1")
    assert caught.value.failure["code"] == 3001


@pytest.mark.parametrize("kind", ["not_json", "cut_after", "truncated"])
def test_an_update_whose_answer_is_lost_is_looked_at(build: Start, kind: str) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module.connection = {"retry_timeout": 0}
    module.sim.fault(kind, method="PUT")
    outcome = module(build_id=ident, tags=["x"])
    assert outcome.changed
    assert outcome.result["build"]["tags"] == ["x"]
    assert len(module.sim.writes) == 1


def test_an_update_that_may_have_happened_is_a_change(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(**HELD)["id"]
    module.connection = {"retry_timeout": 0}
    module.sim.fault("cut_before", method="PUT")
    with pytest.raises(RequestFailed, match="could not update the build") as caught:
        module(build_id=ident, tags=["x"])
    assert caught.value.result["changed"] is True
    assert caught.value.result["previous"]["tags"] == HELD["tags"]


def test_an_accepted_update_that_can_not_be_read_again_is_a_change(build: Start) -> None:
    module = build(update_status=204)
    ident = module.sim.add_build(**HELD)["id"]
    module.connection = {"retry_timeout": 0}
    module.sim.fault("server_error", method="GET", path=ident, skip=1, times=None)
    with pytest.raises(RequestFailed) as caught:
        module(build_id=ident, tags=["x"])
    assert caught.value.result["changed"] is True
