# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are stricter, older or more forgetful than the documents say, and slugs that belong to another app."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.publications import FULL, NEW, only, task, truth
from applivery_simulator import Simulator

Start = Callable[..., Simulator]


def refusal(name: str, message: str) -> dict[str, Any]:
    """A 6002 about one field, once."""
    entry = {"field": [name], "location": "body", "messages": [message], "types": ["any"]}
    error = {"code": 6002, "message": "Body validation error", "data": {"errors": [entry]}}
    return {"status": 400, "body": {"status": False, "error": error}}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_server_that_misses_the_application_of_an_app_token_gets_it(simulator: Start, method: str) -> None:
    sim = simulator(switches={"unknown_fields": "accept"})
    if method == "PUT":
        sim.add_publication(**FULL)
    sim.fault("status", method=method, **refusal("application", '"application" is required'))
    wanted = {**NEW, "slug": FULL["slug"]} if method == "POST" else {"slug": FULL["slug"], "tags": ["x"]}
    ran = task(sim, wanted, api="integrations", application=sim.application["id"])
    assert ran.error is None
    assert ran.changed
    assert [write["body"].get("application") for write in sim.writes] == [None, sim.application["id"]]


def test_a_server_that_does_not_know_the_application_in_an_update_gets_none(simulator: Start) -> None:
    sim = simulator(switches={"publication_application": "optional"})
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", **refusal("application", '"application" is not allowed'))
    assert task(sim, {"slug": "full-app", "tags": ["x"]}).changed
    assert ["application" in write["body"] for write in sim.writes] == [True, False]


def test_two_steps_for_the_country_lists_begin_where_milder_bodies_led(simulator: Start) -> None:
    sim = simulator(switches={"publication_application": "optional", "country_lists": "strictest"})
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", **refusal("application", '"application" is not allowed'))
    ran = task(sim, {"slug": "full-app", "blocked_countries": ["KP"]})
    assert ran.error is None
    # Whole, without the application, and then the two steps without it.
    assert ["application" in write["body"] for write in sim.writes] == [True, False, False, False]
    stored = only(sim, "full-app")
    assert (stored["visibility"], stored["allowedCountries"], stored["blockedCountries"]) == ("unlisted", [], ["KP"])


@pytest.mark.parametrize("options", [{"tags": ["x"]}, {"tags": ["x"], "groups": []}])
def test_groups_that_are_refused_beside_an_open_security_are_left_out(
    simulator: Start, options: dict[str, Any]
) -> None:
    sim = simulator(switches={"unset_fields": "empty"})
    sim.add_publication(**{**NEW, "groups": []})
    sim.fault("status", method="PUT", **refusal("groups", '"groups" is not allowed'))
    ran = task(sim, {"slug": "new-app", **options})
    assert ran.changed
    assert ["groups" in write["body"] for write in sim.writes] == [True, False]
    assert not any("groups" in warning and "lost" in warning for warning in ran.warnings)


def test_groups_that_get_lost_by_opening_are_told(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", **refusal("groups", '"groups" is not allowed'))
    ran = task(sim, {"slug": "full-app", "security": "public"})
    assert ran.error is None
    assert any("groups" in warning and "may be lost" in warning for warning in ran.warnings)
    assert ran.result["previous"]["groups"] == FULL["groups"]


def test_an_expiration_that_can_be_cleared_by_omission_only(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", **refusal("expirationDate", '"expirationDate" must be a string'))
    ran = task(sim, {"slug": "full-app", "expiration_date": ""})
    assert ran.changed
    assert only(sim, "full-app").get("expirationDate") is None
    assert "expirationDate" not in sim.writes[-1]["body"]


def test_a_refusal_that_shows_no_way_is_an_error_after_one_write(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", times=None, **refusal("tags", '"tags" is too long'))
    ran = task(sim, {"slug": "full-app", "tags": ["x"]})
    assert ran.error is not None
    assert ran.error.failure["code"] == 6002
    assert len(sim.writes) == 1


@pytest.mark.parametrize("given", ["slug", "id"])
@pytest.mark.parametrize("options", [{"tags": ["x"]}, {"state": "absent"}])
@pytest.mark.parametrize("check", [True, False])
def test_the_publication_of_another_app_is_out_of_reach(
    sim: Simulator, given: str, options: dict[str, Any], check: bool
) -> None:
    other = sim.add_application(slug="other-app", name="Other App")
    sim.add_publication(**{**FULL, "application": other["id"]})
    before = truth(sim)
    ran = task(sim, {"slug": "full-app", **options}, check=check, application=sim.application[given])
    assert ran.error is not None
    assert "it belongs to the app" in ran.error.message
    assert truth(sim) == before
    assert sim.writes == []
    assert task(sim, {"slug": "full-app", **options}, check=check, application=other[given]).changed


def test_without_an_application_every_publication_of_the_store_is_in_reach(sim: Simulator) -> None:
    other = sim.add_application(slug="other-app", name="Other App")
    sim.add_publication(**{**FULL, "application": other["id"]})
    assert task(sim, {"slug": "full-app", "tags": ["x"]}, application=None).changed


def test_a_server_that_changes_the_case_of_tags_is_told_about(sim: Simulator) -> None:
    stored = sim.add_publication(**FULL)

    def lower() -> None:
        sim.publications[stored["id"]]["tags"] = ["qa"]

    sim.fault("call", method="GET", path=f"pubApps/{stored['id']}$", skip=2, action=lower)
    ran = task(sim, {"slug": "full-app", "tags": ["QA"]})
    assert ran.error is None
    assert any("tags: the server made ['qa'] of ['QA']" in warning for warning in ran.warnings)


def test_ids_are_compared_and_sent_in_lower_case(sim: Simulator) -> None:
    build = sim.add_build(os="ios")
    sim.add_publication(**{**NEW, "filter": {"type": "build", "ios": build["id"]}})
    ident = only(sim, "new-app")["id"]
    upper = {"publication_id": ident.upper(), "filter": {"type": "build", "ios": build["id"].upper()}}
    assert not task(sim, upper).changed
    assert sim.writes == []
