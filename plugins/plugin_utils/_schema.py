# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The JSON Schemas of declared files, derived from the modules' own options, and a check against them. Pure.

Editors read the schemas; the check knows the few words of JSON Schema that they use, since jsonschema is no package
that this collection may ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..module_utils._core.fields import argument_spec
from ..module_utils._otp_user.people import PERSON_SPEC
from ..module_utils._otp_user.resource import UNLIMITED
from ..module_utils._otp_user.run import SPEC as OTP_USER_SPEC
from ..module_utils._publication.resource import PUBLICATION_FIELDS
from ..module_utils._publication.run import SPEC as PUBLICATION_SPEC
from ._testers import ALLOWANCE, EMAIL, STUDIO

Schema = dict[str, Any]
Path = tuple[Any, ...]

_TYPES = {"str": "string", "bool": "boolean", "int": "integer", "list": "array", "dict": "object", "path": "string"}
# Said by the file's own keys, or by the run: which object, and in which way it is brought about.
_NOT_IN_PUBLICATION = ("password",)
_NOT_IN_TESTERS = ("state", "publications", "everywhere", "strict", "concurrency", "quiet")
_ORGANIZATION = {"type": "string", "description": "Slug or id of the organization that this file is for."}
_PYTHON: dict[str, type[Any]] = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


class Problem(NamedTuple):
    """What is wrong, and where: the keys and numbers that lead there from the top."""

    path: Path
    text: str


def publication_schema() -> Schema:
    """A file of ``publications/``."""
    spec = {
        **{name: entry for name, entry in argument_spec(PUBLICATION_FIELDS).items() if name not in _NOT_IN_PUBLICATION},
        "filter_mode": PUBLICATION_SPEC["filter_mode"],
    }
    inside = _object(spec)
    inside["required"] = ["slug"]
    return _document(
        "publication",
        "One publication as it should be. What is left out stays as it is.",
        {
            "organization": _ORGANIZATION,
            "application": {"type": "string", "description": "Slug or id of the application it belongs to."},
            "password_variable": {
                "type": "string",
                "pattern": "^applivery_password_[A-Za-z0-9_]+$",
                "description": "The variable that holds the password of a publication with security: password.",
            },
            "publication": inside,
        },
        ["publication"],
    )


def testers_schema() -> Schema:
    """A file of ``testers/``."""
    spec = {name: entry for name, entry in OTP_USER_SPEC.items() if name not in _NOT_IN_TESTERS}
    properties = _object(spec)["properties"]
    properties["publication"] = {"type": "string", "description": "Slug or id of the publication that they enter."}
    return _document(
        "testers",
        "Who may enter one publication with a one-time password.",
        {"organization": _ORGANIZATION, **properties},
        ["publication"],
    )


def tester_list_schema() -> Schema:
    """A list of testers in YAML, as the role tester_onboarding and the filter tester_list take it."""
    tester: Schema = {name: _value(entry) for name, entry in PERSON_SPEC.items()}
    for name in (STUDIO, EMAIL):
        tester[name] = {"type": "string"}
    tester[ALLOWANCE] = {"anyOf": [{"enum": ["unlimited", UNLIMITED]}, {"type": "integer", "minimum": 1}]}
    # An unquoted date is a date to YAML, and its text to whoever checks the file.
    known = {"type": "object", "properties": tester, "required": [EMAIL], "additionalProperties": False}
    return {
        **_heading("tester_list", "External testers: addresses, or what is said of each."),
        "type": "array",
        "items": {"anyOf": [{"type": "string"}, known]},
    }


def _heading(name: str, about: str) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://github.com/applivery/ansible-collection-distribution/blob/main/docs/schema/{name}.json",
        "title": f"applivery.distribution: {name}",
        "description": about,
    }


def _document(name: str, about: str, properties: Schema, required: list[str]) -> Schema:
    return {
        **_heading(name, about),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _object(spec: Mapping[str, Mapping[str, Any]]) -> Schema:
    required = sorted(name for name, entry in spec.items() if entry.get("required"))
    return {
        "type": "object",
        "properties": {name: _value(entry) for name, entry in spec.items()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _value(entry: Mapping[str, Any]) -> Schema:
    kind = _TYPES[entry.get("type", "str")]
    if kind == "object":
        return _object(entry["options"]) if "options" in entry else {"type": "object"}
    if kind == "array":
        return {"type": "array", "items": _items(entry)}
    return {"enum": list(entry["choices"])} if "choices" in entry else {"type": kind}


def _items(entry: Mapping[str, Any]) -> Schema:
    kind = entry.get("elements", "str")
    if kind == "dict":
        return _object(entry.get("options", {}))
    # A list of lists is the set of sets that ``groups`` is.
    return {"type": "array", "items": {"type": "string"}} if kind == "list" else {"type": _TYPES[kind]}


# The check --------------------------------------------------------------------------------------------------------


def problems(schema: Mapping[str, Any], value: Any, path: Path = ()) -> Iterator[Problem]:
    """Everything in ``value`` that does not fit; null is no value and fits nothing but its absence."""
    if "enum" in schema:
        if value not in schema["enum"] or isinstance(value, bool):
            yield Problem(path, f"{value!r} is none of {', '.join(map(str, schema['enum']))}")
        return
    kind = schema["type"]
    if "pattern" in schema and isinstance(value, str) and not re.match(schema["pattern"], value):
        yield Problem(path, f"{value!r} does not fit {schema['pattern']}")
    if not isinstance(value, _PYTHON[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield Problem(path, _wrong_type(kind, value))
    elif kind == "object":
        yield from _object_problems(schema, value, path)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from problems(schema["items"], item, (*path, number))


def _object_problems(schema: Mapping[str, Any], value: Mapping[Any, Any], path: Path) -> Iterator[Problem]:
    known = schema.get("properties")
    if known is None:
        return
    for name, item in value.items():
        if name not in known:
            yield Problem((*path, name), f"unknown; known are {', '.join(sorted(known))}")
        else:
            yield from problems(known[name], item, (*path, name))
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem(path, f"{name} is missing")


def _wrong_type(kind: str, value: Any) -> str:
    if value is None:
        return 'has no value; leave the line out, or give "" or [] to clear'
    words = {"string": "text", "boolean": "true or false", "integer": "a number", "array": "a list", "object": "keys"}
    hint = "; quote it" if kind == "string" and not isinstance(value, (list, dict)) else ""
    return f"{value!r} should be {words[kind]}{hint}"
