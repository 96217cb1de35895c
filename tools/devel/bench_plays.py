# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays for the benchmark: seconds without what every play costs, and the requests that the simulator saw."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, Union

from devel import demo
from devel.environments import Environment
from devel.machine import REPOSITORY, Failed
from devel.simulator import Simulator

PLAYBOOKS = REPOSITORY / "tools" / "bench"
# A text, or what makes one of the seconds and the requests.
Beside = Union[str, Callable[[float, int], str]]


class Bench:
    """One environment and one running simulator, and the rows measured so far."""

    def __init__(self, environment: Environment, simulator: Simulator) -> None:
        self.environment = environment
        self.simulator = simulator
        self.rows: list[tuple[str, float, int, str]] = []
        self.start = 0.0
        self.start = min(self.wall("nothing.yml") for _round in range(3))

    def play(
        self, what: str, playbook: str, beside: Beside = "", arguments: Sequence[str] = (), **variables: Any
    ) -> tuple[float, int]:
        """Measure one play and note it as a row; return seconds and requests. BESIDE: what they are held against."""
        self.simulator.forget_requests()
        seconds = self.wall(playbook, arguments, **variables)
        requests = self.simulator.count()
        self.row(what, seconds, requests, beside if isinstance(beside, str) else beside(seconds, requests))
        return seconds, requests

    def row(self, what: str, seconds: float, requests: int, beside: str = "") -> None:
        self.rows.append((what, seconds, requests, beside))
        print(f"{seconds:8.2f} s  {requests:5d} requests  {what}  {beside}", flush=True)

    def wall(self, playbook: str, arguments: Sequence[str] = (), **variables: Any) -> float:
        """Seconds that a play takes, without what every play costs."""
        began = time.monotonic()
        self.run(playbook, {}, arguments, **variables)
        return time.monotonic() - began - self.start

    def run(self, playbook: str, settings: dict[str, Any], arguments: Sequence[str] = (), **variables: Any) -> None:
        """Play with further environment variables and arguments."""
        environment = self.environment.variables(
            **self.simulator.environment(),
            BENCH_APP_TOKEN=self.simulator.app_token,
            ANSIBLE_CONFIG=demo.DEMO / "ansible.cfg",
            # Compiled once, as everywhere where people install with pip.
            PYTHONDONTWRITEBYTECODE="",
            **settings,
        )
        extra = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        done = subprocess.run(
            [self.environment.bin / "ansible-playbook", PLAYBOOKS / playbook, *arguments, *extra],
            cwd=demo.DEMO,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{playbook} failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def core_version(self) -> str:
        """The version of ansible-core that plays."""
        program = "import ansible.release; print(ansible.release.__version__)"
        command: list[str | Path] = [self.environment.python, "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
