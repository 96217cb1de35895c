# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Creating without creating twice: a POST with an unknown outcome is looked up before it is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.applivery.distribution.plugins.module_utils._errors import AmbiguousWrite, AppliveryError

if TYPE_CHECKING:
    from ansible_collections.applivery.distribution.plugins.module_utils._client import Api

_MOST_CREATIONS = 3

LookUp = Callable[[], "dict[str, Any] | None"]


def create_once(api: Api, post: Callable[[], Any], look_up: LookUp) -> Any:
    """What ``post`` returns, or what ``look_up`` finds by the natural key after a POST whose outcome is unknown.

    Only when it finds nothing is the object posted again.
    """
    tries = _MOST_CREATIONS if api.connection.retry_timeout else 1
    for attempt in range(1, tries + 1):
        try:
            return post()
        except AmbiguousWrite as problem:
            # The server may still be at it.
            api.transport.pause(attempt)
            found = _looked_up(look_up, problem)
            if found is not None:
                return found
            if attempt == tries:
                problem.message += " It was looked for afterwards and is not there."
                raise
            path, status = problem.failure["path"], problem.failure["status"]
            reason = f"HTTP {status}" if status else "no answer"
            api.transport.tell("POST", f"POST {path} had to be repeated: {reason}, and nothing was created.")
    return None


def _looked_up(look_up: LookUp, problem: AmbiguousWrite) -> dict[str, Any] | None:
    try:
        return look_up()
    except AppliveryError as other:
        problem.message += f" Whether it was created is unknown, for looking it up failed as well: {other.message}"
        raise problem from other
