# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to the simulator: its commands do what it says they do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.applivery.distribution.tests.unit.docs.test_guides import ROOT, _rst_blocks
from applivery_simulator import Simulator

SHELL = [
    text for kind, text in _rst_blocks(ROOT / "docs" / "docsite" / "rst" / "guide_simulator.rst") if kind == "shell"
]


def run(sim: Simulator, line: str, **more: str) -> str:
    """What a line of the guide prints in a shell that has the programs of this environment and the sim's address."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "APPLIVERY_API_URL": sim.url, "no_proxy": "*", **more}
    return subprocess.run(
        [shutil.which("bash") or "sh", "-ec", line], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_the_package_of_the_repository_is_the_command(simulator: Callable[..., Simulator]) -> None:
    commands = [line.split()[0] for block in SHELL for line in block.splitlines() if "applivery-simulator --" in line]
    assert set(commands) == {"applivery-simulator"}
    sim = simulator()
    listed = run(sim, "applivery-simulator --list-switches")
    assert [name for name in sim.switches if name not in listed] == []
    options = run(sim, "applivery-simulator --help")
    assert "--seed" in options
    assert "hostile" in options


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl was found, so the guide's commands were not played")
def test_switches_faults_and_the_log_from_a_shell(simulator: Callable[..., Simulator]) -> None:
    sim = simulator()
    (block,) = [text for text in SHELL if text.startswith("curl")]
    switches, fault, log = block.strip().splitlines()
    before = dict(sim.switches)
    run(sim, switches)
    assert {name: value for name, value in sim.switches.items() if value != before[name]} == {
        "unset_fields": "null",
        "otp_body": "seed",
    }
    run(sim, fault)
    ask = (
        'curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $TOKEN" "$APPLIVERY_API_URL/v1/organizations"'
    )
    assert [run(sim, ask, TOKEN=sim.service_account_token) for _time in range(3)][:2] == ["429", "429"]
    seen = json.loads(run(sim, log))["requests"]
    assert [request["status"] for request in seen][:2] == [429, 429]
    assert sim.service_account_token not in json.dumps(seen)
