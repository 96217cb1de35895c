# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_publication_info: exact filters, and honesty about what the server does not show."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import GUARDS

BUILD = "aaaaaaaaaaaaaaaaaaaaaaaa"
OTHER = "bbbbbbbbbbbbbbbbbbbbbbbb"


def filled(info: Callable[..., Any], **options: Any) -> Any:
    run = info(**options)
    add = run.sim.add_publication
    add(slug="open", security="public", filter={"type": "last"})
    add(slug="pinned-ios", security="logged", groups=[["qa"]], filter={"type": "build", "ios": BUILD, "android": OTHER})
    add(
        slug="pinned-list",
        visibility="unlisted",
        filter={"type": "builds", "builds": [{"buildPlatform": "ps5", "id": BUILD}]},
    )
    add(
        slug="ends",
        visibility="inactive",
        expirationDate="2026-06-30T12:00:00.000Z",
        filter={"type": "tag", "value": "x"},
    )
    add(slug="secret", security="password", password="do-not-show", expirationDate="2027-01-01T00:00:00.000Z")
    return run


def slugs(answer: dict[str, Any]) -> set[str]:
    return {item["slug"] for item in answer["publications"]}


@pytest.mark.parametrize("api", ["workspace", "integrations"])
@pytest.mark.parametrize(
    "options",
    [{}, {"profile": "hostile"}, {"switches": {"nested": "expanded"}}, {"switches": {"list_filters": "refused"}}],
    ids=["default", "hostile", "expanded", "refused"],
)
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"slug": "ends"}, {"ends"}),
        ({"slug": "ENDS"}, set()),
        ({"slug": "end"}, set()),
        ({"slug": ""}, set()),
        ({"security": "logged"}, {"pinned-ios"}),
        ({"visibility": "unlisted"}, {"pinned-list"}),
        ({"filter_type": "tag"}, {"ends"}),
        ({"build": BUILD}, {"pinned-ios", "pinned-list"}),
        ({"build": BUILD.upper()}, {"pinned-ios", "pinned-list"}),
        ({"build": OTHER, "security": "logged"}, {"pinned-ios"}),
        ({"build": OTHER, "security": "public"}, set()),
        ({"expiring_before": "2026-06-30"}, {"ends"}),
        ({"expiring_before": "2026-06-30T14:00:00+02:00"}, {"ends"}),
        ({"expiring_before": "2026-06-30T11:59:59Z"}, set()),
        ({"expiring_before": "2027-01-01"}, {"ends", "secret"}),
    ],
)
def test_filters_exactly(
    info: Callable[..., Any], api: str, options: dict[str, Any], filters: dict[str, Any], found: set[str]
) -> None:
    run = filled(info, **options)
    assert slugs(run("publications", {"api": api}, **filters)) == found


def test_never_shows_a_password(info: Callable[..., Any]) -> None:
    run = filled(info)
    answer = run("publications", slug="secret")
    assert "do-not-show" not in str(answer)
    assert "password" not in answer["publications"][0]


def test_says_which_options_the_server_did_not_show(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"unset_fields": "null", "hidden_fields": ["allowedCountries", "groups", "tags"]})
    (found,) = run("publications", slug="open")["publications"]
    assert found["unreturned_fields"] == ["allowed_countries", "groups", "tags"]
    assert set(found["unreturned_fields"][:2]) <= set(GUARDS)
    assert found["allowed_countries"] == []


def test_a_named_publication_is_read_in_full(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"hidden_fields": ["publication_list:groups"]})
    (listed,) = run("publications", security="logged")["publications"]
    assert "groups" in listed["unreturned_fields"]
    (named,) = run("publications", slug="pinned-ios")["publications"]
    assert named["groups"] == [["qa"]]
    assert "groups" not in named["unreturned_fields"]


@pytest.mark.parametrize(
    ("filters", "found"), [({"filter_type": "tag"}, {"ends"}), ({"build": BUILD}, {"pinned-ios", "pinned-list"})]
)
def test_a_list_that_leaves_out_what_is_asked_for_is_completed(
    info: Callable[..., Any], filters: dict[str, Any], found: set[str]
) -> None:
    run = filled(info, switches={"hidden_fields": ["publication_list:filter"]})
    assert slugs(run("publications", **filters)) == found


def test_one_by_id_is_one_request(info: Callable[..., Any]) -> None:
    run = filled(info)
    ident = next(iter(run.sim.publications))
    connection = {"store": run.sim.store["id"]}
    assert slugs(run("publications", connection, publication_id=ident)) == {"open"}
    assert run.requests == 1
    assert slugs(run("publications", connection, publication_id=ident, security="logged")) == set()
    assert slugs(run("publications", connection, publication_id="f" * 24)) == set()


def test_one_by_slug_is_two_requests(info: Callable[..., Any]) -> None:
    run = filled(info)
    assert slugs(run("publications", {"store": run.sim.store["id"]}, slug="open")) == {"open"}
    assert run.requests == 2


def test_ends_that_are_never_shown_are_warned_about(info: Callable[..., Any]) -> None:
    run = filled(info, switches={"hidden_fields": ["expirationDate"]})
    assert slugs(run("publications", expiring_before="2030-01-01")) == set()
    assert len(run.warnings) == 1
    assert "no expiration_date for any of 5 publications" in run.warnings[0]


def test_an_end_that_is_no_date_is_warned_about(info: Callable[..., Any]) -> None:
    run = filled(info)
    run.sim.add_publication(slug="odd", expirationDate="soon")
    run.sim.set(dates="as_sent")
    assert slugs(run("publications", expiring_before="2030-01-01")) == {"ends", "secret"}
    assert ["odd" in text for text in run.warnings] == [True]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("publication_id", "open"),
        ("build", "4.2.0"),
        ("expiring_before", "tomorrow"),
        ("expiring_before", "2026-06-30T12:00:00"),
        ("expiring_before", "2026-02-30"),
    ],
)
def test_a_value_that_can_not_be_meant_is_refused(info: Callable[..., Any], option: str, value: str) -> None:
    run = info()
    with pytest.raises(InvalidInput, match=f"^{option}: "):
        run("publications", **{option: value})
    assert run.requests == 0


def test_the_store_is_the_only_one_or_must_be_chosen(info: Callable[..., Any]) -> None:
    run = filled(info)
    second = run.sim.add_store()
    with pytest.raises(InvalidInput, match=second["id"]):
        run("publications")
    assert slugs(run("publications", {"store": second["id"]})) == set()


def test_each_is_read_by_itself_when_asked_for(info: Callable[..., Any]) -> None:
    ask = info(switches={"hidden_fields": ["publication_list:groups"], "max_limit": 10})
    for number in range(25):
        ask.sim.add_publication(slug=f"number-{number:02}", groups=[["staff"]])
    listed = ask("publications")["publications"]
    assert all("groups" in item["unreturned_fields"] for item in listed)
    found = ask("publications", full=True, concurrency=4)["publications"]
    assert [item["slug"] for item in found] == [item["slug"] for item in listed]
    assert all(item["groups"] == [["staff"]] and "groups" not in item["unreturned_fields"] for item in found)
    # The store, three pages, and each publication.
    assert ask.requests == 1 + 3 + 25
    assert len(ask("publications", full=True, concurrency=1, limit=3)["publications"]) == 3
    assert ask.requests <= 1 + 1 + 4
    with pytest.raises(InvalidInput, match="concurrency"):
        ask("publications", full=True, concurrency=0)
