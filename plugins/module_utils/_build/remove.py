# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Delete a build, unless somebody is still given it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .resource import (
    BUILD_FIELDS,
    BUILDS,
    name_of,
    shown_build,
)
from .match import Build, Match, all_builds
from .._api.client import (
    STORES,
    Api,
    Endpoint,
    identity,
    segment,
)
from .._api.connection import WORKSPACE
from .._core.errors import (
    AppliveryError,
    RequestFailed,
    attempting,
)
from .._core.fields import as_read, is_empty
from .._core.task import Outcome, Task
from .._publication.resource import (
    FILTER_KEYS,
    MANUAL,
    PUBLICATIONS,
    pinned_builds,
)


def remove(task: Task[Api], ident: str | None, match: Match | None) -> Outcome:
    """Make sure that the build is not there; a build that never was there is fine."""
    build = _find(task.api, ident, match)
    if build is None:
        return Outcome(result={"build": None, "build_id": ident, "uploaded": False})
    found = str(identity(build))
    if not task.params["force"]:
        _refuse_if_pinned(task, build)
    changed = True if task.check_mode else _delete(task.api, found, build)
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


def _fields_of(build: Build) -> dict[str, Any]:
    shown = shown_build(build)
    return {entry.option: shown[entry.option] for entry in BUILD_FIELDS if not is_empty(shown[entry.option])}


def _find(api: Api, ident: str | None, match: Match | None) -> Build | None:
    if ident is not None:
        return api.find(BUILDS, ident)
    if match is None:
        return None
    builds = all_builds(api)
    chosen = match.choose(builds)
    if chosen is None:
        return None
    next_one = match.choose([build for build in builds if build is not chosen])
    if next_one is not None:
        raise AppliveryError(
            f"match fits more than one build, such as {name_of(chosen)} and {name_of(next_one)}: each run would delete "
            f"another one. Say more about the build, or give build_id ({match}; {len(builds)} builds were read)"
        )
    return api.find(BUILDS, str(identity(chosen)))


def _delete(api: Api, ident: str, build: Build) -> bool:
    try:
        return api.delete(BUILDS, ident)
    except RequestFailed as problem:
        if problem.code == 5014:
            problem.message += (
                f" Applivery deletes a build only after it was processed, and this one is {build.get('status')!r}: "
                "run the task again later."
            )
        raise


# What still hands the build out -------------------------------------------------------------------------------


def _refuse_if_pinned(task: Task[Api], build: Build) -> None:
    ident = str(identity(build)).lower()
    pinned = []
    unknown = []
    with attempting("looking for publications that are pinned to the build, which force: true skips"):
        for publication in _publications(task):
            name = f"{publication.get('slug')} ({identity(publication)})"
            if ident in pinned_builds(publication):
                pinned.append(name)
            elif not _shows_its_builds(publication):
                unknown.append(name)
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


def _publications(task: Task[Api]) -> Iterator[dict[str, Any]]:
    for endpoint in _endpoints(task):
        for listed in task.api.list_all(endpoint):
            # A list may be a short form.
            short = not _shows_its_builds(listed)
            yield (task.api.find(endpoint, str(identity(listed))) if short else None) or listed


def _shows_its_builds(publication: Mapping[str, Any]) -> bool:
    """Whether all builds that the publication is pinned to can be seen, none included."""
    chosen = publication.get("filter")
    if not isinstance(chosen, Mapping):
        return False
    kind = str(chosen.get("type"))
    if kind not in FILTER_KEYS:
        # Some new way of choosing: with builds in sight it is one of pinning, and those are the ones.
        return bool(pinned_builds(publication))
    if kind not in MANUAL:
        return True
    shown = [chosen[key] for key in FILTER_KEYS[kind] if key in chosen]
    return bool(shown) and all(map(_has_id, _pins(shown)))


def _pins(shown: Iterable[Any]) -> Iterator[Any]:
    """What stands for one build each, in a list or alone."""
    for value in shown:
        yield from value if isinstance(value, list) else [] if is_empty(value) else [value]


def _has_id(pin: Any) -> bool:
    return bool(pinned_builds({"filter": {"builds": [pin]}}))


def _endpoints(task: Task[Api]) -> Iterator[Endpoint]:
    """The publications of the app's token, or those of every store of the organization."""
    if task.api.kind != WORKSPACE:
        yield PUBLICATIONS
        return
    try:
        stores = [identity(store) for store in task.api.list_all(STORES)]
    except RequestFailed as problem:
        if problem.status not in (401, 403) or not task.api.connection.store:
            raise
        task.warn(
            "the stores of the organization can't be listed with this token; only the publications of the given store "
            "were looked at for ones that are pinned to the build"
        )
        stores = [task.api.connection.store]
    for store in stores:
        yield PUBLICATIONS._replace(workspace=PUBLICATIONS.workspace.replace("{store}", segment(store or "")))
