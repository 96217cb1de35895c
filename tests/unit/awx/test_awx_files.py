# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files for AWX obey its rules, agree with each other, and hold no secret."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.tests.unit.awx import rules

ROOT = Path(__file__).resolve().parents[3]
_SPEC = importlib.util.spec_from_file_location("awx_export", ROOT / "tools" / "awx_export.py")
awx_export = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(awx_export)

SOURCE = awx_export.load()
TYPES = {item["name"]: item for item in SOURCE["controller_credential_types"]}
TEMPLATES = {item["name"]: item for item in SOURCE["controller_templates"]}
APP_TOKEN, SERVICE_ACCOUNT = TYPES["Applivery App Token"], TYPES["Applivery Service Account"]
# A play or an import at the start of a list entry is what AWX looks for in a project.
PLAY = re.compile(r"^\s*-?\s*(hosts|(ansible\.builtin\.)?import_playbook):", re.MULTILINE)
PLAYBOOKS = {str(path.relative_to(ROOT)) for path in (ROOT / "awx").rglob("*.yml") if PLAY.search(path.read_text())}


@pytest.mark.parametrize("item", TYPES.values(), ids=TYPES)
def test_credential_types_obey_the_rules(item):
    assert rules.credential_type_problems(item) == []
    # Environment variables are always text; extra variables would be typed by newer cores.
    assert set(item["injectors"]) == {"env"}
    for field in item["inputs"]["fields"]:
        assert field.get("help_text")
        assert bool(field.get("secret")) == field["id"].endswith("_token")
        # An unset boolean is injected as False: it would switch off what nobody touched.
        assert field.get("type", "string") == "string"
    # AWX masks a variable whose name holds TOKEN in what it stores of a job.
    assert all("TOKEN" in name for name, template in item["injectors"]["env"].items() if "token" in template)


def test_both_credentials_fit_on_one_template():
    first, second = (set(item["injectors"]["env"]) for item in TYPES.values())
    assert first & second == set()
    assert len({item["name"] for item in TYPES.values()}) == 2


def test_every_injected_variable_is_one_that_the_modules_read():
    fragment = "".join(path.read_text() for path in (ROOT / "plugins").rglob("*.py"))
    for item in TYPES.values():
        for name in item["injectors"]["env"]:
            assert re.search(rf"\b{name}\b", fragment), name


def test_what_a_job_gets():
    given = rules.injected(APP_TOKEN, {"app_token": "t"})
    assert given == {"APPLIVERY_APP_TOKEN": "t", "APPLIVERY_APP_API_URL": "", "APPLIVERY_APP_UPLOAD_URL": ""}
    given = rules.injected(SERVICE_ACCOUNT, {"service_account_token": "s", "organization": "acme"})
    assert given.pop("APPLIVERY_SERVICE_ACCOUNT_TOKEN") == "s"
    assert given.pop("APPLIVERY_ORGANIZATION") == "acme"
    assert set(given.values()) == {""}


@pytest.mark.parametrize("item", TEMPLATES.values(), ids=TEMPLATES)
def test_templates_obey_the_rules(item):
    assert rules.template_problems(item, PLAYBOOKS) == []
    assert item["project"] in {project["name"] for project in SOURCE["controller_projects"]}
    assert item["inventory"] in {inventory["name"] for inventory in SOURCE["controller_inventories"]}
    assert item["execution_environment"] in {
        environment["name"] for environment in SOURCE["controller_execution_environments"]
    }
    assert item["ask_job_type_on_launch"], "check mode from the launch dialogue"
    assert item["ask_diff_mode_on_launch"]


@pytest.mark.parametrize("item", TEMPLATES.values(), ids=TEMPLATES)
def test_an_optional_answer_has_no_default_that_changes_anything(item):
    for question in item["survey_spec"]["spec"]:
        harmless = ("", None) if question["variable"] != "applivery_allowance" else (1,)
        assert question.get("default") in harmless, question["variable"]


@pytest.mark.parametrize("item", TEMPLATES.values(), ids=TEMPLATES)
def test_the_playbook_reads_and_documents_every_answer(item):
    text = (ROOT / "playbooks" / Path(item["playbook"]).name).read_text()
    comment, plays = text.split("\n- name:", 1)
    for question in item["survey_spec"]["spec"]:
        variable = question["variable"]
        if variable != "applivery_application":
            assert f"#   {variable}" in comment or f", {variable}" in comment, variable
        guarded = re.findall(
            rf"\b{variable} \| default\([^)]*, true\)|\b{variable} \| default\(''\) \| (?:applivery|string)", plays
        )
        assert guarded, f"{variable} must be read with a default"
        assert len(re.findall(rf"\b{variable}\b(?! ?\.)", plays)) >= len(guarded)


def test_what_is_true_unless_said_otherwise_can_be_switched_off():
    """AWX hands ``false`` on as a truth, which "default(true, true)" would turn into true."""
    for path in (ROOT / "playbooks").glob("*.yml"):
        assert "default(true, true)" not in path.read_text(), path.name


# A number, a date or a time would be another word than the one that was typed.
EXACT = ("publication", "branch", "build_version", "version_name", "tags", "changelog", "password", "studio")


@pytest.mark.parametrize("name", EXACT)
def test_text_that_must_be_as_typed_is_read_so_and_the_question_says_how(name):
    for path in (ROOT / "playbooks").glob("*.yml"):
        reads = re.findall(rf"\bapplivery_{name} \| default\(''\) \| [\w.]+(.*)", path.read_text())
        assert all(rest.startswith("(exact=true)") for rest in reads), path.name
    for item in [*TEMPLATES.values(), *SOURCE["controller_workflows"]]:
        for question in item["survey_spec"]["spec"]:
            if question["variable"] == f"applivery_{name}" and name != "publication":
                assert "double quotes" in question["question_description"]


@pytest.mark.parametrize("name", ["expiration_date", "access_until"])
def test_a_time_is_read_as_one(name):
    text = "".join(path.read_text() for path in (ROOT / "playbooks").glob("*.yml"))
    reads = re.findall(rf"\bapplivery_{name} \| default\(''\) \| [\w.]+(.*)", text)
    assert reads
    assert all(rest.startswith("(moment=true)") for rest in reads)


def test_a_release_knows_exactly_the_settings_that_it_passes_on():
    role = ROOT / "roles" / "release"
    module = "applivery.distribution.applivery_publication"
    tasks = yaml.safe_load((role / "tasks" / "main.yml").read_text())
    (task,) = [task for task in tasks if module in task]
    passed = {name for name, value in task[module].items() if f"release_settings.{name} " in str(value)}
    spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert passed == set(spec["release_settings"]["options"])
    # What a publication has and a release does not set has a variable of its own, or is no business of a release.
    own = {"slug", "visibility", "security", "password", "filter"}
    assert passed | own == {entry.option for entry in PUBLICATION_FIELDS}
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text()
    assert [name for name in passed if f"``{name}``" not in guide] == []


def test_a_release_runs_where_its_hosts_are():
    (play,) = yaml.safe_load((ROOT / "playbooks" / "release.yml").read_text())
    assert play["hosts"] == "{{ applivery_hosts | default('localhost', true) }}"
    assert not any("run_once" in task for task in play["tasks"])


def test_testers_may_come_from_a_file_where_a_template_is_scheduled():
    required = {
        name: question["required"]
        for name, item in TEMPLATES.items()
        for question in item["survey_spec"]["spec"]
        if question["variable"] == "applivery_testers"
    }
    assert required == {"Applivery onboard testers": False, "Applivery offboard testers": False}


@pytest.mark.parametrize("item", SOURCE["controller_schedules"], ids=lambda item: item["name"])
def test_schedules_obey_the_rules(item):
    assert rules.schedule_problems(item, TEMPLATES) == []
    assert item["enabled"] is False, "nothing runs before somebody attached a credential and wrote their own answers"
    # Whoever used up a download would get another one each night.
    lets_in = "onboard" in item["unified_job_template"]
    assert not lets_in or (item["extra_data"]["applivery_admit"] == "once" and item["extra_data"]["applivery_ledger"])


def test_what_a_team_does_at_intervals_has_a_schedule():
    scheduled = {item["unified_job_template"] for item in SOURCE["controller_schedules"]}
    # A run of many applications and one that gives files back begin with a look at them.
    assert set(TEMPLATES) - scheduled == {"Applivery release of many applications", "Applivery apply"}
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text()
    assert [item["name"] for item in SOURCE["controller_schedules"] if f"**{item['name']}**" not in guide] == []


def test_wrappers_import_the_playbooks_of_the_collection():
    for path in (ROOT / "awx" / "project").glob("*.yml"):
        (play,) = yaml.safe_load(path.read_text())
        assert play["ansible.builtin.import_playbook"] == f"applivery.distribution.{path.stem}"
        assert (ROOT / "playbooks" / path.name).is_file()


def test_the_workflow_holds_together():
    (workflow,) = SOURCE["controller_workflows"]
    assert rules.workflow_problems(workflow, TEMPLATES) == []
    order = [node["identifier"] for node in workflow["workflow_nodes"]]
    assert order == ["release", "approval", "onboard", "report"]
    # Without these the workflow could not update what a release alone can.
    asked = {question["variable"] for question in workflow["survey_spec"]["spec"]}
    assert {"applivery_password", "applivery_unreturned_fields"} <= asked
    for node, after in zip(workflow["workflow_nodes"], order[1:]):
        assert node["related"] == {"success_nodes": [{"identifier": after}]}


def test_the_project_is_the_repository_of_the_collection():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    (project,) = SOURCE["controller_projects"]
    assert project["scm_url"] == galaxy["repository"]
    (wanted,) = yaml.safe_load((ROOT / "awx/project/collections/requirements.yml").read_text())["collections"]
    assert wanted["name"] == f"{galaxy['namespace']}.{galaxy['name']}"
    assert not any(Path(ignored).parts[0] == "awx" for ignored in galaxy["build_ignore"]), (
        "the artefact holds the files"
    )


def test_localhost_is_described_alike_for_awx_and_in_the_project():
    (host,) = SOURCE["controller_hosts"]
    inventory = yaml.safe_load((ROOT / "awx/project/inventory/localhost.yml").read_text())
    assert inventory["all"]["hosts"] == {host["name"]: host["variables"]}


def test_templates_in_yaml_are_protected_from_ansible():
    text = (ROOT / "awx" / "controller.yml").read_text()
    for line in text.splitlines():
        assert "{{" not in line or "!unsafe" in line, line


# The file for "awx import" ---------------------------------------------------------------------------------------


def test_the_import_file_is_what_the_source_says():
    """Else ``python tools/awx_export.py`` writes it anew."""
    assert (ROOT / "awx" / "import.json").read_text() == awx_export.text_of(SOURCE)


def objects(content):
    """Every object with a natural key, those inside others too."""
    if isinstance(content, dict):
        if "natural_key" in content:
            yield content
        for value in content.values():
            yield from objects(value)
    elif isinstance(content, list):
        for value in content:
            yield from objects(value)


def references(content):
    """Every natural key that names another object."""
    if isinstance(content, dict):
        if (
            "type" in content
            and ("name" in content or "identifier" in content)
            and "natural_key" not in content
            and "question_name" not in content
        ):
            yield content
        for key, value in content.items():
            if key not in ("natural_key", "survey_spec", "inputs", "create_approval_template"):
                yield from references(value)
    elif isinstance(content, list):
        for value in content:
            yield from references(value)


def test_every_reference_in_the_import_file_leads_to_an_object_in_it():
    content = json.loads((ROOT / "awx" / "import.json").read_text())
    known = [item["natural_key"] for item in objects(content)] + [{"name": "Default", "type": "organization"}]
    named = list(references(content))
    assert len(named) > 20
    assert [key for key in named if key not in known] == []


def test_the_import_file_carries_what_awx_needs():
    content = json.loads((ROOT / "awx" / "import.json").read_text())
    assert [
        len(content[kind])
        for kind in ("credential_types", "projects", "inventory", "job_templates", "workflow_job_templates")
    ] == [2, 1, 2, 10, 1]
    for item in content["credential_types"]:
        assert rules.credential_type_problems(item) == []
    for item in [*content["job_templates"], *content["workflow_job_templates"]]:
        assert rules.survey_problems(item["related"]["survey_spec"]) == []
        assert item["survey_enabled"] is True
    nodes = content["workflow_job_templates"][0]["related"]["workflow_nodes"]
    (approval,) = [node for node in nodes if "create_approval_template" in node["related"]]
    assert approval["related"]["create_approval_template"]["timeout"] > 0
    assert "unified_job_template" not in approval
