# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a process of its own, for as long as a block of code runs."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devel import tree
from devel.environments import Environment
from devel.machine import Failed

# A guard against hanging, not a measure.
START_SECONDS = 180

# Loopback only, past any proxy that the user's environment names. Making one takes longer than a request.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Simulator:
    """A running simulator, as its ready file describes it."""

    facts: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    @property
    def app_token(self) -> str:
        return str(self.facts["app_token"])

    def variables(self) -> dict[str, str]:
        """The names under which playbooks and integration targets know it."""
        return {
            "applivery_simulator_url": self.url,
            "applivery_app_token": self.app_token,
            "applivery_service_account_token": self.facts["service_account_token"],
            "applivery_organization": self.facts["organization"]["slug"],
            "applivery_application": self.facts["application"]["slug"],
            "applivery_store": self.facts["store"]["id"],
        }

    def environment(self) -> dict[str, str]:
        """The same as environment variables of the modules. Tokens travel this way, so that no file holds one."""
        return {
            "APPLIVERY_API_URL": self.url,
            "APPLIVERY_UPLOAD_URL": self.url,
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": self.facts["service_account_token"],
            "APPLIVERY_ORGANIZATION": self.facts["organization"]["slug"],
            "APPLIVERY_APPLICATION": self.facts["application"]["slug"],
        }

    def writes(self) -> list[str]:
        """What was written since the log was last forgotten, as "METHOD path"."""
        return [
            f"{item['method']} {item['path']}"
            for item in self.requests()
            if item["method"] in ("POST", "PUT", "PATCH", "DELETE")
        ]

    def state(self) -> dict[str, Any]:
        """What it holds, as stored."""
        return dict(self._call("GET", "/_simulator/state"))

    def forget_requests(self) -> None:
        self._call("DELETE", "/_simulator/requests")

    def count(self) -> int:
        """How many requests came since the log was last forgotten."""
        return len(self.requests())

    def requests_by_agent(self) -> dict[str, int]:
        """How many requests each User-Agent sent since the log was last forgotten."""
        return dict(Counter(item["headers"].get("User-Agent", "") for item in self.requests()))

    def reset(self, **world: Any) -> None:
        self._call("POST", "/_simulator/reset", world)

    def set(self, **switches: Any) -> None:
        self._call("POST", "/_simulator/switches", switches)

    def add(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Put an object there without any check; return it with its id."""
        return dict(self._call("POST", f"/_simulator/{kind}", fields))

    def change(self, identity: str, fields: dict[str, Any]) -> None:
        """Change an object as somebody in the dashboard would."""
        self._call("PUT", f"/_simulator/objects/{identity}", fields)

    def requests(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "/_simulator/requests")["requests"])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - always http:// on loopback
        with _OPENER.open(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def running(
    environment: Environment,
    collection: Path,
    log: Path,
    *,
    seed: str = "empty",
    profile: str = "default",
    validate: bool = False,
) -> Iterator[Simulator]:
    """Start a simulator from the tree copy COLLECTION, wait until it answers, and end it whatever happens."""
    ready = log.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    arguments = ["--port", "0", "--seed", seed, "--profile", profile, "--ready-file", str(ready)]
    # However this process ends, no server is left behind.
    arguments += ["--exit-with", str(os.getpid()), *([] if validate else ["--no-validate"])]
    with log.open("w") as output:
        process = subprocess.Popen(
            [environment.python, "-m", "applivery_simulator", *arguments],
            cwd=collection,
            env=environment.variables(PYTHONPATH=tree.python_path(collection)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Simulator(_wait_for(process, ready, log))
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(process: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ready.is_file():
            try:
                facts: dict[str, Any] = json.loads(ready.read_text())
                return facts
            except json.JSONDecodeError:
                # Still being written.
                pass
        if process.poll() is not None:
            break
        time.sleep(0.05)
    lines = [line for line in log.read_text().splitlines() if line.strip()]
    raise Failed(f"The simulator did not start: {lines[-1] if lines else 'it said nothing'} (whole log: {log})")
