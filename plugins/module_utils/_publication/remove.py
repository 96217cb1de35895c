# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Removing a publication, with what a person should know about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import identity
from .._core.errors import AmbiguousWrite, RequestFailed
from .._core.fields import as_read
from .._core.task import Outcome
from .resource import (
    PUBLICATION_FIELDS,
    PUBLICATIONS,
    shown_publication,
)
from .task import Work, title_of

_LAST_OF_ITS_KIND = "Applivery does not delete the last publication with filter.type: last"


def remove(work: Work, read: dict[str, Any]) -> Outcome:
    """Delete a publication that is there."""
    ident = str(identity(read))
    if read.get("visibility") == "active":
        work.warn(f"publication {read.get('slug')} is active: its address stops working for good")
    if work.has_otp_users(ident):
        work.warn(f"publication {read.get('slug')} has, or may have, OTP users: they lose access")
    absent = {"publication": None, "publication_id": ident, "distribution_url": None}
    if work.task.check_mode:
        if _follows_newest(read):
            work.warn(f"{_LAST_OF_ITS_KIND}. Whether this is the last one is not looked up in check mode")
    elif not _deleted(work, ident, read):
        return Outcome(result=absent, title=title_of(read))
    shown = shown_publication(read)
    return Outcome(
        changed=True,
        result={**absent, "previous": as_read(read)},
        before={entry.option: shown[entry.option] for entry in PUBLICATION_FIELDS if shown.get(entry.option)},
        title=title_of(read),
    )


def _deleted(work: Work, ident: str, read: Mapping[str, Any]) -> bool:
    """Whether this run deleted it; somebody else may have been faster."""
    try:
        return work.api.delete(PUBLICATIONS, ident)
    except RequestFailed as problem:
        if _follows_newest(read) and _is_refusal(problem):
            problem.message += (
                f" {_LAST_OF_ITS_KIND}; set visibility: inactive instead, or create another such publication first."
            )
        raise problem.with_result(previous=as_read(read)) from None


def _is_refusal(problem: RequestFailed) -> bool:
    """Whether the server understood and declined; the code for this very reason is not documented."""
    status = problem.status
    unclear = status is None or status >= 500 or status in (401, 403, 429) or isinstance(problem, AmbiguousWrite)
    return not unclear


def _follows_newest(read: Mapping[str, Any]) -> bool:
    chosen = read.get("filter")
    return isinstance(chosen, Mapping) and chosen.get("type") == "last"
