# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that hold everywhere, one test for each, for publications."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import argument_spec
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC
from ansible_collections.applivery.distribution.tests.support.publications import FULL, NEW, PASSWORD, only, play, task
from applivery_simulator import Simulator

Start = Callable[..., Simulator]


@pytest.mark.parametrize("profile", ["default", "hostile"])
def test_rule_1_idempotent(simulator: Start, profile: str) -> None:
    sim = simulator(profile=profile)
    everything: dict[str, Any] = {
        **NEW,
        "security": "logged",
        "groups": [["b", "a"], ["c"]],
        "activate_user_audiences": False,
        "user_audience_map": [],
        "blocked_countries": ["us"],
        "allowed_countries": [],
        "filter": {"type": "builds", "builds": [{"build_platform": "ios", "id": "A" * 24}]},
        "tags": ["b", "a", "b"],
        "show_history": False,
        "show_dev_info": True,
        "hide_attached_files": False,
        "expiration_date": "2036-12-31T18:00:00+01:00",
        "terms": {"active": False, "text": ""},
        "configuration": {"application": {"name": "", "description": "d"}, "branding": {"button_color": "#abcdef"}},
    }
    play(sim, everything)


def test_rule_1_the_two_exceptions_write_and_say_so(simulator: Start) -> None:
    sim = simulator(switches={"hidden_fields": ["expirationDate"]})
    sim.add_publication(slug="app", security="password", password=PASSWORD)
    options = {"slug": "app", "password": PASSWORD}
    for exception, word in (
        ({"update_password": "always"}, "update_password: always"),
        ({"expiration_date": "2036-12-31"}, "expiration_date"),
    ):
        for _time in range(2):
            ran = task(sim, {**options, **exception})
            assert ran.changed
            assert any(word in warning for warning in ran.warnings)


def test_rule_2_check_mode_is_true_and_leaves_out_what_only_the_server_makes(sim: Simulator) -> None:
    check = task(sim, NEW, check=True)
    assert check.result["publication"].get("id") is None
    assert check.result["publication_id"] is None
    assert check.result["distribution_url"] is None
    assert "created_at" not in check.outcome.after
    play(sim, NEW)
    sim.forget_requests()
    renamed = task(sim, {"slug": "new-app", "new_slug": "better-app"}, check=True)
    assert renamed.result["publication"]["slug"] == "better-app"
    assert renamed.result["distribution_url"] is None
    assert {request.method for request in sim.requests} == {"GET"}


def test_rule_3_diff_holds_managed_fields_that_change_and_no_secret(sim: Simulator) -> None:
    sim.add_publication(**{**FULL, "security": "public"})
    ran = task(sim, {"slug": "full-app", "security": "password", "password": PASSWORD, "tags": ["x"]}, check=True)
    assert ran.outcome.before == {"security": "public", "tags": ["beta", "staging"], "password": "(unknown)"}
    assert ran.outcome.after == {"security": "password", "tags": ["x"], "password": "VALUE_HIDDEN"}


def test_rule_4_the_password_is_marked_as_secret_and_absent_from_what_is_returned(sim: Simulator) -> None:
    assert SPEC["password"]["no_log"] is True
    options = {**NEW, "security": "password", "password": PASSWORD}
    for ran in (task(sim, options, check=True), task(sim, options), task(sim, {**options, "tags": ["x"]})):
        assert "password" not in ran.result["publication"]
        assert "password" not in ran.result.get("previous", {})
        assert PASSWORD not in repr(ran)


def test_rule_5_errors_say_what_was_attempted_and_401_is_not_absence(sim: Simulator) -> None:
    sim.add_publication(slug="app")
    sim.fault("status", method="GET", status=401, code=4004, message="Invalid token", times=None)
    ran = task(sim, {"slug": "app", "state": "absent"})
    assert ran.error.message.startswith("publication app: ")
    assert {"code", "message", "status", "method", "path", "fields", "attempts"} == set(ran.error.failure)
    assert (ran.error.failure["code"], ran.error.failure["status"]) == (4004, 401)


def test_rule_6_an_ambiguous_post_is_looked_up_first(sim: Simulator) -> None:
    sim.fault("cut_after", method="POST")
    assert task(sim, NEW).error is None
    assert len(sim.publications) == 1
    assert len(sim.writes) == 1


@pytest.mark.parametrize("kind", ["repeat_page", "lying_total"])
def test_rule_7_an_interrupted_listing_is_not_absence(simulator: Start, kind: str) -> None:
    sim = simulator(switches={"list_filters": "ignored", "max_limit": 2, "default_limit": 2})
    for _number in range(5):
        sim.add_publication()
    sim.fault(kind, method="GET", path="/pubApps", times=None)
    assert task(sim, NEW).error is not None
    assert sim.writes == []


def test_rule_8_unknown_stays(simulator: Start) -> None:
    sim = simulator(switches={"extra_security": ["private"]})
    sim.add_publication(**{**FULL, "security": "private", "filter": {"type": "newest", "value": "x"}})
    play(sim, {"slug": "full-app", "tags": ["x"]})
    assert only(sim, "full-app")["security"] == "private"
    assert only(sim, "full-app")["filter"] == {"type": "newest", "value": "x"}


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_rule_9_request_budget(sim: Simulator, api: str) -> None:
    item = sim.add_publication(slug="app")
    store = {"store": sim.store["id"]}

    def count(**options: Any) -> int:
        sim.forget_requests()
        assert task(sim, options, api=api, **store).error is None
        return len(sim.requests)

    assert count(publication_id=item["id"], visibility="active") == 1
    assert count(slug="app", visibility="active") == 2
    assert count(publication_id=item["id"], tags=["x"]) == 4
    assert [request.method for request in sim.requests] == ["GET", "GET", "PUT", "GET"]
    assert count(slug="app", tags=["y"]) == 5
    assert count(publication_id=item["id"], security="logged", groups=[["qa"]]) == 4
    assert count(publication_id="f" * 24, state="absent") == 1


def test_rule_9_the_question_for_otp_users_is_one_more_request_before_a_put(sim: Simulator) -> None:
    item = sim.add_publication(slug="app", security="logged")
    task(sim, {"publication_id": item["id"], "tags": ["x"]}, store=sim.store["id"])
    assert [request.method for request in sim.requests] == ["GET", "GET", "GET", "PUT", "GET"]
    assert len([request for request in sim.requests if "otp-users" in request.path]) == 1


def test_rule_10_the_argument_spec_is_derived_from_the_table() -> None:
    table = argument_spec(PUBLICATION_FIELDS)
    assert {option: SPEC[option] for option in table} == table
    assert set(SPEC) - set(table) == {
        "state",
        "publication_id",
        "new_slug",
        "update_password",
        "filter_mode",
        "unreturned_fields",
    }
