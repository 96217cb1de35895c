# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a read-modify-write client loses data or opens a publication, one test for each."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._publication.find import Publications
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
EVERY_GUARD = {
    "groups": [["qa"]],
    "activate_user_audiences": True,
    "user_audience_map": [{"id": "a" * 24}],
    "allowed_countries": ["ES"],
    "expiration_date": "2036-12-31",
}
# What the documented answer does not show.
UNDOCUMENTED = [
    "activateUserAudiences",
    "userAudienceMap",
    "allowedCountries",
    "blockedCountries",
    "configuration",
    "hideAttachedFiles",
    "expirationDate",
]


def put_body(sim: Simulator) -> dict[str, Any]:
    """The body of the only PUT since the log was emptied."""
    [write] = sim.writes
    assert write.method == "PUT"
    return dict(write.body)


def test_hazard_1_an_unreturned_field_is_not_taken_for_an_empty_one(simulator: Start) -> None:
    sim = simulator(switches={"hidden_fields": UNDOCUMENTED})
    sim.add_publication(**FULL)
    ran = task(sim, {"slug": "full-app", "tags": ["x"], "unreturned_fields": "fail"})
    assert "allowed_countries, blocked_countries, activate_user_audiences, user_audience_map, expiration_date" in (
        ran.error.message
    )
    assert sim.writes == []
    warned = task(sim, {"slug": "full-app", "tags": ["x"]})
    assert not set(UNDOCUMENTED) & set(put_body(sim))
    assert any("does not show allowed_countries" in warning for warning in warned.warnings)


def test_hazard_1_naming_every_guard_lets_fail_pass(simulator: Start) -> None:
    hidden = [name for name in UNDOCUMENTED if name not in ("configuration", "hideAttachedFiles")]
    sim = simulator(switches={"hidden_fields": hidden})
    sim.add_publication(**FULL)
    options = {"slug": "full-app", **EVERY_GUARD, "unreturned_fields": "fail"}
    assert task(sim, options).error is None
    stored = only(sim, "full-app")
    assert (stored["allowedCountries"], stored["expirationDate"]) == (["ES"], "2036-12-31T23:59:59Z")


def test_hazard_1_a_field_shown_for_another_publication_is_just_unset(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    sim.add_publication(slug="plain", blockedCountries=["US"])
    sim.add_publication(slug="bare")
    ran = task(sim, {"slug": "bare", "tags": ["x"], "unreturned_fields": "fail"})
    # the listing was narrowed to this slug, so nothing is known of the others
    assert ran.error is not None
    sim.set(list_filters="ignored")
    assert task(sim, {"slug": "bare", "tags": ["x"], "unreturned_fields": "fail"}).error is None


def test_hazard_2_a_put_without_the_password_never_happens(sim: Simulator) -> None:
    sim.add_publication(slug="app", security="password", password=PASSWORD)
    for options in ({"tags": ["x"]}, {"new_slug": "other"}, {"expiration_date": "2036-01-01"}):
        assert "password: " in task(sim, {"slug": "app", **options}).error.message
    assert sim.writes == []


def test_hazard_2_after_the_put_the_security_is_looked_at(sim: Simulator) -> None:
    item = sim.add_publication(slug="app", security="password", password=PASSWORD)
    sim.fault("interfere", method="GET", path=item["id"], skip=2, id=item["id"], fields={"security": "public"})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"], "password": PASSWORD})
    assert "security: nobody asked to change it, it was 'password', is now 'public'" in ran.error.message


def test_hazard_3_security_groups_audiences_and_countries_always_travel(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    task(sim, {"slug": "full-app", "tags": ["x"]})
    body = put_body(sim)
    for name in ("security", "groups", "activateUserAudiences", "userAudienceMap", "allowedCountries", "visibility"):
        assert body[name] == FULL[name]


@pytest.mark.parametrize("hidden", ["security", "visibility", "filter"])
def test_hazard_3_what_decides_most_is_never_left_out(simulator: Start, hidden: str) -> None:
    sim = simulator(switches={"hidden_fields": [hidden]})
    sim.add_publication(**FULL)
    ran = task(sim, {"slug": "full-app", "tags": ["x"], "unreturned_fields": "ignore"})
    assert f"{hidden}: the server does not show it" in ran.error.message
    assert sim.writes == []


def test_hazard_4_otp_users_make_a_warning_before_the_put(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.add_otp_user(publishedApplicationId=item["id"])
    ran = task(sim, {"slug": "full-app", "tags": ["x"]}, check=True)
    assert any("OTP is still on" in warning for warning in ran.warnings)


def test_hazard_5_the_country_lists_exclude_each_other(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    task(sim, {"slug": "full-app", "blocked_countries": ["US"]})
    body = put_body(sim)
    assert (body["allowedCountries"], body["blockedCountries"]) == ([], ["US"])


def test_hazard_5_two_puts_keep_the_publication_closed_in_between(simulator: Start) -> None:
    sim = simulator(switches={"country_lists": "strictest"})
    sim.add_publication(**FULL)
    play(sim, {"slug": "full-app", "blocked_countries": ["US"]})
    sim.forget_requests()
    task(sim, {"slug": "full-app", "allowed_countries": ["ES"]})
    refused, cleared, final = sim.writes
    assert refused.status == 400
    assert (cleared.body["visibility"], cleared.body["blockedCountries"]) == ("inactive", [])
    assert (final.body["visibility"], final.body["allowedCountries"]) == ("unlisted", ["ES"])
    unmentioned_survive(FULL, only(sim, "full-app"), {"allowedCountries"})


def test_hazard_6_no_key_of_an_old_filter_survives(sim: Simulator) -> None:
    sim.add_publication(slug="app", filter={"type": "build", "ios": "a" * 24, "android": "b" * 24})
    for chosen in ({"type": "gitTag", "value": "v1"}, {"type": "last"}, {"type": "build", "ios": "c" * 24}):
        play(sim, {"slug": "app", "filter": chosen})
        assert only(sim, "app")["filter"] == chosen


def test_hazard_7_a_renaming_task_may_use_the_id(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    play(sim, {"publication_id": item["id"], "new_slug": "other-app"})
    assert only(sim, "other-app")["id"] == item["id"]


def test_hazard_8_active_terms_without_a_text_are_never_sent(simulator: Start) -> None:
    sim = simulator(switches={"hidden_fields": ["terms.text"]})
    sim.add_publication(**FULL)
    assert task(sim, {"slug": "full-app", "visibility": "unlisted"}).error is None
    assert "terms.text" in task(sim, {"slug": "full-app", "tags": ["x"]}).error.message
    assert "terms.text" in task(sim, {**NEW, "terms": {"active": True}}).error.message
    assert sim.writes == []


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_hazard_9_read_only_keys_do_not_travel(simulator: Start, api: str) -> None:
    sim = simulator(switches={"nested": "expanded"})
    sim.add_publication(**FULL)
    task(sim, {"slug": "full-app", "tags": ["x"]}, api=api)
    body = put_body(sim)
    assert set(body) - set(FULL) == ({"application"} if api == "workspace" else set())


def test_hazard_10_audiences_are_reduced_and_keep_their_notification(simulator: Start) -> None:
    sim = simulator(switches={"nested": "enriched"})
    sim.add_publication(**FULL)
    task(sim, {"slug": "full-app", "tags": ["x"]})
    assert put_body(sim)["userAudienceMap"] == FULL["userAudienceMap"]
    play(sim, {"slug": "full-app", "user_audience_map": [{"id": "a" * 24}]})
    assert only(sim, "full-app")["userAudienceMap"] == [{"id": "a" * 24, "notifyNewBuildsProcessed": True}]


@pytest.mark.parametrize("unset", ["absent", "null", "empty"])
def test_hazard_11_null_travels_only_to_clear(simulator: Start, unset: str) -> None:
    sim = simulator(switches={"unset_fields": unset})
    sim.add_publication(**FULL)
    task(sim, {"slug": "full-app", "expiration_date": ""})
    assert put_body(sim)["expirationDate"] is None
    sim.forget_requests()
    task(sim, {"slug": "full-app", "tags": ["x"]})
    assert None not in put_body(sim).values()


def test_hazard_12_nobody_is_overwritten_unseen(sim: Simulator) -> None:
    item = sim.add_publication(**FULL)
    sim.fault("interfere", method="GET", path=item["id"], skip=1, id=item["id"], fields={"security": "password"})
    ran = task(sim, {"publication_id": item["id"], "tags": ["x"]})
    assert "password: " in ran.error.message
    assert sim.writes == []


def test_hazard_18_the_last_publication_of_the_newest_build(sim: Simulator) -> None:
    sim.add_publication(slug="app", filter={"type": "last"})
    assert "set visibility: inactive instead" in task(sim, {"slug": "app", "state": "absent"}).error.message


def test_hazard_19_a_failing_page_is_not_absence(simulator: Start) -> None:
    sim = simulator(switches={"list_filters": "ignored", "max_limit": 1, "default_limit": 1})
    sim.add_publication()
    sim.add_publication(**FULL)
    sim.fault("status", method="GET", path="page=2", times=None, status=400, code=6001, message="no")
    for options in ({**NEW, "slug": "full-app"}, {"slug": "full-app", "state": "absent"}, NEW):
        assert task(sim, options).error is not None
    assert sim.writes == []


def test_hazard_20_only_404_with_3001_means_absent(simulator: Start) -> None:
    sim = simulator(switches={"not_found_code": 4001})
    ran = task(sim, {"publication_id": "f" * 24, "state": "absent"})
    assert ran.error is not None
    sim.set(not_found_code=3001)
    assert task(sim, {"publication_id": "f" * 24, "state": "absent"}).error is None


def test_hazard_21_check_mode_writes_nothing(sim: Simulator) -> None:
    sim.add_publication(**FULL)
    for options in (NEW, {"slug": "full-app", "tags": ["x"]}, {"slug": "full-app", "state": "absent"}):
        assert task(sim, options, check=True).changed
    assert {request.method for request in sim.requests} == {"GET"}


def test_hazard_1_the_own_entry_of_a_list_proves_nothing() -> None:
    class OneListing:
        def list_all(self, _endpoint: Any, _hints: Any = None) -> list[dict[str, Any]]:
            return [{"id": "a" * 24, "slug": "mine", "tags": []}, {"id": "b" * 24, "slug": "other", "groups": []}]

    publications = Publications(OneListing(), lambda _text: None)
    assert publications.id_of("mine") == "a" * 24
    reads, others = publications.seen({"id": "a" * 24, "terms": {}})
    assert others == {"id", "slug", "groups"}
    assert [set(item) for item in reads] == [{"id", "slug", "tags"}, {"id", "terms"}]
