# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What is known about builds: where they live, which fields can be set, what their states mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .._api.client import Endpoint, identity
from .._api.connection import WORKSPACE
from .._core.fields import (
    FLAG,
    NESTED,
    PROSE,
    STRINGS,
    Field,
    Kind,
    is_empty,
    shown,
)

Build = dict[str, Any]

BUILDS = Endpoint(
    "build",
    "organizations/{organization}/apps/{application}/builds",
    "integrations/builds",
    # The one for updates is documented (seed); the others follow the pattern of all documented names (inference).
    permissions={
        "list": "mad.build.management.list (probably; the documents do not name it)",
        "get": "mad.build.management.get (probably; the documents do not name it)",
        "create": "mad.build.management.create (probably; the documents do not name it)",
        "update": "mad.build.management.update",
        "remove": "mad.build.management.remove (probably; the documents do not name it)",
    },
    # The Integrations list documents its order, newest first, and no way to ask for it (guide).
    sort={WORKSPACE: "createdAt:desc"},
)

DONE = ("processed", "success")
FAILED = "error"
UNFINISHED = ("pending", "in_progress")

# Every source shows these for every build; they are null where the server has nothing to tell yet.
_ALWAYS = ("id", "status", "os", "version_code", "created_at", "updated_at")


def without_nulls(value: Any) -> Any:
    """``value`` without keys that hold null, at any depth: null and absent are one value."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _metadata(value: Any) -> Any:
    return without_nulls(value) or None if isinstance(value, Mapping) else (None if is_empty(value) else value)


METADATA = Kind("dict", canonical=_metadata, clear={})

SCRIPTS = tuple(Field(option) for option in ("pre_install", "post_install", "audit", "enforce", "runner"))

# Workspace-only fields are those that no source shows for certain in an answer (fact sheet 2.1): for them an absent
# key means "not known", while for the others it means "not set".
BUILD_FIELDS = (
    Field("version_name"),
    Field("tags", STRINGS),
    Field("changelog", PROSE),
    Field("metadata", METADATA, workspace_only=True),
    Field("default_scripts", NESTED, children=SCRIPTS, workspace_only=True),
    Field("disabled", FLAG, workspace_only=True),
)

LANGUAGES = ("de", "en", "es", "fr", "ge", "it", "pt", "ru", "zh")
DEPLOYER_INFO = tuple(
    Field(option)
    for option in (
        "commit",
        "commit_message",
        "branch",
        "tag",
        "trigger_timestamp",
        "build_url",
        "ci_url",
        "repository_url",
        "build_number",
    )
)
# What an upload may say beside the labels above, in the form field of the same name in camelCase.
UPLOAD_FIELDS = (
    Field("build_platform"),
    Field("package_name"),
    Field("package_version"),
    Field("notify_message"),
    Field("notify_language", choices=LANGUAGES),
)
NOTIFY_FLAGS = ("notify_collaborators", "notify_employees")


# One vendor step uploads these with the build (fact sheet, N7); the words catch what others call theirs.
_SECRETS = ("certificatepassphrase", "certificateurl", "provisionurl")
_SECRET_WORDS = ("passphrase", "password", "secret", "token", "credential", "certificate", "provision", "privatekey")


def understood(raw: Mapping[str, Any]) -> Build:
    """A build as all code of this collection sees it: without the secrets that an uploader may have left in it."""
    return {
        key: value if key == "metadata" else _harmless(value, _is_about_uploader(key))
        for key, value in raw.items()
        if not _is_secret(key, _is_about_uploader(key))
    }


def _harmless(value: Any, uploader: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _harmless(inner, uploader) for key, inner in value.items() if not _is_secret(key, uploader)}
    return [_harmless(inner, uploader) for inner in value] if isinstance(value, list) else value


def _is_about_uploader(key: str) -> bool:
    return str(key).lower().startswith("deployer")


# The same few keys come with every build of a list.
@lru_cache(maxsize=1000)
def _is_secret(key: str, uploader: bool) -> bool:
    # deployer.info.x and deployer[info][x] are two more ways in which clients write the name.
    words = re.findall(r"[a-z0-9]+", str(key).lower().replace("_", "").replace("-", ""))
    name = words[-1] if words else ""
    return name in _SECRETS or (uploader and any(word in name for word in _SECRET_WORDS))


def state_of(build: Mapping[str, Any]) -> Any:
    """The build's state, with one word for done: ``success`` is ``processed`` (fact sheet, C7)."""
    state = build.get("status")
    return DONE[0] if state in DONE else state


def shown_build(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A build as all modules return it: managed fields and the well-known keys are always there."""
    build = {**dict.fromkeys(_ALWAYS), **shown(BUILD_FIELDS, understood(raw))}
    build["id"] = identity(raw)
    build["status"] = state_of(raw)
    return build


def name_of(raw: Mapping[str, Any]) -> str:
    """``2.5.0 (42, 552ae3cf...)``: how messages call a build."""
    details = [str(value) for value in (raw.get("versionCode"), identity(raw)) if value not in (None, "")]
    label = str(raw.get("versionName") or "without a version name")
    return f"{label} ({', '.join(details)})" if details else label
