# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of tasks, each played by ansible-playbook inside Ansible's process and as a module, in a world of its own."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from applivery_simulator import Simulator

COLLECTION = Path(__file__).resolve().parents[2]
TREE = COLLECTION.parents[2]
CONTROL = COLLECTION / "tests" / "integration" / "targets" / "simulator" / "lookup_plugins" / "simulator_control.py"
NOW = "2030-01-02T03:04:05Z"
# What tells of the way itself: how a module gets to its place and is started.
_OF_THE_WAY = re.compile(
    r"^(<[\w.]+> |Using module file |Pipelining is |redirecting \(type: |Loading (collection|callback) |ASYNC )"
)
# What core names by chance, and when a server's answer came.
_BY_CHANCE = ("ansible_job_id", "results_file", "headers")


class Unsafe(str):
    """A text that is no template, whatever stands in it."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


_Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


@dataclass
class Row:
    """One task: ``keywords`` stand beside the module; ``world`` are calls to the simulator's control before it.

    ``says`` must be found in the result, so that no row compares two tasks that were never what they are meant to be.
    """

    name: str
    module: str
    options: Any = field(default_factory=dict)
    says: str = '"changed": false'
    keywords: Mapping[str, Any] = field(default_factory=dict)
    world: Sequence[tuple[str, Any]] = ()

    def tasks(self, number: int) -> list[dict[str, Any]]:
        prepare = [["POST", "reset", {"switches": {"now": NOW}}], *(["POST", *call] for call in self.world)]
        control = "lookup('simulator_control', item[0], item[1], body=item[2])"
        return [
            {
                "name": f"prepare {number}",
                "ansible.builtin.set_fact": {"prepared": "{{ " + control + " }}"},
                "loop": f"{{{{ (lookup('ansible.builtin.file', 'prepare.json') | from_json)[{number}] }}}}",
                "_calls": prepare,
                "no_log": True,
            },
            {
                "name": self.name,
                f"applivery.distribution.{self.module}": self.options,
                "register": "done",
                "ignore_errors": True,
                **self.keywords,
            },
            {
                "name": f"note {number}",
                "ansible.builtin.set_fact": {
                    "seen": "{{ seen | default([]) + [{'result': done, "
                    "'requests': lookup('simulator_control', 'GET', 'requests'), "
                    "'state': lookup('simulator_control', 'GET', 'state')}] }}"
                },
                "no_log": True,
            },
        ]


@dataclass
class Played:
    """What one run showed: for every row its result, requests and state; and what was printed for it."""

    rows: list[dict[str, Any]]
    printed: dict[str, list[str]]


def play(rows: Sequence[Row], sim: Simulator, folder: Path, here: bool, *arguments: str) -> Played:
    """Play the rows in one of the two ways; ``arguments`` are further ones of ansible-playbook."""
    folder.mkdir()
    (folder / "lookup_plugins").mkdir()
    shutil.copy(CONTROL, folder / "lookup_plugins")
    (folder / "app.ipa").write_bytes(b"an app")
    tasks = [task for number, row in enumerate(rows) for task in row.tasks(number)]
    (folder / "prepare.json").write_text(json.dumps([task.pop("_calls") for task in tasks if "_calls" in task]))
    keep = {"content": "{{ seen | to_json }}", "dest": str(folder / "seen.json"), "mode": "0600"}
    tasks.append({"name": "keep", "ansible.builtin.copy": keep, "no_log": True})
    head = {"name": "Both ways", "hosts": "localhost", "gather_facts": False}
    book = yaml.dump([{**head, "tasks": tasks}], Dumper=_Dumper, sort_keys=False)
    (folder / "play.yml").write_text(book)
    done = run_play(folder, sim, here, *arguments)
    assert (folder / "seen.json").is_file(), done.stdout + done.stderr
    return Played(json.loads((folder / "seen.json").read_text()), _printed(done.stdout, [row.name for row in rows]))


def run_play(folder: Path, sim: Simulator, here: bool | None, *arguments: str, **variables: str) -> Any:
    """Play ``play.yml`` of a folder, with a token of the simulator; None leaves the way to the play."""
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [program, "-c", "local", "-e", f"applivery_simulator_url={sim.url}"]
    command += [] if "-i" in arguments else ["-i", "localhost,"]
    if here is not None:
        command += ["-e", f"ansible_python_interpreter={sys.executable}"]
        command += ["-e", json.dumps({"applivery_in_process": here})]
    return subprocess.run(
        [*command, *arguments, folder / "play.yml"],
        cwd=folder.parent,
        env={**environment(folder, sim), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def environment(folder: Path, sim: Simulator) -> dict[str, str]:
    """What ansible-playbook gets: nothing of the user's own settings, and the connection to the simulator."""
    dropped = ("ANSIBLE_", "APPLIVERY_", "http_proxy", "https_proxy", "all_proxy", "no_proxy")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith((*dropped, *map(str.upper, dropped)))
    }
    return {
        **kept,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": "",
        # Ansible names the words for true and false in the order of a set.
        "PYTHONHASHSEED": "0",
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_ASYNC_DIR": str(folder / "async"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_INJECT_INVOCATION": "1",
        "ANSIBLE_DISPLAY_FAILED_STDERR": "0",
        "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
        "APPLIVERY_ORGANIZATION": sim.organization["slug"],
        "APPLIVERY_APPLICATION": sim.application["slug"],
        "APPLIVERY_API_URL": sim.url,
        "APPLIVERY_UPLOAD_URL": sim.url,
        "APPLIVERY_RETRY_TIMEOUT": "1",
    }


def _printed(text: str, names: Sequence[str]) -> dict[str, list[str]]:
    """The lines below the heading of each row, without those that tell how the task was started."""
    found: dict[str, list[str]] = {name: [] for name in names}
    current: list[str] = []
    for line in text.splitlines():
        heading = re.match(r"^(?:TASK|PLAY RECAP|PLAY) (?:\[(.*)\])? ?\*+$", line)
        if heading:
            current = found.get(heading[1] or "", [])
        elif not _OF_THE_WAY.match(line) and not line.startswith("task path: "):
            current.append(line)
    return found


def as_compared(value: Any) -> Any:
    """A result without what differs from run to run: the clock of the machine, and the name of a background job."""
    if isinstance(value, dict):
        return {key: as_compared(item) for key, item in value.items() if key not in _BY_CHANCE}
    if isinstance(value, list):
        return [as_compared(item) for item in value]
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-")
    return "THE TIME" if isinstance(value, str) and value.startswith(today) else value
