# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Sending the body of a publication to servers that may be stricter than the documents say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from ansible_collections.applivery.distribution.plugins.module_utils._errors import RequestFailed, attempting
from ansible_collections.applivery.distribution.plugins.module_utils._fields import is_empty, is_id
from ansible_collections.applivery.distribution.plugins.module_utils._publication import FIELD, PUBLICATIONS
from ansible_collections.applivery.distribution.plugins.module_utils._publication_plan import Plan
from ansible_collections.applivery.distribution.plugins.module_utils._publication_refusal import (
    milder,
    refuses_both_country_lists,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication_task import Work

_MOST_BODIES = 3


class Sent(NamedTuple):
    """The body that the server took of a plan, and what it answered."""

    plan: Plan
    body: Mapping[str, Any]
    answer: Any = None

    def plan_for(self, after: Mapping[str, Any]) -> Plan:
        """The plan as far as the server let it travel: groups that it refused are its own affair."""
        if is_empty(self.plan.body.get("groups")) or "groups" in self.body:
            return self.plan
        return self.plan._replace(expected={**self.plan.expected, "groups": after.get("groups")})


def send(work: Work, plan: Plan, application: str | None, post: Callable[[Mapping[str, Any]], Any]) -> Sent:
    """Send the plan's body; after a refusal a milder one, where there is one.

    ``application`` is the id of the publication's app, where it is known.
    """
    given = work.api.connection.application or ""
    application = application or (given if is_id(given) else None)
    body = plan.body
    for _attempt in range(_MOST_BODIES):
        try:
            return Sent(plan, body, post(body))
        except RequestFailed as problem:
            next_body = milder(body, problem, application)
            # Two country lists are no matter of leaving one out: a server that merges would keep it.
            if next_body == body or refuses_both_country_lists(problem, body):
                raise
            if not is_empty(body.get("groups")) and "groups" not in next_body:
                work.warn(
                    f"groups: the server does not take them with security: {body.get('security')}, so "
                    f"{body['groups']} may be lost; previous holds what was there"
                )
            body = next_body
    return Sent(plan, body, post(body))


def replace(work: Work, ident: str, plan: Plan, application: str | None, visibility: Any) -> Sent:
    """PUT the plan's body, in two steps where the server can't bear both country lists at once.

    ``visibility`` is what the publication has now.
    """
    try:
        return send(work, plan, application, lambda body: work.api.update(PUBLICATIONS, ident, body))
    except RequestFailed as problem:
        if not refuses_both_country_lists(problem, plan.body):
            raise
    _replace_in_two_steps(work, ident, plan.body, visibility)
    return Sent(plan, plan.body)


def _replace_in_two_steps(work: Work, ident: str, body: Mapping[str, Any], visibility: Any) -> None:
    """Clear one country list, then set the other (fact sheet, hazard 5); nobody is let in meanwhile."""
    names = (FIELD["allowed_countries"].name, FIELD["blocked_countries"].name)
    emptied, filled = sorted(names, key=lambda name: not is_empty(body[name]))
    cleared = {name: value for name, value in body.items() if name != filled}
    final = {name: value for name, value in body.items() if name != emptied}
    work.api.update(PUBLICATIONS, ident, {**cleared, "visibility": "inactive"})
    with attempting(
        "the country limits were cleared and the publication made inactive to set new limits, and then"
        f" (visibility was {visibility})"
    ):
        work.api.update(PUBLICATIONS, ident, final)
