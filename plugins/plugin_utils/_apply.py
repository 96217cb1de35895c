# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Making the service match declared files, or what a result says was there before.

Every file is first played in check mode, many at a time and over one reading of the lists; only what differs is then
brought about, one by one, publications before people, by the very code of the modules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, Callable, NamedTuple, cast

from ..module_utils._api.client import ORGANIZATIONS, Api, Endpoint, identity
from ..module_utils._build.run import BUILD_SPEC
from ..module_utils._build.run import run as run_build
from ..module_utils._core.concurrency import CONCURRENCY_SPEC, pool_of, workers_of
from ..module_utils._core.errors import AppliveryError, InvalidInput
from ..module_utils._core.fields import is_id
from ..module_utils._core.task import Definition, Needs, Outcome, Task
from ..module_utils._otp_user.people import people_of
from ..module_utils._otp_user.resource import OTP_USERS
from ..module_utils._otp_user.roll import Census
from ..module_utils._otp_user.run import SPEC as OTP_USER_SPEC
from ..module_utils._otp_user.run import run as run_people
from ..module_utils._publication.resource import PUBLICATIONS as ENDPOINT
from ..module_utils._publication.run import SPEC as PUBLICATION_SPEC
from ..module_utils._publication.run import run as run_publication
from ._documents import PUBLICATIONS, TESTERS, Declared, filled, read_folder
from ._export import Holding, of_application
from ._saved import BUILDS, read_saved

CREATED, UPDATED, UNCHANGED, FAILED = "created", "updated", "unchanged", "failed"
SPEC: dict[str, dict[str, Any]] = {
    "folder": {"type": "path"},
    "saved": {"type": "path"},
    "passwords": {"type": "dict", "no_log": True},
    "unreturned_fields": PUBLICATION_SPEC["unreturned_fields"],
    "undeclared": {"type": "str", "choices": ["report", "fail", "ignore"], "default": "report"},
    **CONCURRENCY_SPEC,
}
CONSTRAINTS = {"mutually_exclusive": [("folder", "saved")], "required_one_of": [("folder", "saved")]}
_RUN = {PUBLICATIONS: run_publication, TESTERS: run_people, BUILDS: run_build}


class Played(NamedTuple):
    """How one file ended, or would end: ``changes`` maps options to what was found and what is declared."""

    declared: Declared
    action: str
    outcome: Outcome | None = None
    msg: str = ""
    warnings: tuple[str, ...] = ()


def needs(params: Mapping[str, Any]) -> Needs:
    """Each concurrent request wants a connection of its own."""
    return Needs(pool=pool_of(params))


def run(task: Task[Api]) -> Outcome:
    """Play every file; see the documentation of applivery_apply."""
    declared = read_folder(task.params["folder"]) if task.params["folder"] else read_saved(task.params["saved"])
    _refuse(task, declared)
    ground = _Ground(task)
    played = ground.checked(declared)
    undeclared = ground.undeclared(declared) if task.params["folder"] else []
    if not task.check_mode:
        played = list(ground.brought_about(played))
    return _outcome(task, played, undeclared)


def _refuse(task: Task[Api], declared: list[Declared]) -> None:
    """Refuse files that are not for this connection, and passwords that nobody asks for, before anything is written."""
    mine = task.api.connection.organization
    foreign = [item for item in declared if item.organization and not _same_organization(task.api, mine, item)]
    if foreign:
        told = "; ".join(
            f"{item.file}, line 1: it is for the organization {item.organization}" for item in foreign[:20]
        )
        raise InvalidInput(f"{told}. The connection says {mine}; nothing was written")
    unknown = set(task.params["passwords"] or {}) - {item.password_variable for item in declared}
    if unknown:
        task.warn(f"passwords: no file asks for {', '.join(sorted(unknown))}")


def _same_organization(api: Api, mine: str | None, item: Declared) -> bool:
    theirs = str(item.organization)
    if mine is None or mine.lower() == theirs.lower():
        # An app token belongs to one organization, and does not say which.
        return True
    if is_id(mine) == is_id(theirs):
        return False
    found = api.get(ORGANIZATIONS, mine)
    return theirs.lower() in (str(identity(found)).lower(), str(found.get("slug")).lower())


# Playing --------------------------------------------------------------------------------------------------------------


class _Ground:
    """What all files are played on: one reading of each list, and the ids of the publications by slug."""

    def __init__(self, task: Task[Api]) -> None:
        self._task = task
        self.holding = Holding(task.api, workers_of(task.params), task.warn)
        self._people: Census | None = None
        self._reading = Lock()
        self._listed = task.api.list_all(ENDPOINT)
        self._idents: dict[str, list[str]] = {}
        for item in self._listed:
            self._idents.setdefault(str(item.get("slug")), []).append(str(identity(item)))

    def undeclared(self, declared: list[Declared]) -> list[dict[str, Any]]:
        """The publications that no file is about."""
        known = {item.name for item in declared if item.kind == PUBLICATIONS}
        return [
            {"slug": item.get("slug"), "publication_id": identity(item), "updated_at": item.get("updatedAt")}
            for item in sorted(self._listed, key=lambda item: str(item.get("slug")))
            if item.get("slug") not in known
        ]

    def checked(self, declared: list[Declared]) -> list[Played]:
        """Each file in check mode; the list of people is read meanwhile, not when it is needed."""
        listing = [None] if any(item.kind == TESTERS for item in declared) else []
        played = self.holding.at_once(self._check, [*listing, *declared])
        return [item for item in played if item is not None]

    def _check(self, declared: Declared | None) -> Played | None:
        if declared is not None:
            return self.play(declared, check_mode=True)
        # The files that need it read it again, and tell why it can't be.
        with suppress(AppliveryError):
            self._census()
        return None

    def play(self, declared: Declared, check_mode: bool) -> Played:
        """Run the module of one file. Errors become part of its outcome."""
        warnings: list[str] = []
        params = self._params(declared)
        if check_mode and declared.kind == TESTERS:
            api = cast(Api, _Snapshot(self._task.api, lambda: self._on_the_list(declared, params)))
        else:
            api = of_application(self._task.api, declared.application)
        task = Task(params, api, check_mode, warnings.append)
        try:
            outcome = _RUN[declared.kind](task)
        except AppliveryError as problem:
            changed = bool(problem.result.get("changed"))
            outcome = Outcome(changed=changed, result=problem.result, error=problem)
        if outcome.error is not None:
            return Played(declared, FAILED, outcome, outcome.error.message, tuple(warnings))
        action = UNCHANGED if not outcome.changed else UPDATED if self._is_there(declared) else CREATED
        if action == CREATED and "publication_id" in declared.options:
            warnings.append(f"the publication {declared.name} was deleted, so it comes back with a new id")
        return Played(declared, action, outcome, str(outcome.result.get("msg", "")), tuple(warnings))

    def brought_about(self, foretold: list[Played]) -> Iterator[Played]:
        """Each file that differs, for real; people only where their publication did not fail."""
        failed: set[str] = set()
        for item in foretold:
            if item.action in (FAILED, UNCHANGED):
                done = item
            elif item.declared.kind == TESTERS and item.declared.name in failed:
                done = Played(item.declared, FAILED, None, "its publication could not be brought about")
            else:
                done = self.play(item.declared, check_mode=False)
            if done.action == FAILED:
                failed.add(item.declared.name)
            yield done

    def _on_the_list(self, declared: Declared, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The OTP users that matter to one file."""
        census, ident = self._census(), self._ident(declared)
        keys = [person.key for person in people_of(params)]
        return list(census.reads) if ident is None else census.about(ident, keys)

    def _census(self) -> Census:
        with self._reading:
            if self._people is None:
                self._people = Census(self.holding.people())
            return self._people

    def _is_there(self, declared: Declared) -> bool:
        return declared.kind != PUBLICATIONS or self._ident(declared) is not None

    def _ident(self, declared: Declared) -> str | None:
        given = declared.options.get("publication_id")
        if given and any(given in idents for idents in self._idents.values()):
            return str(given)
        found = self._idents.get(declared.name, [])
        return found[0] if len(found) == 1 else None

    def _params(self, declared: Declared) -> dict[str, Any]:
        if declared.kind == BUILDS:
            return filled(BUILD_SPEC, declared.options)
        ident = self._ident(declared)
        if declared.kind == TESTERS:
            return filled(OTP_USER_SPEC, {**declared.options, "publication": ident or declared.name})
        options = {key: value for key, value in declared.options.items() if key != "publication_id"}
        options["unreturned_fields"] = self._task.params["unreturned_fields"]
        options["password"] = (self._task.params["passwords"] or {}).get(declared.password_variable)
        if ident:
            options.update(publication_id=ident, slug=None)
            if "publication_id" in declared.options:
                options["new_slug"] = declared.name
        return filled(PUBLICATION_SPEC, options)


class _Snapshot:
    """An API whose list of OTP users is read once: checking five hundred files must not read it five hundred times."""

    def __init__(self, api: Api, people: Callable[[], list[dict[str, Any]]]) -> None:
        self._api = api
        self._people = people

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def pages(self, endpoint: Endpoint, hints: Mapping[str, Any] | None = None, *more: Any, **options: Any) -> Any:
        """As the API does it; the list of OTP users as one page, unless somebody is looked up in it."""
        if endpoint is not OTP_USERS or "email" in (hints or {}):
            return self._api.pages(endpoint, hints, *more, **options)
        return iter([self._people()])

    def list_all(self, endpoint: Endpoint, hints: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """As the API does it, with the same exception."""
        if endpoint is not OTP_USERS or "email" in (hints or {}):
            return self._api.list_all(endpoint, hints)
        return self._people()


# Telling --------------------------------------------------------------------------------------------------------------


def _outcome(task: Task[Api], played: list[Played], undeclared: list[dict[str, Any]]) -> Outcome:
    for item in played:
        for warning in item.warnings:
            task.warn(f"{item.declared.file}: {warning}")
    failed = [item for item in played if item.action == FAILED]
    numbers = Counter(item.action for item in played)
    counts = {action: numbers[action] for action in (CREATED, UPDATED, UNCHANGED, FAILED)}
    counts["undeclared"] = len(undeclared)
    surplus = bool(undeclared) and task.params["undeclared"] == "fail"
    changed = any(item.outcome is not None and item.outcome.changed for item in played)
    result: dict[str, Any] = {
        "results": [_told(item) for item in played],
        "undeclared": [] if task.params["undeclared"] == "ignore" else undeclared,
        "counts": counts,
        "differs": changed or surplus or bool(failed),
    }
    return Outcome(
        changed=changed,
        result=result,
        before=_side(played, "before"),
        after=_side(played, "after"),
        title=str(task.params["folder"] or task.params["saved"]),
        error=_error(failed, undeclared if surplus else []),
    )


def _told(item: Played) -> dict[str, Any]:
    """One file in a result. Of people there are only numbers: job logs are read by many."""
    declared, outcome = item.declared, item.outcome
    told: dict[str, Any] = {
        "kind": declared.kind,
        "file": declared.file,
        "name": declared.name,
        "action": item.action,
        "msg": item.msg,
    }
    if outcome is None:
        return told
    result = outcome.result
    told["publication_id"] = result.get("publication_id")
    if declared.kind == TESTERS:
        told["counts"] = result.get("counts")
        return told
    told["changes"] = {
        option: {"found": outcome.before.get(option), "declared": outcome.after.get(option)}
        for option in sorted({*outcome.before, *outcome.after})
    }
    previous = result.get("previous")
    told["since"] = previous.get("updated_at") if isinstance(previous, Mapping) and item.action != CREATED else None
    if previous is not None and outcome.changed:
        told["previous"] = previous
    return told


def _side(played: list[Played], side: str) -> dict[str, Any]:
    return {
        item.declared.file: dict(getattr(item.outcome, side))
        for item in played
        if item.outcome is not None and item.declared.kind != TESTERS and getattr(item.outcome, side)
    }


def _error(failed: list[Played], surplus: list[dict[str, Any]]) -> AppliveryError | None:
    told = [f"{item.declared.file}: {item.msg}" for item in failed]
    told += [f"the publication {item['slug']} is declared in no file" for item in surplus]
    if not told:
        return None
    more = f"; and {len(told) - 20} more" if len(told) > 20 else ""
    error = AppliveryError("; ".join(told[:20]) + more)
    first = next((item.outcome.error for item in failed if item.outcome and item.outcome.error), None)
    if first is not None:
        error.failure = first.failure
    return error


DEFINITION = Definition(SPEC, run, needs, CONSTRAINTS)
