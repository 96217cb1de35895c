# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_otp_user_info: whole addresses, and only users whose own publication it is."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import RequestFailed
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.info import needs
from ansible_collections.applivery.distribution.plugins.module_utils._workspace.application import (
    needs as applications_need,
)


def filled(info: Callable[..., Any], **options: Any) -> Any:
    """Two publications; ann is a user of both, bob of the second one, and somebody else has a longer address."""
    run = info(**options)
    one, two = (run.sim.add_publication(slug=slug) for slug in ("one", "two"))
    run.one, run.two = one["id"], two["id"]
    for email, owner in (("Ann@example.com", one), ("ann@example.com", two), ("bob@example.com", two)):
        run.sim.add_otp_user(email=email, publishedApplicationId=owner["id"])
    run.sim.add_otp_user(email="joann@example.com", publishedApplicationId=one["id"])
    return run


def who(answer: dict[str, Any]) -> list[str]:
    return sorted(user["email"] for user in answer["otp_users"])


@pytest.mark.parametrize("items", ["reference", "both"])
@pytest.mark.parametrize("filters", ["honoured", "ignored", "refused"])
def test_lists_the_users_of_a_publication_by_id_and_by_slug(info: Callable[..., Any], items: str, filters: str) -> None:
    run = filled(info, switches={"otp_items": items, "list_filters": filters})
    for name in (run.two, run.two.upper(), "two"):
        assert who(run("otp_users", publication=name)) == ["ann@example.com", "bob@example.com"]
        assert run.warnings == []
    assert len(run("otp_users")["otp_users"]) == 4


@pytest.mark.parametrize(
    ("emails", "found"),
    [
        (["ANN@EXAMPLE.COM"], ["Ann@example.com", "ann@example.com"]),
        (["nn@example.com"], []),
        (["ann@example.com,bob@example.com\n"], ["Ann@example.com", "ann@example.com", "bob@example.com"]),
        ([], []),
        ([""], []),
    ],
)
def test_compares_whole_addresses_without_case(info: Callable[..., Any], emails: list[str], found: list[str]) -> None:
    run = filled(info)
    assert who(run("otp_users", emails=emails)) == found


def test_both_filters_count(info: Callable[..., Any]) -> None:
    run = filled(info)
    (user,) = run("otp_users", publication="one", emails=["ann@example.com"])["otp_users"]
    assert (user["email"], user["published_application_id"]) == ("Ann@example.com", run.one)


@pytest.mark.parametrize("items", ["reference", "seed"])
def test_where_no_publication_is_shown_the_list_is_the_store_s_and_says_so(
    info: Callable[..., Any], items: str
) -> None:
    hidden = {"otp_items": items, "otp_items_publication": "hidden"}
    run = filled(info, switches={"list_filters": "ignored", **hidden})
    assert len(run("otp_users", publication=run.one)["otp_users"]) == 4
    assert len(run.warnings) == 1
    assert "the list is the store's" in run.warnings[0]


@pytest.mark.parametrize("silent_first", [True, False])
def test_somebody_of_no_publication_is_nobody_s_where_others_show_theirs(
    info: Callable[..., Any], silent_first: bool
) -> None:
    run = filled(info)
    silent = {"id": "a" * 24, "email": "silent@example.com"}
    other = {"id": "b" * 24, "email": "other@example.com", "publishedApplicationId": run.two}
    users = [silent, other] if silent_first else [other, silent]
    for _listing in range(2):
        run.sim.fault("wrong_type", path="/otp-users", value={"items": users, "totalDocs": 2, "hasNextPage": False})
    assert who(run("otp_users", publication="one")) == []
    assert run.warnings == []


@pytest.mark.parametrize("name", ["nowhere", "f" * 24])
def test_a_publication_that_is_not_there_has_no_users_which_is_told(info: Callable[..., Any], name: str) -> None:
    run = filled(info)
    assert run("otp_users", publication=name)["otp_users"] == []
    assert run.warnings == [f"publication: there is no publication {name}, so it has no OTP users"]


def test_a_publication_without_users_is_no_reason_to_warn(info: Callable[..., Any]) -> None:
    run = filled(info)
    empty = run.sim.add_publication(slug="nobody")
    for name in ("nobody", empty["id"]):
        assert run("otp_users", publication=name)["otp_users"] == []
        assert run.warnings == []


def test_a_slug_that_looks_like_an_id_is_found(info: Callable[..., Any]) -> None:
    run = filled(info)
    odd = run.sim.add_publication(slug="cafe" * 6)
    run.sim.add_otp_user(email="eve@example.com", publishedApplicationId=odd["id"])
    assert who(run("otp_users", publication="cafe" * 6)) == ["eve@example.com"]


def test_an_id_needs_no_permission_on_publications(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"permissions": {"publications": 403}})
    assert len(run("otp_users", publication=run.two)["otp_users"]) == 2
    empty = run.sim.add_publication(slug="nobody")
    assert run("otp_users", publication=empty["id"])["otp_users"] == []
    with pytest.raises(RequestFailed, match=r"mad\.store\.publishedApplication\.list"):
        run("otp_users", publication="two")


def test_an_id_costs_one_request(info: Callable[..., Any]) -> None:
    run = filled(info)
    run("otp_users", {"store": run.sim.store["id"]}, publication=run.two)
    assert run.requests == 1


@pytest.mark.parametrize("items", ["reference", "seed", "both"])
def test_the_allowance_is_in_the_words_of_the_options(info: Callable[..., Any], items: str) -> None:
    run = info(switches={"otp_items": items})
    owner = run.sim.add_publication(slug="one")["id"]
    run.sim.add_otp_user(email="a@example.com", publishedApplicationId=owner, allowedDownloadsNum=1, singleUse=True)
    (user,) = run("otp_users")["otp_users"]
    assert user["single_use"] is True
    assert user["allowed_downloads"] == 1
    assert {"id", "email", "published_application_id", "temporal"} <= set(user)


def test_only_the_workspace_api_has_otp_users_and_applications() -> None:
    assert needs({}).workspace_only
    assert applications_need({}).workspace_only
