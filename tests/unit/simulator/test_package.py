# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator is a package of its own: what it says of itself is what it holds."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import applivery_simulator

FOLDER = Path(__file__).resolve().parents[3] / "simulator"


def test_the_installed_package_is_this_one() -> None:
    package = distribution("applivery-simulator")
    (command,) = [entry for entry in package.entry_points if entry.group == "console_scripts"]
    assert (command.name, command.load().__module__) == ("applivery-simulator", "applivery_simulator.__main__")
    assert Path(applivery_simulator.__file__).with_name("openapi.yaml").is_file()


def test_the_command_runs_from_anywhere(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("applivery-simulator")
    done = subprocess.run([command, "--list-switches"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "publication_put" in done.stdout


def test_it_needs_nothing_of_the_collection() -> None:
    for path in (FOLDER / "applivery_simulator").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "ansible" not in text.replace("applivery/ansible-collection-distribution", ""), path.name
