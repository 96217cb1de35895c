# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that one running simulator is made of, apart from its sockets."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from typing import Any

from .contract import Contract
from .faults import Faults
from .log import Log
from .seed import SEEDS
from .state import EXPIRED_TOKEN, Item, State, app_token, parse_moment, service_account_token
from .switches import Switches


class Bucket:
    """A token bucket: as many requests at once as fit into a second."""

    def __init__(self) -> None:
        self._level = 0.0
        self._last = 0.0
        self._rate = 0.0

    def admit(self, rate: float) -> bool:
        """Return whether one more request is within ``rate`` requests a second."""
        now = time.monotonic()
        if rate != self._rate:
            self._rate, self._level, self._last = rate, max(1.0, rate), now
        self._level = min(max(1.0, rate), self._level + (now - self._last) * rate)
        self._last = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True


class World:
    """State, switches, faults, log and contract, and how to begin anew."""

    def __init__(self, *, profile: str, seed: str, switches: Mapping[str, Any] | None, validate: bool | None) -> None:
        self.switches = Switches(profile, switches)
        self.faults = Faults()
        self.log = Log()
        self.contract = Contract(enabled=validate)
        self.bucket = Bucket()
        self.url = ""
        self.upload_url = ""
        self.seed = ""
        self.state = State()
        self._fill(seed)

    def clock(self) -> datetime.datetime:
        """Return the server's now."""
        wanted = self.switches["now"]
        return parse_moment(wanted) if wanted else datetime.datetime.now(datetime.timezone.utc)

    def reset(
        self, *, profile: str = "default", seed: str = "empty", switches: Mapping[str, Any] | None = None
    ) -> None:
        """Begin anew: another world, no faults, an empty log. The ids and tokens of a seed are always the same."""
        if seed not in SEEDS:
            raise ValueError(f"unknown seed {seed!r}; known: {', '.join(SEEDS)}")
        self.switches.reset(profile, switches)
        self.faults.clear()
        self.log.forget()
        self.contract.forget()
        self._fill(seed)

    def _fill(self, seed: str) -> None:
        if seed not in SEEDS:
            raise ValueError(f"unknown seed {seed!r}; known: {', '.join(SEEDS)}")
        state = State(clock=self.clock, numeric_stores=self.switches["store_ids"] == "number")
        SEEDS[seed](state)
        self.seed = seed
        self.state = state

    def change(self, identity: str, fields: Mapping[str, Any]) -> Item:
        """Change an object the way another writer would: the fields and ``updatedAt``."""
        state = self.state
        with state.lock:
            for table in (state.builds, state.publications, state.otp_users, state.applications, state.stores):
                if identity in table:
                    table[identity].update(fields)
                    state.unset.get(identity, set()).difference_update(fields)
                    state.touch(table[identity])
                    if table is state.otp_users:
                        state.otp_users.changed(identity)
                    return table[identity]
        raise ValueError(f"there is no object {identity!r}")

    def access(self) -> Item:
        """Return what a client needs to know."""
        organization = next(iter(self.state.organizations.values()))
        application = next(iter(self.state.applications.values()))
        store = next(iter(self.state.stores.values()))
        return {
            "url": self.url,
            "upload_url": self.upload_url,
            "app_token": app_token(application["id"]),
            "service_account_token": service_account_token(organization["id"]),
            "expired_token": EXPIRED_TOKEN,
            "organization": {"id": organization["id"], "slug": organization["slug"]},
            "application": {"id": application["id"], "slug": application["slug"]},
            "store": {"id": store["id"]},
        }
