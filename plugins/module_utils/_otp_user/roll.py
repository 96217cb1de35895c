# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What the list of a store says about one publication, or about all of them.

One rule says whose a user is, and it looks at that user alone: a user that shows a publication is that publication's;
one that shows none, whether the field is absent, null or empty, is on the list of the store, which counts as being on
the list of any publication.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._api.client import Api, identity
from .._api.pages import undisturbed
from .._core.addresses import email_key
from .dialect import Shown
from .resource import (
    DOWNLOADS,
    OTP_USERS,
    Allowance,
    allowance_of,
    email_of,
    publication_of,
)

# What means the same to a search, a pattern and a plain comparison.
_SAFE_TO_SEARCH = re.compile(r"[A-Za-z0-9@._-]+")


class Listed(NamedTuple):
    """One user of the list, with no more than the plan needs: lists can be long.

    ``owner`` is the publication that the user shows, None where it shows none. ``counted``: the server shows a number
    of downloads, the only thing that it can update.
    """

    ident: str | None
    email: str | None
    allowance: Allowance
    owner: str | None
    counted: bool


def listed(read: Mapping[str, Any]) -> Listed:
    """One user of the list as the plan sees it."""
    number = read.get(DOWNLOADS.name)
    counted = isinstance(number, int) and not isinstance(number, bool)
    return Listed(identity(read), email_of(read), allowance_of(read), publication_of(read), counted)


def key_of(read: Mapping[str, Any]) -> str:
    """What the users of one person have in common; whoever shows no address is a person of its own."""
    email = email_of(read)
    return f"id {identity(read)}" if email is None else email_key(email)


@dataclass
class Roll:
    """What was learnt from a store's list about one publication, or with ``publication`` None about all.

    ``entries``: the users by person, those of other publications left out. ``elsewhere``: the people, among those
    asked for, who are on the list of another publication, and of which. ``hidden``: how many users of the store show no
    publication. ``proven``: the publication exists, since somebody shows it or it was found.
    """

    publication: str | None
    entries: dict[str, tuple[Listed, ...]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    hidden: int = 0
    pages: int = 0
    proven: bool = False

    def note(self, read: Mapping[str, Any], wanted: Collection[str], everybody: bool) -> None:
        """Take one user of the list into account, whoever it is; ``everybody``: keep also who is not ``wanted``."""
        made = listed(read)
        key = key_of(read)
        self.shown.note(read)
        self.hidden += made.owner is None
        self.proven = self.proven or made.owner == self.publication
        mine = self.publication is None or made.owner in (self.publication, None)
        if not mine:
            if key in wanted:
                self.elsewhere[key] = str(made.owner)
        elif key in wanted or (everybody and made.owner is not None):
            known = self.entries.get(key, ())
            if made.ident is None or made.ident not in (entry.ident for entry in known):
                self.entries[key] = (*known, made)

    @property
    def people(self) -> int:
        """How many people are on the list; right only where ``everybody`` was kept."""
        return len(self.entries)


def read_roll(
    api: Api, publication: str | None, wanted: Mapping[str, str], everybody: bool = False, concurrency: int = 1
) -> Roll:
    """Read the list, and keep only what matters: the ``wanted`` people (address by key), or ``everybody``.

    The server is asked for no filter: one that is honoured would hide users that show no publication, which then would
    be created again and again. Who is not found on a list of several pages may have slipped past the reader, and is
    looked up by address before absence is concluded.
    """
    roll = undisturbed(lambda: _read(api, publication, wanted, everybody))
    missing = {key: address for key, address in wanted.items() if key not in roll.entries}
    if roll.pages > 1 and missing:
        for read in _looked_up(api, list(missing.values()), concurrency):
            if key_of(read) in missing:
                roll.note(read, missing, everybody=False)
    return roll


def _read(api: Api, publication: str | None, wanted: Collection[str], everybody: bool) -> Roll:
    roll = Roll(publication.lower() if publication else None)
    for page in api.pages(OTP_USERS):
        roll.pages += 1
        for read in page:
            roll.note(read, wanted, everybody)
    return roll


class Census:
    """A store's list, read once, from which the rolls of many publications come without walking through all of it."""

    def __init__(self, reads: Sequence[dict[str, Any]]) -> None:
        self.reads = reads
        self._of_publication: dict[str | None, list[int]] = {}
        self._of_person: dict[str, list[int]] = {}
        # What the others show is shown by the first of its kind as well.
        self._first_of_form: dict[tuple[bool, bool], int] = {}
        for place, read in enumerate(reads):
            self._of_publication.setdefault(publication_of(read), []).append(place)
            self._of_person.setdefault(key_of(read), []).append(place)
            form = Shown()
            form.note(read)
            self._first_of_form.setdefault((form.reference, form.seed), place)

    def about(self, publication: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """The users, in the list's order, that make a roll what the whole list makes it; ``wanted`` are keys."""
        places = {*self._first_of_form.values()}
        for owner in (publication.lower(), None):
            places.update(self._of_publication.get(owner, ()))
        for key in wanted:
            places.update(self._of_person.get(key, ()))
        return [self.reads[place] for place in sorted(places)]


def _looked_up(api: Api, addresses: list[str], concurrency: int) -> Iterator[Mapping[str, Any]]:
    """What the server finds by these addresses; a server that does not filter is asked once for all of them."""
    first, *rest = addresses
    found = search(api, first)
    yield from found
    if rest and all(_hint(first).lower() in str(email_of(read)).lower() for read in found):
        with ThreadPoolExecutor(min(concurrency, len(rest))) as pool:
            for more in pool.map(lambda address: search(api, address), rest):
                yield from more


def search(api: Api, address: str) -> list[dict[str, Any]]:
    """Whatever the server finds by an address: its filter finds parts of addresses (reference), and may do nothing."""
    return api.list_all(OTP_USERS, {"email": _hint(address)})


def _hint(address: str) -> str:
    safe: list[str] = _SAFE_TO_SEARCH.findall(address)
    return max(safe, key=len)


def of_person(reads: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """The users that are exactly this person's."""
    return (read for read in reads if key_of(read) == key)
