# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said in more than one place is the same everywhere."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._core.version import USER_AGENT, VERSION
from ansible_collections.applivery.distribution.plugins.module_utils._http.message import HttpOptions

COLLECTION = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py"))


def _yaml(name: str) -> Any:
    return yaml.safe_load((COLLECTION / name).read_text(encoding="utf-8"))


def test_action_group_holds_exactly_the_modules() -> None:
    assert sorted(_yaml("meta/runtime.yml")["action_groups"]["applivery"]) == MODULES


def test_every_module_is_played_by_an_integration_target() -> None:
    targets = {path.name for path in (COLLECTION / "tests" / "integration" / "targets").iterdir()}
    assert set(MODULES) - targets == set()


def test_readme_names_every_module() -> None:
    readme = (COLLECTION / "README.md").read_text(encoding="utf-8")
    assert [name for name in MODULES if f"`{name}`" not in readme] == []


def _texts(*names: str) -> str:
    return "\n".join((COLLECTION / name).read_text(encoding="utf-8") for name in names)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


class TestVersion:
    """There is one version, and it is the same wherever it stands."""

    def test_what_is_built_has_it(self) -> None:
        assert _yaml("galaxy.yml")["version"] == VERSION
        assert re.findall(r'^version = "(.*)"$', _texts("simulator/pyproject.toml"), re.MULTILINE) == [VERSION]

    def test_requests_name_it(self) -> None:
        assert f"applivery.distribution/{VERSION}" == USER_AGENT == HttpOptions().user_agent

    def test_the_changelog_has_it_or_is_about_to(self) -> None:
        released = sorted(_yaml("changelogs/changelog.yaml")["releases"], key=_order)
        if released[-1] != VERSION:
            assert _order(released[-1]) < _order(VERSION)
            summary = COLLECTION / "changelogs" / "fragments" / f"{VERSION}.yml"
            assert "release_summary" in yaml.safe_load(summary.read_text(encoding="utf-8"))

    def test_files_for_awx_and_their_guide_name_its_image_and_its_artefact(self) -> None:
        guide = "docs/docsite/rst/guide_awx.rst"
        text = _texts("execution-environment.yml", "awx/controller.yml", "awx/import.json", guide)
        assert set(re.findall(r"applivery-de:([0-9][\w.]*)", _texts("decision-environment.yml"))) == {VERSION}
        assert set(re.findall(r"applivery-ee:([0-9][\w.]*)", text)) == {VERSION}
        assert set(re.findall(r"applivery-distribution-([0-9.]+)\.tar\.gz", text)) == {VERSION}

    def test_what_takes_the_collection_takes_this_version_or_a_newer_one(self) -> None:
        environments = ("execution-environment.yml", "decision-environment.yml")
        text = _texts(*environments, "awx/project/collections/requirements.yml", "README.md")
        assert re.findall(r"name: applivery\.distribution\n +version: \"(.*)\"", text) == [f">={VERSION}"] * 4

    def test_nothing_is_said_to_be_newer(self) -> None:
        sources = [path for path in (COLLECTION / "plugins").rglob("*.py") if path.is_file()]
        added = {
            version for path in sources for version in re.findall(r"version_added: ['\"]?([0-9.]+)", path.read_text())
        }
        assert added
        assert max(map(_order, added)) <= _order(VERSION)


def test_execution_environment_takes_the_packages_that_modules_import() -> None:
    name = _yaml("meta/execution-environment.yml")["dependencies"]["python"]
    lines = (COLLECTION / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    # Lower bounds only, as the certification wants it: whoever builds the environment chooses the version.
    assert [line for line in wanted if not re.fullmatch(r"[a-z]+ >= [0-9.]+", line)] == []


def test_readme_names_the_packages_that_modules_import() -> None:
    bounds = re.findall(r"^([a-z]+) >=", (COLLECTION / "requirements.txt").read_text(), re.MULTILINE)
    line = re.search(r"requirements\.txt\): (.*)", (COLLECTION / "README.md").read_text(encoding="utf-8"))
    assert line is not None
    assert sorted(re.findall(r"`(\w+)`", line[1])) == sorted(bounds)


def test_pinned_run_time_packages_are_within_the_bounds_for_users() -> None:
    bounds = dict(re.findall(r"^([a-z]+) >= ([0-9.]+)$", (COLLECTION / "requirements.txt").read_text(), re.MULTILINE))
    pins = dict(re.findall(r"^([a-z]+)==([0-9.]+)$", (COLLECTION / "tools/requirements/runtime.txt").read_text(), re.M))
    for name, bound in bounds.items():
        assert [int(part) for part in pins[name].split(".")] >= [int(part) for part in bound.split(".")]


def test_documentation_fragments_are_what_modules_can_include() -> None:
    for path in sorted((COLLECTION / "plugins" / "doc_fragments").glob("_*.py")):
        fragment = importlib.import_module(
            f"ansible_collections.applivery.distribution.plugins.doc_fragments.{path.stem}"
        )
        texts = {name: text for name, text in vars(fragment.ModuleDocFragment).items() if name.isupper()}
        assert texts
        for text in texts.values():
            assert set(yaml.safe_load(text)) <= {
                "attributes",
                "description",
                "notes",
                "options",
                "requirements",
                "seealso",
            }
