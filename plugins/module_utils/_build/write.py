# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Send the update of a build, and see that it took effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .plan import (
    Plan,
    emptied,
    touched,
    unfulfilled,
    unreturned,
)
from .read import get, gone
from .resource import BUILDS, Build, name_of, understood
from .._api.client import Api
from .._api.envelope import identity
from .._core.errors import AmbiguousWrite, AppliveryError, RequestFailed
from .._core.fields import as_read
from .._core.task import Task


def write(task: Task[Api], before: Build, plan: Plan) -> Build:
    """Carry out the plan; the build as the server shows it then.

    An error holds ``previous``, and ``changed`` where the server accepted something or may have.
    """
    ident = str(identity(before))
    accepted = False
    try:
        after = _put(task.api, ident, before, plan.body)
        accepted = True
        named = emptied(plan.body, after)
        if named and unfulfilled(plan.body, after):
            # The server merges objects, so what is to go has to be named.
            after = _put(task.api, ident, after, {**plan.body, **named})
        _verify(plan, after)
    except AppliveryError as problem:
        changed = {"changed": True} if accepted else {}
        raise problem.with_result(previous=as_read(before), build_id=ident, **changed) from problem
    _tell(task, before, after, plan)
    return after


def _verify(plan: Plan, after: Build) -> None:
    wrong = unfulfilled(plan.body, after)
    if wrong:
        told = (f"{option} is {found!r} instead of {wanted!r}" for option, (wanted, found) in wrong.items())
        raise AppliveryError(
            f"the server accepted the update, but shows other values afterwards: {'; '.join(told)}. If it always writes "
            "them so, write them in the same way in the task"
        )


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
    except RequestFailed as problem:
        if problem.absent:
            raise gone(f"the build {name_of(before)} was deleted while this task worked on it") from problem
        raise
    if not isinstance(answer, dict) or (identity(answer) or "").lower() != ident.lower():
        return _read_again(api, ident)
    answer = understood(answer)
    cleared = {name for name, value in body.items() if value in ("", [], {})}
    if before.keys() - cleared <= answer.keys():
        return answer
    # An answer that only repeats what was sent tells neither that the server shows it, nor what it made of an object.
    objects = any(isinstance(value, Mapping) for value in body.values())
    if body.keys() <= answer.keys() and not objects and not unreturned(body, before):
        return {**before, **answer}
    return _read_again(api, ident)


def _read_again(api: Api, ident: str) -> Build:
    try:
        return get(api, ident)
    except AppliveryError as problem:
        # A refused update changed nothing; this one was accepted.
        raise problem.with_result(changed=True) from None


def _put_after_all(api: Api, ident: str, body: Mapping[str, Any], problem: AmbiguousWrite) -> Build:
    """The build, where reading it again shows that the update was carried out; else the error."""
    # It may come through later, and part of it may be there.
    problem.with_result(changed=True)
    try:
        after = get(api, ident)
    except AppliveryError:
        raise problem from None
    if unfulfilled(body, after) or unreturned(body, after):
        raise problem
    return after
