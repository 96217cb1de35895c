# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The templates beside release, onboarding, offboarding and report: each is played, looked at, and played again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.awx.jobs import Awx, Job
from ansible_collections.applivery.distribution.tests.awx.test_awx_wrappers import REQUIRED, close, guarded, succeeded
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import ROOT, SOURCE, TEMPLATES


def failed(job: Job, *words: str) -> Job:
    assert job.status == "failed", job.output[-3000:]
    assert [word for word in words if word not in job.output] == [], job.output[-3000:]
    return job


def silent(awx: Awx, job: Job) -> None:
    """Nothing was written since the log was last forgotten, and no token is anywhere in the job."""
    assert [request.path for request in awx.sim.writes] == []
    assert awx.sim.service_account_token not in job.everything()


def life(awx: Awx, template: str, answers: dict[str, Any], **how: Any) -> tuple[Job, Job]:
    """Check, run, run again: the prediction holds, and the second run writes nothing."""
    credentials = awx.service_account(application="example-app")
    awx.sim.forget_requests()
    looked = succeeded(awx.launch(template, answers, credentials, check=True, **how))
    silent(awx, looked)
    done = succeeded(awx.launch(template, answers, credentials, **how))
    assert (looked.changed, bool(awx.sim.writes)) == (done.changed, done.changed > 0)
    awx.sim.forget_requests()
    again = succeeded(awx.launch(template, answers, credentials, **how))
    silent(awx, again)
    assert again.changed == 0
    return done, again


def end_access(awx: Awx, template: str, _folder: Path) -> None:
    publication = guarded(awx, "field-test")
    gone, stays = (
        awx.sim.add_otp_user(email=f"{name}@x.example", publishedApplicationId=publication["id"]) for name in "ab"
    )
    lists = {
        "field-test.csv": "email,access_until\na@x.example,2020-01-31\nb@x.example,2099-12-31\nc@x.example,2099-12-31\n"
    }
    done, _again = life(awx, template, {"applivery_testers_dir": "."}, files=lists)
    assert gone["id"] not in awx.sim.otp_users
    assert stays["id"] in awx.sim.otp_users
    assert done.artifacts["applivery_ends"] == {"removed": 1, "changed": True, "check_mode": False}
    assert "@x.example" not in done.everything()
    assert not any(user["email"] == "c@x.example" for user in awx.sim.otp_users.values()), "nobody is let in"


def export(awx: Awx, template: str, folder: Path) -> None:
    close(awx)
    awx.sim.forget_requests()
    answers = {"applivery_dir": str(folder), "applivery_people": "true"}
    credentials = awx.service_account(application="example-app")
    looked = succeeded(awx.launch(template, answers, credentials, check=True))
    assert not folder.exists()
    done = succeeded(awx.launch(template, answers, credentials))
    written = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.yml")}
    assert "publications/field-test.yml" in written
    again = succeeded(awx.launch(template, answers, credentials))
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.yml")} == written
    assert (looked.changed > 0, done.changed > 0, again.changed) == (True, True, 0)
    silent(awx, done)


def drift(awx: Awx, template: str, folder: Path) -> None:
    credentials = written_down(awx, folder)
    answers = {"applivery_dir": str(folder), "applivery_report_dir": str(folder / "report")}
    same = succeeded(awx.launch(template, answers, credentials))
    assert same.artifacts["applivery_drift"]["differs"] is False
    guarded(awx, "field-test")["visibility"] = "inactive"
    for check in (True, False):
        differs = failed(awx.launch(template, answers, credentials, check=check), "DRIFT")
        assert differs.artifacts["applivery_drift"]["differs"] is True
    assert "inactive" in (folder / "report" / "drift.html").read_text()
    silent(awx, differs)


def apply(awx: Awx, template: str, folder: Path) -> None:
    written_down(awx, folder)
    before = json.loads(json.dumps(guarded(awx, "field-test")))
    guarded(awx, "field-test").update(visibility="inactive", expirationDate="2040-01-31T00:00:00.000Z")
    answers = {"applivery_dir": str(folder), "applivery_undeclared": ""}
    life(awx, template, answers)
    after = guarded(awx, "field-test")
    assert after["visibility"] == before["visibility"]
    assert after["expirationDate"].startswith("2031-12-31T23:59:59")


def written_down(awx: Awx, folder: Path) -> dict[str, str]:
    """Put everything into files, as the export does; returns the credentials for what comes then."""
    close(awx)
    credentials = awx.service_account(application="example-app")
    succeeded(awx.launch("Applivery export", {"applivery_dir": str(folder)}, credentials))
    awx.sim.forget_requests()
    return credentials


def prune(awx: Awx, template: str, _folder: Path) -> None:
    publication = close(awx)
    old = awx.sim.add_build(os="ios", createdAt="2020-01-01T00:00:00.000Z")
    pinned = awx.sim.add_build(os="ios", createdAt="2020-01-02T00:00:00.000Z")
    awx.sim.publications[publication["id"]]["filter"] = {"type": "build", "ios": pinned["id"]}
    life(awx, template, {"applivery_older_than": "2000", "applivery_keep_newest": "", "applivery_max_removals": "1"})
    assert old["id"] not in awx.sim.builds
    assert pinned["id"] in awx.sim.builds


def fleet(awx: Awx, template: str, folder: Path) -> None:
    for number in range(3):
        slug = f"app-{number}"
        application = awx.sim.add_application(slug=slug)
        awx.sim.add_build(application=application["id"], os="ios")
        awx.sim.add_publication(slug=f"{slug}-beta", application=application["id"], filter={"type": "last"})
    hosts = synchronised(awx, folder)
    assert len(hosts) == 4
    answers = {"applivery_platforms": ["ios"], "applivery_unreturned_fields": "warn"}
    # The demo's own application has no publication of that name, so a limit leaves it out.
    limited = {name: known for name, known in hosts.items() if "app-" in name and "example" not in name}
    slices = TEMPLATES[template]["job_slice_count"]
    for number in range(slices):
        part = dict(list(limited.items())[number::slices])
        assert len(part) == 1
        life(awx, template, answers, hosts=part)
    for slug in ("app-0-beta", "app-1-beta", "app-2-beta"):
        assert guarded(awx, slug)["filter"]["type"] == "build"


def synchronised(awx: Awx, folder: Path) -> dict[str, dict[str, Any]]:
    """The hosts that AWX takes from its source: the output of ansible-inventory with the credential of the source."""
    (source,) = SOURCE["controller_inventory_sources"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-inventory")),
            "-i",
            ROOT / source["source_path"],
            "--list",
            "--export",
        ],
        env={
            **os.environ,
            **awx.service_account(),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_LOCAL_TEMP": str(folder),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout)["_meta"]["hostvars"])


PLAYED: dict[str, Callable[[Awx, str, Path], None]] = {
    "Applivery end access": end_access,
    "Applivery export": export,
    "Applivery drift": drift,
    "Applivery apply": apply,
    "Applivery prune builds": prune,
    "Applivery release of many applications": fleet,
}


def test_every_template_is_played():
    assert sorted([*PLAYED, *REQUIRED]) == sorted(TEMPLATES)


@pytest.mark.parametrize("template", PLAYED)
def test_a_template_from_a_first_look_to_a_second_run(awx, tmp_path, template):
    PLAYED[template](awx, template, tmp_path / "exposed")


SCHEDULES = {item["name"]: item for item in SOURCE["controller_schedules"]}
LISTS = {
    "testers.csv": "email\nnew@x.example\n",
    "testers/my-app-beta.csv": "email,access_until\nover@x.example,2020-01-31\n",
    "leavers.csv": "email\ngone@x.example\n",
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_does_its_work_once_and_then_nothing(awx, tmp_path, name):
    folder = tmp_path / "exposed"
    folder.mkdir()
    # Of a publication whose guards the server shows, as it does once they are set.
    guards = {"allowedCountries": ["ES"], "activateUserAudiences": True}
    for slug in ("my-app-nightly", "my-app-beta"):
        publication = awx.sim.add_publication(
            slug=slug,
            expirationDate="2099-12-31T23:59:59.000Z",
            userAudienceMap=[{"id": "64b7f0c2a1d3e4f5a6b7c8d9", "notifyNewBuildsProcessed": False}],
            **guards,
        )
    for who in ("over", "gone"):
        awx.sim.add_otp_user(email=f"{who}@x.example", publishedApplicationId=publication["id"])
    for system in ("ios", "android"):
        awx.sim.add_build(os=system, deployer={"name": "ci", "info": {"branch": "main"}})
    for day in range(21):
        awx.sim.add_build(os="ios", createdAt=f"2020-01-{day + 1:02}T00:00:00.000Z")
    exported = tmp_path / "applivery"
    written_down(awx, exported)
    files = {f"applivery/{path.relative_to(exported)}": path.read_text() for path in exported.rglob("*.yml")}
    schedule = SCHEDULES[name]
    answers = json.loads(json.dumps(schedule["extra_data"]).replace("/srv/applivery", str(folder)))
    credentials = awx.service_account(application="example-app")
    template = schedule["unified_job_template"]
    first = succeeded(awx.launch(template, answers, credentials, files={**LISTS, **files}))
    awx.sim.forget_requests()
    second = succeeded(awx.launch(template, answers, credentials, files={**LISTS, **files}))
    silent(awx, second)
    looks = ("Applivery drift", "Applivery access report")
    assert template in looks or (first.changed > 0, second.changed) == (True, 0)
