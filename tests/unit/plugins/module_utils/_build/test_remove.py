# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""state: absent: refuses what a publication is pinned to, works twice, and never deletes another build."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, RequestFailed

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"api": "integrations"},
    {"nested": "expanded"},
    {"hidden_fields": ["publication_list:filter"]},
    {"max_limit": 1},
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_absent_works_twice(build: Start, world: dict[str, Any]) -> None:
    module = build(**world)
    ident = module.sim.add_build(tags=["x"])["id"]
    module.sim.add_publication(slug="free", filter={"type": "last"})
    predicted = module(check=True, build_id=ident, state="absent")
    outcome = module(build_id=ident, state="absent")
    assert outcome == predicted
    assert outcome.changed
    assert outcome.before["tags"] == ["x"]
    assert outcome.after == {}
    assert outcome.result["previous"]["id"] == ident
    assert module.sim.builds == {}
    again = module(build_id=ident, state="absent")
    assert not again.changed
    assert module.calls() == ["GET"]
    assert set(again.result) == set(outcome.result) - {"previous"}


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("kind", ["build", "builds"])
def test_a_pinned_build_is_refused_and_named(build: Start, world: dict[str, Any], kind: str) -> None:
    module = build(**world)
    ident = module.sim.add_build(os="ios")["id"]
    pins = {"ios": ident} if kind == "build" else {"builds": [{"buildPlatform": "ios", "id": ident}]}
    module.sim.add_publication(slug="first", filter={"type": "last"})
    module.sim.add_publication(slug="pinned-one", filter={"type": kind, **pins})
    for check in (True, False):
        with pytest.raises(AppliveryError, match=r"pinned by 1 publication.*pinned-one \("):
            module(check=check, build_id=ident, state="absent")
        assert module.sim.writes == []
    assert module(build_id=ident, state="absent", force=True).changed
    assert module.calls() == ["GET", "DELETE"]


def test_a_publication_that_does_not_show_its_builds_protects_them(build: Start) -> None:
    module = build(hidden_fields=["filter"])
    ident = module.sim.add_build(os="ios")["id"]
    module.sim.add_publication(slug="silent", filter={"type": "build", "ios": ident})
    for check in (True, False):
        with pytest.raises(AppliveryError, match=r"can't be told.*silent \("):
            module(check=check, build_id=ident, state="absent")
        assert module.sim.writes == []
    assert module(build_id=ident, state="absent", force=True).changed


PINS: list[dict[str, Any]] = [
    {"type": "build", "ios": {"_id": "X"}},
    {"type": "build", "ios": {"build": {"id": "X"}}},
    {"type": "builds", "ios": "X"},
    {"type": "builds", "builds": ["X"]},
    {"type": "builds", "builds": [{"buildPlatform": "ps5", "build": {"_id": "X"}}]},
    {"type": "builds", "builds": [{"buildPlatform": "ios", "buildId": "X"}]},
    {"type": "builds", "builds": [{"buildPlatform": "ios", "build": "X"}]},
    {"type": "builds", "builds": [{"buildPlatform": "ios", "id": {"_id": "X"}}]},
    {"type": "future", "x": "X"},
]


def with_id(value: Any, ident: str) -> Any:
    """The value with ``ident`` wherever it says X."""
    if isinstance(value, dict):
        return {key: with_id(inner, ident) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_id(inner, ident) for inner in value]
    return ident if value == "X" else value


def shows_filter(module: Module, chosen: Any, *, listed: bool = True) -> None:
    """Let the server show this filter for the only publication; ``listed``: on the list, too, not only when read."""
    publication = next(iter(module.sim.publications))
    found = {"id": publication, "slug": "strange-one", "filter": chosen}
    short = found if listed else {"id": publication, "slug": "strange-one", "filter": {"type": chosen["type"]}}
    for path, data in ((r"/pubApps(\?|$)", {"items": [short], "totalDocs": 1}), (f"/pubApps/{publication}", found)):
        answer = {"status": True, "data": data}
        module.sim.fault("status", method="GET", path=path, times=None, status=200, body=answer)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("chosen", PINS, ids=str)
def test_a_pin_is_seen_wherever_its_id_stands(build: Start, chosen: dict[str, Any], upper: bool) -> None:
    module = build()
    ident = module.sim.add_build(os="ios")["id"]
    other = module.sim.add_build(os="ios")["id"]
    module.sim.add_publication(filter={"type": "last"})
    shows_filter(module, with_id(chosen, ident.upper() if upper else ident))
    for check in (True, False):
        with pytest.raises(AppliveryError, match=r"pinned by 1 publication.*strange-one \("):
            module(check=check, build_id=ident, state="absent")
        assert module.sim.writes == []
    assert module(build_id=other, state="absent").changed
    assert module(build_id=ident, state="absent", force=True).changed


@pytest.mark.parametrize(
    "chosen",
    [
        None,
        {},
        {"type": None},
        {"type": "future", "x": "newest"},
        {"type": "build"},
        {"type": "build", "ios": {"versionName": "1.0"}},
        {"type": "builds", "builds": [{"buildPlatform": "ps5"}]},
        {"type": "builds", "builds": [{"buildPlatform": "ios", "id": "0" * 24}, {"buildPlatform": "ps5", "id": None}]},
    ],
    ids=str,
)
def test_a_pin_that_does_not_show_its_build_protects_all(build: Start, chosen: dict[str, Any] | None) -> None:
    module = build()
    ident = module.sim.add_build(os="ios")["id"]
    module.sim.add_publication(filter={"type": "last"})
    shows_filter(module, chosen)
    for check in (True, False):
        with pytest.raises(AppliveryError, match=r"can't be told.*strange-one \("):
            module(check=check, build_id=ident, state="absent")
        assert module.sim.writes == []
    assert module(build_id=ident, state="absent", force=True).changed


@pytest.mark.parametrize(
    "chosen",
    [
        {"type": "last"},
        {"type": "gitBranch", "value": "main"},
        {"type": "build", "ios": "0" * 24, "android": None},
        {"type": "build", "ios": None},
        {"type": "builds", "builds": []},
        {"type": "future", "x": "0" * 24},
    ],
    ids=str,
)
def test_a_publication_without_this_pin_protects_nothing(build: Start, chosen: dict[str, Any]) -> None:
    module = build()
    ident = module.sim.add_build(os="ios")["id"]
    module.sim.add_publication(filter={"type": "last"})
    shows_filter(module, chosen)
    assert module(build_id=ident, state="absent").changed
    assert module.calls() == ["GET", "GET", "GET", "DELETE"]


def test_a_list_that_shortens_filters_is_not_the_last_word(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(os="ios")["id"]
    module.sim.add_publication(filter={"type": "last"})
    shows_filter(module, {"type": "build", "ios": ident}, listed=False)
    with pytest.raises(AppliveryError, match=r"pinned by 1 publication.*strange-one \("):
        module(build_id=ident, state="absent")


def test_every_store_is_looked_at(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(os="ios")["id"]
    other = module.sim.add_store()
    module.sim.add_publication(slug="elsewhere", store=other["id"], filter={"type": "build", "ios": ident})
    module.connection = {"store": module.sim.store["id"]}
    with pytest.raises(AppliveryError, match="elsewhere"):
        module(build_id=ident, state="absent")


def test_a_token_that_sees_only_its_store(build: Start) -> None:
    module = build()
    ident = module.sim.add_build()["id"]
    module.sim.fault("status", method="GET", path="/stores(\\?|$)", status=403, code=4001, times=None)
    with pytest.raises(RequestFailed, match="force: true"):
        module(build_id=ident, state="absent")
    module.connection = {"store": module.sim.store["id"]}
    assert module(build_id=ident, state="absent").changed
    assert any("only the publications of the given store" in warning for warning in module.warnings)


def test_a_match_for_absent_must_mean_one_build(build: Start) -> None:
    module = build()
    old = module.sim.add_build(versionName="1.0.0", versionCode="1", createdAt="2026-05-01T00:00:00.000Z")["id"]
    new = module.sim.add_build(versionName="1.0.0", versionCode="2", createdAt="2026-05-02T00:00:00.000Z")["id"]
    with pytest.raises(AppliveryError, match=f"more than one build.*{new}.*{old}"):
        module(match={"version_name": "1.0.0"}, state="absent")
    with pytest.raises(AppliveryError, match="more than one build"):
        module(match={"query": "[-1]"}, state="absent")
    assert module(match={"version_name": "1.0.0", "version_code": "1"}, state="absent").result["build_id"] == old
    assert module(match={"version_name": "1.0.0"}, state="absent").changed
    assert not module(match={"version_name": "1.0.0"}, state="absent").changed
    assert module.sim.builds == {}


def test_a_failed_build_can_be_deleted(build: Start) -> None:
    module = build()
    module.sim.add_build(status="error", error="bad", errorCode=1)
    assert module(match={"status": "error"}, state="absent").changed


def test_an_unprocessed_build_is_explained(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(status="pending", processing=None)["id"]
    with pytest.raises(RequestFailed, match="only after it was processed, and this one is 'pending'") as caught:
        module(build_id=ident, state="absent")
    assert caught.value.code == 5014


def test_somebody_else_deleted_it_first(build: Start) -> None:
    module = build()
    ident = module.sim.add_build()["id"]
    module.sim.fault("shrink", method="DELETE", id=ident)
    outcome = module(build_id=ident, state="absent")
    assert not outcome.changed
    assert (outcome.before, outcome.after) == ({}, {})
    assert "previous" not in outcome.result


def test_a_refused_token_is_never_absence(build: Start) -> None:
    module = build()
    ident = module.sim.add_build()["id"]
    module.sim.fault("status", method="GET", status=401, code=4001, times=None)
    with pytest.raises(RequestFailed, match="HTTP 401"):
        module(build_id=ident, state="absent")


def test_what_should_be_present_does_not_matter(build: Start) -> None:
    module = build()
    module.sim.add_build(versionName="1.0.0")
    options = {"path": "/does/not/exist.apk", "version_name": "2", "metadata": {"a": 1}, "state": "absent"}
    assert module(match={"version_name": "1.0.0"}, **options).changed
