# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make bench: how long it takes, and how many requests, against the simulator on this machine."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
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
PUBLICATIONS, HELD = 500, 20_000
APPLICATIONS = 50

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
        self.remarks: list[str] = []
        self.start = 0.0
        self.start = min(self.wall("nothing.yml") for _round in range(3))

    def play(self, what: str, playbook: str, beside: str = "", **variables: Any) -> tuple[float, int]:
        """Measure one play and note it as a row; return seconds and requests."""
        self.simulator.forget_requests()
        seconds = self.wall(playbook, **variables)
        requests = self.simulator.count()
        self.row(what, seconds, requests, beside)
        return seconds, requests

    def row(self, what: str, seconds: float, requests: int, beside: str = "") -> None:
        self.rows.append((what, seconds, requests, beside))
        print(f"{seconds:8.2f} s  {requests:5d} requests  {what}  {beside}", flush=True)

    def wall(self, playbook: str, arguments: Sequence[str] = (), **variables: Any) -> float:
        """Seconds that a play takes, without what every play costs."""
        began = time.monotonic()
        self.run(playbook, {}, arguments, **variables)
        return time.monotonic() - began - self.start

    def run(self, playbook: str, settings: dict[str, Any], arguments: Sequence[str] = (), **variables: Any) -> None:
        """Play with further environment variables and arguments."""
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
            [self.environment.bin / "ansible-playbook", PLAYBOOKS / playbook, *arguments, *extra],
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
        program = "import ansible.release; print(ansible.release.__version__)"
        command: list[str | Path] = [self.environment.python, "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(tasks_only: bool = False, rounds: int = bench_tasks.ROUNDS) -> bool:
    """Measure all of it and write the page; or only what tasks cost, which is printed."""
    environment = environments.demo_environment()
    demo.install_collection(environment)
    with running(environment, tree.lay_out(), CACHE / "logs" / "bench-simulator.log", seed="demo") as simulator:
        bench = Bench(environment, simulator)
        section = bench_tasks.measure(bench, rounds)
        if tasks_only:
            return True
        bench.simulator.reset(seed="demo")
        _resources(bench)
        _testers(bench)
        _inside(bench)
        _upload(bench)
        _listing(bench)
        _as_code(bench)
        _fleet(bench)
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


def _as_code(bench: Bench) -> None:
    """Everything written as files, and compared with them, by a server that is 50 ms away."""
    bench.simulator.reset(seed="empty")
    bench.simulator.fill(PUBLICATIONS, HELD)
    bench.simulator.set(latency=LATENCY)
    folder = CACHE / "bench" / "applivery"
    shutil.rmtree(folder, ignore_errors=True)
    options: dict[str, Any] = {"bench_folder": folder, "bench_concurrency": CONCURRENCY}
    what = f"{PUBLICATIONS} publications with {HELD} testers"
    for verb, playbook in (("exported", "export.yml"), ("compared with their files", "drift.yml")):
        bench.simulator.forget_requests()
        seconds = bench.wall(playbook, **options)
        requests = bench.simulator.count()
        allowed = requests * LATENCY / CONCURRENCY * 1.5 + 3
        beside = f"({requests} x {LATENCY * 1000:.0f} ms ÷ {CONCURRENCY}) x 1.5 + 3 s = {allowed:.1f} s wanted"
        bench.row(f"{what} {verb}", seconds, requests, beside)
    bench.simulator.reset(seed="empty")


def _fleet(bench: Bench) -> None:
    """Many applications as hosts, unchanged, in process and as modules."""
    bench.simulator.reset(seed="empty")
    bench.simulator.fill_applications(APPLICATIONS)
    inventory = CACHE / "bench" / "apps.applivery.yml"
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_text(json.dumps({"plugin": "applivery.distribution.applivery"}) + "\n")
    arguments = ("-i", str(inventory), "--forks", "10")
    bench.wall("fleet.yml", arguments, bench_in_process=True)
    for way, in_process in (("in process", True), ("as modules", False)):
        bench.simulator.forget_requests()
        seconds = bench.wall("fleet.yml", arguments, bench_in_process=in_process)
        requests = bench.simulator.count()
        beside = f"10 forks; {requests} of 10 000 requests an hour"
        bench.row(f"{APPLICATIONS} applications x 4 tasks, unchanged, {way}", seconds, requests, beside)
    bench.simulator.reset(seed="empty")


def _upload(bench: Bench) -> None:
    found = _measured(bench, "bench_upload.py")
    module, curl = found["module"], found.get("curl")
    speed = f"{module['megabytes_per_second']:.0f} MB/s; at most {module['peak_megabytes']:.0f} MB of memory"
    if curl:
        speed += f"; {found['part_of_curl']:.2f} of curl's throughput (at least 0.8 wanted)"
        bench.row("1 GiB uploaded by curl -F", curl["seconds"], 1, f"{curl['megabytes_per_second']:.0f} MB/s")
    bench.row("1 GiB uploaded by the module's own code", module["seconds"], 1, speed)


def _inside(bench: Bench) -> None:
    """The testers' task without what Ansible itself costs, and what a long list costs in memory."""
    found = _measured(bench, "bench_otp.py", BENCH_SIMULATOR=json.dumps(bench.simulator.facts))
    for name, what in (("latency", "50 ms latency"), ("rate", "40 requests a second allowed")):
        cost = found[name]
        beside = f"at most {cost['allowed_seconds']} s wanted"
        bench.row(f"inside the module: {cost['people']} testers, {what}", cost["seconds"], cost["requests"], beside)
    memory = found["memory"]
    few, many = memory["lists"]
    each = f"{memory['bytes_per_user']} bytes for each user (at most {memory['allowed_bytes']} wanted)"
    print(f"memory of a list, from {few} to {many} users: {each}", flush=True)
    bench.remarks.append(f"A list of OTP users, from {few} to {many} of them, takes {each}.")


def _listing(bench: Bench) -> None:
    """Builds listed by the module's own function, in a simulator of its own: one among few and one among many."""
    for what, found in _measured(bench, "bench_info.py").items():
        for size, cost in found.items():
            if size != "flat":
                each = cost.get("microseconds_per_build")
                beside = f"{each:.0f} µs of the processor for each" if each else ""
                bench.row(f"builds: {what}, of {size}", cost["seconds"], int(cost["requests"]), beside)


def _measured(bench: Bench, script: str, **variables: str) -> Any:
    """What a script below tools/ measures and prints, in a process of its own. A bar that it misses is in its words."""
    collection = tree.lay_out()
    path = (tree.python_path(collection), str(REPOSITORY / "tools"))
    done = subprocess.run(
        [bench.environment.python, collection / "tools" / script],
        env=bench.environment.variables(PYTHONPATH=os.pathsep.join(path), **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        raise Failed(f"{script} measured nothing:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _write(bench: Bench, section: str) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()} for the tools"
    date = datetime.date.today().isoformat()
    lines = [
        f"| {what} | {max(seconds, 0):.2f} | {requests} | {beside} |" for what, seconds, requests, beside in bench.rows
    ]
    remarks = "".join(f"\n{remark}\n" for remark in bench.remarks)
    head = HEAD.format(start=bench.start, machine=machine, date=date)
    PAGE.write_text(head + "\n".join(lines) + "\n" + remarks + section)
    print(f"\nWritten to {PAGE.relative_to(REPOSITORY)}.")
