# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every code block of the guides, the README and the modules' examples is one that a reader can use."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "applivery.distribution."
SHELLS = ("shell", "console", "bash")


class _Loader(yaml.SafeLoader):
    """Knows the two tags of Ansible that the guides use."""


for _tag in ("!unsafe", "!vault"):
    _Loader.add_constructor(_tag, lambda loader, node: loader.construct_scalar(node))


def _rst_blocks(path: Path) -> Iterator[tuple[str, str]]:
    pattern = re.compile(r"^( *)\.\. code-block:: *(\S+)\n((?:\1 +:.*\n)*)\n((?:(?:\1 +.*)?\n)+)", re.MULTILINE)
    for match in pattern.finditer(path.read_text(encoding="utf-8") + "\n"):
        yield match.group(2), textwrap.dedent(match.group(4))


def _markdown_blocks(path: Path) -> Iterator[tuple[str, str]]:
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield match.group(1), match.group(2)


def _examples(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            yield "yaml", ast.literal_eval(node.value)


def _all_blocks() -> list[Any]:
    found = []
    readers = (
        ("docs/docsite/rst/*.rst", _rst_blocks),
        ("*.md", _markdown_blocks),
        ("docs/contributing/*.md", _markdown_blocks),
        ("plugins/modules/*.py", _examples),
    )
    for pattern, reader in readers:
        for path in sorted(ROOT.glob(pattern)):
            for number, (language, text) in enumerate(reader(path), 1):
                found.append(pytest.param(language, text, id=f"{path.name}-{number}-{language}"))
    return found


BLOCKS = _all_blocks()


def test_blocks_are_found() -> None:
    names = {block.id.split("-")[0] for block in BLOCKS}
    assert {"README.md", "guide_first_steps.rst", "guide_release.rst", "applivery_publication.py"} <= names


def _run(*command: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT.parents[2])
    program = str(Path(sys.executable).with_name(command[0]))
    return subprocess.run([program, *command[1:]], env=environment, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The options of every module, as ansible-doc knows them."""
    modules = [f"{PREFIX}{path.stem}" for path in sorted(ROOT.glob("plugins/modules/*.py"))]
    ran = _run("ansible-doc", "-t", "module", "-j", *modules, home=tmp_path_factory.mktemp("home"))
    assert ran.returncode == 0, ran.stderr
    return {name: entry["doc"]["options"] for name, entry in json.loads(ran.stdout).items()}


def _unknown_options(options: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> list[str]:
    names = {alias: option for option, entry in options.items() for alias in (option, *entry.get("aliases", ()))}
    unknown = [f"{path}{option}" for option in given if option not in names]
    for option, value in given.items():
        below = options.get(names.get(option, ""), {}).get("suboptions")
        for item in (value if isinstance(value, list) else [value]) if below else []:
            if isinstance(item, Mapping):
                unknown += _unknown_options(below, item, f"{path}{option}.")
    return unknown


def _tasks(parsed: Any) -> Iterator[Mapping[str, Any]]:
    for entry in parsed if isinstance(parsed, list) else []:
        if not isinstance(entry, Mapping):
            continue
        nested = [
            entry[key] for key in ("tasks", "block", "rescue", "always", "pre_tasks", "post_tasks") if key in entry
        ]
        for tasks in nested:
            yield from _tasks(tasks)
        if not nested:
            yield entry


@pytest.mark.parametrize(("language", "text"), BLOCKS)
def test_block_parses(language: str, text: str) -> None:
    if language in ("yaml", "yaml+jinja"):
        assert yaml.load(text, _Loader) is not None  # noqa: S506 - a SafeLoader with two more tags
    elif language == "json":
        json.loads(text)
    elif language == "python":
        ast.parse(text)
    elif language in SHELLS:
        shell = shutil.which("bash") or "sh"
        subprocess.run([shell, "-n"], input=text, text=True, check=True)
    else:
        assert language in ("text", "ini", "jinja", "console"), f"nothing checks blocks in {language}"


@pytest.mark.parametrize(("language", "text"), [block for block in BLOCKS if block.values[0].startswith("yaml")])
def test_tasks_use_options_that_exist(language: str, text: str, documented: dict[str, Any]) -> None:
    for task in _tasks(yaml.load(text, _Loader)):  # noqa: S506 - a SafeLoader with two more tags
        for module in (key for key in task if isinstance(key, str) and key.startswith(PREFIX)):
            assert module in documented, module
            assert _unknown_options(documented[module], task[module] or {}) == []


@pytest.mark.parametrize(("language", "text"), [block for block in BLOCKS if block.values[0] in SHELLS])
def test_commands_exist(language: str, text: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for wanted in re.findall(r"^\s*make ([a-z]+)", text, re.MULTILINE):
        assert wanted in targets
    for playbook in re.findall(r"ansible-playbook applivery\.distribution\.(\w+)", text):
        assert (ROOT / "playbooks" / f"{playbook}.yml").is_file(), playbook


@pytest.mark.parametrize(
    ("language", "text"),
    [
        block
        for block in BLOCKS
        # A ruleset has hosts as a play has; the tests of events read those.
        if block.values[0].startswith("yaml") and "hosts:" in block.values[1] and "sources:" not in block.values[1]
    ],
)
def test_plays_pass_the_syntax_check(language: str, text: str, tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(text, encoding="utf-8")
    ran = _run("ansible-playbook", "--syntax-check", "-i", "localhost,", str(playbook), home=tmp_path)
    assert ran.returncode == 0, ran.stderr


def test_external_links_have_the_right_form() -> None:
    for path in [*ROOT.glob("docs/docsite/rst/*.rst"), *ROOT.glob("*.md"), *ROOT.glob("docs/contributing/*.md")]:
        for link in re.findall(r"https?://[^\s<>`'\")\]]+", path.read_text(encoding="utf-8")):
            well_formed = re.match(r"https://[a-z0-9.-]+\.[a-z]{2,}(/|$)|http://(127\.0\.0\.1|localhost)", link)
            assert well_formed, f"{path.name}: {link}"
