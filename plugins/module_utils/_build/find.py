# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The one search for builds, whether they are to be labelled, pinned, listed or deleted.

Nothing here trusts the server's filters or its order: filters are hints, and reading stops early only when the order
of what was read proves that nothing newer can follow. A list may be a short form of its builds: where it shows nothing
of what decides, the builds are read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from .match import Match, Wanted, fits, keys_of, misfits
from .read import find_by_id, newest_first
from .resource import Build
from .._api.client import Api
from .._api.connection import WORKSPACE
from .._api.envelope import identity
from .._api.pages import undisturbed

# The values that the lists are known to understand (guide; client code for the Workspace API).
_OS_HINTS = {WORKSPACE: ("ios", "android", "macos", "windows")}
_OS_HINTS_ELSE = ("ios", "android")
# So many builds in a row that show no more than the list did: the list is no short form.
_ENOUGH = 10


class Search(NamedTuple):
    """The outcome of a search.

    ``found`` fit, newest first, each read in full; ``listed`` is all that was listed on the way; ``rejected`` are those
    that an expression chose, and that are gone or not meant after all.
    """

    found: list[Build]
    listed: list[Build]
    rejected: tuple[str | None, ...] = ()


def hints(api: Api, wanted: Wanted) -> dict[str, Any]:
    """The filters worth telling the server; ``status`` never, for its two words for done (fact sheet, C7)."""
    told = {}
    if wanted.get("os") in _OS_HINTS.get(api.kind, _OS_HINTS_ELSE):
        told["os"] = wanted["os"]
    if wanted.get("version_name"):
        told["versionName"] = wanted["version_name"]
    return told


class Aim(NamedTuple):
    """What to search for: builds that fit ``match``, no more than ``most``, and that ``accepts`` takes, read in full."""

    match: Match
    most: int = 1
    accepts: Callable[[Build], bool] = lambda _build: True

    def confirmed(self, listed: Build, found: Build | None) -> list[Build]:
        """The build read in full; nothing where it is gone, or shows that it does not fit after all."""
        # A state that moved on since the list was made is no reason.
        wanted = {option: value for option, value in self.match.wanted.items() if option != "status"}
        fine = found is not None and found is not listed and fits(found, wanted) and self.accepts(found)
        return [found] if found is not None and fine else []


def search(api: Api, aim: Aim, hinted: bool = True) -> Search:
    """The newest builds that are meant, reading as little as is certain.

    Before it says that there is none, it reads the whole list without hints, which ``hinted`` false does at once.
    """
    told = hints(api, aim.match.wanted) if hinted else {}
    outcome = undisturbed(lambda: _look(api, aim, told))
    if not outcome.found and told and not _ignored(told, outcome.listed):
        outcome = undisturbed(lambda: _look(api, aim, {}))
    if not outcome.found and aim.match.unseen(outcome.listed):
        outcome = _look_closer(api, aim, outcome.listed)
    return outcome


def listed_and_fitting(api: Api, wanted: Wanted, told: Mapping[str, Any]) -> Iterator[Build]:
    """All fitting builds, newest first, as far as the caller iterates; for tasks that only look."""
    listed = []
    anything = False
    for build in newest_first(api, told):
        listed.append(build)
        if fits(build, wanted):
            anything = True
            yield build
    if not anything and not told and Match(wanted).unseen(listed):
        candidates = [build for build in listed if not misfits(build, wanted, known_only=True)]
        yield from (build for build in whole(api, candidates) if fits(build, wanted))


def whole(api: Api, builds: Iterable[Build]) -> Iterator[Build]:
    """The builds in the form that shows most of them, in the same order; those that are gone meanwhile are left out.

    They are read one by one, until enough of them have shown no more than the list did.
    """
    short = False
    alike = 0
    for build in builds:
        if not short and alike >= _ENOUGH:
            yield build
            continue
        found = find_by_id(api, str(identity(build)))
        if found is None:
            continue
        alike += 1
        short = short or bool(set(keys_of(found)) - set(keys_of(build)))
        yield found


def passed_over(outcome: Search, wanted: Wanted) -> list[Build]:
    """The builds that would have been found, were they not disabled."""
    return [build for build in outcome.listed if set(misfits(build, wanted)) == {"disabled"}]


def _look(api: Api, aim: Aim, told: Mapping[str, Any]) -> Search:
    """The builds that fit by what the list shows of them; none where an expression asks for what it does not show."""
    wanted = aim.match.wanted
    if aim.match.query is not None:
        listed = list(newest_first(api, told))
        fitting = [] if aim.match.unseen(listed) else [build for build in listed if fits(build, wanted)]
        return _picked(api, aim, fitting, listed)
    listed = []
    found: list[Build] = []
    for build in newest_first(api, told):
        listed.append(build)
        if fits(build, wanted):
            # A list may show less of a build, or be a moment old.
            listed[-1] = find_by_id(api, str(identity(build))) or build
            found.extend(aim.confirmed(build, listed[-1]))
        if len(found) == aim.most:
            break
    return Search(found, listed)


def _look_closer(api: Api, aim: Aim, listed: Sequence[Build]) -> Search:
    """As ``_look``, by what the builds themselves show that nothing in the list contradicts."""
    candidates = [build for build in listed if not misfits(build, aim.match.wanted, known_only=True)]
    read: dict[str | None, Build] = {}

    def fitting() -> Iterator[Build]:
        for build in whole(api, candidates):
            read[identity(build)] = build
            if fits(build, aim.match.wanted):
                yield build

    outcome = _picked(api, aim, fitting(), [])
    return outcome._replace(listed=[read.get(identity(build), build) for build in listed])


def _picked(api: Api, aim: Aim, fitting: Iterable[Build], listed: list[Build]) -> Search:
    """The builds that are meant among the fitting ones: one after the other, each without those before it."""
    if aim.match.query is None:
        return Search(list(islice(filter(aim.accepts, fitting), aim.most)), listed)
    left = list(fitting)
    found: list[Build] = []
    rejected: list[str | None] = []
    while len(found) < aim.most and (chosen := aim.match.pick(left)) is not None:
        confirmed = aim.confirmed(chosen, find_by_id(api, str(identity(chosen))))
        found.extend(confirmed)
        rejected.extend([] if confirmed else [identity(chosen)])
        left = [build for build in left if build is not chosen]
    return Search(found, listed, tuple(rejected))


def _ignored(told: Mapping[str, Any], builds: Sequence[Build]) -> bool:
    """Whether the server visibly ignored every hint, so that it showed the whole list already."""
    return all(any(build.get(key) not in (None, value) for build in builds) for key, value in told.items())
