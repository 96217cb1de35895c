# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Which builds publications hand out: those that they are pinned to, and the newest ones that they follow.

How the server compares a branch or a tag, and which states it serves, is not documented. Where readings differ, every
build that one of them would serve counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .match import CRITERIA, text_of
from .read import created
from .resource import DONE, Build, state_of
from .._api.client import (
    STORES,
    Api,
    Endpoint,
    segment,
)
from .._api.connection import WORKSPACE
from .._api.envelope import identity
from .._core.errors import RequestFailed
from .._core.fields import is_empty, is_id
from .._core.task import Task
from .._publication.resource import (
    FILTER_KEYS,
    MANUAL,
    PUBLICATIONS,
    application_of,
    pinned_builds,
)

Publication = Mapping[str, Any]
_READ = {entry.option: entry.read for entry in CRITERIA}
# What the value of a filter is compared with.
FOLLOWED = {"gitBranch": "git_branch", "gitTag": "git_tag", "tag": "tag"}


def publications(task: Task[Api]) -> Iterator[dict[str, Any]]:
    """The publications of the app's token, or those of every store of the organization, with their filters."""
    for endpoint in _endpoints(task):
        for listed in task.api.list_all(endpoint):
            # A list may be a short form.
            short = not shows_its_builds(listed)
            yield (task.api.find(endpoint, str(identity(listed))) if short else None) or listed


def name_of_publication(publication: Publication) -> str:
    """``my-app (64b7...)``: how messages call a publication."""
    return f"{publication.get('slug')} ({identity(publication)})"


def may_be_of(publication: Publication, application: str | None) -> bool:
    """Whether a publication may belong to the app with this id; True where either does not tell."""
    shown = str(application_of(publication) or "").lower()
    return application is None or not is_id(shown) or shown == application.lower()


def shows_its_builds(publication: Publication) -> bool:
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
            "were looked at for ones that need the build"
        )
        stores = [task.api.connection.store]
    for store in stores:
        yield PUBLICATIONS._replace(workspace=PUBLICATIONS.workspace.replace("{store}", segment(store or "")))


# Which builds that are. Pure ----------------------------------------------------------------------------------


class Served(NamedTuple):
    """``ids``: what is needed, id in lower case -> the publication. ``unknown``: publications that may serve any build."""

    ids: Mapping[str, str]
    unknown: tuple[str, ...]


def served(found: Iterable[Publication], builds: Sequence[Build]) -> Served:
    """Which of an app's builds its publications hand out now."""
    ids: dict[str, str] = {}
    unknown = []
    for publication in found:
        name = name_of_publication(publication)
        followed = _followed(publication, builds)
        if followed is None or not shows_its_builds(publication):
            unknown.append(name)
            # Whatever it is that is followed, the newest builds are the likeliest.
            followed = list(_newest(builds))
        for ident in (*pinned_builds(publication), *(str(identity(build)).lower() for build in followed)):
            ids.setdefault(ident, name)
    return Served(ids, tuple(unknown))


def _followed(publication: Publication, builds: Sequence[Build]) -> list[Build] | None:
    """The builds that are the newest for a filter; None where how the filter chooses can't be told."""
    chosen = publication.get("filter")
    kind = chosen.get("type") if isinstance(chosen, Mapping) else None
    if not isinstance(chosen, Mapping) or kind not in FILTER_KEYS:
        return None
    if kind in MANUAL:
        return []
    value = chosen.get("value")
    if kind != "last" and (not isinstance(value, str) or not value.strip()):
        return None
    return [build for test in _readings(str(kind), str(value)) for build in _newest(filter(test, builds))]


def _readings(kind: str, value: str) -> Iterator[Callable[[Build], bool]]:
    """The ways in which a server may understand a filter."""
    if kind == "last":
        yield lambda _build: True
        return
    for form in (str, _loose):
        if kind == "tag":
            several = [tag.strip() for tag in value.split(",") if tag.strip()]
            # One tag that holds a comma, each of several, any of them, all of them (fact sheet, N12).
            yield from (_with_tags(wanted, all, form) for wanted in ([value], *([tag] for tag in several), several))
            yield _with_tags(several, any, form)
        else:
            yield _with_text(_READ[FOLLOWED[kind]], value, form)


def _with_text(read: Callable[[Build], Any], value: str, form: Callable[[Any], str]) -> Callable[[Build], bool]:
    return lambda build: form(read(build)) == form(value)


def _with_tags(
    wanted: Sequence[str], judge: Callable[[Iterable[bool]], bool], form: Callable[[Any], str]
) -> Callable[[Build], bool]:
    def test(build: Build) -> bool:
        tags = build.get("tags")
        held = set(map(form, tags)) if isinstance(tags, list) else set()
        return judge(form(tag) in held for tag in wanted)

    return test


def _loose(value: Any) -> str:
    return text_of(value or "").casefold()


def _newest(builds: Iterable[Build]) -> Iterator[Build]:
    """Of each platform the newest build of all, of those that are processed, and of those that can be installed.

    Equal dates are equally new, and a build without a date may be the newest.
    """
    kinds: dict[tuple[str, str], list[Build]] = {}
    for build in builds:
        readings = {"any": True, "processed": state_of(build) == DONE[0], "usable": is_usable(build)}
        for platform in (f"os {build.get('os')}", f"buildPlatform {build.get('os')} {build.get('buildPlatform')}"):
            for reading in (name for name, fits in readings.items() if fits):
                kinds.setdefault((platform, reading), []).append(build)
    for group in kinds.values():
        latest = max((moment for moment in map(created, group) if moment is not None), default=None)
        yield from (build for build in group if created(build) in (None, latest))


def is_usable(build: Build) -> bool:
    """Whether the build can be installed as far as it shows: processed, and not disabled."""
    return state_of(build) == DONE[0] and not build.get("disabled")
