# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one unchanged task costs, beside what Ansible itself and a single request cost: all in turn, in one play."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING

from devel.machine import CACHE

if TYPE_CHECKING:
    from devel.bench import Bench

ROUNDS = 50
MOST_TIMES_URI = 1.10
MOST_OVER_BARE = 0.06

WHAT = {
    "publication": "`applivery_publication`, unchanged",
    "bare": "a bare module that sends the same GET with `requests`",
    "uri": "`ansible.builtin.uri` sending the same GET",
    "empty": "an empty Python module",
}
TABLE = """
## One task

The four kinds take turns, {rounds} times, in one play. Seconds a task, from its start to its result, with ansible-core
{core}.

| task | median | fastest | requests a task |
|---|---:|---:|---:|
{rows}

{verdict}
"""


def measure(bench: Bench) -> str:
    """Play the rounds and return the section of the page."""
    bench.simulator.reset(seed="empty")
    publication = bench.simulator.add("publications", {"slug": "bench", "visibility": "active"})
    store, organization = bench.simulator.facts["store"]["id"], bench.simulator.facts["organization"]["slug"]
    path = f"/v1/organizations/{organization}/stores/{store}/pubApps/{publication['id']}"
    times_file = CACHE / "bench" / "times.json"
    times_file.parent.mkdir(parents=True, exist_ok=True)
    bench.simulator.forget_requests()
    bench.run(
        "tasks.yml",
        {"ANSIBLE_CALLBACKS_ENABLED": "task_times", "BENCH_TIMES": times_file},
        bench_rounds=ROUNDS,
        bench_publication=publication["id"],
        bench_store=store,
        bench_url=bench.simulator.url + path,
    )
    times: dict[str, list[float]] = json.loads(times_file.read_text())
    return _section(bench, times, bench.simulator.requests_by_agent())


def _section(bench: Bench, times: dict[str, list[float]], agents: dict[str, int]) -> str:
    medians = {name: median(times[name]) for name in WHAT}
    signs = {"publication": "applivery", "bare": "python-requests", "uri": "ansible", "empty": "-"}
    counts = {
        name: sum(count for agent, count in agents.items() if agent.startswith(sign)) / ROUNDS
        for name, sign in signs.items()
    }
    rows = [
        f"| {what} | {medians[name]:.3f} | {min(times[name]):.3f} | {counts[name]:g} |" for name, what in WHAT.items()
    ]
    to_uri = medians["publication"] / medians["uri"]
    over_bare = medians["publication"] - medians["bare"]
    kept = to_uri <= MOST_TIMES_URI and over_bare <= MOST_OVER_BARE
    verdict = (
        f"A publication task takes {to_uri:.2f} times as long as `uri` (at most {MOST_TIMES_URI:.2f} wanted), "
        f"{over_bare:.3f} s longer than the bare module (at most {MOST_OVER_BARE:.2f} s wanted), and "
        f"{medians['publication'] / medians['empty']:.2f} times as long as the empty one: "
        f"{'within' if kept else 'NOT within'} the bars."
    )
    print("\n".join([*rows, verdict]), flush=True)
    return TABLE.format(rounds=ROUNDS, core=bench.core_version(), rows="\n".join(rows), verdict=verdict)
