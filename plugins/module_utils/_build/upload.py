# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Upload a file as a new build: what the form says, what must not be sent, and what to do when the answer got lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .match import (
    CRITERIA,
    Match,
    misfits,
    text_of,
)
from .plan import Goal
from .read import find_by_id, newest_first
from .resource import (
    BUILDS,
    DEPLOYER_INFO,
    NOTIFY_FLAGS,
    UPLOAD_FIELDS,
    Build,
    name_of,
)
from .wait import Patience, now, pause
from .._api.client import Api
from .._api.connection import WORKSPACE
from .._api.envelope import identity
from .._api.pages import undisturbed
from .._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
    RequestFailed,
)
from .._core.fields import argument_spec
from .._http.form import FilePart, MultipartForm

# The server stores the whole file before it answers, which may take minutes (fact sheet, N3).
_LONGEST_ANSWER = 600.0
# What the names of packages say about their system (guide: the list of accepted files). A .dmg may stand under ios in
# old workspaces (old docs), so only the impossible is refused.
_SYSTEMS = {
    ".ipa": ("ios",),
    ".apk": ("android",),
    ".aab": ("android",),
    ".dmg": ("macos", "ios"),
    ".pkg": ("macos", "ios"),
    ".exe": ("windows",),
    ".msi": ("windows",),
    ".msix": ("windows",),
    ".msixbundle": ("windows",),
    ".apx": ("windows",),
    ".apxbundle": ("windows",),
    ".nsp": (),
    ".zip": (),
    ".tar.gz": (),
}
_KNOWN_SYSTEMS = ("ios", "android", "macos", "windows")
_AGAIN = "the file would be uploaded again by every run"


def upload_spec() -> dict[str, dict[str, Any]]:
    """The options that say how to upload."""
    return {
        "path": {"type": "path"},
        "deployer": {
            "type": "dict",
            "options": {"name": {"type": "str"}, **argument_spec(DEPLOYER_INFO)},
        },
        **argument_spec(UPLOAD_FIELDS),
        "package_icon": {"type": "path"},
        **{option: {"type": "bool", "default": False} for option in NOTIFY_FLAGS},
        "notify_groups": {"type": "list", "elements": "list"},
    }


ONLY_WITH_PATH = ("deployer", *(entry.option for entry in UPLOAD_FIELDS), "package_icon", "notify_groups")


class Upload(NamedTuple):
    """A file to upload and the texts of its form, checked against what is looked for."""

    path: str
    icon: str | None
    texts: tuple[tuple[str, str], ...]
    labels: Mapping[str, Any]
    info: Mapping[str, str]
    deployer: str
    system: str | None
    disabled: bool

    @classmethod
    def of(cls, params: Mapping[str, Any], goal: Goal, match: Match) -> Upload:
        """Check the options; refuses what could never fit ``match`` afterwards."""
        labels = _labels(goal)
        given = params.get("deployer") or {}
        info = {entry.name: given[entry.option] for entry in DEPLOYER_INFO if given.get(entry.option)}
        upload = cls(
            params["path"],
            params.get("package_icon") or None,
            (*_label_texts(labels), *_upload_texts(params), *_deployer_texts(given.get("name"), info)),
            labels,
            info,
            given.get("name") or "",
            params.get("build_platform"),
            bool(goal.wishes.get("disabled")),
        )
        upload._check_against(match)
        return upload

    def predicted(self) -> dict[str, Any]:
        """What is known of the build before it exists, in the API's form."""
        said = {"name": self.deployer, "info": dict(self.info)}
        return {**self.labels, **({"deployer": said} if any(said.values()) else {})}

    def form(self, field: str) -> MultipartForm:
        """The form with the package in ``field``; looks at the files."""
        files = [] if self.icon is None else [FilePart.of("packageIcon", self.icon, "package_icon")]
        return MultipartForm(self.texts, [*files, FilePart.of(field, self.path, "path")])

    def check_file(self, warn: Callable[[str], None]) -> None:
        """Refuse a file that can't be sent, and warn about one that Applivery may not know."""
        self.form("build")
        if not _suffix(self.path):
            warn(
                f"path: {os.path.basename(self.path)} does not end like a package that Applivery is known to take "
                f"({', '.join(_SYSTEMS)})"
            )

    def may_be(self, build: Build, match: Match) -> bool:
        """Whether nothing that a build shows contradicts that this upload made it, be it processed or not."""
        sent = {
            "version_name": self.labels.get("versionName"),
            **{f"git_{key}": self.info.get(key) for key in ("branch", "commit", "tag")},
        }
        asked = {option: value for option, value in match.wanted.items() if option not in ("status", "disabled")}
        if misfits(build, sent, known_only=True) or misfits(build, asked, known_only=True):
            return False
        # What the uploader tells is echoed (fact sheet, N6), so what this one does not tell is another's.
        others = (entry for entry in CRITERIA if entry.option.startswith("git_") and sent[entry.option] is None)
        return not any(text_of(entry.read(build) or "") for entry in others) and self._may_be_for(build.get("os"))

    def _may_be_for(self, system: Any) -> bool:
        known = self._systems()
        return not known or system not in _KNOWN_SYSTEMS or system in known

    def _systems(self) -> list[str]:
        """The systems that the file may be for; empty where nothing tells."""
        told = (self.system,) if self.system else _SYSTEMS.get(_suffix(self.path), ())
        return [system for system in told if system in _KNOWN_SYSTEMS]

    def _check_against(self, match: Match) -> None:
        wanted = match.wanted
        if wanted.get("status") not in (None, "processed", "success"):
            raise InvalidInput(f"match.status: an uploaded build does not stay {wanted['status']!r}, so {_AGAIN}")
        if wanted.get("disabled") is not None and wanted["disabled"] != self.disabled:
            raise InvalidInput(
                f"match.disabled looks for {wanted['disabled']}, but disabled says {self.disabled}: {_AGAIN}"
            )
        predicted = self.predicted()
        for entry in CRITERIA:
            # The server reads these from the package, or has its own mind about them.
            if entry.option in ("os", "version_code", "status", "disabled") or wanted.get(entry.option) is None:
                continue
            value = entry.read(predicted)
            if value in (None, "", []) and entry.option == "version_name":
                continue
            if value in (None, "", []) or not entry.test(wanted[entry.option], value):
                raise InvalidInput(
                    f"match.{entry.option} looks for {wanted[entry.option]!r}, but the upload says "
                    f"{value or 'nothing'!r} ({_SAID_BY[entry.option]}): {_AGAIN}"
                )
        self._check_system(wanted.get("os"))

    def _check_system(self, wanted: str | None) -> None:
        known = self._systems()
        if wanted in _KNOWN_SYSTEMS and known and wanted not in known:
            file = os.path.basename(self.path)
            said = f"build_platform is {self.system}" if self.system else f"{file} is for {known[0]}"
            raise InvalidInput(f"match.os looks for {wanted!r}, but {said}: {_AGAIN}")


_SAID_BY = {
    "version_name": "version_name",
    "tag": "tags",
    "git_branch": "deployer.branch",
    "git_commit": "deployer.commit",
    "git_tag": "deployer.tag",
}


def _labels(goal: Goal) -> dict[str, Any]:
    labels = {}
    for option, name in (("version_name", "versionName"), ("changelog", "changelog")):
        if goal.wishes.get(option):
            labels[name] = goal.wishes[option]
    if goal.wishes.get("tags") and goal.tags_mode != "remove":
        labels["tags"] = list(dict.fromkeys(goal.wishes["tags"]))
    return labels


def _label_texts(labels: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = [(name, str(value)) for name, value in labels.items() if name != "tags"]
    tags = [str(tag) for tag in labels.get("tags", [])]
    # A tag that the comma-separated form can't hold is set by the update that follows.
    if tags and all("," not in tag and tag == tag.strip() for tag in tags):
        texts.append(("tags", ",".join(tags)))
    return texts


def _upload_texts(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = [(entry.name, str(params[entry.option])) for entry in UPLOAD_FIELDS if params.get(entry.option)]
    # The API calls German "ge" (guide).
    texts = [(name, "ge" if (name, value) == ("notifyLanguage", "de") else value) for name, value in texts]
    # Said always: nobody is to be mailed by a default of the server.
    flags = [("notifyCollaborators", "notify_collaborators"), ("notifyEmployees", "notify_employees")]
    texts.extend((name, "true" if params.get(option) else "false") for name, option in flags)
    groups = _groups(params.get("notify_groups") or [])
    return [*texts, ("filter", groups)] if groups else texts


def _groups(groups: Sequence[Sequence[Any]]) -> str:
    """``a,b|c``: members of both a and b, or of c (the form that the fastlane plugin sends)."""
    for name in (str(name) for group in groups for name in group):
        if not name.strip() or "," in name or "|" in name:
            raise InvalidInput(f"notify_groups: the upload form can't hold the group {name!r}")
    return "|".join(",".join(map(str, group)) for group in groups if group)


def _deployer_texts(name: str | None, info: Mapping[str, str]) -> list[tuple[str, str]]:
    texts = [("deployer.name", name)] if name else []
    return [*texts, *((f"deployer.info.{key}", value) for key, value in info.items())]


def _suffix(path: str) -> str:
    return next((suffix for suffix in _SYSTEMS if path.lower().endswith(suffix)), "")


# Sending ------------------------------------------------------------------------------------------------------


def send(api: Api, upload: Upload, match: Match, known: Collection[str], patience: Patience) -> str:
    """Upload the file once; the id of the new build.

    ``known`` are the ids of all builds before. An upload whose outcome is unknown is never repeated: the new build is
    looked for, as long as a build would be waited for.
    """
    try:
        answer = _post(api, upload)
    except AmbiguousWrite as problem:
        return _made_after_all(api, upload, match, known, patience, problem)
    ident = _id_in(answer)
    if ident is not None:
        return ident
    unknown = AppliveryError("the server accepted the upload, and its answer does not show the new build.")
    return _made_after_all(api, upload, match, known, patience, unknown)


def _made_after_all(
    api: Api, upload: Upload, match: Match, known: Collection[str], patience: Patience, problem: AppliveryError
) -> str:
    """The id of the build that was made although no answer told; the problem, where it does not turn up in time."""
    ends = now() + patience.timeout
    # Nobody knows, so it may be there.
    problem.with_result(changed=True)
    while True:
        trouble = ""
        try:
            ident = _look_for(api, upload, match, known)
        except AppliveryError as other:
            if isinstance(other, SeveralMayBe) or (isinstance(other, RequestFailed) and other.status in (401, 403)):
                raise other.with_result(changed=True) from problem
            ident, trouble = None, f" The last look failed: {other.message}"
        if ident is not None:
            return ident
        left = ends - now()
        if left <= 0:
            break
        pause(min(patience.interval, left))
    problem.message += (
        f" The new build was looked for during {patience.timeout:.0f} s (wait_timeout) and is not there.{trouble} "
        "Whether it will turn up is unknown, so the file was not sent again. Look at the list of builds, then run the "
        "task again"
    )
    raise problem


def _post(api: Api, upload: Upload) -> Any:
    try:
        return _upload(api, upload.form("build"))
    except AmbiguousWrite:
        raise
    except RequestFailed as problem:
        if api.kind != WORKSPACE:
            raise
        if not _asks_for_file(problem):
            raise _with_hint(problem) from problem
        return _post_as_file(api, upload, problem)


def _post_as_file(api: Api, upload: Upload, problem: RequestFailed) -> Any:
    """One client calls the package ``file`` in the Workspace API (fact sheet, C6); the refusal left nothing behind."""
    try:
        return _upload(api, upload.form("file"))
    except AmbiguousWrite:
        raise
    except RequestFailed as second:
        problem.message += f" With the package in a field named file: {second.message}"
        raise problem from second


def _upload(api: Api, form: MultipartForm) -> Any:
    answer = api.upload(BUILDS, form, max(api.connection.api_timeout, _LONGEST_ANSWER))
    try:
        form.check_unchanged()
    except AppliveryError as problem:
        problem.message += ", and the server made a build of a part of it, which is to be deleted"
        raise problem.with_result(changed=True, uploaded=True, build_id=_id_in(answer)) from None
    return answer


def _asks_for_file(problem: RequestFailed) -> bool:
    if not problem.body_refused:
        return False
    names = {name.split(".")[0] for name in problem.field_names}
    return bool(names & {"file", "build"}) if names else "file" in str(problem.failure["message"]).lower()


def _with_hint(problem: RequestFailed) -> RequestFailed:
    if problem.status in (401, 403, 404, 405):
        problem.message += (
            " The documents disagree about where the Workspace API takes uploads: if the token is right, set upload_url"
            " to the address of api_url, or upload with an app_token (api: integrations)."
        )
    return problem


def _id_in(answer: Any) -> str | None:
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return identity(answer) if isinstance(answer, Mapping) else None


class SeveralMayBe(AppliveryError):
    """More than one new build may be the one that was uploaded."""


def _look_for(api: Api, upload: Upload, match: Match, known: Collection[str]) -> str | None:
    """The id of the build that an upload with a lost answer made, if it shows. It may not be processed yet."""
    builds = undisturbed(lambda: list(newest_first(api)))
    fresh = [build for build in builds if identity(build) not in known and upload.may_be(build, match)]
    # A list may show too little to tell one upload from another.
    whole = [find_by_id(api, str(identity(build))) for build in fresh]
    mine = [build for build in whole if build is not None and upload.may_be(build, match)]
    if len(mine) > 1:
        names = ", ".join(name_of(build) for build in mine)
        raise SeveralMayBe(
            "the connection broke during the upload, and several new builds may be the result of it: "
            f"{names}. Delete what is superfluous, then run the task again"
        )
    return identity(mine[0]) if mine else None
