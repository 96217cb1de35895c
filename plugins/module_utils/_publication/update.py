# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Updating a publication: refuse what would destroy something, tell what opens, replace it, and look again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import identity
from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
)
from .._core.fields import alike, as_read, canonical
from .._core.task import Outcome
from .plan import Plan
from .resource import (
    PUBLICATION_FIELDS,
    application_of,
)
from .risk import (
    check_update,
    openings,
    possibly_lost,
)
from .send import replace
from .task import Work
from .verify import surprises
from .written import (
    changed,
    incomparable,
    predicted,
    verify,
)

_MOST_PLANS = 4


def update(work: Work, read: dict[str, Any]) -> Outcome:
    """Carry out the plan for a publication that was read, unless somebody else changed it meanwhile: then plan anew."""
    for _attempt in range(_MOST_PLANS):
        plan = work.plan(read)
        if not plan.changed:
            return work.unchanged(read)
        _refuse(work, plan, read)
        plan = plan._replace(body={**plan.body, **work.api.body_context(application_of(read))})
        concerns = _concerns(work, plan, read)
        if work.task.check_mode:
            work.tell(concerns)
            return changed(work, plan, predicted(plan), work.wishes, read)
        latest = work.by_id(str(identity(read)))
        if latest is None:
            raise AppliveryError("it was deleted by somebody else while this task ran; run the task again").with_result(
                previous=as_read(read)
            )
        if _unmoved(read, latest):
            work.tell(concerns)
            return changed(work, plan, _written(work, plan, read), work.wishes, read)
        read = latest
    raise AppliveryError(
        "somebody else keeps changing it while this task runs; nothing was written. Run the task again later"
    ).with_result(previous=as_read(read))


def _refuse(work: Work, plan: Plan, read: Mapping[str, Any]) -> None:
    check_update(work.wishes, read, plan)
    if plan.sends_password and "password" not in work.wishes:
        raise InvalidInput(
            "password: every update of a password-protected publication must carry its password, because the "
            "server does not show it and replaces everything; name it in the task"
        )


def _concerns(work: Work, plan: Plan, read: Mapping[str, Any]) -> list[str]:
    """Everything that a person should know about this write."""
    found = []
    lost = _possibly_lost(work, read)
    opens = openings(work.wishes, read, plan)
    if opens:
        found.append(f"this change lets more people in: {'; '.join(opens)}")
    if lost:
        found.append(
            f"the server does not show {', '.join(lost)}: unset, or set and reset by this update. Name them in the "
            "task to be sure (option unreturned_fields)"
        )
    if plan.forced and plan.sends_password and work.params["update_password"] == "always":  # noqa: S105 - a choice
        found.append("update_password: always sets the password in every run and reports changed each time")
    found += _address_changes(work, read)
    if work.task.check_mode:
        found += incomparable(plan.hidden)
    # OTP goes with what its documentation calls "private", so an open publication is not asked about.
    if read.get("security") not in ("public", "password") and work.has_otp_users(str(identity(read))):
        found.append(
            "this publication has, or may have, OTP users. Which field switches OTP on is not documented: look in "
            "the dashboard whether OTP is still on after this update"
        )
    return found


def _possibly_lost(work: Work, read: Mapping[str, Any]) -> list[str]:
    mode = work.params["unreturned_fields"]
    lost = [] if mode == "ignore" else possibly_lost(work.wishes, read, work.others(read))
    if lost and mode == "fail":
        raise AppliveryError(
            f"unreturned_fields: {', '.join(lost)} may be set although the server does not show it, and be reset "
            "by replacing the publication. Name these options in the task, or set unreturned_fields: warn"
        ).with_result(previous=as_read(read))
    return lost


def _address_changes(work: Work, read: Mapping[str, Any]) -> list[str]:
    slug = str(read.get("slug"))
    if not work.new_slug or work.new_slug == slug:
        return []
    old = str(read.get("distributionUrl") or slug)
    new = old[: -len(slug)] + work.new_slug if old.endswith(slug) else work.new_slug
    return [f"renaming changes the address, links to the old one break: {old} -> {new}"]


def _written(work: Work, plan: Plan, read: dict[str, Any]) -> dict[str, Any]:
    ident = str(identity(read))
    done: dict[str, Any] = {"previous": as_read(read)}
    try:
        try:
            sent = replace(work, ident, plan.body, application_of(read), read.get("visibility"))
        except AmbiguousWrite as problem:
            return _written_after_all(work, plan, read, problem)
        done["changed"] = True
        after = work.by_id(ident)
        if after is None:
            raise AppliveryError("it was updated, but the server does not show it afterwards")
        verify(work, work.wishes, read, sent.as_far_as_sent(plan, after), after)
    except AppliveryError as problem:
        raise problem.with_result(**done) from None
    return after


def _written_after_all(work: Work, plan: Plan, read: dict[str, Any], problem: AmbiguousWrite) -> dict[str, Any]:
    """The publication, where reading it again shows that the update was carried out; else the error."""
    after = _glimpse(work, str(identity(read)))
    if after is not None and not surprises(work.wishes, read, plan, after, work.others(after)):
        verify(work, work.wishes, read, plan, after)
        return after
    if after is None or not _unmoved(read, after):
        problem.message += " Something was changed all the same, or may have been: look at it in the dashboard."
        raise problem.with_result(changed=True)
    raise problem


def _glimpse(work: Work, ident: str) -> dict[str, Any] | None:
    try:
        return work.by_id(ident)
    except AppliveryError:
        return None


def _unmoved(read: Mapping[str, Any], latest: Mapping[str, Any]) -> bool:
    """Whether nobody wrote between two reads: same time stamp, and the same in every field that could be lost."""
    if read.get("updatedAt") != latest.get("updatedAt"):
        return False
    return all(
        alike(canonical(entry, read.get(entry.name)), canonical(entry, latest.get(entry.name)))
        for entry in PUBLICATION_FIELDS
    )
