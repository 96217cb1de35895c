# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export, apply, drift and restore without Ansible around them, over real HTTP, in every world of the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._build.run import DEFINITION as BUILD
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Definition, Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import DEFINITION as OTP_USER
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import DEFINITION as PUBLICATION
from ansible_collections.applivery.distribution.plugins.plugin_utils import _apply, _export
from ansible_collections.applivery.distribution.plugins.plugin_utils._documents import filled
from ansible_collections.applivery.distribution.tests.unit.simulator.test_contract import worlds
from applivery_simulator import Simulator


class Code:
    """A folder of files and a simulator."""

    def __init__(self, sim: Simulator, root: Path) -> None:
        self.sim = sim
        self.root = root
        self.folder = root / "applivery"
        self.warnings: list[str] = []
        self.connection: dict[str, Any] = {
            "api": "workspace",
            "token": sim.service_account_token,
            "organization": sim.organization["slug"],
            "api_url": sim.url,
            "upload_url": sim.url,
        }

    def run(self, definition: Definition, check: bool = False, **options: Any) -> Outcome:
        self.warnings.clear()
        self.sim.forget_requests()
        api = connect(Connection(**self.connection), self.warnings.append, backoff=0.001)
        return definition.run(Task(filled(definition.spec, options), api, check, self.warnings.append))

    def export(self, check: bool = False, **options: Any) -> Outcome:
        return self.run(_export.DEFINITION, check, folder=str(self.folder), **{"people": True, **options})

    def apply(self, check: bool = False, **options: Any) -> Outcome:
        given = options if "saved" in options else {"folder": str(self.folder), **options}
        return self.run(_apply.DEFINITION, check, **given)

    def content(self) -> dict[str, str]:
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text(encoding="utf-8") for path in paths}

    def edit(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.folder / name
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    def save(self, *results: Any) -> str:
        path = self.root / "saved.json"
        path.write_text(json.dumps(list(results)), encoding="utf-8")
        return str(path)


@pytest.fixture
def code(simulator: Callable[..., Simulator], tmp_path: Path) -> Callable[..., Code]:
    def start(**options: Any) -> Code:
        return Code(simulator(**options), tmp_path)

    return start


def furnish(sim: Simulator) -> None:
    """Fill a workspace with everything that a publication may hold."""
    builds = [sim.add_build(os=system)["id"] for system in ("ios", "android")]
    audience = "0123456789abcdef01234567"
    sim.add_publication(
        slug="full",
        security="logged",
        groups=[["a", "b"], ["c"]],
        activateUserAudiences=True,
        userAudienceMap=[{"id": audience, "notifyNewBuildsProcessed": True}],
        allowedCountries=["DE", "AT"],
        tags=["1.10", "no", "ünï"],
        expirationDate="2031-01-01T10:00:00.000Z",
        terms={"active": True, "text": "Read this.\nTwice {{ x }}."},
        configuration={"application": {"name": "Full"}, "branding": {"primaryColor": "#aAbBcC"}},
        filter={"type": "builds", "builds": [{"buildPlatform": "ios", "id": builds[0]}]},
        showHistory=False,
    )
    sim.add_publication(slug="locked", security="password", password="canary-password")
    sim.add_publication(slug="pinned", filter={"type": "build", "android": builds[1]}, blockedCountries=["US"])
    full = next(item["id"] for item in sim.publications.values() if item["slug"] == "full")
    sim.add_otp_user(publishedApplicationId=full, email="Ana@studio.example", temporal=False)
    sim.add_otp_user(publishedApplicationId=full, email="ben@studio.example", singleUse=True, temporal=False)


def truth(sim: Simulator) -> str:
    """Everything that is stored, without the order that reading may shuffle."""
    return json.dumps([sim.publications, dict(sim.otp_users)], sort_keys=True, default=str)


@pytest.mark.parametrize(("profile", "switches"), worlds(), ids=str)
def test_what_was_exported_is_what_is_there(code: Callable[..., Code], profile: str, switches: dict[str, Any]) -> None:
    here = code(profile=profile)
    furnish(here.sim)
    here.sim.set(**{name: value for name, value in switches.items() if name not in ("rate", "permissions", "limits")})
    before = truth(here.sim)
    assert here.export(check=True).changed
    assert not here.folder.exists()
    assert here.export().changed
    first = here.content()
    assert {"publications/full.yml", "publications/locked.yml", "publications/pinned.yml"} <= set(first)
    assert "canary-password" not in "".join(first.values())
    assert not here.export().changed
    assert here.content() == first
    outcome = here.apply()
    assert (outcome.changed, outcome.error, here.sim.writes) == (False, None, [])
    assert not outcome.result["differs"]
    assert truth(here.sim) == before


@pytest.mark.parametrize("blocked", [["FR"], ["ES", "FR"]])
@pytest.mark.parametrize("country_lists", ["strict", "strictest", "accepted"])
def test_of_two_country_lists_the_one_that_keeps_more_people_out_is_declared(
    code: Callable[..., Code], blocked: list[str], country_lists: str
) -> None:
    """Some servers store both; a task can name one, and that clears the other."""
    files = code(switches={"country_lists": country_lists})
    made = files.sim.add_publication(
        slug="both-lists", security="public", allowedCountries=["ES"], blockedCountries=blocked, groups=[]
    )
    files.export()
    text = files.content()["publications/both-lists.yml"]
    assert "# blocked_countries: [" in text
    assert yaml.safe_load(text)["publication"]["allowed_countries"] == ["ES"]
    files.apply(unreturned_fields="warn")
    assert not [text for text in files.warnings if "lets more people in" in text and blocked == ["FR"]]
    assert files.sim.publications[made["id"]]["allowedCountries"] == ["ES"]
    assert files.apply(unreturned_fields="warn").result["differs"] is False


def test_addresses_only_when_asked_for(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    here.export(people=False)
    assert not [name for name in here.content() if name.startswith("testers")]
    assert "studio.example" not in "".join(here.content().values())
    here.export()
    assert yaml.safe_load(here.content()["testers/full.yml"])["users"][0]["email"] == "Ana@studio.example"


def test_a_file_says_what_it_does_not_know(code: Callable[..., Code]) -> None:
    here = code(switches={"hidden_fields": ["allowedCountries"], "extra_security": ["private"]})
    here.sim.add_publication(slug="odd", security="private", filter={"type": "channel", "value": "x"})
    here.export()
    text = here.content()["publications/odd.yml"]
    assert "# allowed_countries: not shown by the server" in text
    assert "# security: 'private' can't be declared" in text
    assert "# filter: {'type': 'channel', 'value': 'x'} can't be declared" in text
    assert yaml.safe_load(text)["publication"].keys() & {"security", "filter", "allowed_countries"} == set()
    assert not here.apply().changed


def test_ids_of_builds_say_which_build_it_is(code: Callable[..., Code]) -> None:
    here = code()
    build = here.sim.add_build(versionName="4.2.0", versionCode="42")
    here.sim.add_publication(slug="one", filter={"type": "build", "ios": build["id"]})
    here.sim.add_publication(slug="two", filter={"type": "build", "ios": "f" * 24})
    here.export()
    assert f"ios: {build['id']}  # 4.2.0, 42, ios, processed" in here.content()["publications/one.yml"]
    assert "# this build is gone" in here.content()["publications/two.yml"]


def test_slugs_that_differ_in_case_have_files_of_their_own(code: Callable[..., Code]) -> None:
    here = code()
    for slug in ("Beta", "beta"):
        here.sim.add_publication(slug=slug)
    here.export()
    names = [name for name in here.content() if name.startswith("publications")]
    assert len({name.lower() for name in names}) == 2
    assert not here.apply().changed


# Drift and apply ------------------------------------------------------------------------------------------------------


def test_a_change_by_hand_is_found_and_mended(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    here.export()
    full = next(item for item in here.sim.publications.values() if item["slug"] == "full")
    here.sim.change(full["id"], allowedCountries=[], tags=["clicked"])
    drift = here.apply(check=True)
    assert here.sim.writes == []
    assert drift.result["differs"]
    (entry,) = [item for item in drift.result["results"] if item["action"] != "unchanged"]
    assert (entry["file"], entry["action"]) == ("publications/full.yml", "updated")
    assert entry["changes"]["tags"] == {"found": ["clicked"], "declared": ["1.10", "no", "ünï"]}
    assert entry["since"] == full["updatedAt"]
    done = here.apply()
    assert (done.before, done.after) == (drift.before, drift.after)
    assert full["allowedCountries"] == ["AT", "DE"]
    assert not here.apply().changed
    assert here.sim.writes == []


def test_what_no_file_is_about(code: Callable[..., Code]) -> None:
    here = code()
    here.sim.add_publication(slug="known")
    here.export()
    here.sim.add_publication(slug="clicked")
    outcome = here.apply(check=True)
    assert [item["slug"] for item in outcome.result["undeclared"]] == ["clicked"]
    assert (outcome.result["differs"], outcome.error) == (False, None)
    outcome = here.apply(check=True, undeclared="fail")
    assert outcome.result["differs"]
    assert "clicked" in str(outcome.error)
    assert here.apply(undeclared="ignore").result["undeclared"] == []


def test_people_come_after_their_publication(code: Callable[..., Code]) -> None:
    here = code()
    for kind, content in {
        "publications/new.yml": {
            "publication": {
                "slug": "new",
                "visibility": "active",
                "security": "logged",
                "filter": {"type": "last"},
            },
            "application": here.sim.application["slug"],
        },
        "testers/new.yml": {"publication": "new", "emails": ["ana@studio.example"]},
    }.items():
        path = here.folder / kind
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    foretold = here.apply(check=True)
    assert [item["action"] for item in foretold.result["results"]] == ["created", "updated"]
    done = here.apply()
    assert done.error is None
    assert [item["action"] for item in done.result["results"]] == ["created", "updated"]
    (user,) = here.sim.otp_users.values()
    assert here.sim.publications[user["publishedApplicationId"]]["slug"] == "new"
    assert "ana@studio.example" not in json.dumps(done.result)
    assert not here.apply().changed


def test_one_that_fails_does_not_stop_the_others(code: Callable[..., Code]) -> None:
    here = code()
    for slug in ("aaa", "bbb", "ccc"):
        here.sim.add_publication(slug=slug)
    here.sim.add_otp_user()
    here.export()
    for slug in ("aaa", "bbb", "ccc"):
        here.edit(f"publications/{slug}.yml", lambda content: content["publication"].update(tags=["x"]))
    here.edit("testers/aaa.yml", lambda content: content["users"].append({"email": "new@x.example"}))
    here.sim.fault("status", method="PUT", status=400, code=6001, message="no")
    outcome = here.apply()
    assert {item["file"]: item["action"] for item in outcome.result["results"]} == {
        "publications/aaa.yml": "failed",
        "publications/bbb.yml": "updated",
        "publications/ccc.yml": "updated",
        "testers/aaa.yml": "failed",
    }
    assert outcome.changed
    assert "publications/aaa.yml" in str(outcome.error)
    assert [user["email"] for user in here.sim.otp_users.values()] == ["tester1@simulator.example"]


def test_passwords_are_asked_for_by_name(code: Callable[..., Code]) -> None:
    here = code()
    locked = here.sim.add_publication(slug="my-beta", security="password", password="canary-password")
    here.export()
    assert (
        yaml.safe_load(here.content()["publications/my-beta.yml"])["password_variable"] == "applivery_password_my_beta"
    )
    here.edit("publications/my-beta.yml", lambda content: content["publication"].update(tags=["x"]))
    assert "password" in str(here.apply().error)
    outcome = here.apply(passwords={"applivery_password_my_beta": "canary-password"})
    assert outcome.error is None
    assert locked["tags"] == ["x"]
    assert "canary-password" not in json.dumps([outcome.result, outcome.before, outcome.after])


def test_an_app_token_does_as_well(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    here.connection.update(api="integrations", token=here.sim.app_token, organization=None)
    here.export(people=False)
    assert "organization" not in yaml.safe_load(here.content()["publications/full.yml"])
    assert not here.apply().changed


def test_only_one_application(code: Callable[..., Code]) -> None:
    here = code()
    other = here.sim.add_application(slug="other-app")
    here.sim.add_publication(slug="mine")
    here.sim.add_publication(slug="theirs", application=other["id"])
    here.connection["application"] = "other-app"
    assert here.export().result["files"] == ["publications/theirs.yml"]


def test_how_many_requests_it_takes(code: Callable[..., Code]) -> None:
    here = code()
    for _number in range(30):
        here.sim.add_publication()
    for number in range(40):
        here.sim.add_otp_user(publishedApplicationId=list(here.sim.publications)[number % 30])
    here.export()
    # The store, the list, each publication, the applications, the people.
    assert len(here.sim.requests) <= 30 + 4
    here.apply()
    # The list and each publication; the people once, however many lists there are.
    assert len(here.sim.requests) <= 30 + 4
    assert here.sim.writes == []


# Files that are wrong -------------------------------------------------------------------------------------------------


ONE, HEAD = "publications/a.yml", "publication:\n  slug: abc\n"
PEOPLE = "publication: abc\n"
WRONG = {
    "an unknown key": (ONE, HEAD + "  visability: active\n", "a.yml, line 3: publication.visability: unknown"),
    "a number": (ONE, "publication:\n  slug: 123\n", "line 2: publication.slug: 123 should be text; quote it"),
    "a version": (ONE, HEAD + "  tags:\n    - a\n    - 1.10\n", "line 5: publication.tags.1: 1.1 should be text"),
    "no choice": (ONE, HEAD + "  security: closed\n", "line 3: publication.security: 'closed' is none of"),
    "null": (ONE, HEAD + "  groups:\n", "line 3: publication.groups: has no value"),
    "no slug": (ONE, "publication: {}\n", "publication: slug is missing"),
    "a date": (ONE, HEAD + "  expiration_date: '31.12.2030'\n", "line 3: publication.expiration_date"),
    "no value": (ONE, HEAD + "  filter:\n    type: tag\n", "publication.filter.value"),
    "a surplus": (ONE, HEAD + "  filter:\n    type: last\n    value: x\n", "line 5: publication.filter.value"),
    "no YAML": (ONE, "publication: [\n", "publications/a.yml, line 2: no YAML"),
    "a list": (ONE, "- slug: abc\n", "line 1: [{'slug': 'abc'}] should be keys"),
    "another organization": (ONE, "organization: elsewhere\n" + HEAD, "it is for the organization elsewhere"),
    "another ending": ("publications/a.txt", "x", "publications/a.txt: neither .yml nor .yaml"),
    "no address": ("testers/a.yml", PEOPLE + "emails: [nobody]\n", "testers/a.yml, line 2"),
    "no number": (
        "testers/a.yml",
        PEOPLE + "users:\n  - email: a@x.example\n    allowed_downloads: many\n",
        "line 4: users.0.allowed_downloads: 'many' should be a number",
    ),
    "a bad row": ("testers/a.csv", "email\nnobody\n", "testers/a.csv: Line 2"),
    "a variable": (ONE, HEAD + "password_variable: my password\n", "line 3: password_variable"),
    "a password": (ONE, HEAD + "  password: x\n", "line 3: publication.password: unknown"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_named_with_line_before_anything_is_sent(code: Callable[..., Code], name: str) -> None:
    here = code()
    file, text, told = WRONG[name]
    (here.folder / file).parent.mkdir(parents=True)
    (here.folder / file).write_text(text)
    with pytest.raises(InvalidInput) as refused:
        here.apply()
    assert told in refused.value.message
    assert here.sim.requests == []


@pytest.mark.parametrize("concurrency", [0, -1, 33])
def test_no_more_requests_at_once_than_are_possible(code: Callable[..., Code], concurrency: int) -> None:
    here = code()
    here.export()
    here.sim.forget_requests()
    for task in (here.export, here.apply):
        with pytest.raises(InvalidInput, match=r"^concurrency: "):
            task(concurrency=concurrency)
    assert here.sim.requests == []


def test_two_files_for_one_slug(code: Callable[..., Code]) -> None:
    here = code()
    (here.folder / "publications").mkdir(parents=True)
    for name in ("a", "b"):
        (here.folder / "publications" / f"{name}.yml").write_text("publication:\n  slug: abc\n")
    with pytest.raises(InvalidInput, match=r"publications/a\.yml and publications/b\.yml are about the same: abc"):
        here.apply()
    with pytest.raises(InvalidInput, match="there is no folder"):
        here.run(_apply.DEFINITION, folder=str(here.root / "nowhere"))


# Restore --------------------------------------------------------------------------------------------------------------


def test_a_publication_that_was_changed_comes_back(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    full = next(item for item in here.sim.publications.values() if item["slug"] == "full")
    before = {name: value for name, value in full.items() if name != "updatedAt"}
    done = here.run(PUBLICATION, slug="full", new_slug="other", tags=[], allowed_countries=[], filter={"type": "last"})
    saved = here.save({"results": [{"item": 1, **done.result}]})
    foretold = here.apply(check=True, saved=saved)
    assert here.sim.writes == []
    assert foretold.result["results"][0]["changes"]["tags"]["found"] is None
    assert here.apply(saved=saved).error is None
    assert full.pop("allowedCountries") == sorted(before.pop("allowedCountries"))
    full.pop("updatedAt")
    assert full == before


def test_a_publication_that_was_deleted_comes_back_with_another_id(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    done = here.run(PUBLICATION, slug="pinned", state="absent")
    outcome = here.apply(saved=here.save(done.result))
    assert outcome.error is None
    (entry,) = outcome.result["results"]
    assert entry["action"] == "created"
    again = next(item for item in here.sim.publications.values() if item["slug"] == "pinned")
    assert again["id"] == entry["publication_id"] != done.result["previous"]["id"]
    assert again["blockedCountries"] == ["US"]
    assert any("new id" in warning for warning in here.warnings)


def test_labels_of_a_build_come_back(code: Callable[..., Code]) -> None:
    here = code()
    build = here.sim.add_build(tags=["a"], changelog="Old.", metadata={"k": 1})
    here.connection["application"] = here.sim.application["slug"]
    done = here.run(BUILD, build_id=build["id"], tags=["b"], changelog="New.", metadata={"k": 2, "l": 3})
    assert here.apply(saved=here.save(done.result)).error is None
    assert (build["tags"], build["changelog"], build["metadata"]) == (["a"], "Old.", {"k": 1})


def test_people_who_were_removed_come_back(code: Callable[..., Code]) -> None:
    here = code()
    furnish(here.sim)
    done = here.run(OTP_USER, publication="full", emails=["ben@studio.example"], state="absent")
    assert len(here.sim.otp_users) == 1
    outcome = here.apply(saved=here.save(done.result))
    assert outcome.error is None
    ben = next(user for user in here.sim.otp_users.values() if user["email"] == "ben@studio.example")
    assert ben["allowedDownloadsNum"] == 1


def test_nothing_to_restore(code: Callable[..., Code]) -> None:
    here = code()
    with pytest.raises(InvalidInput, match="nothing to restore"):
        here.apply(saved=here.save({"changed": False}))
    with pytest.raises(InvalidInput, match="could not be read"):
        here.apply(saved=str(here.root / "nothing.json"))


def test_a_listing_that_breaks_is_no_folder(code: Callable[..., Code]) -> None:
    here = code()
    here.sim.add_publication()
    here.sim.fault("status", method="GET", path="pubApps", status=403, code=4003, times=None)
    with pytest.raises(AppliveryError):
        here.export()
    assert not here.folder.exists()
