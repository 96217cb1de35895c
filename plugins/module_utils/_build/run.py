# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_build: find the build, wait for it, upload it, label it, remove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .resource import (
    BUILD_FIELDS,
    BUILDS,
    FAILED,
    name_of,
    shown_build,
    state_of,
)
from .match import (
    SHORTEST_COMMIT,
    Build,
    Match,
    filter_spec,
    misfits,
    search,
)
from .plan import (
    Goal,
    Plan,
    plan_update,
)
from .remove import remove
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
from .._api.client import Api, identity
from .._api.connection import check_id
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
    "match": {"type": "dict", "options": {**filter_spec(), "query": {"type": "str"}}},
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
        self.match = Match.of(params["match"]) if params["match"] is not None else None
        self.upload: Upload | None = None
        self.read: list[Build] = []
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
            return self._by_id(str(self.ident))
        outcome = search(self.api, self.match)
        self.read = outcome.read
        if outcome.found is not None:
            # Lists may show less of a build, or be a moment old.
            return self._by_id(str(identity(outcome.found)))
        if self.upload is None:
            raise AppliveryError(
                f"no build fits, of {len(self.read)} that were read{_why_nothing_fits(self.match.wanted, self.read)}",
                failure(message="no build fits"),
            )
        return self._in_the_works(self.match)

    def _by_id(self, ident: str) -> Build:
        build = self.api.find(BUILDS, ident)
        if build is None:
            raise AppliveryError(
                f"there is no build {ident} in this app; it may have been deleted",
                failure(code=3001, message="Entity not found", status=404),
            )
        return build

    def _in_the_works(self, match: Match) -> Build | None:
        """A build that may fit when it is processed, where the alternative is to upload the same file again."""
        wanted = {option: value for option, value in match.wanted.items() if option != "status"}
        for listed in self.read:
            if not is_unfinished(listed) or misfits(listed, wanted, known_only=True):
                continue
            build = self.api.find(BUILDS, str(identity(listed)))
            if build is None or not is_unfinished(build):
                settled = build
            elif self.patience.wait and not self.task.check_mode:
                settled = until_processed(self.api, build, self.patience)
            else:
                # It can't be told yet, so something must speak for it.
                settled = None
                if len(misfits(build, wanted)) < len(wanted):
                    return build
            if settled is not None and match.choose([settled]) is not None:
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
        known = {str(identity(build)) for build in self.read}
        ident = send(self.api, upload, match, known, self.patience.interval)
        try:
            build = self._ready(self._by_id(ident))
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
        """After an upload: would the next run find this build, instead of uploading again?"""
        unfinished = is_unfinished(build)
        wrong = misfits(build, match.wanted, known_only=unfinished)
        if unfinished:
            wrong.pop("status", None)
        elif not wrong and match.choose([build, *self.read]) is not build:
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

    # Labels ---------------------------------------------------------------------------------------------------

    def _label(self, before: Build, uploaded: bool = False) -> Outcome:
        plan = plan_update(self.goal, before)
        self._tell_uncompared(plan)
        after = self._after(before, plan)
        if uploaded and self.match is not None:
            self._check_fit(self.match, after)
        elif plan.body and self.match is not None:
            self._tell_if_out_of_sight(self.match, before, after)
        shown_before, shown_after = diff_pair(plan.changes)
        result = {"build": shown_build(after), "build_id": identity(before), "uploaded": False}
        return Outcome(
            changed=bool(plan.body),
            result={**result, "previous": as_read(before)} if plan.body else result,
            before=shown_before,
            after=shown_after,
            title=f"build {name_of(before)}",
        )

    def _tell_if_out_of_sight(self, match: Match, before: Build, after: Build) -> None:
        lost = misfits(after, match.wanted).keys() - misfits(before, match.wanted).keys()
        if lost:
            self.task.warn(
                f"match.{', match.'.join(sorted(lost))}: the build does not fit it any longer after this change, so "
                "the next run does not find this build; say something about the build that stays, or give build_id"
            )

    def _tell_uncompared(self, plan: Plan) -> None:
        if plan.uncompared and self.task.check_mode:
            names = ", ".join(plan.uncompared)
            self.task.warn(f"{names}: the server does not show the current value, so it would be set whatever it is")

    def _after(self, before: Build, plan: Plan) -> Build:
        if not plan.body:
            return before
        return {**before, **plan.body, "updatedAt": None} if self.task.check_mode else write(self.task, before, plan)


def _why_nothing_fits(wanted: Mapping[str, Any], read: Sequence[Build]) -> str:
    near = [build for build in read if set(misfits(build, wanted)) == {"status"}]
    if near:
        return f". {name_of(near[0])} would fit, but its status is {near[0].get('status')!r}"
    if 0 < len(wanted.get("git_commit") or "") < SHORTEST_COMMIT:
        return f". A prefix of git_commit needs {SHORTEST_COMMIT} characters or more"
    return "" if read else ". Look at application, which may be the wrong one"


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
