# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for the tests of the simulator: plain requests, the two tokens, short paths."""

from __future__ import annotations

from typing import Any

import requests

from applivery_simulator import Simulator

PUBLICATION: dict[str, Any] = {"slug": "beta", "visibility": "active", "security": "public", "filter": {"type": "last"}}


class Talk:
    """Speaks to one simulator over real HTTP."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def organization(self) -> str:
        return f"/organizations/{self.sim.organization['slug']}"

    @property
    def pub_apps(self) -> str:
        return f"{self.organization}/stores/{self.sim.store['id']}/pubApps"

    @property
    def otp_users(self) -> str:
        return f"{self.organization}/stores/{self.sim.store['id']}/otp-users"

    @property
    def builds(self) -> str:
        return f"{self.organization}/apps/{self.sim.application['slug']}/builds"

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        """Send a request; the token that fits the path is the default, an empty one is left out."""
        if token is None:
            token = self.sim.app_token if path.startswith("/integrations") else self.sim.service_account_token
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        options.setdefault("timeout", 60)
        return self.session.request(
            method, f"{self.sim.url}/v1{path}", headers=headers, allow_redirects=False, **options
        )

    def get(self, path: str, **options: Any) -> Any:
        """Return the parsed body of a GET that must succeed."""
        answer = self.call("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def data(self, path: str, **options: Any) -> Any:
        """Return ``data`` of a GET that must succeed."""
        return self.get(path, **options)["data"]

    def publication(self, **fields: Any) -> dict[str, Any]:
        """Return a valid Workspace body, changed by ``fields``; None leaves a field out."""
        body = {**PUBLICATION, "application": self.sim.application["id"], **fields}
        return {name: value for name, value in body.items() if value is not None or name == "expirationDate"}


def refused_fields(answer: requests.Response) -> list[str]:
    """Return the fields that a 6002 names."""
    error = answer.json()["error"]
    assert error["code"] == 6002, answer.text
    return [".".join(entry["field"]) for entry in error["data"]["errors"]]
