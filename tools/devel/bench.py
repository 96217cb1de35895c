# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make bench: how long it takes, and how many requests, against the simulator on this machine."""

from __future__ import annotations

import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devel import bench_tasks, demo, environments, tree
from devel.environments import Environment
from devel.machine import CACHE, REPOSITORY, Failed
from devel.simulator import Simulator, running

PLAYBOOKS = REPOSITORY / "tools" / "bench"
PAGE = REPOSITORY / "docs" / "bench.md"
PEOPLE = 1000
LOOPED = 50
LATENCY = 0.05
RATE = 40
CONCURRENCY = 8
UPLOAD_BYTES = 1 << 30

HEAD = """\
<!--
Copyright (c) 2026, the applivery.distribution contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# What it costs

Written by `make bench`: real `ansible-playbook` runs against the simulator on loopback. Each play costs {start:.1f} s
before its task does anything, measured with a play that does nothing; the seconds below are without that.
{machine}, {date}.

| what | seconds | requests | beside |
|---|---:|---:|---|
"""


class Bench:
    """One environment and one running simulator, and the rows measured so far."""

    def __init__(self, environment: Environment, simulator: Simulator) -> None:
        self.environment = environment
        self.simulator = simulator
        self.rows: list[tuple[str, float, int, str]] = []
        self.start = 0.0
        self.start = min(self._wall("nothing.yml") for _round in range(3))

    def play(self, what: str, playbook: str, beside: str = "", **variables: Any) -> tuple[float, int]:
        """Measure one play and note it as a row; return seconds and requests."""
        self.simulator.forget_requests()
        seconds = self._wall(playbook, **variables)
        requests = self.simulator.count()
        self.row(what, seconds, requests, beside)
        return seconds, requests

    def row(self, what: str, seconds: float, requests: int, beside: str = "") -> None:
        self.rows.append((what, seconds, requests, beside))
        print(f"{seconds:8.2f} s  {requests:5d} requests  {what}  {beside}", flush=True)

    def _wall(self, playbook: str, **variables: Any) -> float:
        began = time.monotonic()
        self.run(playbook, {}, **variables)
        return time.monotonic() - began - self.start

    def run(self, playbook: str, settings: dict[str, Any], **variables: Any) -> None:
        """Play with further environment variables."""
        environment = self.environment.variables(
            **self.simulator.environment(),
            ANSIBLE_CONFIG=demo.DEMO / "ansible.cfg",
            ANSIBLE_STDOUT_CALLBACK="minimal",
            # Compiled once, as everywhere where people install with pip.
            PYTHONDONTWRITEBYTECODE="",
            **settings,
        )
        extra = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        done = subprocess.run(
            [self.environment.bin / "ansible-playbook", PLAYBOOKS / playbook, *extra],
            cwd=demo.DEMO,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{playbook} failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def core_version(self) -> str:
        """The version of ansible-core that plays."""
        command = [self.environment.python, "-c", "import ansible.release; print(ansible.release.__version__)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(tasks_only: bool = False) -> bool:
    environment = environments.demo_environment()
    demo.install_collection(environment)
    with running(environment, tree.lay_out(), CACHE / "logs" / "bench-simulator.log", seed="demo") as simulator:
        bench = Bench(environment, simulator)
        section = bench_tasks.measure(bench)
        if tasks_only:
            return True
        _resources(bench)
        _testers(bench)
        _upload(bench)
        _listing(bench)
    _write(bench, section)
    return True


def _resources(bench: Bench) -> None:
    bench.play("publication created", "publication.yml", bench_visibility="active")
    bench.play("publication unchanged", "publication.yml", bench_visibility="active")
    bench.play("publication changed", "publication.yml", bench_visibility="unlisted")
    bench.play("build labelled", "build.yml", bench_tags="beta")
    bench.play("build unchanged", "build.yml", bench_tags="beta")


def _testers(bench: Bench) -> None:
    with _world(bench, {"latency": LATENCY}) as people:
        ideal = PEOPLE * LATENCY / CONCURRENCY
        note = f"{PEOPLE} x {LATENCY * 1000:.0f} ms ÷ {CONCURRENCY} at a time = {ideal:.2f} s"
        bench.play(f"{PEOPLE} testers in one task, {LATENCY * 1000:.0f} ms latency", "testers.yml", note, **people)
        bench.play("the same again, nothing to do", "testers.yml", **people)
    with _world(bench, {"latency": LATENCY}, LOOPED) as people:
        seconds, requests = bench.play(f"{LOOPED} testers, ansible.builtin.uri in a loop", "loop.yml", **people)
        bench.row(
            f"{PEOPLE} testers in that loop", seconds * PEOPLE / LOOPED, requests * PEOPLE // LOOPED, "extrapolated"
        )
    with _world(bench, {"rate": RATE, "retry_after": 1}) as people:
        note = f"{PEOPLE} ÷ {RATE} = {PEOPLE / RATE:.0f} s"
        bench.play(f"{PEOPLE} testers in one task, {RATE} requests a second allowed", "testers.yml", note, **people)


@contextmanager
def _world(bench: Bench, switches: dict[str, Any], people: int = PEOPLE) -> Iterator[dict[str, Any]]:
    """A fresh world with one publication; yields the variables of a play that lets people into it."""
    bench.simulator.reset(seed="empty")
    publication = bench.simulator.add("publications", {"slug": "bench", "visibility": "active", "security": "logged"})
    bench.simulator.set(**switches)
    yield {
        "bench_publication": publication["id"],
        "bench_people": people,
        "bench_store": bench.simulator.facts["store"]["id"],
    }
    bench.simulator.reset(seed="empty")


def _upload(bench: Bench) -> None:
    curl = shutil.which("curl")
    file = CACHE / "bench" / "app.apk"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as output:
        output.truncate(UPLOAD_BYTES)
    try:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        seconds, requests = bench.play("1 GiB uploaded", "upload.yml", bench_file=file, bench_version="9.9.9")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        what, *_rest = bench.rows.pop()
        held = f"no process held more than {max(peak, before) // 1024} MiB"
        bench.row(what, seconds, requests, f"{UPLOAD_BYTES / seconds / 1e6:.0f} MB/s; {held}")
        if curl:
            bench.simulator.reset(seed="empty")
            seconds = _curl(bench.simulator, file)
            bench.row("the same with curl -F", seconds, 1, f"{UPLOAD_BYTES / seconds / 1e6:.0f} MB/s")
    finally:
        file.unlink()


def _listing(bench: Bench) -> None:
    """Builds listed by the module's own function, in a simulator of its own: one among few and one among many."""
    collection = tree.lay_out()
    done = subprocess.run(
        [bench.environment.python, collection / "tools" / "bench_info.py"],
        env=bench.environment.variables(PYTHONPATH=collection.parents[2]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"listing does not cost the same for every build:\n{(done.stdout + done.stderr)[-2000:]}")
    for what, found in json.loads(done.stdout).items():
        for size, cost in found.items():
            if size != "flat":
                each = cost.get("microseconds_per_build")
                beside = f"{each:.0f} µs of the processor for each" if each else ""
                bench.row(f"builds: {what}, of {size}", cost["seconds"], int(cost["requests"]), beside)


def _curl(simulator: Simulator, file: Path) -> float:
    url = f"{simulator.url}/v1/integrations/builds"
    # The token goes through standard input, as everywhere: a command line is for all eyes.
    settings = f'header = "Authorization: Bearer {simulator.facts["app_token"]}"\n'
    began = time.monotonic()
    command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "-K", "-", "-F", f"build=@{file}", url]
    done = subprocess.run(command, input=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"curl could not upload: {done.stderr.strip()}")
    return time.monotonic() - began


def _write(bench: Bench, section: str) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()} for the tools"
    date = datetime.date.today().isoformat()
    lines = [
        f"| {what} | {max(seconds, 0):.2f} | {requests} | {beside} |" for what, seconds, requests, beside in bench.rows
    ]
    PAGE.write_text(HEAD.format(start=bench.start, machine=machine, date=date) + "\n".join(lines) + "\n" + section)
    print(f"\nWritten to {PAGE.relative_to(REPOSITORY)}.")
