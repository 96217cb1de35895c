# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Sending the body of a publication to servers that may be stricter than the documents say."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable, NamedTuple

from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    RequestFailed,
)
from .._core.fields import is_empty, is_id
from .plan import Plan
from .refusal import (
    milder,
    refuses_both_country_lists,
)
from .resource import FIELD, PUBLICATIONS
from .task import Work

_MOST_BODIES = 3

Body = Mapping[str, Any]


class Sent(NamedTuple):
    """The body that the server took, and what it answered."""

    body: Mapping[str, Any]
    answer: Any = None

    def as_far_as_sent(self, plan: Plan, after: Mapping[str, Any]) -> Plan:
        """The plan as far as the server let it travel: groups that it refused are its own affair."""
        if is_empty(plan.body.get("groups")) or "groups" in self.body:
            return plan
        return plan._replace(expected={**plan.expected, "groups": after.get("groups")})


def send(
    work: Work,
    body: Body,
    application: str | None,
    post: Callable[[Body], Any],
    in_steps: Callable[[Body], Sent] | None = None,
) -> Sent:
    """Send a body; after a refusal a milder one, where there is one.

    ``application`` is the id of the publication's app, where it is known; ``in_steps`` is what to do with a body whose
    two country lists the server can't bear together.
    """
    given = work.api.connection.application or ""
    application = application or (given if is_id(given) else None)
    for _attempt in range(_MOST_BODIES):
        try:
            return Sent(body, post(body))
        except RequestFailed as problem:
            # Two country lists are no matter of leaving one out: a server that merges would keep it.
            if refuses_both_country_lists(problem, body):
                if in_steps is None:
                    raise
                return in_steps(body)
            next_body = milder(body, problem, application)
            if next_body == body:
                raise
            _tell_of_lost_groups(work, body, next_body)
            body = next_body
    return Sent(body, post(body))


def _tell_of_lost_groups(work: Work, body: Body, next_body: Body) -> None:
    if not is_empty(body.get("groups")) and "groups" not in next_body:
        work.warn(
            f"groups: the server does not take them with security: {body.get('security')}, so {body['groups']} may be "
            "lost; previous holds what was there"
        )


def replace(work: Work, ident: str, body: Body, application: str | None, visibility: Any) -> Sent:
    """PUT a body, in two steps where the server can't bear both country lists at once.

    ``visibility`` is what the publication has now.
    """

    def put(body: Body, in_steps: Callable[[Body], Sent] | None = None) -> Sent:
        return send(work, body, application, lambda sent: work.api.update(PUBLICATIONS, ident, sent), in_steps)

    return put(body, lambda refused: _in_two_steps(put, refused, visibility))


def _in_two_steps(put: Callable[[Body], Sent], body: Body, visibility: Any) -> Sent:
    """Clear one country list, then set the other (fact sheet, hazard 5); nobody is let in meanwhile."""
    names = (FIELD["allowed_countries"].name, FIELD["blocked_countries"].name)
    emptied, filled = sorted(names, key=lambda name: not is_empty(body[name]))
    with suppress(AmbiguousWrite):
        # What became of this step does not matter, the other one replaces everything.
        put({**{name: value for name, value in body.items() if name != filled}, "visibility": "inactive"})
    try:
        return put({name: value for name, value in body.items() if name != emptied})
    except AppliveryError as problem:
        problem.message = (
            "the country limits were cleared and the publication was made inactive to set new limits, which failed. "
            f"Once the reason is mended, run the task again with visibility: {visibility}. {problem.message}"
        )
        raise problem.with_result(changed=True) from None
