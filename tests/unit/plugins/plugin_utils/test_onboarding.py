# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the role is to do, and what it refuses before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.filter.onboarding_summary import FilterModule as Summary
from ansible_collections.applivery.distribution.plugins.filter.without_people import FilterModule as WithoutPeople
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import (
    GUARDS,
    PUBLICATION_FIELDS,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC as PUBLICATION_SPEC
from ansible_collections.applivery.distribution.plugins.plugin_utils import _onboarding

ROOT = Path(__file__).resolve().parents[4]
ROLE = ROOT / "roles/tester_onboarding"
ANA, BEN = "ana@north.example", "ben@south.example"
END = "2031-12-31"
GUARDED = {
    "visibility": "unlisted",
    "expiration_date": END,
    "groups": [["testers"]],
    "activate_user_audiences": False,
    "user_audience_map": [],
    "blocked_countries": ["US"],
}


def plan(*given: dict[str, Any], common: Any = (), **files: str) -> dict[str, Any]:
    def read(name: str) -> bytes:
        if name not in files:
            raise InvalidInput("there is no such file")
        return files[name].encode()

    return _onboarding.plan_of(given, dict(common), read, lambda _text: None)


def entry(**said: Any) -> dict[str, Any]:
    found = plan({"slug": "beta", **said})
    assert found["refused"] == ""
    (one,) = found["entries"]
    return dict(one)


def refused(said: dict[str, Any], **files: str) -> str:
    found = plan({"slug": "beta", **said}, **files)
    assert found["entries"] == found["slugs"] == []
    return str(found["refused"])


def test_an_entry_holds_what_the_tasks_need() -> None:
    one = entry(
        testers=[{"email": ANA, "allowance": 2, "access_until": END}, BEN], exclusive="true", max_removals="20%"
    )
    assert one["users"] == [
        {"email": ANA, "allowed_downloads": 2, "access_until": END},
        {"email": BEN, "allowed_downloads": 1},
    ]
    assert (one["exclusive"], one["allow_empty"], one["max_removals"]) == (True, False, "20%")
    assert one["admit"] == SPEC["admit"]["default"]
    assert one["endless"] == [BEN]
    assert (one["described"], one["declared"], one["unreturned_fields"]) == (False, {}, "warn")


def test_what_counts_for_all_is_filled_in_and_a_list_of_ones_own_beats_it() -> None:
    common = {
        "testers": [ANA],
        "studio": "North",
        "allowance": "",
        "access_until": END,
        "exclusive": False,
        "admit": "",
    }
    found = plan({"slug": "a"}, {"slug": "b", "testers_file": "b"}, {"slug": "c", "testers": []}, common=common, b=BEN)
    assert "access that ends by itself" in found["refused"]
    common["allowance"] = "unlimited"
    found = plan({"slug": "a"}, {"slug": "b", "testers_file": "b"}, {"slug": "c", "testers": []}, common=common, b=BEN)
    assert found["slugs"] == ["a", "b", "c"]
    assert [[one["email"] for one in item["testers"]] for item in found["entries"]] == [[ANA], [BEN], []]
    assert found["entries"][1]["testers"][0]["studio"] == "North"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"testers": [{"email": ANA, "access_until": "31.12.2030"}]}, "Tester 1: access_until: '31.12.2030'"),
        ({"testers": [f"Ana Lee {ANA}"]}, "there must be one address, not 2"),
        ({"testers": [], "exclusive": True}, "allow_empty: true"),
        ({}, "either in tester_onboarding_testers or"),
        ({"testers": ""}, "either in tester_onboarding_testers or"),
        ({"testers": [], "testers_file": "x"}, "either in tester_onboarding_testers or"),
        ({"testers": "email,studio\n"}, "a heading and nobody below it"),
        ({"testers": " \n"}, "it names nobody"),
        ({"testers_file": "nowhere.csv"}, "nowhere.csv: there is no such file"),
        ({"testers": [ANA], "admit": "once"}, "admit: once needs ledger"),
        ({"testers": [ANA], "admit": "perhaps"}, "'perhaps' is none of"),
        ({"testers": [ANA], "max_removals": "some"}, "max_removals: 'some'"),
        ({"testers": [ANA], "slug": ""}, "slug: it must be said"),
        ({"testers": [ANA], "slug": "be/ta"}, "'be/ta' is neither a slug nor an id"),
        ({"testers": [ANA], "tester": 1}, "unknown tester"),
        (
            {"testers": [ANA], "builds": [{"match": {"os": "ios"}}, {"match": {"os": "ios"}}]},
            "each operating system once",
        ),
        ({"testers": [ANA], "builds": [{"match": {}}]}, "each operating system once"),
    ],
)
def test_what_can_be_known_offline_is_refused(said: dict[str, Any], complaint: str) -> None:
    assert complaint in refused(said)


@pytest.mark.parametrize("limited", [f"email,allowance\n{ANA},1\n", f"email,allowance,temporal\n{ANA},-1,yes\n"])
def test_a_file_with_access_that_ends_by_itself_needs_a_word_about_the_next_run(limited: str, tmp_path: Path) -> None:
    assert "1 of 1 testers have access that ends by itself" in refused({"testers_file": "list"}, list=limited)
    remembered = {"admit": "once", "ledger": str(tmp_path / "ledger.json")}
    for said in ({"admit": "always"}, remembered, {"admit": "never"}):
        assert plan({"slug": "beta", "testers_file": "list", **said}, list=limited)["refused"] == ""
    endless = f"email,allowance\n{ANA},unlimited\n"
    assert plan({"slug": "beta", "testers_file": "list"}, list=endless)["refused"] == ""


def test_a_file_that_names_nobody_must_be_meant() -> None:
    assert "it names nobody" in refused({"testers_file": "list"}, list="\n")
    assert plan({"slug": "beta", "testers_file": "list", "allow_empty": True}, list="email\n")["refused"] == ""


def test_no_publication_and_one_twice_are_refused() -> None:
    assert "no publication is named" in plan()["refused"]
    assert "named twice" in plan({"slug": "a", "testers": [ANA]}, {"slug": "a", "testers": [BEN]})["refused"]


@pytest.mark.parametrize("left", [name for name in GUARDS if name in GUARDED])
def test_every_field_that_guards_access_must_be_named(left: str) -> None:
    settings = {name: value for name, value in GUARDED.items() if name != left}
    assert entry(testers=[], publication=GUARDED)["unreturned_fields"] == "warn"
    assert entry(testers=[], publication=settings)["unreturned_fields"] == "fail"
    assert entry(testers=[], publication=settings, unreturned_fields="fail_on_guards")["described"]
    text = refused({"testers": [], "publication": settings, "unreturned_fields": "ignore"})
    assert f"Missing: {'allowed_countries, ' if left == 'blocked_countries' else ''}{left}" in text


def test_only_guards_are_handed_to_the_report_and_never_the_password() -> None:
    secret = {**GUARDED, "security": "password", "password": "canary"}
    declared = entry(testers=[], publication=secret)["declared"]
    assert set(declared) <= set(GUARDS)
    assert "canary" not in str(declared)


def test_the_role_knows_every_field_and_every_option() -> None:
    """Nothing is written down again without being held to the tables it comes from."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    fields = {entry.option for entry in PUBLICATION_FIELDS} - {"slug"}
    assert set(specs["tester_onboarding_publication"]["options"]) == fields
    task = (ROLE / "tasks/publication.yml").read_text()
    assert [name for name in fields if f"\n    {name}: " not in task] == []
    assert set(specs["tester_onboarding_publications"]["options"]) == set(_onboarding.ENTRY)
    assert {f"tester_onboarding_{name}" for name in _onboarding.ENTRY} <= set(specs)
    common = yaml.safe_load((ROLE / "vars/main.yml").read_text())["tester_onboarding__common"]
    assert set(common) == set(_onboarding.ENTRY) - {"slug"}
    handed_on = (ROLE / "tasks/people.yml").read_text()
    assert [name for name in _onboarding.HANDED_ON if f"\n    {name}: " not in handed_on] == []
    choices = PUBLICATION_SPEC["unreturned_fields"]["choices"]
    assert sorted(specs["tester_onboarding_unreturned_fields"]["choices"]) == sorted(choices)


def test_a_summary_adds_up_and_names_nobody() -> None:
    summary = Summary().filters()["onboarding_summary"]
    beta = {"slug": "beta", "changed": False, "counts": {"created": 1, "removed": 2}, "publication_id": "p1"}
    assert summary([beta])["publication_id"] == "p1"
    both = summary([beta, {"slug": "gamma", "changed": True, "counts": {"created": 3}}])
    assert (both["changed"], both["counts"]) == (True, {"created": 4, "removed": 2})
    assert both["publication_id"] == ""
    assert both["publications"]["beta"] == {name: value for name, value in beta.items() if name != "slug"}


@pytest.mark.parametrize(
    ("text", "hushed"),
    [
        (
            "2 people (ana@x.example, b@y.example) can't enter",
            "2 people ((address hidden), (address hidden)) can't enter",
        ),
        ("Line 3, column 1: 'Lee Ana' is not", "Line 3, column 1: (hidden) is not"),
        ("\"O'Hara <o@x.example>\" isn't", "(hidden) isn't"),
        ("the list can't be used: 'a' and 'b' aren't", "the list can't be used: (hidden) and (hidden) aren't"),
    ],
)
def test_a_message_without_people(text: str, hushed: str) -> None:
    without_people = WithoutPeople().filters()["without_people"]
    assert without_people(text) == hushed
    assert without_people([text]) == [hushed]
    assert without_people(text, False) == text
