# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One attempt: the session with its token, TLS and proxies, and an answer that is read to its end in time."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable
from typing import Any, Callable, cast
from urllib.parse import urlsplit

from .._core.errors import MissingLibrary
from .decode import TELLING, judged
from .faults import fault_of
from .message import Fault, HttpOptions, Reply, Request, fits_in_header

try:
    import requests
    from requests import exceptions as requests_errors
    from urllib3 import disable_warnings
    from urllib3 import exceptions as urllib3_errors
except ImportError:
    _REQUESTS_MISSING = traceback.format_exc()
else:
    _REQUESTS_MISSING = ""

_CONNECT_TIMEOUT = 15.0
# A stream may stand still while the server writes what it got so far.
_STREAM_TIMEOUT = 60.0
_PIECE = 65536


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


class Session:
    """Keep-alive connections that all carry one token; may be shared by threads."""

    def __init__(self, token: str, options: HttpOptions, clock: Callable[[], float] = time.monotonic) -> None:
        if _REQUESTS_MISSING:
            raise MissingLibrary("requests", "for every request to Applivery", _REQUESTS_MISSING)
        self.date: str | None = None
        self.clock = clock
        self._verify = options.verify
        self._session = _session(token, options)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def attempt(
        self, request: Request, limit: float, redact: Callable[[str], str]
    ) -> tuple[Reply | None, Fault | None]:
        """Send one request once, for ``limit`` seconds: an answer that arrived whole, what went wrong, or both."""
        deadline = self.clock() + limit
        try:
            with request.payload() as data, self._answer(request, data, limit) as answer:
                if request.stream:
                    # How long sending a file takes is the network's affair.
                    deadline = self.clock() + limit
                self.date = answer.headers.get("Date", self.date)
                content = self._content(answer, deadline)
                return judged(request.method, answer.status_code, answer.headers, content)
        except (requests_errors.RequestException, urllib3_errors.HTTPError, OSError, ValueError) as problem:
            return None, fault_of(problem, redact)

    def _answer(self, request: Request, data: Any, limit: float) -> Any:
        return self._session.request(
            request.method,
            request.url,
            params=request.query,
            data=data,
            headers=request.headers(),
            timeout=(min(limit, _STREAM_TIMEOUT if request.stream else _CONNECT_TIMEOUT), limit),
            allow_redirects=False,
            verify=self._verify,
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
            if answer.status_code not in TELLING:
                raise
        return b"".join(pieces)


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
        # The task's own warning says it better; this one would be printed once per request.
        disable_warnings(urllib3_errors.InsecureRequestWarning)
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
