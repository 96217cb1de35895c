# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_build: find the build, wait for it, upload it, label it, remove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .find import Aim, Search, passed_over, search
from .match import (
    Match,
    match_spec,
    misfits,
    why_nothing_fits,
)
from .plan import (
    Goal,
    Plan,
    plan_update,
)
from .read import find_by_id, get
from .remove import remove
from .resource import (
    BUILD_FIELDS,
    FAILED,
    Build,
    name_of,
    shown_build,
    state_of,
)
from .upload import (
    ONLY_WITH_PATH,
    Upload,
    send,
    upload_spec,
)
from .wait import (
    Patience,
    failed,
    is_unfinished,
    until_processed,
)
from .write import write
from .._api.client import Api
from .._api.connection import check_id
from .._api.envelope import identity
from .._core.dates import format_instant
from .._core.errors import (
    AppliveryError,
    InvalidInput,
    attempting,
    failure,
)
from .._core.fields import argument_spec, as_read, diff_pair
from .._core.task import Definition, Needs, Outcome, Task

BUILD_SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "build_id": {"type": "str"},
    "match": match_spec(),
    **argument_spec(BUILD_FIELDS),
    "tags_mode": {"type": "str", "choices": ["replace", "append", "remove"], "default": "replace"},
    "metadata_mode": {"type": "str", "choices": ["merge", "replace"], "default": "merge"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "wait_interval": {"type": "int", "default": 5},
    **upload_spec(),
    "force": {"type": "bool", "default": False},
}


def needs(params: Mapping[str, Any]) -> Needs:
    """The application always; the Workspace API for what the Integrations API can't set."""
    present = params["state"] == "present"
    only = [entry.option for entry in BUILD_FIELDS if entry.workspace_only and params.get(entry.option) is not None]
    return Needs(workspace_only=" and ".join(only) if present and only else None, application=True)


def run(task: Task[Api]) -> Outcome:
    """Bring one build into the state that the task describes."""
    return _Work(task).run()


class _Work:
    def __init__(self, task: Task[Api]) -> None:
        params = task.params
        self.task = task
        self.api: Api = task.api
        self.goal = Goal.of(params)
        self.patience = Patience.of(params)
        self.ident = check_id("build_id", params["build_id"]) if params["build_id"] else None
        self.match = _match_of(task)
        self.upload: Upload | None = None
        self.listed: list[Build] = []
        self.rejected: tuple[str | None, ...] = ()
        if self.ident is None and self.match is None:
            raise InvalidInput("build_id or match: one of them must say which build is meant")
        if any(not str(tag).strip() for tag in params["tags"] or []):
            raise InvalidInput("tags: an empty tag is no tag; [] clears them")
        if params["path"] and params["state"] == "present":
            if self.match is None:
                raise InvalidInput("path needs match: it is uploaded only when no build fits")
            self.upload = Upload.of(params, self.goal, self.match)

    def run(self) -> Outcome:
        with attempting(f"build {self.ident}" if self.ident else f"build with {self.match}"):
            if self.task.params["state"] == "absent":
                return remove(self.task, self.ident, self.match)
            found = self._find()
            if found is not None:
                return self._label(self._ready(found))
            return self._predict_upload() if self.task.check_mode else self._upload()

    # Which build ----------------------------------------------------------------------------------------------

    def _find(self) -> Build | None:
        """The build as it is now, or None when it is to be uploaded."""
        if self.match is None:
            return get(self.api, str(self.ident))
        outcome = search(self.api, Aim(self.match, accepts=self._may_be_meant))
        self.listed, self.rejected = outcome.listed, outcome.rejected
        if outcome.found:
            self._tell_passed_over(outcome, self.match)
            return outcome.found[0]
        if self.upload is None:
            raise AppliveryError(
                f"no build fits, of {len(self.listed)} that were read{why_nothing_fits(self.match.wanted, self.listed)}",
                failure(message="no build fits"),
            )
        return self._in_the_works(self.upload, self.match)

    def _may_be_meant(self, build: Build) -> bool:
        """A build that is still worked on is worth waiting for only if it may come from the file at hand."""
        if self.upload is None or self.match is None or not is_unfinished(build):
            return True
        return self.upload.may_be(build, self.match)

    def _tell_passed_over(self, outcome: Search, match: Match) -> None:
        skipped = passed_over(outcome, match.wanted) if match.query is None else []
        if skipped and match.wanted["disabled"] is False:
            self.task.warn(f"passed over, for it can't be downloaded (disabled): {', '.join(map(name_of, skipped))}")

    def _in_the_works(self, upload: Upload, match: Match) -> Build | None:
        """A build that may be what an earlier upload of this file made, where the alternative is to upload it again."""
        wanted = {option: value for option, value in match.wanted.items() if option not in ("status", "disabled")}
        for listed in self.listed:
            if not is_unfinished(listed) or not upload.may_be(listed, match):
                continue
            build = find_by_id(self.api, str(identity(listed)))
            if build is None or not upload.may_be(build, match):
                continue
            if not is_unfinished(build):
                settled = build
            elif self.patience.wait and not self.task.check_mode:
                settled = until_processed(self.api, build, self.patience)
            elif len(misfits(build, wanted)) < len(wanted):
                # It can't be told yet, so something must speak for it.
                return build
            else:
                continue
            if match.pick([settled] if not misfits(settled, match.wanted) else []) is not None:
                return settled
        return None

    # Its state ------------------------------------------------------------------------------------------------

    def _ready(self, build: Build) -> Build:
        """The build when its labels may be set; fails for a build that could not be processed."""
        if is_unfinished(build):
            build = self._waited_for(build)
        asked_for = self.match is not None and self.match.wanted.get("status") == FAILED
        if state_of(build) == FAILED and not asked_for:
            if self.match is not None or self.patience.wait:
                raise failed(build).with_result(build=shown_build(build), build_id=identity(build))
            self.task.warn(f"{failed(build).message}; its labels are set all the same, for wait is false")
        return build

    def _waited_for(self, build: Build) -> Build:
        name = f"the build {name_of(build)} is {build.get('status')!r}"
        if not self.patience.wait:
            self.task.warn(f"{name}, and wait is false: Applivery says that updates before the end may get lost")
            return build
        if self.task.check_mode:
            self.task.warn(f"{name}; this prediction takes for granted that it will be processed")
            # What processing finds out is not known yet.
            return {**build, "status": None, "updatedAt": None}
        return until_processed(self.api, build, self.patience)

    # Upload ---------------------------------------------------------------------------------------------------

    def _predict_upload(self) -> Outcome:
        upload, match = self._to_upload()
        plan = plan_update(self.goal, {})
        # The real run fails unless these become true.
        certain = {"os": "os", "version_name": "versionName", "version_code": "versionCode"}
        known = {name: match.wanted[option] for option, name in certain.items() if option in match.wanted}
        build = shown_build({**known, **upload.predicted(), **plan.body})
        return self._uploaded_outcome(build, None)

    def _upload(self) -> Outcome:
        upload, match = self._to_upload()
        known = {str(identity(build)) for build in self.listed}
        ident = send(self.api, upload, match, known, self.patience)
        try:
            build = self._ready(get(self.api, ident))
            outcome = self._label(build, uploaded=True)
        except AppliveryError as problem:
            problem.message = f"the file was uploaded as build {ident}, but then: {problem.message}"
            raise problem.with_result(changed=True, uploaded=True, build_id=ident) from problem
        return self._uploaded_outcome(outcome.result["build"], ident)

    def _to_upload(self) -> tuple[Upload, Match]:
        if self.upload is None or self.match is None:
            raise InvalidInput("path and match are missing")
        self.upload.check_file(self.task.warn)
        return self.upload, self.match

    def _uploaded_outcome(self, build: Mapping[str, Any], ident: str | None) -> Outcome:
        before, after = diff_pair(plan_update(self.goal, {}).changes)
        return Outcome(
            changed=True,
            result={"build": build, "build_id": ident, "uploaded": True},
            before=before,
            after=after,
            title="build",
            note="uploaded",
        )

    def _check_fit(self, match: Match, build: Build) -> None:
        """After an upload, by what the server shows: would the next run find this build, or upload again?"""
        unfinished = is_unfinished(build)
        wrong = misfits(build, match.wanted, known_only=unfinished)
        if unfinished:
            wrong.pop("status", None)
        elif not wrong and match.query is not None and not self._finds(match, build):
            wrong["query"] = "another build, or none"
        if wrong:
            asked = {**match.wanted, "query": "this build"}
            told = ", ".join(
                f"{option} gives {value!r} instead of {asked[option]!r}" for option, value in wrong.items()
            )
            raise AppliveryError(
                f"it does not fit match ({told}), so the file would be uploaded again by every run. Correct match, or "
                "what the upload says, and delete the build"
            ).with_result(build=shown_build(build))

    def _finds(self, match: Match, build: Build) -> bool:
        found = search(self.api, Aim(match)).found
        return bool(found) and identity(found[0]) == identity(build)

    # Labels ---------------------------------------------------------------------------------------------------

    def _label(self, before: Build, uploaded: bool = False) -> Outcome:
        plan = plan_update(self.goal, before)
        self._tell_uncompared(plan)
        if plan.body and self.match is not None and not uploaded:
            self._look_for_next(self.match, before, {**before, **plan.body})
        read = self._after(before, plan)
        if uploaded and self.match is not None:
            self._check_fit(self.match, read)
        # What was set and is not shown is returned all the same.
        after = {**read, **{name: value for name, value in plan.body.items() if name not in read}}
        shown_before, shown_after = diff_pair(plan.changes)
        result = {"build": shown_build(after), "build_id": identity(before), "uploaded": False}
        return Outcome(
            changed=bool(plan.body),
            result={**result, "previous": as_read(before)} if plan.body else result,
            before=shown_before,
            after=shown_after,
            title=f"build {name_of(before)}",
        )

    def _look_for_next(self, match: Match, before: Build, after: Build) -> None:
        """Before a change: what the next run would find, refused where that is another build."""
        if match.query is not None:
            self._refuse_another(match, before, {**after, "updatedAt": format_instant(self.api.now())})
        lost = misfits(after, match.wanted).keys() - misfits(before, match.wanted).keys()
        if lost:
            self.task.warn(
                f"match.{', match.'.join(sorted(lost))}: the build does not fit it any longer after this change, so "
                "the next run does not find this build; say something about the build that stays, or give build_id"
            )

    def _refuse_another(self, match: Match, before: Build, after: Build) -> None:
        now, then = (
            match.pick([build for build in self._with(state) if not misfits(build, match.wanted)])
            for state in (before, after)
        )
        if identity(now or {}) != identity(before) or identity(then or {}) == identity(before):
            return
        lost = "match.query: it does not find this build any longer when it is changed as the task says, but"
        better = "Ask for something that the task does not change, or give build_id"
        if then is not None:
            raise InvalidInput(f"{lost} {name_of(then)}: each run would change one more build. {better}")
        if self.upload is not None:
            raise InvalidInput(f"{lost} none: the next run would upload the file again. {better}")
        self.task.warn(f"{lost} none, so the next run fails. {better}")

    def _with(self, build: Build) -> list[Build]:
        """What could be meant of what was listed, with this build as it is here."""
        return [
            build if identity(listed) == identity(build) else listed
            for listed in self.listed
            if identity(listed) not in self.rejected
        ]

    def _tell_uncompared(self, plan: Plan) -> None:
        if plan.uncompared and self.task.check_mode:
            names = ", ".join(plan.uncompared)
            self.task.warn(f"{names}: the server does not show the current value, so it would be set whatever it is")

    def _after(self, before: Build, plan: Plan) -> Build:
        if not plan.body:
            return before
        return {**before, **plan.body, "updatedAt": None} if self.task.check_mode else write(self.task, before, plan)


def _match_of(task: Task[Api]) -> Match | None:
    match = task.params["match"]
    if match is None:
        return None
    removes = task.params["state"] == "absent"
    return Match.of_removal(match, task.given.get("match")) if removes else Match.of(match)


DEFINITION = Definition(
    BUILD_SPEC,
    run,
    needs,
    {
        "mutually_exclusive": [("build_id", "match")],
        "required_one_of": [("build_id", "match")],
        "required_by": {"path": "match", **dict.fromkeys(ONLY_WITH_PATH, "path")},
    },
)
