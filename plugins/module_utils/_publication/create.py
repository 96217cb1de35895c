# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Creating a publication: what is sent, and whether the server made of it what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import identity
from .._core.errors import AppliveryError, InvalidInput
from .._core.fields import differences, is_empty, to_api
from .._core.task import Outcome
from .plan import (
    Plan,
    keep_one_country_list,
    visible,
    with_notifications,
)
from .resource import (
    FIELD,
    PUBLICATION_FIELDS,
    PUBLICATIONS,
)
from .risk import check_terms
from .rules import (
    check_groups_apply,
    warnings_about_effect,
)
from .send import send
from .task import Work
from .written import (
    changed,
    predicted,
    verify,
)

_NEEDED = ("visibility", "security", "filter")


def create(work: Work) -> Outcome:
    """Create the publication that the slug did not find."""
    wanted = {"slug": work.slug, **work.wishes}
    missing = [option for option in _NEEDED if is_empty(wanted.get(option))]
    if wanted.get("security") == "password" and not wanted.get("password"):
        missing.append("password")
    if missing:
        raise InvalidInput(f"it does not exist, and to create it the task must name {', '.join(missing)}")
    check_groups_apply(wanted, wanted["security"])
    plan = plan_creation(wanted, work.api.body_context())
    work.tell(warnings_about_effect(wanted, plan.expected))
    read = predicted(plan) if work.task.check_mode else _created(work, plan, wanted)
    return changed(work, plan, read, wanted, None)


def plan_creation(wishes: Mapping[str, Any], context: Mapping[str, Any]) -> Plan:
    """A new publication: only what is named is sent, and the server's defaults are not guessed. Pure.

    ``context`` is what a body needs beside the fields.
    """
    wishes = with_notifications(wishes, {})
    named = {option: _without_empty_leaves(wish) for option, wish in wishes.items()}
    body = {
        FIELD[option].name: to_api(FIELD[option], wish)
        for option, wish in named.items()
        if not is_empty(wish) or isinstance(wish, list)
    }
    keep_one_country_list(body, set(body))
    needs_password = body.get("security") == "password"
    if not needs_password:
        body.pop("password", None)
    body.update(context)
    check_terms(body)
    return Plan(body, visible(body), differences(PUBLICATION_FIELDS, {}, body), sends_password=needs_password)


def _without_empty_leaves(wish: Any) -> Any:
    if not isinstance(wish, Mapping):
        return wish
    leaves = {key: _without_empty_leaves(value) for key, value in wish.items()}
    return {key: value for key, value in leaves.items() if not is_empty(value)}


def _created(work: Work, plan: Plan, wanted: Mapping[str, Any]) -> dict[str, Any]:
    slug = str(work.slug)

    def post(body: Mapping[str, Any]) -> Any:
        return work.api.create(PUBLICATIONS, body, lambda: work.by_slug(slug))

    sent = send(work, plan.body, None, post)
    ident = identity(sent.answer) if isinstance(sent.answer, Mapping) else None
    try:
        read = work.by_id(ident) if ident else work.by_slug(slug)
        if read is None:
            raise AppliveryError("the server accepted it, but does not show it afterwards; look at the dashboard")
        verify(work, wanted, {}, sent.as_far_as_sent(plan, read), read)
    except AppliveryError as problem:
        raise problem.with_result(changed=True, publication_id=ident) from None
    work.warn_about_masking(identity(read))
    return read
