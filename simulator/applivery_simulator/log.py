# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: what clients sent and what they were answered."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import Any

# Enough for any rehearsal; a server that runs for weeks must not grow.
MOST_REQUESTS = 20000
LONGEST_BODY = 65536
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Request(dict[str, Any]):
    """One request: method, path, query, body, status, token (its kind), fault (its kind or None), host, headers.

    The items can be read as attributes too. ``status`` is None when the connection was cut. Tokens are not kept.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Log:
    """The latest requests in the order of their arrival, ``MOST_REQUESTS`` at most."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=MOST_REQUESTS)
        self._lock = threading.Lock()

    def open(self, request: Request) -> Request:
        """Note a request that has arrived."""
        with self._lock:
            self._requests.append(request)
        return request

    @staticmethod
    def close(request: Request) -> None:
        """Note that a request was answered; of a large body only the size is kept."""
        size = len(json.dumps(request["body"], default=str))
        if size > LONGEST_BODY:
            request["body"] = {"forgotten": size}

    def all(self) -> list[Request]:
        """Return the requests so far."""
        with self._lock:
            return list(self._requests)

    def writes(self) -> list[Request]:
        """Return the requests that could change something."""
        return [request for request in self.all() if request["method"] in WRITES]

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._requests.clear()
