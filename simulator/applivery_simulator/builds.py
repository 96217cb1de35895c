# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds: list, read, upload, update, delete, attached files; in both APIs."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from . import errors, render, validation
from .api import INTEGRATIONS, Call, Reply
from .envelope import Filter, Listing, equals, respond
from .state import Item, package_info
from .validation import Anything, Flag, Many, Record, Rule, Text

STATUSES = ("pending", "in_progress", "processed", "error")
PLATFORMS = ("ios", "macos", "android", "windows", "ps4", "ps5", "switch", "xbox-one", "xbox-series")
LANGUAGES = ("es", "en", "fr", "ge", "it", "zh", "pt", "ru")
SCRIPTS = ("preInstall", "postInstall", "audit", "enforce", "runner")
DEPLOYER_INFO = (
    "commitMessage",
    "commit",
    "branch",
    "tag",
    "triggerTimestamp",
    "buildUrl",
    "ciUrl",
    "repositoryUrl",
    "buildNumber",
    # One of the vendor's own steps sends these (fact sheet, N7), passphrase included.
    "provisionUrl",
    "certificateUrl",
    "certificatePassphrase",
)
# Files beside the package that are known; the second one comes from the vendor's step for iOS.
OTHER_FILES = ("packageIcon", "simulatorBuild")

# what a file's name says about its platform; an empty one needs buildPlatform and the package fields
SUFFIXES = {
    ".ipa": "ios",
    ".apk": "android",
    ".aab": "android",
    ".dmg": "macos",
    ".pkg": "macos",
    ".exe": "windows",
    ".msi": "windows",
    ".msix": "windows",
    ".msixbundle": "windows",
    ".apx": "windows",
    ".apxbundle": "windows",
    ".nsp": "",
    ".zip": "",
    ".tar.gz": "",
}

LABELS: dict[str, Rule] = {"versionName": Text(), "tags": Many(Text(filled=True)), "changelog": Text()}
INTEGRATIONS_BODY = Record(LABELS)
WORKSPACE_BODY = Record(
    {**LABELS, "metadata": Anything(), "defaultScripts": Record({name: Text() for name in SCRIPTS}), "disabled": Flag()}
)

UPLOAD_TEXTS = (
    "versionName",
    "tags",
    "changelog",
    "filter",
    "buildPlatform",
    "packageName",
    "packageVersion",
    "notifyCollaborators",
    "notifyEmployees",
    "notifyMessage",
    "notifyLanguage",
    "deployer.name",
    *(f"deployer.info.{name}" for name in DEPLOYER_INFO),
)


def _status_fits(call: Call) -> Filter:
    return Filter(
        lambda item, value: item["status"] == value or (item["status"] == "processed" and value == "success"),
        (*STATUSES, "success"),
    )


def _listing(call: Call) -> Listing:
    return Listing(
        {"versionName": Filter(equals("versionName")), "status": _status_fits(call), "os": Filter(equals("os"))},
        sortable=call.api != INTEGRATIONS,
    )


def _retain(call: Call) -> None:
    """Let retention take builds away, in the middle of what somebody does (fact sheet, N8)."""
    wanted = call.switches["retention"]
    if wanted is None:
        return
    call.state.build_calls += 1
    if call.state.build_calls > wanted.get("after", 0):
        for item in call.state.newest_first(list(call.state.builds.values()))[wanted.get("keep", 0) :]:
            if item["status"] not in ("pending", "in_progress"):
                del call.state.builds[item["id"]]


def _mine(call: Call) -> list[Item]:
    _retain(call)
    application = call.application()["id"]
    return [item for item in call.state.builds.values() if item["application"] == application]


def _find(call: Call) -> Item:
    _retain(call)
    application = call.application()["id"]
    item = call.state.builds.get(call.params["build"].lower())
    if item is None or item["application"] != application:
        raise call.missing()
    return item


def _read(call: Call, item: Item, *, listed: bool) -> Item:
    shown = render.build(call, item, listed=listed)
    advance(call, item)
    return shown


def advance(call: Call, item: Item) -> None:
    """Count one read of a build that is being processed; after enough of them it moves on."""
    if item["status"] not in ("pending", "in_progress"):
        return
    reads, result = _processing(call, item)
    reads = call.state.processing.get(item["id"], reads)
    if reads is None:
        return
    spent = call.state.reads.get(item["id"], 0) + 1
    call.state.reads[item["id"]] = 0 if spent >= reads else spent
    if spent < reads:
        return
    if item["status"] == "pending":
        item["status"] = "in_progress"
        return
    item["status"] = result["status"]
    item["error"] = result["error"]
    item["errorCode"] = result["code"]
    call.state.touch(item)


def _processing(call: Call, item: Item) -> tuple[int | None, Item]:
    wanted = call.switches["processing"]
    reads = wanted.get("reads", 1) if isinstance(wanted, dict) else wanted
    told = wanted if isinstance(wanted, dict) else {}
    complaint = call.state.unusable.get(item["id"])
    if complaint is None and told.get("result") != "error":
        return reads, {"status": "processed", "error": None, "code": None}
    reason = told.get("error", complaint or "The package could not be processed")
    return reads, {"status": "error", "error": reason, "code": told.get("code", 5006)}


def _complaint(package: Any, suffix: str | None) -> str | None:
    if suffix is None:
        return f"{package.filename} is no application package"
    return f"{package.filename} is empty" if package.size == 0 else None


def list_builds(call: Call) -> Reply:
    """List the builds of the application."""
    return respond(call, _mine(call), _listing(call), lambda item: _read(call, item, listed=True))


def get_build(call: Call) -> Reply:
    """Read one build."""
    return Reply(200, _read(call, _find(call), listed=False))


def update_build(call: Call) -> Reply:
    """Change what the body names; everything else stays."""
    item = _find(call)
    body = call.checked_body(INTEGRATIONS_BODY if call.api == INTEGRATIONS else WORKSPACE_BODY)
    for name, value in body.items():
        merge = name in ("metadata", "defaultScripts") and call.switches["build_nested_put"] == "merge"
        item[name] = {**item[name], **copy.deepcopy(value)} if merge else copy.deepcopy(value)
        call.state.unset[item["id"]].discard(name)
    call.state.touch(item)
    return call.updated(render.build(call, item))


def delete_build(call: Call) -> Reply:
    """Delete a build for good; a publication that is pinned to it keeps the dead id."""
    item = _find(call)
    if item["status"] in ("pending", "in_progress"):
        raise errors.not_processed()
    del call.state.builds[item["id"]]
    return call.deleted()


def attach_file(call: Call) -> Reply:
    """Attach a file to a processed build."""
    item = _find(call)
    if item["status"] in ("pending", "in_progress"):
        raise errors.not_processed()
    problems = call.problems()
    names = [file.field for file in call.files]
    if names != ["file"]:
        problems.add(("file",), "is required, once", "any.required")
    for name in call.body:
        problems.add((name,), "is not allowed", "object.allowUnknown")
    problems.raise_if_any()
    sent = call.files[0]
    entry = {
        "id": call.state.new_id("file"),
        "type": "attachment",
        "description": "",
        "file": {
            "originalName": sent.filename,
            "size": sent.size,
            "mimetype": "application/octet-stream",
            "checksum": sent.sha256,
        },
    }
    item["files"].append(entry)
    call.state.touch(item)
    return call.created(render.build(call, item))


# -- uploads ----------------------------------------------------------------------------------------------------------


def field_name(name: str) -> str:
    """Return a multipart field name in its dotted form: ``deployer[info][commit]`` is ``deployer.info.commit``."""
    return re.sub(r"\[([^\]]*)\]", r".\1", name)


def _package(call: Call, problems: validation.Problems) -> Any:
    accepted = {"build": ("build",), "file": ("file",), "either": ("build", "file")}[call.switches["upload_field"]]
    package = None
    for sent in call.files:
        if sent.field in accepted and package is None:
            package = sent
        elif sent.field not in OTHER_FILES and not problems.allow_unknown:
            problems.add((sent.field,), "is not allowed", "object.allowUnknown")
    if package is None and any(name in call.body for name in accepted):
        # A field of that name without a file: what curl sends for an empty one.
        raise errors.invalid_file(f"{accepted[0]} is no file")
    if package is None:
        problems.add((accepted[0],), "is required", "any.required")
    return package


def _check_form(call: Call, form: dict[str, str], problems: validation.Problems) -> None:
    for name, value in form.items():
        if isinstance(value, list):
            problems.add(tuple(name.split(".")), "must be a string", "string.base")
        elif name not in UPLOAD_TEXTS:
            if not problems.allow_unknown:
                problems.add(tuple(name.split(".")), "is not allowed", "object.allowUnknown")
        elif value == "" and not problems.allow_empty:
            problems.add(tuple(name.split(".")), "is not allowed to be empty", "any.empty")
    for name in ("notifyCollaborators", "notifyEmployees"):
        if form.get(name, "false") not in ("true", "false"):
            problems.add((name,), "must be a boolean", "boolean.base")
    for name, choices in (("buildPlatform", PLATFORMS), ("notifyLanguage", LANGUAGES)):
        if name in form and form[name] not in choices:
            problems.add((name,), f"must be one of [{', '.join(choices)}]", "any.allowOnly")


def _suffix(filename: str) -> str | None:
    return next((suffix for suffix in SUFFIXES if filename.lower().endswith(suffix)), None)


def _groups(text: str) -> list[list[str]]:
    if text.startswith("["):
        try:
            return [list(map(str, group)) for group in json.loads(text)]
        except (ValueError, TypeError):
            return [[text]]
    return [[name.strip() for name in part.split(",") if name.strip()] for part in text.split("|") if part.strip()]


def upload_build(call: Call) -> Reply:
    """Take a package; it is processed in the time that the switch ``processing`` says."""
    application = call.application()
    form = {field_name(name): value for name, value in call.body.items()}
    if isinstance(form.get("tags"), list):
        # Several fields of one name are the form's own way to send a list.
        form["tags"] = ",".join(form["tags"])
    problems = call.problems()
    package = _package(call, problems)
    _check_form(call, form, problems)
    problems.raise_if_any()
    suffix = _suffix(package.filename)
    complaint = _complaint(package, suffix)
    if complaint and call.switches["upload_validation"] == "at_once":
        raise errors.invalid_file(complaint)
    if suffix is not None and not SUFFIXES[suffix]:
        for name in ("buildPlatform", "packageName", "packageVersion"):
            if not form.get(name):
                problems.add((name,), "is required for a package that cannot be parsed", "any.required")
        problems.raise_if_any()
    item = call.state.add_build(**_from_form(call, application, package, SUFFIXES[suffix or ".zip"], form))
    if complaint:
        call.state.unusable[item["id"]] = complaint
    reads, result = _processing(call, item)
    if reads == 0:
        item.update(status=result["status"], error=result["error"], errorCode=result["code"])
    call.state.notifications.append(
        {
            "build": item["id"],
            "collaborators": form.get("notifyCollaborators") == "true",
            "employees": form.get("notifyEmployees") == "true",
            "groups": _groups(form.get("filter", "")),
            "message": form.get("notifyMessage", ""),
            "language": form.get("notifyLanguage", ""),
        }
    )
    return call.created(render.build(call, item))


def _from_form(call: Call, application: Item, package: Any, system: str, form: dict[str, str]) -> Item:
    platform = form.get("buildPlatform") or system
    number = str(sum(1 for build in call.state.builds.values() if build["application"] == application["id"]) + 1)
    info = {name: form[f"deployer.info.{name}"] for name in DEPLOYER_INFO if form.get(f"deployer.info.{name}")}
    fields: Item = {
        "status": "pending",
        "application": application["id"],
        "os": system or platform or "ios",
        "buildPlatform": platform or "ios",
        "versionName": form.get("versionName") or form.get("packageVersion") or "1.0.0",
        "versionCode": form.get("packageVersion") or number,
        "size": package.size,
        "deployer": {"name": form.get("deployer.name", ""), "info": info},
        "info": package_info(platform, form.get("packageName") or "com.example.app"),
        "files": [
            {
                "id": call.state.new_id("file"),
                "type": "package",
                "description": "",
                "file": {
                    "originalName": package.filename,
                    "size": package.size,
                    "mimetype": "application/octet-stream",
                    "checksum": package.sha256,
                },
            }
        ],
    }
    if form.get("tags"):
        fields["tags"] = [tag.strip() for tag in form["tags"].split(",") if tag.strip()]
    if form.get("changelog"):
        fields["changelog"] = form["changelog"]
    return fields
