# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Wait until a build is processed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from .read import find_by_id, gone
from .resource import (
    DONE,
    FAILED,
    name_of,
    state_of,
)
from .._api.client import Api
from .._api.envelope import identity
from .._core.errors import AppliveryError, InvalidInput

# Under names of their own, so that tests can put a clock in their place that takes no time.
_sleep = time.sleep
_clock = time.monotonic


class Patience(NamedTuple):
    """Whether, how long and how often to look, in seconds."""

    wait: bool
    timeout: float
    interval: float

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Patience:
        if params["wait_timeout"] < 0:
            raise InvalidInput("wait_timeout: it can't be negative (seconds)")
        if params["wait_interval"] < 1:
            raise InvalidInput("wait_interval: the least is 1 (second)")
        return cls(params["wait"], params["wait_timeout"], params["wait_interval"])


def is_unfinished(build: Mapping[str, Any]) -> bool:
    """Whether the server still works on the build: any word but those for done and failed (fact sheet, C7)."""
    return state_of(build) not in (DONE[0], FAILED, None)


def until_processed(api: Api, build: dict[str, Any], patience: Patience) -> dict[str, Any]:
    """The build when it is no longer worked on; it may have failed.

    Raises AppliveryError when that takes too long, and when the build is deleted meanwhile.
    """
    end = now() + patience.timeout
    while is_unfinished(build):
        left = end - now()
        if left <= 0:
            raise AppliveryError(
                f"the build {name_of(build)} is still {build.get('status')!r} after {patience.timeout:.0f} s; "
                "raise wait_timeout, or look at the build in the dashboard"
            )
        pause(min(patience.interval, left))
        found = find_by_id(api, identity(build) or "")
        if found is None:
            raise gone(f"the build {name_of(build)} was deleted while it was waited for")
        build = found
    return build


def pause(seconds: float) -> None:
    """Wait before the next look."""
    _sleep(seconds)


def now() -> float:
    """Seconds on the clock that waiting goes by."""
    return _clock()


def failed(build: Mapping[str, Any]) -> AppliveryError:
    """The error about a build that could not be processed, with the server's reason."""
    reason = build.get("error")
    code = build.get("errorCode")
    said = f": {reason}" if reason else ", without a reason"
    said += f" (errorCode {code})" if code not in (None, "") else ""
    return AppliveryError(f"the build {name_of(build)} could not be processed by the server{said}")
