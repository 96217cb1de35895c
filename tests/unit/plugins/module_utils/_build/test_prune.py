# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old builds go, oldest first; what publications need stays, whatever they follow and whatever the world is like."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build import prune as _prune
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"api": "integrations"},
    {"max_limit": 1, "list_order": "oldest_first", "list_filters": "ignored"},
    {"hidden_fields": ["build_list:deployer", "build_list:tags"]},
    {"unset_fields": "null", "nested": "expanded"},
    {"hidden_fields": ["publication_list:filter"]},
]


class Pruning(Module):
    spec = _prune.PRUNE_SPEC
    run = staticmethod(_prune.run)

    def gone(self, **options: Any) -> list[int]:
        """The version codes of what goes: as predicted, as carried out, and nothing more the second time."""
        predicted = self(check=True, **options)
        kept = set(self.sim.builds)
        real = self(**options)
        assert predicted == real
        removed = [entry["id"] for entry in real.result["removed"]]
        assert set(self.sim.builds) == kept - set(removed)
        assert real.changed == bool(removed)
        again = self(**options)
        assert not again.changed
        assert self.sim.writes == []
        return [int(entry["version_code"]) for entry in real.result["removed"]]


@pytest.fixture
def pruning(build: Start) -> Callable[..., Pruning]:
    def start(api: str = "workspace", **switches: Any) -> Pruning:
        module = build(api, **switches)
        return Pruning(module.sim, api)

    return start


def add(module: Module, number: int, **fields: Any) -> str:
    """A build of the n-th day of May, whose version code is that number."""
    moment = f"2026-05-{number:02}T10:00:00.000Z"
    return str(module.sim.add_build(versionCode=str(number), createdAt=moment, **{"os": "ios", **fields})["id"])


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_the_newest_of_each_kind_stay(pruning: Callable[..., Pruning], world: dict[str, Any]) -> None:
    module = pruning(**world)
    for number in range(1, 13):
        branch = "main" if number % 3 else "next"
        add(module, number, os="ios" if number % 2 else "android", deployer={"info": {"branch": branch}})
    assert module.gone(keep_newest=4, per=["os"]) == [1, 2, 3, 4]
    assert module.gone(keep_newest=1, per=["git_branch", "os"]) == [5, 6, 7, 8]
    assert module.gone(keep_newest=1) == [9, 10, 11]


def test_a_build_of_several_tags_stays_if_one_of_them_keeps_it(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number, tags in enumerate([["a", "b"], ["a"], ["a", "c"], ["b", "c"], [], []], 1):
        add(module, number, tags=tags)
    # The third is the newest with a, the fourth with b and c, the sixth without any.
    assert module.gone(keep_newest=1, per=["tag"]) == [1, 2, 5]


def test_what_can_not_be_installed_takes_no_place(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    add(module, 1)
    add(module, 2)
    add(module, 3)
    add(module, 4, status="error", error="bad", errorCode=1)
    add(module, 5, disabled=True)
    add(module, 6, status="pending", processing=None)
    assert module.gone(keep_newest=2) == [1]
    # One that failed and is older than those goes like any other.
    add(module, 7)
    add(module, 8)
    assert module.gone(keep_newest=2) == [2, 3, 4, 5]


def test_builds_of_the_same_moment_are_equally_new(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2, 2, 2, 3):
        add(module, number)
    assert module.gone(keep_newest=2) == [1]


def test_days_and_numbers_together(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    today = datetime.now(timezone.utc)
    for days in (40, 30, 20, 10, 1):
        moment = (today - timedelta(days=days, hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        module.sim.add_build(versionCode=str(days), createdAt=moment)
    assert module.gone(older_than=25, keep_newest=4) == [40]
    assert module.gone(older_than=25) == [30]
    assert module.gone(older_than=10) == [20, 10]


def test_a_clock_that_is_wrong_makes_nothing_old(pruning: Callable[..., Pruning]) -> None:
    module = pruning(now="2026-05-10T12:00:00+00:00")
    for number in (1, 8, 9):
        add(module, number)
    # The machine is years ahead of the service.
    assert module.gone(older_than=5) == [1]


def test_match_says_which_builds_are_meant(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in range(1, 7):
        add(module, number, tags=["nightly"] if number != 2 else [])
    assert module.gone(match={"tag": "nightly"}, keep_newest=3) == [1, 3]
    query = "[?contains(tags, 'nightly')] | [1:]"
    assert module.gone(match={"query": query}, older_than=1) == [4, 5]


FILTERS: list[tuple[dict[str, Any], set[int]]] = [
    ({"type": "last"}, {7, 8}),
    ({"type": "build", "ios": 2, "android": 3}, {2, 3}),
    ({"type": "builds", "builds": [{"buildPlatform": "ps5", "id": 4}]}, {4}),
    ({"type": "gitBranch", "value": "main"}, {3, 4}),
    ({"type": "gitBranch", "value": "MAIN "}, {3, 4}),
    ({"type": "gitTag", "value": "v1"}, {1}),
    ({"type": "tag", "value": "a"}, {4, 5}),
    # Any of them, each of them, all of them: nobody knows.
    ({"type": "tag", "value": "a, b"}, {4, 5, 6}),
    ({"type": "tag", "value": "none"}, set()),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize(("chosen", "stay"), FILTERS, ids=str)
def test_what_a_publication_serves_stays(
    pruning: Callable[..., Pruning], world: dict[str, Any], chosen: dict[str, Any], stay: set[int]
) -> None:
    module = pruning(**world)
    told = {1: {"tag": "v1\n"}, 2: {"branch": "main"}, 3: {"branch": "main"}, 4: {"branch": "main"}}
    tags = {2: ["a"], 3: ["a"], 4: ["a", "b"], 5: ["a"], 6: ["b"]}
    ids = {
        number: add(
            module,
            number,
            os="ios" if number % 2 else "android",
            deployer={"info": told.get(number, {})},
            tags=tags.get(number, []),
        )
        for number in range(1, 9)
    }
    newest = add(module, 20, os="windows")
    module.sim.add_publication(filter=with_ids(chosen, ids))
    outcome = module(older_than=1, match={"query": f"[?id!='{newest}']"}, max_removals=9)
    left = {int(item["versionCode"]) for item in module.sim.builds.values()}
    assert left == stay | {20}
    assert [entry["publication"].split()[0] for entry in outcome.result["protected"]] == ["publication-1"] * len(stay)


def test_the_newest_of_each_state_that_a_server_may_serve_stays(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    states = [{}, {}, {"disabled": True}, {"status": "error"}]
    for number, state in enumerate(states, 1):
        add(module, number, **{"disabled": False, **state})
    module.sim.add_publication(filter={"type": "last"})
    assert module.gone(older_than=1) == [1]


@pytest.mark.parametrize(
    ("hidden", "gone", "told"),
    [
        ([], [1], False),
        (["build_list:disabled"], [1], False),
        # Nobody can know, so somebody must be told.
        (["build:disabled", "build_list:disabled"], [1, 2], True),
    ],
    ids=str,
)
def test_a_publication_passes_over_disabled_builds(
    pruning: Callable[..., Pruning], hidden: list[str], gone: list[int], told: bool
) -> None:
    module = pruning(hidden_fields=hidden)
    for number in (1, 2, 3):
        add(module, number, disabled=number == 3)
    module.sim.add_publication(slug="newest", filter={"type": "last"})
    outcome = module(older_than=1, match={"status": "processed"}, check=True)
    assert [int(entry["version_code"]) for entry in outcome.result["removed"]] == gone
    assert any("whether it is disabled" in text and "newest" in text for text in module.warnings) == told


def with_ids(value: Any, ids: dict[int, str]) -> Any:
    if isinstance(value, dict):
        return {key: with_ids(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_ids(inner, ids) for inner in value]
    return ids.get(value, value)


@pytest.mark.parametrize("hidden", [["filter"], ["publication:filter", "publication_list:filter"]])
def test_a_publication_that_shows_no_filter_keeps_all(pruning: Callable[..., Pruning], hidden: list[str]) -> None:
    module = pruning(hidden_fields=hidden)
    for number in (1, 2, 3):
        add(module, number)
    module.sim.add_publication(slug="silent", filter={"type": "last"})
    for check in (True, False):
        with pytest.raises(AppliveryError, match=r"which builds silent \(.*can't be told.*force: true"):
            module(check=check, keep_newest=1)
        assert module.sim.writes == []
    assert not module(keep_newest=3).changed
    assert module.gone(keep_newest=1, force=True) == [1, 2]


def test_a_filter_that_nobody_knows_keeps_all_and_what_it_names_even_by_force(pruning: Callable[..., Pruning]) -> None:
    module = pruning(extra_filter_types=["future"])
    first, _second, _third = (add(module, number) for number in (1, 2, 3))
    module.sim.add_publication(slug="odd", filter={"type": "future", "value": first})
    with pytest.raises(AppliveryError, match="which builds odd"):
        module(keep_newest=1)
    assert module.gone(keep_newest=1, force=True) == [2]


def test_publications_of_other_apps_keep_nothing(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2):
        add(module, number)
    other = module.sim.add_application(slug="other-app")["id"]
    module.sim.add_publication(application=other, filter={"type": "tag", "value": "a"})
    module.sim.add_publication(application=other, filter={"type": "future"})
    assert module.gone(keep_newest=1) == [1]


def test_too_many_are_refused_by_number(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in range(1, 6):
        add(module, number)
    for check in (True, False):
        with pytest.raises(InvalidInput, match="4 builds would be removed, of 5, and max_removals is 3"):
            module(check=check, keep_newest=1, max_removals=3)
        assert module.sim.writes == []
    assert len(module.gone(keep_newest=1, max_removals=4)) == 4


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"keep_newest": 0}, "keep_newest: 0"),
        ({"older_than": 0}, "older_than: 0"),
        ({"keep_newest": 1, "max_removals": -1}, "max_removals"),
        ({"older_than": 1, "per": ["os"]}, "per: .* needs keep_newest"),
        ({"older_than": 1, "match": {"version_code": 0o145}}, "match.version_code: 101 is a number"),
        ({"older_than": 1, "match": {}}, "match is empty"),
    ],
)
def test_nonsense_is_refused_before_the_first_request(
    pruning: Callable[..., Pruning], options: dict[str, Any], reason: str
) -> None:
    module = pruning()
    with pytest.raises(InvalidInput, match=reason):
        module(**options)
    assert module.calls() == []


def test_what_tells_kinds_apart_must_be_shown(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2):
        add(module, number)
    with pytest.raises(AppliveryError, match="per: git_branch is shown by none of 2 builds"):
        module(keep_newest=1, per=["git_branch"])


def test_builds_without_a_date_stay(pruning: Callable[..., Pruning]) -> None:
    module = pruning(hidden_fields=["build:createdAt", "build_list:createdAt"])
    for number in (1, 2):
        add(module, number)
    assert not module(keep_newest=1).changed
    assert not module(older_than=1).changed


def test_what_becomes_the_newest_meanwhile_stays(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    _first, _second, third = (add(module, number) for number in (1, 2, 3))
    module.sim.add_publication(filter={"type": "last"})
    # Somebody deletes the newest while the first one is being deleted.
    module.sim.fault("shrink", method="DELETE", id=third)
    outcome = module(older_than=1)
    assert [entry["version_code"] for entry in outcome.result["removed"]] == ["1"]
    assert {item["versionCode"] for item in module.sim.builds.values()} == {"2"}


def test_what_somebody_pins_meanwhile_stays(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    _first, second, _third = (add(module, number) for number in (1, 2, 3))
    pin = {"type": "build", "ios": second}
    module.sim.fault("call", method="DELETE", action=lambda: module.sim.add_publication(filter=pin))
    assert [entry["version_code"] for entry in module(keep_newest=1).result["removed"]] == ["1"]
    assert second in module.sim.builds


def test_what_retention_takes_meanwhile_is_no_failure(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    _first, second, _third = (add(module, number) for number in (1, 2, 3))
    module.sim.fault("shrink", method="DELETE", id=second)
    assert [entry["version_code"] for entry in module(keep_newest=1).result["removed"]] == ["1"]


def test_a_failure_on_the_way_tells_what_is_gone(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2, 3):
        add(module, number)
    module.sim.fault("status", method="DELETE", skip=1, status=403, code=4003)
    with pytest.raises(AppliveryError, match="1 of 2 builds were removed before that") as caught:
        module(keep_newest=1)
    assert caught.value.result["changed"] is True
    assert [entry["version_code"] for entry in caught.value.result["removed"]] == ["1"]
    assert caught.value.result["previous"][0]["version_code"] == "1"


def test_a_deletion_whose_outcome_is_unknown_counts_as_a_change(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2):
        add(module, number)
    module.connection = {"retry_timeout": 0}
    module.sim.fault("html", method="DELETE")
    with pytest.raises(AppliveryError) as caught:
        module(keep_newest=1)
    assert caught.value.result["changed"] is True
    assert caught.value.result["previous"][0]["version_code"] == "1"


def test_the_diff_names_each(pruning: Callable[..., Pruning]) -> None:
    module = pruning()
    for number in (1, 2, 3):
        add(module, number, versionName=f"1.{number}")
    outcome = module(check=True, keep_newest=1)
    assert [name.split(",")[0] for name in outcome.before["builds"]] == ["1.1 (1", "1.2 (2"]
    assert outcome.after == {}
