# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command brings a new field from its table into the files that repeat it."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import (
    FLAG,
    NESTED,
    PROSE,
    STRINGS,
    Field,
)

ROOT = Path(__file__).resolve().parents[3]
TOOL = runpy.run_path(str(ROOT / "tools" / "generate.py"))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for file, _before, _lines in TOOL["PLACES"]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def passed(folder: Path, file: str) -> dict[str, Any]:
    tasks = yaml.safe_load((folder / file).read_text(encoding="utf-8"))
    module = "applivery.distribution.applivery_publication"
    return dict(next(task[module] for task in tasks if "visibility" in task.get(module, {})))


@pytest.mark.parametrize(("kind", "shown"), [(PROSE, "Text"), (FLAG, "Flag"), (STRINGS, "Texts")])
def test_a_new_field_gets_its_line_everywhere(copied: Path, kind: Any, shown: str) -> None:
    TOOL["spread"](Field("sub_title", kind), copied)
    release, onboarding = (copied / "roles" / name for name in ("release", "tester_onboarding"))
    assert passed(release, "tasks/main.yml")["sub_title"] == "{{ release_settings.sub_title | default(omit) }}"
    assert ".sub_title | default(omit)" in passed(onboarding, "tasks/publication.yml")["sub_title"]
    for role, option in ((release, "release_settings"), (onboarding, "tester_onboarding_publication")):
        spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        made = spec["argument_specs"]["main"]["options"][option]["options"]["sub_title"]
        assert made["type"] == kind.type
        assert ("elements" in made) == (kind is STRINGS)
    contract = yaml.safe_load(
        (copied / "simulator" / "applivery_simulator" / "openapi.yaml").read_text(encoding="utf-8")
    )
    holders = [
        part["properties"]["subTitle"]
        for part in contract["components"]["schemas"].values()
        if "subTitle" in part.get("properties", {})
    ]
    assert len(holders) == 2
    assert {"$ref": f"#/components/schemas/{shown}"} in holders
    for file, _before, _lines in TOOL["PLACES"]:
        text = (copied / file).read_text(encoding="utf-8")
        assert "subTitle" in text or "sub_title" in text


def test_a_field_of_another_kind_is_left_to_a_person(copied: Path) -> None:
    before = {file: (copied / file).read_text(encoding="utf-8") for file, _before, _lines in TOOL["PLACES"]}
    for field in (Field("parts", NESTED, children=(Field("one"),)), Field("key", PROSE, secret=True)):
        with pytest.raises(SystemExit, match="by hand"):
            TOOL["spread"](field, copied)
    assert {file: (copied / file).read_text(encoding="utf-8") for file in before} == before


def test_a_place_that_is_missing_leaves_everything_as_it_was(copied: Path) -> None:
    (copied / "docs" / "docsite" / "rst" / "guide_awx.rst").write_text("another guide\n", encoding="utf-8")
    before = {file: (copied / file).read_text(encoding="utf-8") for file, _before, _lines in TOOL["PLACES"]}
    with pytest.raises(SystemExit, match=r"guide_awx.*nothing was written"):
        TOOL["spread"](Field("sub_title", PROSE), copied)
    assert {file: (copied / file).read_text(encoding="utf-8") for file in before} == before
