# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for contributors name what there is, and the template of a module is one that works."""

from __future__ import annotations

import copy
import re
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from ansible_collections.applivery.distribution.tests.support.tasks import filled
from ansible_collections.applivery.distribution.tests.unit.docs.test_completeness import as_said, documented
from ansible_collections.applivery.distribution.tests.unit.docs.test_guides import _markdown_blocks

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "contributing"
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "AGENTS.md", *sorted(FOLDER.glob("*.md"))]
COLLECTION = "ansible_collections.applivery.distribution"
# Where the paths of a page may begin.
BASES = (ROOT, ROOT / "plugins" / "module_utils")
# A clone does not have these: commands make them, the template is about one, one is a branch, two were decided against.
ELSEWHERE = re.compile(r"NAME|VERSION|_note\b|^\.cache|^docs/build|^\.github|^release/|^extensions/(audit|molecule)$")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_files_that_are_there(page: Path) -> None:
    named = [name for name in re.findall(r"`([\w.*-]+/[\w./*-]*)`", text_of(page)) if not ELSEWHERE.search(name)]
    gone = [name for name in named if not any(any(base.glob(name.rstrip("/"))) for base in BASES)]
    assert gone == []
    linked = [link.partition("#")[0] for link in re.findall(r"\]\(((?!https:)[^)]+)\)", text_of(page))]
    assert [link for link in linked if not (page.parent / link).is_file()] == []


def test_the_picture_shows_files_that_are_there() -> None:
    (picture,) = [text for language, text in _markdown_blocks(FOLDER / "architecture.md") if language == "text"]
    there = {path.name for path in (ROOT / "plugins").rglob("*.py")}
    shown = set(re.findall(r"\w+\.py", picture))
    assert shown - there == set()
    # A publication is found, planned, checked and written in what the picture shows of its room.
    room = {path.name for path in (ROOT / "plugins" / "module_utils" / "_publication").glob("*.py")}
    assert room - shown == {"info.py"}


def test_every_page_is_linked() -> None:
    text = text_of(ROOT / "CONTRIBUTING.md")
    assert [page.name for page in FOLDER.glob("*.md") if f"(docs/contributing/{page.name})" not in text] == []


# The template --------------------------------------------------------------------------------------------------------


class Notes:
    """A server with notes, in memory; an update replaces a note."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.writes = 0
        self.deaf = False

    def list_all(self, _endpoint: Any, _hints: Mapping[str, Any]) -> list[dict[str, Any]]:
        return copy.deepcopy(self.notes)

    def create(self, _endpoint: Any, body: Mapping[str, Any], _look_up: Any) -> None:
        self.writes += 1
        self.notes.append({**body, "id": "a" * 24})

    def update(self, _endpoint: Any, ident: str, body: Mapping[str, Any]) -> None:
        self.writes += 1
        if not self.deaf:
            self.notes = [{**body, "id": ident} if note["id"] == ident else note for note in self.notes]


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> dict[str, types.ModuleType]:
    """The blocks of the template as modules of this collection, by path."""
    room = types.ModuleType(f"{COLLECTION}.plugins.module_utils._note")
    room.__path__ = []
    monkeypatch.setitem(sys.modules, room.__name__, room)
    made = {}
    for language, text in _markdown_blocks(FOLDER / "module_template.md"):
        assert language == "python"
        path = text.splitlines()[0].removeprefix("# ")
        module = types.ModuleType(f"{COLLECTION}.{path.removesuffix('.py').replace('/', '.')}")
        module.__package__ = module.__name__.rpartition(".")[0]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(text, f"<{path}>", "exec"), vars(module))  # noqa: S102 - our own page
        made[path] = module
    return made


def test_the_template_finds_plans_writes_and_verifies(template: dict[str, types.ModuleType]) -> None:
    run = template["plugins/module_utils/_note/run.py"]
    server = Notes()

    def play(check: bool = False, **options: Any) -> Outcome:
        given = filled(run.SPEC, {"name": "release", **options})
        outcome: Outcome = run.DEFINITION.run(Task(given, server, check, lambda _text: None))
        return outcome

    foreseen = play(check=True, text="On Friday.", pinned=True)
    assert foreseen.changed
    assert server.writes == 0
    assert play(text="On Friday.", pinned=True).after == foreseen.after
    assert server.writes == 1
    assert not play(text="On Friday.\n").changed
    assert server.writes == 1
    cleared = play(text="")
    assert cleared.changed
    assert cleared.result["previous"]["text"] == "On Friday."
    # What the task does not mention travelled along.
    assert cleared.result["note"] == {"id": "a" * 24, "name": "release", "text": None, "pinned": True}
    server.deaf = True
    with pytest.raises(Exception, match="the server shows other values: pinned"):
        play(pinned=False)


def test_the_template_documents_what_it_takes(template: dict[str, types.ModuleType]) -> None:
    module = template["plugins/modules/applivery_note.py"]
    run = template["plugins/module_utils/_note/run.py"]
    own = {name: entry for name, entry in documented(module).items() if name in run.SPEC}
    assert as_said(own, "suboptions") == as_said(run.SPEC, "options")
    assert set(yaml.safe_load(module.RETURN)) == {"note", "previous"}
    assert template["plugins/action/applivery_note.py"].ActionModule.definition is run.DEFINITION
