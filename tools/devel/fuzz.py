# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make fuzz: random worlds, wishes and faults by the hundred thousand; a violation ends it and tells its seed."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from devel import contract, environments, machine, tree
from devel.environments import Environment
from devel.machine import CACHE, Failed
from devel.report import Log

WORLDS = "tests/property"
NIGHTS = 365
ROUNDS = 10
TOLD = r"^E .*(APPLIVERY_FUZZ_SEED|AssertionError|Error: )"


def run(cases: int, seed: int | None, seconds: int) -> bool:
    """CASES random cases of the ``*_worlds`` tests, a year of nights, and SECONDS of requests to the simulator."""
    began = time.monotonic()
    core, version = machine.newest_core()
    environment = environments.core_environment(core, version)
    first = secrets.randbelow(10**9) if seed is None else seed
    log = Log(CACHE / "logs" / "fuzz.log")
    with tree.exclusive("fuzz") as root:
        collection = tree.lay_out(root)
        worlds = sorted(path.relative_to(collection) for path in (collection / WORLDS).glob("test_*_worlds.py"))
        tests = _count(log, environment, collection, worlds)
        each = -(-cases // (tests * ROUNDS))
        print(f"Fuzzing from seed {first}: {tests} kinds of cases, {ROUNDS} rounds of {each} each.", flush=True)
        for number in range(ROUNDS):
            settings = {"APPLIVERY_FUZZ_SEED": str(first + number * each), "APPLIVERY_FUZZ_CASES": str(each)}
            _pytest(log, environment, collection, worlds, settings)
            done = (number + 1) * each * tests
            print(f"  {done:7d} cases without a violation ({time.monotonic() - began:.0f} s)", flush=True)
        settings = {"APPLIVERY_FUZZ_NIGHTS": str(NIGHTS), "APPLIVERY_FUZZ_SEED": str(first)}
        _pytest(log, environment, collection, [Path(WORLDS) / "test_otp_year.py"], settings)
        print(f"  {NIGHTS} nights of a year without a violation ({time.monotonic() - began:.0f} s)", flush=True)
    if seconds:
        contract.attack(log, seconds, first)
        print(f"  no answer of HTTP 500 in {2 * seconds} s of requests made from the contract", flush=True)
    print(f"{ROUNDS * each * tests} cases ran, no violation.")
    return True


def _count(log: Log, environment: Environment, collection: Path, files: list[Path]) -> int:
    """How many tests take cases."""
    command = [environment.python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    log.run(command, cwd=collection, env=environment.variables(PYTHONPATH=tree.python_path(collection)))
    return max(1, len(re.findall(r"^tests/.*::", log.text(), re.MULTILINE)))


def _pytest(log: Log, environment: Environment, collection: Path, files: list[Path], settings: dict[str, str]) -> None:
    command = [environment.python, "-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider", *files]
    variables = environment.variables(PYTHONPATH=tree.python_path(collection), **settings)
    if log.run(command, cwd=collection, env=variables, check=False):
        told = [line for line in log.text().splitlines() if re.search(TOLD, line)]
        raise Failed("A violation:\n" + "\n".join(told[-10:]) + f"\nThe whole log: {log.path}")
