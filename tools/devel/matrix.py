# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests on more than one ansible-core."""

from __future__ import annotations

import subprocess

from devel import environments, gates, machine
from devel.machine import CORES, Core
from devel.report import Gate, run


def every_core() -> bool:
    """Sanity, units and integration on each supported ansible-core that this machine has an interpreter for."""
    cores = machine.runnable_cores()
    ran = _run([(core, version, (gates.sanity(core, version), *_tests(core, version))) for core, version in cores])
    for core in CORES:
        if core not in [runnable for runnable, _version in cores]:
            print(f"not run: ansible-core {core.line} ({_why_not(core)})")
    return ran


def oldest_and_newest() -> bool:
    """Units and integration on the two ends of the range, each on the oldest interpreter that fits."""
    cores = [core for core, _version in machine.runnable_cores()]
    ends = [(core, machine.oldest_python_for(core)) for core in dict.fromkeys((cores[-1], cores[0]))]
    return _run([(core, version, _tests(core, version)) for core, version in ends])


def _tests(core: Core, version: str) -> tuple[Gate, ...]:
    return (
        *gates.integration(core, version, coverage=False),
        gates.pytest("unit", core, version, coverage=False),
        gates.pytest("property", core, version, coverage=False),
        gates.pytest("secrets", core, version, coverage=False),
    )


def _run(plan: list[tuple[Core, str, tuple[Gate, ...]]]) -> bool:
    for core, version, _gates in plan:
        print(f"ansible-core {core.line} on Python {version}", flush=True)
        environments.core_environment(core, version)
    return run([gate for _core, _version, checks in plan for gate in checks])


def _why_not(core: Core) -> str:
    if core.released:
        return f"no Python {' or '.join(sorted(core.pythons))} was found"
    return _release_state(core)


def _release_state(core: Core) -> str:
    """Whether a line that has no pin here has been released by now; final releases only."""
    _core, version = machine.newest_core()
    listing = subprocess.run(
        [
            machine.interpreters()[version],
            "-m",
            "pip",
            "--disable-pip-version-check",
            "index",
            "versions",
            "ansible-core",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        return "no final release when this was written, and the package index could not be asked"
    if f"{core.line}." in listing.stdout:
        return f"released by now: add tools/requirements/core-{core.line}.txt"
    return "no final release on the package index"
