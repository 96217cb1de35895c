# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints under ``/_simulator``, for playbooks and other processes."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any, Callable

from aiohttp import web

from .faults import Fault
from .world import World

PREFIX = "/_simulator"
ADDED = {
    "builds": "add_build",
    "publications": "add_publication",
    "otp-users": "add_otp_user",
    "stores": "add_store",
    "applications": "add_application",
}


def _answer(data: Any, status: int = 200) -> web.Response:
    return web.json_response(data, status=status, dumps=lambda value: json.dumps(value, default=str))


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    body = json.loads(text) if text.strip() else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _plain(fault: Fault) -> dict[str, Any]:
    return {
        "kind": fault.kind,
        "method": fault.method,
        "path": fault.path,
        "times": fault.times,
        "skip": fault.skip,
        **fault.details,
    }


class Control:
    """The endpoints, bound to one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def register(self, app: web.Application) -> None:
        """Add the endpoints to the server."""
        routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]] = [
            ("GET", "", self.access),
            ("POST", "/reset", self.reset),
            ("GET", "/switches", self.switches),
            ("POST", "/switches", self.set),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/requests", self.requests),
            ("DELETE", "/requests", self.forget),
            ("GET", "/state", self.state),
            ("POST", "/{kind:builds|publications|otp-users|stores|applications}", self.add),
            ("PUT", "/objects/{id}", self.change),
            ("POST", "/downloads/{id}", self.download),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, PREFIX + path, self._guarded(handler))

    @staticmethod
    def _guarded(
        handler: Callable[[web.Request], Awaitable[web.Response]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except (ValueError, KeyError, TypeError) as problem:
                return _answer({"error": str(problem)}, 400)

        return guarded

    async def access(self, request: web.Request) -> web.Response:
        """Return the address, the tokens and the ids."""
        return _answer(self.world.access())

    async def reset(self, request: web.Request) -> web.Response:
        """Begin anew with a profile, a seed and switches."""
        body = await _body(request)
        unknown = set(body) - {"profile", "seed", "switches"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: profile, seed, switches")
        self.world.reset(**body)
        return _answer(self.world.access())

    async def switches(self, request: web.Request) -> web.Response:
        """Return the switches as they are."""
        return _answer(dict(self.world.switches))

    async def set(self, request: web.Request) -> web.Response:
        """Change switches."""
        self.world.switches.set(await _body(request))
        return _answer(dict(self.world.switches))

    async def faults(self, request: web.Request) -> web.Response:
        """Return the faults that are still planned."""
        return _answer({"faults": [_plain(fault) for fault in self.world.faults.pending()]})

    async def fault(self, request: web.Request) -> web.Response:
        """Plan a fault."""
        body = await _body(request)
        if body.get("kind") == "call":
            raise ValueError("the fault 'call' exists in-process only")
        chosen = {name: body.pop(name) for name in ("kind", "method", "path", "times", "skip") if name in body}
        return _answer(_plain(self.world.faults.plan(Fault(**chosen, details=body))), 201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Drop the faults that are still planned."""
        self.world.faults.clear()
        return _answer({"faults": []})

    async def requests(self, request: web.Request) -> web.Response:
        """Return the request log, the writes in it and the differences from the contract."""
        log = self.world.log
        return _answer(
            {"requests": log.all(), "writes": log.writes(), "contract_violations": list(self.world.contract.violations)}
        )

    async def forget(self, request: web.Request) -> web.Response:
        """Empty the request log."""
        self.world.log.forget()
        self.world.contract.forget()
        return _answer({"requests": []})

    async def state(self, request: web.Request) -> web.Response:
        """Return everything that the world holds, passwords included."""
        return _answer(self.world.state.snapshot())

    async def add(self, request: web.Request) -> web.Response:
        """Add an object without any check."""
        body = await _body(request)
        state = self.world.state
        with state.lock:
            return _answer(getattr(state, ADDED[request.match_info["kind"]])(**body), 201)

    async def change(self, request: web.Request) -> web.Response:
        """Change an object as another writer would."""
        return _answer(self.world.change(request.match_info["id"], await _body(request)))

    async def download(self, request: web.Request) -> web.Response:
        """Let a one-time-password user download once."""
        world = self.world
        with world.state.lock:
            done = world.state.download(request.match_info["id"], world.switches["otp_downloads"])
        return _answer({"downloaded": done})
