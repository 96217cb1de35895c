# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One HTTP request, repeated while that is safe and in time. Knows no Applivery resource."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from math import inf
from typing import Callable, cast

from .._core.errors import AmbiguousWrite, RequestFailed, failure
from .._core.wording import after, sentences
from .faults import http_date
from .message import Fault, HttpOptions, Reply, Request
from .redaction import Redactor
from .session import Session

_REPEATABLE = ("GET", "PUT", "DELETE")
_LONGEST_BACKOFF = 20.0
_SHORTEST_ATTEMPT = 1.0
_SPREAD = 0.05


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
        self.options = options
        self._secrets = (token, *secrets)
        self._redactor: Redactor | None = None
        self._warn = warn
        self._told_kinds: set[str] = set()
        self._lock = threading.Lock()
        self.clock = clock
        self.sleep = sleep
        self.gate = _Gate(clock, sleep)
        self._session = Session(token, options)

    @property
    def server_date(self) -> datetime | None:
        """The ``Date`` of the latest answer."""
        return http_date(self._session.date)

    def redact(self, text: str) -> str:
        """``text`` without any secret of this run; servers and proxies echo what they were sent."""
        # Its patterns cost more than most tasks, which have nothing to tell.
        if self._redactor is None:
            self._redactor = Redactor(self._secrets)
        return self._redactor(text)

    def close(self) -> None:
        """Give the connections back; the transport sends nothing any more."""
        self._session.close()

    def pause(self, attempt: int) -> None:
        """Wait as before a repetition; for callers that repeat something larger than one request."""
        self.sleep(_backoff(self.options, attempt))

    def send(self, request: Request) -> Reply:
        """Send one request, repeating it while that is safe and ``retry_timeout`` allows.

        Returns any answer, whatever its status. Raises RequestFailed where none came, and AmbiguousWrite where a write
        may have been carried out all the same.
        """
        patience = 0.0 if request.attempts == 1 else self.options.retry_timeout
        if not self.gate.pass_through(self.clock() + patience):
            raise self._never_sent(request)
        reply, fault = self.attempt(request, request.timeout or self.options.timeout)
        if fault is not None:
            return _Repetition(self, request).settled(reply, fault)
        # An attempt without a fault always has a reply.
        return cast(Reply, reply)

    def _never_sent(self, request: Request) -> RequestFailed:
        method, path = request.method, self.redact(request.path)
        reason = f"not sent, for the server asked to wait {self.gate.remaining():.0f} s more"
        return RequestFailed(f"{method} {path}: {reason}.", failure(message=reason, method=method, path=path))

    def attempt(self, request: Request, limit: float) -> tuple[Reply | None, Fault | None]:
        """Send one request once, for ``limit`` seconds: an answer that arrived whole, what went wrong, or both."""
        return self._session.attempt(request, limit, self.redact)

    def tell(self, kind: str, text: str) -> None:
        """Warn about the first repetition of each kind."""
        with self._lock:
            if kind in self._told_kinds:
                return
            self._told_kinds.add(kind)
        self._warn(f"{text} Further repetitions for this reason are not reported.")


def _backoff(options: HttpOptions, attempts: int) -> float:
    """Seconds to wait after so many attempts: twice as long each time, up to a bound."""
    return min(options.backoff * 2.0 ** min(attempts - 1, 10), _LONGEST_BACKOFF)


class _Repetition:
    """One request from its first fault on; one total budget holds for all waits and further attempts."""

    def __init__(self, transport: Transport, request: Request) -> None:
        self._transport = transport
        self._options = transport.options
        self._request = request
        self._attempts = 1
        # Whether any attempt so far may have been carried out: no later answer takes that back.
        self._unsure = False
        self._failed_at = transport.clock()

    def settled(self, reply: Reply | None, fault: Fault | None) -> Reply:
        """What comes of the request after an attempt that brought ``reply`` and ``fault``: see Transport.send."""
        while fault is not None:
            self._unsure |= fault.sent and self._request.method != "GET"
            excuse = self._why_not_again(fault)
            if excuse is None:
                self._tell(fault)
                self._wait(fault)
                # Another thread may have been told to wait for longer meanwhile.
                if not self._transport.gate.pass_through(self._failed_at + self._options.retry_timeout):
                    excuse = self._too_long(self._transport.gate.remaining())
            if excuse is not None:
                return self._give_up(reply, fault, excuse)
            reply, fault = self._transport.attempt(self._request, self._limit())
            self._attempts += 1
        # An attempt without a fault always has a reply.
        arrived = cast(Reply, reply)
        return arrived._replace(attempts=self._attempts, unsure=self._unsure or arrived.unsure)

    def _remaining(self) -> float:
        return self._options.retry_timeout - (self._transport.clock() - self._failed_at)

    def _limit(self) -> float:
        limit = self._request.timeout or self._options.timeout
        return min(limit, max(_SHORTEST_ATTEMPT, self._remaining()))

    def _why_not_again(self, fault: Fault) -> str | None:
        """None when the request is to be repeated, else what to add to the error."""
        unsafe = self._request.method not in _REPEATABLE and fault.sent
        if fault.final or unsafe or self._options.retry_timeout <= 0 or self._attempts == self._request.attempts:
            return ""
        return self._too_long(max(self._wait_for(fault)[1], self._transport.gate.remaining()))

    def _too_long(self, wait: float) -> str | None:
        if wait < self._remaining():
            return None
        budget = f"retry_timeout ({self._options.retry_timeout:.0f} s)"
        return f"Waiting {wait:.0f} s more would exceed {budget}" if wait >= 1 else f"nothing is left of {budget}"

    def _wait_for(self, fault: Fault) -> tuple[float, float]:
        """The shortest and the longest time to wait; what is between them parts clients that failed together."""
        # "Wait 0 seconds" must not become a loop without any wait; a real wait is not doubled with every attempt, for
        # one unlucky thread would hold up all others.
        if fault.told is not None and fault.told >= self._options.backoff:
            return fault.told, fault.told + _SPREAD
        longest = _backoff(self._options, self._attempts)
        return max(fault.told or 0.0, longest / 2), longest

    def _wait(self, fault: Fault) -> None:
        seconds = random.uniform(*self._wait_for(fault))  # noqa: S311 - it guards no secret
        if fault.told is not None or fault.kind == "HTTP 429":
            self._transport.gate.close_for(seconds)
        else:
            self._transport.sleep(seconds)

    def _tell(self, fault: Fault) -> None:
        path = self._transport.redact(self._request.path)
        self._transport.tell(fault.kind, f"{self._request.method} {path} had to be repeated: {fault.text}.")

    def _give_up(self, reply: Reply | None, fault: Fault, excuse: str) -> Reply:
        if reply is not None:
            broken = fault.text if fault.kind == "unreadable" else ""
            return reply._replace(attempts=self._attempts, note=excuse, unsure=self._unsure, broken=broken)
        method, path = self._request.method, self._transport.redact(self._request.path)
        details = failure(message=fault.text, method=method, path=path, attempts=self._attempts)
        text = sentences(f"{method} {path}{after(self._attempts)}: {fault.text}", excuse, fault.hint)
        raise (AmbiguousWrite if self._unsure else RequestFailed)(text, details)
