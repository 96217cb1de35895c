# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where a module ends, through real runs of a real module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils import _module
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AppliveryError,
    MissingLibrary,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Definition, Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._module import run_module
from applivery_simulator import Simulator

TREE = Path(__file__).resolve().parents[7]


def play(sim: Simulator, folder: Path, variables: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    """What a run of the info module returns, with ``variables`` in its environment."""
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": "",
        "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
        "APPLIVERY_ORGANIZATION": sim.organization["slug"],
        "APPLIVERY_API_URL": sim.url,
    }
    env = {**os.environ, **settings, **(variables or {})}
    program = Path(sys.executable).with_name("ansible")
    target = ["localhost", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    module = [
        "-m",
        "applivery.distribution.applivery_publication_info",
        "-a",
        " ".join(f"{name}={value}" for name, value in options.items()),
    ]
    done = subprocess.run(
        [program, *target, *module], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "=> {" in done.stdout, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.split("=> ", 1)[1])
    return {**found, "stderr": done.stderr}


def test_a_missing_package_is_named(sim: Simulator, tmp_path: Path) -> None:
    # A module of that name that can not be imported stands in front of the real one.
    (tmp_path / "requests.py").write_text("raise ImportError('not here')\n")
    result = play(sim, tmp_path, {"PYTHONPATH": str(tmp_path)})
    assert "Failed to import the required Python library (requests)" in result["msg"]
    assert "This is required for every request to Applivery" in result["msg"]
    assert set(result["failure"]) >= {"code", "attempts"}
    assert not sim.requests


def test_empty_variables_do_no_harm(sim: Simulator, tmp_path: Path) -> None:
    names = ("APP_TOKEN", "APPLICATION", "STORE", "API", "UPLOAD_URL", "VALIDATE_CERTS", "CA_PATH", "API_TIMEOUT")
    result = play(sim, tmp_path, {f"APPLIVERY_{name}": "" for name in (*names, "RETRY_TIMEOUT")})
    assert result["publications"] == []
    assert result["changed"] is False


def test_what_is_missing_fails_before_any_request(sim: Simulator, tmp_path: Path) -> None:
    result = play(sim, tmp_path, {"APPLIVERY_ORGANIZATION": ""})
    assert "organization is missing" in result["msg"]
    assert result["failure"] == failure()
    assert not sim.requests


def test_unverified_certificates_are_warned_about_once_and_readably(sim: Simulator, tmp_path: Path) -> None:
    result = play(sim, tmp_path, validate_certs=False)
    assert result["publications"] == []
    assert result["stderr"].count("validate_certs is false") <= 1
    assert "validate_certs is false" in result["stderr"] + json.dumps(result)
    assert "InsecureRequestWarning" not in result["stderr"] + json.dumps(result)


# Endings, without a process -------------------------------------------------------------------------------------------


class Ended(Exception):
    """How AnsibleModule was told to end."""


class FakeModule:
    """What run_module needs of AnsibleModule."""

    _diff = False
    check_mode = False

    def __init__(self, **_options: Any) -> None:
        self.params = {
            "app_token": "canary-token",
            "api": "auto",
            "api_url": "https://api.example",
            "validate_certs": True,
            "api_timeout": 60,
            "retry_timeout": 120,
        }
        self.no_log_values = {"canary-token"}

    def warn(self, text: str) -> None:
        raise AssertionError(text)

    def exit_json(self, **result: Any) -> None:
        raise Ended("exit", result)

    def fail_json(self, **result: Any) -> None:
        raise Ended("fail", result)


def ending(monkeypatch: pytest.MonkeyPatch, run: Any, diff: bool = False) -> tuple[str, dict[str, Any]]:
    monkeypatch.setattr(_module, "AnsibleModule", FakeModule)
    monkeypatch.setattr(FakeModule, "_diff", diff)
    with pytest.raises(Ended) as caught:
        run_module(Definition({}, run))
    kind, result = caught.value.args
    return kind, result


def test_a_bug_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_task: Task[Any]) -> Outcome:
        return Outcome(result={"x": int("seven")})

    kind, result = ending(monkeypatch, run)
    assert kind == "fail"
    assert "unexpected ValueError in test_module.py, line" in result["msg"]
    assert result["failure"] == failure()


def test_half_a_surrogate_pair_is_replaced_in_what_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(result={"build": {"changelog": "new \ud83d", "\udc00": ["whole \U0001f600"]}})
    kind, result = ending(monkeypatch, lambda _task: outcome)
    assert (kind, result["build"]) == ("exit", {"changelog": "new ?", "?": ["whole \U0001f600"]})


def test_an_outcome_with_an_error_fails_with_all_that_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = AppliveryError("half", failure(code=7)).with_result(previous={"id": "1"})
    outcome = Outcome(changed=True, result={"users": [1]}, before={"a": 1}, after={"a": 2}, title="t", error=problem)
    kind, result = ending(monkeypatch, lambda _task: outcome, diff=True)
    assert kind == "fail"
    assert result == {
        "changed": True,
        "users": [1],
        "previous": {"id": "1"},
        "msg": "half",
        "failure": failure(code=7),
        "diff": {"before": {"a": 1}, "after": {"a": 2}, "before_header": "t", "after_header": "t"},
    }


def test_a_diff_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(result={"x": 1}, before={"a": 1}, title="t", note="n")
    assert ending(monkeypatch, lambda _task: outcome) == ("exit", {"changed": False, "x": 1})
    _kind, result = ending(monkeypatch, lambda _task: outcome, diff=True)
    assert result["diff"] == {"before": {"a": 1}, "after": {}, "before_header": "t", "after_header": "t (n)"}


def test_a_late_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_task: Task[Any]) -> Outcome:
        raise MissingLibrary("jmespath", "for the expression in query", "trace")

    kind, result = ending(monkeypatch, run)
    assert kind == "fail"
    assert "(jmespath)" in result["msg"]
    assert result["exception"] == "trace"
