# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One HTTP request: session, TLS, proxy, time-outs, retries and redaction. Knows no Applivery resource."""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, cast
from urllib.parse import urlsplit

from ansible_collections.applivery.distribution.plugins.module_utils._errors import (
    AmbiguousWrite,
    MissingLibrary,
    RequestFailed,
    failure,
)

if TYPE_CHECKING:
    from datetime import datetime
    from typing import IO, Protocol

    from ansible_collections.applivery.distribution.plugins.module_utils._faults import Fault

    class Stream(Protocol):
        """A request body that is read from disk while it is sent, and that can be opened again for a repetition."""

        content_type: str

        def open(self) -> IO[bytes]:
            """A new reader over the whole body; it has ``__len__``, so that a Content-Length is sent."""


try:
    import requests
    from requests import exceptions as requests_errors
except ImportError:
    _REQUESTS_MISSING = traceback.format_exc()
else:
    _REQUESTS_MISSING = ""

_REPEATABLE = ("GET", "PUT", "DELETE")
_TRANSIENT = (429, 500, 502, 503, 504)
_CONNECT_TIMEOUT = 15.0
_LONGEST_BACKOFF = 20.0
# A stream may stand still while the server writes what it got so far.
_STREAM_TIMEOUT = 60.0
_SHORTEST_READ = 1.0


class HttpOptions(NamedTuple):
    """Times in seconds. ``verify`` is a CA bundle's path, or whether to verify certificates at all."""

    timeout: float = 60.0
    retry_timeout: float = 120.0
    verify: bool | str = True
    pool: int = 8
    backoff: float = 0.5
    user_agent: str = "applivery.distribution"


class Reply(NamedTuple):
    """An answer that arrived whole. ``data`` is the decoded JSON, or None where there was no JSON at all.

    ``note`` is a sentence for the error that the answer may turn into: why it was not asked for again. ``unsure``:
    the request may have been carried out although the answer is an error.
    """

    status: int
    text: str
    data: Any
    is_json: bool
    attempts: int = 1
    location: str | None = None
    note: str = ""
    unsure: bool = False

    def __repr__(self) -> str:
        # A server may echo what it was sent.
        return f"Reply(status={self.status}, attempts={self.attempts})"


class Request(NamedTuple):
    """What to send: JSON ``body`` or a ``stream``; ``timeout`` in seconds where it differs from the session's."""

    method: str
    url: str
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    stream: Stream | None = None
    timeout: float | None = None

    def __repr__(self) -> str:
        # A body may hold a password.
        return f"Request({self.method} {self.path})"

    @property
    def path(self) -> str:
        """The path alone, without host and query: what an error may show."""
        return urlsplit(self.url).path

    def headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.stream is not None:
            headers["Content-Type"] = self.stream.content_type
        elif self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    @contextmanager
    def payload(self) -> Iterator[Any]:
        """The bytes to send, read anew for each attempt."""
        if self.stream is not None:
            with self.stream.open() as reader:
                yield reader
        else:
            yield None if self.body is None else json.dumps(self.body).encode("utf-8")


class _Gate:
    """When one thread is told to wait, all wait: a shared moment before which nothing is sent."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._opens = 0.0

    def close_for(self, seconds: float) -> None:
        with self._lock:
            self._opens = max(self._opens, self._clock() + seconds)

    def remaining(self) -> float:
        return max(0.0, self._opens - self._clock())

    def pass_through(self) -> None:
        while (remaining := self.remaining()) > 0:
            self._sleep(remaining)


class _BearerAuth:
    """An explicit auth object: requests would otherwise let ``~/.netrc`` replace the token."""

    def __init__(self, token: str) -> None:
        if not (token.isascii() and token.isprintable() and " " not in token):
            # Python's own refusal would show the whole header.
            raise ValueError("the token can't stand in a header")
        self._header = "Bearer " + token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = self._header
        return request


class Transport:
    """Sends requests with one token over one keep-alive session; may be shared by threads."""

    def __init__(
        self,
        token: str,
        options: HttpOptions,
        warn: Callable[[str], None],
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if _REQUESTS_MISSING:
            raise MissingLibrary("requests", "for every request to Applivery", _REQUESTS_MISSING)
        self.options = options
        self._date: str | None = None
        self._secrets = (token, *secrets)
        self._redactor: Callable[[str], str] | None = None
        self._warn = warn
        self._told_kinds: set[str] = set()
        self._lock = threading.Lock()
        self._clock = clock
        self._sleep = sleep
        self._gate = _Gate(clock, sleep)
        self._session = _session(token, options)

    @property
    def server_date(self) -> datetime | None:
        """The ``Date`` of the latest answer."""
        from ansible_collections.applivery.distribution.plugins.module_utils._faults import http_date

        return http_date(self._date)

    def redact(self, text: str) -> str:
        """``text`` without any secret of this run; servers and proxies echo what they were sent."""
        if self._redactor is None:
            from ansible_collections.applivery.distribution.plugins.module_utils._redaction import Redactor

            self._redactor = Redactor(self._secrets)
        return self._redactor(text)

    def pause(self, attempt: int) -> None:
        """Wait as before a repetition; for callers that repeat something larger than one request."""
        self._sleep(self._backoff(attempt))

    def send(self, request: Request) -> Reply:
        """Send one request, repeating it while that is safe and ``retry_timeout`` allows.

        Returns any answer that arrived whole, whatever its status. Raises RequestFailed where none did, and
        AmbiguousWrite where a POST may have been carried out all the same.
        """
        attempts = 0
        failed_at: float | None = None
        while True:
            self._gate.pass_through()
            attempts += 1
            reply, fault = self._attempt(request, self._limit(request, failed_at))
            reply = reply._replace(attempts=attempts) if reply is not None else None
            if fault is None:
                # An attempt without a fault always has a reply.
                return cast(Reply, reply)
            failed_at = self._clock() if failed_at is None else failed_at
            excuse = self._why_not_again(request, fault, attempts, failed_at)
            if excuse is None:
                self._tell(request, fault)
                self._wait(fault, attempts)
                # Another thread may have been told to wait for longer meanwhile.
                excuse = self._too_long(self._gate.remaining(), failed_at)
            if excuse is not None:
                return self._give_up(request, reply, fault, attempts, excuse)

    def _remaining(self, failed_at: float | None) -> float:
        if failed_at is None:
            return self.options.retry_timeout
        return self.options.retry_timeout - (self._clock() - failed_at)

    def _limit(self, request: Request, failed_at: float | None) -> float:
        limit = request.timeout or self.options.timeout
        if failed_at is None:
            return limit
        return min(limit, max(_SHORTEST_READ, self._remaining(failed_at)))

    def _attempt(self, request: Request, limit: float) -> tuple[Reply | None, Fault | None]:
        try:
            with request.payload() as data:
                answer = self._session.request(
                    request.method,
                    request.url,
                    params=request.query,
                    data=data,
                    headers=request.headers(),
                    timeout=(min(limit, _STREAM_TIMEOUT if request.stream else _CONNECT_TIMEOUT), limit),
                    allow_redirects=False,
                    verify=self.options.verify,
                    proxies=_proxies(request.url),
                )
        except (requests_errors.RequestException, OSError, ValueError) as problem:
            from ansible_collections.applivery.distribution.plugins.module_utils._faults import fault_of

            return None, fault_of(problem, self.redact)
        self._date = answer.headers.get("Date", self._date)
        return _judge(request.method, answer)

    def _why_not_again(self, request: Request, fault: Fault, attempts: int, failed_at: float) -> str | None:
        """None when the request is to be repeated, else what to add to the error."""
        if fault.final or (request.method not in _REPEATABLE and fault.sent) or self.options.retry_timeout <= 0:
            return ""
        return self._too_long(max(self._least_wait(fault, attempts), self._gate.remaining()), failed_at)

    def _too_long(self, wait: float, failed_at: float) -> str | None:
        if wait < self._remaining(failed_at):
            return None
        return f" Waiting {wait:.0f} s more would exceed retry_timeout ({self.options.retry_timeout:.0f} s)."

    def _backoff(self, attempts: int) -> float:
        return min(self.options.backoff * 2.0 ** min(attempts - 1, 10), _LONGEST_BACKOFF)

    def _least_wait(self, fault: Fault, attempts: int) -> float:
        # "Wait 0 seconds" must not become a loop without any wait; a real wait is not doubled with every attempt, for
        # one unlucky thread would hold up all others.
        if fault.told is not None and fault.told >= self.options.backoff:
            return fault.told
        return self._backoff(attempts)

    def _wait(self, fault: Fault, attempts: int) -> None:
        # Jitter parts clients that failed together.
        spread = random.random()  # noqa: S311 - it guards no secret
        told = fault.told or 0.0
        least = self._least_wait(fault, attempts)
        own = told + 0.05 * spread if least == fault.told else max(told, least * (0.5 + 0.5 * spread))
        if fault.told is not None or fault.kind == "HTTP 429":
            self._gate.close_for(own)
        else:
            self._sleep(own)

    def _tell(self, request: Request, fault: Fault) -> None:
        path = self.redact(request.path)
        self.tell(fault.kind, f"{request.method} {path} had to be repeated: {fault.text}.")

    def tell(self, kind: str, text: str) -> None:
        """Warn about the first repetition of each kind."""
        with self._lock:
            if kind in self._told_kinds:
                return
            self._told_kinds.add(kind)
        self._warn(f"{text} Further repetitions for this reason are not reported.")

    def _give_up(self, request: Request, reply: Reply | None, fault: Fault, attempts: int, excuse: str) -> Reply:
        ambiguous = request.method == "POST" and fault.sent
        if reply is not None and reply.status >= 300:
            return reply._replace(note=excuse, unsure=ambiguous)
        kind = AmbiguousWrite if ambiguous else RequestFailed
        raise self.failed(kind, request, f"{fault.text}.{excuse}", reply, attempts)

    def failed(
        self, kind: type[RequestFailed], request: Request, text: str, reply: Reply | None = None, attempts: int = 1
    ) -> RequestFailed:
        """An error about a request that brought no usable answer. ``text`` is free of secrets already."""
        attempts = reply.attempts if reply is not None else attempts
        details = failure(
            message=text,
            status=reply.status if reply is not None else None,
            method=request.method,
            path=self.redact(request.path),
            attempts=attempts,
        )
        times = "" if attempts == 1 else f" after {attempts} attempts"
        return kind(f"{request.method} {details['path']} failed{times}: {text}", details)


def _session(token: str, options: HttpOptions) -> Any:
    session: Any = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=max(options.pool, 1))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.auth = _BearerAuth(token)
    session.headers["User-Agent"] = options.user_agent
    # requests looks at where a redirect would lead even when it is told not to follow, and stumbles over nonsense.
    session.get_redirect_target = lambda _answer: None
    if not options.verify:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The task's own warning says it better; this one would be printed once per request.
        disable_warnings(InsecureRequestWarning)
    return session


def _proxies(url: str) -> dict[str, Any] | None:
    # Plain http is allowed to loopback only: a proxy would see the token in clear.
    return {"http": None, "all": None} if urlsplit(url).scheme == "http" else None


def _judge(method: str, answer: Any) -> tuple[Reply | None, Fault | None]:
    status: int = answer.status_code
    # A byte order mark is no part of the JSON behind it.
    text = answer.content.decode("utf-8-sig", "replace")
    data, is_json = _decode(text)
    reply = Reply(status, text, data, is_json, location=answer.headers.get("Location"))
    if status in _TRANSIENT:
        from ansible_collections.applivery.distribution.plugins.module_utils._faults import transient

        return reply, transient(status, answer.headers)
    if 200 <= status < 300 and not is_json and _is_broken(method, answer, text):
        from ansible_collections.applivery.distribution.plugins.module_utils._faults import unreadable

        return reply, unreadable(status)
    return reply, None


def _is_broken(method: str, answer: Any, text: str) -> bool:
    if not text.strip():
        # Nothing to read is fine after a write; a GET without content is an answer that got lost.
        return method == "GET"
    return "json" in str(answer.headers.get("Content-Type", ""))


def _decode(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text, parse_constant=_not_json), True
    except (ValueError, RecursionError):
        return None, False


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
