# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From socket to handler and back: one pipeline for every request under ``/v1``."""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import envelope, errors
from .api import INTEGRATIONS, Call
from .control import PREFIX, Control
from .faults import REPLACING, Fault
from .log import Request
from .reading import LARGEST_BODY, Incoming, receive
from .routes import ROUTES, Route
from .state import APP, EXPIRED, SERVICE_ACCOUNT, Token
from .world import World

NONE = object()
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Answer:
    """What goes back: ``body`` is text, ``value`` is sent as JSON; ``cut`` says how the connection ends."""

    status: int
    value: Any = NONE
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] | None = None
    cut: str = ""

    def text(self) -> str:
        """Return the body."""
        return self.body if self.value is NONE else json.dumps(self.value)


def endpoint(route: Route) -> Any:
    """Return what the router finds for a route; the pipeline does the work."""

    async def found(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPNotFound

    found.route = route  # type: ignore[attr-defined]  # a function carries its route to the pipeline
    return found


class Server:
    """The aiohttp application of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = web.Application(middlewares=[self._middleware()], client_max_size=LARGEST_BODY)
        Control(world).register(self.app)
        for route in ROUTES:
            self.app.router.add_route(route.method, route.router_path, endpoint(route))

    def _middleware(self) -> Any:
        @web.middleware
        async def pipeline(request: web.Request, handler: Any) -> web.StreamResponse:
            if request.path.startswith(PREFIX):
                controlled: web.StreamResponse = await handler(request)
                return controlled
            return await self._exchange(request)

        return pipeline

    # -- the pipeline -------------------------------------------------------------------------------------------------

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        world = self.world
        found = request.match_info
        route: Route | None = None if found.http_exception else getattr(found.handler, "route", None)
        fault = world.faults.take(request.method, request.path_qs)
        record = world.log.open(
            Request(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                body=None,
                status=None,
                token=self._token(request).kind,
                fault=fault.kind if fault else None,
                host=self._host(request),
                headers={name: value for name, value in request.headers.items() if name.lower() != "authorization"},
            )
        )
        if fault is not None and fault.kind == "cut_before":
            return self._abort(request)
        if self._refuses_early(request, route, fault):
            return await self._refuse_early(request, route, fault, record)
        try:
            incoming = await receive(request, multipart=route is not None and route.multipart)
        except ConnectionError:
            # the client left in the middle of its request: nothing happened, and nobody reads an answer
            return self._abort(request)
        record["body"] = (
            incoming.body
            if not incoming.files
            else {**incoming.body, **{f.field: f.as_record() for f in incoming.files}}
        )
        if world.switches["latency"]:
            await asyncio.sleep(world.switches["latency"])
        answer = await self._answer(request, route, incoming, fault)
        if route is not None and route.multipart and world.switches["upload_seconds"]:
            await asyncio.sleep(world.switches["upload_seconds"])
        if answer.cut == "whole":
            return self._abort(request)
        record["status"] = answer.status
        if fault is None or fault.kind in ("slow", "interfere", "call", "shrink"):
            world.contract.check(route, record, None if answer.value is NONE else answer.value, answer.status)
        world.log.close(record)
        return await self._send(request, answer)

    async def _answer(
        self, request: web.Request, route: Route | None, incoming: Incoming, fault: Fault | None
    ) -> Answer:
        world = self.world
        if world.switches["rate"] and not world.bucket.admit(world.switches["rate"]):
            return self._too_many(world.switches["retry_after"])
        if fault is None:
            return self._handle(request, route, incoming, None)
        if fault.kind in REPLACING and not fault.done:
            return self._replacement(fault)
        if fault.kind == "slow" and not fault.done:
            await asyncio.sleep(fault.get("seconds", 1))
        self._meddle(route, fault)
        answer = self._handle(request, route, incoming, fault)
        if fault.kind == "slow" and fault.done:
            await asyncio.sleep(fault.get("seconds", 1))
        if fault.kind in REPLACING:
            return self._replacement(fault)
        return self._spoiled(answer, fault)

    def _handle(self, request: web.Request, route: Route | None, incoming: Incoming, fault: Fault | None) -> Answer:
        world = self.world
        try:
            with world.state.lock:
                call = self._call(request, route, incoming, fault)
                assert route is not None  # _call refuses an unknown address
                reply = route.handler(call)
        except errors.ApiError as error:
            return Answer(error.status, envelope.failure(error, world.switches["error_envelope"]))
        if reply.status == 204:
            return Answer(204)
        return Answer(reply.status, envelope.success(reply))

    def _call(self, request: web.Request, route: Route | None, incoming: Incoming, fault: Fault | None) -> Call:
        world, switches = self.world, self.world.switches
        if route is None or not self._on_its_host(request, route):
            raise (
                errors.unauthorized()
                if switches["malformed_path"] == "unauthorized"
                else errors.not_found(switches["not_found_code"])
            )
        token = self._token(request)
        self._authorize(token, route)
        params, wrong = route.params(dict(request.match_info))
        if wrong:
            refused = switches["bad_ids"] == "refused"
            raise (
                errors.invalid(wrong, switches["error_status"])
                if refused
                else errors.not_found(switches["not_found_code"])
            )
        if incoming.broken:
            problem = {"field": [], "location": "body", "messages": [incoming.broken], "types": ["object.base"]}
            raise errors.invalid([problem], switches["error_status"])
        return Call(
            state=world.state,
            switches=switches,
            api=route.api,
            params=params,
            query=dict(request.query),
            token=token,
            url=world.url,
            body=incoming.body,
            files=incoming.files or [],
            list_fault={**fault.details, "kind": fault.kind} if fault else None,
        )

    def _host(self, request: web.Request) -> str:
        """Return which of the two hosts was asked: api or upload."""
        transport = request.transport
        port = transport.get_extra_info("sockname")[1] if transport is not None else 0
        return "upload" if self.world.upload_url.endswith(f":{port}") else "api"

    def _on_its_host(self, request: web.Request, route: Route) -> bool:
        wanted = "upload" if route.multipart else "api"
        return self.world.switches["upload_host"] == "either" or self._host(request) == wanted

    # -- who asks -----------------------------------------------------------------------------------------------------

    def _token(self, request: web.Request) -> Token:
        scheme, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            return Token("none")
        return self.world.state.tokens.get(secret.strip(), Token("unknown"))

    def _authorize(self, token: Token, route: Route) -> None:
        if token.kind == "none":
            raise errors.no_token()
        if token.kind == EXPIRED:
            raise errors.expired_token()
        if token.kind != (APP if route.api == INTEGRATIONS else SERVICE_ACCOUNT):
            raise errors.invalid_token()
        wanted = self.world.switches["permissions"]
        refusal = wanted.get(f"{route.resource}:{route.action}", wanted.get(route.resource))
        if isinstance(refusal, dict):
            raise errors.ApiError(
                refusal.get("status", 403),
                refusal.get("code", 4001),
                refusal.get("message", "Unauthorized"),
                refusal.get("data"),
            )
        if refusal is not None:
            code = self.world.switches["forbidden_code"] if refusal == 403 else 4001
            raise errors.unauthorized(refusal, code)

    # -- misbehaving --------------------------------------------------------------------------------------------------

    def _refuses_early(self, request: web.Request, route: Route | None, fault: Fault | None) -> bool:
        """Whether this request is answered while its body is still on the way (fact sheet, N4)."""
        if fault is not None:
            return fault.kind == "refuse_early"
        if route is None or not route.multipart or self.world.switches["bad_token_upload"] != "early":
            return False
        return self._token(request).kind != (APP if route.api == INTEGRATIONS else SERVICE_ACCOUNT)

    async def _refuse_early(
        self, request: web.Request, route: Route | None, fault: Fault | None, record: Request
    ) -> web.StreamResponse:
        """Answer, then close without reading the rest: for the client the line breaks while it sends."""
        if fault is not None and "status" in fault.details:
            answer = self._replacement(fault)
        else:
            answer = self._handle(request, route, Incoming(body={}, broken="was not read"), None)
        await request.content.readany()
        record["status"] = answer.status
        response = web.Response(
            status=answer.status, text=answer.text(), content_type=answer.content_type, headers={"Connection": "close"}
        )
        response.force_close()
        await response.prepare(request)
        await response.write_eof()
        if request.transport is not None:
            request.transport.close()
        return response

    def _meddle(self, route: Route | None, fault: Fault) -> None:
        world = self.world
        if fault.kind == "call":
            fault.get("action")()
        elif fault.kind == "interfere":
            world.change(fault.get("id"), fault.get("fields", {}))
        elif fault.kind == "shrink" and route is not None:
            with world.state.lock:
                table = getattr(world.state, route.resource)
                ordered = world.state.newest_first(list(table.values()))
                if world.switches["list_order"] == "oldest_first":
                    ordered.reverse()
                gone = fault.get("id") or (ordered[0]["id"] if ordered else None)
                table.pop(gone, None)

    def _too_many(self, retry_after: Any) -> Answer:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return Answer(429, {"status": False, "error": {"code": 5003, "message": "Too many requests"}}, headers=headers)

    def _replacement(self, fault: Fault) -> Answer:
        kind = fault.kind
        if kind == "too_many":
            wanted = fault.get("retry_after", self.world.switches["retry_after"])
            if wanted == "date":
                later = self.world.clock() + datetime.timedelta(seconds=fault.get("seconds", 1))
                wanted = email.utils.format_datetime(later, usegmt=True)
            return self._too_many(wanted)
        if kind == "html":
            return Answer(fault.get("status", 502), body=HTML, content_type="text/html")
        if kind == "redirect":
            location = fault.get("location", "http://localhost:9/elsewhere")
            return Answer(fault.get("status", 302), body="", content_type="text/plain", headers={"Location": location})
        status = {"status_false": 200, "server_error": fault.get("status", 500)}.get(kind) or fault.get("status")
        if "body" in fault.details:
            body = fault.get("body")
            text = {"body": body, "content_type": "text/plain"} if isinstance(body, str) else {"value": body}
            return Answer(status, headers=fault.get("headers"), **text)
        error = {"code": fault.get("code", 5000), "message": fault.get("message", "Internal error")}
        if "data" in fault.details:
            error["data"] = fault.get("data")
        return Answer(status, {"status": False, "error": error}, headers=fault.get("headers"))

    @staticmethod
    def _spoiled(answer: Answer, fault: Fault) -> Answer:
        kind = fault.kind
        status = 200 if answer.status == 204 else answer.status
        text = answer.text() or '{"status": true, "data": {}}'
        spoiled = {
            "cut_after": lambda: Answer(status, cut="whole"),
            "empty": lambda: Answer(fault.get("status", 200)),
            "not_json": lambda: Answer(fault.get("status", 200), body="It works!", content_type="text/plain"),
            "wrong_type": lambda: Answer(status, {"status": True, "data": fault.get("value", "unexpected")}),
            "truncated": lambda: Answer(status, body=text, cut="half"),
        }
        if kind == "truncated" and fault.get("variant", "cut") == "invalid":
            return Answer(status, body=text[: len(text) // 2])
        return spoiled[kind]() if kind in spoiled else answer

    # -- sending ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _abort(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _send(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        headers = dict(answer.headers or {})
        if self.world.switches["now"]:
            headers["Date"] = email.utils.format_datetime(
                self.world.clock().astimezone(datetime.timezone.utc), usegmt=True
            )
        if answer.cut == "half":
            return await self._send_half(request, answer, headers)
        if answer.status == 204:
            return web.Response(status=204, headers=headers)
        return web.Response(
            status=answer.status, text=answer.text(), content_type=answer.content_type, charset="utf-8", headers=headers
        )

    @staticmethod
    async def _send_half(request: web.Request, answer: Answer, headers: dict[str, str]) -> web.StreamResponse:
        content = answer.text().encode()
        response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Type": "application/json"})
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
