# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make bench: how long it takes, and how many requests, against the simulator on this machine."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import platform
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from devel import bench_tasks, demo, environments, tree
from devel.bench_plays import Bench
from devel.machine import CACHE, REPOSITORY
from devel.simulator import running

PAGE = REPOSITORY / "docs" / "bench.md"
FILES = CACHE / "bench"
PEOPLE = 1000
LOOPED = 50
LATENCY = 0.05
RATE = 40
CONCURRENCY = 8
CROWD, NEWCOMERS, CLIENTS = 50_000, 10_000, 32
PUBLICATIONS, HELD = 500, 20_000
APPLICATIONS = 50
BUILDS = (1_000, 10_000)
GIBIBYTE = 1 << 30
ROUNDS = 3

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


def measure(tasks_only: bool = False, rounds: int = bench_tasks.ROUNDS) -> bool:
    """Measure all of it and write the page; or only what tasks cost, which is printed."""
    environment = environments.demo_environment()
    demo.install_collection(environment)
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir(parents=True)
    with running(environment, tree.lay_out(), CACHE / "logs" / "bench-simulator.log", seed="demo") as simulator:
        bench = Bench(environment, simulator)
        section = bench_tasks.measure(bench, rounds)
        if tasks_only:
            return True
        simulator.reset(seed="demo")
        for part in (_resources, _testers, _crowd, _upload, _listing, _as_code, _fleet):
            part(bench)
            simulator.reset(seed="empty")
    _write(bench, section)
    return True


def _resources(bench: Bench) -> None:
    bench.play("publication created", "publication.yml", bench_visibility="active")
    bench.play("publication unchanged", "publication.yml", bench_visibility="active")
    bench.play("publication changed", "publication.yml", bench_visibility="unlisted")
    bench.play("build labelled", "build.yml", bench_tags="beta")
    bench.play("build unchanged", "build.yml", bench_tags="beta")


def _testers(bench: Bench) -> None:
    people = _world(bench, latency=LATENCY)
    wanted = 1.3 * (PEOPLE + 1) * LATENCY / CONCURRENCY + 1
    note = f"{PEOPLE} x {LATENCY * 1000:.0f} ms ÷ {CONCURRENCY} at a time x 1.3 + 1 s = {wanted:.1f} s wanted"
    bench.play(f"{PEOPLE} testers in one task, {LATENCY * 1000:.0f} ms latency", "testers.yml", note, **people)
    bench.play("the same again, nothing to do", "testers.yml", **people)

    people = {**_world(bench, latency=LATENCY), "bench_people": LOOPED}
    seconds, requests = bench.play(f"{LOOPED} testers, ansible.builtin.uri in a loop", "loop.yml", **people)
    times = PEOPLE // LOOPED
    bench.row(f"{PEOPLE} testers in that loop", seconds * times, requests * times, "extrapolated")

    people = _world(bench, rate=RATE, retry_after=1)
    wanted = 1.4 * (PEOPLE + 1) / RATE + 1
    note = f"{PEOPLE} ÷ {RATE} x 1.4 + 1 s = {wanted:.0f} s wanted"
    bench.play(f"{PEOPLE} testers in one task, {RATE} requests a second allowed", "testers.yml", note, **people)


def _crowd(bench: Bench) -> None:
    """What the simulator itself is able to, in a world that holds many testers: clients that send and do no more."""
    world = _world(bench)
    owner = world["bench_publication"]
    for number in range(CROWD):
        bench.simulator.add("otp-users", {"email": f"t{number}@x.example", "publishedApplicationId": owner})
    facts = bench.simulator.facts
    path = f"/v1/organizations/{facts['organization']['slug']}/stores/{world['bench_store']}/otp-users"
    headers = {"Authorization": f"Bearer {facts['service_account_token']}", "Content-Type": "application/json"}

    def client(first: int) -> int:
        connection = http.client.HTTPConnection(urlsplit(bench.simulator.url).netloc)
        made = 0
        for number in range(first, NEWCOMERS, CLIENTS):
            user = {"email": f"n{number}@x.example", "allowedDownloadsNum": -1, "publishedApplicationId": owner}
            connection.request("POST", path, json.dumps(user), headers)
            answer = connection.getresponse()
            answer.read()
            made += answer.status < http.HTTPStatus.MULTIPLE_CHOICES
        return made

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        made = sum(pool.map(client, range(CLIENTS)))
    seconds = time.monotonic() - began
    beside = f"{made / seconds:.0f} a second (at least 170 wanted)"
    bench.row(f"the simulator: {made} users added to {CROWD}, {CLIENTS} clients at a time", seconds, made, beside)


def _world(bench: Bench, **switches: Any) -> dict[str, Any]:
    """Make a fresh world with one publication; return the variables of a play that lets people into it."""
    bench.simulator.reset(seed="empty")
    publication = bench.simulator.add("publications", {"slug": "bench", "visibility": "active", "security": "logged"})
    bench.simulator.set(**switches)
    return {
        "bench_publication": publication["id"],
        "bench_people": PEOPLE,
        "bench_store": bench.simulator.facts["store"]["id"],
    }


def _upload(bench: Bench) -> None:
    """The best of a few rounds of both, taken in turn, since other programs disturb them alike."""
    path = FILES / "app.apk"
    with path.open("wb") as file:
        file.truncate(GIBIBYTE)
    found: dict[str, list[float]] = {"module": [], "curl": []}
    for number in range(ROUNDS):
        found["module"].append(bench.wall("upload.yml", bench_path=path, bench_version=f"1.{number}"))
        if shutil.which("curl"):
            found["curl"].append(_curl(bench, str(path)))
    path.unlink()
    seconds = min(found["module"])
    beside = f"{GIBIBYTE / seconds / 1e6:.0f} MB/s"
    if found["curl"]:
        curl = min(found["curl"])
        bench.row("1 GiB uploaded by curl -F", curl, 1, f"{GIBIBYTE / curl / 1e6:.0f} MB/s")
        beside += f"; {curl / seconds:.2f} of curl's throughput (at least 0.8 wanted)"
    bench.row("1 GiB uploaded in a task", seconds, 1, beside)


def _curl(bench: Bench, path: str) -> float:
    """Seconds in which curl sends the same form field and file."""
    # The token goes through standard input: a command line is for all eyes.
    settings = f'header = "Authorization: Bearer {bench.simulator.app_token}"\n'
    words = ["curl", "-sS", "--fail", "--noproxy", "*", "-o", os.devnull, "-w", "%{time_total}", "-K", "-"]
    words += ["-F", f"build=@{path}", f"{bench.simulator.url}/v1/integrations/builds"]
    return float(subprocess.run(words, input=settings, stdout=subprocess.PIPE, text=True, check=True).stdout)


def _listing(bench: Bench) -> None:
    """Builds listed among few and among many: the time for each must not grow with their number."""
    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "all": ({}, {}),
        "all, by a server that lists the oldest first": ({"list_order": "oldest_first", "list_filters": "ignored"}, {}),
        "of one branch, found among all": ({}, {"bench_branch": "branch-7"}),
        "the newest ten": ({}, {"bench_limit": 10}),
    }
    for size in BUILDS:
        bench.simulator.reset(seed="empty")
        for number in range(size):
            bench.simulator.add("builds", _build(number))
        for name, (switches, options) in cases.items():
            bench.simulator.set(**{"list_order": "newest_first", "list_filters": "honoured", **switches})
            bench.play(f"builds listed: {name}, of {size}", "builds.yml", **options)


def _build(number: int) -> dict[str, Any]:
    return {
        "os": ("ios", "android")[number % 2],
        "versionName": f"1.{number // 10}",
        "versionCode": str(number),
        "tags": ["nightly", f"run-{number}"],
        "changelog": "Fixes and improvements",
        "deployer": {"name": "ci", "info": {"branch": f"branch-{number % 50}", "commit": f"{number:040x}"}},
    }


def _as_code(bench: Bench) -> None:
    """Everything written as files, and compared with them, by a server that is 50 ms away."""
    add = bench.simulator.add
    made = [add("publications", {"slug": f"bench-{number:04}"})["id"] for number in range(PUBLICATIONS)]
    for number in range(HELD):
        owner = made[number % PUBLICATIONS]
        add("otp-users", {"email": f"t{number}@x.example", "publishedApplicationId": owner, "temporal": False})
    bench.simulator.set(latency=LATENCY)
    options: dict[str, Any] = {"bench_folder": FILES / "applivery", "bench_concurrency": CONCURRENCY}

    def beside(_seconds: float, requests: int) -> str:
        wanted = requests * LATENCY / CONCURRENCY * 1.5 + 3
        return f"({requests} x {LATENCY * 1000:.0f} ms ÷ {CONCURRENCY}) x 1.5 + 3 s = {wanted:.1f} s wanted"

    for verb, playbook in (("exported", "export.yml"), ("compared with their files", "drift.yml")):
        bench.play(f"{PUBLICATIONS} publications with {HELD} testers {verb}", playbook, beside, **options)


def _fleet(bench: Bench) -> None:
    """Many applications as hosts, unchanged, in process and as modules."""
    bench.simulator.add("builds", {})
    for number in range(APPLICATIONS - 1):
        application = bench.simulator.add("applications", {"slug": f"app-{number:02}", "name": f"App {number}"})
        bench.simulator.add("builds", {"application": application["id"]})
    inventory = FILES / "apps.applivery.yml"
    inventory.write_text(json.dumps({"plugin": "applivery.distribution.applivery"}) + "\n")
    arguments = ("-i", str(inventory), "--forks", "10")
    bench.wall("fleet.yml", arguments, bench_in_process=True)
    for way, in_process in (("in process", True), ("as modules", False)):
        what = f"{APPLICATIONS} applications x 4 tasks, unchanged, {way}"
        beside = "10 forks; 10 000 requests an hour are allowed"
        bench.play(what, "fleet.yml", beside, arguments, bench_in_process=in_process)


def _write(bench: Bench, section: str) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()} for the tools"
    date = datetime.date.today().isoformat()
    lines = [
        f"| {what} | {max(seconds, 0):.2f} | {requests} | {beside} |" for what, seconds, requests, beside in bench.rows
    ]
    PAGE.write_text(HEAD.format(start=bench.start, machine=machine, date=date) + "\n".join(lines) + "\n" + section)
    print(f"\nWritten to {PAGE.relative_to(REPOSITORY)}.")
