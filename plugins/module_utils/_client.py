# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The envelope, the error codes, the pages, and Applivery's two APIs as two small objects with the same verbs."""

from __future__ import annotations

import json
import threading
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
    Failure,
    InvalidInput,
    ListingChanged,
    RequestFailed,
    attempting,
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
_MOST_FIELDS = 50
_LONGEST_TEXT = 500
_PLAN = "the plan of this workspace may not include it"
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
_TOKEN_CODES = (3002, 4001, 4002, 4004)
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
        answer = self._call("get", endpoint, "GET", self._url(endpoint, ident))
        data = answer.data
        found = identity(data) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not data or (found is None and _is_id(ident)):
            raise self._unusable(f"read the {endpoint.noun} {ident}", answer)
        if found and _is_id(ident) and _is_id(found) and found.lower() != ident.lower():
            raise self._unusable(f"read the {endpoint.noun} {ident}", answer, f"it is about {found}")
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
        for number in range(1, _MOST_PAGES + 1):
            if number == 1:
                answer, query = self._first_page(endpoint, query, size)
            else:
                answer = self._page(endpoint, query, number)
            fresh = self._taken(pager, endpoint, answer)
            if fresh:
                yield fresh
            if pager.finished:
                break
        else:
            raise pager.changed(f"did not end after {_MOST_PAGES} pages")
        if pager.unproven:
            self._read_again(endpoint, query, pager)

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
        url = self._url(endpoint)
        return self.post_once(lambda: _content(self._call("create", endpoint, "POST", url, body=body)), look_up)

    def post_once(self, post: Callable[[], Any], look_up: Callable[[], dict[str, Any] | None]) -> Any:
        """Call ``post`` under the look-up-first rule of ``create``."""
        tries = _MOST_CREATIONS if self.connection.retry_timeout else 1
        for attempt in range(1, tries + 1):
            try:
                return post()
            except AmbiguousWrite as problem:
                # The server may still be at it.
                self.transport.pause(attempt)
                found = _looked_up(look_up, problem)
                if found is not None:
                    return found
                if attempt == tries:
                    problem.message += " It was looked for afterwards and is not there."
                    raise
                path, status = problem.failure["path"], problem.failure["status"]
                reason = f"HTTP {status}" if status else "no answer"
                self.transport.tell("POST", f"POST {path} had to be repeated: {reason}, and nothing was created.")
        return None

    def update(self, endpoint: Endpoint, ident: str, body: Mapping[str, Any]) -> Any:
        """Send a PUT; returns what the server answered, None where it answered without content."""
        return _content(self._call("update", endpoint, "PUT", self._url(endpoint, ident), body=body))

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
        return _content(self._call("create", endpoint, "POST", url, stream=stream, timeout=timeout))

    def now(self) -> datetime:
        """The later of the server's ``Date`` and the local clock, in UTC."""
        local = datetime.now(timezone.utc)
        return max(local, self.transport.server_date or local)

    # How a request becomes an answer or an error --------------------------------------------------------------

    def _url(self, endpoint: Endpoint, ident: str | None = None) -> str:
        url = f"{self.connection.api_url}/v1/{self.path(endpoint)}"
        return url if ident is None else f"{url}/{segment(ident)}"

    def _first_page(
        self, endpoint: Endpoint, hints: dict[str, Any], size: int | None
    ) -> tuple[_Answer, dict[str, Any]]:
        """The first page, and the query that got it: step by step without what the server refuses to understand."""
        problems: list[RequestFailed] = []
        for query in _page_queries(hints, size or self._page_size, endpoint.sort.get(self.kind)):
            try:
                answer = self._page(endpoint, query, 1)
            except RequestFailed as refused:
                if not refused.body_refused:
                    raise
                problems.append(refused)
            else:
                if size is None:
                    self._page_size = query.get("limit", 0)
                return answer, query
        raise problems[0]

    def _page(self, endpoint: Endpoint, query: Mapping[str, Any], number: int) -> _Answer:
        return self._call("list", endpoint, "GET", self._url(endpoint), query={**query, "page": number})

    def _taken(self, pager: _Pager, endpoint: Endpoint, answer: _Answer) -> list[dict[str, Any]]:
        try:
            return pager.take(answer)
        except _WrongShape:
            raise self._unusable(f"read the list of {endpoint.noun}s", answer) from None

    def _read_again(self, endpoint: Endpoint, query: Mapping[str, Any], first: _Pager) -> None:
        """Where no page tells a total, an object removed meanwhile pulls others past the reader: compare two readings.

        Raises ListingChanged when they differ.
        """
        second = _Pager(endpoint.noun)
        for number in range(1, first.pages + 2):
            self._taken(second, endpoint, self._page(endpoint, query, number))
            if second.finished:
                break
        if second.seen != first.seen:
            raise first.changed("differs when it is read again")

    def _call(self, verb: str, endpoint: Endpoint, method: str, url: str, **content: Any) -> _Answer:
        request = Request(method, url, **content)
        reply = self.transport.send(request)
        if 300 <= reply.status < 400:
            raise self._redirected(request, reply)
        if not reply.is_json and (reply.status >= 300 or reply.text.strip()):
            raise self._not_json(verb, endpoint, request, reply)
        error, data = _opened(reply.data)
        if not 200 <= reply.status < 300 or error is not None:
            # Some errors have no envelope: code and message stand alone.
            plain = reply.data if isinstance(reply.data, dict) else {}
            raise self._refused(verb, endpoint, request, reply, error or plain)
        return _Answer(request, reply, data)

    def _not_json(self, verb: str, endpoint: Endpoint, request: Request, reply: Reply) -> RequestFailed:
        said = f"HTTP {reply.status} with something that is not JSON: {self._excerpt(reply.text, 120)!r}"
        hints = [
            self._access_hint(verb, endpoint, reply.status, None),
            "this is no answer of Applivery: look at api_url and upload_url, and at proxies on the way",
        ]
        text = self._sentence(verb, endpoint, request, reply, said, hints)
        kind = AmbiguousWrite if reply.unsure or (request.method == "POST" and reply.status < 300) else RequestFailed
        return kind(text, self._details(request, reply, message=said))

    def _redirected(self, request: Request, reply: Reply) -> RequestFailed:
        target = self._excerpt(reply.location or "", 200).split("?", 1)[0]
        text = f"HTTP {reply.status}, a redirect to {target!r}; a token is never sent after a redirect: correct api_url"
        return self.transport.failed(RequestFailed, request, text, reply)

    def _refused(
        self, verb: str, endpoint: Endpoint, request: Request, reply: Reply, error: Mapping[str, Any]
    ) -> RequestFailed:
        code, message, found = _read_error(error)
        message = self._excerpt(message, _LONGEST_TEXT)
        fields = [self._cleaned(entry) for entry in found[:_MOST_FIELDS]]
        hints = [_CODES.get(code or 0, ""), self._access_hint(verb, endpoint, reply.status, code)]
        said = _what_was_said(reply.status, code, message, fields)
        text = self._sentence(verb, endpoint, request, reply, said, hints)
        details = self._details(request, reply, code, message or f"HTTP {reply.status}", fields)
        return (AmbiguousWrite if reply.unsure else RequestFailed)(text, details)

    def _details(
        self,
        request: Request,
        reply: Reply,
        code: int | None = None,
        message: str = "",
        fields: list[dict[str, Any]] | None = None,
    ) -> Failure:
        path = self.transport.redact(request.path)
        return failure(code, message, reply.status, request.method, path, fields, reply.attempts)

    def _sentence(
        self, verb: str, endpoint: Endpoint, request: Request, reply: Reply, said: str, hints: Iterable[str]
    ) -> str:
        noun = endpoint.noun + ("s" if verb == "list" else "")
        path = self.transport.redact(request.path)
        times = "" if reply.attempts == 1 else f" after {reply.attempts} attempts"
        sentences = [f"could not {_DOING[verb]} {noun} ({request.method} {path}){times}: {said}", reply.note, *hints]
        ended = [text.strip().rstrip(".") for text in sentences if text]
        return ". ".join([ended[0], *(text[0].upper() + text[1:] for text in ended[1:])]) + "."

    def _access_hint(self, verb: str, endpoint: Endpoint, status: int, code: int | None) -> str:
        if status not in (401, 403) and code not in _TOKEN_CODES:
            return ""
        permission = endpoint.permissions.get(verb) if self.kind == WORKSPACE else None
        needed = f", which needs the permission {permission}" if permission else ""
        wrong = "" if code in (3002, 4002) else "; Applivery may answer like this to a wrong organization or store too"
        return f"the request was made with {self.token_kind}{needed}{wrong}. Also, {_PLAN}"

    def _unusable(self, doing: str, answer: _Answer, how: str = "") -> RequestFailed:
        shape = how or f"the answer has an unexpected form ({type(answer.data).__name__})"
        text = f"could not {doing}: {shape}. Look at api_url, and whether a proxy or a newer API version answers"
        return RequestFailed(text, self._details(answer.request, answer.reply, message=shape))

    def _excerpt(self, text: str, length: int) -> str:
        """Foreign text in one line, without secrets; these go first, for half of one would not be recognised."""
        printable = self.transport.redact(text).encode("utf-8", "replace").decode()
        short = " ".join(printable[: 20 * length].split())
        return short if len(short) <= length else short[:length] + "..."

    def _cleaned(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        messages = [self._excerpt(text, _LONGEST_TEXT) for text in entry["messages"][:_MOST_FIELDS]]
        return {"field": self._excerpt(entry["field"], _LONGEST_TEXT), "messages": messages}


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
        self._resolving = threading.RLock()

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
        with self._resolving:
            if name not in self._resolved:
                self._resolved[name] = resolve()
            return self._resolved[name]

    def _id_of(self, endpoint: Endpoint, name: str) -> str:
        found = identity(self.get(endpoint, name))
        if not found:
            raise AppliveryError(f"the {endpoint.noun} {name} was found, but the server does not show its id")
        return segment(found)

    def _slug_of(self, organization: str) -> str:
        with attempting("organization: its slug is needed here, and was looked up by the id"):
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
    value = item.get("id") or item.get("_id")
    return str(value) if value and isinstance(value, (str, int)) and not isinstance(value, bool) else None


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


class _Answer(NamedTuple):
    """A successful answer: what was asked, what came, and what the envelope held."""

    request: Request
    reply: Reply
    data: Any


class _Envelope(NamedTuple):
    """One page: its items, the announced total, and whether more pages follow (None = not said)."""

    items: list[dict[str, Any]]
    total: int | None
    more: bool | None


class _Pager:
    """Follows a listing through its pages and notices when it is not the whole truth."""

    def __init__(self, noun: str) -> None:
        self.finished = False
        self.pages = 0
        self.seen: set[str] = set()
        self._noun = noun
        self._totals: list[int] = []
        self._repeated: set[str] = set()
        self._last: _Answer | None = None

    @property
    def unproven(self) -> bool:
        """Several pages, and nothing in them that says how many objects there are."""
        return not self._totals and self.pages > 1

    def take(self, answer: _Answer) -> list[dict[str, Any]]:
        """The items of this page that were not on an earlier one; sets ``finished`` at the end."""
        self._last = answer
        self.pages += 1
        page = _envelope(answer.data)
        if page.total is not None:
            self._totals.append(page.total)
            if page.total < self._totals[0]:
                raise self.changed(f"had {self._totals[0]} at first and {page.total} later")
        items = {identity(item) or json.dumps(item, sort_keys=True): item for item in page.items}
        fresh = {key: item for key, item in items.items() if key not in self.seen}
        self.seen.update(fresh)
        self.finished = self._is_last(page, set(items), bool(fresh))
        # An object added meanwhile may stand on a page already read, so the first total is the promise.
        if self.finished and self._totals and len(self.seen) < self._totals[0]:
            raise self.changed(f"announced {self._totals[0]} and delivered {len(self.seen)}")
        return list(fresh.values())

    def _is_last(self, page: _Envelope, keys: set[str], fresh: bool) -> bool:
        if not keys:
            if self._repeated:
                raise self.changed(f"repeats itself on page {self.pages - 1}")
            if page.more and not self._totals:
                raise self.changed(f"has an empty page {self.pages}, and announces more")
            return True
        if self._totals and len(self.seen) > max(self._totals):
            # More than announced: the counts are worth nothing, only an end that can be seen is one.
            return self._stands_still(keys, fresh)
        complete = bool(self._totals) and len(self.seen) >= self._totals[0]
        if page.more is None and not self._totals:
            return self._stands_still(keys, fresh)
        if page.more is False or (complete and (page.more is None or not fresh)):
            return True
        if not fresh:
            raise self.changed(f"repeats itself on page {self.pages}")
        return False

    def _stands_still(self, keys: set[str], fresh: bool) -> bool:
        """Whether the same page came twice in a row: a server that does not page, or that stays on its last page."""
        before, self._repeated = self._repeated, set() if fresh else keys
        if fresh and before:
            raise self.changed(f"repeats itself on page {self.pages - 1}")
        return not fresh and before == keys

    def changed(self, what: str) -> ListingChanged:
        """The error about a listing that can't be trusted."""
        text = f"the list of {self._noun}s {what}"
        details = failure(message=text)
        if self._last is not None:
            request, reply = self._last.request, self._last.reply
            details = failure(None, text, reply.status, request.method, request.path, None, reply.attempts)
        return ListingChanged(
            f"{text}: it changed while it was read, or the server counts wrongly. Nothing was concluded from it; "
            "run the task again",
            details,
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


def _opened(body: Any) -> tuple[dict[str, Any] | None, Any]:
    """The error in an answer, if any, and its data (fact sheet 3.2 and 3.3).

    Envelopes hold ``status`` true or false, ``error``, ``data``; some old examples show status true beside an error.
    Some clients saw lists without any envelope. An object without one has an id; a build's own ``status`` is a word,
    and its own ``error`` is the reason why it could not be processed.
    """
    if not isinstance(body, dict):
        return None, body
    verdict, error = body.get("status"), body.get("error")
    if not isinstance(verdict, bool) and "data" not in body and identity(body):
        return None, body
    if verdict is False or error:
        return _error_of(error, body), None
    if "data" in body:
        return None, body["data"]
    return None, body if "items" in body or not isinstance(verdict, bool) else None


def _error_of(error: Any, body: dict[str, Any]) -> dict[str, Any]:
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict) and error:
        return error
    return {"message": error} if isinstance(error, str) and error else body


def _read_error(error: Mapping[str, Any]) -> tuple[int | None, str, list[dict[str, Any]]]:
    """Code, message and fields of an error in any of the forms that were seen (fact sheet 3.2)."""
    message = str(error.get("message") or error.get("msg") or "")
    data = error.get("data")
    listed = data.get("errors") if isinstance(data, dict) else data
    fields = [_read_field(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if not fields and isinstance(error.get("field"), str):
        fields = [{"field": error["field"], "messages": []}]
    if isinstance(data, dict) and "limit" in data:
        message = f"{message} (limit: {data['limit']})".strip()
    return _read_code(error.get("code")), message, fields


def _read_code(code: Any) -> int | None:
    if isinstance(code, str) and len(code) < 10 and code.strip().isdecimal():
        return int(code)
    if isinstance(code, float) and code.is_integer():
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _read_field(entry: Mapping[str, Any]) -> dict[str, Any]:
    name = entry.get("field")
    messages = entry.get("messages", entry.get("message"))
    texts = messages if isinstance(messages, list) else [] if messages is None else [messages]
    return {
        "field": ".".join(str(part) for part in name) if isinstance(name, list) else str(name or ""),
        "messages": [str(text) for text in texts],
    }


def _content(answer: _Answer) -> Any:
    """What a write answered, if it is an object or a list; anything else says no more than that it was done."""
    return answer.data if isinstance(answer.data, (dict, list)) else None


def _looked_up(look_up: Callable[[], dict[str, Any] | None], problem: AmbiguousWrite) -> dict[str, Any] | None:
    try:
        return look_up()
    except AppliveryError as other:
        problem.message += f" Whether it was created is unknown, for looking it up failed as well: {other.message}"
        raise problem from other


def _what_was_said(status: int, code: int | None, message: str, fields: list[dict[str, Any]]) -> str:
    said = f"HTTP {status}"
    if code is not None:
        said += f", code {code}"
    if message:
        said += f": {message}"
    if fields:
        said += " (" + "; ".join(f"{entry['field']}: {', '.join(entry['messages'])}" for entry in fields) + ")"
    return said
