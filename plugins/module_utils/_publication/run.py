# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_publication: check it, find the publication, and see whether there is anything to do.

What there is to do is done elsewhere, and imported only then: most runs find everything as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import Api, identity
from .._api.connection import check_id
from .._core.errors import (
    AppliveryError,
    InvalidInput,
    attempting,
    failure,
)
from .._core.fields import argument_spec, is_id
from .._core.task import Definition, Outcome, Task
from .resource import PUBLICATION_FIELDS, application_of
from .rules import check_slug, check_wishes
from .task import Work

SPEC: dict[str, dict[str, Any]] = {
    **argument_spec(PUBLICATION_FIELDS),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "publication_id": {"type": "str"},
    "new_slug": {"type": "str"},
    "update_password": {
        "type": "str",
        "choices": ["on_create", "always"],
        "default": "on_create",
        "no_log": False,
    },
    "unreturned_fields": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
}


def run(task: Task[Api]) -> Outcome:
    """Bring one publication into the state that the task describes."""
    work = Work(task)
    _check(work)
    with attempting(f"publication {work.slug or work.ident}"):
        if work.params["state"] == "absent":
            return _absent(work)
        return _present(work)


def _absent(work: Work) -> Outcome:
    read = _named(work)
    if read is None:
        return Outcome(result={"publication": None, "publication_id": work.ident, "distribution_url": None})
    _check_application(work, read)
    from .remove import remove

    return remove(work, read)


def _present(work: Work) -> Outcome:
    read = _find(work)
    if read is None:
        from .create import create

        return create(work)
    _check_application(work, read)
    work.warn_about_masking(identity(read), read.get("slug"))
    if not work.plan(read).changed:
        return work.unchanged(read)
    from .update import update

    return update(work, read)


def _check(work: Work) -> None:
    """Refuse what can't be right, before anything is sent."""
    if not work.ident and not work.slug:
        raise InvalidInput("publication_id or slug: one of them must say which publication is meant")
    if work.ident and work.slug:
        raise InvalidInput("publication_id and slug are mutually exclusive; to rename, name new_slug")
    if work.ident:
        work.ident = check_id("publication_id", work.ident)
    for option in ("slug", "new_slug"):
        if work.params.get(option):
            check_slug(option, work.params[option])
    if work.params["state"] == "present":
        work.tell(check_wishes(work.wishes, work.task.check_mode))
    elif work.new_slug:
        raise InvalidInput("new_slug: it renames, which makes no sense with state: absent")
    work.warn_about_masking(work.ident, work.slug, work.new_slug)


# Which publication ----------------------------------------------------------------------------------------------------


def _find(work: Work) -> dict[str, Any] | None:
    read = _named(work)
    if not work.new_slug or (read is not None and read.get("slug") == work.new_slug):
        return read
    taken = work.by_slug(work.new_slug)
    if read is None:
        if taken is None:
            raise AppliveryError(f"neither {work.slug} nor new_slug {work.new_slug} exists; new_slug never creates")
        return taken
    if taken is not None:
        raise AppliveryError(
            f"can't be renamed to {work.new_slug}: another publication has that slug ({identity(taken)}); "
            "delete or rename it first",
            failure(code=5024, message="Slug already used"),
        )
    return read


def _named(work: Work) -> dict[str, Any] | None:
    if work.ident is None:
        return work.by_slug(str(work.slug))
    read = work.by_id(work.ident)
    if read is None and work.params["state"] == "present":
        raise AppliveryError(
            "there is no publication with this id; a publication is created by its slug, never by its id",
            failure(code=3001, message="Entity not found", status=404),
        )
    return read


def _check_application(work: Work, read: Mapping[str, Any]) -> None:
    """Slugs are those of the whole workspace: a wrong one must not reach another app's publication."""
    given = (work.api.connection.application or "").lower()
    info = read.get("applicationInfo")
    if not given or not work.api.names_application:
        return
    slug = info.get("slug") if isinstance(info, Mapping) else None
    shown = application_of(read) if is_id(given) else slug
    if isinstance(shown, str) and shown and shown.lower() != given:
        raise AppliveryError(
            f"it belongs to the app {shown}, while the option application (or APPLIVERY_APPLICATION) says "
            f"{work.api.connection.application}; nothing was written"
        )


# Which of publication_id and slug is given is looked at in run: an empty one counts as not given.
DEFINITION = Definition(SPEC, run)
