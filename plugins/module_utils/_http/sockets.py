# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Connections whose answers end: in time however slowly their bytes come, and before they fill the memory."""

from __future__ import annotations

import errno
import io
import socket
import ssl
import time
from collections.abc import Mapping
from functools import cache
from http.client import HTTPResponse
from math import inf
from typing import Any

# Far more than the largest page of any list; what one answer may hold, packed or unpacked.
LARGEST_ANSWER = 64 * 1024 * 1024
_HEAD = 1024 * 1024


class AnswerTooLarge(OSError):
    """An answer that goes on after LARGEST_ANSWER bytes."""

    def __init__(self) -> None:
        super().__init__(f"more than {LARGEST_ANSWER // 1024 // 1024} MiB")


class _Incoming(io.RawIOBase):
    """The bytes of one answer, from its status line to its end.

    The time-out that the socket has at first holds for all of them together: urllib3 applies it to each read, so that
    a byte now and then, or one interim answer after another, would go on for ever.
    """

    def __init__(self, connected: socket.socket) -> None:
        super().__init__()
        limit = connected.gettimeout()
        self._ends = inf if limit is None else time.monotonic() + limit
        self._room = LARGEST_ANSWER + _HEAD
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise socket.timeout("the answer had begun, and went on for too long")
        if left < inf:
            self._socket.settimeout(left)
        count = self._raw.readinto(buffer)
        self._room -= count or 0
        if self._room < 0:
            raise AnswerTooLarge
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, connected: Any, *args: Any, **options: Any) -> None:
        super().__init__(_Incoming(connected), *args, **options)  # type: ignore[arg-type]  # all it asks for: makefile


class _Connection:
    """Stands before a connection class of urllib3."""

    response_class = _Response

    def request(self, *args: Any, **options: Any) -> None:
        try:
            super().request(*args, **options)  # type: ignore[misc]  # of the class that stands behind this one
        except (ConnectionError, ssl.SSLError) as problem:
            # A server may answer, and close, while the body is still sent. This is what urllib3 takes for that in all
            # its releases, over TLS too; it goes on to read the answer.
            raise BrokenPipeError(errno.EPIPE, str(problem)) from problem


def bounded(pools: Mapping[str, type]) -> dict[str, type]:
    """The classes of connection pools by scheme, with connections that keep what this file promises."""
    return {scheme: _bounded(pool) for scheme, pool in pools.items()}


@cache
def _bounded(pool: Any) -> type:
    connection = type(pool.ConnectionCls.__name__, (_Connection, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})
