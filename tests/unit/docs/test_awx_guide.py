# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the AWX guide, one after the other in an empty folder, with the collection from its artefact."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.applivery.distribution.tests.unit.docs.test_guides import ROOT, _rst_blocks

PROGRAMS = Path(sys.executable).parent
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst"


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o700)


def test_what_is_installed_first_is_found_later(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
    variables["PATH"] = f"{tmp_path / 'programs'}:/usr/bin:/bin"
    for name in ("home", "programs", "here"):
        (tmp_path / name).mkdir()
    galaxy = PROGRAMS / "ansible-galaxy"
    build = [str(galaxy), "collection", "build", "--output-path", str(tmp_path), str(ROOT)]
    subprocess.run(build, env=variables, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    # The file stands for the name on a server; nothing is built as an image, and no AWX is asked.
    _program(
        tmp_path / "programs",
        "ansible-galaxy",
        f'shift 3; exec {galaxy} collection install --offline {archive} "$@"',
    )
    _program(tmp_path / "programs", "ansible-builder", "exit 0")
    _program(tmp_path / "programs", "pip", "exit 0")
    _program(tmp_path / "programs", "awx", "cat")
    _program(tmp_path / "programs", "ansible-playbook", f'exec {PROGRAMS / "ansible-playbook"} "$@"')
    blocks = [text for language, text in _rst_blocks(GUIDE) if language == "shell"]
    assert len(blocks) == 4, "install and build, import, heal, configure"
    outputs = []
    for block in blocks:
        ran = subprocess.run(
            ["bash", "-e", "-c", block],
            cwd=tmp_path / "here",
            env=variables,
            input="a-token\n",
            text=True,
            capture_output=True,
            check=False,
        )
        outputs.append(ran.stdout + ran.stderr)
    assert (tmp_path / "here" / "execution-environment.yml").is_file(), outputs[0]
    assert outputs[1] == (ROOT / "awx" / "import.json").read_text(encoding="utf-8")
    # The playbook is found and runs; what it misses here is the collection of AWX.
    assert "The collection awx.awx is not installed" in outputs[3], outputs[3]
