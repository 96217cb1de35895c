# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What listing costs: every build of an app of 1 000 and of 10 000, read by applivery_build_info.

Prints JSON. The time of a build must not grow with the number of builds. The simulator runs beside it in this process,
so the client is measured by the processor time of its own thread; the wall clock includes the simulator.

Run from a tree as ``tools/run tree`` makes it, with that tree on PYTHONPATH; ``make bench`` does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._build import info as _build_info
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Task
from applivery_simulator import Simulator

SIZES = (1_000, 10_000)
# Twice the time for a build among ten times as many would be a step that is not flat.
MOST_GROWTH = 2.0
ROUNDS = 3
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "list all": ({}, {}),
    "list all, a server that lists the oldest first": ({"list_order": "oldest_first", "list_filters": "ignored"}, {}),
    "find by branch among all": ({}, {"git_branch": "no-such-branch"}),
    "the newest ten": ({}, {"limit": 10}),
}


def fill(sim: Simulator, count: int) -> None:
    """Put so many builds into the first app, of many branches and versions."""
    for number in range(count):
        sim.add_build(
            os=("ios", "android")[number % 2],
            versionName=f"1.{number // 10}",
            versionCode=str(number),
            tags=["nightly", f"run-{number}"],
            changelog="Fixes and improvements",
            deployer={"name": "ci", "info": {"branch": f"branch-{number % 50}", "commit": f"{number:040x}"}},
        )


def measure(sim: Simulator, options: dict[str, Any]) -> dict[str, float]:
    """Run the module's own function once; its processor time, the wall clock, and the number of requests."""
    params = {option: options.get(option) for option in _build_info.INFO_SPEC}
    connection = Connection(
        api="workspace",
        token=sim.service_account_token,
        organization=sim.organization["slug"],
        application=sim.application["slug"],
        api_url=sim.url,
        upload_url=sim.url,
    )
    sim.forget_requests()
    api = connect(connection, warn=_no_warning)
    wall, cpu = time.perf_counter(), time.thread_time()
    outcome = _build_info.run_info(Task(params, api, check_mode=False, warn=_no_warning))
    return {
        "seconds": time.perf_counter() - wall,
        "client_seconds": time.thread_time() - cpu,
        "requests": len(sim.requests),
        "builds": len(outcome.result["builds"]),
    }


def best(run: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The quickest of a few rounds: the others were disturbed by something else on the machine."""
    return min((run() for _round in range(ROUNDS)), key=lambda found: found["client_seconds"])


def report() -> dict[str, Any]:
    """All cases at all sizes; ``flat`` is false where a build costs notably more among more builds."""
    cases: dict[str, dict[str, Any]] = {name: {} for name in CASES}
    for size in SIZES:
        with Simulator(validate=False) as sim:
            fill(sim, size)
            for name, (switches, options) in CASES.items():
                sim.set(**{"list_order": "newest_first", "list_filters": "honoured", **switches})
                cases[name][str(size)] = best(partial(measure, sim, options))
    for name, found in cases.items():
        if "limit" in CASES[name][1]:
            found["flat"] = found[str(SIZES[0])]["requests"] == found[str(SIZES[-1])]["requests"]
            continue
        for size in SIZES:
            found[str(size)]["microseconds_per_build"] = 1e6 * found[str(size)]["client_seconds"] / size
        costs = [found[str(size)]["microseconds_per_build"] for size in SIZES]
        found["flat"] = costs[-1] <= MOST_GROWTH * costs[0]
    return cases


def main() -> int:
    """Print the report; 1 where something is not flat."""
    cases = report()
    print(json.dumps(cases, indent=2))
    return 0 if all(found["flat"] for found in cases.values()) else 1


def _no_warning(text: str) -> None:
    raise AssertionError(f"nothing to warn about here: {text}")


if __name__ == "__main__":
    raise SystemExit(main())
