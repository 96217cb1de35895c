# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Lists of external testers, however they are written: a YAML list, CSV text, or bare addresses."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from ._answers import list_of

FIELDS = ("studio", "email", "allowance", "access_until")
UNLIMITED = -1


def testers_of(source: Any, studio: str = "", allowance: int = 1, access_until: Any = "") -> list[dict[str, Any]]:
    """Return testers as ``{studio, email, allowance, access_until}``, each person once, in the order given.

    ``source`` is a list of dictionaries (or of bare addresses), CSV text with a header line that names ``email``, or
    text with addresses. The other arguments fill what a tester leaves empty. ``allowance`` is the number of downloads,
    -1 for no limit. Raises ValueError that names the line or the address.
    """
    defaults = {"studio": studio, "allowance": allowance, "access_until": access_until}
    people: dict[str, dict[str, Any]] = {}
    for where, row in _rows(source):
        person = _person(where, row, defaults)
        key = person["email"].casefold()
        if people.setdefault(key, person) != person:
            raise ValueError(f"{where}: {person['email']} is listed twice with different settings.")
    return list(people.values())


def users_of(testers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return testers in the form of the option ``users`` of applivery_otp_user; what a tester lacks is left out."""
    users = []
    for tester in testers:
        user: dict[str, Any] = {"email": tester["email"], "allowed_downloads": tester["allowance"]}
        if tester["access_until"]:
            user["access_until"] = tester["access_until"]
        users.append(user)
    return users


def addresses_of(source: Any) -> list[str]:
    """Return the addresses alone, each once, in the order given; what else stands beside them is not even read."""
    people: dict[str, str] = {}
    for where, row in _rows(source):
        email = _email(where, row)
        people.setdefault(email.casefold(), email)
    return list(people.values())


def _rows(source: Any) -> list[tuple[str, dict[str, Any]]]:
    """Where each tester stands, and what stands there."""
    return _from_text(source) if isinstance(source, str) else _from_list(source or [])


def _from_list(source: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(source, (list, tuple)):
        raise ValueError("The testers must be a list or text.")
    rows = []
    for number, item in enumerate(source, 1):
        row = {"email": item} if isinstance(item, str) else item
        if not isinstance(row, dict):
            raise ValueError(f"Tester {number}: must be a dictionary or an address.")
        rows.append((f"Tester {number}", row))
    return rows


def _from_text(text: str) -> list[tuple[str, dict[str, Any]]]:
    lines = text.lstrip("\ufeff").lstrip()
    first = lines.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if "email" not in header:
        return [(f"Tester {number}", {"email": address}) for number, address in enumerate(list_of(lines), 1)]
    if len(set(header)) < len(header):
        raise ValueError("The first line names a column twice.")
    reader = csv.reader(io.StringIO(lines), delimiter=delimiter, strict=True)
    rows = []
    try:
        next(reader)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) > len(header):
                raise ValueError(f"Line {reader.line_num}: has more values than the first line has columns.")
            rows.append((f"Line {reader.line_num}", dict(zip(header, values))))
    except csv.Error as error:
        raise ValueError(f"Line {reader.line_num}: {error}.") from error
    return rows


def _person(where: str, row: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(str(name) for name in row if name not in FIELDS)
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(FIELDS)}.")
    person = {name: row.get(name) for name in FIELDS}
    for name, default in defaults.items():
        if person[name] is None or str(person[name]).strip() == "":
            person[name] = default
    return {
        "studio": str(person["studio"] or "").strip(),
        "email": _email(where, row),
        "allowance": _allowance(where, person["allowance"]),
        "access_until": _moment(person["access_until"]),
    }


def _email(where: str, row: dict[str, Any]) -> str:
    email = str(row.get("email") or "").strip()
    if "@" not in email:
        raise ValueError(f"{where}: {email or 'nothing'} is not an e-mail address.")
    return email


def _allowance(where: str, value: Any) -> int:
    text = str(value).strip().lower()
    if text == "unlimited":
        return UNLIMITED
    try:
        number = int(text)
    except ValueError:
        number = 0
    if isinstance(value, bool) or (number < 1 and number != UNLIMITED):
        raise ValueError(f"{where}: the allowance must be a number of downloads from 1, or unlimited, not {value}.")
    return number


def _moment(value: Any) -> str:
    # YAML reads an unquoted date as a date; the text of it is what was written.
    return value.isoformat() if isinstance(value, date) else str(value or "").strip()
