# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publications with OTP users, and a way to run the task about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.tasks import Ran, run_task
from applivery_simulator import Simulator


class World:
    """One simulator with two publications, ``beta`` and ``prod``, and the task under test."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.beta = sim.add_publication(slug="beta")["id"]
        self.prod = sim.add_publication(slug="prod")["id"]
        self.store = sim.store["id"]

    def run(self, *, check: bool = False, connection: Mapping[str, Any] | None = None, **options: Any) -> Ran:
        """Run the task for ``beta`` by id, after emptying the request log."""
        self.sim.forget_requests()
        wanted = {"publication": self.beta, **options}
        return run_task(run, SPEC, self.sim, wanted, check=check, **{"store": self.store, **(connection or {})})

    def twice(self, **options: Any) -> Ran:
        """Run the task; see that check mode foretells it without a write, and that a second run finds nothing."""
        foretold = self.run(check=True, **options)
        assert self.sim.writes == []
        ran = self.run(**options)
        assert foretold.error is None, foretold.error
        assert ran.error is None, ran.error
        assert told(foretold) == told(ran)
        again = self.run(**options)
        assert again.error is None, again.error
        assert not again.changed
        assert self.sim.writes == []
        assert (again.outcome.before, again.outcome.after) == ({}, {})
        return ran

    def let_in(self, *emails: str, publication: str | None = "beta", **fields: Any) -> None:
        """Put people on a list behind the task's back."""
        owner = {"beta": self.beta, "prod": self.prod, None: None}[publication]
        for email in emails:
            self.sim.add_otp_user(email=email, storeId=self.store, publishedApplicationId=owner, **fields)

    def on(self, publication: str | None = "beta") -> list[str]:
        """Who is really on the list of a publication."""
        owner = {"beta": self.beta, "prod": self.prod, None: None}[publication]
        return sorted(user["email"] for user in self.sim.otp_users.values() if user["publishedApplicationId"] == owner)

    def everybody(self) -> list[str]:
        """Who is really on the list of the store, whichever publication it is."""
        return sorted(user["email"] for user in self.sim.otp_users.values())


def told(ran: Ran) -> dict[str, Any]:
    """All that check mode must foretell: everything but the ids that the server makes."""
    users = [{**user, "id": None if user["action"] == "created" else user["id"]} for user in ran.result["users"]]
    return {
        "changed": ran.changed,
        "before": ran.outcome.before,
        "after": ran.outcome.after,
        "title": ran.outcome.title,
        "result": {**ran.result, "users": users},
    }


def actions(ran: Ran) -> dict[str, str]:
    """What was done about whom."""
    return {user["email"]: user["action"] for user in ran.result["users"]}
