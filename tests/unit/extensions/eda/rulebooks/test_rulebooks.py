# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every rulebook and plugin that is shipped, whether ansible-rulebook is at hand or not."""

from __future__ import annotations

import ast
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.tests.support.events import EXTENSIONS, builds, plugin

ROOT = EXTENSIONS.parents[1]
RULEBOOKS = sorted((EXTENSIONS / "rulebooks").glob("*.yml"))
PLUGINS = sorted((EXTENSIONS / "plugins").glob("*/*.py"))
# What an event may hand on to a job: nothing that somebody typed.
SAFE = {"event.application.slug", "event.build.id", "event.build.os", "event.application", "event.event"}


def _rulebook(path: Path) -> dict[str, Any]:
    [ruleset] = yaml.safe_load(path.read_text())
    return ruleset


def _jobs(path: Path) -> list[dict[str, Any]]:
    actions = [rule["action"] for rule in _rulebook(path)["rules"]]
    return [job for action in actions for kind, job in action.items() if kind.startswith("run_")]


def test_rulebooks_and_plugins_are_found() -> None:
    assert {path.stem for path in RULEBOOKS} == {"release", "release_awx", "webhook_awx"}
    assert {path.stem for path in PLUGINS} == {"builds", "webhook"}


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_no_text_of_an_event_gets_into_a_job(path: Path) -> None:
    for job in _jobs(path):
        text = json.dumps(job)
        names = set(re.findall(r"event(?:\.\w+)+", text)) | set(re.findall(r"attribute='([\w.]+)'", text))
        assert names <= {*SAFE, "application.slug", "application"}


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_a_job_waits_for_the_builds_of_all_systems(path: Path) -> None:
    [rule] = [rule for rule in _rulebook(path)["rules"] if "throttle" in rule]
    assert rule["throttle"]["once_after"] == "10 minutes"
    assert rule["throttle"]["group_by_attributes"][0].startswith("event.application")
    for source in _rulebook(path)["sources"]:
        # What a rule holds while it waits is told again after a restart.
        assert source.get("applivery.distribution.builds", {"replay": 900})["replay"] > 600


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_a_job_of_awx_gets_no_events(path: Path) -> None:
    for job in _jobs(path):
        if "organization" in job:
            assert job["include_events"] is False


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_options_exist_and_no_token_is_in_sight(path: Path) -> None:
    for source in _rulebook(path)["sources"]:
        given = source.get("applivery.distribution.builds", {})
        assert set(given) <= set(yaml.safe_load(builds.DOCUMENTATION)["options"])
    assert not re.search(r"^\s*(app_token|service_account_token):", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_every_variable_is_explained_at_the_top(path: Path) -> None:
    text = path.read_text()
    head = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    used = set(re.findall(r"\bapplivery_\w+", re.sub(r"(?m)^\s*(#.*|applivery_\w+:)", "", text)))
    assert used
    assert used <= set(re.findall(r"\bapplivery_\w+", head))


def test_a_webhook_is_known_by_its_path() -> None:
    [rule] = _rulebook(EXTENSIONS / "rulebooks" / "webhook_awx.yml")["rules"]
    assert "event.meta.endpoint == vars.applivery_webhook_path and" in rule["condition"]


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.stem)
def test_a_plugin_stands_alone(path: Path) -> None:
    # ansible-rulebook runs the file by its path: nothing beside it can be imported.
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"", "ansible", "ansible_collections", "requests", "jmespath"}
    assert "main" in runpy.run_path(str(path))


@pytest.mark.parametrize(("kind", "name"), [("event_source", "builds"), ("event_filter", "webhook")])
def test_documentation_and_examples_can_be_read(kind: str, name: str) -> None:
    module = plugin(kind, name)
    documentation = yaml.safe_load(module.DOCUMENTATION)
    assert documentation["short_description"]
    for option, entry in documentation["options"].items():
        assert entry["description"], option
        assert entry["type"] in ("str", "int", "bool", "list", "path"), option
    assert yaml.safe_load(module.EXAMPLES)


def test_every_option_of_the_source_is_documented_with_its_default() -> None:
    documented = yaml.safe_load(builds.DOCUMENTATION)["options"]
    names = set(documented) | {alias for entry in documented.values() for alias in entry.get("aliases", ())}
    assert names == {*builds._ENVIRONMENT, *builds._OWN}
    options = builds.read_options({"app_token": "x"}, {})
    for name in ("api_url", "api_timeout", "interval", "replay"):
        assert getattr(options, name) == documented[name]["default"]


def test_the_decision_environment_has_the_collection() -> None:
    definition = yaml.safe_load((ROOT / "decision-environment.yml").read_text())
    assert definition["version"] == 3
    names = {entry["name"] for entry in definition["dependencies"]["galaxy"]["collections"]}
    assert "applivery.distribution" in names
    assert "ansible-rulebook" in json.dumps(definition)
