# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Lists of external testers, however they are written: a YAML list, a table as text, or bare addresses. Pure.

What is clear is read, everything else is refused with its place: ``Line 3, column 2: ...`` of a text, ``Tester 3: ...``
of a list. Who can't be let in by applivery_otp_user is refused here, by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Callable, NamedTuple

from ..module_utils._core.addresses import email_key, split_addresses, why_no_address
from ..module_utils._core.dates import parse_instant
from ..module_utils._core.errors import InvalidInput
from ..module_utils._otp_user.people import PERSON_SPEC, people_of
from ..module_utils._otp_user.resource import DOWNLOADS, SINGLE_USE, UNLIMITED
from ._tables import Cell, Table, read_table, similar

STUDIO, EMAIL, ALLOWANCE, UNTIL = "studio", "email", "allowance", "access_until"
# What can be said of a tester: all that applivery_otp_user takes, the studio for reports, and a shorter word.
COLUMNS = (STUDIO, EMAIL, ALLOWANCE, *PERSON_SPEC)
_ALLOWANCES = (ALLOWANCE, DOWNLOADS.option, SINGLE_USE.option)
# What has a place of its own in a tester; the others are there only for whom the list says something.
_ALWAYS = (STUDIO, EMAIL, ALLOWANCE, UNTIL)
_MOST_TOLD = 10
_ANY_TEXT = {"type": "str"}
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

Tester = dict[str, Any]


class Testers(NamedTuple):
    """What a list says: the people, each once, in its order, and what is worth telling about how it was read.

    ``headed`` is whether the list has a heading, which tells an empty list from one that lost its people.
    """

    people: list[Tester]
    notes: list[str]
    headed: bool = False


def testers_of(
    source: Any, studio: Any = "", allowance: Any = 1, access_until: Any = "", allow_empty: bool = False
) -> Testers:
    """Return testers as ``{studio, email, allowance, access_until}``, with what else the list says of somebody.

    ``source`` is a list of dictionaries or of addresses, or text: a table whose first line names its columns, or
    addresses. The other arguments fill what a tester leaves empty; ``allowance`` is a number of downloads, -1 for no
    limit. Raises InvalidInput that names every mistake with its place, and, unless ``allow_empty``, for a heading
    without people.
    """
    rows, notes, headed = _rows(source)
    if headed and not rows and not allow_empty:
        raise InvalidInput("The list has a heading and nobody below it")
    problems: list[str] = []
    defaults = _defaults({STUDIO: studio, ALLOWANCE: allowance, UNTIL: access_until}, problems)
    people: dict[str, Tester] = {}
    for row in rows:
        person = _person(row, defaults, problems)
        if person is not None:
            known = people.setdefault(email_key(person[EMAIL]), person)
            if _settings(known) != _settings(person):
                problems.append(f"{row.place(EMAIL)}: {person[EMAIL]} is listed twice with different settings")
    _refuse(problems)
    found = list(people.values())
    people_of({"users": users_of(found)})
    return Testers(found, notes, headed)


def users_of(testers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return testers in the form of the option ``users`` of applivery_otp_user; what a tester lacks is left out."""
    users = []
    for tester in testers:
        user = {EMAIL: tester[EMAIL], DOWNLOADS.option: tester[ALLOWANCE]}
        user.update((name, tester[name]) for name in PERSON_SPEC if tester.get(name) not in (None, ""))
        users.append(user)
    return users


def addresses_of(source: Any, allow_empty: bool = False) -> list[str]:
    """Return the addresses alone, each once, in the order given; what else stands beside them is not even read."""
    rows, _notes, headed = _rows(source, strict=False)
    if headed and not rows and not allow_empty:
        raise InvalidInput("The list has a heading and nobody below it")
    problems: list[str] = []
    people: dict[str, str] = {}
    for row in rows:
        email = _email(row, problems)
        if email is not None:
            people.setdefault(email_key(email), email)
    _refuse(problems)
    return list(people.values())


def in_form(source: Any, form: str, *defaults: Any) -> tuple[list[Any], list[str]]:
    """A list in one of the three forms (testers, users, emails), and what is worth telling about how it was read.

    ``defaults`` are the arguments of :func:`testers_of` after the first.
    """
    if form not in ("testers", "users", "emails"):
        raise InvalidInput(f"its form is testers, users or emails, not {form}")
    if form == "emails":
        return addresses_of(source, *defaults[3:]), []
    found = testers_of(source, *defaults)
    return users_of(found.people) if form == "users" else found.people, found.notes


def _refuse(problems: list[str]) -> None:
    if problems:
        more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        raise InvalidInput("; ".join(problems[:_MOST_TOLD]) + more)


# Where each tester stands -----------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """What is said of one tester. ``places`` tells where a value stands, ``whole`` where the tester does."""

    values: Mapping[str, Any]
    whole: str
    places: Mapping[str, str]

    def place(self, name: str) -> str:
        return self.places.get(name, self.whole)


def _rows(source: Any, strict: bool = True) -> tuple[list[_Row], list[str], bool]:
    if isinstance(source, str):
        table = read_table(source, COLUMNS, EMAIL)
        return [_text_row(row) for row in table.rows], _notes(table), table.headed
    return _list_rows(source, strict), [], False


def _text_row(row: Mapping[str, Cell]) -> _Row:
    first = next(iter(row.values()))
    places = {name: f"Line {cell.line}, column {cell.column}" for name, cell in row.items()}
    return _Row({name: cell.text for name, cell in row.items()}, f"Line {first.line}", places)


def _notes(table: Table) -> list[str]:
    if not table.unread:
        return []
    names = ", ".join(repr(name) for name in table.unread)
    return [f"these columns of the list of testers are not read: {names}. Known are {', '.join(COLUMNS)}"]


def _list_rows(source: Any, strict: bool) -> list[_Row]:
    if source is None:
        return []
    if not isinstance(source, (list, tuple)):
        raise InvalidInput("The testers must be a list or text")
    rows = []
    for number, item in enumerate(source, 1):
        where = f"Tester {number}"
        row = {EMAIL: item} if isinstance(item, str) else item
        if not isinstance(row, Mapping):
            raise InvalidInput(f"{where}: must be a dictionary or an address")
        unknown = sorted(str(name) for name in row if name not in COLUMNS)
        if unknown and strict:
            hint = similar(unknown[0], COLUMNS)
            told = f"; {hint} may be meant" if hint else ""
            raise InvalidInput(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(COLUMNS)}{told}")
        rows.append(_Row(row, where, {}))
    return rows


# What is said of one tester ---------------------------------------------------------------------------------------


def _person(row: _Row, defaults: Mapping[str, Any], problems: list[str]) -> Tester | None:
    before = len(problems)
    email = _email(row, problems)
    person: Tester = {STUDIO: "", EMAIL: email, ALLOWANCE: _allowance(row, problems), UNTIL: ""}
    for name in COLUMNS:
        if name not in (EMAIL, *_ALLOWANCES):
            value = _value(row, name, problems)
            if value is not None:
                person[name] = value
    person.update((name, value) for name, value in defaults.items() if person[name] in (None, ""))
    return person if len(problems) == before else None


def _defaults(given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """What counts for those of whom the list says nothing, read by the same rules and told about once."""
    row = _Row(given, "", {name: f"The {name} of those for whom none is given" for name in given})
    allowance = _allowance(row, problems)
    found = {name: _value(row, name, problems) for name in (STUDIO, UNTIL)}
    return {**{name: value or "" for name, value in found.items()}, ALLOWANCE: 1 if allowance is None else allowance}


def _settings(person: Tester) -> dict[str, Any]:
    until = person[UNTIL]
    return {**person, EMAIL: None, UNTIL: parse_instant(until) if until else None}


def _email(row: _Row, problems: list[str]) -> str | None:
    where, value = row.place(EMAIL), row.values.get(EMAIL)
    found = split_addresses(value) if isinstance(value, str) else []
    if not found:
        given = "nothing" if _blank(value) else f"{_cut(value)}, which is no text,"
        problems.append(f"{where}: {given} is not an e-mail address")
    elif len(found) > 1:
        problems.append(f"{where}: there must be one address, not {len(found)}: {_cut(value)}")
    else:
        reason = why_no_address(found[0])
        if reason is None:
            return found[0]
        problems.append(f"{where}: {found[0][:80]} is not an e-mail address: {reason}")
    return None


def _allowance(row: _Row, problems: list[str]) -> int | None:
    given = [name for name in _ALLOWANCES if not _blank(row.values.get(name))]
    if len(given) > 1:
        problems.append(f"{row.place(given[1])}: {' and '.join(given)} say the same thing: give one of them")
    if not given:
        return None
    if given[0] == SINGLE_USE.option:
        single = _value(row, given[0], problems)
        return None if single is None else 1 if single else UNLIMITED
    value = row.values[given[0]]
    text = value.strip().lower() if isinstance(value, str) else str(value)
    if text in ("unlimited", str(UNLIMITED)):
        return UNLIMITED
    if isinstance(value, (str, int)) and re.match(r"\A[0-9]{1,9}\Z", text) and int(text):
        return int(text)
    problems.append(
        f"{row.place(given[0])}: the allowance must be a number of downloads from 1, or unlimited, not {_cut(value)}"
    )
    return None


def _value(row: _Row, name: str, problems: list[str]) -> Any:
    """One value in its form; None where nothing is said."""
    value = row.values.get(name)
    if _blank(value):
        return None
    try:
        return _READERS["until" if name == UNTIL else PERSON_SPEC.get(name, _ANY_TEXT)["type"]](value)
    except ValueError as problem:
        problems.append(f"{row.place(name)}: {name}: {problem}")
        return None


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{_cut(value)} is no text; put quotes around it")


def _flag(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in (*_TRUE, *_FALSE) and isinstance(value, (str, bool, int)):
        return text in _TRUE
    raise ValueError(f"{_cut(value)} is neither true nor false")


def _moment(value: Any) -> str:
    # YAML reads an unquoted date as a date; the text of it is what was written.
    text = value.isoformat() if isinstance(value, date) else _text(value)
    parse_instant(text)
    return text


_READERS: dict[str, Callable[[Any], Any]] = {"str": _text, "bool": _flag, "until": _moment}


def _cut(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
