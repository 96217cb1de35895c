# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Info modules without Ansible around them: their own options and run functions, over real HTTP."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Task
from applivery_simulator import Simulator

UTILS = "ansible_collections.applivery.distribution.plugins.module_utils"
WHERE = {
    "builds": "_build.info",
    "publications": "_publication.info",
    "otp_users": "_otp_user.info",
    "applications": "_workspace.application",
    "workspace": "_workspace.info",
}


class Info:
    """Runs info modules against one simulator; keeps the warnings of the last run."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.warnings: list[str] = []

    def connection(self, **given: Any) -> Connection:
        """The whole workspace; with ``api="integrations"`` the first app."""
        if given.get("api") == "integrations":
            return Connection(
                **{"token": self.sim.app_token, "api_url": self.sim.url, "upload_url": self.sim.url, **given}
            )
        return Connection(
            **{
                "api": "workspace",
                "token": self.sim.service_account_token,
                "organization": self.sim.organization["slug"],
                "application": self.sim.application["slug"],
                "api_url": self.sim.url,
                "upload_url": self.sim.url,
                **given,
            }
        )

    def __call__(self, what: str, connection: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """What the module returns for these options; unknown ones are an error."""
        module = importlib.import_module(f"{UTILS}.{WHERE[what]}")
        assert set(options) <= set(module.INFO_SPEC)
        params = {option: options.get(option, entry.get("default")) for option, entry in module.INFO_SPEC.items()}
        self.warnings.clear()
        self.sim.forget_requests()
        api = connect(self.connection(**(connection or {})), self.warnings.append, backoff=0.01)
        outcome = module.run_info(Task(params, api, check_mode=False, warn=self.warnings.append))
        assert outcome.changed is False
        assert self.sim.writes == []
        return dict(outcome.result)

    @property
    def requests(self) -> int:
        """How many requests the last run sent."""
        return len(self.sim.requests)


@pytest.fixture
def info(simulator: Callable[..., Simulator]) -> Iterator[Callable[..., Info]]:
    """Return a function that starts a simulator and gives what runs info modules against it."""

    def start(**options: Any) -> Info:
        return Info(simulator(**options))

    return start
