# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as an object: a server in a thread of its own, and everything that a test wants to ask or change."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any, Callable

from aiohttp import web

from .faults import Fault
from .log import Request
from .server import Server
from .state import EXPIRED_TOKEN, Item, app_token
from .world import World

HOST = "127.0.0.1"


class SimulatorError(Exception):
    """The simulator cannot start; the text is one line for a user."""


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(512)
    except (OSError, OverflowError) as problem:
        listener.close()
        if getattr(problem, "errno", None) == errno.EADDRINUSE:
            raise SimulatorError(
                f"port {port} on {HOST} is taken; choose another one, or 0 for any free port"
            ) from None
        raise SimulatorError(f"cannot listen on {HOST}:{port}: {problem}") from None
    listener.setblocking(False)
    return listener


class Simulator:
    """A stateful, strict Applivery on loopback. Use it as a context manager, or call ``start`` and ``stop``."""

    def __init__(
        self,
        switches: Mapping[str, Any] | None = None,
        *,
        profile: str = "default",
        seed: str = "empty",
        port: int = 0,
        validate: bool | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.world = World(profile=profile, seed=seed, switches=switches, validate=validate)
        self._port = port
        self._ssl = ssl_context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    def start(self) -> Simulator:
        """Listen and serve; returns when the first request can come."""
        if self._thread is not None:
            raise SimulatorError("the simulator runs already")
        listener = _bind(self._port)
        scheme = "https" if self._ssl else "http"
        uploads = _bind(0)
        self.world.url = f"{scheme}://{HOST}:{listener.getsockname()[1]}"
        self.world.upload_url = f"{scheme}://{HOST}:{uploads.getsockname()[1]}"
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, args=(self._loop, [listener, uploads], ready), name="applivery-simulator", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def _serve(self, loop: asyncio.AbstractEventLoop, listeners: list[socket.socket], ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        runner = web.AppRunner(Server(self.world).app, access_log=None, handle_signals=False, shutdown_timeout=0.05)

        async def begin() -> None:
            await runner.setup()
            for listener in listeners:
                await web.SockSite(runner, listener, ssl_context=self._ssl, backlog=512).start()

        try:
            loop.run_until_complete(begin())
            ready.set()
            loop.run_forever()
            loop.run_until_complete(runner.cleanup())
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            ready.set()
            for listener in listeners:
                listener.close()
            loop.close()

    def stop(self) -> None:
        """Stop serving; no thread and no socket stays behind."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    # -- access -------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Return the base address of both hosts, without ``/v1``."""
        return self.world.url

    @property
    def upload_url(self) -> str:
        """Return the address of the upload host alone; ``url`` serves uploads too unless ``upload_host`` is "own"."""
        return self.world.upload_url

    @property
    def app_token(self) -> str:
        """Return the App API Token of the first application."""
        return str(self.world.access()["app_token"])

    @property
    def service_account_token(self) -> str:
        """Return the Service Account token of the first organization."""
        return str(self.world.access()["service_account_token"])

    @property
    def expired_token(self) -> str:
        """Return a token that both APIs refuse as expired."""
        return EXPIRED_TOKEN

    def app_token_of(self, application_id: str) -> str:
        """Return the App API Token of any application."""
        return app_token(application_id)

    @property
    def organization(self) -> Item:
        """Return the first organization: id, slug and the rest."""
        return next(iter(self.world.state.organizations.values()))

    @property
    def application(self) -> Item:
        """Return the first application: id, slug and the rest."""
        return next(iter(self.world.state.applications.values()))

    @property
    def store(self) -> Item:
        """Return the first store: id and the rest."""
        return next(iter(self.world.state.stores.values()))

    # -- the truth ----------------------------------------------------------------------------------------------------

    @property
    def organizations(self) -> dict[str, Item]:
        """Return the organizations by id."""
        return self.world.state.organizations

    @property
    def stores(self) -> dict[str, Item]:
        """Return the stores by id."""
        return self.world.state.stores

    @property
    def applications(self) -> dict[str, Item]:
        """Return the applications by id."""
        return self.world.state.applications

    @property
    def builds(self) -> dict[str, Item]:
        """Return the builds by id, complete."""
        return self.world.state.builds

    @property
    def publications(self) -> dict[str, Item]:
        """Return the publications by id, complete, password included."""
        return self.world.state.publications

    @property
    def otp_users(self) -> dict[str, Item]:
        """Return the one-time-password users by id, complete."""
        return self.world.state.otp_users

    @property
    def notifications(self) -> list[Item]:
        """Return whom each upload told: build, collaborators, employees, groups, message, language."""
        return self.world.state.notifications

    def served_builds(self, publication_id: str) -> list[str]:
        """Return the ids of the builds that a publication offers now."""
        with self.world.state.lock:
            return self.world.state.served_builds(publication_id)

    # -- filling it ---------------------------------------------------------------------------------------------------

    def _add(self, adder: Callable[..., Item], fields: Item) -> Item:
        with self.world.state.lock:
            return adder(**fields)

    def add_organization(self, **fields: Any) -> Item:
        """Add an organization with a Service Account token of its own."""
        return self._add(self.world.state.add_organization, fields)

    def add_store(self, **fields: Any) -> Item:
        """Add a store to the first organization."""
        return self._add(self.world.state.add_store, fields)

    def add_application(self, **fields: Any) -> Item:
        """Add an application to the first organization."""
        return self._add(self.world.state.add_application, fields)

    def add_build(self, **fields: Any) -> Item:
        """Add a build to the first application; unless said otherwise an iOS one that is processed."""
        return self._add(self.world.state.add_build, fields)

    def add_publication(self, **fields: Any) -> Item:
        """Add a publication (first application, first store, active, public, branch main) without any check."""
        return self._add(self.world.state.add_publication, fields)

    def add_otp_user(self, **fields: Any) -> Item:
        """Add a user of the first publication, with unlimited downloads unless said otherwise."""
        return self._add(self.world.state.add_otp_user, fields)

    def change(self, identity: str, **fields: Any) -> Item:
        """Change an object the way another writer would."""
        return self.world.change(identity, fields)

    def download(self, user_id: str) -> bool:
        """Let a one-time-password user download once; return whether that was allowed."""
        with self.world.state.lock:
            return self.world.state.download(user_id, self.world.switches["otp_downloads"])

    # -- behaviour ----------------------------------------------------------------------------------------------------

    @property
    def switches(self) -> dict[str, Any]:
        """Return the switches as they are."""
        return dict(self.world.switches)

    def set(self, **switches: Any) -> None:
        """Change switches while the simulator runs."""
        self.world.switches.set(switches)

    def fault(
        self,
        kind: str,
        method: str | None = None,
        path: str | None = None,
        times: int | None = 1,
        skip: int = 0,
        **details: Any,
    ) -> Fault:
        """Plan a misbehaviour; see ``faults.py`` for the kinds and their details."""
        return self.world.faults.plan(Fault(kind, method, path, times, skip, details))

    def clear_faults(self) -> None:
        """Drop the misbehaviour that is still planned."""
        self.world.faults.clear()

    def reset(
        self, *, profile: str = "default", seed: str = "empty", switches: Mapping[str, Any] | None = None
    ) -> None:
        """Begin anew without another start."""
        self.world.reset(profile=profile, seed=seed, switches=switches)

    # -- what happened ------------------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        """Return all requests so far, in the order of their arrival."""
        return self.world.log.all()

    @property
    def writes(self) -> list[Request]:
        """Return the POST, PUT, PATCH and DELETE requests so far."""
        return self.world.log.writes()

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.world.log.forget()

    @property
    def contract_violations(self) -> list[Item]:
        """Return the differences from ``openapi.yaml``: method, path, direction, message, refused."""
        return list(self.world.contract.violations)
