# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one unchanged task costs, beside what Ansible itself and a single request cost: all in turn, in one play."""

from __future__ import annotations

import json
from statistics import median

from devel.bench_plays import Bench
from devel.machine import CACHE

ROUNDS = 50
HOSTS = 10
TASKS = 100
MOST_TIMES_URI = 0.15
MOST_OVER_FACT = 0.025
MOST_TIMES_URI_AS_MODULE = 1.15

WHAT = {
    "publication": "`applivery_publication`, unchanged, in Ansible's process",
    "module": "the same as a module (`applivery_in_process: false`)",
    "fact": "`ansible.builtin.set_fact`, which sends nothing",
    "bare": "a bare module that sends the same GET with `requests`",
    "uri": "`ansible.builtin.uri` sending the same GET",
    "empty": "an empty Python module",
}
TABLE = """
## One task

The kinds take turns, {rounds} times, in one play. Seconds a task, from its start to its result, with ansible-core
{core}.

| task | median | fastest | of `uri` |
|---|---:|---:|---:|
{rows}

{requests}

{verdict}

## Many tasks

{many}
"""


def measure(bench: Bench, rounds: int = ROUNDS) -> str:
    """Play the rounds and return the section of the page."""
    bench.simulator.reset(seed="empty")
    publication = bench.simulator.add("publications", {"slug": "bench", "visibility": "active"})
    store, organization = bench.simulator.facts["store"]["id"], bench.simulator.facts["organization"]["slug"]
    path = f"/v1/organizations/{organization}/stores/{store}/pubApps/{publication['id']}"
    times_file = CACHE / "bench" / "times.json"
    times_file.parent.mkdir(parents=True, exist_ok=True)
    bench.simulator.forget_requests()
    facts = {"bench_publication": publication["id"], "bench_store": store}
    bench.run(
        "tasks.yml",
        {"ANSIBLE_CALLBACKS_ENABLED": "task_times", "BENCH_TIMES": times_file},
        bench_rounds=rounds,
        bench_url=bench.simulator.url + path,
        **facts,
    )
    times: dict[str, list[float]] = json.loads(times_file.read_text())
    sent = bench.simulator.requests_by_agent()
    return _section(bench, times, sent, _many(bench, facts))


def _many(bench: Bench, facts: dict[str, str]) -> str:
    """What a play of many tasks takes over several hosts, in both ways."""
    hosts = ",".join(f"host{number}" for number in range(HOSTS))
    seconds = {}
    for here in (True, False):
        seconds[here] = bench.wall(
            "hosts.yml",
            ["-i", hosts, "-f", str(HOSTS)],
            bench_tasks=TASKS // HOSTS,
            applivery_in_process=str(here).lower(),
            **facts,
        )
    return (
        f"{TASKS} publication tasks, unchanged, over {HOSTS} hosts with {HOSTS} forks: {seconds[True]:.1f} s in "
        f"Ansible's process, {seconds[False]:.1f} s as modules."
    )


def _section(bench: Bench, times: dict[str, list[float]], agents: dict[str, int], many: str) -> str:
    medians = {name: median(times[name]) for name in WHAT}
    rows = [
        f"| {what} | {medians[name]:.3f} | {min(times[name]):.3f} | {medians[name] / medians['uri']:.2f} |"
        for name, what in WHAT.items()
    ]
    verdict = _verdict(medians)
    ours = sum(count for agent, count in agents.items() if agent.startswith("applivery"))
    requests = f"Each publication task sends {ours / len(times['publication']) / 2:g} request."
    print("\n".join([*rows, requests, verdict, many]), flush=True)
    return TABLE.format(
        rounds=len(times["publication"]),
        core=bench.core_version(),
        rows="\n".join(rows),
        requests=requests,
        verdict=verdict,
        many=many,
    )


def _verdict(medians: dict[str, float]) -> str:
    to_uri = medians["publication"] / medians["uri"]
    over_fact = medians["publication"] - medians["fact"]
    as_module = medians["module"] / medians["uri"]
    kept = to_uri <= MOST_TIMES_URI and over_fact <= MOST_OVER_FACT and as_module <= MOST_TIMES_URI_AS_MODULE
    return (
        f"In Ansible's process a publication task takes {to_uri:.2f} of `uri` (at most {MOST_TIMES_URI:.2f} wanted), "
        f"and {over_fact:.3f} s more than `set_fact` (at most {MOST_OVER_FACT:.3f} s wanted); as a module it takes "
        f"{as_module:.2f} of `uri` (at most {MOST_TIMES_URI_AS_MODULE:.2f} wanted): "
        f"{'within' if kept else 'NOT within'} the bars."
    )
