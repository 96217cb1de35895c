# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a resource in-process, as its module would, against a simulator over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from applivery_simulator import Simulator


@dataclass
class Ran:
    """How an in-process task ended; ``error`` is set where the module would have failed."""

    outcome: Outcome
    warnings: list[str] = field(default_factory=list)
    error: AppliveryError | None = None

    @property
    def changed(self) -> bool:
        return self.outcome.changed

    @property
    def result(self) -> Mapping[str, Any]:
        return self.outcome.result


def filled(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as AnsibleModule hands them on: defaults filled in, what is not given is None, at every depth."""
    unknown = set(given) - set(spec)
    assert not unknown, f"not in the argument spec: {sorted(unknown)}"
    return {option: _filled_option(entry, given.get(option, entry.get("default"))) for option, entry in spec.items()}


def _filled_option(entry: Mapping[str, Any], value: Any) -> Any:
    options = entry.get("options")
    if not options or value is None:
        return value
    if isinstance(value, list):
        return [filled(options, item) for item in value]
    return filled(options, value)


def connection_to(sim: Simulator, api: str = "workspace", **changes: Any) -> Connection:
    """A connection to the simulator with one of its valid tokens."""
    wanted: dict[str, Any] = {
        "api": api,
        "token": sim.service_account_token if api == "workspace" else sim.app_token,
        "organization": sim.organization["slug"],
        "application": sim.application["slug"],
        "api_url": sim.url,
        "upload_url": sim.url,
        "api_timeout": 60,
        "retry_timeout": 10,
    }
    return Connection(**{**wanted, **changes})


def run_task(
    run: Callable[[Task[Any]], Outcome],
    spec: Mapping[str, Any],
    sim: Simulator,
    options: Mapping[str, Any],
    *,
    check: bool = False,
    api: str = "workspace",
    **changes: Any,
) -> Ran:
    """Run ``run`` with ``options``; an AppliveryError is returned, any other exception is a defect and raised."""
    warnings: list[str] = []
    given = filled(spec, options)
    secrets = [str(given[name]) for name, entry in spec.items() if entry.get("no_log") and given[name]]
    client = connect(connection_to(sim, api, **changes), warnings.append, secrets, backoff=0.01)
    keep_time(client, Clock(real=True))
    try:
        outcome = run(Task(given, client, check, warnings.append))
    except AppliveryError as problem:
        return Ran(Outcome(changed=problem.changed, result=problem.result), warnings, problem)
    return Ran(outcome, warnings, outcome.error)
