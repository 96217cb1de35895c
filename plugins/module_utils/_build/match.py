# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What ``match`` asks for, and whether a build is that. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Callable, NamedTuple
from unicodedata import normalize

from .resource import (
    DONE,
    FAILED,
    UNFINISHED,
    Build,
    name_of,
    shown_build,
    state_of,
)
from .._api.envelope import identity
from .._core.errors import AppliveryError, InvalidInput
from .._core.fields import snake
from .._core.given import numbers_in
from .._core.query import Query, compile_query, run_query

Wanted = Mapping[str, Any]

SHORTEST_COMMIT = 7
STATUSES = (*UNFINISHED, *DONE, FAILED)
_SYSTEMS = ("ios", "android", "macos", "windows")
_TEXT: Mapping[str, Any] = MappingProxyType({"type": "str"})


def text_of(value: Any) -> str:
    """A text in the one form in which texts compare: composed, without blanks or line breaks at its edges.

    Some systems write names decomposed, and a known client sends Git tags with the line break behind them.
    """
    return normalize("NFC", str(value)).strip()


def _equal(wanted: Any, found: Any) -> bool:
    return text_of(found) == text_of(wanted)


def _contains(wanted: Any, found: Any) -> bool:
    return isinstance(found, list) and text_of(wanted) in map(text_of, found)


def _is_commit(wanted: Any, found: Any) -> bool:
    """Equal, or the one the beginning of the other: clients send hashes in full or shortened."""
    short, long = sorted((text_of(wanted).lower(), text_of(found).lower()), key=len)
    if short == long:
        return True
    return len(short) >= SHORTEST_COMMIT and long.startswith(short)


def _is_status(wanted: Any, found: Any) -> bool:
    return bool(state_of({"status": wanted}) == found)


class Criterion(NamedTuple):
    """One key of ``match``: where a build shows it, and when it fits.

    ``unset`` is what it means that a build does not show it; None where that means nothing.
    """

    option: str
    path: tuple[str, ...]
    test: Callable[[Any, Any], bool] = _equal
    spec: Mapping[str, Any] = _TEXT
    unset: Any = None

    def read(self, build: Mapping[str, Any]) -> Any:
        """The build's value; None where it shows none."""
        value: Any = build
        for key in self.path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return state_of(build) if self.option == "status" else value

    def is_shown(self, build: Mapping[str, Any]) -> bool:
        """Whether the build, in this form, tells the value, be it that there is none."""
        value: Any = build
        for key in self.path[:-1] or self.path:
            if not isinstance(value, Mapping) or key not in value:
                return value is None
            value = value[key]
        return True


CRITERIA = (
    Criterion("os", ("os",)),
    Criterion("version_name", ("versionName",)),
    Criterion("version_code", ("versionCode",)),
    Criterion("tag", ("tags",), _contains),
    Criterion("git_branch", ("deployer", "info", "branch")),
    Criterion("git_commit", ("deployer", "info", "commit"), _is_commit),
    Criterion("git_tag", ("deployer", "info", "tag")),
    Criterion("status", ("status",), _is_status, {"type": "str", "choices": list(STATUSES)}),
    # No source shows that it is ever returned: not shown is taken for not disabled.
    Criterion("disabled", ("disabled",), lambda wanted, found: bool(wanted) == bool(found), {"type": "bool"}, False),
)


def filter_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the flat filters."""
    return {entry.option: dict(entry.spec) for entry in CRITERIA}


def match_spec() -> dict[str, Any]:
    """The argument spec of ``match``."""
    return {"type": "dict", "options": {**filter_spec(), "query": {"type": "str"}}}


def checked(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The flat filters that are given; refuses an empty one, which would quietly fit everything.

    ``prefix`` stands before option names in messages, such as ``match.``.
    """
    wanted = {entry.option: params[entry.option] for entry in CRITERIA if params.get(entry.option) is not None}
    for option, value in wanted.items():
        if not str(value).strip():
            raise InvalidInput(f"{prefix}{option} is empty; leave it out, or look at the variable that it comes from")
    system = wanted.get("os", "")
    if system != system.lower() and system.lower() in _SYSTEMS:
        raise InvalidInput(f"{prefix}os: Applivery writes {system} as {system.lower()}")
    return wanted


def misfits(build: Mapping[str, Any], wanted: Wanted, known_only: bool = False) -> dict[str, Any]:
    """What does not fit: option -> what the build has instead.

    With ``known_only`` a value that the build does not show, such as before it is processed, contradicts nothing.
    """
    found: dict[str, Any] = {}
    for entry in CRITERIA:
        asked = wanted.get(entry.option)
        if asked is None:
            continue
        value = entry.read(build)
        if value in (None, "", []):
            if not known_only and (entry.unset is None or entry.unset != asked):
                found[entry.option] = None
        elif not entry.test(asked, value):
            found[entry.option] = value
    return found


def fits(build: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a build, with the API's own keys, fits all flat filters that are given and not None."""
    return not misfits(build, wanted)


class Match(NamedTuple):
    """What ``match`` asks for: flat filters and an optional compiled JMESPath expression."""

    wanted: Wanted
    query: Query | None = None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Match:
        """Check the options; InvalidInput names what can't be searched for."""
        wanted = checked(params, "match.")
        text = params.get("query")
        if text is not None and not text.strip():
            raise InvalidInput("match.query is empty; leave it out, or look at the variable that it comes from")
        if not wanted and text is None:
            raise InvalidInput("match is empty: say at least one thing about the build, such as version_name")
        query = compile_query(text, "match.query") if text is not None else None
        return cls(wanted, query)

    @classmethod
    def of_removal(cls, params: Mapping[str, Any], given: Any) -> Match:
        """As ``of``, for what is to be deleted; ``given`` is the option as the task says it."""
        for option in numbers_in(given):
            raise InvalidInput(
                f"match.{option}: {params.get(option)} is a number, and YAML makes the same number of different texts "
                "(0145 becomes 101). That must not decide what is deleted: quote it"
            )
        return cls.of(params)

    def __str__(self) -> str:
        said = [f"{option} {value!r}" for option, value in self.wanted.items()]
        return ", ".join(said + ([f"query {self.query.expression!r}"] if self.query is not None else []))

    def pick(self, fitting: Sequence[Build]) -> Build | None:
        """The one that is meant among the fitting builds, which come newest first."""
        return next(self.chosen(fitting), None)

    def chosen(self, fitting: Sequence[Build]) -> Iterator[Build]:
        """All that the expression yields of the fitting builds, or all of them where there is no expression."""
        if self.query is None:
            yield from fitting
            return
        yielded = run_query(self.query, [shown_build(build) for build in fitting])
        by_id = {identity(build): build for build in fitting}
        for entry in yielded if isinstance(yielded, list) else [yielded]:
            if entry is None:
                continue
            ident = entry.get("id") if isinstance(entry, dict) else None
            if ident is None or ident not in by_id:
                raise AppliveryError(
                    f"match.query {self.query.expression!r} yields something that is no build: it has no id of one. "
                    "The expression must yield a build of the list, or a list that begins with one"
                )
            yield by_id[ident]

    def unseen(self, builds: Sequence[Build]) -> bool:
        """Whether what decides is shown by none of these builds, so that their form may be a short one."""
        asked = [entry for entry in CRITERIA if self.wanted.get(entry.option) is not None]
        if not all(any(entry.is_shown(build) for build in builds) for entry in asked):
            return True
        if self.query is None:
            return False
        names = set(_names_in(self.query.program.parsed))
        return bool(names - {snake(key) for build in builds for key in keys_of(build)})


def _names_in(tree: Mapping[str, Any]) -> Iterator[str]:
    """The keys that a parsed expression asks for."""
    if tree.get("type") == "field":
        yield tree["value"]
    for child in tree.get("children", ()):
        # The children of a slice are numbers.
        if isinstance(child, Mapping):
            yield from _names_in(child)


def keys_of(value: Any) -> Iterator[str]:
    """Every key of an object, at any depth."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        yield str(key)
        yield from keys_of(inner)
    for inner in value if isinstance(value, list) else ():
        yield from keys_of(inner)


def why_nothing_fits(wanted: Wanted, read: Sequence[Build]) -> str:
    """What may help somebody whose search found nothing; begins with a full stop, or is empty."""
    near = [build for build in read if set(misfits(build, wanted)) == {"status"}]
    if near:
        return f". {name_of(near[0])} would fit, but its status is {near[0].get('status')!r}"
    disabled = [build for build in read if set(misfits(build, wanted)) == {"disabled"}]
    if disabled and not wanted["disabled"]:
        return f". {len(disabled)} would fit, but can't be downloaded (disabled)"
    if 0 < len(wanted.get("git_commit") or "") < SHORTEST_COMMIT:
        return f". A prefix of git_commit needs {SHORTEST_COMMIT} characters or more"
    if any(not str(value).isascii() for value in wanted.values()):
        return ". Composed and decomposed letters count as the same (Unicode NFC), so it is not that"
    return "" if read else ". Look at application, which may be the wrong one"
