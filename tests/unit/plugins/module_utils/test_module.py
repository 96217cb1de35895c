# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where a task ends, through real runs in both ways, and without a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Environment
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AppliveryError,
    MissingLibrary,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Definition, Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._module import Call, run_definition
from applivery_simulator import Simulator

TREE = Path(__file__).resolve().parents[7]


WAYS = pytest.mark.parametrize("here", ["true", "false"], ids=["in process", "as a module"])


def play(
    sim: Simulator, folder: Path, here: str, variables: dict[str, str] | None = None, **options: Any
) -> dict[str, Any]:
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
    target += ["-e", f"applivery_in_process={here}"]
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


@WAYS
def test_a_missing_package_is_named(sim: Simulator, tmp_path: Path, here: str) -> None:
    # A module of that name that can not be imported stands in front of the real one.
    (tmp_path / "requests.py").write_text("raise ImportError('not here')\n")
    result = play(sim, tmp_path, here, {"PYTHONPATH": str(tmp_path)})
    assert "Failed to import the required Python library (requests)" in result["msg"]
    assert "This is required for every request to Applivery" in result["msg"]
    assert set(result["failure"]) >= {"code", "attempts"}
    assert not sim.requests


@WAYS
def test_empty_variables_do_no_harm(sim: Simulator, tmp_path: Path, here: str) -> None:
    names = ("APP_TOKEN", "APPLICATION", "STORE", "API", "UPLOAD_URL", "VALIDATE_CERTS", "CA_PATH", "API_TIMEOUT")
    result = play(sim, tmp_path, here, {f"APPLIVERY_{name}": "" for name in (*names, "RETRY_TIMEOUT")})
    assert result["publications"] == []
    assert result["changed"] is False


@WAYS
def test_what_is_missing_fails_before_any_request(sim: Simulator, tmp_path: Path, here: str) -> None:
    result = play(sim, tmp_path, here, {"APPLIVERY_ORGANIZATION": ""})
    assert "organization is missing" in result["msg"]
    assert result["failure"] == failure()
    assert not sim.requests


@WAYS
def test_unverified_certificates_are_warned_about_once_and_readably(sim: Simulator, tmp_path: Path, here: str) -> None:
    result = play(sim, tmp_path, here, validate_certs=False)
    assert result["publications"] == []
    assert result["stderr"].count("validate_certs is false") <= 1
    assert "validate_certs is false" in result["stderr"] + json.dumps(result)
    assert "InsecureRequestWarning" not in result["stderr"] + json.dumps(result)


# Endings, without a process -------------------------------------------------------------------------------------------


def ending(run: Any, diff: bool = False) -> dict[str, Any]:
    params = {
        "app_token": "canary-token",
        "api": "auto",
        "api_url": "https://api.example",
        "validate_certs": True,
        "api_timeout": 60,
        "retry_timeout": 120,
    }
    call = Call(params, {}, False, diff, pytest.fail, {"canary-token"}, Environment({}))
    return run_definition(Definition({}, run), call)


def test_a_bug_is_a_sentence() -> None:
    def run(_task: Task[Any]) -> Outcome:
        return Outcome(result={"x": int("seven")})

    result = ending(run)
    assert result["failed"] is True
    assert "unexpected ValueError in test_module.py, line" in result["msg"]
    assert result["failure"] == failure()


def test_half_a_surrogate_pair_is_replaced_in_what_is_returned() -> None:
    outcome = Outcome(result={"build": {"changelog": "new \ud83d", "\udc00": ["whole \U0001f600"]}})
    result = ending(lambda _task: outcome)
    assert result == {"changed": False, "build": {"changelog": "new ?", "?": ["whole \U0001f600"]}}


def test_an_outcome_with_an_error_fails_with_all_that_was_done() -> None:
    problem = AppliveryError("half", failure(code=7)).with_result(previous={"id": "1"})
    outcome = Outcome(changed=True, result={"users": [1]}, before={"a": 1}, after={"a": 2}, title="t", error=problem)
    assert ending(lambda _task: outcome, diff=True) == {
        "failed": True,
        "changed": True,
        "users": [1],
        "previous": {"id": "1"},
        "msg": "half",
        "failure": failure(code=7),
        "diff": {"before": {"a": 1}, "after": {"a": 2}, "before_header": "t", "after_header": "t"},
    }


def test_a_diff_only_when_asked_for() -> None:
    outcome = Outcome(result={"x": 1}, before={"a": 1}, title="t", note="n")
    assert ending(lambda _task: outcome) == {"changed": False, "x": 1}
    result = ending(lambda _task: outcome, diff=True)
    assert result["diff"] == {"before": {"a": 1}, "after": {}, "before_header": "t", "after_header": "t (n)"}


def test_a_late_missing_library() -> None:
    def run(_task: Task[Any]) -> Outcome:
        raise MissingLibrary("jmespath", "for the expression in query", "trace")

    result = ending(run)
    assert result["failed"] is True
    assert "(jmespath)" in result["msg"]
    assert result["exception"] == "trace"


def nested(levels: int) -> Any:
    value: Any = "inside"
    for _level in range(levels):
        value = {"deeper": [value]}
    return value


def test_what_is_nested_too_deep_is_refused_and_the_rest_returned() -> None:
    outcome = Outcome(changed=True, result={"publication": nested(175), "publication_id": "1"})
    result = ending(lambda _task: outcome)
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["publication_id"] == "1"
    assert "publication" not in result
    assert "nested more than 100 levels deep" in result["msg"]
    assert result["failure"] == failure()


def test_what_is_deep_but_not_too_deep_is_returned() -> None:
    assert ending(lambda _task: Outcome(result={"x": nested(50)})) == {"changed": False, "x": nested(50)}
    assert ending(lambda _task: Outcome(result={"x": [nested(50)]}))["failed"] is True


def test_a_result_that_can_not_be_returned_is_a_sentence() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("canary-token can not be shown")

    result = ending(lambda _task: Outcome(changed=True, result={"x": Odd()}))
    assert result["failed"] is True
    assert result["changed"] is True
    assert "unexpected" in result["msg"]
    assert "canary-token" not in str(result)


def test_a_warning_is_given_once() -> None:
    told: list[str] = []
    params = {"app_token": "t", "api": "auto", "validate_certs": False, "api_timeout": 60, "retry_timeout": 0}

    def run(task: Task[Any]) -> Outcome:
        for text in ("one", "two", "one"):
            task.warn(text)
        return Outcome()

    run_definition(Definition({}, run), Call(params, {}, False, False, told.append, set(), Environment({})))
    assert told[1:] == ["one", "two"]
    assert told[0].startswith("validate_certs is false")
