# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Tables of fields, and all that is derived from them: argument spec, request body, comparison, diff. Pure.

A resource says each fact about a field once, in a ``Field``. Three forms of a value are told apart:

* *wish*: what the task asks for, as the module's options hold it; None means not mentioned;
* *read*: what the server returned, with the API's names;
* *canonical*: the one form in which wishes and reads are compared and shown. Absent, null and empty are all None.

What the functions return is a copy: nothing that is done to it reaches the wish, the read or the table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from .dates import format_instant, parse_instant
from .json_value import check_json

Canonical = Callable[[Any], Any]

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|-")


def is_id(text: str) -> bool:
    """Whether a text has the form of an id: 24 hexadecimal digits (reference)."""
    return len(text) == 24 and all(character in "0123456789abcdefABCDEF" for character in text)


def is_empty(value: Any) -> bool:
    """Absent, null and empty are one value; False and 0 are values."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)


# How values of one kind are compared, shown and sent ----------------------------------------------------------


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """Servers like to trim; a text that differs only at its edges means the same."""
    shown = value.strip() if isinstance(value, str) else value
    return None if is_empty(shown) else shown


def _upper(value: Any) -> Any:
    shown = _text(value)
    return shown.upper() if isinstance(shown, str) else shown


def _strings(value: Any) -> Any:
    if not isinstance(value, list):
        return _text(value)
    return sorted({str(item).strip() for item in value}) or None


def _countries(value: Any) -> Any:
    return _strings([str(code).strip().upper() for code in value]) if isinstance(value, list) else _text(value)


def _groups(value: Any) -> Any:
    """A set of sets: the outer order (OR) and the inner order (AND) mean nothing."""
    if not isinstance(value, list):
        return _text(value)
    clauses = {tuple(sorted(set(map(str, clause)))) for clause in value if isinstance(clause, list)}
    loose = {(str(clause),) for clause in value if not isinstance(clause, list)}
    return [list(clause) for clause in sorted(clauses | loose)] or None


def _names(clauses: Any) -> Any:
    # A name that YAML takes for a number is a name all the same.
    return [[str(name) for name in clause] for clause in clauses]


def _instant(value: Any) -> Any:
    """An instant as ``2026-12-31T23:59:59Z``; what can't be understood stays as it is."""
    if is_empty(value):
        return None
    try:
        return format_instant(parse_instant(str(value)))
    except ValueError:
        return value


def _reference(value: Any) -> Any:
    """The id alone, where the server shows the object behind it as well."""
    return value.get("id", value.get("_id")) if isinstance(value, Mapping) else value


def _id(value: Any) -> Any:
    """An id in lower case, as the server writes it; what has another form stays as it is."""
    return value.lower() if isinstance(value, str) and is_id(value) else _text(value)


def _prose(value: Any) -> Any:
    # A block of text in YAML ends with a line break.
    return _text(value.replace("\r\n", "\n") if isinstance(value, str) else value)


class Kind(NamedTuple):
    """How values of one kind behave.

    ``type`` and ``elements`` are those of the argument spec, ``canonical`` makes the comparable form of a wish or a
    read, ``to_api`` turns a wish into what is sent, ``reduce`` undoes what the server adds around a value, ``clear``
    is what the API takes for "unset". ``wish`` gives what the task names the one form that it has from the start.
    """

    type: str
    canonical: Canonical = _text
    to_api: Callable[[Any], Any] = _same
    reduce: Callable[[Any], Any] = _same
    clear: Any = ""
    elements: str | None = None
    wish: Callable[[Any], Any] = _same


TEXT = Kind("str")
PROSE = Kind("str", canonical=_prose)
FLAG = Kind("bool", clear=None)
NUMBER = Kind("int", clear=None)
REFERENCE = Kind("str", canonical=_id, to_api=_id, reduce=_reference, wish=_id)
COLOUR = Kind("str", canonical=_upper)
INSTANT = Kind("str", canonical=_instant, to_api=_instant, clear=None)
STRINGS = Kind("list", canonical=_strings, clear=[], elements="str")
COUNTRIES = Kind("list", canonical=_countries, to_api=_countries, clear=[], elements="str")
GROUPS = Kind("list", canonical=_groups, to_api=_names, clear=[], elements="list")
MAPPING = Kind("dict", clear={})
NESTED = Kind("dict", clear={})
OBJECTS = Kind("list", clear=[], elements="dict")


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Field(NamedTuple):
    """One writable field of a resource.

    ``api`` is the API's name where it is not simply the camelCase of ``option``; ``children`` are the leaves of a
    nested field; ``whole`` replaces a nested value at once instead of merging it leaf by leaf; ``relevant`` names the
    leaves of a read value that count (None = carry it verbatim, it is of a form unknown to the client) and ``refine``
    unifies equivalent canonical forms; ``guards`` marks what decides who gets in; ``secret`` is write-only: never
    returned, compared or shown; ``workspace_only`` is for what the Integrations API lacks; ``spec`` adds to the
    argument spec.
    """

    option: str
    kind: Kind = TEXT
    api: str = ""
    choices: tuple[str, ...] = ()
    children: tuple[Field, ...] = ()
    whole: bool = False
    relevant: Callable[[Mapping[str, Any]], Collection[str] | None] | None = None
    refine: Callable[[dict[str, Any]], dict[str, Any]] = _same
    guards: bool = False
    secret: bool = False
    workspace_only: bool = False
    spec: Mapping[str, Any] = _NOTHING

    @property
    def name(self) -> str:
        """The API's name of the field."""
        return self.api or camel(self.option)


def argument_spec(fields: Iterable[Field]) -> dict[str, dict[str, Any]]:
    """The part of a module's argument spec that the table describes."""
    spec: dict[str, dict[str, Any]] = {}
    for entry in fields:
        made: dict[str, Any] = {"type": entry.kind.type}
        if entry.kind.elements:
            made["elements"] = entry.kind.elements
        if entry.choices:
            made["choices"] = list(entry.choices)
        if entry.children:
            made["options"] = argument_spec(entry.children)
        if entry.secret:
            made["no_log"] = True
        spec[entry.option] = {**made, **entry.spec}
    return spec


def wishes(fields: Iterable[Field], params: Mapping[str, Any]) -> dict[str, Any]:
    """What the task mentions: the options that are not None, sub-options likewise."""
    found: dict[str, Any] = {}
    for entry in fields:
        value = params.get(entry.option)
        if value is None:
            continue
        if entry.kind.type == "dict" and not entry.children:
            check_json(entry.option, value)
        mentioned = _mentioned(entry, value)
        # A dictionary without any mentioned key asks for nothing; it is no way to clear its leaves.
        if mentioned != {} or not entry.children:
            found[entry.option] = mentioned
    return found


def _mentioned(entry: Field, value: Any) -> Any:
    if not entry.children:
        return entry.kind.wish(value)
    if isinstance(value, list):
        return [wishes(entry.children, item) for item in value]
    return wishes(entry.children, value)


# Canonical forms ----------------------------------------------------------------------------------------------


def canonical(entry: Field, read: Any) -> Any:
    """The comparable form of what the server returned; None for absent, null and empty."""
    if not entry.children:
        return deepcopy(entry.kind.canonical(entry.kind.reduce(read)))
    if entry.kind.type == "list":
        return _canonical_objects(entry, read)
    if not isinstance(read, Mapping):
        return deepcopy(_text(read))
    leaves = _relevant_leaves(entry, read)
    if leaves is None:
        return as_read(_without_unset(read))
    found = {leaf.option: canonical(leaf, read.get(leaf.name)) for leaf in leaves}
    return entry.refine({option: value for option, value in found.items() if not is_empty(value)}) or None


def _without_unset(read: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): deepcopy(value) for name, value in read.items() if not is_empty(value)}


def _relevant_leaves(entry: Field, read: Mapping[str, Any]) -> list[Field] | None:
    if entry.relevant is None:
        return list(entry.children)
    names = entry.relevant(read)
    return None if names is None else [leaf for leaf in entry.children if leaf.name in names]


def _canonical_objects(entry: Field, read: Any) -> Any:
    if not isinstance(read, list):
        return deepcopy(_text(read))
    leaf = Field(entry.option, NESTED, children=entry.children)
    items = [canonical(leaf, item) for item in read]
    return sorted((item for item in items if item is not None), key=repr) or None


def wished(entry: Field, wish: Any) -> Any:
    """The comparable form of a wish."""
    return canonical(entry, to_api(entry, wish))


def same(entry: Field, wish: Any, read: Any) -> bool:
    """Whether what is wished for is what was read; leaves of a nested field that are not mentioned do not count."""
    if entry.children and entry.kind.type == "dict" and not entry.whole and not is_empty(wish):
        current = read if isinstance(read, Mapping) else {}
        return all(
            same(leaf, wish[leaf.option], current.get(leaf.name)) for leaf in entry.children if leaf.option in wish
        )
    return alike(wished(entry, wish), canonical(entry, read))


def alike(one: Any, other: Any) -> bool:
    """Whether two canonical values mean the same. A flag that is off is the same as one that was never set."""
    return bool(_without_off(one) == _without_off(other))


def _without_off(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_off(item) for key, item in value.items() if _without_off(item) is not None} or None
    if isinstance(value, list):
        return [_without_off(item) for item in value] or None
    return None if value is False else value


# What is sent -------------------------------------------------------------------------------------------------


def to_api(entry: Field, wish: Any) -> Any:
    """The API's form of a wish; an empty wish is the value that clears the field."""
    if is_empty(wish):
        return deepcopy(entry.kind.clear)
    if not entry.children:
        return deepcopy(entry.kind.to_api(wish))
    if isinstance(wish, list):
        return [_object_to_api(entry, item) for item in wish]
    return _object_to_api(entry, wish)


def _object_to_api(entry: Field, wish: Mapping[str, Any]) -> dict[str, Any]:
    return {leaf.name: to_api(leaf, wish[leaf.option]) for leaf in entry.children if leaf.option in wish}


def carried(entry: Field, read: Any) -> Any:
    """What was read, as it may travel back: known leaves only, each exactly as read, without unset ones."""
    if not entry.children or is_empty(read):
        return deepcopy(entry.kind.reduce(read))
    # What is in a form that nobody knows is not ours to drop.
    if entry.kind.type == "list" and isinstance(read, list):
        return [_carried_object(entry, item) if isinstance(item, Mapping) else deepcopy(item) for item in read]
    return _carried_object(entry, read) if entry.kind.type == "dict" and isinstance(read, Mapping) else deepcopy(read)


def _carried_object(entry: Field, read: Mapping[str, Any]) -> dict[str, Any]:
    leaves = _relevant_leaves(entry, read)
    if leaves is None:
        return _without_unset(read)
    found = {leaf.name: carried(leaf, read.get(leaf.name)) for leaf in leaves}
    return {name: value for name, value in found.items() if not is_empty(value)}


def merged(entry: Field, wish: Any, read: Any) -> Any:
    """The API value after the wish is fulfilled: as read where it compares equal, leaf by leaf where it is nested."""
    leaf_by_leaf = bool(entry.children) and entry.kind.type == "dict" and not entry.whole
    if not leaf_by_leaf or is_empty(wish) or not isinstance(read, Mapping):
        return carried(entry, read) if not is_empty(read) and same(entry, wish, read) else to_api(entry, wish)
    result = carried(entry, read)
    for leaf in entry.children:
        # A leaf that is not shown may hold something; one that is shown to be unset, by itself or as a whole, does not.
        unset = is_empty(read.get(leaf.name)) and (leaf.name in read or not read)
        if leaf.option in wish and not (unset and is_empty(wish[leaf.option])):
            result[leaf.name] = merged(leaf, wish[leaf.option], read.get(leaf.name))
    return result


def rewritten(fields: Iterable[Field], wishes: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PUT that replaces an object: every field that was read as it was read, every wish fulfilled.

    Secrets are left out, and what is unset unless a wish clears it.
    """
    body = {}
    for entry in fields:
        if entry.secret:
            continue
        if entry.option in wishes:
            body[entry.name] = merged(entry, wishes[entry.option], read.get(entry.name))
            continue
        value = carried(entry, read.get(entry.name))
        # An empty list that was read is a statement; an empty text is how some servers show what is unset.
        if value is not None and value not in ("", {}):
            body[entry.name] = value
    return body


# What is shown ------------------------------------------------------------------------------------------------


def shown(fields: Iterable[Field], read: Mapping[str, Any], verbatim: Iterable[str] = ("metadata",)) -> dict[str, Any]:
    """An object as modules return it: every key in snake_case, table fields in canonical form.

    Lists and dictionaries of the table that are unset are empty, other unset fields null, so that every managed
    key is there. The content of ``verbatim`` keys stays as it is; anything called ``password`` is left out.
    """
    table = list(fields)
    result: dict[str, Any] = as_read(read, verbatim)
    for entry in table:
        if entry.secret:
            continue
        value = canonical(entry, read.get(entry.name))
        result[entry.option] = {"list": [], "dict": {}}.get(entry.kind.type) if value is None else value
    return result


def forms(fields: Iterable[Field], read: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of every field but the secrets, by option; None where it is unset."""
    return {entry.option: canonical(entry, read.get(entry.name)) for entry in fields if not entry.secret}


def as_read(read: Any, verbatim: Iterable[str] = ("metadata",)) -> Any:
    """All that was read, keys in snake_case, values untouched; what a write may destroy is returned like this."""
    kept = tuple(verbatim)
    if isinstance(read, Mapping):
        return {
            snake(str(key)): deepcopy(value) if key in kept else as_read(value, kept)
            for key, value in read.items()
            if key != "password"
        }
    if isinstance(read, list):
        return [as_read(item, kept) for item in read]
    return read


def differences(
    fields: Iterable[Field], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """The fields whose canonical forms differ between two objects in the API's form: option -> (before, after)."""
    found: dict[str, tuple[Any, Any]] = {}
    for entry in fields:
        if entry.secret:
            continue
        pair = (canonical(entry, before.get(entry.name)), canonical(entry, after.get(entry.name)))
        if not alike(*pair):
            found[entry.option] = pair
    return found


def diff_pair(changes: Mapping[str, tuple[Any, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``before`` and ``after`` of a diff; what is unset on one side is left out there."""
    before = {option: pair[0] for option, pair in changes.items() if not is_empty(pair[0])}
    after = {option: pair[1] for option, pair in changes.items() if not is_empty(pair[1])}
    return before, after


# Names ----------------------------------------------------------------------------------------------


def snake(name: str) -> str:
    """``versionName`` -> ``version_name``."""
    return _WORD.sub("_", name).lower()


def camel(name: str) -> str:
    """``version_name`` -> ``versionName``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
