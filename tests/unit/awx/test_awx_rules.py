# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker of AWX's rules finds what AWX refuses."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.applivery.distribution.tests.unit.awx import rules

TYPE = {
    "name": "T",
    "kind": "cloud",
    "inputs": {
        "fields": [
            {"id": "token", "label": "Token", "secret": True},
            {"id": "loud", "label": "Loud", "type": "boolean"},
            {"id": "host", "label": "Host", "type": "string"},
        ],
        "required": ["token"],
    },
    "injectors": {"env": {"T_TOKEN": "{{ token }}"}},
}
SURVEY = {
    "name": "",
    "description": "",
    "spec": [
        {"question_name": "Q", "variable": "q", "type": "text", "required": True, "min": 0, "max": 9, "default": "a"},
        {
            "question_name": "C",
            "variable": "c",
            "type": "multiselect",
            "required": False,
            "choices": ["x", "y"],
            "default": "x\ny",
        },
        {"question_name": "N", "variable": "n", "type": "integer", "required": False, "default": 1},
        {"question_name": "P", "variable": "p", "type": "password", "required": False, "default": "$encrypted$"},
    ],
}


def changed(what, path, value):
    what = copy.deepcopy(what)
    place = what
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return what


FIELD = ("inputs", "fields", 0)
BOOLEAN = ("inputs", "fields", 1)
ENV = ("injectors", "env")


def test_what_awx_takes_is_no_problem():
    assert rules.credential_type_problems(TYPE) == []
    assert rules.credential_type_problems(changed(TYPE, (*FIELD, "format"), "url")) == []
    assert rules.survey_problems(SURVEY) == []
    for place in (0, 1):
        assert rules.survey_problems(changed(SURVEY, ("spec", place, "default"), "")) == []
    choice = changed(SURVEY, ("spec", 1, "type"), "multiplechoice")
    assert rules.survey_problems(changed(choice, ("spec", 1, "default"), "")) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "x" * 513),
        (("name",), ""),
        (("kind",), "ssh"),
        (("inputs",), "fields: []"),
        (("inputs", "dependencies"), {}),
        (("inputs", "metadata"), []),
        (("inputs", "required"), ["nothing"]),
        ((*FIELD, "required"), True),
        ((*FIELD, "placeholder"), "x"),
        ((*FIELD, "ask_at_runtime"), True),
        ((*FIELD, "label"), ""),
        ((*FIELD, "id"), "1token"),
        ((*FIELD, "id"), "tower"),
        ((*FIELD, "id"), "loud"),
        ((*FIELD, "type"), "integer"),
        ((*FIELD, "format"), "email"),
        (("inputs", "fields", 2, "format"), "url"),
        ((*FIELD, "default"), True),
        ((*FIELD, "default"), "hint of a required field"),
        ((*BOOLEAN, "multiline"), False),
        ((*BOOLEAN, "secret"), True),
        ((*BOOLEAN, "default"), "false"),
        (("injectors", "inventory"), {}),
        ((*ENV, "ANSIBLE_TOKEN"), "x"),
        ((*ENV, "PATH"), "x"),
        ((*ENV, "T-TOKEN"), "x"),
        ((*ENV, "T_TOKEN"), 5),
        ((*ENV, "T_TOKEN"), "größe"),
        ((*ENV, "T_TOKEN"), "{{ other }}"),
        ((*ENV, "T_TOKEN"), "{{ token | b64encode }}"),
        ((*ENV, "T_TOKEN"), "{{ token.__class__ }}"),
        ((*ENV, "T_TOKEN"), "{{ awx.filename }}"),
        ((*ENV, "T_TOKEN"), "{{ token"),
        (("injectors", "extra_vars"), {"x": 5}),
        (("injectors", "extra_vars"), {"x-y": "z"}),
        (("injectors", "extra_vars"), {"x": ["{{ other }}"]}),
        (("injectors", "extra_vars"), {"x": {"y": "{{ other }}"}}),
        (("injectors", "file"), {"template": "x", "template.a": "y"}),
        (("injectors", "file"), {"other": "x"}),
    ],
)
def test_a_credential_type_that_awx_refuses_is_a_problem(path, value):
    assert rules.credential_type_problems(changed(TYPE, path, value))


@pytest.mark.parametrize(
    "value",
    ["{{ other | default('') }}", "{{ tower.filename }}", "{{ tower.filename.key }}", "{{ token | urlencode }}"],
)
def test_templates_that_awx_renders(value):
    assert rules.credential_type_problems(changed(TYPE, (*ENV, "T_TOKEN"), value)) == []


def test_a_field_without_a_value_is_injected_empty():
    assert rules.injected(TYPE, {}) == {"T_TOKEN": ""}
    assert rules.injected(changed(TYPE, (*ENV, "T_LOUD"), "{{ loud }}"), {"token": "x"}) == {
        "T_TOKEN": "x",
        "T_LOUD": "False",
    }


SPEC = ("spec", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec",), []),
        ((*SPEC, "required"), "true"),
        ((*SPEC, "type"), "boolean"),
        ((*SPEC, "variable"), "c"),
        ((*SPEC, "min"), 1.5),
        ((*SPEC, "max"), True),
        ((*SPEC, "default"), 5),
        ((*SPEC, "default"), "$encrypted$"),
        (("spec", 1, "default"), ["x"]),
        (("spec", 1, "default"), "x\nz"),
        (("spec", 1, "type"), "multiplechoice"),
        (("spec", 1, "choices"), []),
        (("spec", 2, "default"), "1"),
        (("spec", 2, "default"), True),
    ],
)
def test_a_survey_that_awx_refuses_is_a_problem(path, value):
    assert rules.survey_problems(changed(SURVEY, path, value))


@pytest.mark.parametrize("key", ["name", "description", "spec"])
def test_a_survey_without_its_frame_is_a_problem(key):
    assert rules.survey_problems({name: value for name, value in SURVEY.items() if name != key})


@pytest.mark.parametrize("key", ["question_name", "variable", "type", "required", "default"])
def test_a_question_without_a_part_is_a_problem(key):
    survey = copy.deepcopy(SURVEY)
    del survey["spec"][0][key]
    assert rules.survey_problems(survey)


TEMPLATE = {"name": "T", "playbook": "a.yml", "survey_enabled": True, "survey_spec": SURVEY}


@pytest.mark.parametrize(
    ("key", "value"), [("playbook", "acme.demo.site"), ("survey_enabled", False), ("job_slice_count", 2)]
)
def test_a_template_that_does_not_work_is_a_problem(key, value):
    assert rules.template_problems(TEMPLATE, {"a.yml"}) == []
    assert rules.template_problems({**TEMPLATE, key: value}, {"a.yml"})


def node(identifier, name, *after):
    return {
        "identifier": identifier,
        "unified_job_template": {"name": name, "type": "job_template"},
        "related": {"success_nodes": [{"identifier": target} for target in after]},
    }


WORKFLOW = {"survey_spec": SURVEY, "workflow_nodes": [node("one", "T", "two"), node("two", "T")]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("workflow_nodes", 1, "identifier"), "one"),
        (("workflow_nodes", 1, "identifier"), "three"),
        (("workflow_nodes", 0, "unified_job_template", "name"), "U"),
        (("survey_spec", "spec", 0, "variable"), "other"),
        (("survey_spec", "spec", 0, "required"), False),
        (("survey_spec", "spec", 0, "type"), "integer"),
    ],
)
def test_a_workflow_that_does_not_hold_together_is_a_problem(path, value):
    assert rules.workflow_problems(WORKFLOW, {"T": TEMPLATE}) == []
    assert rules.workflow_problems(changed(WORKFLOW, path, value), {"T": TEMPLATE})


SCHEDULE = {
    "unified_job_template": "T",
    "rrule": "DTSTART:20260101T020000Z RRULE:FREQ=DAILY;INTERVAL=1",
    "extra_data": {"q": "b", "c": ["x"]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("unified_job_template",), "U"),
        (("rrule",), "RRULE:FREQ=DAILY;INTERVAL=1"),
        (("rrule",), "DTSTART:20260101T020000 RRULE:FREQ=DAILY;INTERVAL=1"),
        (("rrule",), "DTSTART:20260101T020000Z RRULE:FREQ=DAILY"),
        (("rrule",), "DTSTART:20260101T020000Z RRULE:FREQ=SECONDLY;INTERVAL=1"),
        (("rrule",), "DTSTART:20260101T020000Z RRULE:FREQ=YEARLY;INTERVAL=1;BYWEEKNO=2"),
        (("rrule",), "DTSTART:20260101T020000Z RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000"),
        (("extra_data", "other"), "x"),
        (("extra_data", "q"), 5),
        (("extra_data", "q"), "longer than nine"),
        (("extra_data", "c"), "x"),
        (("extra_data", "c"), ["z"]),
    ],
)
def test_a_schedule_that_awx_refuses_is_a_problem(path, value):
    assert rules.schedule_problems(SCHEDULE, {"T": TEMPLATE}) == []
    assert rules.schedule_problems(changed(SCHEDULE, path, value), {"T": TEMPLATE})


def test_a_schedule_answers_what_is_required_and_has_no_default():
    template = changed(TEMPLATE, ("survey_spec", "spec", 0, "default"), "")
    assert rules.schedule_problems(SCHEDULE, {"T": template}) == []
    assert rules.schedule_problems({**SCHEDULE, "extra_data": {}}, {"T": template})
