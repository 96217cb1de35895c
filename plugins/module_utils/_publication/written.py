# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What is told and returned of a publication that was, or in check mode would be, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.errors import AppliveryError
from .._core.fields import as_read
from .._core.task import Outcome
from .plan import Plan
from .resource import FIELD, shown_publication
from .task import Work, result_of, title_of
from .verify import (
    differ_in_case,
    surprises,
    unproven,
)


def predicted(plan: Plan) -> dict[str, Any]:
    """The publication as it will be; what only the server can make is not there."""
    read = {**plan.expected, "updatedAt": None}
    if "slug" in plan.changes:
        read["distributionUrl"] = None
    return read


def verify(
    work: Work, wanted: Mapping[str, Any], before: Mapping[str, Any], plan: Plan, after: Mapping[str, Any]
) -> None:
    """Fail when the publication, read again, is not what it should be."""
    others = work.others(after)
    found = surprises(wanted, before, plan, after, others)
    slug, made = str(plan.expected.get("slug")), str(after.get("slug"))
    if slug != made and slug.lower() == made.lower():
        found.pop("slug", None)
        work.warn(f"slug: the server made {made} of {slug}; name it like that in the task")
    for option, text in differ_in_case(plan, after).items():
        if option in found:
            del found[option]
            work.warn(f"{text}; name it like that in the task, or every run writes it and reports changed")
    if found:
        raise AppliveryError(
            "it was written, but the server's publication is not what it should be: "
            f"{'; '.join(found.values())}. Look at it in the dashboard"
            + ("; previous holds what was there" if before else "")
        ).with_result(changed=True, publication=shown_publication(after))
    work.tell(incomparable(unproven(wanted, after, others), "still "))


def incomparable(options: Iterable[str], when: str = "") -> list[str]:
    """What to tell about fields that the task names and the server does not show."""
    names = ", ".join(options)
    text = (
        f"the server does {when}not show {names}, so it can't be compared: as long as that is so, every run writes it"
    )
    return [f"{text} and reports changed"] if names else []


def changed(
    work: Work, plan: Plan, read: Mapping[str, Any], wanted: Mapping[str, Any], previous: Mapping[str, Any] | None
) -> Outcome:
    """The outcome of a plan that was carried out, or predicted."""
    before, after = plan.diff()
    # What the server keeps to itself is returned as it was set, so that check mode and real run agree.
    named = [FIELD[option].name for option in wanted if option not in ("password", "slug")]
    result = result_of({**read, **{name: plan.expected.get(name) for name in named}})
    if previous is not None:
        result["previous"] = as_read(previous)
    return Outcome(
        changed=True,
        result=result,
        before=before,
        after=after,
        title=title_of(previous or {"slug": work.slug}),
        note="password set again" if plan.sends_password and previous is not None else "",
    )
