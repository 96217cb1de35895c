# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that help, and that show no secret in any form."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
    RequestFailed,
    attempting,
)
from ansible_collections.applivery.distribution.plugins.module_utils._http.message import Reply, Request
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.servers import CannedServer, answer
from applivery_simulator import Simulator

IDENT = "abcdef0123456789abcdef01"
PERMISSION = {
    "get": "mad.store.publishedApplication.get",
    "list": "mad.store.publishedApplication.list",
    "create": "mad.store.publishedApplication.create",
    "update": "mad.store.publishedApplication.update",
    "remove": "mad.store.publishedApplication.remove",
}
ACTS: dict[str, Any] = {
    "get": lambda api: api.get(PUBLICATIONS, IDENT),
    "list": lambda api: api.list_all(PUBLICATIONS),
    "create": lambda api: api.create(PUBLICATIONS, {}, lambda: None),
    "update": lambda api: api.update(PUBLICATIONS, IDENT, {}),
    "remove": lambda api: api.delete(PUBLICATIONS, IDENT),
}


def failing(connected: Any, body: Any, status: str, verb: str = "get", **connection: Any) -> RequestFailed:
    text = body if isinstance(body, str) else json.dumps(body)
    with CannedServer(answer(text, status)) as server:
        api: Api = connected(url=server.url, retry_timeout=0, **connection)
        with pytest.raises(RequestFailed) as caught:
            ACTS[verb](api)
    return caught.value


def error(code: int, message: str = "said", **more: Any) -> dict[str, Any]:
    return {"status": False, "error": {"code": code, "message": message, **more}}


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
@pytest.mark.parametrize("body", [error(4001), error(9999), "<html>no</html>"], ids=["4001", "unknown", "html"])
def test_refused_access_names_permission_token_and_plan(connected: Any, verb: str, status: str, body: Any) -> None:
    problem = failing(connected, body, status, verb)
    assert PERMISSION[verb] in problem.message
    assert "a Service Account token" in problem.message
    assert "the plan of this workspace may not include it" in problem.message
    assert not problem.absent
    assert problem.failure["status"] == int(status[:3])
    integrations = failing(connected, body, status, verb, api="integrations")
    assert "an App API Token" in integrations.message
    assert "permission" not in integrations.message


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (3001, "404 Not Found", "does not exist"),
        (3002, "401 Unauthorized", "the token has expired"),
        (4001, "401 Unauthorized", "the token is not accepted"),
        (4002, "401 Unauthorized", "no token arrived"),
        (4003, "403 Forbidden", "not allowed to do this"),
        (4003, "403 Forbidden", "permission mad.store.publishedApplication.get"),
        (4004, "401 Unauthorized", "invalid or of the wrong kind"),
        (5003, "400 Bad Request", "limit of the workspace"),
        (5003, "400 Bad Request", "plan"),
        (5004, "400 Bad Request", "plan"),
        (5017, "400 Bad Request", "limit of the workspace"),
        (5017, "400 Bad Request", "plan"),
        (5024, "409 Conflict", "slug is used by another publication"),
        (6001, "400 Bad Request", "database refuses a value"),
        (6002, "400 Bad Request", "refuses the content"),
    ],
)
@pytest.mark.parametrize("form", ["number", "text", "under 200"])
def test_a_code_is_explained(connected: Any, code: int, status: str, words: str, form: str) -> None:
    body = error(code)
    if form == "text":
        body["error"]["code"] = str(code)
    problem = failing(connected, body, "200 OK" if form == "under 200" else status)
    assert problem.code == code
    assert words.lower() in problem.message.lower()
    assert f"code {code}: said" in problem.message


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "413 Too Large", "502 Bad"])
@pytest.mark.parametrize("body", ["<html>Blocked by policy</html>", {"message": "Forbidden"}, ["no"], "", "7"])
def test_an_answer_of_somebody_else_is_named_as_one_first(connected: Any, verb: str, status: str, body: Any) -> None:
    problem = failing(connected, body, status, verb)
    foreign = problem.message.index("his was not Applivery's answer")
    for words in ("permission", "plan of this workspace"):
        assert words not in problem.message[:foreign]
        assert (words in problem.message) == (status[:3] in ("401", "403"))


@pytest.mark.parametrize("body", [error(4001), {"code": 4001, "message": "no"}, {"msg": "no"}, {"status": False}])
def test_an_answer_in_the_form_of_applivery_is_taken_for_one(connected: Any, body: Any) -> None:
    assert "not Applivery's answer" not in failing(connected, body, "403 Forbidden").message


@pytest.mark.parametrize("verb", ["create", "update", "remove"])
def test_a_denial_under_200_is_a_failure_and_an_error_beside_done_is_unclear(connected: Any, verb: str) -> None:
    denied = failing(connected, error(5000), "200 OK", verb)
    assert not isinstance(denied, AmbiguousWrite)
    unclear = failing(connected, {"status": True, "error": {"code": 5000, "message": "said"}}, "200 OK", verb)
    assert isinstance(unclear, AmbiguousWrite)


def test_a_6002_lists_its_fields(connected: Any) -> None:
    errors = [
        {"field": ["filter", "ios"], "location": "body", "messages": ["must be an id", "is odd"], "types": ["x"]},
        {"field": ["tags", 0], "messages": ["is not allowed"]},
        {"field": "slug", "messages": "is empty"},
    ]
    problem = failing(connected, error(6002, "Validation", data={"errors": errors}), "400 Bad Request", "update")
    assert problem.field_names == ["filter.ios", "tags.0", "slug"]
    assert problem.failure["fields"][0] == {"field": "filter.ios", "messages": ["must be an id", "is odd"]}
    assert "(filter.ios: must be an id, is odd; tags.0: is not allowed; slug: is empty)" in problem.message
    assert problem.body_refused


def test_other_forms_of_errors(connected: Any) -> None:
    problem = failing(connected, {"code": 400, "msg": "Bad", "field": "slug"}, "400 Bad Request")
    assert (problem.code, problem.failure["message"], problem.field_names) == (400, "Bad", ["slug"])
    problem = failing(connected, {"status": True, "error": {"code": 4004, "message": "x"}}, "401 Unauthorized")
    assert problem.code == 4004
    problem = failing(connected, error(5003, "Limit", data={"limit": 5}), "400 Bad Request")
    assert "Limit (limit: 5)" in problem.message


def test_only_404_with_3001_is_absence(connected: Any) -> None:
    assert failing(connected, error(3001), "404 Not Found").absent
    for code, status in ((3001, "401 X"), (3001, "400 X"), (3001, "200 OK"), (4001, "404 X"), (3002, "404 X")):
        assert not failing(connected, error(code), status).absent


def test_a_spent_retry_tells_what_the_server_said(connected: Any) -> None:
    with CannedServer(answer(json.dumps(error(5000, "out of order")), "500 Oops")) as server:
        with pytest.raises(RequestFailed) as caught:
            connected(url=server.url, retry_timeout=0.01).get(PUBLICATIONS, IDENT)
        assert f"after {len(server.requests)} attempts: HTTP 500, code 5000: out of order" in caught.value.message
        assert "Nothing is left of retry_timeout" in caught.value.message
        with pytest.raises(AmbiguousWrite, match="out of order") as lost:
            connected(url=server.url, retry_timeout=0).create(PUBLICATIONS, {}, lambda: None)
        assert lost.value.code == 5000


def test_messages_say_what_was_tried(connected: Any) -> None:
    with pytest.raises(AppliveryError) as caught, attempting("publication 'x'"):
        raise failing(connected, error(5024), "400 Bad Request", "update")
    assert caught.value.message.startswith("publication 'x': could not update the publication (PUT /v1/organizations/")
    assert str(caught.value) == caught.value.message


def test_workspace_names_that_can_not_be_found(simulator: Any, connected: Any) -> None:
    sim: Simulator = simulator()
    sim.add_store()
    with pytest.raises(InvalidInput) as caught:
        connected(sim, store=None).list_all(PUBLICATIONS)
    assert all(ident in caught.value.message for ident in sim.stores)
    with pytest.raises(InvalidInput, match="application is missing"):
        connected(sim, application=None).application_id()


# Secrets -------------------------------------------------------------------------------------------------------------

TOKEN = "canary-token.0123456789/abc+def=="
PASSWORD = 'hüsh "canary" & <co>/?\'\\'


def echoes(secret: str) -> dict[str, str]:
    raw = secret.encode()
    return {
        "plain": secret,
        "upper": secret.upper(),
        "quoted": quote(secret, safe=""),
        "quoted in lower case": quote(secret, safe="").lower(),
        "form": quote_plus(secret),
        "json": json.dumps(secret),
        "json, not ASCII": json.dumps(secret, ensure_ascii=False),
        "repr": repr(secret),
        "html": secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"),
        "html of Python": html.escape(secret),
        "html in numbers": "".join(f"&#{ord(character)};" for character in secret),
        "html in hexadecimal": "".join(f"&#x{ord(character):X};" for character in secret),
        "a component of JavaScript": quote(secret, safe="!'()*"),
        "json in json": json.dumps(json.dumps(secret)),
        "json with slashes": json.dumps(secret).replace("/", "\\/"),
        "escapes": "".join(f"\\u{ord(character):04x}" for character in secret),
        "bytes": repr(raw),
        "a page in Latin-1": secret.encode("latin-1").decode("utf-8", "replace"),
        "hexadecimal": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "base64 for URLs": base64.urlsafe_b64encode(raw).decode(),
        "base64 of a header": base64.b64encode(b"Bearer " + raw).decode(),
        "base64 of a pair": base64.b64encode(b"ab" + raw + b"c").decode(),
        "URL": f"https://user:{quote(secret, safe='')}@host/path",
    }


def recognisable(text: str, secret: str) -> bool:
    forms = {form.strip("\"'").strip("=") for name, form in echoes(secret).items() if "header" not in name}
    inner = base64.b64encode(b"Bearer " + secret.encode()).decode()[12:-6]
    lowered = text.lower()
    return any(form.lower() in lowered for form in [*forms, inner, secret[3:12]] if form)


@pytest.mark.parametrize("secret", [TOKEN, PASSWORD], ids=["token", "password"])
@pytest.mark.parametrize("form", list(echoes(TOKEN)))
def test_no_error_shows_a_secret(connected: Any, secret: str, form: str) -> None:
    echo = echoes(secret)[form]
    secrets = {"token": TOKEN, "secrets": (PASSWORD,)}
    long = "x" * 110 + echo + "x" * 900
    for body in (
        error(4001, f"bad {echo}!"),
        error(4001, long),
        error(6002, "m", data={"errors": [{"field": [echo], "messages": [f"not {echo}"]}]}),
        {"status": False, "error": echo},
        f"<html>{echo}</html>",
        f"<html>{long}</html>",
    ):
        for status in ("400 Bad Request", "401 Unauthorized", "500 Oops", "200 OK"):
            problem = failing(connected, body, status, "update", **secrets)
            assert not recognisable(problem.message + json.dumps(problem.failure, ensure_ascii=False), secret)


def test_a_short_secret_spoils_only_what_others_said(connected: Any) -> None:
    problem = failing(connected, error(4001, "a bad apple"), "400 X", "update", secrets=("a",))
    assert "could not update the publication" in problem.message
    assert "b********d" in problem.failure["message"]
    problem = failing(
        connected,
        error(6002, "x", data={"errors": [{"field": ["f"], "messages": ['"']}]}),
        "400 X",
        secrets=('"', "field"),
    )
    assert problem.failure["fields"] == [{"field": "f", "messages": ["********"]}]


def test_warnings_show_no_secret(connected: Any, warnings: list[str]) -> None:
    ident = "canary-id"
    with CannedServer(answer("{}", "503 X"), answer('{"data": {"id": "1"}}')) as server:
        connected(url=server.url, secrets=(ident,)).get(PUBLICATIONS, ident)
    assert len(warnings) == 1
    assert ident not in warnings[0]


def test_what_is_printed_by_accident_shows_no_secret(connected: Any) -> None:
    request = Request("PUT", "https://h/v1/x?token=canary", body={"password": "canary"})
    reply = Reply(200, "canary", {"password": "canary"}, True, location="canary")
    api = connected(url="http://127.0.0.1:9", token="canary")
    assert "canary" not in f"{request} {request!r} {reply} {reply!r} {api.connection!r} {api.transport!r} {api!r}"


def test_what_a_terminal_could_obey_is_not_shown(connected: Any, warnings: list[str]) -> None:
    told = "\x1b[31mRED\x1b[0m \x1b]0;title\x07 \u202edesrever"
    problem = failing(connected, error(4001, told, data={"errors": [{"field": [told], "messages": [told]}]}), "400 X")
    assert problem.message.isprintable()
    assert "RED" in problem.message
    with CannedServer(b"HTTP/1.1 \x1b[31mabc\r\nX\r\n\r\n", answer('{"data": {"id": "1"}}')) as server:
        connected(url=server.url).get(PUBLICATIONS, "x")
    assert len(warnings) == 1
    assert warnings[0].isprintable()
