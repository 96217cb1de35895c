# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_publication: check it, find the publication, and bring it into the state that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from .._api.client import Api, identity
from .._core.errors import AppliveryError, attempting, failure
from .._core.fields import argument_spec, is_id
from .._core.task import Definition, Outcome, Task
from .._core.values import places
from .find import Publications
from .resource import PUBLICATION_FIELDS, application_of
from .rules import Goal, check
from .write import create, remove, update

SPEC: dict[str, dict[str, Any]] = {
    **argument_spec(PUBLICATION_FIELDS),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "publication_id": {"type": "str"},
    "new_slug": {"type": "str"},
    "filter_mode": {"type": "str", "choices": ["replace", "merge"], "default": "replace"},
    "update_password": {
        "type": "str",
        "choices": ["on_create", "always"],
        "default": "on_create",
        "no_log": False,
    },
    "unreturned_fields": {"type": "str", "choices": ["warn", "fail", "fail_on_guards", "ignore"], "default": "warn"},
}


def run(task: Task[Api]) -> Outcome:
    """Bring one publication into the state that the task describes."""
    goal = Goal.of(task.params)
    found = Publications(task.api, task.warn)
    found.tell(check(goal, task.check_mode))
    result: Mapping[str, Any] = {"publication_id": goal.ident, "slug": goal.slug, "new_slug": goal.new_slug}
    try:
        with attempting(f"publication {goal.slug or goal.ident}"):
            outcome = _carried_out(found, goal, task.check_mode)
        result = outcome.result
    except AppliveryError as problem:
        result = problem.result or result
        raise
    finally:
        _warn_about_masking(found.warn, goal, result)
    return outcome


def _carried_out(found: Publications, goal: Goal, check_mode: bool) -> Outcome:
    read = _find(found, goal)
    if read is not None:
        _check_application(found.api, read)
        return update(found, goal, read, check_mode) if goal.present else remove(found, read, check_mode)
    if goal.present:
        return create(found, goal, check_mode)
    return Outcome(result={"publication": None, "publication_id": goal.ident, "distribution_url": None})


def _find(found: Publications, goal: Goal) -> dict[str, Any] | None:
    """The publication that the task is about; with ``new_slug`` the one that has it already, if it is alone."""
    read = _named(found, goal)
    if not goal.new_slug or (read is not None and read.get("slug") == goal.new_slug):
        return read
    taken = found.by_slug(goal.new_slug)
    if read is None:
        if taken is None:
            raise AppliveryError(f"neither {goal.slug} nor new_slug {goal.new_slug} exists; new_slug never creates")
        return taken
    if taken is not None:
        raise AppliveryError(
            f"can't be renamed to {goal.new_slug}: another publication has that slug ({identity(taken)}); "
            "delete or rename it first",
            failure(code=5024, message="Slug already used"),
        )
    return read


def _named(found: Publications, goal: Goal) -> dict[str, Any] | None:
    if goal.ident is None:
        return found.by_slug(str(goal.slug))
    read = found.by_id(goal.ident)
    if read is None and goal.present:
        raise AppliveryError(
            "there is no publication with this id; a publication is created by its slug, never by its id",
            failure(code=3001, message="Entity not found", status=404),
        )
    return read


def _check_application(api: Api, read: Mapping[str, Any]) -> None:
    """Slugs are those of the whole workspace: a wrong one must not reach another app's publication."""
    given = (api.connection.application or "").lower()
    info = read.get("applicationInfo")
    if not given or not api.names_application:
        return
    slug = info.get("slug") if isinstance(info, Mapping) else None
    shown = application_of(read) if is_id(given) else slug
    if isinstance(shown, str) and shown and shown.lower() != given:
        raise AppliveryError(
            f"it belongs to the app {shown}, while the option application (or APPLIVERY_APPLICATION) says "
            f"{api.connection.application}; nothing was written"
        )


def _warn_about_masking(warn: Callable[[str], None], goal: Goal, result: Mapping[str, Any]) -> None:
    """Ansible masks a secret inside other values too, and what is masked may be registered and used elsewhere."""
    password = goal.wishes.get("password")
    found = places(result, lambda text: str(password) in text) if password else []
    if found:
        warn(
            f"password: it occurs inside what is returned ({', '.join(found[:5])}), where Ansible may therefore mask "
            "it; never use such a result as a value elsewhere, and choose another password"
        )


# Which of publication_id and slug is given is looked at in check: an empty one counts as not given.
DEFINITION = Definition(SPEC, run)
