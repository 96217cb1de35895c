# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two playbooks that end access, through real ansible-playbook."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.applivery.distribution.tests.support.plays import play_ours
from applivery_simulator import Simulator

PAST, FUTURE = "2020-01-01", "2099-01-01"


def _statistic(said: str, name: str) -> str:
    """The last number that a play left under a name; before ansible-core 2.19 a template makes text of it."""
    return str(re.findall(rf'"{name}": "?(\d+)"?', said)[-1])


@pytest.fixture
def house(sim: Simulator) -> Simulator:
    """Two publications, with ana and ben on both lists."""
    for slug in ("beta", "prod"):
        ident = sim.add_publication(slug=slug)["id"]
        for email in ("ana@x.example", "ben@x.example"):
            sim.add_otp_user(email=email, storeId=sim.store["id"], publishedApplicationId=ident)
    return sim


def left(sim: Simulator) -> list[str]:
    slugs = {ident: item["slug"] for ident, item in sim.publications.items()}
    return sorted(
        f"{user['email'].split('@')[0]} {slugs[user['publishedApplicationId']]}" for user in sim.otp_users.values()
    )


# Offboarding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "who"),
    [
        ({"applivery_publication": "beta"}, ["ana prod", "ben beta", "ben prod"]),
        ({"applivery_publication": "beta, prod"}, ["ben beta", "ben prod"]),
        ({"applivery_publication": "", "applivery_everywhere": "true"}, ["ben beta", "ben prod"]),
    ],
)
def test_access_ends_where_it_is_said(
    house: Simulator, tmp_path: Path, answers: dict[str, str], who: list[str]
) -> None:
    ran = play_ours(house, tmp_path, "offboard_testers", applivery_testers="Ana@x.example", **answers)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert left(house) == who
    assert "a closing read shows none of them" in ran.stdout
    assert "scheduled run" in ran.stdout
    assert _statistic(ran.stdout, "remaining") == "0"


def test_who_is_taken_off_may_stand_in_a_file(house: Simulator, tmp_path: Path) -> None:
    (tmp_path / "leavers.csv").write_text("email;note\nana@x.example;left\n", encoding="utf-8")
    answers = {"applivery_publication": "", "applivery_everywhere": "true", "applivery_testers_file": "leavers.csv"}
    ran = play_ours(house, tmp_path, "offboard_testers", **answers)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert left(house) == ["ben beta", "ben prod"]
    both = play_ours(house, tmp_path, "offboard_testers", applivery_testers="ben@x.example", **answers)
    assert both.returncode != 0
    assert "either in applivery_testers or" in " ".join(both.stdout.split())
    assert left(house) == ["ben beta", "ben prod"]


@pytest.mark.parametrize(
    ("answers", "part"),
    [
        ({"applivery_publication": "betta", "applivery_testers": "ana@x.example"}, "there is no publication betta"),
        ({"applivery_publication": "beta", "applivery_testers": "anna@x.example"}, "anna@x.example: was not there"),
        ({"applivery_publication": "", "applivery_testers": "ana@x.example"}, "applivery_everywhere"),
        ({"applivery_publication": "beta", "applivery_testers": ""}, "applivery_testers"),
    ],
)
def test_offboarding_is_proven_or_fails(house: Simulator, tmp_path: Path, answers: dict[str, str], part: str) -> None:
    ran = play_ours(house, tmp_path, "offboard_testers", **answers)
    assert ran.returncode != 0
    assert part in ran.stdout + ran.stderr
    assert len(left(house)) == 4


def test_offboarding_may_be_told_to_let_pass(house: Simulator, tmp_path: Path) -> None:
    answers = {"applivery_publication": "beta, betta", "applivery_testers": "ana@x.example anna@x.example"}
    ran = play_ours(house, tmp_path, "offboard_testers", applivery_strict="false", **answers)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert left(house) == ["ana prod", "ben beta", "ben prod"]


@pytest.mark.parametrize(
    ("playbook", "answers"),
    [
        ("offboard_testers", {"applivery_publication": "beta", "applivery_testers": "ana@x.example anna@x.example"}),
        ("end_access", {"applivery_publication": "betta", "applivery_testers": "ana@x.example"}),
        (
            "end_access",
            {"applivery_publication": "beta", "applivery_testers": f"email,access_until\nana@x.example,{PAST}"},
        ),
    ],
)
def test_quietly_nobody_is_named(house: Simulator, tmp_path: Path, playbook: str, answers: dict[str, str]) -> None:
    (tmp_path / "answers.json").write_text(json.dumps({"applivery_quiet": True, **answers}), encoding="utf-8")
    house.fault("status", method="DELETE", times=None, status=400, code=6001, message="Not today")
    ran = play_ours(house, tmp_path, playbook, "-v", "-e", "@answers.json")
    said = ran.stdout + ran.stderr
    assert "ana@" not in said
    assert "anna@" not in said
    assert ("Not today" in said) == ("betta" not in answers["applivery_publication"])
    assert ran.returncode == (0 if "betta" in answers["applivery_publication"] else 2)


# Nightly ------------------------------------------------------------------------------------------------------------


def test_a_folder_of_lists_ends_what_has_to_end_and_lets_nobody_in(house: Simulator, tmp_path: Path) -> None:
    folder = tmp_path / "testers"
    folder.mkdir()
    (folder / "beta.csv").write_text(
        f"email,access_until\nana@x.example,{PAST}\nben@x.example,{FUTURE}\nnew@x.example,{FUTURE}\n", encoding="utf-8"
    )
    (folder / "prod.csv").write_text(f"email,access_until\nben@x.example,{PAST}\n", encoding="utf-8")
    ran = play_ours(house, tmp_path, "end_access", "--check", applivery_testers_dir="testers")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert house.writes == []
    for removed in (2, 0):
        ran = play_ours(house, tmp_path, "end_access", applivery_testers_dir="testers")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert _statistic(ran.stdout, "removed") == str(removed)
        assert left(house) == ["ana prod", "ben beta"]


@pytest.mark.parametrize(
    ("answers", "who"),
    [
        ({"applivery_publication": "beta"}, ["ana prod", "ben beta", "ben prod"]),
        ({"applivery_everywhere": "true"}, ["ben beta", "ben prod"]),
    ],
)
@pytest.mark.parametrize("typed", [True, False])
def test_one_list_for_one_publication_or_for_all(
    house: Simulator, tmp_path: Path, answers: dict[str, str], who: list[str], typed: bool
) -> None:
    text = f"email,access_until\nana@x.example,{PAST}\nben@x.example,{FUTURE}\n"
    (tmp_path / "testers.csv").write_text(text, encoding="utf-8")
    people = {"applivery_testers": text} if typed else {"applivery_testers_file": "testers.csv"}
    ran = play_ours(house, tmp_path, "end_access", **people, **answers)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert left(house) == who
    assert '"removed": ' in ran.stdout


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"applivery_publication": "beta"},
        {"applivery_testers": "ana@x.example"},
        {"applivery_testers_dir": "testers", "applivery_publication": "beta"},
        {"applivery_testers_dir": "testers"},
    ],
)
def test_what_is_not_said_is_asked_for(house: Simulator, tmp_path: Path, answers: dict[str, str]) -> None:
    (tmp_path / "testers").mkdir()
    ran = play_ours(house, tmp_path, "end_access", **answers)
    assert ran.returncode != 0
    assert "applivery_testers_dir" in ran.stdout + ran.stderr
    assert house.requests == []
