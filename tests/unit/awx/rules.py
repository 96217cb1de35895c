# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX accepts as a credential type, a survey, a job template and a workflow, as seen on AWX 24.6.1.

Each function returns complaints as text, none for what AWX takes. ``injected`` renders an injector as a job gets it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAME = re.compile(r"\A[a-zA-Z_]+[a-zA-Z0-9_]*\Z")
EXTRA_VAR = re.compile(r"\A[a-zA-Z0-9_{} ]+\Z")
FIELD_KEYS = {"id", "label", "type", "format", "choices", "help_text", "multiline", "secret", "default"}
STRING_ONLY = {"secret", "multiline", "choices", "format"}
REFUSED_ENV = {
    "VIRTUAL_ENV",
    "PATH",
    "PYTHONPATH",
    "JOB_ID",
    "INVENTORY_ID",
    "INVENTORY_SOURCE_ID",
    "INVENTORY_UPDATE_ID",
    "AD_HOC_COMMAND_ID",
    "REST_API_URL",
    "REST_API_TOKEN",
    "MAX_EVENT_RES",
    "CALLBACK_QUEUE",
    "CALLBACK_CONNECTION",
    "CACHE",
    "JOB_CALLBACK_DEBUG",
    "INVENTORY_HOSTVARS",
    "AWX_HOST",
    "PROJECT_REVISION",
    "SUPERVISOR_CONFIG_PATH",
}
QUESTION_TYPES = {"text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float"}


# Credential types -----------------------------------------------------------------------------------------------


def credential_type_problems(item: Mapping[str, Any]) -> list[str]:
    problems = []
    if not isinstance(item.get("name"), str) or not 0 < len(item["name"]) <= 512:
        problems.append("name: must be text of at most 512 characters")
    if item.get("kind") not in ("cloud", "net"):
        problems.append("kind: must be cloud or net")
    inputs, injectors = item.get("inputs", {}), item.get("injectors", {})
    if not isinstance(inputs, dict) or not isinstance(injectors, dict):
        return [*problems, "inputs and injectors: must be objects"]
    problems += _inputs(inputs)
    problems += _injectors(
        injectors, {str(field.get("id")): field for field in inputs.get("fields", []) if isinstance(field, dict)}
    )
    return problems


def _inputs(inputs: Mapping[str, Any]) -> list[str]:
    problems = [f"inputs: {key} is not allowed" for key in inputs if key not in ("fields", "required")]
    fields = inputs.get("fields", [])
    identities = [field.get("id") for field in fields]
    problems += [f"fields: {name} is there twice" for name in set(identities) if identities.count(name) > 1]
    for field in fields:
        problems += [f"field {field.get('id')}: {complaint}" for complaint in _field(field)]
    # AWX does not check this, and then no job starts.
    problems += [f"required: there is no field {name}" for name in inputs.get("required", []) if name not in identities]
    problems += [
        f"required: {field['id']} has a default, which only the form knows"
        for field in fields
        if "default" in field and field.get("id") in inputs.get("required", [])
    ]
    # The form sends an empty field as empty text, and that is no address.
    problems += [
        f"field {field.get('id')}: with format url it can't be left empty in the form, so it must be required"
        for field in fields
        if field.get("format") == "url" and field.get("id") not in inputs.get("required", [])
    ]
    return problems


def _field(field: Mapping[str, Any]) -> list[str]:
    problems = [f"{key} is not allowed" for key in field if key not in FIELD_KEYS]
    problems += [f"{key} is missing" for key in ("id", "label") if not field.get(key)]
    if not NAME.match(str(field.get("id", ""))) or field.get("id") == "tower":
        problems.append("the id is refused")
    kind = field.get("type", "string")
    if kind not in ("string", "boolean"):
        problems.append(f"type {kind} does not exist")
    problems += [f"{key} is for strings" for key in STRING_ONLY if key in field and kind != "string"]
    if field.get("format", "url") not in ("ssh_private_key", "url"):
        problems.append("format must be ssh_private_key or url")
    if "default" in field and not isinstance(field["default"], bool if kind == "boolean" else str):
        problems.append("the default has another type")
    return problems


def _injectors(injectors: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    problems = [f"injectors: {key} is not allowed" for key in injectors if key not in ("env", "extra_vars", "file")]
    files = injectors.get("file", {})
    names = [name for name in files if name != "template"]
    if any(not re.match(r"\Atemplate\.[a-zA-Z_]\w*\Z", name) for name in names) or ("template" in files and names):
        problems.append("file: one template, or several template.NAME")
    for name, value in injectors.get("env", {}).items():
        if not NAME.match(name) or name.startswith("ANSIBLE_") or name in REFUSED_ENV:
            problems.append(f"env {name}: the name is refused")
        if not isinstance(value, str):
            problems.append(f"env {name}: must be text")
        elif not value.isascii():
            problems.append(f"env {name}: must be ASCII")
    for name, value in injectors.get("extra_vars", {}).items():
        if not EXTRA_VAR.match(name):
            problems.append(f"extra_vars {name}: the name is refused")
        if not isinstance(value, (str, list, dict)):
            problems.append(f"extra_vars {name}: must be text, a list or an object")
    for kind in ("env", "extra_vars", "file"):
        problems += [
            f"{kind} {name}: {complaint}"
            for name, value in injectors.get(kind, {}).items()
            for complaint in _template(value, fields)
        ]
    return problems


def _template(value: Any, fields: Mapping[str, Any]) -> list[str]:
    if isinstance(value, list):
        return [complaint for item in value for complaint in _template(item, fields)]
    if isinstance(value, dict):
        return [complaint for item in value.values() for complaint in _template(item, fields)]
    if not isinstance(value, str):
        return []
    try:
        _render(value, dict.fromkeys(fields, ""))
    except TemplateError as error:
        return [f"the template fails: {error}"]
    return []


def _render(template: str, values: Mapping[str, Any]) -> str:
    known = {**values, "tower": {"filename": _FileNames()}}
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(known)


class _FileNames(str):
    """``tower.filename`` and ``tower.filename.NAME``."""

    __slots__ = ()

    def __getattr__(self, name: str) -> str:
        return f"/runner/env/{name}"


def injected(item: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a job whose credential of this type holds ``values``; an unset field renders empty."""
    unset = {field["id"]: False if field.get("type") == "boolean" else "" for field in item["inputs"]["fields"]}
    return {name: _render(template, {**unset, **values}) for name, template in item["injectors"].get("env", {}).items()}


# Surveys --------------------------------------------------------------------------------------------------------


def survey_problems(survey: Mapping[str, Any]) -> list[str]:
    problems = [f"survey: {key} is missing" for key in ("name", "description", "spec") if key not in survey]
    questions = survey.get("spec") or []
    if not questions:
        problems.append("survey: asks nothing")
    variables = [question.get("variable") for question in questions]
    problems += [f"{name}: is asked twice" for name in set(variables) if variables.count(name) > 1]
    for question in questions:
        problems += [f"{question.get('variable')}: {complaint}" for complaint in _question(question)]
    return problems


def _question(question: Mapping[str, Any]) -> list[str]:
    problems = [f"{key} is missing" for key in ("question_name", "variable", "type", "required") if key not in question]
    if not isinstance(question.get("required"), bool):
        problems.append("required must be true or false")
    kind = question.get("type")
    if kind not in QUESTION_TYPES:
        problems.append(f"type {kind} does not exist")
    for key in ("min", "max"):
        value = question.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            problems.append(f"{key} must be an integer or null")
    if kind in ("multiplechoice", "multiselect") and not choices_of(question):
        problems.append("has no choices")
    return problems + _default(question, str(kind))


def _default(question: Mapping[str, Any], kind: str) -> list[str]:
    if question.get("default") is None:
        # The API takes it, but the pages that edit and ask surveys break.
        return ["the default is missing; empty text is none"]
    default = question["default"]
    if kind in ("integer", "float"):
        numeric = (int,) if kind == "integer" else (int, float)
        return (
            [] if isinstance(default, numeric) and not isinstance(default, bool) else ["the default must be a number"]
        )
    if not isinstance(default, str):
        return ["the default must be text"]
    if default == "$encrypted$":
        return [] if kind == "password" else ["the default may not be $encrypted$"]
    unknown = {
        "multiplechoice": {default} - {"", *choices_of(question)},
        "multiselect": set(default.splitlines()) - set(choices_of(question)),
    }.get(kind, set())
    return [f"the default {name} is not a choice" for name in sorted(unknown)]


def choices_of(question: Mapping[str, Any]) -> list[str]:
    choices = question.get("choices") or []
    return choices.splitlines() if isinstance(choices, str) else list(choices)


def answer_problems(survey: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """What a launch that nobody is asked at is refused for: a schedule's answers, or those of a node."""
    questions = {question["variable"]: question for question in survey["spec"]}
    # Without ask_variables_on_launch only what the survey asks for is taken.
    problems = [f"{name}: nobody asks for it" for name in answers if name not in questions]
    problems += [
        f"{name}: needs an answer"
        for name, question in questions.items()
        if question["required"] and answers.get(name) in (None, "", []) and not question.get("default")
    ]
    return problems + [
        complaint
        for name, answer in answers.items()
        if name in questions
        for complaint in _answer(questions[name], answer)
    ]


def _answer(question: Mapping[str, Any], answer: Any) -> list[str]:
    name, kind = question["variable"], question["type"]
    wanted = {"integer": int, "float": float, "multiselect": list}.get(kind, str)
    if not isinstance(answer, wanted) or isinstance(answer, bool):
        return [f"{name}: must be of the type {kind}"]
    if kind in ("multiplechoice", "multiselect"):
        chosen = answer if isinstance(answer, list) else [answer]
        return [f"{name}: {choice} is not a choice" for choice in chosen if choice not in choices_of(question)]
    size = len(answer) if isinstance(answer, str) else answer
    bounds = (question.get("min"), question.get("max"))
    fits = (bounds[0] is None or size >= bounds[0]) and (bounds[1] is None or size <= bounds[1])
    return [] if fits else [f"{name}: is not between {bounds[0]} and {bounds[1]}"]


# Schedules --------------------------------------------------------------------------------------------------------

RRULE = re.compile(r"\ADTSTART(?:;TZID=[\w/+-]+:\d{8}T\d{6}|:\d{8}T\d{6}Z)((?: RRULE:\S+)+)\Z")


def schedule_problems(item: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]) -> list[str]:
    template = templates.get(item["unified_job_template"])
    if template is None:
        return [f"there is no template {item['unified_job_template']}"]
    return rrule_problems(item["rrule"]) + answer_problems(template["survey_spec"], item["extra_data"])


def rrule_problems(text: str) -> list[str]:
    found = RRULE.match(text)
    if found is None:
        return ["rrule: must be a DTSTART with a zone and then one RRULE or more"]
    problems = []
    for rule in found[1].split():
        parts = dict(part.split("=", 1) for part in rule.removeprefix("RRULE:").split(";"))
        problems += [f"rrule: {name} is missing" for name in ("FREQ", "INTERVAL") if name not in parts]
        problems += [f"rrule: {name} is not supported" for name in ("BYYEARDAY", "BYWEEKNO") if name in parts]
        if parts.get("FREQ") == "SECONDLY":
            problems.append("rrule: SECONDLY is not supported")
        if "COUNT" in parts and ("UNTIL" in parts or int(parts["COUNT"]) > 999):
            problems.append("rrule: COUNT goes up to 999, and not with UNTIL")
    return problems


# Templates and workflows ------------------------------------------------------------------------------------------


def template_problems(item: Mapping[str, Any], playbooks: set[str]) -> list[str]:
    """``playbooks`` are the paths in the project that hold a play or an import."""
    problems = []
    if item.get("playbook") not in playbooks:
        problems.append(f"playbook {item.get('playbook')}: not in the project")
    if "survey_spec" in item and item.get("survey_enabled") is not True:
        problems.append("survey_enabled must be true, else nobody is asked")
    if item.get("job_slice_count", 1) > 1 and "applivery_hosts" not in item.get("extra_vars", {}):
        problems.append("slicing plays over localhost does the same work several times")
    return problems + survey_problems(item.get("survey_spec", {}))


def workflow_problems(item: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]) -> list[str]:
    problems = survey_problems(item.get("survey_spec", {}))
    nodes = {node["identifier"]: node for node in item["workflow_nodes"]}
    if len(nodes) < len(item["workflow_nodes"]):
        problems.append("an identifier is there twice")
    asked = {question["variable"]: question for question in item["survey_spec"]["spec"]}
    for name, node in nodes.items():
        target = node["unified_job_template"]
        related = node.get("related", {})
        problems += [
            f"{name}: leads to {link['identifier']}, which is not there"
            for links in related.values()
            for link in links
            if link["identifier"] not in nodes
        ]
        if target["type"] == "workflow_approval":
            continue
        if target["name"] not in templates:
            problems.append(f"{name}: there is no template {target['name']}")
            continue
        for question in templates[target["name"]]["survey_spec"]["spec"]:
            answered = asked.get(question["variable"], {})
            if question["required"] and not answered.get("required"):
                problems.append(f"{name}: nobody answers {question['variable']}")
            if (
                answered
                and answered["type"] != question["type"]
                and {answered["type"], question["type"]} - {"text", "textarea"}
            ):
                problems.append(f"{name}: {question['variable']} is asked as another type")
    return problems
