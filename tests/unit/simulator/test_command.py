# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a command: what it prints, how it ends, and that nobody has to end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
import requests

from ansible_collections.applivery.distribution.tests.support.clock import eventually
from applivery_simulator import Simulator
from applivery_simulator import __main__ as command

ROOT = Path(command.__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts the command; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "applivery_simulator", *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ready(path: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the ready file."""

    def is_there() -> bool:
        assert process.poll() is None, process.communicate()
        return path.exists()

    eventually(is_there)
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(start: Start, tmp_path: Path, number: int) -> None:
    process = start("--ready-file", str(tmp_path / "ready"), "--switch", "envelope=bare", "--switch", "max_limit=1")
    access = ready(tmp_path / "ready", process)
    headers = {"Authorization": f"Bearer {access['app_token']}"}
    builds = requests.get(f"{access['url']}/v1/integrations/builds", headers=headers, timeout=60).json()
    assert len(builds) == 1
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    for wanted in (
        f"export APPLIVERY_API_URL={access['url']}",
        f"export APPLIVERY_UPLOAD_URL={access['upload_url']}",
        f"export APPLIVERY_APP_TOKEN={access['app_token']}",
        f"export APPLIVERY_SERVICE_ACCOUNT_TOKEN={access['service_account_token']}",
        f"export APPLIVERY_ORGANIZATION={access['organization']['slug']}",
        f"export APPLIVERY_APPLICATION={access['application']['slug']}",
    ):
        assert wanted in output.splitlines()
    assert access["store"]["id"] in output


def test_it_ends_with_the_process_that_it_was_told(start: Start, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as parent:
        process = start("--exit-with", str(parent.pid), "--ready-file", str(tmp_path / "ready"), "--port", "0")
        ready(tmp_path / "ready", process)
        assert process.poll() is None
        parent.communicate("\n")
    process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--switch", "nothing=1"], "unknown switch 'nothing'"),
        (["--switch", "envelope=round"], "switch 'envelope' cannot be 'round'"),
        (["--switch", "envelope"], "--switch needs NAME=VALUE"),
        (["--ready-file", "/nonexistent/folder/ready"], "No such file"),
    ],
)
def test_bad_input_is_one_clear_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert command.main(arguments) == 1
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert message in errors


def test_a_taken_port(capsys: pytest.CaptureFixture[str], sim: Simulator) -> None:
    port = sim.url.rsplit(":", 1)[1]
    assert command.main(["--port", port]) == 1
    assert capsys.readouterr().err == (
        f"simulator: port {port} on 127.0.0.1 is taken; choose another one, or 0 for any free port\n"
    )


def test_the_list_of_switches(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list-switches"]) == 0
    assert 'publication_put: "replace" | "merge"' in capsys.readouterr().out


def test_who_is_alive() -> None:
    assert command.alive(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        eventually(lambda: not command.alive(ended.pid))
    assert not command.alive(ended.pid)
