# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook against a simulator, with every result as a job in AWX would keep it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from applivery_simulator import Simulator

ROOT = Path(__file__).resolve().parents[2]
# Keeps the results of all tasks, items too, the way the callback of AWX does: at verbosity 0, whatever is shown.
_CALLBACK = """
import json, os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "keep"

    def _keep(self, result, *_more, **_options):
        with open(os.environ["KEPT_EVENTS"], "a") as file:
            args = "" if result._task.no_log else str(result._task.args)
            event = {"task": result._task.get_name(), "args": args, "res": result._result}
            file.write(json.dumps(event, default=str) + "\\n")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = _keep
    v2_runner_item_on_ok = v2_runner_item_on_failed = v2_runner_item_on_skipped = _keep
"""


@dataclass
class Played:
    """How a run of ansible-playbook ended: its exit code, all that it showed, and the events as text."""

    code: int
    output: str
    events: str
    requests: list[Any] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """Each request in a line, without the address and the query."""
        return [f"{request.method} {request.path}" for request in self.requests]


def play(
    sim: Simulator, folder: Path, playbook: Path | Sequence[Mapping[str, Any]], *options: str, **variables: Any
) -> Played:
    """Run a playbook, or tasks, with ``variables`` as extra variables; the request log begins anew."""
    if not isinstance(playbook, Path):
        whole = [{"hosts": "localhost", "gather_facts": False, "tasks": list(playbook)}]
        (folder / "play.yml").write_text(json.dumps(whole), encoding="utf-8")
        playbook = folder / "play.yml"
    (folder / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
    (folder / "keep.py").write_text(_CALLBACK, encoding="utf-8")
    events = folder / "events"
    events.write_text("")
    sim.forget_requests()
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    ran = subprocess.run(
        [program, "-i", "localhost,", "-c", "local", str(playbook), "-e", f"@{folder / 'variables.json'}", *options],
        cwd=folder,
        env=_environment(sim, folder, events),
        text=True,
        errors="replace",
        capture_output=True,
        check=False,
    )
    kept = events.read_text(encoding="utf-8")
    return Played(ran.returncode, ran.stdout + ran.stderr, kept, list(sim.requests), list(sim.writes))


def play_ours(
    sim: Simulator, folder: Path, playbook: str, *options: str, **variables: Any
) -> subprocess.CompletedProcess[str]:
    """Run a playbook of this collection by its name, as somebody does who has nothing else than a token."""
    given = {"applivery_organization": sim.organization["slug"], "applivery_api_url": sim.url, **variables}
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            f"applivery.distribution.{playbook}",
            *("-i", "localhost,", "-e", json.dumps(given), *options),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
        },
    )


def _environment(sim: Simulator, folder: Path, events: Path) -> dict[str, str]:
    foreign = ("ANSIBLE_", "APPLIVERY_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_CALLBACK_PLUGINS": str(folder),
        "ANSIBLE_CALLBACKS_ENABLED": "keep",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "KEPT_EVENTS": str(events),
        "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
        "APPLIVERY_ORGANIZATION": sim.organization["slug"],
        "APPLIVERY_APPLICATION": sim.application["slug"],
        "APPLIVERY_STORE": sim.store["id"],
        "APPLIVERY_API_URL": sim.url,
        "APPLIVERY_UPLOAD_URL": sim.url,
        "APPLIVERY_RETRY_TIMEOUT": "5",
    }
