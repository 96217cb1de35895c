# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The envelope, the error codes, the pages, and Applivery's two APIs as two small objects with the same verbs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, Callable

from .._core.errors import AmbiguousWrite, AppliveryError, InvalidInput, RequestFailed, attempting
from .._core.fields import is_id, snake
from .._core.json_value import check_json
from .._core.version import USER_AGENT
from .._http.message import HttpOptions, Reply, Request, Stream
from .._http.transport import Transport
from .connection import INTEGRATIONS, WORKSPACE, Connection, application_missing
from .create import create_once
from .endpoint import APPLICATIONS, ORGANIZATIONS, STORES, Endpoint, segment
from .envelope import Answer, identity, opened, says_done
from .error_response import ErrorResponse, doing
from .pages import Reader, undisturbed

# What a resource needs of this room stands here, beside the verbs.
__all__ = [
    "APPLICATIONS",
    "ORGANIZATIONS",
    "STORES",
    "Api",
    "Endpoint",
    "IntegrationsApi",
    "WorkspaceApi",
    "connect",
    "identity",
    "segment",
]


class Api:
    """The verbs that resources use, whichever of the two APIs answers. Objects are dicts with the API's own keys."""

    kind = ""
    token_kind = ""
    # Whether the connection's application says where objects belong, or the token itself does.
    names_application = False

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

    # The verbs ------------------------------------------------------------------------------------------------

    def get(self, endpoint: Endpoint, ident: str) -> dict[str, Any]:
        """One object by id; RequestFailed when there is none (``error.absent``) or anything else went wrong."""
        return self._read(endpoint, ident, self._url(endpoint, ident))

    def _read(self, endpoint: Endpoint, ident: str, url: str) -> dict[str, Any]:
        answer = self._call("get", endpoint, "GET", url)
        data = answer.data
        found = identity(data) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not data or (found is None and is_id(ident)):
            raise self._unusable("get", endpoint, answer)
        if found and is_id(ident) and found.lower() != ident.lower():
            raise self._unusable("get", endpoint, answer, f"it is about {found}")
        return data

    def find(self, endpoint: Endpoint, ident: str) -> dict[str, Any] | None:
        """One object by id, or None when the server says that it does not exist (404 with code 3001)."""
        # Finding the way there is no part of it: a parent that does not exist says nothing about the object.
        url = self._url(endpoint, ident)
        try:
            return self._read(endpoint, ident, url)
        except RequestFailed as problem:
            if problem.absent:
                return None
            raise

    def list_all(self, endpoint: Endpoint, hints: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All objects, read page by page to the end. ``hints`` are filters that the server may ignore.

        A listing that changed under the reader is read once more from the start, then it is an error.
        """
        return undisturbed(lambda: [item for page in self.pages(endpoint, hints) for item in page])

    def pages(
        self,
        endpoint: Endpoint,
        hints: Mapping[str, Any] | None = None,
        size: int | None = None,
        attempts: int | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """Page after page of objects not seen before; stop iterating early to read no more than needed.

        ``attempts`` is how often a page is asked for at most; 1 suits a question whose answer only feeds a warning:
        ``next(api.pages(endpoint, hints, attempts=1), [])``.
        """
        url = self._url(endpoint)
        reader = Reader(
            endpoint.noun,
            lambda query: self._call("list", endpoint, "GET", url, query=query, attempts=attempts),
            lambda answer, how: self._unusable("list", endpoint, answer, how),
        )
        for page in reader.pages(hints or {}, size or self._page_size, endpoint.sort.get(self.kind)):
            if size is None:
                self._page_size = reader.limit
            yield page

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
        return create_once(
            self.transport, lambda: _content(self._call("create", endpoint, "POST", url, body=body)), look_up
        )

    def update(self, endpoint: Endpoint, ident: str, body: Mapping[str, Any]) -> Any:
        """Send a PUT; returns what the server answered, None where it answered without content.

        Raises AmbiguousWrite where the object has to be read again to know what became of it.
        """
        return _content(self._call("update", endpoint, "PUT", self._url(endpoint, ident), body=body))

    def delete(self, endpoint: Endpoint, ident: str) -> bool:
        """Delete an object; False when it was gone already. A 404 with 3001 is success, also on a repetition.

        Raises AmbiguousWrite where an attempt may have been carried out; where the object is seen to be there still,
        its ``result`` says that nothing changed.
        """
        url = self._url(endpoint, ident)
        try:
            self._call("remove", endpoint, "DELETE", url)
        except AmbiguousWrite as problem:
            return self._deleted_after_all(endpoint, ident, problem)
        except RequestFailed as problem:
            if not problem.absent:
                raise
            return False
        return True

    def _deleted_after_all(self, endpoint: Endpoint, ident: str, problem: AmbiguousWrite) -> bool:
        try:
            if problem.absent or self.find(endpoint, ident) is None:
                return True
        except AppliveryError:
            raise problem from None
        raise problem.with_result(changed=False)

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

    def _call(self, verb: str, endpoint: Endpoint, method: str, url: str, **content: Any) -> Answer:
        request = Request(method, url, **content)
        for name, value in (request.body or {}).items():
            check_json(snake(name), value)
        try:
            reply = self.transport.send(request)
        except RequestFailed as problem:
            problem.message = f"could not {doing(verb, endpoint.noun)}: {problem.message}"
            raise
        error, data = opened(reply.data)
        if error is not None or not 200 <= reply.status < 300 or not (reply.is_json or reply.no_content):
            raise self._error_response(verb, endpoint, request, reply).error(error)
        answer = Answer(request, reply, data)
        if method != "GET" and not (reply.no_content or says_done(reply.data)):
            raise self._unusable(verb, endpoint, answer)
        return answer

    def _error_response(self, verb: str, endpoint: Endpoint, request: Request, reply: Reply) -> ErrorResponse:
        permission = endpoint.permissions.get(verb) if self.kind == WORKSPACE else None
        return ErrorResponse(verb, endpoint.noun, request, reply, self.transport.redact, self.token_kind, permission)

    def _unusable(self, verb: str, endpoint: Endpoint, answer: Answer, how: str = "") -> RequestFailed:
        return self._error_response(verb, endpoint, answer.request, answer.reply).unusable(answer.data, how)


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


class WorkspaceApi(Api):
    """The API of a whole workspace: organization, application and store stand in the paths."""

    kind = WORKSPACE
    names_application = True
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
        if is_id(given):
            return given
        return self._looked_up("application", self._id_of_application)

    def body_context(self, known_application: str | None = None) -> dict[str, Any]:
        return {"application": known_application or self.application_id()}

    def store_id(self) -> str:
        """The store given, or the only one of the organization (fact sheet, C13)."""
        return self.connection.store or self._looked_up("store", self._only_store)

    def _organization(self) -> str:
        return segment(self.connection.organization or "")

    def _organization_slug(self) -> str:
        # The OTP paths want the slug (seed), everything else takes either form.
        given = self._organization()
        return self._looked_up("organization", self._slug_of_organization) if is_id(given) else given

    def _application(self) -> str:
        if not self.connection.application:
            raise application_missing(bool(self.connection.other_token))
        return segment(self.connection.application)

    def _looked_up(self, option: str, look_up: Callable[[], str]) -> str:
        """What the server knows an option's value by; asked for once in a run."""
        with self._resolving:
            if option not in self._resolved:
                self._resolved[option] = segment(look_up())
            return self._resolved[option]

    def _slug_of_organization(self) -> str:
        ident = self._organization()
        with attempting("organization: its slug is needed here, and was looked up by the id"):
            slug = self.get(ORGANIZATIONS, ident).get("slug")
        if not isinstance(slug, str) or not slug:
            raise AppliveryError(
                f"organization: the server does not show the slug of {ident}; give the slug instead of the id"
            )
        return slug

    def _id_of_application(self) -> str:
        slug = self._application()
        with attempting("application: its id is needed here, and was looked up by the slug"):
            found = identity(self.get(APPLICATIONS, slug))
        if not found:
            raise AppliveryError(f"application: {slug} was found, but the server does not show its id")
        return found

    def _only_store(self) -> str:
        with attempting("store: it is not given, and the only one of the organization was looked for"):
            ids = [str(identity(store)) for store in self.list_all(STORES)]
        if len(ids) == 1:
            return ids[0]
        if not ids:
            raise InvalidInput(f"store: the organization {self.connection.organization} shows no store to this token")
        raise InvalidInput(f"store is missing: the organization has several stores, choose one of {', '.join(ids)}")


def connect(
    connection: Connection,
    warn: Callable[[str], None],
    secrets: Iterable[str] = (),
    pool: int = 8,
    backoff: float = 0.5,
    user_agent: str = USER_AGENT,
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


def _content(answer: Answer) -> Any:
    """What a write answered, if it is an object or a list; anything else says no more than that it was done."""
    return answer.data if isinstance(answer.data, (dict, list)) else None
