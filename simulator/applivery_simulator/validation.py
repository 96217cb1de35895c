# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small, strict body validator that reports the way Joi does.

Every difference is one entry ``{field: [path], location, messages: [..], types: [..]}``; all of them are reported.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from . import errors
from .state import parse_moment

HEX_ID = r"^[a-fA-F0-9]{24}$"
ID_OR_SLUG = r"^(([a-fA-F0-9]{24})|([a-zA-Z0-9\-]{3,}))$"
COLOUR = r"^#[0-9a-fA-F]{6}$"
COUNTRY = r"^[A-Za-z]{2}$"
SLUG = r"^[a-zA-Z0-9][a-zA-Z0-9-]+[a-zA-Z0-9]$"
LOWER_SLUG = r"^[a-z0-9][a-z0-9-]+[a-z0-9]$"
EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
TIMESTAMP = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$"

Path = tuple[Union[str, int], ...]


@dataclass
class Problems:
    """What is wrong with one request."""

    location: str = "body"
    status: int = 400
    allow_empty: bool = True
    allow_null: bool = False
    allow_unknown: bool = False
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: Path, message: str, kind: str) -> None:
        """Note one difference."""
        name = ".".join(map(str, path)) or "value"
        self.found.append(
            {
                "field": [str(part) for part in path],
                "location": self.location,
                "messages": [f'"{name}" {message}'],
                "types": [kind],
            }
        )

    def raise_if_any(self) -> None:
        """Refuse the request when something was noted."""
        if self.found:
            raise errors.invalid(self.found, self.status)


class Rule:
    """What a value must be."""

    nullable = False

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note in ``problems`` whatever ``value`` is not."""
        raise NotImplementedError


@dataclass
class Text(Rule):
    """A string."""

    pattern: str = ""
    about: str = ""
    choices: Sequence[str] = ()
    shortest: int = 0
    longest: int = 100000
    filled: bool = False

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type, emptiness, length, choice or pattern."""
        if not isinstance(value, str):
            problems.add(path, "must be a string", "string.base")
        elif value == "":
            if self.filled or self.choices or not problems.allow_empty:
                problems.add(path, "is not allowed to be empty", "any.empty")
        elif self.choices and value not in self.choices:
            problems.add(path, f"must be one of [{', '.join(self.choices)}]", "any.allowOnly")
        elif len(value) < self.shortest:
            problems.add(path, f"length must be at least {self.shortest} characters long", "string.min")
        elif len(value) > self.longest:
            problems.add(path, f"length must be less than or equal to {self.longest} characters long", "string.max")
        elif self.pattern and not re.fullmatch(self.pattern, value):
            problems.add(
                path,
                f"must be {self.about}" if self.about else "fails to match the required pattern",
                "string.regex.base",
            )


@dataclass
class Flag(Rule):
    """A boolean."""

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type."""
        if not isinstance(value, bool):
            problems.add(path, "must be a boolean", "boolean.base")


@dataclass
class Whole(Rule):
    """An integer."""

    least: int = 0

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type or a value that is too small."""
        if isinstance(value, bool) or not isinstance(value, int):
            problems.add(path, "must be an integer", "number.base")
        elif value < self.least:
            problems.add(path, f"must be larger than or equal to {self.least}", "number.min")


@dataclass
class Moment(Rule):
    """An ISO 8601 timestamp with an offset, or null."""

    nullable = True

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note what is no timestamp."""
        if not isinstance(value, str) or not re.fullmatch(TIMESTAMP, value) or not self._real(value):
            problems.add(path, "must be a valid ISO 8601 date", "date.isoDate")

    @staticmethod
    def _real(value: str) -> bool:
        try:
            return isinstance(parse_moment(normal_moment(value)), datetime.datetime)
        except ValueError:
            return False


@dataclass
class Many(Rule):
    """An array."""

    item: Rule
    fewest: int = 0

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type and whatever is wrong with the elements."""
        if not isinstance(value, list):
            problems.add(path, "must be an array", "array.base")
            return
        if len(value) < self.fewest:
            problems.add(path, f"must contain at least {self.fewest} items", "array.min")
        for number, element in enumerate(value):
            self.item.check(element, (*path, number), problems)


@dataclass
class Anything(Rule):
    """An object with any content."""

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type."""
        if not isinstance(value, dict):
            problems.add(path, "must be an object", "object.base")


@dataclass
class Record(Rule):
    """An object with known keys."""

    fields: Mapping[str, Rule]
    required: Sequence[str] = ()

    def check(self, value: Any, path: Path, problems: Problems) -> None:
        """Note a wrong type, missing and unknown keys, and whatever is wrong with the values."""
        if not isinstance(value, dict):
            problems.add(path, "must be an object", "object.base")
            return
        for name in self.required:
            if name not in value:
                problems.add((*path, name), "is required", "any.required")
        for name, element in value.items():
            rule = self.fields.get(name)
            if rule is None:
                if not problems.allow_unknown:
                    problems.add((*path, name), "is not allowed", "object.allowUnknown")
            elif element is None and (rule.nullable or (problems.allow_null and name not in self.required)):
                continue
            else:
                rule.check(element, (*path, name), problems)


def normal_moment(text: str) -> str:
    """Return a timestamp in the form that Python 3.9 can parse: offset with a colon, microseconds."""
    text = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text)
    return re.sub(r"\.(\d+)", lambda match: "." + match.group(1)[:6].ljust(6, "0"), text)


def strip_unknown(value: Mapping[str, Any], known: Mapping[str, Rule]) -> dict[str, Any]:
    """Return ``value`` without the keys that have no rule, at every depth."""
    kept: dict[str, Any] = {}
    for name, element in value.items():
        rule = known.get(name)
        if rule is None:
            continue
        kept[name] = (
            strip_unknown(element, rule.fields) if isinstance(rule, Record) and isinstance(element, dict) else element
        )
    return kept


def first_problem(location: str, name: str, message: str, kind: str, status: int) -> errors.ApiError:
    """Return a refusal with one entry."""
    problems = Problems(location=location, status=status)
    problems.add((name,), message, kind)
    return errors.invalid(problems.found, status)


def check_id(value: str, name: str, *, pattern: str = HEX_ID) -> dict[str, Any] | None:
    """Return the entry for an id in the path that is none, or None."""
    if re.fullmatch(pattern, value):
        return None
    problems = Problems(location="params")
    problems.add((name,), "fails to match the required pattern", "string.regex.base")
    return problems.found[0]
