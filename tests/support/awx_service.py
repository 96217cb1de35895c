# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as the modules of awx.awx use to configure it: lists, named URLs, links between objects.

It keeps what it is sent and refuses what AWX refuses: a second object of the same key, a link to what is not there, a
schedule that nobody could launch.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ansible_collections.applivery.distribution.tests.unit.awx import rules

TOKEN = "a-token-of-awx"
Item = dict[str, Any]
# What the modules look at and do not send, by kind.
DEFAULTS: dict[str, Item] = {
    "inventories": {"kind": "", "host_filter": None},
    "projects": {"scm_revision": "", "scm_branch": "", "timeout": 0},
    "hosts": {"enabled": True},
    "job_templates": {"extra_vars": "", "timeout": 0},
}
# Beside its name, what tells an object from others of its kind.
KEYS = {
    "credential_types": (),
    "execution_environments": (),
    "organizations": (),
    "hosts": ("inventory",),
    "inventory_sources": ("inventory",),
    "schedules": ("unified_job_template",),
    "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
}
LAUNCHED = ("projects", "job_templates", "workflow_job_templates", "inventory_sources", "workflow_approval_templates")
LINKS = ("success_nodes", "failure_nodes", "always_nodes", "credentials")


class Refused(Exception):
    """An answer that is none of 200: its status and its body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


class AwxService:
    """Objects by kind; ``writes`` are the requests that changed something or tried to."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[int, Item]] = {}
        self.surveys: dict[str, Item] = {}
        self.links: dict[str, list[int]] = {}
        self.writes: list[str] = []
        self._last = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AwxService:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        return {"CONTROLLER_HOST": self.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}

    def all(self, kind: str) -> list[Item]:
        return list(self.kinds.get(kind, {}).values())

    def named(self, kind: str, name: str, **more: Any) -> Item:
        (found,) = (item for item in self.all(kind) if item.get("name") == name and more.items() <= item.items())
        return found

    def create(self, kind: str, fields: Item) -> Item:
        fields = {name: value for name, value in fields.items() if name != "type"}
        if kind == "job_templates":
            # Its organization is that of its project.
            fields["organization"] = self._one("projects", fields.get("project"))["organization"]
        for field, other in (("inventory", "inventories"), ("workflow_job_template", "workflow_job_templates")):
            if fields.get(field) is not None:
                self._one(other, fields[field])
        if kind == "schedules":
            self._launchable(fields)
        own = KEYS.get(kind, ("organization",))
        key = {name: fields.get(name) for name in (*own, *(() if "identifier" in own else ("name",)))}
        if any(key.items() <= item.items() for item in self.all(kind)):
            raise Refused(400, {"__all__": [f"{kind} with {key} already exists"]})
        self._last += 1
        url = f"/api/v2/{kind}/{self._last}/"
        related = {"survey_spec": f"{url}survey_spec/"}
        item = {"description": "", **DEFAULTS.get(kind, {}), **fields, "id": self._last, "url": url, "type": kind[:-1]}
        self.kinds.setdefault(kind, {})[self._last] = {**item, "related": related, "summary_fields": {}}
        return self._shown(self.kinds[kind][self._last])

    def _launchable(self, fields: Item) -> None:
        template = self._launched(fields.get("unified_job_template"))
        survey = self.surveys.get(template["url"], {"spec": []})
        problems = rules.rrule_problems(fields["rrule"]) + rules.answer_problems(survey, fields.get("extra_data", {}))
        if problems:
            raise Refused(400, {"extra_data": problems})

    def _launched(self, ident: Any) -> Item:
        for kind in LAUNCHED:
            if ident in self.kinds.get(kind, {}):
                return self.kinds[kind][ident]
        raise Refused(400, {"unified_job_template": [f"there is no {ident}"]})

    def _one(self, kind: str, ident: Any) -> Item:
        try:
            return self.kinds[kind][int(ident)]
        except (KeyError, TypeError, ValueError):
            raise Refused(400, {"detail": f"there is no {ident!r} among {kind}"}) from None

    def _shown(self, item: Item) -> Item:
        if item.get("unified_job_template"):
            related = {**item["related"], "unified_job_template": self._launched(item["unified_job_template"])["url"]}
            return {**item, "related": related}
        return item

    def answer(self, method: str, target: str, body: Item) -> tuple[int, Any]:
        address = urlsplit(target)
        kind, *rest = unquote(address.path).removeprefix("/api/v2/").strip("/").split("/")
        if method != "GET":
            self.writes.append(f"{method} {address.path}")
        if not rest:
            return (201, self.create(kind, body)) if method == "POST" else (200, self._list(kind, address.query))
        item = self._find(kind, rest[0])
        if len(rest) > 1:
            return self._below(method, item, rest[1], body)
        if method == "PATCH":
            item.update(body)
        return 200, self._shown(item)

    def _find(self, kind: str, name: str) -> Item:
        if "++" in name:
            own, organization = name.split("++")
            for item in self.all(kind):
                known = self.kinds["organizations"].get(item.get("organization", 0), {})
                if (item.get("name"), known.get("name")) == (own, organization):
                    return item
        if not name.isdigit() or int(name) not in self.kinds.get(kind, {}):
            raise Refused(404, {"detail": "Not found."})
        return self.kinds[kind][int(name)]

    def _list(self, kind: str, query: str) -> Item:
        wanted = dict(parse_qsl(query))
        items = self.all(kind)
        if kind == "unified_job_templates":
            items = [item for one in LAUNCHED for item in self.all(one)]
        found = [item for item in items if all(str(item.get(name)) == value for name, value in wanted.items())]
        return {"count": len(found), "next": None, "results": [self._shown(item) for item in found]}

    def _below(self, method: str, item: Item, what: str, body: Item) -> tuple[int, Any]:
        if what == "survey_spec":
            if method == "POST":
                self.surveys[item["url"]] = body
            return 200, self.surveys.get(item["url"], {})
        if what == "create_approval_template" and method == "POST":
            approval = self.create("workflow_approval_templates", {**body, "organization": item["id"]})
            item["unified_job_template"] = approval["id"]
            return 201, approval
        if what not in LINKS:
            raise Refused(404, {"detail": "Not found."})
        links = self.links.setdefault(item["url"] + what, [])
        kind = "credentials" if what == "credentials" else "workflow_job_template_nodes"
        if method == "POST":
            if body["id"] not in self.kinds.get(kind, {}):
                raise Refused(404, {"detail": "Not found."})
            links.append(body["id"])
            return 204, None
        return 200, {"count": len(links), "next": None, "results": [self.kinds[kind][one] for one in links]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                        raise Refused(401, {"detail": "Authentication credentials were not provided."})
                    status, body = service.answer(self.command, self.path, json.loads(sent or "{}"))
                except Refused as refused:
                    status, body = refused.status, refused.body
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", "24.6.1")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - these are the names that are looked for

            def log_message(self, *_arguments: Any) -> None:
                """Nobody reads it."""

        return Handler
