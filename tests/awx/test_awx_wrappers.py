# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every wrapper as a job: which credentials, which answers, check mode, what is handed on, what is never shown."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import ansible
import pytest

from ansible_collections.applivery.distribution.tests.awx.jobs import Awx, Job
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import ROOT, TEMPLATES

RELEASE, ONBOARD, OFFBOARD, REPORT = (
    f"Applivery {name}" for name in ("release", "onboard testers", "offboard testers", "access report")
)
REQUIRED: dict[str, dict[str, Any]] = {
    RELEASE: {"applivery_publication": "field-test"},
    ONBOARD: {"applivery_publication": "field-test", "applivery_testers": "ana@north.example\nbo@south.example"},
    OFFBOARD: {"applivery_publication": "field-test", "applivery_testers": "j.smith@agency.example"},
    REPORT: {},
}
NEWER_CORE = tuple(map(int, ansible.__version__.split(".")[:2])) >= (2, 19) if hasattr(ansible, "__version__") else True


def optional(template: str) -> dict[str, Any]:
    """Every optional answer, empty the way AWX hands it over."""
    questions = [question for question in TEMPLATES[template]["survey_spec"]["spec"] if not question["required"]]
    return {question["variable"]: [] if question["type"] == "multiselect" else "" for question in questions}


def guarded(awx: Awx, slug: str) -> Any:
    """The one publication with this slug, with an end so that testers have one."""
    (found,) = [item for item in awx.sim.publications.values() if item["slug"] == slug]
    return found


def close(awx: Awx) -> dict[str, Any]:
    """Give the publication everything that guards access, and return it as it is then."""
    publication = guarded(awx, "field-test")
    publication.update(
        expirationDate="2031-12-31T23:59:59.000Z",
        activateUserAudiences=True,
        userAudienceMap=[{"id": "64b7f0c2a1d3e4f5a6b7c8d9", "notifyNewBuildsProcessed": False}],
        hideAttachedFiles=True,
    )
    return json.loads(json.dumps(publication))


def succeeded(job: Job) -> Job:
    assert job.status == "successful", job.output[-6000:]
    return job


GUARDS = [
    "slug",
    "visibility",
    "security",
    "groups",
    "activateUserAudiences",
    "userAudienceMap",
    "allowedCountries",
    "blockedCountries",
    "expirationDate",
    "terms",
    "configuration",
    "tags",
    "showHistory",
    "showDevInfo",
    "hideAttachedFiles",
]


@pytest.mark.parametrize(
    ("template", "answers"),
    [
        (template, answers)
        for template in REQUIRED
        for answers in ("missing", "empty", "none")
        # Empty text and null take one way in the playbooks, and the release has all of it.
        if answers == "missing" or template == RELEASE or (answers == "empty" and optional(template))
    ],
)
def test_an_unanswered_question_clears_and_opens_nothing(awx, template, answers):
    before = close(awx)
    unanswered = {} if answers == "missing" else optional(template)
    if answers == "none":
        unanswered = dict.fromkeys(unanswered)
    job = succeeded(
        awx.launch(template, {**unanswered, **REQUIRED[template]}, awx.service_account(application="example-app"))
    )
    after = guarded(awx, "field-test")
    assert {key: after.get(key) for key in GUARDS} == {key: before.get(key) for key in GUARDS}
    if template == ONBOARD:
        new = [user for user in awx.sim.otp_users.values() if user["email"] == "ana@north.example"]
        assert [user["allowedDownloadsNum"] for user in new] == [1], "one download, not any number"
        assert len(awx.sim.otp_users) == 4, "nobody else was removed"
    assert awx.sim.app_token not in job.everything()
    assert awx.sim.service_account_token not in job.everything()


@pytest.mark.parametrize("template", REQUIRED)
def test_check_mode_writes_nothing_and_says_what_a_run_does(awx, template):
    close(awx)
    credentials = awx.service_account(application="example-app")
    awx.sim.forget_requests()
    looked = succeeded(awx.launch(template, REQUIRED[template], credentials, check=True))
    assert [request.path for request in awx.sim.writes] == []
    done = succeeded(awx.launch(template, REQUIRED[template], credentials))
    if template == REPORT:
        assert looked.artifacts == done.artifacts
        assert awx.sim.writes == []
    else:
        # Offboarding fails for people who are on no list, unless that is said.
        lenient = {"applivery_strict": "false"} if template == OFFBOARD else {}
        again = succeeded(awx.launch(template, {**REQUIRED[template], **lenient}, credentials))
        (seen,), (made,), (then,) = (list(job.artifacts.values()) for job in (looked, done, again))
        assert (seen.pop("check_mode"), made.pop("check_mode"), then["check_mode"]) == (True, False, False)
        assert (seen, made["changed"], then["changed"]) == (made, True, False)
        assert awx.sim.writes != []


def test_a_release_with_one_the_other_and_both_credentials(awx):
    answers = {"applivery_publication": "field-test", "applivery_branch": "release/4.2", "applivery_platforms": ["ios"]}
    close(awx)
    app = succeeded(awx.launch(RELEASE, answers, awx.app_token()))
    assert any(request.path.startswith("/v1/integrations/") for request in awx.sim.writes)
    assert app.artifacts["applivery_release"]["changed"] is True
    awx.sim.forget_requests()
    workspace = succeeded(
        awx.launch(RELEASE, {**answers, "applivery_application": "example-app"}, awx.service_account())
    )
    assert workspace.artifacts["applivery_release"] == {**app.artifacts["applivery_release"], "changed": False}
    both = succeeded(awx.launch(RELEASE, answers, {**awx.app_token(), **awx.service_account()}))
    assert both.artifacts["applivery_release"]["changed"] is False
    assert awx.sim.writes == []


def test_a_release_without_any_credential_says_what_is_missing(awx):
    job = awx.launch(RELEASE, REQUIRED[RELEASE], {})
    assert job.status == "failed"
    assert "APPLIVERY_SERVICE_ACCOUNT_TOKEN" in job.output or "service_account_token" in job.output


@pytest.mark.parametrize("template", [ONBOARD, OFFBOARD, REPORT])
def test_testers_need_a_service_account_and_take_both(awx, template):
    close(awx)
    alone = awx.launch(template, REQUIRED[template], awx.app_token())
    assert alone.status == "failed"
    assert "service_account_token" in alone.output
    assert awx.sim.writes == []
    succeeded(awx.launch(template, REQUIRED[template], {**awx.app_token(), **awx.service_account()}))


def test_every_answer_arrives(awx):
    close(awx)
    answers = {
        "applivery_publication": "field-test",
        "applivery_application": "example-app",
        "applivery_platforms": ["ios"],
        "applivery_branch": "release/4.2",
        "applivery_build_version": "4.2.0",
        "applivery_version_name": '"1.10"',
        "applivery_tags": "beta external\n2026",
        "applivery_changelog": "First line: {{ 1 + 1 }}\n- second",
        "applivery_visibility": "unlisted",
        "applivery_expiration_date": "2032-01-31",
        "applivery_allowed_countries": "",
        "applivery_blocked_countries": '"NO"',
        "applivery_password": "",
        "applivery_unreturned_fields": "warn",
    }
    job = succeeded(awx.launch(RELEASE, answers, awx.service_account()))
    build = awx.sim.builds[job.artifacts["applivery_release"]["build_ids"]["ios"]]
    assert build["versionName"] == "1.10"
    assert set(build["tags"]) == {"candidate", "beta", "external", "2026"}
    assert build["changelog"] == "First line: {{ 1 + 1 }}\n- second"
    publication = guarded(awx, "field-test")
    assert publication["filter"] == {"type": "build", "ios": build["id"]}
    assert publication["visibility"] == "unlisted"
    assert publication["expirationDate"].startswith("2032-01-31T23:59:59")
    assert publication["blockedCountries"] == ["NO"]
    assert not publication.get("allowedCountries")


@pytest.mark.parametrize(
    ("variable", "typed"),
    [
        ("applivery_version_name", "1.10"),
        ("applivery_version_name", "12:30"),
        ("applivery_tags", "0x1F"),
        ("applivery_password", "01234567"),
        ("applivery_blocked_countries", "NO"),
    ],
)
def test_an_answer_that_ansible_changes_is_refused_rather_than_used(awx, variable, typed):
    close(awx)
    job = awx.launch(RELEASE, {**REQUIRED[RELEASE], variable: typed}, awx.service_account(application="example-app"))
    if NEWER_CORE:
        assert job.status == "failed"
        assert "double quotes" in job.output, job.output[-3000:]
        assert f"(item={variable})" in job.output
        assert awx.sim.writes == []
    else:
        succeeded(job)


def test_a_platform_that_is_not_released_keeps_its_build(awx):
    close(awx)
    credentials = awx.service_account(application="example-app")
    answers = {**REQUIRED[RELEASE], "applivery_branch": "release/4.2"}
    both = succeeded(awx.launch(RELEASE, answers, credentials)).artifacts["applivery_release"]["build_ids"]
    assert set(both) == {"ios", "android"}
    # The builds of that branch are older.
    back = {"applivery_allow_downgrade": True}
    answers = {**answers, "applivery_platforms": ["ios"], "applivery_branch": "main"}
    succeeded(awx.launch(RELEASE, answers, credentials, more=back))
    chosen = guarded(awx, "field-test")["filter"]
    assert chosen["android"] == both["android"]
    assert chosen["ios"] != both["ios"]


def newest(awx: Awx, system: str, branch: str) -> str:
    """The newest build of a branch."""
    fits = [
        (build["createdAt"], build["id"])
        for build in awx.sim.builds.values()
        if build["os"] == system and build["deployer"]["info"]["branch"] == branch
    ]
    return str(max(fits)[1])


def test_a_list_of_builds_keeps_what_is_not_released_and_stays_a_list(awx):
    publication = close(awx)
    old, console = newest(awx, "android", "main"), "64b7f0c2a1d3e4f5a6b7c8aa"
    pins = {"ios": newest(awx, "ios", "main"), "android": old, "ps5": console}
    chosen = {"type": "builds", "builds": [{"buildPlatform": system, "id": pins[system]} for system in pins]}
    awx.sim.publications[publication["id"]]["filter"] = chosen
    credentials = awx.service_account(application="example-app")
    # The build of the console is gone, which is nobody's business here.
    answers = {**REQUIRED[RELEASE], "applivery_platforms": ["ios"], "applivery_branch": "release/4.2"}
    succeeded(awx.launch(RELEASE, answers, credentials))
    now = guarded(awx, "field-test")["filter"]
    assert now["type"] == "builds"
    assert {item["buildPlatform"]: item["id"] for item in now["builds"]} == {
        "ios": newest(awx, "ios", "release/4.2"),
        "android": old,
        "ps5": console,
    }


def test_a_list_that_can_hold_no_windows_gives_way_to_one_build_for_each_platform(awx):
    publication = close(awx)
    old = newest(awx, "android", "main")
    for build in [build for build in awx.sim.builds.values() if build["os"] == "ios"]:
        build["os"] = "windows"
    awx.sim.publications[publication["id"]]["filter"] = {
        "type": "builds",
        "builds": [{"buildPlatform": "android", "id": old}],
    }
    answers = {**REQUIRED[RELEASE], "applivery_platforms": ["windows"]}
    succeeded(awx.launch(RELEASE, answers, awx.service_account(application="example-app")))
    assert guarded(awx, "field-test")["filter"] == {
        "type": "build",
        "android": old,
        "windows": newest(awx, "windows", "main"),
    }


def test_platforms_that_nobody_can_guess_have_to_be_named(awx):
    publication = close(awx)
    chosen = {"type": "builds", "builds": [{"buildPlatform": "ps5", "id": "64b7f0c2a1d3e4f5a6b7c8aa"}]}
    awx.sim.publications[publication["id"]]["filter"] = chosen
    job = awx.launch(RELEASE, REQUIRED[RELEASE], awx.service_account(application="example-app"))
    assert job.status == "failed"
    assert "pinned to ps5 alone; say what to release for" in job.output


def test_a_relaunch_with_the_same_answers_changes_nothing(awx):
    close(awx)
    credentials = awx.service_account(application="example-app")
    answers = {**REQUIRED[RELEASE], "applivery_build_version": "4.2.0", "applivery_version_name": '"1.10"'}
    first = succeeded(awx.launch(RELEASE, answers, credentials))
    pinned = guarded(awx, "field-test")["filter"]
    awx.sim.forget_requests()
    second = succeeded(awx.launch(RELEASE, answers, credentials))
    assert awx.sim.writes == []
    assert guarded(awx, "field-test")["filter"] == pinned
    assert second.artifacts["applivery_release"] == {**first.artifacts["applivery_release"], "changed": False}


def test_a_release_goes_back_only_when_it_is_told_to(awx):
    publication = close(awx)
    new, old = newest(awx, "ios", "main"), newest(awx, "ios", "release/4.2")
    new, old = (new, old) if awx.sim.builds[new]["createdAt"] > awx.sim.builds[old]["createdAt"] else (old, new)
    awx.sim.publications[publication["id"]]["filter"] = {"type": "build", "ios": new}
    credentials = awx.service_account(application="example-app")
    answers = {**REQUIRED[RELEASE], "applivery_branch": awx.sim.builds[old]["deployer"]["info"]["branch"]}
    refused = awx.launch(RELEASE, answers, credentials)
    assert refused.status == "failed"
    assert "allow_downgrade" in refused.output
    assert awx.sim.writes == []
    succeeded(awx.launch(RELEASE, answers, credentials, more={"applivery_allow_downgrade": True}))
    assert guarded(awx, "field-test")["filter"]["ios"] == old


@pytest.mark.parametrize("followed", ["gitBranch", "tag"])
def test_an_unanswered_branch_stays_with_what_the_publication_follows(awx, followed):
    publication = close(awx)
    value = {"gitBranch": "release/4.2", "tag": "candidate"}[followed]
    awx.sim.publications[publication["id"]]["filter"] = {"type": followed, "value": value}
    credentials = awx.service_account(application="example-app")
    succeeded(awx.launch(RELEASE, REQUIRED[RELEASE], credentials))
    expected = {system: newest(awx, system, "release/4.2") for system in ("ios", "android")}
    assert guarded(awx, "field-test")["filter"] == {"type": "build", **expected}
    # From now on it is pinned, and what it followed shows in its builds alone.
    awx.sim.forget_requests()
    succeeded(awx.launch(RELEASE, REQUIRED[RELEASE], credentials))
    assert awx.sim.writes == []


@pytest.mark.parametrize("settings", [{"group": [["testers"]]}, "groups"])
def test_a_setting_that_nothing_reads_is_refused(awx, settings):
    close(awx)
    credentials = awx.service_account(application="example-app")
    job = awx.launch(RELEASE, REQUIRED[RELEASE], credentials, more={"applivery_settings": settings})
    assert job.status == "failed"
    assert "release_settings" in job.output
    assert awx.sim.writes == []


def test_a_publication_with_a_password_needs_it_and_never_shows_it(awx):
    publication = close(awx)
    awx.sim.publications[publication["id"]].update(security="password", password="correct horse battery", groups=[])
    credentials = awx.service_account(application="example-app")
    label = {"applivery_version_name": "4.2 beta"}
    without = awx.launch(RELEASE, {**REQUIRED[RELEASE], **label, "applivery_password": ""}, credentials)
    assert without.status == "failed"
    # The builds neither: what can't be released is not labelled.
    assert awx.sim.writes == []
    given = succeeded(
        awx.launch(RELEASE, {**REQUIRED[RELEASE], "applivery_password": "correct horse battery"}, credentials)
    )
    assert guarded(awx, "field-test")["password"] == "correct horse battery"
    assert "correct horse" not in given.everything()


def test_a_new_publication_is_closed_until_somebody_opens_it(awx):
    credentials = awx.service_account(application="example-app")
    looked = succeeded(awx.launch(RELEASE, {"applivery_publication": "brand-new"}, credentials, check=True))
    assert [item for item in awx.sim.publications.values() if item["slug"] == "brand-new"] == []
    assert looked.artifacts["applivery_release"]["publication_id"] == ""
    succeeded(awx.launch(RELEASE, {"applivery_publication": "brand-new"}, credentials))
    made = guarded(awx, "brand-new")
    assert (made["security"], made["visibility"]) == ("logged", "unlisted")


def test_fields_that_the_server_hides_stop_a_release_until_they_are_named(awx):
    close(awx)
    awx.sim.set(hidden_fields=["allowedCountries", "blockedCountries"])
    credentials = awx.service_account(application="example-app")
    stopped = awx.launch(RELEASE, REQUIRED[RELEASE], credentials)
    assert stopped.status == "failed"
    assert "allowed_countries" in stopped.output
    assert awx.sim.writes == []
    named = {"applivery_settings": {"allowed_countries": ["DE", "AT"]}}
    succeeded(awx.launch(RELEASE, REQUIRED[RELEASE], credentials, more=named))
    assert set(guarded(awx, "field-test")["allowedCountries"]) == {"DE", "AT"}


def test_testers_by_csv_and_the_end_that_everybody_needs(awx):
    credentials = awx.service_account()
    csv = "studio,email,allowance,access_until\nNorth,ana@north.example,3,2031-05-01\nSouth,bo@south.example,,\n"
    endless = {"applivery_publication": "field-test", "applivery_testers": csv}
    refused = awx.launch(ONBOARD, endless, credentials)
    assert refused.status == "failed"
    assert "have no access_until" in refused.output
    assert "bo@south.example" not in refused.output, "nobody is named unless it is asked for"
    loud = awx.launch(ONBOARD, endless, credentials, more={"applivery_quiet": False})
    assert "bo@south.example" in loud.output
    assert awx.sim.writes == []
    job = succeeded(
        awx.launch(
            ONBOARD,
            {
                "applivery_publication": "field-test",
                "applivery_testers": csv,
                "applivery_allowance": 2,
                "applivery_access_until": "2031-06-01",
            },
            credentials,
        )
    )
    assert {
        user["email"]: user["allowedDownloadsNum"]
        for user in awx.sim.otp_users.values()
        if "north" in user["email"] or "south" in user["email"]
    } == {
        "ana@north.example": 3,
        "bo@south.example": 2,
    }
    handed_on = job.artifacts["applivery_onboarding"]
    assert handed_on["counts"]["created"] == 2
    assert "example" not in json.dumps({**handed_on, "publication": ""}), "counts, no addresses"


def test_testers_from_a_file_of_the_project_without_an_answer(awx):
    close(awx)
    job = succeeded(
        awx.launch(
            ONBOARD,
            {"applivery_publication": "field-test", "applivery_testers": ""},
            awx.service_account(),
            more={
                "applivery_testers_file": "testers.csv",
                "applivery_report_dir": "reports",
                "applivery_admit": "once",
                "applivery_ledger": "ledger.json",
            },
            files={"testers.csv": "email,access_until\nana@north.example,2031-05-01\n"},
        )
    )
    assert job.artifacts["applivery_onboarding"]["counts"]["created"] == 1
    assert (job.folder / "project" / "reports" / "access-report.html").is_file()


def test_offboarding_reads_addresses_alone(awx):
    answers = {
        "applivery_publication": "field-test",
        "applivery_testers": "email,allowance,note\nj.smith@agency.example,0,gone",
    }
    job = succeeded(awx.launch(OFFBOARD, answers, awx.service_account()))
    assert job.artifacts["applivery_offboarding"]["counts"]["removed"] == 1


def test_a_report_goes_where_the_caller_says_and_shows_nobody_in_the_output(awx):
    close(awx)
    job = succeeded(
        awx.launch(REPORT, {"applivery_report_dir": "./reports"}, awx.service_account(), quietly=True),
    )
    page = job.folder / "project" / "reports" / "access-report.html"
    assert "j.smith@agency.example" in page.read_text()
    assert str(page) in job.output
    assert "People outside who can enter: 2" in job.output
    assert "@" not in job.output


ABOUT_PEOPLE: dict[str, tuple[str, dict[str, Any], str]] = {
    ONBOARD: (
        "successful",
        {"applivery_admit": "once", "applivery_ledger": "ledger.json"},
        "email,access_until\nana@north.example,2031-05-01\n",
    ),
    OFFBOARD: ("successful", {}, "email\nj.smith@agency.example\n"),
    f"{OFFBOARD}, of somebody who was not there": ("failed", {}, "email\nana@north.example\n"),
    f"{ONBOARD}, of somebody without an end": ("failed", {}, "email\nana@north.example\n"),
    "Applivery end access": ("successful", {}, "email,access_until\nj.smith@agency.example,2020-01-31\n"),
    REPORT: ("successful", {"applivery_testers_file": ""}, ""),
}


@pytest.mark.parametrize("case", ABOUT_PEOPLE)
def test_no_job_event_names_anybody(awx, case):
    close(awx)
    status, answers, people = ABOUT_PEOPLE[case]
    if "without an end" in case:
        guarded(awx, "field-test")["expirationDate"] = None
    given = {"applivery_publication": "field-test", "applivery_testers_file": "people.csv", **answers}
    job = awx.launch(
        case.split(",")[0], given, awx.service_account(), files={"people.csv": people or "email\n"}, quietly=True
    )
    assert job.status == status, job.output[-3000:]
    assert bool(job.changed) == (status == "successful"), "a report is a file that changes"
    assert len(job.events) > 10
    assert "@" not in json.dumps(job.events)


@pytest.mark.parametrize("check", [True, False])
def test_a_report_on_what_is_not_there_fails(awx, check):
    job = awx.launch(REPORT, {"applivery_publication": "feild-test"}, awx.service_account(), check=check)
    assert job.status == "failed"
    assert "There is no publication feild-test" in job.output


def test_the_workflow_from_release_to_report(awx):
    """What each job hands on becomes extra variables of the next, as AWX does it."""
    close(awx)
    credentials = awx.service_account(application="example-app")
    answers = {**REQUIRED[ONBOARD], "applivery_branch": "release/4.2", "applivery_access_until": "2031-05-01"}
    for template in (RELEASE, ONBOARD, REPORT):
        answers.update(succeeded(awx.launch(template, answers, credentials)).artifacts)
    assert answers["applivery_access_report"]["people_outside"] == 4
    report = json.loads((awx.tmp_path / "job3" / "home" / "access-report" / "access-report.json").read_text())
    (publication,) = report["report"]["publications"]
    assert [person["email"] for person in publication["testers"]][:2] == ["ana@north.example", "bo@south.example"]


def test_configuring_awx_without_its_collection_says_so(awx):
    TEMPLATES["configure"] = {"playbook": "awx/project/awx_configure.yml"}
    try:
        job = awx.launch("configure", {}, {})
    finally:
        del TEMPLATES["configure"]
    assert job.status == "failed"
    assert "The collection awx.awx is not installed" in job.output


def test_configuring_awx_finds_its_collection_without_programs_on_the_path(tmp_path):
    """Also when it is an ansible.cfg of the caller that says where collections are."""
    modules = tmp_path / "more" / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    (modules / "job_template.py").write_text(
        'DOCUMENTATION = "{module: job_template, short_description: x, description: x, author: x}"\n'
    )
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {ROOT.parents[2]}:{tmp_path / 'more'}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "applivery.distribution.awx_configure"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = ran.stdout + ran.stderr
    assert "Make what the file describes" in output, output
    assert "awx.awx is not installed" not in output
