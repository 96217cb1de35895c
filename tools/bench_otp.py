# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task about OTP users costs inside the module: seconds, requests, and memory per listed user.

Prints JSON; ``make bench`` runs it. The simulator is a process of its own, so that it does not take the module's time.
"""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

from devel.simulator import Simulator

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Task
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.roll import read_roll
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.tasks import filled

PEOPLE = 1000
LATENCY = 0.05
RATE = 40
CONCURRENCY = 8
LISTS = (1000, 50000)
PAGE = 500


def task_of(simulator: Simulator, publication: str) -> Task[Any]:
    """One task that lets everybody in."""
    connection = Connection(
        api="workspace",
        token=simulator.facts["service_account_token"],
        organization=simulator.facts["organization"]["slug"],
        store=simulator.facts["store"]["id"],
        api_url=simulator.url,
        upload_url=simulator.url,
    )
    options = {"publication": publication, "emails": [f"tester{number}@studio.example" for number in range(PEOPLE)]}
    return Task(filled(SPEC, options), connect(connection, _ignore, pool=CONCURRENCY), False, _ignore)


def _ignore(_warning: str) -> None:
    """The bench measures; warnings about the rate limit are what it asks for."""


def seconds_of(simulator: Simulator, switches: dict[str, Any]) -> dict[str, Any]:
    """That task, measured inside the module."""
    simulator.reset(seed="empty")
    task = task_of(simulator, simulator.add("publications", {"slug": "bench"})["id"])
    simulator.set(**switches)
    simulator.forget_requests()
    began = time.monotonic()
    outcome = run(task)
    seconds = time.monotonic() - began
    requests = simulator.requests()
    there = {user["email"] for user in simulator.state()["otp_users"]}
    return {
        "people": PEOPLE,
        "there": len(there),
        "failed": outcome.result["counts"]["failed"],
        "requests": len(requests),
        "refused_by_the_rate": sum(request["status"] == 429 for request in requests),
        "seconds": round(seconds, 2),
    }


class _Listing:
    """A list as pages of fresh objects, as JSON makes them."""

    def __init__(self, users: int) -> None:
        self.users = users

    def pages(self, *_endpoint: Any) -> Iterator[list[dict[str, Any]]]:
        for first in range(0, self.users, PAGE):
            yield [json.loads(_user(number)) for number in range(first, min(first + PAGE, self.users))]


def _user(number: int) -> str:
    return json.dumps(
        {
            "id": f"{number:024x}",
            "organizationId": "b" * 24,
            "storeId": "c" * 24,
            "publishedApplicationId": "a" * 24,
            "email": f"some.tester.{number}@studio-with-a-name.example",
            "allowedDownloadsNum": -1,
            "lastLoginDate": "2026-06-01T10:00:00.000Z",
            "lastDownloadDate": None,
            "createdAt": "2026-06-01T10:00:00.000Z",
            "updatedAt": "2026-06-01T10:00:00.000Z",
        }
    )


def memory_of(users: int) -> int:
    """The most bytes at one time while a list of so many users is read for ``exclusive``, which keeps them all."""
    listing: Any = _Listing(users)
    tracemalloc.start()
    roll = read_roll(listing, "a" * 24, {}, everybody=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if len(roll.entries) != users:
        raise SystemExit("the list was not read whole")
    return peak


def main() -> None:
    simulator = Simulator(json.loads(os.environ["BENCH_SIMULATOR"]))
    latency = seconds_of(simulator, {"latency": LATENCY})
    rate = seconds_of(simulator, {"rate": RATE, "retry_after": 1})
    few, many = (memory_of(users) for users in LISTS)
    latency["allowed_seconds"] = round(1.3 * latency["requests"] * LATENCY / CONCURRENCY + 1, 2)
    rate["allowed_seconds"] = round(1.4 * (PEOPLE + 1) / RATE + 1, 2)
    memory = {"lists": LISTS, "bytes_per_user": round((many - few) / (LISTS[1] - LISTS[0])), "allowed_bytes": 1024}
    print(json.dumps({"latency": latency, "rate": rate, "memory": memory}, indent=2))


if __name__ == "__main__":
    main()
