# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Delete old builds that nobody is given any more.

Each deletion is decided on a fresh look: others, and the retention of the service, take builds away meanwhile, and what
was old may be the newest by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any, NamedTuple

from .find import whole
from .match import CRITERIA, Match, fits, match_spec, text_of
from .read import created, find_by_id, newest_first
from .remove import delete
from .resource import Build, name_of
from .served import FOLLOWED, Served, is_usable, may_be_of, name_of_publication, publications, served
from .wait import is_unfinished
from .._api.client import Api
from .._api.envelope import identity
from .._api.pages import undisturbed
from .._core.errors import AppliveryError, InvalidInput, attempting
from .._core.fields import as_read, is_id
from .._core.task import Definition, Needs, Outcome, Task
from .._publication.resource import MANUAL

PRUNE_SPEC: dict[str, dict[str, Any]] = {
    "keep_newest": {"type": "int"},
    "per": {"type": "list", "elements": "str", "choices": ["os", "git_branch", "tag"], "default": []},
    "older_than": {"type": "int"},
    "match": match_spec(),
    "max_removals": {"type": "int", "default": 50},
    "force": {"type": "bool", "default": False},
}
_BLIND = (
    "this server shows of no build whether it is disabled, so each counts as enabled; if the newest ones are disabled, an "
    "older one, which may go, is what is offered by {}"
)
_READ = {entry.option: entry.read for entry in CRITERIA}


def needs(_params: Mapping[str, Any]) -> Needs:
    """Builds belong to an application, which the Workspace API wants to know."""
    return Needs(application=True)


def run(task: Task[Api]) -> Outcome:
    """Delete what the rule no longer keeps and no publication needs."""
    return _Work(task).run()


# What is to go. Pure ------------------------------------------------------------------------------------------


class Rule(NamedTuple):
    """Which builds are old: beyond the newest ``keep_newest`` of each kind, and created before ``before``."""

    keep_newest: int | None = None
    per: tuple[str, ...] = ()
    before: datetime | None = None
    match: Match | None = None

    def selected(self, builds: Sequence[Build]) -> list[Build]:
        """The builds that the rule is about."""
        if self.match is None:
            return list(builds)
        wanted = self.match.wanted
        chosen = self.match.chosen([build for build in builds if fits(build, wanted)])
        return list({identity(build): build for build in chosen}.values())

    def old(self, builds: Sequence[Build]) -> list[Build]:
        """Which of the selected ones are old, oldest first. One without a date, or still worked on, never is."""
        dated = [(moment, build) for build in builds if (moment := created(build)) is not None]
        kept = self._kept_since(dated)
        return [
            build
            for moment, build in sorted(dated, key=lambda pair: pair[0])
            if not is_unfinished(build)
            and (self.before is None or moment < self.before)
            and all(kind in kept and moment < kept[kind] for kind in self._kinds(build))
        ]

    def _kept_since(self, dated: Sequence[tuple[datetime, Build]]) -> dict[tuple[str, ...], datetime]:
        """Of each kind that has enough builds the date of the last one that is kept.

        What can't be installed takes no place among the newest.
        """
        usable: dict[tuple[str, ...], list[datetime]] = {}
        for moment, build in dated:
            for kind in self._kinds(build):
                usable.setdefault(kind, []).extend([moment] if is_usable(build) else [])
        number = self.keep_newest
        return {
            kind: datetime.max.replace(tzinfo=timezone.utc) if number is None else sorted(moments, reverse=True)[:number][-1]
            for kind, moments in usable.items()
            if number is None or len(moments) >= number
        }

    def _kinds(self, build: Build) -> list[tuple[str, ...]]:
        """What a build is one of; with several tags it is one of several kinds, and each may keep it."""
        values = []
        for option in self.per:
            value = _READ[option](build)
            several = value if isinstance(value, list) and value else [value]
            values.append(["" if entry in (None, []) else text_of(entry) for entry in several])
        return list(product(*values))

    def unseen(self, builds: Sequence[Build]) -> list[str]:
        """What builds are told apart by, and none of them shows."""
        return [option for option in self.per if builds and not any(_READ[option](build) for build in builds)]


class State(NamedTuple):
    """What a look found: all builds, newest first, and what publications need of them.

    ``blind``: publications that follow builds of which nothing shows whether they are disabled.
    """

    builds: list[Build]
    needed: Served
    blind: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What follows for a state: builds to remove, oldest first, and those that only a publication keeps."""

    selected: list[Build]
    remove: list[Build]
    protected: list[Build]


def judge(rule: Rule, state: State) -> Verdict:
    """Which builds are to go. Pure."""
    selected = rule.selected(state.builds)
    old = rule.old(selected)
    remove: list[Build] = []
    spared: list[Build] = []
    for build in old:
        (spared if str(identity(build)).lower() in state.needed.ids else remove).append(build)
    return Verdict(selected, remove, spared)


# The task -----------------------------------------------------------------------------------------------------


class _Work:
    def __init__(self, task: Task[Api]) -> None:
        params = task.params
        self.task = task
        self.api: Api = task.api
        for option, least in (("keep_newest", 1), ("older_than", 1), ("max_removals", 0)):
            if params[option] is not None and params[option] < least:
                raise InvalidInput(f"{option}: {params[option]} is not possible, the least is {least}")
        if params["per"] and params["keep_newest"] is None:
            raise InvalidInput("per: it says of what the newest are kept, so it needs keep_newest")
        match = params["match"]
        self.match = None if match is None else Match.of_removal(match, task.given.get("match"))
        self.per = tuple(dict.fromkeys(params["per"]))
        self.shown: dict[str, Build] = {}
        self.removed: list[Build] = []

    def run(self) -> Outcome:
        with attempting("old builds"):
            state = self._look()
            rule = self._rule()
            verdict = judge(rule, state)
            self._refuse(rule, state, verdict)
            if verdict.remove and state.blind:
                self.task.warn(_BLIND.format(", ".join(sorted(state.blind))))
            if self.task.check_mode:
                self.removed = verdict.remove
            else:
                self._remove(rule, verdict.remove)
        return self._outcome(state, verdict)

    def _rule(self) -> Rule:
        days = self.task.params["older_than"]
        # The earlier of the two clocks: a wrong one must not make builds old.
        local = datetime.now(timezone.utc)
        now = min(local, self.api.transport.server_date or local)
        before = None if days is None else now - timedelta(days=days)
        return Rule(self.task.params["keep_newest"], self.per, before, self.match)

    def _look(self) -> State:
        listed = undisturbed(lambda: list(newest_first(self.api)))
        with attempting("looking for what publications need"):
            found = list(publications(self.task))
        builds = self._whole(listed, found)
        application = _application_of(builds)
        ours = [entry for entry in found if may_be_of(entry, application)]
        shown = any("disabled" in build for build in builds)
        blind = () if shown else tuple(name_of_publication(entry) for entry in ours if _kind(entry) not in MANUAL)
        return State(builds, served(ours, builds), blind)

    def _whole(self, listed: list[Build], found: Sequence[Mapping[str, Any]]) -> list[Build]:
        """The builds with all that decides; read one by one, once, where the list does not show it."""
        kinds = {_kind(entry) for entry in found} - set(MANUAL)
        followed = [FOLLOWED[kind] for kind in kinds if kind in FOLLOWED]
        # Nobody downloads a disabled build, so an older one may be the newest that is served.
        options = {*followed, *(["disabled"] if kinds else []), *self.per, *(self.match.wanted if self.match else ())}
        probe = Match(dict.fromkeys(options, ""), self.match.query if self.match else None)
        if not listed or not probe.unseen(listed):
            return listed
        known = {str(identity(build)): build for build in whole(self.api, self._unknown(listed))}
        self.shown.update(known)
        return [{**self.shown[ident], **build} for build in listed if (ident := str(identity(build))) in self.shown]

    def _unknown(self, listed: Sequence[Build]) -> list[Build]:
        return [build for build in listed if str(identity(build)) not in self.shown]

    def _refuse(self, rule: Rule, state: State, verdict: Verdict) -> None:
        unseen = rule.unseen(verdict.selected)
        if unseen:
            raise AppliveryError(
                f"per: {' and '.join(unseen)} is shown by none of {len(verdict.selected)} builds, so they can't be told "
                "apart by it; nothing was removed"
            )
        self._refuse_unknown(state, verdict)
        most = self.task.params["max_removals"]
        if len(verdict.remove) > most:
            raise InvalidInput(
                f"{len(verdict.remove)} builds would be removed, of {len(state.builds)}, and max_removals is {most}; "
                "nothing was removed. Say more about them, or raise max_removals"
            )

    def _refuse_unknown(self, state: State, verdict: Verdict) -> None:
        if verdict.remove and state.needed.unknown and not self.task.params["force"]:
            raise AppliveryError(
                f"which builds {', '.join(sorted(state.needed.unknown))} offer(s) can't be told, so it may be any; "
                "nothing more was removed. Look in the dashboard, then set force: true"
            )

    def _remove(self, rule: Rule, planned: Sequence[Build]) -> None:
        try:
            for build in planned:
                if self._is_still_to_go(rule, build) and delete(self.api, build):
                    self.removed.append(build)
        except AppliveryError as problem:
            problem.message += f" {len(self.removed)} of {len(planned)} builds were removed before that."
            previous = [*map(as_read, self.removed)]
            maybe = problem.result.get("previous")
            result = {"removed": _named(self.removed), "previous": [*previous, *([maybe] if maybe else [])]}
            raise problem.with_result(**result, **({"changed": True} if self.removed or maybe else {})) from None

    def _is_still_to_go(self, rule: Rule, planned: Build) -> bool:
        """Whether the build is there and is still to be removed, on a look as fresh as can be."""
        ident = str(identity(planned))
        found = find_by_id(self.api, ident)
        if found is None:
            return False
        if ident in self.shown:
            self.shown[ident] = found
        state = self._look()
        # What the build itself shows is newer than the list.
        builds = [{**build, **found} if identity(build) == ident else build for build in state.builds]
        verdict = judge(rule, State(builds, state.needed))
        self._refuse_unknown(state, verdict)
        return any(identity(build) == ident for build in verdict.remove)

    def _outcome(self, state: State, verdict: Verdict) -> Outcome:
        result: dict[str, Any] = {
            "removed": _named(self.removed),
            "protected": [
                {**entry, "publication": state.needed.ids[str(entry["id"]).lower()]}
                for entry in _named(verdict.protected)
            ],
            "counts": {
                "read": len(state.builds),
                "selected": len(verdict.selected),
                "protected": len(verdict.protected),
                "removed": len(self.removed),
            },
        }
        if self.removed:
            result["previous"] = [*map(as_read, self.removed)]
        before = {"builds": [*map(name_of, self.removed)]} if self.removed else {}
        return Outcome(bool(self.removed), result, before, {}, "builds")


def _kind(publication: Mapping[str, Any]) -> str | None:
    chosen = publication.get("filter")
    return str(chosen.get("type")) if isinstance(chosen, Mapping) else None


def _application_of(builds: Sequence[Build]) -> str | None:
    """The id of the app that all builds belong to; None where they do not tell."""
    shown = {
        str(identity(value) if isinstance(value, Mapping) else value or "").lower()
        for value in (build.get("application") for build in builds)
    }
    return shown.pop() if len(shown) == 1 and all(map(is_id, shown)) else None


def _named(builds: Sequence[Build]) -> list[dict[str, Any]]:
    keys = {
        "version_name": "versionName",
        "version_code": "versionCode",
        "os": "os",
        "status": "status",
        "created_at": "createdAt",
    }
    return [
        {"id": identity(build), **{option: build.get(key) for option, key in keys.items()}} for build in builds
    ]


DEFINITION = Definition(
    PRUNE_SPEC,
    run,
    needs,
    {"required_one_of": [("keep_newest", "older_than")]},
)
