# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary token and a canary password, searched for in everything that real runs of ansible-playbook leave behind."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable
from urllib.parse import quote

import ansible.release
import pytest

from applivery_simulator import Simulator

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[4]
PASSWORD = 'Canary-Pässword/0+1 "quoted"'
# From 2.22 on, ansible-core masks what it shows and no longer what it keeps: the task's own arguments stay with it.
KEEPS_ARGUMENTS = tuple(map(int, ansible.release.__version__.split(".")[:2])) >= (2, 22)


def forms(secret: str) -> list[str]:
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode().rstrip("=")[:-1]
    return [secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1], encoded]


def traces(content: str, secret: str) -> list[str]:
    return [form for form in forms(secret) if form in content]


class Run:
    """One ansible-playbook whose every file lands below ``folder``."""

    def __init__(self, folder: Path, sim: Simulator, here: bool, by: str, token: str = "") -> None:
        self.folder = folder
        self.token = token or sim.service_account_token
        self.results = folder / "results.json"
        places = {name: folder / name for name in ("home", "tmp", "local", "remote", "facts")}
        for place in places.values():
            place.mkdir(parents=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "APPLIVERY_", "CANARY_"))
        }
        env = {
            **kept,
            "LC_ALL": "C.UTF-8",
            "HOME": str(places["home"]),
            "TMPDIR": str(places["tmp"]),
            "PYTHONPATH": "",
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_LOCAL_TEMP": str(places["local"]),
            "ANSIBLE_REMOTE_TEMP": str(places["remote"]),
            "ANSIBLE_REMOTE_TMP": str(places["remote"]),
            "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(places["facts"]),
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "ANSIBLE_RETRY_FILES_ENABLED": "1",
            "ANSIBLE_RETRY_FILES_SAVE_PATH": str(folder / "retry"),
            "ANSIBLE_NOCOLOR": "1",
            "CANARY_PASSWORD": PASSWORD,
            "CANARY_RESULTS": str(self.results),
        }
        facts = {"URL": sim.url, "ORGANIZATION": sim.organization["slug"], "APPLICATION": sim.application["id"]}
        if by == "option":
            env.update({f"CANARY_{name}": value for name, value in facts.items()}, CANARY_TOKEN=self.token)
        else:
            env.update(
                APPLIVERY_API_URL=facts["URL"],
                APPLIVERY_UPLOAD_URL=facts["URL"],
                APPLIVERY_ORGANIZATION=facts["ORGANIZATION"],
                APPLIVERY_APPLICATION=facts["APPLICATION"],
                APPLIVERY_SERVICE_ACCOUNT_TOKEN=self.token,
                APPLIVERY_RETRY_TIMEOUT="1",
            )
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", "-vvvv"]
        variables = ["-e", f"ansible_python_interpreter={sys.executable}", "-e", f"applivery_in_process={here}"]
        self.done = subprocess.run(
            [*command, *variables, HERE / "play.yml"],
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.output = self.done.stdout + self.done.stderr

    def registered(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.results.read_text())
        return kept

    def left_behind(self) -> dict[str, str]:
        """All that the run printed and wrote, by name."""
        found = {"standard output": self.done.stdout, "standard error": self.done.stderr}
        for path in self.folder.rglob("*"):
            if path.is_file():
                found[path.name] = path.read_bytes().decode("utf-8", "replace")
        if KEEPS_ARGUMENTS and self.results.exists():
            results = self.registered()
            for result in results.values():
                result.pop("invocation", None)
            found[self.results.name] = json.dumps(results, ensure_ascii=False)
        return found

    def check(self) -> None:
        for name, content in self.left_behind().items():
            for what, secret in (("token", self.token), ("password", PASSWORD)):
                assert not traces(content, secret), f"the {what} stands in {name}"


@pytest.fixture(params=[True, False], ids=["in process", "as a module"])
def play(request: pytest.FixtureRequest) -> Iterator[Callable[..., Run]]:
    # Newer cores put a socket below TMPDIR, and the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="canary") as folder:
        yield lambda sim, by, **more: _run(Path(folder), sim, request.param, by, **more)


def _run(folder: Path, sim: Simulator, here: bool, by: str, **more: Any) -> Run:
    run = Run(folder, sim, here, by, **more)
    # What a module is started with is told only where one is.
    assert ("Using module file" in run.output.split("TASK [Show the results]")[0]) != here
    return run


BY = pytest.mark.parametrize("by", ["option", "environment"])


@BY
def test_success(play: Callable[..., Run], sim: Simulator, by: str) -> None:
    sim.add_publication(slug="canary", security="password", password="old")
    run = play(sim, by)
    assert run.done.returncode == 0, run.output
    assert run.registered()["described"]["changed"] is True
    assert next(iter(sim.publications.values()))["password"] == PASSWORD
    assert "VALUE_HIDDEN" in run.output
    run.check()


@BY
def test_refusals(play: Callable[..., Run], sim: Simulator, by: str) -> None:
    run = play(sim, by, token="Canary-Token-0123456789-abcdefghij")
    results = run.registered()
    assert results["described"]["failed"]
    assert results["described"]["failure"]["status"] == 401
    run.check()


@BY
def test_a_server_that_echoes_everything(play: Callable[..., Run], sim: Simulator, by: str) -> None:
    token = sim.service_account_token
    echo = " ".join([token, *forms(token), "x" * 60 + token])
    # Only a task that was given the password can recognise it.
    both = " ".join([PASSWORD, *forms(PASSWORD), "x" * 60 + PASSWORD, echo])
    sim.fault("status", method="POST", status=400, code=6002, message=both, data={"errors": [{"field": [both]}]})
    sim.fault("status", method="GET", path="pubApps", skip=2, times=None, status=500, body=f"<html>{echo}</html>")
    run = play(sim, by)
    results = run.registered()
    assert results["described"]["failure"]["code"] == 6002
    assert results["listed"]["failure"]["status"] == 500
    run.check()


@BY
def test_an_answer_that_would_break_the_program(play: Callable[..., Run], sim: Simulator, by: str) -> None:
    levels = 990
    opening, inner = (
        '{"id": "%s", "slug": "canary", "configuration": ' % ("0" * 24),
        json.dumps(sim.service_account_token),
    )
    body = '{"status": true, "data": [' + opening * levels + inner + "}" * levels + "]}"
    sim.fault("status", method="GET", path="pubApps", times=None, status=200, body=body)
    run = play(sim, by)
    results = run.registered()
    assert results["listed"]["failed"]
    assert set(results["listed"]["failure"]) >= {"code", "status", "attempts"}
    assert "is nested more than 100 deep" in results["listed"]["msg"]
    assert "MODULE FAILURE" not in run.output
    run.check()


def test_the_search_finds_what_is_there(play: Callable[..., Run], sim: Simulator) -> None:
    run = play(sim, "environment")
    (run.folder / "leak").write_text(quote(PASSWORD, safe=""))
    with pytest.raises(AssertionError, match="the password stands in leak"):
        run.check()
