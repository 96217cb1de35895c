# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role as its users play it: what it costs, what it refuses before it writes, and whom it never names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.tests.support.plays import ROOT, Played, play
from applivery_simulator import Simulator

ANA, BEN = "ana@north.example", "ben@south.example"
END = "2031-12-31"
DESCRIBED = {
    "visibility": "unlisted",
    "expiration_date": END,
    "groups": [["testers"]],
    "activate_user_audiences": False,
    "user_audience_map": [],
    "allowed_countries": ["DE"],
}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A publication pinned to a build for each of two systems, and one beside it."""
    switches = {"otp_body": "reference", "otp_items": "both", "otp_unique": "publication"}
    with Simulator(switches=switches) as simulator:
        ios, android = (simulator.add_build(os=system)["id"] for system in ("ios", "android"))
        pinned = {"type": "build", "ios": ios, "android": android}
        end = "2031-12-31T23:59:59.000Z"
        simulator.add_publication(slug="beta", security="logged", filter=pinned, expirationDate=end)
        simulator.add_publication(slug="gamma", security="logged", filter=pinned, expirationDate=end)
        yield simulator


def onboard(sim: Simulator, folder: Path, *options: str, **variables: Any) -> Played:
    role = {"ansible.builtin.include_role": {"name": "applivery.distribution.tester_onboarding"}}
    result = {"ansible.builtin.debug": {"msg": "RESULT {{ tester_onboarding_result | to_json }}"}}
    given = {f"tester_onboarding_{name}": value for name, value in variables.items()}
    return play(sim, folder, [role, result], *options, **given)


def result_of(played: Played) -> dict[str, Any]:
    (line,) = [line for line in played.output.splitlines() if "RESULT " in line]
    found: dict[str, Any] = json.loads(json.loads(line.split('"msg": ', 1)[1]).removeprefix("RESULT "))
    return found


def people(sim: Simulator) -> list[str]:
    return sorted(user["email"] for user in sim.otp_users.values())


def test_an_unchanged_onboarding_costs_at_most_six_requests(sim: Simulator, tmp_path: Path) -> None:
    given = {"slug": "beta", "testers": [{"email": ANA, "allowance": "unlimited"}, BEN]}
    first = onboard(sim, tmp_path, **given)
    assert first.code == 0, first.output
    assert result_of(first)["counts"]["created"] == 2
    again = onboard(sim, tmp_path, **given)
    assert again.code == 0, again.output
    assert again.writes == []
    assert not result_of(again)["changed"]
    assert len(again.requests) <= 6, again.asked


def test_several_publications_in_one_call(sim: Simulator, tmp_path: Path) -> None:
    several = [{"slug": "beta", "testers": [ANA]}, {"slug": "gamma", "publication": DESCRIBED}]
    ran = onboard(sim, tmp_path, publications=several, testers=[BEN], access_until=END)
    assert ran.code == 0, ran.output
    result = result_of(ran)
    assert result["counts"]["created"] == 2
    assert {slug: one["counts"]["created"] for slug, one in result["publications"].items()} == {"beta": 1, "gamma": 1}
    ids = {item["slug"]: item["id"] for item in sim.publications.values()}
    where = {user["email"]: user["publishedApplicationId"] for user in sim.otp_users.values()}
    assert where == {ANA: ids["beta"], BEN: ids["gamma"]}
    report = json.loads((tmp_path / "access-report/access-report.json").read_text())["report"]
    assert [item["slug"] for item in report["publications"]] == ["beta", "gamma"]
    again = onboard(sim, tmp_path, publications=several, testers=[BEN], access_until=END)
    assert again.writes == []
    assert not result_of(again)["changed"]


def test_what_the_module_would_refuse_is_refused_before_any_request(sim: Simulator, tmp_path: Path) -> None:
    # The first of the two could be done, and its publication be opened.
    wrong = {"slug": "beta", "testers": [{"email": ANA, "access_until": "31.12.2030"}]}
    ran = onboard(sim, tmp_path, publications=[{"slug": "gamma", "publication": DESCRIBED, "testers": [BEN]}, wrong])
    assert ran.code != 0
    assert "publication beta: the list of testers: Tester 1: access_until: '31.12.2030'" in ran.output, ran.output
    assert ran.requests == []


def test_the_end_of_one_publication_is_none_of_another(sim: Simulator, tmp_path: Path) -> None:
    sim.add_publication(slug="endless", security="logged", filter={"type": "last"})
    several = [{"slug": "gamma", "publication": DESCRIBED, "testers": [BEN]}, {"slug": "endless", "testers": [ANA]}]
    ran = onboard(sim, tmp_path, publications=several, report_dir="")
    assert ran.code != 0
    assert "the publication endless shows no end either" in ran.output
    assert people(sim) == [BEN]


def test_nobody_is_named_while_it_is_quiet(sim: Simulator, tmp_path: Path) -> None:
    text = "email;allowance\rLee, Ana <ana@north.example>;2\rben@south.example;2\r"
    (tmp_path / "testers.csv").write_bytes(text.encode("utf-16"))
    memory = {"admit": "once", "ledger": str(tmp_path / "ledger.json")}
    given = {"slug": "beta", "testers_file": "testers.csv", **memory}
    (tmp_path / "access-report").mkdir()
    (tmp_path / "access-report/access-report.json").write_text("<<<<<<< half of it")
    ran = onboard(sim, tmp_path, "--diff", **given, quiet=True)
    assert ran.code == 0, ran.output
    assert people(sim) == [ANA, BEN]
    assert "can't be read: it counts as none" in " ".join(ran.output.split())
    # Let in before, and gone: they stay out, and the report tells when it was.
    for user in list(sim.otp_users):
        del sim.otp_users[user]
    again = onboard(sim, tmp_path, "--diff", **given, quiet=True)
    assert again.code == 0, again.output
    assert again.writes == []
    assert "was let in on" in (tmp_path / "access-report/access-report.json").read_text()
    for name in (ANA, BEN, "Lee"):
        assert name not in ran.output + ran.events + again.output + again.events
    assert ANA in onboard(sim, tmp_path, **given, quiet=False).events


def test_a_failure_while_it_is_quiet_says_why_and_not_for_whom(sim: Simulator, tmp_path: Path) -> None:
    sim.fault("status", method="POST", path="otp-users", times=9, status=400)
    ran = onboard(sim, tmp_path, slug="beta", testers=[ANA, BEN], quiet=True, report_dir="")
    assert ran.code != 0
    assert "2 of 2 people failed" in ran.output
    assert "HTTP 400" in ran.output
    refused = onboard(sim, tmp_path, slug="beta", testers=["Lee ana@north.example"], quiet=True)
    assert "Tester 1: there must be one address, not 2: (hidden)" in refused.output
    for name in (ANA, BEN, "Lee"):
        assert name not in ran.output + ran.events + refused.output + refused.events


def test_the_playbooks_are_quiet_unless_told(sim: Simulator, tmp_path: Path) -> None:
    given = {
        "applivery_publication": "beta",
        "applivery_testers": f"Lee, Ana <{ANA}>",
        "applivery_report_dir": "report",
    }
    ran = play(sim, tmp_path, ROOT / "playbooks/onboard_testers.yml", "--diff", **given)
    assert ran.code == 0, ran.output
    report = play(sim, tmp_path, ROOT / "playbooks/access_report.yml", "--diff", applivery_report_dir="all")
    assert report.code == 0, report.output
    assert ANA in (tmp_path / "report/access-report.html").read_text()
    assert ANA in (tmp_path / "all/access-report.html").read_text()
    assert ANA not in ran.output + ran.events + report.output + report.events
    outside = play(sim, tmp_path, ROOT / "playbooks/access_report.yml", applivery_report_name="../../esc")
    assert outside.code != 0
    assert "is no file name" in outside.output


def test_those_that_send_away_are_quiet_too_and_still_fail(sim: Simulator, tmp_path: Path) -> None:
    ids = {item["slug"]: item["id"] for item in sim.publications.values()}
    sim.add_otp_user(email=ANA, storeId=sim.store["id"], publishedApplicationId=ids["beta"])
    (tmp_path / "beta.csv").write_text(f"email,access_until\n{ANA},2020-01-01\n")
    given = {"applivery_testers_file": "beta.csv", "applivery_publication": "beta"}
    ended = play(sim, tmp_path, ROOT / "playbooks/end_access.yml", "--diff", **given)
    assert ended.code == 0, ended.output
    assert people(sim) == []
    given = {"applivery_testers": f"{ANA} {BEN}", "applivery_publication": "beta"}
    gone = play(sim, tmp_path, ROOT / "playbooks/offboard_testers.yml", "--diff", **given, applivery_quiet=True)
    assert gone.code != 0
    assert "(address hidden)" in gone.output
    for name in (ANA, BEN):
        assert name not in ended.output + ended.events + gone.output + gone.events
