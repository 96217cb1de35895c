# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One attempt: the session with its token, TLS and proxies, and an answer that is read to its end in time."""

from __future__ import annotations

import traceback
from typing import Any, Callable
from urllib.parse import urlsplit

from .._core.errors import AppliveryError, MissingLibrary
from .decode import TELLING, judged
from .faults import fault_of
from .message import Fault, HttpOptions, Reply, Request, fits_in_header
from .sockets import bounded

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
except ImportError:
    _REQUESTS_MISSING = traceback.format_exc()
else:
    _REQUESTS_MISSING = ""

    class _Adapter(HTTPAdapter):
        """Connections that end in time and in size, through a proxy too."""

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = bounded(self.poolmanager.pool_classes_by_scheme)

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **options)
            if not known:
                manager.pool_classes_by_scheme = bounded(manager.pool_classes_by_scheme)
            return manager


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

    def __init__(self, token: str, options: HttpOptions) -> None:
        if _REQUESTS_MISSING:
            raise MissingLibrary("requests", "for every request to Applivery", _REQUESTS_MISSING)
        self.date: str | None = None
        self._verify = options.verify
        self._session = _session(token, options)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def attempt(
        self, request: Request, limit: float, redact: Callable[[str], str]
    ) -> tuple[Reply | None, Fault | None]:
        """Send one request once, for ``limit`` seconds: an answer that arrived whole, what went wrong, or both.

        How long sending a file takes is the network's affair; with one, ``limit`` begins when it is sent.
        """
        begun = False
        try:
            with request.payload() as data, self._answer(request, data, limit) as answer:
                begun = True
                self.date = answer.headers.get("Date", self.date)
                return judged(request.method, answer.status_code, answer.headers, _content(answer))
        except AppliveryError:
            raise
        except Exception as problem:  # whatever a library stumbles over, a write may have been carried out
            return None, fault_of(problem, redact, begun)

    def _answer(self, request: Request, data: Any, limit: float) -> Any:
        if request.stream:
            timeout = urllib3.Timeout(connect=min(limit, _STREAM_TIMEOUT), read=limit)
        else:
            timeout = urllib3.Timeout(total=limit, connect=min(limit, _CONNECT_TIMEOUT), read=limit)
        return self._session.request(
            request.method,
            request.url,
            params=request.query,
            data=data,
            headers=request.headers(),
            timeout=timeout,
            allow_redirects=False,
            verify=self._verify,
            proxies=_proxies(request.url),
            stream=True,
        )


def _session(token: str, options: HttpOptions) -> Any:
    session: Any = requests.Session()
    adapter = _Adapter(pool_connections=4, pool_maxsize=max(options.pool, 1))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.auth = _BearerAuth(token)
    # What is packed in another way is refused: only this one can be unpacked no further than memory allows.
    session.headers.update({"User-Agent": options.user_agent, "Accept-Encoding": "gzip"})
    # requests looks at where a redirect would lead even when it is told not to follow, and stumbles over nonsense.
    session.get_redirect_target = lambda _answer: None
    if not options.verify:
        # The task's own warning says it better; this one would be printed once per request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session


def _proxies(url: str) -> dict[str, Any] | None:
    # Plain http is allowed to loopback only: a proxy would see the token in clear.
    return {"http": None, "all": None} if urlsplit(url).scheme == "http" else None


def _content(answer: Any) -> bytes:
    """The whole body as it was sent, still packed."""
    # Before urllib3 2.0 a body that is shorter than announced is taken for whole unless this is asked for.
    answer.raw.enforce_content_length = True
    pieces = []
    try:
        pieces.extend(answer.raw.stream(_PIECE, decode_content=False))
    except (urllib3.exceptions.HTTPError, OSError):
        if answer.status_code not in TELLING:
            raise
    return b"".join(pieces)
