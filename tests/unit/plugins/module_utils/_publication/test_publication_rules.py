# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task may ask of a publication: refused by the name of the option, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.countries import (
    ISO_CODES,
    MISTAKEN_CODES,
    USED_CODES,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import to_api
from ansible_collections.applivery.distribution.plugins.module_utils._core.given import check_texts
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import FIELD
from ansible_collections.applivery.distribution.plugins.module_utils._publication.rules import (
    check_groups_apply,
    check_slug,
    check_wishes,
    warnings_about_effect,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC

BUILD = "5f7f1d2a9c1e4b0012ab34c1"

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"allowed_countries": ["ES"], "blocked_countries": ["US"]}, "blocked_countries and allowed_countries"),
    ({"tags": ["beta", ""]}, "tags: .*empty"),
    ({"allowed_countries": ["UK"]}, "allowed_countries: .*UK.*GB"),
    ({"allowed_countries": ["False"]}, "allowed_countries: .*Norway"),
    ({"blocked_countries": ["ES", "Spain"]}, "blocked_countries: .*SPAIN"),
    ({"blocked_countries": ["ES", "el", "EU"]}, "blocked_countries: .*Greece is GR.*no country"),
    ({"allowed_countries": [""]}, "allowed_countries: .*empty; use \\[\\] to remove"),
    ({"allowed_countries": ["ES", " "]}, "allowed_countries: .*empty"),
    ({"groups": [["qa"], []]}, "groups: "),
    ({"groups": [["qa", ""]]}, "groups: "),
    ({"groups": [["qa"]], "security": "public"}, "groups: .*public"),
    ({"groups": [["qa"]], "security": "password"}, "groups: .*password"),
    ({"user_audience_map": [{"id": ""}]}, "user_audience_map: "),
    ({"user_audience_map": [{"id": "one"}, {"id": "one"}]}, "user_audience_map: .*one"),
    ({"configuration": {"branding": {"primary_color": "red"}}}, "configuration.branding.primary_color: 'red'"),
    ({"configuration": {"branding": {"button_color": "#12345"}}}, "configuration.branding.button_color"),
    ({"expiration_date": "tomorrow"}, "expiration_date: "),
    ({"expiration_date": "2036-12-31T10:00:00"}, "expiration_date: .*offset"),
    ({"expiration_date": "2036-02-30"}, "expiration_date: "),
    ({"expiration_date": "31/12/2036"}, "expiration_date: "),
    ({"terms": {"active": True, "text": ""}}, "terms.text: "),
    ({"filter": {"type": "last", "value": "main"}}, "filter.value: .*last"),
    ({"filter": {"type": "last", "ios": BUILD, "builds": [{"build_platform": "ios", "id": BUILD}]}}, "filter.builds"),
    ({"filter": {"type": "build"}}, "filter.ios or filter.android or filter.macos or filter.windows: "),
    ({"filter": {"type": "build", "ios": ""}}, "filter.ios"),
    ({"filter": {"type": "build", "value": "main", "ios": BUILD}}, "filter.value: .*build"),
    ({"filter": {"type": "build", "builds": [{"build_platform": "ios", "id": BUILD}]}}, "filter.builds: .*build"),
    ({"filter": {"type": "build", "ios": "1.4.0"}}, "filter.ios: '1.4.0'"),
    ({"filter": {"type": "builds"}}, "filter.builds: "),
    ({"filter": {"type": "builds", "value": "x"}}, "filter.value: .*builds"),
    ({"filter": {"type": "builds", "builds": [{"build_platform": "ios"}]}}, "filter.builds .ios.: "),
    ({"filter": {"type": "builds", "builds": [{"build_platform": "ios", "id": "x"}]}}, "filter.builds .ios.: 'x'"),
    ({"filter": {"type": "builds", "builds": [{"build_platform": "ps5", "id": BUILD}] * 2}}, "filter.builds: .*once"),
    (
        {"filter": {"type": "builds", "ios": BUILD, "builds": [{"build_platform": "ps5", "id": BUILD}]}},
        "filter.builds: .*not in both",
    ),
    *[({"filter": {"type": kind}}, f"filter.value: .*{kind}") for kind in ("gitBranch", "gitTag", "tag")],
    *[({"filter": {"type": kind, "value": ""}}, "filter.value: ") for kind in ("gitBranch", "gitTag", "tag")],
    *[({"filter": {"type": kind, "value": "x", "ios": BUILD}}, "filter.ios: ") for kind in ("gitBranch", "gitTag")],
]


@pytest.mark.parametrize(("wishes", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refused_by_name(wishes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_wishes(wishes, check_mode=False)


TAKEN: list[dict[str, Any]] = [
    {},
    {"allowed_countries": ["es", "Pt"]},
    {"allowed_countries": [], "blocked_countries": ["US"]},
    {"allowed_countries": [], "blocked_countries": []},
    {"groups": [], "security": "public"},
    {"groups": [["qa"]], "security": "logged"},
    {"groups": [["qa"]]},
    {"expiration_date": ""},
    {"expiration_date": "2036-12-31"},
    {"expiration_date": "2036-12-31T10:00:00.5+02:00"},
    {"terms": {"active": True}},
    {"terms": {"text": ""}},
    {"configuration": {"branding": {"primary_color": "#aBcDeF", "button_color": ""}}},
    {"filter": {"type": "last"}},
    {"filter": {"type": "build", "ios": BUILD.upper(), "android": BUILD}},
    {"filter": {"type": "builds", "builds": [{"build_platform": "a-console-of-the-future", "id": BUILD}]}},
    {"filter": {"type": "builds", "ios": BUILD}},
    *[{"filter": {"type": kind, "value": "x"}} for kind in ("gitBranch", "gitTag", "tag")],
]


@pytest.mark.parametrize("wishes", TAKEN, ids=range(len(TAKEN)))
def test_taken_without_a_warning(wishes: dict[str, Any]) -> None:
    assert check_wishes(wishes, check_mode=False) == []


def test_a_date_in_the_past_is_warned_about() -> None:
    [warning] = check_wishes({"expiration_date": "2020-01-01"}, check_mode=False)
    assert warning.startswith("expiration_date: 2020-01-01 is in the past")


@pytest.mark.parametrize(
    "chosen",
    [
        {"type": "build"},
        {"type": "build", "ios": ""},
        {"type": "builds", "builds": []},
        {"type": "builds", "builds": [{"build_platform": "ios", "id": None}]},
    ],
)
def test_build_ids_may_be_unknown_in_check_mode_only(chosen: dict[str, Any]) -> None:
    [warning] = check_wishes({"filter": chosen}, check_mode=True)
    assert "earlier task" in warning
    with pytest.raises(InvalidInput, match=r"filter\."):
        check_wishes({"filter": chosen}, check_mode=False)


@pytest.mark.parametrize(
    ("kind", "history", "named", "told"),
    [
        ("build", True, "filter", True),
        ("builds", True, "show_history", True),
        ("builds", True, "tags", False),
        ("last", True, "filter", False),
        ("build", False, "filter", False),
    ],
)
def test_history_with_builds_chosen_by_hand_is_warned_about(kind: str, history: bool, named: str, told: bool) -> None:
    found = warnings_about_effect({named: "anything"}, {"filter": {"type": kind}, "showHistory": history})
    assert [text.split(":")[0] for text in found] == ["show_history"] * told


def test_a_password_without_effect_is_warned_about() -> None:
    assert warnings_about_effect({"password": "x"}, {"security": "logged"})[0].startswith("password: it has no effect")
    assert warnings_about_effect({"password": "x"}, {"security": "password"}) == []
    # What the client does not know may know passwords.
    assert warnings_about_effect({"password": "x"}, {"security": "unheard-of"}) == []


@pytest.mark.parametrize("slug", ["abc", "My-App-2", "a" * 128, "a-b"])
def test_slugs(slug: str) -> None:
    check_slug("slug", slug)


@pytest.mark.parametrize("slug", ["ab", "a" * 129, "-abc", "abc-", "a_b_c", "a b c", "äpp", "abc\n", "a/b/c", "a.b"])
def test_what_is_no_slug(slug: str) -> None:
    with pytest.raises(InvalidInput, match="new_slug: "):
        check_slug("new_slug", slug)


def test_groups_need_security_logged() -> None:
    for security in ("public", "password"):
        with pytest.raises(InvalidInput, match=r"groups: .*logged"):
            check_groups_apply({"groups": [["qa"]]}, security)
    for security in ("logged", "a-future-security", None):
        check_groups_apply({"groups": [["qa"]]}, security)
    check_groups_apply({"groups": []}, "public")


@pytest.mark.parametrize("code", sorted(USED_CODES))
def test_a_code_that_the_world_uses_beside_the_standard_is_taken_with_a_warning(code: str) -> None:
    for option in ("allowed_countries", "blocked_countries"):
        [warning] = check_wishes({option: ["ES", code.lower()]}, check_mode=False)
        assert warning.startswith(f"{option}: {code} ({USED_CODES[code]}) is not in ISO 3166-1")


def test_the_codes_are_those_of_the_standard() -> None:
    assert len(ISO_CODES) == 249
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in ISO_CODES)
    assert not ISO_CODES & (set(USED_CODES) | set(MISTAKEN_CODES))
    # One of each kind: renamed countries, the youngest, territories, and codes that were taken back.
    assert {"MK", "SZ", "SS", "BQ", "CW", "SX", "AX", "UM", "TL", "CD"} <= ISO_CODES
    assert not {"AN", "YU", "ZR", "SU", "TP", "DD", "CS"} & ISO_CODES


NO_NAMES = [True, False, 1.5, {"id": "x"}, ["qa"], None, {}, []]


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_what_is_no_name_of_a_group_is_refused_by_name(name: Any) -> None:
    with pytest.raises(InvalidInput, match=r"groups\[1\]\[1\]: "):
        check_texts(SPEC, {"groups": [["qa"], ["press", name]]})


def test_a_group_of_digits_needs_no_quotes() -> None:
    check_texts(SPEC, {"groups": [[2024, "qa"], ["0755"]]})
    assert check_wishes({"groups": [[2024, "qa"], ["0755"]]}, check_mode=False) == []
    assert to_api(FIELD["groups"], [[2024, "qa"]]) == [["2024", "qa"]]
