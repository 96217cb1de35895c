# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""applivery_build without Ansible around it: its own options and run function, over real HTTP, with its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._build import wait as _build_wait
from ansible_collections.applivery.distribution.plugins.module_utils._build.run import BUILD_SPEC, run
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from applivery_simulator import Simulator


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Waiting takes no time in these tests."""
    clock = Clock()
    monkeypatch.setattr(_build_wait, "_sleep", clock.sleep)
    monkeypatch.setattr(_build_wait, "_clock", clock)
    return clock


class Module:
    """Runs the module against one simulator; keeps the warnings of the last run."""

    spec = BUILD_SPEC
    run = staticmethod(run)

    def __init__(self, sim: Simulator, api: str = "workspace", **connection: Any) -> None:
        self.sim = sim
        self.api = api
        self.connection = connection
        self.warnings: list[str] = []

    def __call__(self, check: bool = False, **options: Any) -> Outcome:
        """The outcome for these options; the request log holds only what this run sent."""
        checked = ArgumentSpecValidator(self.spec).validate(options)
        assert checked.error_messages == []
        self.warnings.clear()
        self.sim.forget_requests()
        api = connect(self._connection(), self.warnings.append, backoff=0.01)
        outcome = self.run(Task(checked.validated_parameters, api, check, self.warnings.append, options))
        if check:
            assert self.sim.writes == []
        return outcome

    def _connection(self) -> Connection:
        whose = {"token": self.sim.app_token}
        if self.api == "workspace":
            whose = {
                "token": self.sim.service_account_token,
                "organization": self.sim.organization["slug"],
                "application": self.sim.application["slug"],
            }
        return Connection(
            **{"api": self.api, "api_url": self.sim.url, "upload_url": self.sim.url, **whose, **self.connection}
        )

    def calls(self) -> list[str]:
        """The methods of the requests of the last run, in order."""
        return [request.method for request in self.sim.requests]

    def twice(self, **options: Any) -> Outcome:
        """Predict, apply, apply again, predict again; what was predicted must have come true, and nothing follows."""
        predicted = self(check=True, **options)
        applied = self(**options)
        assert predicted.changed == applied.changed
        assert (predicted.before, predicted.after) == (applied.before, applied.after)
        assert as_promised(predicted.result["build"], applied.result["build"])
        again = self(**options)
        assert not again.changed
        assert self.sim.writes == []
        assert again.result["build"] == applied.result["build"]
        assert not self(check=True, **options).changed
        return applied


def as_promised(predicted: Any, real: Any) -> bool:
    """Whether all that a prediction says came true; null is what it does not say."""
    if isinstance(predicted, dict) and isinstance(real, dict):
        return all(as_promised(value, real.get(key)) for key, value in predicted.items())
    return predicted is None or predicted == real


@pytest.fixture
def build(simulator: Callable[..., Simulator]) -> Iterator[Callable[..., Module]]:
    """Return a function that starts a simulator with these switches and gives the module that talks to it."""

    def start(api: str = "workspace", profile: str = "default", seed: str = "empty", **switches: Any) -> Module:
        return Module(simulator(profile=profile, seed=seed, switches=switches), api)

    return start


@pytest.fixture
def package(tmp_path: Path) -> str:
    """A file that looks like an Android app from the outside."""
    path = tmp_path / "app-release.apk"
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
    return str(path)
