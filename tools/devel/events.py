# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks in a real ansible-rulebook, which needs Java."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devel import environments, tree
from devel.report import Gate, Log

# What the rule engine is built for.
OLDEST_JAVA = 17


def gates() -> list[Gate]:
    """The gate; where it can't be run, none, and a line that says so: what did not run has not passed."""
    home = java_home()
    if home is None:
        print(f"eda: no Java {OLDEST_JAVA} or newer was found, so the rulebooks were not run", flush=True)
        return []

    def check(log: Log) -> None:
        environment = environments.events_environment()
        command = [environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--confcutdir", "tests/eda"]
        with tree.exclusive("eda") as root:
            collection = tree.lay_out(root)
            variables = environment.variables(PYTHONPATH=tree.python_path(collection), JAVA_HOME=home)
            log.run([*command, "tests/eda"], cwd=collection, env=variables)

    return [Gate("eda", check)]


def java_home() -> Path | None:
    """Where the oldest Java lives that is new enough: it is the one that the rule engine was tested with."""
    found = {version: home for program in _programs() for version, home in _java(program)}
    fitting = sorted(version for version in found if version >= OLDEST_JAVA)
    return found[fitting[0]] if fitting else None


def _programs() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    if shutil.which("java"):
        yield Path(str(shutil.which("java")))
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"))


def _java(program: Path) -> list[tuple[int, Path]]:
    """The version and the home of a Java that starts; some machines have one that only says where to get one."""
    try:
        shown = subprocess.run(
            [program, "-XshowSettings:properties", "-version"], check=False, capture_output=True, text=True, timeout=60
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return []
    version = re.search(r"java\.specification\.version = (\d+)$", shown, re.MULTILINE)
    home = re.search(r"java\.home = (.+)$", shown, re.MULTILINE)
    return [(int(version[1]), Path(home[1]))] if version and home else []
