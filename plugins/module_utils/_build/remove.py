# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Delete a build, unless somebody is still given it."""

from __future__ import annotations

from typing import Any

from .find import Aim, search
from .match import Match
from .read import find_by_id
from .resource import (
    BUILD_FIELDS,
    BUILDS,
    Build,
    name_of,
    shown_build,
)
from .served import name_of_publication, publications, shows_its_builds
from .._api.client import Api
from .._api.envelope import identity
from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    RequestFailed,
    attempting,
)
from .._core.fields import as_read, is_empty
from .._core.task import Outcome, Task
from .._publication.resource import pinned_builds


def remove(task: Task[Api], ident: str | None, match: Match | None) -> Outcome:
    """Make sure that the build is not there; a build that never was there is fine."""
    build = _find(task.api, ident, match)
    if build is None:
        return Outcome(result={"build": None, "build_id": ident, "uploaded": False})
    found = str(identity(build))
    if not task.params["force"]:
        _refuse_if_pinned(task, build)
    changed = True if task.check_mode else delete(task.api, build)
    return Outcome(
        changed=changed,
        result={
            "build": None,
            "build_id": found,
            "uploaded": False,
            **({"previous": as_read(build)} if changed else {}),
        },
        before=_fields_of(build) if changed else {},
        title=f"build {name_of(build)}",
    )


def delete(api: Api, build: Build) -> bool:
    """Delete the build; False when it was gone already. An error says ``changed`` where it may be gone now."""
    try:
        return api.delete(BUILDS, str(identity(build)))
    except AmbiguousWrite as problem:
        raise problem.with_result(changed=True, previous=as_read(build)) from None
    except RequestFailed as problem:
        if problem.code == 5014:
            problem.message += (
                f" Applivery deletes a build only after it was processed, and this one is {build.get('status')!r}: "
                "run the task again later."
            )
        raise


def _fields_of(build: Build) -> dict[str, Any]:
    shown = shown_build(build)
    return {entry.option: shown[entry.option] for entry in BUILD_FIELDS if not is_empty(shown[entry.option])}


def _find(api: Api, ident: str | None, match: Match | None) -> Build | None:
    if ident is not None:
        return find_by_id(api, ident)
    if match is None:
        return None
    # Without hints: a filter that the server understands in its own way could hide the second one.
    outcome = search(api, Aim(match, most=2), hinted=False)
    if len(outcome.found) > 1:
        first, second = map(name_of, outcome.found)
        raise AppliveryError(
            f"match fits more than one build, such as {first} and {second}: each run would delete another one. "
            f"Say more about the build, or give build_id ({match}; {len(outcome.listed)} builds were read)"
        )
    return outcome.found[0] if outcome.found else None


def _refuse_if_pinned(task: Task[Api], build: Build) -> None:
    ident = str(identity(build)).lower()
    pinned = []
    unknown = []
    with attempting("looking for publications that are pinned to the build, which force: true skips"):
        for publication in publications(task):
            if ident in pinned_builds(publication):
                pinned.append(name_of_publication(publication))
            elif not shows_its_builds(publication):
                unknown.append(name_of_publication(publication))
    if pinned:
        raise AppliveryError(
            f"the build {name_of(build)} is pinned by {len(pinned)} publication(s), which would stop serving it: "
            f"{', '.join(sorted(pinned))}. Point them to another build first, or set force: true"
        )
    if unknown:
        raise AppliveryError(
            f"whether the build {name_of(build)} is pinned can't be told: the server does not show which builds "
            f"{', '.join(sorted(unknown))} offer(s). Look in the dashboard, then set force: true"
        )
