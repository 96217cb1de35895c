# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing from an archive: each file once, under the names that Python's own importer gives."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils import _ansiballz

ROOT = Path(__file__).resolve().parents[4]
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))

# What an importer says in a process that never saw _ansiballz, and which files are compiled how often in one that did.
NAMES = """
import sys, zipimport
for prefix, name in (("", "pack"), ("", "alone"), ("pack", "inner"), ("", "missing")):
    try:
        print(zipimport.zipimporter(f"{sys.argv[1]}/{prefix}".rstrip("/")).get_filename(name))
    except zipimport.ZipImportError:
        print("none")
"""
COMPILED = """
import runpy, sys
runpy.run_path(sys.argv[2])
compiled = []
sys.addaudithook(lambda event, args: compiled.append(args[1]) if event == "compile" else None)
sys.path.insert(0, sys.argv[1])
import pack.inner, alone
print(*(name for name in compiled if isinstance(name, str) and name.startswith(sys.argv[1])), sep="\\n")
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in ("pack/__init__.py", "pack/inner.py", "alone.py"):
            made.writestr(name, "VALUE = 1\n")
    return path


def said_by(program: str, *arguments: Path) -> list[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_the_names_are_those_of_python(archive: Path) -> None:
    def name(prefix: str, module: str) -> str:
        try:
            return _ansiballz.filename_of(zipimport.zipimporter(str(archive / prefix)), module)
        except zipimport.ZipImportError:
            return "none"

    mine = [name("", "pack"), name("", "alone"), name("pack", "inner"), name("", "missing")]
    assert mine == said_by(NAMES, archive)
    assert mine[-1] == "none"


def test_each_file_is_compiled_once(archive: Path) -> None:
    compiled = said_by(COMPILED, archive, Path(_ansiballz.__file__))
    assert sorted(compiled) == sorted(str(archive / name) for name in ("pack/__init__.py", "pack/inner.py", "alone.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_of_ours_is_imported_before(path: Path) -> None:
    """Where a module runs at all: what an action alone does has no code in its module."""
    imported = [node.module for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
    ours = [name for name in imported if name and name.startswith("module_utils")]
    assert ours[:1] in ([], ["module_utils._module"])
