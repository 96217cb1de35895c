# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on the way: cut connections, other writers, refusals, servers that ignore or echo."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.publications import (
    FULL,
    NEW,
    PASSWORD,
    only,
    play,
    task,
    unmentioned_survive,
)
from applivery_simulator import Simulator

Start = Callable[..., Simulator]
ONE = "/pubApps/[0-9a-f]{24}"


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "truncated", "html"])
@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_an_ambiguous_post_makes_one_publication(sim: Simulator, kind: str, api: str) -> None:
    sim.fault(kind, method="POST")
    ran = task(sim, NEW, api=api)
    assert (ran.error, ran.changed) == (None, True)
    assert only(sim, "new-app")["id"] == ran.result["publication_id"]
    posts = [request.method for request in sim.requests if request.method in ("POST", "GET")]
    first = posts.index("POST")
    assert posts[first + 1] == "GET", "it must be looked for before it is created again"


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "server_error", "too_many"])
def test_a_put_that_was_cut_is_repeated(sim: Simulator, kind: str) -> None:
    sim.add_publication(**FULL)
    sim.fault(kind, method="PUT")
    ran = task(sim, {"slug": "full-app", "tags": ["x"]})
    assert (ran.error, ran.changed) == (None, True)
    unmentioned_survive(FULL, only(sim, "full-app"), {"tags"})


def test_a_delete_that_was_cut_is_repeated(sim: Simulator) -> None:
    sim.add_publication(slug="app")
    sim.fault("cut_after", method="DELETE")
    ran = task(sim, {"slug": "app", "state": "absent"})
    assert (ran.error, ran.changed, sim.publications) == (None, True, {})


def test_another_writer_between_reading_and_writing_is_not_overwritten(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("interfere", method="GET", path=ONE, skip=1, id=item["id"], fields={"groups": [["only-me"]]})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert (ran.error, ran.changed) == (None, True)
    stored = only(sim, "full-app")
    assert (stored["groups"], stored["tags"]) == ([["only-me"]], ["x"])
    assert ran.result["previous"]["groups"] == [["only-me"]]


def test_another_writer_may_have_done_it_already(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("interfere", method="GET", path=ONE, skip=1, id=item["id"], fields={"tags": ["x"]})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert (ran.error, ran.changed, sim.writes) == (None, False, [])


def test_another_writer_may_have_protected_it(sim: Simulator) -> None:
    item = sim.add_publication(slug="app")
    fields = {"security": "password", "password": PASSWORD}
    sim.fault("interfere", method="GET", path=ONE, skip=1, id=item["id"], fields=fields)
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert "password: " in ran.error.message
    assert sim.writes == []


def test_an_endless_writer_ends_in_an_error(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    count = iter(range(100))

    def interfere() -> None:
        sim.change(item["id"], tags=[f"tag-{next(count)}"])

    sim.fault("call", method="GET", path=ONE, times=None, action=interfere)
    ran = task(sim, {"publication_id": item["id"], "visibility": "active"})
    assert "keeps changing" in ran.error.message
    assert sim.writes == []
    assert len([request for request in sim.requests if item["id"] in request.path]) == 5


def test_another_writer_after_the_put_is_told_with_both_values(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("interfere", method="GET", path=ONE, skip=2, id=item["id"], fields={"security": "public"})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert "security: nobody asked to change it, it was 'logged', is now 'public'" in ran.error.message
    assert ran.changed
    assert ran.error.result["previous"]["security"] == "logged"
    assert ran.error.result["publication"]["security"] == "public"


def test_deleted_meanwhile(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("shrink", method="GET", path=ONE, skip=1, id=item["id"])
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert "deleted by somebody else" in ran.error.message
    assert ran.error.result["previous"]["slug"] == "full-app"
    assert sim.writes == []


def test_deleted_between_look_and_put(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("shrink", method="PUT", id=item["id"])
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert ran.error.failure["code"] == 3001
    assert ran.error.result["previous"]["slug"] == "full-app"


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_slug_taken_elsewhere_in_the_workspace_is_explained(simulator: Start, status: int) -> None:
    sim = simulator(switches={"error_status": status})
    store = sim.add_store()
    sim.add_publication(slug="new-app", store=store["id"])
    sim.add_publication(slug="old-app")
    for options in (NEW, {"slug": "old-app", "new_slug": "new-app"}):
        ran = task(sim, options, store=sim.store["id"])
        assert ran.error.failure["code"] == 5024
        assert "another publication of this workspace" in ran.error.message


@pytest.mark.parametrize("state", ["present", "absent"])
def test_401_is_never_absence(sim: Simulator, state: str) -> None:
    sim.add_publication(slug="new-app")
    for path in (ONE, "/pubApps"):
        sim.fault("status", method="GET", path=path, status=401, code=4001, message="Unauthorized")
        ran = task(sim, {**NEW, "state": state})
        assert ran.error.failure["status"] == 401
        sim.clear_faults()
    sim.fault("status", method="GET", path=ONE, status=404, code=4001, message="?")
    assert task(sim, {"slug": "new-app", "state": state}).error is not None
    assert sim.writes == []


def test_a_listing_that_breaks_off_is_never_absence(simulator: Start) -> None:
    sim = simulator(switches={"max_limit": 2, "default_limit": 2, "list_filters": "ignored"})
    for _number in range(5):
        sim.add_publication()
    sim.fault("lying_total", method="GET", path="/pubApps", times=None, pages=1)
    ran = task(sim, NEW)
    assert ran.error is not None
    assert sim.writes == []


IGNORED: list[tuple[dict[str, Any], str]] = [
    ({"tags": ["x"]}, "tags: asked for ['x'], is now ['beta', 'staging']"),
    ({"security": "public"}, "security: asked for 'public', is now 'logged'"),
    ({"expiration_date": ""}, "expiration_date: asked for None, is now '2036-12-31T23:59:59Z'"),
    ({"allowed_countries": ["FR"]}, "allowed_countries: asked for ['FR'], is now ['ES', 'PT']"),
    ({"terms": {"text": "Other."}}, "'Other.'"),
]


@pytest.mark.parametrize(("options", "message"), IGNORED, ids=range(len(IGNORED)))
def test_a_server_that_accepts_and_ignores_is_found_out(sim: Simulator, options: dict[str, Any], message: str) -> None:
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", status=200, body={"status": True, "data": {}}, done=False)
    ran = task(sim, {"slug": "full-app", **options})
    assert message in ran.error.message
    assert ran.changed
    assert ran.error.result["previous"]["slug"] == "full-app"


def test_a_server_that_drops_a_field_it_showed_is_found_out(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("interfere", method="GET", path=ONE, skip=2, id=item["id"], fields={"allowedCountries": []})
    ran = task(sim, {"publication_id": item["id"], "allowed_countries": ["FR"]})
    assert "allowed_countries: asked for ['FR'], is now None" in ran.error.message


@pytest.mark.parametrize(
    "strange",
    [
        {"security": "private"},
        {"filter": {"type": "gitCommit", "value": "abc1234"}},
        {"security": "private", "filter": {"type": "newest", "value": "x"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("nested", ["plain", "enriched"])
@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
def test_unknown_values_survive_an_unrelated_update(
    simulator: Start, strange: dict[str, Any], nested: str, unset: str
) -> None:
    sim = simulator(switches={"nested": nested, "unset_fields": unset})
    sim.add_publication(**{**FULL, **strange})
    play(sim, {"slug": "full-app", "tags": ["x"]})
    stored = only(sim, "full-app")
    assert {name: stored[name] for name in strange} == strange


@pytest.mark.parametrize("kind", ["status", "wrong_type"])
def test_an_echoed_password_is_not_repeated(sim: Simulator, kind: str) -> None:
    sim.add_publication(slug="new-app", security="password", password="old")
    options = {"slug": "new-app", "tags": ["x"], "password": PASSWORD}
    if kind == "status":
        sim.fault("status", method="PUT", status=400, code=6002, message=f"bad password {PASSWORD}")
        assert task(sim, options).error is not None
        return
    echo = {**only(sim, "new-app"), "password": PASSWORD, "distributionUrl": "https://x"}
    sim.fault("wrong_type", method="GET", path=ONE, times=None, value=echo)
    shown = task(sim, {"slug": "new-app", "password": PASSWORD})
    assert shown.error is None
    assert "password" not in shown.result["publication"]
    failed = task(sim, options)
    assert "tags: asked for ['x']" in failed.error.message


def test_the_message_says_what_was_attempted_on_what(sim: Simulator) -> None:
    sim.add_publication(slug="app")
    sim.fault("status", method="PUT", status=403, code=4001, message="Unauthorized")
    ran = task(sim, {"slug": "app", "tags": ["x"]})
    assert ran.error.message.startswith("publication app: could not update the publication")
    assert "mad.store.publishedApplication.update" in ran.error.message
    assert ran.error.failure["method"] == "PUT"


@pytest.mark.parametrize("put", ["replace", "merge"])
@pytest.mark.parametrize("kind", ["not_json", "cut_after", "truncated"])
def test_an_update_whose_answer_is_lost_is_looked_at(simulator: Start, put: str, kind: str) -> None:
    sim = simulator(switches={"publication_put": put})
    sim.add_publication(**FULL)
    sim.fault(kind, method="PUT")
    ran = task(sim, {"slug": "full-app", "tags": ["x"]}, retry_timeout=0)
    assert ran.error is None
    assert ran.changed
    assert ran.result["publication"]["tags"] == ["x"]
    assert len(sim.writes) == 1


def test_an_update_that_did_not_happen_is_no_change(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    sim.fault("cut_before", method="PUT")
    ran = task(sim, {"slug": "full-app", "tags": ["x"]}, retry_timeout=0)
    assert "could not update the publication" in ran.error.message
    assert not ran.changed
    assert ran.error.result["previous"]["tags"] == FULL["tags"]


def test_a_first_step_whose_answer_is_lost_does_not_stop_the_second(simulator: Start) -> None:
    sim = simulator(switches={"country_lists": "strictest"})
    sim.add_publication(**FULL)
    sim.fault("not_json", method="PUT", skip=1)
    ran = task(sim, {"slug": "full-app", "blocked_countries": ["US"]}, retry_timeout=0)
    assert ran.error is None
    stored = only(sim, "full-app")
    assert (stored["visibility"], stored["allowedCountries"], stored["blockedCountries"]) == ("unlisted", [], ["US"])


def test_a_second_step_that_fails_says_what_the_first_one_did(simulator: Start) -> None:
    sim = simulator(switches={"country_lists": "strictest"})
    sim.add_publication(**FULL)
    sim.fault("status", method="PUT", skip=2, status=403, code=4001, message="Unauthorized")
    ran = task(sim, {"slug": "full-app", "blocked_countries": ["US"]})
    assert "made inactive" in ran.error.message
    assert "run the task again with visibility: unlisted" in ran.error.message
    assert ran.error.result["changed"] is True
    assert only(sim, "full-app")["visibility"] == "inactive"
    assert ran.error.result["previous"]["allowed_countries"] == ["ES", "PT"]
