# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an upload of 1 GiB costs: time and peak memory of applivery_build, beside curl -F in the same run.

Prints JSON. The client runs in a process of its own, so that its peak memory is its own; this one is the simulator.

Run from a tree as ``tools/run tree`` makes it, with that tree on PYTHONPATH; ``make bench`` does.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._build.run import BUILD_SPEC, run
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Task
from applivery_simulator import Simulator

BYTES = 1 << 30
# What may not get worse: the part of curl's throughput, and megabytes of memory.
LEAST_OF_CURL = 0.8
MOST_MEGABYTES = 120
ROUNDS = 3


def client() -> None:
    """Upload once, in this process; the connection comes through standard input."""
    given = json.load(sys.stdin)
    options = {"path": given["path"], "match": {"version_name": given["version"]}, "version_name": given["version"]}
    params = ArgumentSpecValidator(BUILD_SPEC).validate({**options, "wait": False}).validated_parameters
    api = connect(Connection("integrations", given["token"], api_url=given["url"], upload_url=given["url"]), _ignore)
    began = time.perf_counter()
    outcome = run(Task(params, api, check_mode=False, warn=_ignore))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seconds": seconds, "peak_megabytes": peak, "uploaded": outcome.result["uploaded"]}))


def with_module(sim: Simulator, path: str, version: str) -> dict[str, Any]:
    """One upload by the module's own code, in a fresh process."""
    given = {"url": sim.url, "token": sim.app_token, "path": path, "version": version}
    measured: dict[str, Any] = json.loads(_output([sys.executable, __file__, "--client"], json.dumps(given)))
    return measured


def with_curl(sim: Simulator, path: str) -> dict[str, Any]:
    """The same form field and file, sent by curl."""
    # The token goes through standard input: a command line is for all eyes.
    settings = f'header = "Authorization: Bearer {sim.app_token}"\n'
    address = f"{sim.url}/v1/integrations/builds"
    words = ["curl", "-sS", "--fail", "--noproxy", "*", "-o", os.devnull, "-w", "%{time_total}", "-K", "-"]
    return {"seconds": float(_output([*words, "-F", f"build=@{path}", address], settings))}


def report(size: int = BYTES) -> dict[str, Any]:
    """The best of a few rounds of both, taken in turn, since other programs disturb them alike."""
    found: dict[str, list[dict[str, Any]]] = {"module": [], "curl": []}
    with tempfile.TemporaryDirectory() as folder, Simulator(validate=False, switches={"processing": 0}) as sim:
        path = str(Path(folder) / "app.apk")
        with open(path, "wb") as file:
            file.truncate(size)
        for number in range(ROUNDS):
            found["module"].append(with_module(sim, path, f"1.0.{number}"))
            if shutil.which("curl"):
                found["curl"].append(with_curl(sim, path))
    result: dict[str, Any] = {"bytes": size}
    for name, rounds in found.items():
        if rounds:
            best = min(rounds, key=lambda entry: entry["seconds"])
            result[name] = {**best, "megabytes_per_second": size / best["seconds"] / 1e6}
    result["module"]["peak_megabytes"] = max(entry["peak_megabytes"] for entry in found["module"])
    if "curl" in result:
        result["part_of_curl"] = result["curl"]["seconds"] / result["module"]["seconds"]
    return result


def main() -> int:
    """Print the report; 1 where a bar is missed."""
    found = report()
    print(json.dumps(found, indent=2))
    flat = found["module"]["peak_megabytes"] < MOST_MEGABYTES
    return 0 if flat and found.get("part_of_curl", 1) >= LEAST_OF_CURL else 1


def _output(command: list[str], given: str) -> str:
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout


def _ignore(_text: str) -> None:
    """Nobody reads warnings here."""


if __name__ == "__main__":
    if "--client" in sys.argv:
        client()
    else:
        raise SystemExit(main())
