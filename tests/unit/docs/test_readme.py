# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example in README.md works as pasted, from the collection as it is installed from its artefact."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from applivery_simulator import Simulator

COLLECTION = Path(__file__).resolve().parents[3]
PROGRAMS = Path(sys.executable).parent


def _run(folder: Path, *command: str, **environment: str) -> str:
    """Run a program of Ansible in a folder with nothing but its own settings; return what it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "LC_ALL") if name in os.environ}
    variables = {**kept, "HOME": str(folder), "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"), **environment}
    result = subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the collection, installed from its archive."""
    folder = tmp_path_factory.mktemp("installed")
    archives = tmp_path_factory.mktemp("archives")
    _run(folder, "ansible-galaxy", "collection", "build", "--output-path", str(archives), str(COLLECTION))
    archive = next(archives.glob("*.tar.gz"))
    _run(
        folder, "ansible-galaxy", "collection", "install", "--offline", "-p", str(folder / "collections"), str(archive)
    )
    return folder


def _example() -> str:
    text = (COLLECTION / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(- name: .*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 1, "README.md shows one playbook"
    return blocks[0]


def _changed(output: str) -> int:
    found = re.search(r"changed=(\d+)", output)
    assert found, output
    return int(found[1])


def test_example_works_as_pasted_and_changes_nothing_the_second_time(installed: Path) -> None:
    (installed / "release.yml").write_text(_example(), encoding="utf-8")
    with Simulator(seed="demo") as simulator:
        environment = {
            "APPLIVERY_API_URL": simulator.url,
            "APPLIVERY_UPLOAD_URL": simulator.url,
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": simulator.service_account_token,
            "APPLIVERY_ORGANIZATION": simulator.organization["slug"],
            "APPLIVERY_APPLICATION": simulator.application["slug"],
        }
        first = _run(installed, "ansible-playbook", "release.yml", "--diff", **environment)
        assert _changed(first) == 3, first
        publication = next(item for item in simulator.publications.values() if item["slug"] == "example-app-beta")
        admitted = {
            item["email"]
            for item in simulator.otp_users.values()
            if item["publishedApplicationId"] == publication["id"]
        }
        assert admitted == {"ada@example.com", "grace@example.com"}

        simulator.forget_requests()
        second = _run(installed, "ansible-playbook", "release.yml", "--diff", **environment)
        assert _changed(second) == 0, second
        assert simulator.writes == []


def test_artefact_holds_what_users_need_and_not_the_workshop(installed: Path) -> None:
    collection = installed / "collections" / "ansible_collections" / "applivery" / "distribution"
    held = {path.name for path in collection.iterdir()}
    wanted = {"CHANGELOG.md", "LICENSE", "README.md", "changelogs", "docs", "meta", "plugins", "requirements.txt"}
    assert wanted <= held
    assert (collection / "extensions" / "eda" / "plugins" / "event_source" / "builds.py").is_file()
    assert not (collection / "docs" / "contributing").exists()
    more = {
        "SECURITY.md",
        "awx",
        "decision-environment.yml",
        "execution-environment.yml",
        "extensions",
        "playbooks",
        "roles",
    }
    assert held <= wanted | more | {"FILES.json", "MANIFEST.json"}
