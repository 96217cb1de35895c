# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""awx_configure with the modules of awx.awx itself, against as much of AWX's API as these use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.applivery.distribution.tests.awx.conftest import WARNINGS
from ansible_collections.applivery.distribution.tests.awx.jobs import Unsafe
from ansible_collections.applivery.distribution.tests.support.awx_service import AwxService
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import ROOT, SOURCE, TEMPLATES

COUNTED = re.compile(r"localhost +: ok=(\d+) +changed=(\d+) +unreachable=0 +failed=0")


@pytest.fixture
def service() -> Iterator[AwxService]:
    with AwxService() as made:
        for name in ("Default", "Mobile"):
            made.create("organizations", {"name": name})
        yield made


def configure(service: AwxService, folder: Path, *options: str) -> int:
    """Play it; returns how many tasks changed something."""
    collections = os.environ.get("AWX_COLLECTIONS", "")
    if not collections:
        WARNINGS.append("awx_configure was not played: AWX_COLLECTIONS names no folder with the collection awx.awx")
        pytest.skip("the collection awx.awx is not here")
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "applivery.distribution.awx_configure", *options],
        cwd=folder,
        env={
            **os.environ,
            **service.environment(),
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT.parents[2]}:{collections}",
            "ANSIBLE_PIPELINING": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    found = COUNTED.search(done.stdout)
    assert found, done.stdout[-6000:] + done.stderr
    return int(found[2])


@pytest.fixture
def fewer(tmp_path: Path) -> tuple[str, str]:
    """The options for what the workflow needs, and no more: a module takes its time."""
    (workflow,) = SOURCE["controller_workflows"]
    used = {node["unified_job_template"]["name"] for node in workflow["workflow_nodes"]}
    parts = {
        **SOURCE,
        "controller_templates": [TEMPLATES[name] for name in TEMPLATES if name in used],
        "controller_schedules": [
            item for item in SOURCE["controller_schedules"] if item["unified_job_template"] == "Applivery release"
        ],
    }
    file = tmp_path / "fewer.yml"
    file.write_text(yaml.dump(parts, Dumper=Unsafe))
    return ("-e", f"applivery_awx_file={file}")


def test_an_empty_awx_gets_everything_and_nothing_twice(service, tmp_path):
    configure(service, tmp_path, "--check")
    assert service.writes[2:] == [], "a look writes nothing, and ends well where there is nothing to look at"
    configure(service, tmp_path)
    assert {item["name"] for item in service.all("job_templates")} == set(TEMPLATES)
    assert {item["name"] for item in service.all("schedules")} == {
        item["name"] for item in SOURCE["controller_schedules"]
    }
    assert not any(item["enabled"] for item in service.all("schedules"))
    (workflow,) = SOURCE["controller_workflows"]
    nodes = {item["id"]: item["identifier"] for item in service.all("workflow_job_template_nodes")}
    linked = {
        name: [nodes[after] for after in service.links.get(f"/api/v2/workflow_job_template_nodes/{ident}/{kind}", [])]
        for ident, name in nodes.items()
        for kind in ("success_nodes",)
    }
    assert linked == {
        node["identifier"]: [after["identifier"] for after in node.get("related", {}).get("success_nodes", [])]
        for node in workflow["workflow_nodes"]
    }


def test_a_second_run_changes_nothing_that_administrators_did(service, tmp_path, fewer):
    configure(service, tmp_path, *fewer)
    service.named("execution_environments", "Applivery")["image"] = "registry.example.com/mine:7"
    service.named("projects", "Applivery").update(scm_branch="stable", scm_url="https://example.com/mine.git")
    service.named("job_templates", "Applivery release").update(
        timeout=900, extra_vars=json.dumps({"applivery_settings": {"groups": [["testers"]]}})
    )
    service.named("schedules", "Applivery release each night").update(
        enabled=True, rrule="DTSTART:20260101T230000Z RRULE:FREQ=DAILY;INTERVAL=2"
    )
    before = json.loads(json.dumps([service.kinds, service.surveys]))
    service.writes.clear()
    assert (configure(service, tmp_path, *fewer, "--check"), configure(service, tmp_path, *fewer)) == (0, 0)
    assert service.writes == []
    assert json.loads(json.dumps([service.kinds, service.surveys])) == before
    # What is ours to say comes back.
    service.named("job_templates", "Applivery release")["diff_mode"] = False
    assert configure(service, tmp_path, *fewer) == 1
    assert service.named("job_templates", "Applivery release")["diff_mode"] is True


def test_a_second_organization_has_its_own_of_the_same_names(service, tmp_path, fewer):
    configure(service, tmp_path, *fewer)
    mobile = (*fewer, "-e", "applivery_awx_organization=Mobile")
    configure(service, tmp_path, *mobile, "--check")
    configure(service, tmp_path, *mobile)
    organizations = {item["name"]: item["id"] for item in service.all("organizations")}
    for kind, named in (
        ("inventories", "Applivery"),
        ("projects", "Applivery"),
        ("job_templates", "Applivery release"),
    ):
        assert {service.named(kind, named, organization=ident)["organization"] for ident in organizations.values()} == {
            *organizations.values()
        }
    # Each template, schedule and node belongs to the objects of its own organization.
    for template in service.all("job_templates"):
        assert service.kinds["inventories"][template["inventory"]]["organization"] == template["organization"]
    for node in service.all("workflow_job_template_nodes"):
        workflow = service.kinds["workflow_job_templates"][node["workflow_job_template"]]
        template = service.kinds["job_templates"].get(node["unified_job_template"])
        assert template is None or template["organization"] == workflow["organization"]
    service.writes.clear()
    assert configure(service, tmp_path, *mobile) == 0
    assert service.writes == []
