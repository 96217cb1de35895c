# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this machine offers: its Python interpreters, and the ansible-core releases that fit them."""

from __future__ import annotations

import functools
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache"


class Failed(Exception):
    """Something the user can act on: told in one line, without a traceback."""


@dataclass(frozen=True)
class Core:
    """One supported ansible-core: the release line, the Python versions its controller runs on (best first)."""

    line: str
    pythons: tuple[str, ...]

    @property
    def requirements(self) -> Path:
        return REPOSITORY / "tools" / "requirements" / f"core-{self.line}.txt"


CORES = (
    Core("2.21", ("3.13", "3.12", "3.14")),
    Core("2.20", ("3.12", "3.13", "3.14")),
    Core("2.19", ("3.11", "3.12", "3.13")),
    Core("2.18", ("3.11", "3.12", "3.13")),
)
# What comes next: tried once a week, and never what a change is held against.
DEVELOPMENT = Core("devel", ("3.14", "3.13", "3.15"))


@functools.cache
def interpreters() -> dict[str, Path]:
    """The interpreters from 3.9 up that really start, by version ("3.N")."""
    listing = subprocess.run(
        [REPOSITORY / "tools" / "python", "--all"], check=True, capture_output=True, text=True
    ).stdout
    return {version: Path(path) for version, path in (line.split(" ", 1) for line in listing.splitlines())}


def python_for(core: Core) -> str | None:
    """The version of the interpreter on which that core is tested here, or None."""
    return next((version for version in core.pythons if version in interpreters()), None)


def oldest_python_for(core: Core) -> str:
    """The oldest interpreter for a core that has one."""
    return min((version for version in core.pythons if version in interpreters()), key=lambda version: int(version[2:]))


def runnable_cores() -> list[tuple[Core, str]]:
    """Each supported core for which there is an interpreter, newest first, with the version of that interpreter."""
    found = [(core, python_for(core)) for core in CORES]
    return [(core, version) for core, version in found if version]


def newest_core() -> tuple[Core, str]:
    cores = runnable_cores()
    if not cores:
        wanted = ", ".join(sorted({version for core in CORES for version in core.pythons}))
        raise Failed(f"No Python that a supported ansible-core runs on was found (one of {wanted} is needed).")
    return cores[0]


def search_path(first: Path) -> str:
    """A PATH that starts with FIRST and holds the real folders of all interpreters, as ansible-test wants them."""
    inherited = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if not _is_shims(folder)]
    return os.pathsep.join([str(first), *(str(path.parent) for path in interpreters().values()), *inherited])


def _is_shims(folder: str) -> bool:
    """Whether its programs only ask a version manager for the real ones, which fails where a version is not active."""
    if Path(folder).name == "shims" or Path(folder).resolve().name == "shims":
        return True
    return any(_asks_a_manager(program) for program in Path(folder or os.curdir).glob("python3*"))


def _asks_a_manager(program: Path) -> bool:
    try:
        with program.open("rb") as content:
            head = content.read(1000)
    except OSError:
        return False
    return head.startswith(b"#!") and b"pyenv" in head
