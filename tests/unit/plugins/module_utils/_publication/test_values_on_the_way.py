# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that a server spells anew, hides in depth or hands out without an id, and values that nobody wrote."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.given import check_texts, without_nulls
from ansible_collections.applivery.distribution.plugins.module_utils._core.json_value import DEEPEST
from ansible_collections.applivery.distribution.plugins.module_utils._core.values import places
from ansible_collections.applivery.distribution.plugins.module_utils._publication.info import INFO_SPEC, run_info
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.publication_service import (
    Service,
    Ways,
    play_in_memory,
)
from ansible_collections.applivery.distribution.tests.support.publications import FULL, NEW, only, play, task
from ansible_collections.applivery.distribution.tests.support.tasks import run_task
from applivery_simulator import Simulator

Start = Callable[..., Simulator]
MASKS = ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********", "release-********", "a ******** b"]


# Blanks at the edges ------------------------------------------------------------------------------------------------

EDGES: list[dict[str, Any]] = [
    {"terms": {"active": True, "text": "\n  Read me.\n\n"}},
    {"configuration": {"application": {"name": " App ", "description": "All of it.\r\n"}}},
    {"configuration": {"branding": {"logo": "https://logo.example/l.png\n"}}},
    {"filter": {"type": "gitBranch", "value": " develop\n"}},
    {"tags": [" beta", "staging "]},
]


@pytest.mark.parametrize("spelling", ["exact", "trimmed"])
@pytest.mark.parametrize("wish", EDGES, ids=str)
def test_blanks_at_the_edges_of_a_text_are_sent_once_and_mean_nothing(spelling: str, wish: dict[str, Any]) -> None:
    service = Service(Ways(spelling=spelling))
    made = service.add(**{**NEW, "slug": "the-app"})
    first = play_in_memory(service, {"slug": "the-app", **wish})
    assert (first.error, first.changed) == (None, True)
    second = play_in_memory(service, {"slug": "the-app", **wish})
    assert (second.error, second.changed, service.done) == (None, False, 1)
    if spelling == "exact" and "terms" in wish:
        assert service.items[made["id"]]["terms"]["text"] == wish["terms"]["text"]


# Servers with a spelling of their own -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish", [{"tags": ["QA"]}, {"terms": {"active": True, "text": "Read."}}, {"tags": ["QA", "qa"]}], ids=str
)
def test_a_server_that_lowers_is_told_about_and_does_not_fail_the_task(wish: dict[str, Any]) -> None:
    service = Service(Ways(spelling="lower"))
    service.add(**{**NEW, "slug": "the-app"})
    for _time in range(2):
        ran = play_in_memory(service, {"slug": "the-app", **wish})
        assert ran.error is None
        told = [text for text in ran.warnings if "the server made" in text]
        assert len(told) == 1
        assert "name it like that in the task" in told[0]
    spelt = {"tags": ["qa"]} if "tags" in wish else {"terms": {"active": True, "text": "read."}}
    ran = play_in_memory(service, {"slug": "the-app", **spelt})
    assert (ran.changed, ran.error) == (False, None)


def test_a_guard_that_the_server_spells_anew_unasked_is_an_error() -> None:
    service = Service()
    item = service.add(**{**NEW, "slug": "the-app", "security": "logged", "groups": [["QA"]]})

    def lower(service: Service) -> None:
        service.items[item["id"]]["groups"] = [["qa"]]

    service.writers[6] = lower
    ran = play_in_memory(service, {"slug": "the-app", "tags": ["x"]})
    assert "groups: nobody asked to change it, it was [['QA']], is now [['qa']]" in ran.error.message


# Depth, and no id ---------------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _level in range(depth):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize("options", [{}, {"tags": ["x"]}, {"state": "absent"}], ids=str)
@pytest.mark.parametrize("depth", [90, 350])
def test_an_answer_with_unknown_keys_nested_too_deep_is_refused_in_words(
    sim: Simulator, options: dict[str, Any], depth: int
) -> None:
    item = sim.add_publication(**NEW)
    sim.change(item["id"], somethingElse=nested(depth))
    ran = task(sim, {"slug": "new-app", **options})
    if depth > DEEPEST:
        assert "deep" in ran.error.message
        assert sim.writes == []
    else:
        assert ran.error is None


@pytest.mark.parametrize("depth", [90, 350])
def test_listing_them_never_ends_in_a_traceback(sim: Simulator, depth: int) -> None:
    item = sim.add_publication(**NEW)
    sim.change(item["id"], somethingElse=nested(depth))
    ran = run_task(run_info, INFO_SPEC, sim, {})
    assert (ran.error is None) == (depth <= DEEPEST)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_listed_publication_without_an_id_is_not_taken_for_absent(simulator: Start, state: str) -> None:
    sim = simulator(switches={"hidden_fields": ["publication:id"]})
    sim.add_publication(**NEW)
    for check in (True, False):
        ran = task(sim, {**NEW, "state": state}, check=check)
        assert "has no usable id" in ran.error.message
    assert sim.writes == []


# Null, and what Ansible writes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", sorted(set(SPEC) - {"state", "filter_mode", "update_password", "unreturned_fields"}))
def test_null_leaves_every_option_alone(sim: Simulator, option: str) -> None:
    given = {"slug": "full-app", "tags": ["x"], option: None}
    if option in ("slug", "tags"):
        given = {"publication_id": sim.add_publication(**FULL)["id"], option: None}
    else:
        sim.add_publication(**FULL)
    validated = ArgumentSpecValidator(SPEC).validate(without_nulls(SPEC, given))
    assert validated.error_messages == []
    ran = task(sim, validated.validated_parameters)
    assert ran.error is None
    assert only(sim, "full-app") == {**only(sim, "full-app"), **{k: v for k, v in FULL.items() if k != "tags"}}


def test_a_choice_is_still_a_choice() -> None:
    for option in ("visibility", "security"):
        validated = ArgumentSpecValidator(SPEC).validate({"slug": "app", option: "nonsense"})
        assert f"value of {option} must be one of" in validated.error_messages[0]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    "options",
    [
        {"password": "{}"},
        {"tags": ["a", "{}"]},
        {"filter": {"type": "tag", "value": "{}"}},
        {"terms": {"text": "{}"}},
        {"configuration": {"application": {"name": "{}"}}},
        {"groups": [["{}"]]},
        {"expiration_date": "{}"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_mask_of_a_secret_is_no_value(mask: str, options: dict[str, Any]) -> None:
    put: Callable[[Any], Any] = lambda value: (  # noqa: E731 - it calls itself
        {key: put(item) for key, item in value.items()}
        if isinstance(value, dict)
        else [put(item) for item in value]
        if isinstance(value, list)
        else value.replace("{}", mask)
    )
    with pytest.raises(InvalidInput, match=f"{next(iter(options))}.* in place of a secret"):
        check_texts(SPEC, put(options))


def test_stars_that_are_an_ornament_are_taken(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    check_texts(SPEC, {"terms": {"text": "*********** Terms *****"}})
    assert play(sim, {"slug": "full-app", "terms": {"text": "*********** Terms *****"}}).changed


RETURNED: list[tuple[str, dict[str, Any]]] = [
    ("filter.value", {"filter": {"type": "gitBranch", "value": "swordfish-1"}}),
    ("tags", {"tags": ["for swordfish"]}),
    ("slug", {"slug": "swordfish-app"}),
    ("terms.text", {"terms": {"active": True, "text": "say swordfish"}}),
    ("groups", {"security": "logged", "groups": [["swordfish"]]}),
]


@pytest.mark.parametrize(("place", "stored"), RETURNED, ids=[place for place, _stored in RETURNED])
@pytest.mark.parametrize("end", ["unchanged", "changed", "failed"])
def test_a_password_inside_any_returned_value_is_warned_about(
    sim: Simulator, place: str, stored: dict[str, Any], end: str
) -> None:
    item = sim.add_publication(**{**NEW, **stored})
    options: dict[str, Any] = {"publication_id": item["id"], "password": "swordfish"}
    if end != "unchanged":
        options["show_history"] = True
    if end == "failed":
        sim.fault("status", method="PUT", status=403, code=4003, message="Forbidden")
    ran = run_task(run, SPEC, sim, options)
    assert (ran.error is not None) == (end == "failed")
    [told] = [text for text in ran.warnings if text.startswith("password: it occurs")]
    assert place in told
    assert "swordfish" not in told


def test_places_are_named_once_and_by_their_path() -> None:
    value = {"a": ["xx", "xx", {"b": "x1"}], "n": 31, "on": True, "none": None}
    assert sorted(places(value, lambda text: "x" in text)) == ["a", "a.b"]
    assert places(value, lambda text: "31" in text) == ["n"]
    assert places(value, lambda text: "True" in text) == []
