# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them, without an AWX: ansible-runner on a private data directory laid out the same way."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import yaml

from ansible_collections.applivery.distribution.tests.unit.awx import rules
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import ROOT, SOURCE, TEMPLATES, TYPES
from applivery_simulator import Simulator


class Unsafe(yaml.SafeDumper):
    """Marks every text, keys too, as AWX does with what a user typed."""


Unsafe.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


@dataclass
class Job:
    """What is left of a job: its status, its output, its artifacts, and where everything lies."""

    status: str
    output: str
    artifacts: dict[str, Any]
    folder: Path
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changed(self) -> int:
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return sum(stats["changed"].values())

    def everything(self) -> str:
        """All that the job wrote, but for the copy of its environment that ansible-runner keeps in "command"."""
        files = [path for path in (self.folder / "artifacts").rglob("*") if path.is_file() and path.name != "command"]
        return "".join(path.read_text(errors="replace") for path in files)


@dataclass
class Awx:
    """Launches job templates against a simulator."""

    sim: Simulator
    tmp_path: Path
    count: int = 0

    def credential(self, kind: str, **values: str) -> dict[str, str]:
        """What a credential of one of the two types injects; the fields that nobody filled in are injected empty."""
        filled = {
            "Applivery App Token": {"app_token": self.sim.app_token},
            "Applivery Service Account": {
                "service_account_token": self.sim.service_account_token,
                "organization": self.sim.organization["slug"],
                "api_url": self.sim.url,
                "upload_url": self.sim.url,
            },
        }
        return rules.injected(TYPES[kind], {**filled[kind], **values})

    def app_token(self) -> dict[str, str]:
        return self.credential("Applivery App Token")

    def service_account(self, **values: str) -> dict[str, str]:
        return self.credential("Applivery Service Account", **values)

    def launch(
        self,
        template: str,
        answers: Mapping[str, Any],
        credentials: Mapping[str, str],
        *,
        check: bool = False,
        more: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
        quietly: bool = False,
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Job:
        """Run a template; ``answers`` are extra variables as typed, ``more`` are added to those of the template itself.

        ``files`` are put into the project. ``quietly`` is without differences and at the lowest verbosity. ``hosts``
        are those of the inventory, with their variables, or of one slice of it; else it is localhost alone.
        """
        self.count += 1
        folder = self.tmp_path / f"job{self.count}"
        for name in ("env", "inventory", "project"):
            (folder / name).mkdir(parents=True)
        shutil.copytree(ROOT / "awx", folder / "project" / "awx")
        for name, text in (files or {}).items():
            path = folder / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._write(
            folder,
            answers,
            credentials,
            options=[*(["--check"] if check else []), *([] if quietly else ["--diff", "-vvvv"])],
            more={
                "applivery_api_url": self.sim.url,
                "applivery_upload_url": self.sim.url,
                **{name: str(value) for name, value in TEMPLATES[template].get("extra_vars", {}).items()},
                **(more or {}),
            },
            hosts=hosts or {host["name"]: host["variables"] for host in SOURCE["controller_hosts"]},
        )
        run = ansible_runner.run(
            private_data_dir=str(folder), playbook=TEMPLATES[template]["playbook"], quiet=True, ident="1"
        )
        events = list(run.events)
        artifacts = [
            event["event_data"].get("artifact_data", {}) for event in events if event["event"] == "playbook_on_stats"
        ]
        output = (folder / "artifacts" / "1" / "stdout").read_text()
        return Job(run.status, output, artifacts[0] if artifacts else {}, folder, events)

    def _write(
        self,
        folder: Path,
        answers: Mapping[str, Any],
        credentials: Mapping[str, str],
        *,
        options: list[str],
        more: Mapping[str, Any],
        hosts: Mapping[str, Mapping[str, Any]],
    ) -> None:
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_FORCE_COLOR": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
            "HOME": str(folder / "home"),
            # ansible-playbook of the environment that the tests run in.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **credentials,
        }
        (folder / "home").mkdir()
        (folder / "env" / "envvars").write_text(yaml.safe_dump(environment))
        (folder / "env" / "extravars").write_text(yaml.dump(dict(answers), Dumper=Unsafe, allow_unicode=True))
        (folder / "env" / "tmptemplate").write_text(yaml.safe_dump(dict(more)))
        options = ["-u", "root", *options, "-e", f"@{folder / 'env' / 'tmptemplate'}"]
        (folder / "env" / "cmdline").write_text(" ".join(options))
        (folder / "env" / "settings").write_text(yaml.safe_dump({"idle_timeout": 0, "job_timeout": 1800}))
        inventory = {"all": {"hosts": list(hosts)}, "_meta": {"hostvars": {name: dict(hosts[name]) for name in hosts}}}
        script = folder / "inventory" / "hosts"
        script.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(inventory))})\n")
        script.chmod(0o700)
