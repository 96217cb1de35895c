# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A write whose answer says nothing is believed only where the publication, read again, shows that it happened."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.publications import FULL, NEW, only, task
from applivery_simulator import Simulator

Start = Callable[..., Simulator]
OPEN = {**NEW, "slug": "open-app", "visibility": "active", "security": "public"}
# What may hide that nothing was done; an answer that is spoiled on its way only ever hides that something was.
NEVER = ["server_error", "html", "cut"]
DONE = [*NEVER, "not_json", "truncated"]


def lose(sim: Simulator, method: str, kind: str, done: bool) -> None:
    """Every answer to this method is lost, after the write or instead of it."""
    if kind == "cut":
        sim.fault("cut_after" if done else "cut_before", method=method, times=None)
    else:
        sim.fault(kind, method=method, times=None, done=done)


WISHES: list[dict[str, Any]] = [
    {"allowed_countries": ["ES"]},
    {"groups": [["qa"]], "security": "logged"},
    {"user_audience_map": [{"id": "a" * 24}], "activate_user_audiences": True},
    {"expiration_date": "2036-12-31"},
    {"terms": {"active": True, "text": "Read."}},
    {"configuration": {"branding": {"logo": "https://logo.example/l.png"}}},
    {"tags": ["x"]},
]
HIDDEN = [
    "allowedCountries",
    "groups",
    "userAudienceMap",
    "activateUserAudiences",
    "expirationDate",
    "terms",
    "configuration",
    "tags",
]


@pytest.mark.parametrize("wish", WISHES, ids="+".join)
@pytest.mark.parametrize("shows", ["everything", "no time", "no field", "neither"])
@pytest.mark.parametrize("kind", NEVER)
def test_an_update_that_never_happened_is_never_claimed(
    simulator: Start, kind: str, shows: str, wish: dict[str, Any]
) -> None:
    hidden = HIDDEN * (shows in ("no field", "neither")) + ["updatedAt"] * (shows in ("no time", "neither"))
    sim = simulator(switches={"hidden_fields": hidden, "unset_fields": "null"})
    sim.add_publication(**OPEN)
    before = only(sim, "open-app").copy()
    lose(sim, "PUT", kind, done=False)
    ran = task(sim, {"slug": "open-app", **wish}, retry_timeout=0)
    assert ran.error is not None
    assert "could not update the publication" in ran.error.message
    assert only(sim, "open-app") == before
    # Nobody can tell whether the write was carried out where neither it nor its time can be seen.
    visible = shows != "neither" or "security" in wish
    assert ran.changed == (not visible)


@pytest.mark.parametrize("shows", ["everything", "no time", "no field", "neither"])
@pytest.mark.parametrize("kind", DONE)
def test_an_update_that_happened_is_believed_where_it_can_be_seen(simulator: Start, kind: str, shows: str) -> None:
    hidden = ["tags"] * (shows in ("no field", "neither")) + ["updatedAt"] * (shows in ("no time", "neither"))
    sim = simulator(switches={"hidden_fields": hidden})
    sim.add_publication(**OPEN)
    lose(sim, "PUT", kind, done=True)
    ran = task(sim, {"slug": "open-app", "tags": ["x"]}, retry_timeout=0)
    assert (ran.error is None) == (shows != "neither")
    assert ran.changed


@pytest.mark.parametrize("shown", [True, False])
def test_clearing_is_believed_where_what_was_there_is_gone(simulator: Start, shown: bool) -> None:
    sim = simulator(switches={"hidden_fields": ["updatedAt"], "unset_fields": "absent"})
    sim.add_publication(**FULL)
    lose(sim, "PUT", "server_error", done=shown)
    ran = task(sim, {"slug": "full-app", "tags": []}, retry_timeout=0)
    assert (ran.error is None, ran.changed) == (shown, shown)


def test_a_time_that_moved_proves_nothing_beside_a_value_that_contradicts(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    lose(sim, "PUT", "server_error", done=False)
    sim.fault("interfere", method="GET", path=item["id"], skip=2, id=item["id"], fields={"visibility": "active"})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]}, retry_timeout=0)
    assert "could not update the publication" in ran.error.message
    assert only(sim, "full-app")["tags"] == FULL["tags"]


@pytest.mark.parametrize("kind", DONE)
@pytest.mark.parametrize("wish", WISHES, ids="+".join)
def test_a_creation_that_can_not_be_seen_is_never_claimed(simulator: Start, kind: str, wish: dict[str, Any]) -> None:
    sim = simulator(switches={"hidden_fields": HIDDEN})
    lose(sim, "POST", kind, done=True)
    ran = task(sim, {**NEW, **wish}, retry_timeout=0)
    assert len(sim.writes) == 1
    assert "could not create the publication" in ran.error.message
    assert next(iter(wish)) in ran.error.message
    assert ran.changed
    assert ran.error.result["publication_id"] == only(sim, "new-app")["id"]


@pytest.mark.parametrize("kind", NEVER)
def test_a_creation_that_never_happened_is_never_claimed(sim: Simulator, kind: str) -> None:
    lose(sim, "POST", kind, done=False)
    ran = task(sim, {**NEW, "tags": ["x"]}, retry_timeout=0)
    assert "could not create the publication" in ran.error.message
    assert sim.publications == {}


@pytest.mark.parametrize("kind", DONE)
def test_a_creation_that_happened_and_shows_is_believed(sim: Simulator, kind: str) -> None:
    lose(sim, "POST", kind, done=True)
    ran = task(sim, {**NEW, "tags": ["x"], "allowed_countries": ["ES"]}, retry_timeout=0)
    assert (ran.error, ran.changed) == (None, True)
    assert len(sim.writes) == 1
