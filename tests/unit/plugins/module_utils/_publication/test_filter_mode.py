# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``filter_mode: merge``: platforms that the task does not name keep their build, in the form that is there."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._publication.plan import plan_update
from ansible_collections.applivery.distribution.tests.support.publications import NEW, only, play
from applivery_simulator import Simulator

Start = Callable[..., Simulator]
A, B, C = "a" * 24, "b" * 24, "c" * 24
BASE = {"slug": "app", "visibility": "active", "security": "public"}
BY_KEY = {"type": "build", "ios": A, "android": B}
AS_LIST = {"type": "builds", "builds": [{"buildPlatform": "ios", "id": A}, {"buildPlatform": "ps5", "id": B}]}
OLD_FORM = {"type": "builds", "ios": A, "android": B}
BOTH_FORMS = {**AS_LIST, "ios": A}


def listed(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"buildPlatform": platform, "id": ident} for platform, ident in pairs]


def wished(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"type": "builds", "builds": [{"build_platform": platform, "id": ident} for platform, ident in pairs]}


MERGED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # what is there, what is wished for, what is sent
    (BY_KEY, {"type": "build", "ios": C}, {"type": "build", "ios": C, "android": B}),
    (BY_KEY, {"type": "build", "macos": C}, {**BY_KEY, "macos": C}),
    (BY_KEY, wished(("ios", C)), {"type": "build", "ios": C, "android": B}),
    (AS_LIST, {"type": "build", "ios": C}, {"type": "builds", "builds": listed(("ios", C), ("ps5", B))}),
    (
        AS_LIST,
        {"type": "build", "android": C},
        {"type": "builds", "builds": [*AS_LIST["builds"], *listed(("android", C))]},
    ),
    (AS_LIST, wished(("ps5", C)), {"type": "builds", "builds": listed(("ios", A), ("ps5", C))}),
    (OLD_FORM, {"type": "build", "ios": C}, {"type": "builds", "ios": C, "android": B}),
    (OLD_FORM, wished(("windows", C)), {**OLD_FORM, "windows": C}),
    (OLD_FORM, wished(("ps5", C)), {**OLD_FORM, "builds": listed(("ps5", C))}),
    (BOTH_FORMS, wished(("ios", C)), {"type": "builds", "ios": C, "builds": listed(("ios", C), ("ps5", B))}),
    # Nothing is pinned by hand, here or there.
    ({"type": "last"}, {"type": "build", "ios": C}, {"type": "build", "ios": C}),
    (BY_KEY, {"type": "last"}, {"type": "last"}),
    (BY_KEY, {"type": "tag", "value": "x"}, {"type": "tag", "value": "x"}),
]


@pytest.mark.parametrize(("there", "wish", "sent"), MERGED, ids=range(len(MERGED)))
def test_other_platforms_keep_their_build(there: dict[str, Any], wish: dict[str, Any], sent: dict[str, Any]) -> None:
    plan = plan_update({"filter": wish}, {**BASE, "filter": there}, filter_mode="merge")
    assert plan.body["filter"] == sent
    assert plan.changed
    assert not plan_update({"filter": wish}, {**BASE, "filter": sent}, filter_mode="merge").changed


@pytest.mark.parametrize("there", [BY_KEY, AS_LIST, OLD_FORM, BOTH_FORMS], ids=str)
def test_what_is_pinned_already_travels_as_it_was_read(there: dict[str, Any]) -> None:
    wish = {"filter": {"type": "build", "ios": A}}
    assert not plan_update(wish, {**BASE, "filter": there}, filter_mode="merge").changed
    body = plan_update({**wish, "tags": ["x"]}, {**BASE, "filter": there}, filter_mode="merge").body
    assert body["filter"] == there
    # In the other mode the rest goes.
    assert plan_update(wish, {**BASE, "filter": there}).changed


def test_a_platform_that_the_form_has_no_place_for_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"filter\.builds: .*no place for ps5.*filter_mode: replace"):
        plan_update({"filter": wished(("ps5", C))}, {**BASE, "filter": BY_KEY}, filter_mode="merge")


def test_an_entry_that_nobody_understands_is_not_lost() -> None:
    strange = {"type": "builds", "builds": [{"system": "ios", "number": 1}]}
    with pytest.raises(InvalidInput, match=r"filter_mode: .*form that this version does not know"):
        plan_update({"filter": wished(("ios", C))}, {**BASE, "filter": strange}, filter_mode="merge")


@pytest.mark.parametrize("nested", ["plain", "enriched", "expanded"])
@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
@pytest.mark.parametrize("there", [BY_KEY, AS_LIST], ids=lambda chosen: chosen["type"])
def test_on_every_server(simulator: Start, nested: str, unset: str, there: dict[str, Any]) -> None:
    sim = simulator(switches={"nested": nested, "unset_fields": unset})
    sim.add_publication(**{**NEW, "filter": there})
    ran = play(sim, {"slug": "new-app", "filter": {"type": "build", "ios": C}, "filter_mode": "merge"})
    assert ran.changed
    stored = only(sim, "new-app")["filter"]
    pairs = {entry["buildPlatform"]: entry["id"] for entry in stored.get("builds") or []} or stored
    assert (stored["type"], pairs["ios"]) == (there["type"], C)
    assert B in (pairs.get("ps5"), pairs.get("android"))


def test_a_new_publication_gets_what_is_named(sim: Simulator) -> None:
    play(sim, {**NEW, "filter": {"type": "build", "ios": A}, "filter_mode": "merge"})
    assert only(sim, "new-app")["filter"] == {"type": "build", "ios": A}
