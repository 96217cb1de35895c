# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The envelope, the error codes, the pages, and Applivery's two APIs as two small objects with the same verbs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple
from urllib.parse import quote

from ansible_collections.applivery.distribution.plugins.module_utils._connection import (
    INTEGRATIONS,
    WORKSPACE,
    Connection,
)
from ansible_collections.applivery.distribution.plugins.module_utils._errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
    ListingChanged,
    RequestFailed,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._http import (
    HttpOptions,
    Reply,
    Request,
    Stream,
    Transport,
)

# 500 is used freely by existing clients on several lists (client code); 100 is the observed default (old docs).
_PAGE_SIZES = (500, 100)
_MOST_PAGES = 20000
_MOST_CREATIONS = 3
_PLAN = "the plan of this workspace may not include this"
_CODES = {
    3001: "the object does not exist, or not under this organization, application or store",
    3002: "the token has expired: create a new one",
    4001: "the token is not accepted here",
    4002: "no token arrived at the server: a proxy may remove the Authorization header",
    4004: "the token is invalid or of the wrong kind: it may be mistyped or deleted, or belong to the other API",
    5003: f"a limit of the workspace is reached, or {_PLAN}",
    5004: _PLAN,
    5006: "the server does not take this file for an app build",
    5014: "the build is not processed yet",
    5024: "the slug is used by another publication of this workspace; choose another one",
    6001: "the server's database refuses a value: look at ids and lengths",
    6002: "the server refuses the content of the request",
}
_DOING = {"list": "list the", "get": "read the", "create": "create the", "update": "update the", "remove": "delete the"}


@dataclass(frozen=True)
class Endpoint:
    """One kind of object: where each API keeps it and which permissions a Service Account needs.

    Paths are below ``/v1``; ``{organization}``, ``{organization_slug}``, ``{application}`` and ``{store}`` are filled
    in from the connection. ``permissions`` maps the verbs list, get, create, update and remove to permission names.
    ``sort`` maps an API to the order to ask of its list.
    """

    noun: str
    workspace: str
    integrations: str | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    sort: Mapping[str, str] = field(default_factory=dict)


ORGANIZATIONS = Endpoint("organization", "organizations", permissions={"get": "base.organization.management.get"})
STORES = Endpoint(
    "store",
    "organizations/{organization}/stores",
    permissions={"list": "mad.store.management.list", "get": "mad.store.management.get"},
)
APPLICATIONS = Endpoint(
    "application",
    "organizations/{organization}/apps",
    permissions={"list": "mad.application.management.list", "get": "mad.application.management.get"},
)


class Api:
    """The verbs that resources use, whichever of the two APIs answers. Objects are dicts with the API's own keys."""

    kind = ""
    token_kind = ""

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection
        self.transport = transport
        self._page_size = 0

    # What differs between the two APIs ------------------------------------------------------------------------

    def path(self, endpoint: Endpoint) -> str:
        """The path of the endpoint's collection, with all names filled in."""
        raise NotImplementedError

    def application_id(self) -> str | None:
        """The id for the ``application`` key of a body; None where the token itself implies the app."""
        raise NotImplementedError

    def body_context(self, known_application: str | None = None) -> dict[str, Any]:
        """What a body needs beside the fields of its object: the application, where the token does not imply it."""
        raise NotImplementedError

    def serves(self, endpoint: Endpoint) -> bool:
        """Whether this API has objects of this kind at all."""
        raise NotImplementedError

    # The verbs ------------------------------------------------------------------------------------------------

    def get(self, endpoint: Endpoint, ident: str) -> dict[str, Any]:
        """One object by id; RequestFailed when there is none (``error.absent``) or anything else went wrong."""
        data = self._call("get", endpoint, "GET", self._url(endpoint, ident))
        if not isinstance(data, dict) or not data:
            raise self._unusable(endpoint, f"the {endpoint.noun} {ident}", data)
        found = identity(data)
        if found and _is_id(ident) and _is_id(found) and found.lower() != ident.lower():
            raise AppliveryError(f"asked for the {endpoint.noun} {ident}, the server answered with {found}")
        return data

    def find(self, endpoint: Endpoint, ident: str) -> dict[str, Any] | None:
        """One object by id, or None when the server says that it does not exist (404 with code 3001)."""
        try:
            return self.get(endpoint, ident)
        except RequestFailed as problem:
            if problem.absent:
                return None
            raise

    def list_all(self, endpoint: Endpoint, hints: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All objects, read page by page to the end. ``hints`` are filters that the server may ignore.

        A listing that changed under the reader is read once more from the start, then it is an error.
        """
        try:
            return [item for page in self.pages(endpoint, hints) for item in page]
        except ListingChanged:
            return [item for page in self.pages(endpoint, hints) for item in page]

    def pages(
        self, endpoint: Endpoint, hints: Mapping[str, Any] | None = None, size: int | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Page after page of objects not seen before; stop iterating early to read no more than needed."""
        pager = _Pager(endpoint.noun)
        query = dict(hints or {})
        number = 1
        while number <= _MOST_PAGES:
            if number == 1:
                data, query = self._first_page(endpoint, query, size)
            else:
                data = self._page(endpoint, {**query, "page": number})
            try:
                fresh = pager.take(data)
            except _WrongShape:
                raise self._unusable(endpoint, f"the list of {endpoint.noun}s", data) from None
            if fresh:
                yield fresh
            if pager.finished:
                return
            number += 1
        raise ListingChanged(f"the list of {endpoint.noun}s did not end after {_MOST_PAGES} pages")

    def create(
        self,
        endpoint: Endpoint,
        body: Mapping[str, Any],
        look_up: Callable[[], dict[str, Any] | None],
    ) -> Any:
        """Create an object; returns what the server answered (None, a dict or a list), or what ``look_up`` found.

        A POST with an unknown outcome is never simply repeated: ``look_up`` searches the object by its natural key,
        and only when it finds nothing is the object created again.
        """
        return self.post_once(lambda: self._call("create", endpoint, "POST", self._url(endpoint), body=body), look_up)

    def post_once(self, post: Callable[[], Any], look_up: Callable[[], dict[str, Any] | None]) -> Any:
        """Call ``post`` under the look-up-first rule of ``create``."""
        tries = _MOST_CREATIONS if self.connection.retry_timeout else 1
        for attempt in range(1, tries + 1):
            try:
                return post()
            except AmbiguousWrite as problem:
                found = look_up()
                if found is not None:
                    return found
                if attempt == tries:
                    problem.message += " It was looked for afterwards and is not there."
                    raise
                self.transport.pause(attempt)
        return None

    def update(self, endpoint: Endpoint, ident: str, body: Mapping[str, Any]) -> Any:
        """Send a PUT; returns what the server answered, None where it answered without content."""
        return self._call("update", endpoint, "PUT", self._url(endpoint, ident), body=body)

    def delete(self, endpoint: Endpoint, ident: str) -> bool:
        """Delete an object; False when it was gone already. A 404 with 3001 is success, also on a repetition."""
        try:
            self._call("remove", endpoint, "DELETE", self._url(endpoint, ident))
        except RequestFailed as problem:
            if not problem.absent:
                raise
            return bool(problem.failure["attempts"] > 1)
        return True

    def upload(self, endpoint: Endpoint, stream: Stream, timeout: float | None = None) -> Any:
        """POST a multipart stream to the upload host; raises AmbiguousWrite when the outcome is unknown."""
        url = f"{self.connection.upload_url}/v1/{self.path(endpoint)}"
        return self._call("create", endpoint, "POST", url, stream=stream, timeout=timeout)

    def now(self) -> datetime:
        """The later of the server's ``Date`` and the local clock, in UTC."""
        local = datetime.now(timezone.utc)
        return max(local, self.transport.server_date or local)

    # How a request becomes an answer or an error --------------------------------------------------------------

    def _url(self, endpoint: Endpoint, ident: str | None = None) -> str:
        url = f"{self.connection.api_url}/v1/{self.path(endpoint)}"
        return url if ident is None else f"{url}/{segment(ident)}"

    def _first_page(self, endpoint: Endpoint, hints: dict[str, Any], size: int | None) -> tuple[Any, dict[str, Any]]:
        """The first page, and the query that got it: step by step without what the server refuses to understand."""
        problems: list[RequestFailed] = []
        for query in _page_queries(hints, size or self._page_size, endpoint.sort.get(self.kind)):
            try:
                data = self._page(endpoint, {**query, "page": 1})
            except RequestFailed as refused:
                if not refused.body_refused:
                    raise
                problems.append(refused)
            else:
                # A size that one caller wants is none that others must keep to.
                if not size:
                    self._page_size = self._page_size or query.get("limit", 0)
                return data, query
        raise problems[0]

    def _page(self, endpoint: Endpoint, query: Mapping[str, Any]) -> Any:
        return self._call("list", endpoint, "GET", self._url(endpoint), query=query)

    def _call(self, verb: str, endpoint: Endpoint, method: str, url: str, **content: Any) -> Any:
        request = Request(method, url, **content)
        reply = self.transport.send(request)
        if not reply.is_json and (reply.status >= 300 or reply.text.strip()):
            raise self._not_json(verb, endpoint, request, reply)
        body = reply.data
        error = body.get("error") if isinstance(body, dict) else None
        refused = isinstance(body, dict) and body.get("status") is False
        if not 200 <= reply.status < 300 or refused or error:
            raise self._refused(verb, endpoint, request, reply, error)
        # A build's own ``status`` is a word; the envelope's is a boolean.
        enveloped = isinstance(body, dict) and ("data" in body or isinstance(body.get("status"), bool))
        return body.get("data") if enveloped else body

    def _not_json(self, verb: str, endpoint: Endpoint, request: Request, reply: Reply) -> RequestFailed:
        if 300 <= reply.status < 400:
            return self._redirected(request, reply)
        kind = AmbiguousWrite if request.method == "POST" and reply.status < 300 else RequestFailed
        text = f"HTTP {reply.status} with something that is not JSON: {_excerpt(reply.text)!r}.{reply.note}"
        problem = self.transport.failed(kind, request, text, reply)
        problem.message = self._sentence(
            verb,
            endpoint,
            request,
            text,
            self._access_hint(verb, endpoint, reply.status, None)
            or "This is no answer of Applivery: look at api_url and upload_url, and at proxies on the way",
            reply.attempts,
        )
        return problem

    def _redirected(self, request: Request, reply: Reply) -> RequestFailed:
        target = (reply.location or "").split("?", 1)[0]
        text = f"HTTP {reply.status}, a redirect to {target!r}; a token is never sent after a redirect: correct api_url"
        return self.transport.failed(RequestFailed, request, text, reply)

    def _refused(self, verb: str, endpoint: Endpoint, request: Request, reply: Reply, error: Any) -> RequestFailed:
        if 300 <= reply.status < 400:
            return self._redirected(request, reply)
        code, message, fields = _read_error(error, reply.data)
        message = self.transport.redact(message)
        fields = json.loads(self.transport.redact(json.dumps(fields)))
        said = (
            f"HTTP {reply.status}"
            + (f", code {code}" if code is not None else "")
            + (f": {message}" if message else "")
        )
        if fields:
            said += " (" + "; ".join(f"{entry['field']}: {', '.join(entry['messages'])}" for entry in fields) + ")"
        hints = [
            _CODES.get(code, "") if code is not None else "",
            self._access_hint(verb, endpoint, reply.status, code),
        ]
        text = self._sentence(
            verb, endpoint, request, said + "." + reply.note, ". ".join(hint for hint in hints if hint), reply.attempts
        )
        details = failure(
            code=code,
            message=message or f"HTTP {reply.status}",
            status=reply.status,
            method=request.method,
            path=self.transport.redact(request.path),
            fields=fields,
            attempts=reply.attempts,
        )
        return RequestFailed(text, details)

    def _sentence(self, verb: str, endpoint: Endpoint, request: Request, said: str, hint: str, attempts: int) -> str:
        noun = endpoint.noun + ("s" if verb == "list" else "")
        times = "" if attempts == 1 else f" after {attempts} attempts"
        text = f"could not {_DOING[verb]} {noun} ({request.method} {request.path}){times}: {said}"
        if hint:
            text = f"{text.rstrip('.')}. {hint[0].upper()}{hint[1:]}."
        return self.transport.redact(text)

    def _access_hint(self, verb: str, endpoint: Endpoint, status: int, code: int | None) -> str:
        if status not in (401, 403):
            return ""
        permission = endpoint.permissions.get(verb)
        needed = ""
        if self.kind == WORKSPACE:
            needed = f", which needs the permission {permission}" if permission else ""
        wrong = "" if code in (3002, 4002) else "; Applivery may answer like this to a wrong organization or store too"
        plan = "" if code in (3002, 4002, 4004) else f". Also, {_PLAN}"
        return f"the request was made with {self.token_kind}{needed}{wrong}{plan}"

    def _unusable(self, endpoint: Endpoint, what: str, data: Any) -> AppliveryError:
        shape = type(data).__name__
        return AppliveryError(
            f"could not read {what}: the answer has an unexpected form ({shape}). "
            "Look at api_url, and whether a proxy or a newer API version answers",
            failure(message=f"unexpected form of the answer: {shape}", method="GET", path=f"/v1/{self.path(endpoint)}"),
        )


class IntegrationsApi(Api):
    """The API of one app: the App API Token implies organization and application."""

    kind = INTEGRATIONS
    token_kind = "an App API Token"  # noqa: S105 - a description, no token

    def path(self, endpoint: Endpoint) -> str:
        if endpoint.integrations is None:
            raise InvalidInput(
                f"{endpoint.noun}s: only the Workspace API has them. Give service_account_token and organization"
            )
        return endpoint.integrations

    def application_id(self) -> str | None:
        return None

    def body_context(self, known_application: str | None = None) -> dict[str, Any]:  # noqa: ARG002 - the token tells
        return {}

    def serves(self, endpoint: Endpoint) -> bool:
        return endpoint.integrations is not None


class WorkspaceApi(Api):
    """The API of a whole workspace: organization, application and store stand in the paths."""

    kind = WORKSPACE
    token_kind = "a Service Account token"  # noqa: S105 - a description, no token

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self._resolved: dict[str, str] = {}

    def path(self, endpoint: Endpoint) -> str:
        names = {
            "{organization}": self._organization,
            "{organization_slug}": self._organization_slug,
            "{application}": self._application,
            "{store}": self.store_id,
        }
        return "/".join(names[part]() if part in names else part for part in endpoint.workspace.split("/"))

    def application_id(self) -> str | None:
        given = self._application()
        if _is_id(given):
            return given
        return self._once("application", lambda: self._id_of(APPLICATIONS, given))

    def body_context(self, known_application: str | None = None) -> dict[str, Any]:
        return {"application": known_application or self.application_id()}

    def serves(self, endpoint: Endpoint) -> bool:  # noqa: ARG002 - everything is there
        return True

    def store_id(self) -> str:
        """The store given, or the only one of the organization (fact sheet, C13)."""
        return self.connection.store or self._once("store", self._only_store)

    def _organization(self) -> str:
        return segment(self.connection.organization or "")

    def _organization_slug(self) -> str:
        # The OTP paths want the slug (seed), everything else takes either form.
        given = self._organization()
        return self._once("organization", lambda: self._slug_of(given)) if _is_id(given) else given

    def _application(self) -> str:
        if not self.connection.application:
            other = ", or set api: integrations to use the app_token" if self.connection.other_token else ""
            raise InvalidInput(f"application is missing: the Workspace API needs the slug or id of the app{other}")
        return segment(self.connection.application)

    def _once(self, name: str, resolve: Callable[[], str]) -> str:
        if name not in self._resolved:
            self._resolved[name] = resolve()
        return self._resolved[name]

    def _id_of(self, endpoint: Endpoint, name: str) -> str:
        found = identity(self.get(endpoint, name))
        if not found:
            raise AppliveryError(f"the {endpoint.noun} {name} was found, but the server does not show its id")
        return segment(found)

    def _slug_of(self, organization: str) -> str:
        slug = self.get(ORGANIZATIONS, organization).get("slug")
        if not isinstance(slug, str) or not slug:
            raise AppliveryError(
                f"organization: the server does not show the slug of {organization}; give the slug instead of the id"
            )
        return segment(slug)

    def _only_store(self) -> str:
        ids = [ident for ident in map(identity, self.list_all(STORES)) if ident]
        if len(ids) == 1:
            return segment(ids[0])
        if not ids:
            raise InvalidInput(f"store: the organization {self.connection.organization} shows no store to this token")
        raise InvalidInput(f"store is missing: the organization has several stores, choose one of {', '.join(ids)}")


def connect(
    connection: Connection,
    warn: Callable[[str], None],
    secrets: Iterable[str] = (),
    pool: int = 8,
    backoff: float = 0.5,
    user_agent: str = "applivery.distribution",
) -> Api:
    """The API that the connection chose, with a transport of its own. Sends nothing yet."""
    options = HttpOptions(
        timeout=connection.api_timeout,
        retry_timeout=connection.retry_timeout,
        verify=connection.validate_certs and (connection.ca_path or True),
        pool=pool,
        backoff=backoff,
        user_agent=user_agent,
    )
    known = [*secrets, *([connection.other_token] if connection.other_token else [])]
    transport = Transport(connection.token, options, warn, known)
    return (WorkspaceApi if connection.api == WORKSPACE else IntegrationsApi)(connection, transport)


def identity(item: Mapping[str, Any]) -> str | None:
    """The id of an object; some nested and some older objects call it ``_id`` (fact sheet 3.5)."""
    value = item.get("id", item.get("_id"))
    return str(value) if value not in (None, "") else None


def segment(value: str) -> str:
    """``value`` as exactly one path segment, so that an id can never leave its place."""
    if not value or value in (".", "..") or "/" in value or not value.isprintable():
        raise InvalidInput(f"{value!r} can't be part of an Applivery address")
    return quote(value, safe="")


def _is_id(value: str) -> bool:
    return len(value) == 24 and all(character in "0123456789abcdefABCDEF" for character in value)


def _page_queries(hints: Mapping[str, Any], size: int, sort: str | None) -> Iterator[dict[str, Any]]:
    """Queries to try in turn, from the most to the least demanding; no two are the same."""
    order = {"sort": sort} if sort else {}
    sizes = [size] if size else list(_PAGE_SIZES)
    tried: list[dict[str, Any]] = []
    for query in (
        *({**hints, **order, "limit": number} for number in sizes),
        {"limit": min(sizes[-1], _PAGE_SIZES[-1])},
        {},
    ):
        if query not in tried:
            tried.append(query)
            yield query


class _WrongShape(Exception):
    """The data of a list is no list in any documented form."""


class _Envelope(NamedTuple):
    """One page: its items, the announced total, and whether more pages follow (None = not said)."""

    items: list[dict[str, Any]]
    total: int | None
    more: bool | None


class _Pager:
    """Follows a listing through its pages and notices when it is not the whole truth."""

    def __init__(self, noun: str) -> None:
        self.finished = False
        self._noun = noun
        self._seen: set[str] = set()
        self._total: int | None = None
        self._pages = 0

    def take(self, data: Any) -> list[dict[str, Any]]:
        """The items of this page that were not on an earlier one; sets ``finished`` at the end."""
        page = _envelope(data)
        self._pages += 1
        self._compare_totals(page)
        fresh = []
        for item in page.items:
            key = identity(item) or json.dumps(item, sort_keys=True)
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(item)
        self.finished = self._is_last(page, bool(fresh))
        if self.finished and self._total is not None and len(self._seen) < self._total:
            raise self._changed(f"announced {self._total} and delivered {len(self._seen)}")
        return fresh

    def _compare_totals(self, page: _Envelope) -> None:
        if page.total is None:
            return
        if self._total is not None and page.total < self._total:
            raise self._changed(f"had {self._total} at first and {page.total} later")
        # An object added meanwhile may stand on a page already read, so the first total is the promise.
        self._total = page.total if self._total is None else self._total

    def _is_last(self, page: _Envelope, fresh: bool) -> bool:
        if not page.items or page.more is False:
            return True
        complete = self._total is not None and len(self._seen) >= self._total
        if fresh:
            return complete and page.more is None
        if complete or (page.more is None and self._total is None):
            return True
        raise self._changed(f"repeats itself on page {self._pages}")

    def _changed(self, what: str) -> ListingChanged:
        text = f"the list of {self._noun}s {what}"
        return ListingChanged(
            f"{text}: it changed while it was read, or the server counts wrongly. Nothing was concluded from it; "
            "run the task again",
            failure(message=text, method="GET"),
        )


def _envelope(data: Any) -> _Envelope:
    """Read a page in any documented form: totalDocs, totalItems, a bare list, or items alone (fact sheet, C9)."""
    if isinstance(data, list):
        return _Envelope(_objects(data), None, None)
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise _WrongShape
    total = _first_number(data, "totalDocs", "totalItems")
    page = _first_number(data, "page", "currentPage")
    pages = _first_number(data, "totalPages")
    signs = [data["hasNextPage"]] if isinstance(data.get("hasNextPage"), bool) else []
    if page is not None and pages is not None:
        signs.append(page < pages)
    # Signs that contradict each other: believe the one that makes us look further.
    return _Envelope(_objects(data["items"]), total, any(signs) if signs else None)


def _objects(items: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(item, dict) for item in items):
        raise _WrongShape
    return items


def _first_number(data: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _read_error(error: Any, body: Any) -> tuple[int | None, str, list[dict[str, Any]]]:
    """Code, message and fields of an error in any of the forms that were seen (fact sheet 3.2)."""
    if not isinstance(error, dict):
        error = {"message": error} if isinstance(error, str) else (body if isinstance(body, dict) else {})
    code = error.get("code")
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    message = error.get("message") or error.get("msg") or ""
    data = error.get("data")
    listed = data.get("errors") if isinstance(data, dict) else None
    fields = [_read_field(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if not fields and isinstance(error.get("field"), str):
        fields = [{"field": error["field"], "messages": []}]
    if isinstance(data, dict) and "limit" in data:
        message = f"{message} (limit: {data['limit']})"
    return code if isinstance(code, int) else None, str(message), fields


def _read_field(entry: Mapping[str, Any]) -> dict[str, Any]:
    name = entry.get("field")
    messages = entry.get("messages")
    return {
        "field": ".".join(str(part) for part in name) if isinstance(name, list) else str(name or ""),
        "messages": [str(text) for text in messages] if isinstance(messages, list) else [],
    }


def _what_was_said(status: int, code: int | None, message: str, fields: list[dict[str, Any]]) -> str:
    said = f"HTTP {status}"
    if code is not None:
        said += f", code {code}"
    if message:
        said += f": {message}"
    if fields:
        said += " (" + "; ".join(f"{entry['field']}: {', '.join(entry['messages'])}" for entry in fields) + ")"
    return said.rstrip(".") + "."


def _excerpt(text: str) -> str:
    return " ".join(text.split())[:120]
