# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Send the update of a build, and see that it took effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .resource import BUILDS
from .match import Build
from .plan import (
    Plan,
    emptied,
    touched,
    unfulfilled,
    unreturned,
)
from .._api.client import Api, identity
from .._core.errors import AmbiguousWrite, AppliveryError
from .._core.fields import as_read
from .._core.task import Task


def write(task: Task[Api], before: Build, plan: Plan) -> Build:
    """Carry out the plan; the build as it is then, with what was sent where the server does not show it.

    An error holds ``previous``, and ``changed`` where the server accepted something.
    """
    ident = str(identity(before))
    try:
        after = _put(task.api, ident, before, plan.body)
        named = emptied(plan.body, after)
        if named and unfulfilled(plan.body, after):
            # The server merges objects, so what is to go has to be named.
            after = _put(task.api, ident, after, {**plan.body, **named})
        _verify(plan, after)
    except AppliveryError as problem:
        raise problem.with_result(previous=as_read(before), build_id=ident) from problem
    _tell(task, before, after, plan)
    return {**after, **{name: value for name, value in plan.body.items() if name not in after}}


def _verify(plan: Plan, after: Build) -> None:
    wrong = unfulfilled(plan.body, after)
    if wrong:
        told = (f"{option} is {found!r} instead of {wanted!r}" for option, (wanted, found) in wrong.items())
        raise AppliveryError(
            f"the server accepted the update, but shows other values afterwards: {'; '.join(told)}"
        ).with_result(changed=True)


def _tell(task: Task[Api], before: Build, after: Build, plan: Plan) -> None:
    unseen = unreturned(plan.body, after)
    if unseen:
        task.warn(
            f"{', '.join(unseen)}: set, but this server does not return it, so it can't be compared; every run sets it "
            "again and reports a change"
        )
    objects = [option for option in unseen if option != "disabled"]
    if objects:
        task.warn(
            f"{', '.join(objects)}: what it held beside the named keys can't be seen, and is lost if the server "
            "replaces it"
        )
    changed = touched(plan.body, before, after)
    if changed:
        task.warn(f"{', '.join(changed)}: changed at the same time, although not by this task")


def _put(api: Api, ident: str, before: Build, body: Mapping[str, Any]) -> Build:
    """Send the PUT; the build afterwards, from its answer where that is the whole build, else read again."""
    try:
        answer = api.update(BUILDS, ident, body)
    except AmbiguousWrite as problem:
        return _put_after_all(api, ident, body, problem)
    if not isinstance(answer, dict) or (identity(answer) or "").lower() != ident.lower():
        return _read_again(api, ident)
    cleared = {name for name, value in body.items() if value in ("", [], {})}
    if before.keys() - cleared <= answer.keys():
        return answer
    if body.keys() <= answer.keys():
        return {**before, **answer}
    return _read_again(api, ident)


def _read_again(api: Api, ident: str) -> Build:
    try:
        return api.get(BUILDS, ident)
    except AppliveryError as problem:
        # A refused update changed nothing; this one was accepted.
        raise problem.with_result(changed=True) from None


def _put_after_all(api: Api, ident: str, body: Mapping[str, Any], problem: AmbiguousWrite) -> Build:
    """The build, where reading it again shows that the update was carried out; else the error."""
    try:
        after = api.get(BUILDS, ident)
    except AppliveryError:
        raise problem.with_result(changed=True) from None
    if unfulfilled(body, after) or unreturned(body, after):
        raise problem
    return after
