# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A task about OTP users that names nobody in what everybody sees: warnings, messages and the diff."""

from __future__ import annotations

from typing import Any, Callable

from .._api.client import Api
from .._core.addresses import hushed
from .._core.errors import AppliveryError
from .._core.task import Outcome, Task

Run = Callable[[Task[Api]], Outcome]


def quietly(task: Task[Api], run: Run) -> Outcome:
    """Run a task and take the names of people out of all that is shown whatever the playbook says.

    What is returned for each person stays: only the playbook can keep it from being shown, by ``no_log``.
    """
    quiet = Task(task.params, task.api, task.check_mode, lambda text: task.warn(hushed(text)))
    try:
        outcome = run(quiet)
    except AppliveryError as problem:
        _hush(problem)
        raise
    if outcome.error is not None:
        _hush(outcome.error)
    result = {**outcome.result, **({"msg": hushed(outcome.result["msg"])} if "msg" in outcome.result else {})}
    return outcome._replace(result=result, before={}, after={})


def _hush(problem: AppliveryError) -> None:
    problem.message = hushed(problem.message)
    problem.failure = {name: _without_names(value) for name, value in problem.failure.items()}


def _without_names(value: Any) -> Any:
    if isinstance(value, str):
        return hushed(value)
    if isinstance(value, list):
        return [_without_names(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_names(item) for name, item in value.items()}
    return value
