# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Creating without creating twice: a POST with an unknown outcome is looked up before it is repeated."""

from __future__ import annotations

from typing import Any, Callable

from .._core.errors import AmbiguousWrite, AppliveryError, RequestFailed, as_ambiguous
from .._http.transport import Transport

_MOST_CREATIONS = 3

LookUp = Callable[[], "dict[str, Any] | None"]


def create_once(transport: Transport, post: Callable[[], Any], look_up: LookUp) -> Any:
    """What ``post`` returns, or what ``look_up`` finds by the natural key after a POST whose outcome is unknown.

    Only when it finds nothing, and while ``retry_timeout`` is not used up, is the object posted again. From the first
    unknown outcome on every error is an AmbiguousWrite.
    """
    try:
        return post()
    except AmbiguousWrite as problem:
        return _decided(transport, post, look_up, problem)


def _decided(transport: Transport, post: Callable[[], Any], look_up: LookUp, problem: AmbiguousWrite) -> Any:
    ends = transport.clock() + transport.options.retry_timeout
    for attempt in range(1, _MOST_CREATIONS + 1):
        # The server may still be at it.
        transport.pause(attempt)
        found = _looked_up(look_up, problem)
        if found is not None:
            return found
        if attempt == _MOST_CREATIONS or transport.clock() >= ends:
            break
        path, status = problem.failure["path"], problem.failure["status"]
        reason = f"HTTP {status}" if status else "no answer"
        transport.tell("POST", f"POST {path} had to be repeated: {reason}, and nothing was created.")
        try:
            return post()
        except AmbiguousWrite as again:
            problem = again
        except RequestFailed as refused:
            # What is in the way may be the object itself, which did not show in time.
            problem = as_ambiguous(refused)
            found = _looked_up(look_up, problem)
            if found is not None:
                return found
            break
    problem.message += " It was looked for afterwards and is not there."
    raise problem


def _looked_up(look_up: LookUp, problem: AmbiguousWrite) -> dict[str, Any] | None:
    try:
        return look_up()
    except AppliveryError as other:
        problem.message += f" Whether it was created is unknown, for looking it up failed as well: {other.message}"
        raise problem from other
