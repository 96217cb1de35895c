# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make awx/import.json, which ``awx import`` reads, from awx/controller.yml.

The form is that of ``awx export``: one list for each kind of object; each object has its own fields, references to
others as natural keys, a natural key of its own, and what belongs to it under ``related``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "awx"

Item = dict[str, Any]


class Loader(yaml.SafeLoader):
    """Reads ``!unsafe`` text as text: JSON needs no protection from Ansible's templating."""


Loader.add_constructor("!unsafe", lambda _loader, node: str(node.value))


def load(path: Path = FOLDER / "controller.yml") -> dict[str, list[Item]]:
    """Return the lists of the source file by name."""
    with path.open(encoding="utf-8") as source:
        content: dict[str, list[Item]] = yaml.load(source, Loader)  # noqa: S506 - a SafeLoader with one more tag
    return content


# Natural keys: how one object names another -----


def organization(name: str) -> Item:
    return {"name": name, "type": "organization"}


def owned(kind: str, owner: str, name: str) -> Item:
    return {"organization": organization(owner), "name": name, "type": kind}


def environment(name: str) -> Item:
    return {"name": name, "type": "execution_environment"}


# One function for each kind of object -----


def credential_type(item: Item) -> Item:
    return {**item, "natural_key": {"name": item["name"], "kind": item["kind"], "type": "credential_type"}}


def execution_environment(item: Item) -> Item:
    return {**item, "natural_key": environment(item["name"])}


def project(item: Item) -> Item:
    result = {key: value for key, value in item.items() if key != "default_environment"}
    if "default_environment" in item:
        result["default_environment"] = environment(item["default_environment"])
    result["organization"] = organization(item["organization"])
    result["natural_key"] = owned("project", item["organization"], item["name"])
    return result


def inventory(item: Item, hosts: list[Item]) -> Item:
    key = owned("inventory", item["organization"], item["name"])
    inside = [
        {
            "name": host["name"],
            "variables": json.dumps(host.get("variables", {})),
            "natural_key": {"name": host["name"], "inventory": key, "type": "host"},
        }
        for host in hosts
        if host["inventory"] == item["name"]
    ]
    return {
        **item,
        "organization": organization(item["organization"]),
        "related": {"hosts": inside},
        "natural_key": key,
    }


def job_template(item: Item) -> Item:
    owner = item["organization"]
    result = {key: value for key, value in item.items() if key not in ("organization", "survey_spec")}
    result["project"] = owned("project", owner, item["project"])
    result["inventory"] = owned("inventory", owner, item["inventory"])
    result["execution_environment"] = environment(item["execution_environment"])
    result["related"] = {"survey_spec": item["survey_spec"]}
    if "extra_vars" in result:
        result["extra_vars"] = json.dumps(result["extra_vars"])
    # AWX takes a job template's organization from its project.
    result["natural_key"] = owned("job_template", owner, item["name"])
    return result


def workflow(item: Item) -> Item:
    key = owned("workflow_job_template", item["organization"], item["name"])
    result = {name: value for name, value in item.items() if name not in ("survey_spec", "workflow_nodes")}
    result["organization"] = organization(item["organization"])
    nodes = [_node(node, key) for node in item["workflow_nodes"]]
    result["related"] = {"survey_spec": item["survey_spec"], "workflow_nodes": nodes}
    result["natural_key"] = key
    return result


def _node(node: Item, key: Item) -> Item:
    def named(identifier: str) -> Item:
        return {"workflow_job_template": key, "identifier": identifier, "type": "workflow_job_template_node"}

    template = node["unified_job_template"]
    related: Item = {
        name: [named(target["identifier"]) for target in targets] for name, targets in node.get("related", {}).items()
    }
    result: Item = {"identifier": node["identifier"], "related": related, "natural_key": named(node["identifier"])}
    if template["type"] == "workflow_approval":
        related["create_approval_template"] = {name: value for name, value in template.items() if name != "type"}
    else:
        result["unified_job_template"] = owned(template["type"], template["organization"]["name"], template["name"])
    return result


def convert(source: dict[str, list[Item]]) -> dict[str, list[Item]]:
    """Return what ``awx import`` reads, made of the lists of the source file."""
    hosts = source["controller_hosts"]
    return {
        "credential_types": [credential_type(item) for item in source["controller_credential_types"]],
        "execution_environments": [execution_environment(item) for item in source["controller_execution_environments"]],
        "projects": [project(item) for item in source["controller_projects"]],
        "inventory": [inventory(item, hosts) for item in source["controller_inventories"]],
        "job_templates": [job_template(item) for item in source["controller_templates"]],
        "workflow_job_templates": [workflow(item) for item in source["controller_workflows"]],
    }


def text_of(source: dict[str, list[Item]]) -> str:
    """Return the content of import.json."""
    return json.dumps(convert(source), indent=2, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    (FOLDER / "import.json").write_text(text_of(load()), encoding="utf-8")
