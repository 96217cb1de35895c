# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide from a dashboard address to a working task: what it shows is what its playbooks print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable

from applivery_simulator import Simulator

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_from_dashboard.rst"
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)


def blocks(language: str) -> list[str]:
    text = GUIDE.read_text(encoding="utf-8") + "\n"
    return [textwrap.dedent(body).strip("\n") for kind, body in BLOCK.findall(text) if kind == language]


def names() -> list[str]:
    return re.findall(r"Save\s+this\s+as\s+``(\S+)``", GUIDE.read_text(encoding="utf-8"))


def played(sim: Simulator, folder: Path, command: str) -> list[str]:
    """The lines that a command of the guide prints."""
    program, *words = command.split()
    assert program == "ansible-playbook"
    known = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "APPLIVERY_"))}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *words],
        cwd=folder,
        env={
            **known,
            "HOME": str(folder),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
            "APPLIVERY_API_URL": sim.url,
            "APPLIVERY_APP_TOKEN": sim.app_token,
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
            "APPLIVERY_ORGANIZATION": sim.organization["slug"],
            "APPLIVERY_APPLICATION": sim.application["slug"],
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return kept(done.stdout)


def kept(text: str) -> list[str]:
    """The lines that do not depend on the width of a terminal or on the release of ansible-core."""
    return [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("[WARNING]")]


def test_the_outputs_are_those_of_the_playbooks(simulator: Callable[..., Any], tmp_path: Path) -> None:
    sim = simulator(seed="demo")
    playbooks = blocks("yaml")
    assert len(playbooks) == len(names()) == 4
    for name, text in zip(names(), playbooks):
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    outputs = blocks("text")
    assert len(outputs) == 5
    for shown in outputs:
        command, *lines = shown.splitlines()
        if command.endswith("publish.yml"):
            played(sim, tmp_path, f"{command[2:]} --diff")
            sim.forget_requests()
        printed = "\n".join(played(sim, tmp_path, command[2:]))
        assert "\n".join(kept("\n".join(lines))) in printed
        assert sim.writes == []
