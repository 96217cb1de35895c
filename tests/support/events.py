# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source, look by look: no test waits for an interval."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

from applivery_simulator import Simulator

EXTENSIONS = Path(__file__).resolve().parents[2] / "extensions" / "eda"


def plugin(kind: str, name: str) -> ModuleType:
    """An event plugin, loaded anew from its file: it lives outside of every package."""
    file = EXTENSIONS / "plugins" / kind / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"eda_{kind}_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


builds = plugin("event_source", "builds")


class Queue:
    """What ansible-rulebook hands to a source. ``before`` and ``after`` run around each event."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    async def put(self, event: dict[str, Any]) -> None:
        self.before()
        self.events.append(event)
        self.after()


class Watcher:
    """One start of the source. ``look`` returns the events of one look."""

    def __init__(self, args: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> None:
        self.queue = Queue()
        self._loop = asyncio.new_event_loop()
        self.source = builds.Source(builds.read_options(args, environ or {}), self.queue)

    def __enter__(self) -> Watcher:
        try:
            self._loop.run_until_complete(self.source.__aenter__())
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(self, *_unused: object) -> None:
        try:
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.source.__aexit__(None, None, None)

    def look(self) -> list[dict[str, Any]]:
        before = len(self.queue.events)
        self._loop.run_until_complete(self.source.look())
        return self.queue.events[before:]


def with_app_token(sim: Simulator, **more: Any) -> dict[str, Any]:
    """The options for the first application by its own token."""
    return {"api_url": sim.url, "app_token": sim.app_token, **more}


def with_account(sim: Simulator, **more: Any) -> dict[str, Any]:
    """The options for the first organization."""
    organization = sim.organization["slug"]
    return {
        "api_url": sim.url,
        "service_account_token": sim.service_account_token,
        "organization": organization,
        **more,
    }


def told(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What each event is, and about which build."""
    return [(event["event"], event["build"]["id"]) for event in events]
