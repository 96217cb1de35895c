# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What results of tasks say was there before, as something to bring about again. Pure but for reading the file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ..module_utils._build.resource import BUILD_FIELDS
from ..module_utils._core.errors import InvalidInput
from ._declared import of_previous, password_variable, wishes_of
from ._documents import PUBLICATIONS, TESTERS, Declared

BUILDS = "builds"
_MODES = {"tags_mode": "replace", "metadata_mode": "replace", "wait": False}


def read_saved(path: str) -> list[Declared]:
    """Everything in a saved result, or in several, that can be restored: publications, labels of builds, people.

    Raises InvalidInput when the file can't be read or holds nothing of it.
    """
    try:
        with open(path, encoding="utf-8-sig") as stream:
            # JSON is YAML.
            saved = yaml.safe_load(stream)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as problem:
        raise InvalidInput(f"saved: {path} could not be read ({problem})") from None
    name = os.path.basename(path)
    found = [declared._replace(file=f"{name} ({number})") for number, declared in enumerate(_restorable(saved), 1)]
    if not found:
        raise InvalidInput(f"saved: {path} holds no result with previous in it, so there is nothing to restore")
    return sorted(found, key=lambda declared: [PUBLICATIONS, BUILDS, TESTERS].index(declared.kind))


def _restorable(value: Any) -> Iterator[Declared]:
    if isinstance(value, list):
        for item in value:
            yield from _restorable(item)
    if not isinstance(value, Mapping):
        return
    previous = value.get("previous")
    if isinstance(previous, Mapping):
        yield from _object(previous)
    if isinstance(value.get("users"), list):
        yield from _people(value)
    for key, item in value.items():
        if key not in ("previous", "users", "diff", "invocation"):
            yield from _restorable(item)


def _object(previous: Mapping[str, Any]) -> Iterator[Declared]:
    application = previous.get("application")
    of = str(application) if isinstance(application, str) and application else None
    if previous.get("slug") and previous.get("visibility"):
        wishes = wishes_of(of_previous(previous))
        options = {**wishes.options, "publication_id": previous.get("id")}
        slug = str(previous["slug"])
        yield Declared(PUBLICATIONS, "", slug, options, None, of, password_variable(slug))
    elif previous.get("id") and "version_name" in previous:
        labels = {entry.option: previous[entry.option] for entry in BUILD_FIELDS if entry.option in previous}
        known = {option: value for option, value in labels.items() if value is not None}
        yield Declared(BUILDS, "", str(previous["id"]), {**_MODES, **known, "build_id": previous["id"]}, None, of)


def _people(result: Mapping[str, Any]) -> Iterator[Declared]:
    publication = result.get("publication_id")
    users = [
        {"email": user["email"], **user["previous"]}
        for user in result["users"]
        if isinstance(user, Mapping) and isinstance(user.get("previous"), Mapping) and user.get("email")
    ]
    if publication and users:
        options = {"publication": publication, "users": users, "update_allowance": "always"}
        yield Declared(TESTERS, "", str(publication), options)
