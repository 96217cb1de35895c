# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One HTTP request: session, TLS, proxy, time-outs, retries and redaction. Knows no Applivery resource."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, cast
from urllib.parse import urlsplit

from .._core.errors import MissingLibrary

if TYPE_CHECKING:
    from datetime import datetime
    from typing import IO, Protocol

    from .faults import Fault

    class Stream(Protocol):
        """A request body that is read from disk while it is sent, and that can be opened again for a repetition."""

        content_type: str

        def open(self) -> IO[bytes]:
            """A new reader over the whole body; it has ``__len__``, so that a Content-Length is sent."""


try:
    import requests
    from requests import exceptions as requests_errors
    from urllib3 import exceptions as urllib3_errors
except ImportError:
    _REQUESTS_MISSING = traceback.format_exc()
else:
    _REQUESTS_MISSING = ""

_TRANSIENT = (429, 500, 502, 503, 504)
# Statuses that say enough, whatever became of the body behind them.
_TELLING = (*_TRANSIENT, 401, 403)
_CONNECT_TIMEOUT = 15.0
# A stream may stand still while the server writes what it got so far.
_STREAM_TIMEOUT = 60.0
_PIECE = 65536


class HttpOptions(NamedTuple):
    """Times in seconds. ``verify`` is a CA bundle's path, or whether to verify certificates at all."""

    timeout: float = 60.0
    retry_timeout: float = 120.0
    verify: bool | str = True
    pool: int = 8
    backoff: float = 0.5
    user_agent: str = "applivery.distribution"


class Reply(NamedTuple):
    """An answer that arrived. ``data`` is the decoded JSON, or None where there was no JSON at all.

    ``no_content``: the server meant to say nothing, as is usual after a write.
    ``note`` is a sentence for the error that the answer may turn into: why it was not asked for again. ``unsure``:
    the request may have been carried out although the answer is an error. ``broken``: in which way it is no answer.
    """

    status: int
    text: str
    data: Any
    is_json: bool
    no_content: bool = False
    attempts: int = 1
    location: str | None = None
    note: str = ""
    unsure: bool = False
    broken: str = ""

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

    def pass_through(self, until: float = inf) -> bool:
        """Wait until it is open; False, at once, when that would be after ``until``."""
        while (remaining := self.remaining()) > 0:
            if self._clock() + remaining > until:
                return False
            self._sleep(remaining)
        return True


def fits_in_header(token: str) -> bool:
    """Whether a token can stand in a header: no blank, no line break, nothing outside ASCII."""
    return token.isascii() and token.isprintable() and " " not in token


class _BearerAuth:
    """An explicit auth object: requests would otherwise let ``~/.netrc`` replace the token."""

    def __init__(self, token: str) -> None:
        if not fits_in_header(token):
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
        self.clock = clock
        self.sleep = sleep
        self.gate = _Gate(clock, sleep)
        self._session = _session(token, options)

    @property
    def server_date(self) -> datetime | None:
        """The ``Date`` of the latest answer."""
        from .faults import http_date

        return http_date(self._date)

    def redact(self, text: str) -> str:
        """``text`` without any secret of this run; servers and proxies echo what they were sent."""
        if self._redactor is None:
            from .redaction import Redactor

            self._redactor = Redactor(self._secrets)
        return self._redactor(text)

    def pause(self, attempt: int) -> None:
        """Wait as before a repetition; for callers that repeat something larger than one request."""
        from .retry import backoff

        self.sleep(backoff(self.options, attempt))

    def send(self, request: Request) -> Reply:
        """Send one request, repeating it while that is safe and ``retry_timeout`` allows.

        Returns any answer, whatever its status. Raises RequestFailed where none came, and AmbiguousWrite where a write
        may have been carried out all the same.
        """
        self.gate.pass_through()
        reply, fault = self.attempt(request, request.timeout or self.options.timeout)
        if fault is not None:
            from .retry import Repetition

            return Repetition(self, request).settled(reply, fault)
        # An attempt without a fault always has a reply.
        return cast(Reply, reply)

    def attempt(self, request: Request, limit: float) -> tuple[Reply | None, Fault | None]:
        """Send one request once, for ``limit`` seconds: an answer that arrived whole, what went wrong, or both."""
        deadline = self.clock() + limit
        try:
            with request.payload() as data, self._answer(request, data, limit) as answer:
                if request.stream:
                    # How long sending a file takes is the network's affair.
                    deadline = self.clock() + limit
                self._date = answer.headers.get("Date", self._date)
                return _judge(request.method, answer, self._content(answer, deadline))
        except (requests_errors.RequestException, urllib3_errors.HTTPError, OSError, ValueError) as problem:
            from .faults import fault_of

            return None, fault_of(problem, self.redact)

    def _answer(self, request: Request, data: Any, limit: float) -> Any:
        return self._session.request(
            request.method,
            request.url,
            params=request.query,
            data=data,
            headers=request.headers(),
            timeout=(min(limit, _STREAM_TIMEOUT if request.stream else _CONNECT_TIMEOUT), limit),
            allow_redirects=False,
            verify=self.options.verify,
            proxies=_proxies(request.url),
            stream=True,
        )

    def _content(self, answer: Any, deadline: float) -> bytes:
        """The whole body. A server that sends byte after byte would never meet the time-out of a single read."""
        pieces = []
        try:
            for piece in _pieces(answer):
                pieces.append(piece)
                if self.clock() > deadline:
                    raise requests_errors.ReadTimeout("the answer had begun, and went on for too long")
        except (requests_errors.RequestException, urllib3_errors.HTTPError, OSError):
            if answer.status_code not in _TELLING:
                raise
        return b"".join(pieces)

    def tell(self, kind: str, text: str) -> None:
        """Warn about the first repetition of each kind."""
        with self._lock:
            if kind in self._told_kinds:
                return
            self._told_kinds.add(kind)
        self._warn(f"{text} Further repetitions for this reason are not reported.")


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


def _pieces(answer: Any) -> Iterable[bytes]:
    """The body as it comes in; urllib3 before 2.1 can't but wait until a piece is full."""
    # Before 2.0 a body that is shorter than announced is taken for whole unless this is asked for.
    answer.raw.enforce_content_length = True
    if hasattr(answer.raw, "read1"):
        return iter(lambda: answer.raw.read1(_PIECE, decode_content=True), b"")
    return cast("Iterable[bytes]", answer.iter_content(_PIECE))


def _judge(method: str, answer: Any, content: bytes) -> tuple[Reply | None, Fault | None]:
    status: int = answer.status_code
    text, is_text = _text(content, answer.headers.get("Content-Type", ""))
    data, is_json = _decode(text) if is_text else (None, False)
    # Nothing to read is fine after a write; a GET without content is an answer that got lost.
    nothing = method != "GET" and 200 <= status < 300 and not content and _meant_empty(status, answer.headers)
    reply = Reply(status, text, data, is_json, nothing, location=answer.headers.get("Location"))
    if status in _TRANSIENT:
        from .faults import transient

        return reply, transient(status, answer.headers)
    if 200 <= status < 300 and not is_json and not nothing and _may_be_cut(text):
        from .faults import unreadable

        return reply, unreadable(status)
    return reply, None


def _meant_empty(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer without content says so itself: else the connection may have broken after the status."""
    return status in (204, 205) or headers.get("Content-Length") == "0" or "Transfer-Encoding" in headers


def _may_be_cut(text: str) -> bool:
    return not text.strip() or text.lstrip()[0] in "{["


def _text(content: bytes, content_type: str) -> tuple[str, bool]:
    """The text of an answer, and whether it is free of guesses: what is damaged must never travel back in a PUT."""
    # A byte order mark is no part of the JSON behind it.
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" '\"")
    for encoding in ("utf-8-sig", charset):
        try:
            return content.decode(encoding), True
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace"), False


def _decode(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text, parse_constant=_not_json, parse_float=_finite), True
    except (ValueError, RecursionError):
        return None, False


def _finite(number: str) -> float:
    # Python makes infinity of 1e999, which nobody could read back from a result.
    value = float(number)
    return value if abs(value) < inf else _not_json(number)


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
