# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every wrapper as a job: which credentials, which answers, check mode, what is handed on, what is never shown."""

from __future__ import annotations

import json
from typing import Any

import ansible
import pytest

from ansible_collections.applivery.distribution.tests.awx.jobs import Awx, Job
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import TEMPLATES

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
        awx.launch(template, {**REQUIRED[template], **unanswered}, awx.service_account(application="example-app"))
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
        again = succeeded(awx.launch(template, REQUIRED[template], credentials))
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
    ("variable", "typed"), [("applivery_version_name", "1.10"), ("applivery_blocked_countries", "NO")]
)
def test_an_answer_that_ansible_changes_is_refused_rather_than_used(awx, variable, typed):
    close(awx)
    job = awx.launch(RELEASE, {**REQUIRED[RELEASE], variable: typed}, awx.service_account(application="example-app"))
    if NEWER_CORE:
        assert job.status == "failed"
        assert "double quotes" in job.output, job.output[-3000:]
        assert awx.sim.writes == []
    else:
        succeeded(job)


def test_a_platform_that_is_not_released_keeps_its_build(awx):
    close(awx)
    credentials = awx.service_account(application="example-app")
    answers = {**REQUIRED[RELEASE], "applivery_branch": "release/4.2"}
    both = succeeded(awx.launch(RELEASE, answers, credentials)).artifacts["applivery_release"]["build_ids"]
    assert set(both) == {"ios", "android"}
    succeeded(awx.launch(RELEASE, {**answers, "applivery_platforms": ["ios"], "applivery_branch": "main"}, credentials))
    chosen = guarded(awx, "field-test")["filter"]
    assert chosen["android"] == both["android"]
    assert chosen["ios"] != both["ios"]


def test_a_publication_with_a_password_needs_it_and_never_shows_it(awx):
    publication = close(awx)
    awx.sim.publications[publication["id"]].update(security="password", password="correct horse battery", groups=[])
    credentials = awx.service_account(application="example-app")
    without = awx.launch(RELEASE, {**REQUIRED[RELEASE], "applivery_password": ""}, credentials)
    assert without.status == "failed"
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
    refused = awx.launch(ONBOARD, {"applivery_publication": "field-test", "applivery_testers": csv}, credentials)
    assert refused.status == "failed"
    assert "bo@south.example" in refused.output
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
