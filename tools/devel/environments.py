# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments inside the clone, one per pinned group of tools."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devel import machine
from devel.machine import CACHE, REPOSITORY, Failed

REQUIREMENTS = REPOSITORY / "tools" / "requirements"
SIMULATOR = REPOSITORY / "simulator"


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
    if settings.is_dir():
        # Two gates that begin at the same time both make it.
        with contextlib.suppress(FileExistsError):
            link.symlink_to(settings)
    return folder


def core_environment(core: machine.Core, version: str) -> Environment:
    """ansible-core with all that units, sanity and integration tests need."""
    files = [core.requirements, REQUIREMENTS / "runtime.txt", REQUIREMENTS / "test.txt"]
    return _environment(f"core-{core.line}-py{version}", version, files, simulator=True)


def tool_environment(group: str) -> Environment:
    """One of the other groups: lint, importer."""
    _core, version = machine.newest_core()
    files = [REQUIREMENTS / f"{group}.txt"]
    if group == "lint":
        # The type checker follows what the modules and the event plugins import.
        files += [REQUIREMENTS / "runtime.txt", REQUIREMENTS / "simulator.txt"]
    return _environment(f"{group}-py{version}", version, files)


def demo_environment() -> Environment:
    core, version = machine.newest_core()
    files = [core.requirements, REQUIREMENTS / "runtime.txt", REQUIREMENTS / "simulator.txt"]
    return _environment(f"demo-py{version}", version, files, simulator=True)


def events_environment() -> Environment:
    """Event-Driven Ansible, on the interpreter of the newest core; it takes an ansible-core of its own choice."""
    _core, version = machine.newest_core()
    return _environment(f"eda-py{version}", version, [REQUIREMENTS / "eda.txt"], simulator=True)


def awx_collections() -> Path:
    """The folder that holds ansible_collections with awx.awx, which configures a real AWX."""
    _core, version = machine.newest_core()
    environment = _environment(f"awx-py{version}", version, [REQUIREMENTS / "awx.txt"])
    return environment.folder / "lib" / f"python{version}" / "site-packages"


def _environment(name: str, version: str, files: list[Path], *, simulator: bool = False) -> Environment:
    """``simulator``: with the simulator as a package, as its users install it; editable, so that it is never old."""
    folder = CACHE / "venv" / name
    python = machine.interpreters()[version]
    sources = [*files, *([SIMULATOR / "pyproject.toml"] if simulator else [])]
    wanted = hashlib.sha256(
        b"\0".join([str(python).encode(), str(folder).encode(), *(file.read_bytes() for file in sources)])
    ).hexdigest()
    stamp = folder / ".installed"
    with lock(name):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            print(f"Installing {name} (once) ...", flush=True)
            _make(folder, python)
            _install(folder, files, ["-e", str(SIMULATOR)] if simulator else [])
            stamp.write_text(wanted)
    return Environment(folder)


def _make(folder: Path, python: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    made = _run(str(python), "-m", "venv", str(folder))
    if made.returncode:
        raise Failed(f"{python} could not make a virtual environment: {_reason(made)}")


def _install(folder: Path, files: list[Path], more: list[str]) -> None:
    """Install with uv, and where its ways to the package index differ from pip's (certificates, mirrors), with pip."""
    python = str(folder / "bin" / "python")
    arguments = [argument for file in files for argument in ("-r", str(file))] + more
    uv = [str(uv_program()), "pip", "install", "--quiet", "--no-progress", "--python", python]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for command in (uv, [*uv, "--system-certs"], pip):
        result = _run(*command, *arguments)
        if result.returncode == 0:
            return
    raise _no_index(result)


def uv_program() -> Path:
    """The installer, installed."""
    folder = CACHE / "venv" / "uv"
    pin = (REQUIREMENTS / "uv.txt").read_text()
    stamp = folder / ".installed"
    with lock("uv"):
        if not (stamp.is_file() and stamp.read_text() == pin):
            _core, version = machine.newest_core()
            _make(folder, machine.interpreters()[version])
            pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--retries", "1"]
            result = _run(*pip, "install", "--quiet", "-r", str(REQUIREMENTS / "uv.txt"))
            if result.returncode:
                raise _no_index(result)
            stamp.write_text(pin)
    return folder / "bin" / "uv"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=variables)


def _no_index(result: subprocess.CompletedProcess[str]) -> Failed:
    return Failed(f"The first run needs the network: the Python package index did not deliver ({_reason(result)}).")


def _reason(result: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (result.stderr or result.stdout).splitlines() if line.strip()] or ["no message"]
    return ([line for line in lines if "error" in line.lower()] or lines)[-1]


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Two commands that run at the same time must not build the same environment."""
    folder = CACHE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
