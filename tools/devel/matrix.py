# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sanity and tests on more than one ansible-core."""

from __future__ import annotations

from collections.abc import Sequence

from devel import environments, gates, machine
from devel.machine import CORES, DEVELOPMENT, Core, Failed
from devel.report import Gate, run

Cell = tuple[Core, str]


def every(line: str | None, python: str | None) -> bool:
    """Sanity and all tests on each supported ansible-core, or on the one named LINE, with its own or that PYTHON."""
    cells = [(core, _python(core, python)) for core in _cores(line)]
    return _run([(cell, (gates.sanity(*cell), *_tests(*cell))) for cell in cells])


def only_sanity(line: str) -> bool:
    cells = [(core, _python(core, None)) for core in _cores(line)]
    return _run([(cell, (gates.sanity(*cell),)) for cell in cells])


def beside_the_newest() -> bool:
    """What `make test` leaves that is short enough: sanity on each other core, and the tests on the oldest of them.

    With its oldest Python, and without integration: `make matrix` runs everything on each core.
    """
    others = machine.runnable_cores()[1:]
    if not others:
        return True
    oldest = others[-1][0]
    cell = oldest, machine.oldest_python_for(oldest)
    tests = tuple(gates.pytest(name, *cell, coverage=False) for name in ("unit", "secrets"))
    return _run([(cell, tests), *((other, (gates.sanity(*other),)) for other in reversed(others))])


def _cores(line: str | None) -> list[Core]:
    if line is None:
        found = [core for core, _version in machine.runnable_cores()]
        for core in CORES:
            if core not in found:
                print(f"not run: ansible-core {core.line} (one of Python {', '.join(core.pythons)} is needed)")
        return found
    named = [core for core in (*CORES, DEVELOPMENT) if core.line == line]
    if not named:
        known = ", ".join(core.line for core in (*CORES, DEVELOPMENT))
        raise Failed(f"ansible-core {line} is none of {known}.")
    return named


def _python(core: Core, wanted: str | None) -> str:
    version = wanted or machine.python_for(core)
    if version not in core.pythons or version not in machine.interpreters():
        raise Failed(f"ansible-core {core.line} needs one of Python {', '.join(core.pythons)}; found: {version}.")
    return version


def _tests(core: Core, version: str) -> tuple[Gate, ...]:
    return (
        *gates.integration(core, version, coverage=False),
        *(gates.pytest(name, core, version, coverage=False) for name in ("unit", "property", "secrets")),
    )


def _run(plan: Sequence[tuple[Cell, tuple[Gate, ...]]]) -> bool:
    for core, version in dict.fromkeys(cell for cell, _gates in plan):
        print(f"ansible-core {core.line} on Python {version}", flush=True)
        environments.core_environment(core, version)
    return run([gate for _cell, checks in plan for gate in checks])
