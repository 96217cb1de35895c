# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments inside the clone, one per pinned group of tools."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devel import machine
from devel.machine import CACHE, REPOSITORY, Failed

REQUIREMENTS = REPOSITORY / "tools" / "requirements"


@dataclass(frozen=True)
class Environment:
    """A ready virtual environment."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    def variables(self, **more: str | Path) -> dict[str, str]:
        """The variables for a process here: a home folder of its own, none of the user's Ansible or Python settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "APPLIVERY_", "PYTHON", "COVERAGE"))
        }
        kept.pop("MAKEFLAGS", None)
        return {
            **kept,
            "PATH": machine.search_path(self.bin),
            "HOME": str(home()),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANSIBLE_NOCOLOR": "1",
            **{name: str(value) for name, value in more.items()},
        }


def home() -> Path:
    """A home folder inside the clone; nothing lands in the user's, whose way to the package index still holds."""
    folder = CACHE / "home"
    (folder / ".config").mkdir(parents=True, exist_ok=True)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip"
    link = folder / ".config" / "pip"
    if settings.is_dir() and not link.is_symlink():
        link.symlink_to(settings)
    return folder


def core_environment(core: machine.Core, version: str) -> Environment:
    """ansible-core with all that units, sanity and integration tests need."""
    files = [core.requirements, REQUIREMENTS / "runtime.txt", REQUIREMENTS / "test.txt"]
    return _environment(f"core-{core.line}-py{version}", version, files)


def tool_environment(group: str) -> Environment:
    """One of the other groups: lint, importer, docs, demo."""
    _core, version = machine.newest_core()
    return _environment(f"{group}-py{version}", version, [REQUIREMENTS / f"{group}.txt"])


def demo_environment() -> Environment:
    core, version = machine.newest_core()
    return _environment(
        f"demo-py{version}", version, [core.requirements, REQUIREMENTS / "runtime.txt", REQUIREMENTS / "simulator.txt"]
    )


def _environment(name: str, version: str, files: list[Path]) -> Environment:
    folder = CACHE / "venv" / name
    python = machine.interpreters()[version]
    wanted = hashlib.sha256(
        b"\0".join([str(python).encode(), str(folder).encode(), *(file.read_bytes() for file in files)])
    ).hexdigest()
    stamp = folder / ".installed"
    with lock(name):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            print(f"Installing {name} (once) ...", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--seed", "--python", str(python), str(folder))
            arguments = [argument for file in files for argument in ("-r", str(file))]
            _uv("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *arguments)
            stamp.write_text(wanted)
    return Environment(folder)


def _uv(*arguments: str) -> None:
    command = [str(_uv_program()), "--no-progress", "--no-python-downloads", *arguments]
    result = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "VIRTUAL_ENV": ""})
    if result.returncode:
        raise Failed(_install_failure("uv " + arguments[0], result.stderr))


def _uv_program() -> Path:
    folder = CACHE / "venv" / "uv"
    program = folder / "bin" / "uv"
    pin = (REQUIREMENTS / "uv.txt").read_bytes()
    stamp = folder / ".installed"
    with lock("uv"):
        if stamp.is_file() and stamp.read_bytes() == pin:
            return program
        shutil.rmtree(folder, ignore_errors=True)
        _core, version = machine.newest_core()
        python = machine.interpreters()[version]
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        for command in ([str(python), "-m", "venv", str(folder)], [*pip, "-r", str(REQUIREMENTS / "uv.txt")]):
            result = subprocess.run(command, check=False, capture_output=True, text=True, env=_without("PYTHONPATH"))
            if result.returncode:
                raise Failed(_install_failure("pip", result.stderr or result.stdout))
        stamp.write_bytes(pin)
    return program


def _install_failure(tool: str, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no message"]
    telling = [line for line in lines if "error" in line.lower() or "caused" in line.lower()]
    reason = (telling or lines)[-1]
    return (
        f"Tools are installed from the Python package index, and {tool} could not: {reason} (is the network reachable?)"
    )


def _without(*names: str) -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in names}


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Two commands that run at the same time must not build the same environment."""
    folder = CACHE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
