# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for the simulator, with waits that cost no time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api, connect
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import Connection
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from applivery_simulator import Simulator


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the machine is set up with must not matter here."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return iter(())


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def connected(warnings: list[str]) -> Callable[..., Api]:
    """Return a function that connects to a simulator, or to any ``url``."""

    def connection(sim: Simulator | None = None, url: str = "", secrets: tuple[str, ...] = (), **more: Any) -> Api:
        facts: dict[str, Any] = {
            "api": "workspace",
            "token": "token-0123456789",
            "organization": "acme",
            "store": "0" * 24,
        }
        if sim is not None:
            facts.update(token=sim.service_account_token, organization=sim.organization["slug"], store=sim.store["id"])
            facts.update(application=sim.application["id"])
        url = url or (sim.url if sim else "")
        facts.update(api_url=url, upload_url=url, retry_timeout=60, api_timeout=60)
        api = connect(Connection(**{**facts, **more}), warnings.append, secrets, backoff=0.001)
        keep_time(api, Clock())
        return api

    return connection
