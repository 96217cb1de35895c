# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The people that a task names, each once, with what is wished for each. Pure; all mistakes are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .._core.addresses import (
    email_key,
    sendable,
    split_addresses,
    why_no_address,
)
from .._core.dates import parse_instant
from .._core.errors import InvalidInput
from .._core.fields import argument_spec
from .resource import (
    ALLOWANCE_FIELDS,
    DOWNLOADS,
    SINGLE_USE,
    TEMPORAL,
    UNLIMITED,
    Allowance,
)

_UNTIL = "access_until"
_INVITATION = "invitation"
FIRST_INVITATION = "1"
_MOST_NAMES = 5
# What can be said of one person, and at the top level as the default for all.
PERSON_SPEC: dict[str, dict[str, Any]] = {
    **argument_spec(ALLOWANCE_FIELDS),
    _UNTIL: {"type": "str"},
    _INVITATION: {"type": "str"},
}
PEOPLE_SPEC: dict[str, dict[str, Any]] = {
    "emails": {"type": "list", "elements": "str", "aliases": ["email"]},
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {"email": {"type": "str", "required": True}, **PERSON_SPEC},
    },
    **PERSON_SPEC,
}


class Person(NamedTuple):
    """Somebody the task names. ``key`` is what two spellings of one address share.

    ``named`` is the option that speaks of the number of downloads, where one does; ``until`` is in UTC.
    """

    key: str
    email: str
    allowance: Allowance
    named: str | None
    until: datetime | None
    invitation: str = FIRST_INVITATION

    @property
    def sent(self) -> str:
        """The address as it is sent to the server."""
        return sendable(self.email)

    def wanted(self, now: datetime) -> bool:
        """Whether the person may still be let in."""
        return self.until is None or self.until > now


class _Settings(NamedTuple):
    """What was said in one place; None where nothing was."""

    downloads: int | None
    named: str | None
    temporal: bool | None
    until: datetime | None
    invitation: str

    def over(self, defaults: _Settings) -> _Settings:
        # The two options for the number of downloads are one fact: a person's own word, in either, beats the default.
        speaking = self if self.named else defaults
        temporal = defaults.temporal if self.temporal is None else self.temporal
        invitation = self.invitation or defaults.invitation
        return _Settings(speaking.downloads, speaking.named, temporal, self.until or defaults.until, invitation)


def names(emails: Sequence[str], most: int = _MOST_NAMES) -> str:
    """A few of many addresses, readable in one line."""
    text = ", ".join(emails[:most])
    return text if len(emails) <= most else f"{text} and {len(emails) - most} more"


def people_of(params: Mapping[str, Any]) -> list[Person]:
    """The people in the order in which the task names them. Raises InvalidInput that names every mistake."""
    problems: list[str] = []
    people: dict[str, Person] = {}
    for where, email, settings in _named(params, problems):
        reason = why_no_address(email)
        if reason is not None:
            problems.append(f"{where}: {email!r} is no e-mail address: {reason}")
            continue
        person = _person(email, settings)
        known = people.setdefault(person.key, person)
        if known._replace(email=person.email, named=person.named) != person:
            problems.append(f"{where}: {email} is named twice with different settings")
        people[person.key] = known._replace(named=known.named or person.named)
    if problems:
        raise InvalidInput("; ".join(problems))
    return list(people.values())


def _person(email: str, settings: _Settings) -> Person:
    downloads = UNLIMITED if settings.downloads is None else settings.downloads
    allowance = Allowance(downloads, settings.temporal)
    invitation = settings.invitation or FIRST_INVITATION
    return Person(email_key(email), email, allowance, settings.named, settings.until, invitation)


def _named(params: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, str, _Settings]]:
    defaults = _settings("the defaults", params, problems, least=1)
    for text in params.get("emails") or []:
        for email in split_addresses(str(text)):
            yield "emails", email, defaults
    for number, user in enumerate(params.get("users") or []):
        where = f"users[{number}]"
        addresses = split_addresses(str(user.get("email") or ""))
        if len(addresses) != 1:
            problems.append(f"{where}: email must hold one address, not {len(addresses)}")
            continue
        # Somebody's own 0 is what a server showed of the person, given back to restore it.
        yield where, addresses[0], _settings(f"{where} ({addresses[0]})", user, problems, least=0).over(defaults)


def _settings(where: str, given: Mapping[str, Any], problems: list[str], least: int) -> _Settings:
    downloads, named = _downloads(where, given, problems, least)
    temporal = given.get(TEMPORAL.option)
    invitation = str(given.get(_INVITATION) or "").strip()
    return _Settings(downloads, named, temporal, _until(where, given, problems), invitation)


def _downloads(where: str, given: Mapping[str, Any], problems: list[str], least: int) -> tuple[int | None, str | None]:
    number, single = given.get(DOWNLOADS.option), given.get(SINGLE_USE.option)
    if number is not None and single is not None:
        problems.append(f"{where}: {DOWNLOADS.option} and {SINGLE_USE.option} say the same thing: give one of them")
    if number is not None:
        if number != UNLIMITED and number < least:
            problems.append(f"{where}: {DOWNLOADS.option} must be 1 or more, or -1 for no limit, not {number}")
        return number, DOWNLOADS.option
    if single is not None:
        return (1 if single else UNLIMITED), SINGLE_USE.option
    return None, None


def _until(where: str, given: Mapping[str, Any], problems: list[str]) -> datetime | None:
    text = str(given.get(_UNTIL) or "").strip()
    if not text:
        return None
    try:
        return parse_instant(text)
    except ValueError as problem:
        problems.append(f"{where}: {_UNTIL}: {problem}")
        return None
