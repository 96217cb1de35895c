# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Which builds a release of a publication takes. Read only: whoever asked pins the publication and labels the builds.

A release goes on from where the publication is: it keeps to what it follows or was pinned to, never goes back to an
older build by itself, and finds what an earlier run has labelled already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .find import Aim, passed_over, search
from .match import Match, checked, misfits, text_of, why_nothing_fits
from .read import created, find_by_id
from .resource import FAILED, Build, name_of, shown_build, state_of
from .served import FOLLOWED
from .wait import Patience, failed, is_unfinished, until_processed
from .._api.client import Api
from .._api.envelope import identity
from .._core.errors import AppliveryError, InvalidInput, attempting, failure
from .._core.fields import canonical, is_empty
from .._core.task import Definition, Needs, Outcome, Task
from .._publication.find import find_by_slug
from .._publication.resource import FIELD, MANUAL, PLATFORMS, shown_publication

RELEASE_SPEC: dict[str, dict[str, Any]] = {
    "publication": {"type": "str", "required": True},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "git_branch": {"type": "str"},
    "version_name": {"type": "str"},
    "released_as": {"type": "str"},
    "allow_downgrade": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "wait_interval": {"type": "int", "default": 5},
}
# What a new publication is released for.
_USUAL = ("ios", "android")


def needs(_params: Mapping[str, Any]) -> Needs:
    """Builds belong to an application, which the Workspace API wants to know."""
    return Needs(application=True)


def run(task: Task[Api]) -> Outcome:
    """Find one build for each platform."""
    return _Work(task).run()


# What the publication says. Pure ------------------------------------------------------------------------------


def pins_of(publication: Mapping[str, Any] | None) -> dict[str, str]:
    """The build of each platform that a publication is pinned to, in whichever of the two forms."""
    chosen = canonical(FIELD["filter"], (publication or {}).get("filter")) or {}
    if chosen.get("type") not in MANUAL:
        return {}
    by_key = {platform: chosen[platform] for platform in PLATFORMS if chosen.get(platform)}
    by_list = {str(entry.get("build_platform")): entry["id"] for entry in chosen.get("builds", []) if entry.get("id")}
    return {**by_key, **by_list}


def targets_of(platforms: Sequence[str], pins: Mapping[str, str]) -> list[str]:
    """The platforms to release for: those that are named, else those that are pinned, else the usual ones."""
    if platforms:
        return list(dict.fromkeys(platforms))
    known = [platform for platform in PLATFORMS if platform in pins]
    if pins and not known:
        raise InvalidInput(f"platforms: the publication is pinned to {', '.join(pins)} alone; say what to release for")
    return known or list(_USUAL)


def origin_of(branch: str | None, publication: Mapping[str, Any] | None, pinned: Sequence[Build]) -> dict[str, str]:
    """What the builds have in common: the branch that is named, what the publication follows, or its one branch."""
    if branch:
        return {"git_branch": branch}
    chosen = (publication or {}).get("filter") or {}
    kind, value = str(chosen.get("type")), chosen.get("value")
    if kind in FOLLOWED and not is_empty(value):
        if kind == "tag" and "," in str(value):
            raise InvalidInput(
                f"git_branch: the publication follows the tags {value}, and whether a build needs one or all of them is "
                "not documented; say which branch to release"
            )
        return {FOLLOWED[kind]: str(value)}
    branches = {text_of(((build.get("deployer") or {}).get("info") or {}).get("branch") or "") for build in pinned}
    return {"git_branch": only} if len(branches) == 1 and (only := branches.pop()) else {}


# The task -----------------------------------------------------------------------------------------------------


class _Work:
    def __init__(self, task: Task[Api]) -> None:
        params = task.params
        self.task = task
        self.api: Api = task.api
        self.patience = Patience.of(params)
        if any(not str(name).strip() for name in (params["publication"], *params["platforms"])):
            raise InvalidInput("publication and platforms: they must not be empty")
        checked({"git_branch": params["git_branch"], "version_name": params["version_name"]})
        self.passed: list[Build] = []

    def run(self) -> Outcome:
        params = self.task.params
        with attempting(f"release of {params['publication']}"):
            publication = find_by_slug(self.api, params["publication"], self.task.warn)
            pins = pins_of(publication)
            targets = targets_of(params["platforms"], pins)
            pinned = {platform: build for platform, ident in pins.items() if (build := find_by_id(self.api, ident))}
            origin = origin_of(params["git_branch"], publication, list(pinned.values()))
            chosen = {platform: self._choose(platform, origin, pinned.get(platform)) for platform in targets}
            builds = {platform: self._ready(build) for platform, build in chosen.items()}
        if self.passed:
            names = ", ".join(map(name_of, self.passed))
            self.task.warn(f"passed over, for it can't be downloaded (disabled): {names}")
        ids = {platform: str(identity(build)) for platform, build in builds.items()}
        return Outcome(
            result={
                "publication": None if publication is None else shown_publication(publication),
                "pinned": pins,
                "origin": origin,
                "builds": {platform: shown_build(build) for platform, build in builds.items()},
                "build_ids": ids,
                "filter": filter_of(ids),
                "passed_over": [shown_build(build) for build in self.passed],
            }
        )

    def _choose(self, platform: str, origin: Mapping[str, str], pinned: Build | None) -> Build:
        """The newest build that fits, and not one that is older than the pinned one."""
        version = self.task.params["version_name"]
        wanted = {"os": platform, **origin, **({"version_name": version} if version else {}), "disabled": False}
        outcome = search(self.api, Aim(Match(wanted)))
        self.passed.extend(passed_over(outcome, wanted))
        found = outcome.found[0] if outcome.found else None
        if pinned is not None and self._is_released(pinned, wanted) and not _is_newer(found, pinned):
            return pinned
        if found is None:
            raise AppliveryError(
                f"no build fits {Match(wanted)}, of {len(outcome.listed)} that were read"
                f"{why_nothing_fits(wanted, outcome.listed)}",
                failure(message="no build fits"),
            )
        self._refuse_older(platform, found, pinned)
        return found

    def _is_released(self, pinned: Build, wanted: Mapping[str, Any]) -> bool:
        """Whether the pinned build is what an earlier release with the same words took and labelled."""
        wrong = set(misfits(pinned, wanted))
        name = self.task.params["released_as"]
        return not wrong or bool(name and wrong == {"version_name"} and not misfits(pinned, {"version_name": name}))

    def _refuse_older(self, platform: str, found: Build, pinned: Build | None) -> None:
        if pinned is None or identity(pinned) == identity(found) or self.task.params["allow_downgrade"]:
            return
        if created(found) is None or created(pinned) is None:
            raise AppliveryError(
                f"{platform}: whether {name_of(found)} is older than {name_of(pinned)}, to which the publication is "
                "pinned, can't be told; set allow_downgrade: true if it may be"
            )
        if _is_newer(pinned, found):
            raise AppliveryError(
                f"{platform}: the newest build that fits is {name_of(found)}, and the publication is pinned to the newer "
                f"{name_of(pinned)}. Ask for another build, or set allow_downgrade: true to go back"
            )

    def _ready(self, build: Build) -> Build:
        if is_unfinished(build):
            if self.patience.wait and not self.task.check_mode:
                build = until_processed(self.api, build, self.patience)
            else:
                self.task.warn(f"the build {name_of(build)} is still {build.get('status')!r}")
        if state_of(build) == FAILED:
            raise failed(build)
        return build


def _is_newer(one: Build | None, other: Build) -> bool:
    """Whether ``one`` is there and known to be newer than ``other``."""
    moments = created(one or {}), created(other)
    return moments[0] is not None and moments[1] is not None and moments[0] > moments[1]


def filter_of(ids: Mapping[str, str]) -> dict[str, Any]:
    """The builds as ``filter`` of applivery_publication; by platform where it has keys for all of them."""
    if set(ids) <= set(PLATFORMS):
        return {"type": "build", **ids}
    return {"type": "builds", "builds": [{"build_platform": key, "id": ident} for key, ident in ids.items()]}


DEFINITION = Definition(RELEASE_SPEC, run, needs)
