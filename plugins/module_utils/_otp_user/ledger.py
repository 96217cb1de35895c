# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Who was let in, remembered in a file: one JSON document that holds no address.

The document has ``version`` 1, a random ``key`` and ``admissions``: one object per person, publication and invitation,
with ``person`` (an HMAC of the address under that key), ``organization``, ``store``, ``publication``, ``invitation``,
``first`` and ``last`` (UTC), ``count``, and ``pending`` while it is not known whether the request was carried out.

It is replaced as a whole, under a lock that a run holds from before it reads the list until it ends, and each request
is written down before it is sent: whatever moment a run is killed at, nobody can be let in twice.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple

from .._core.addresses import email_key
from .._core.dates import format_instant
from .._core.errors import AppliveryError, InvalidInput

_VERSION = 1
_TEXTS = ("person", "organization", "store", "publication", "invitation", "first", "last")
# Seconds to wait for another run that uses the same ledger, and between two looks.
_LONGEST_WAIT, _BETWEEN = 600.0, 0.05


class Place(NamedTuple):
    """Where somebody is let in."""

    organization: str
    store: str
    publication: str


class Admission(NamedTuple):
    """How often somebody was let in on one invitation, and when; ``pending``: that is not certain."""

    first: str
    last: str
    times: int
    pending: bool


_Key = tuple[str, str, str, str, str]


class Ledger:
    """The admissions to all places, read from a file and written back to it; may be shared by threads.

    Made by ``opened`` for a run that writes, and by ``read_ledger`` for one that only looks.
    """

    def __init__(self, path: str, key: bytes, admissions: dict[_Key, Admission], writes: bool, is_new: bool) -> None:
        self.path = path
        self.key = key
        self.is_new = is_new
        self._admissions = admissions
        self._writes = writes
        self._unsaved = False
        self._lock = threading.Lock()

    # Looking ------------------------------------------------------------------------------------------------------

    def admission(self, place: Place, email: str, invitation: str) -> Admission | None:
        """What is known of somebody under one invitation."""
        return self._admissions.get(self._key_of(place, email, invitation))

    def knows(self, place: Place, email: str) -> bool:
        """Whether somebody was let in there on any invitation."""
        return self.told(email, place.publication) is not None

    def told(self, email: str, publication: str) -> dict[str, Any] | None:
        """When somebody was let into a publication, and how often, all invitations together; for a report.

        ``first`` and ``last`` in UTC, ``count``, ``invitations``, and ``certain``; None for who never was.
        """
        person = self._person(email)
        found = {
            key[4]: one for key, one in self._admissions.items() if key[0] == person and key[3] == publication.lower()
        }
        if not found:
            return None
        return {
            "first": min(one.first for one in found.values()),
            "last": max(one.last for one in found.values()),
            "count": sum(one.times for one in found.values()),
            "invitations": sorted(found),
            "certain": not any(one.pending for one in found.values()),
        }

    # Writing ------------------------------------------------------------------------------------------------------

    def claim(self, place: Place, email: str, invitation: str, now: datetime) -> None:
        """Write down that a request is about to be sent; from here on the person counts as let in."""
        with self._lock:
            key, moment = self._key_of(place, email, invitation), format_instant(now.replace(microsecond=0))
            known = self._admissions.get(key)
            first, times = (known.first, known.times) if known else (moment, 0)
            self._admissions[key] = Admission(first, moment, times + 1, pending=True)
            try:
                self._save()
            except AppliveryError:
                self._admissions.pop(key)
                if known is not None:
                    self._admissions[key] = known
                raise

    def confirm(self, place: Place, email: str, invitation: str) -> None:
        """The person is on the list. Reaches the file with the next write: until then it counts as let in anyway."""
        with self._lock:
            key = self._key_of(place, email, invitation)
            known = self._admissions.get(key)
            if known is not None and known.pending:
                self._admissions[key] = known._replace(pending=False)
                self._unsaved = True

    def withdraw(self, place: Place, email: str, invitation: str) -> None:
        """The request was certainly not carried out. Where that can't be written down, the person stays in doubt."""
        with self._lock:
            key = self._key_of(place, email, invitation)
            known = self._admissions.pop(key, None)
            if known is not None and known.times > 1:
                self._admissions[key] = known._replace(times=known.times - 1, last=known.first, pending=False)
            self._unsaved = True
            with suppress(AppliveryError):
                self._save()

    def seen(self, place: Place, email: str, invitation: str, now: datetime) -> None:
        """Somebody is on the list whom nobody wrote down: let in before there was a ledger, or by somebody else."""
        if self.admission(place, email, invitation) is not None:
            self.confirm(place, email, invitation)
        elif not self.knows(place, email):
            moment = format_instant(now.replace(microsecond=0))
            with self._lock:
                self._admissions[self._key_of(place, email, invitation)] = Admission(moment, moment, 1, pending=False)
                self._unsaved = True

    def save(self) -> None:
        """Bring the file up to date."""
        with self._lock:
            if self._unsaved:
                self._save()

    def _save(self) -> None:
        if not self._writes:
            return
        try:
            _replace(self.path, _document(self.key, self._admissions))
        except OSError as problem:
            raise AppliveryError(
                f"ledger: {self.path} could not be written: {problem.strerror or problem}"
            ) from problem
        self._unsaved = False

    def _key_of(self, place: Place, email: str, invitation: str) -> _Key:
        return (self._person(email), place.organization, place.store, place.publication.lower(), invitation)

    def _person(self, email: str) -> str:
        return hmac.new(self.key, email_key(email).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


# The file -----------------------------------------------------------------------------------------------------------


def read_ledger(path: str) -> Ledger:
    """The ledger in a file, to look at only. Without a file nobody was let in yet.

    Raises AppliveryError where it can't be read, or is no ledger: then nobody must be let in.
    """
    return _read(path, writes=False)


@contextmanager
def opened(path: str, sleep: Callable[[float], None] = time.sleep) -> Iterator[Ledger]:
    """The ledger for a run that lets people in, alone with it until the run ends."""
    with _alone(path, sleep):
        yield _read(path, writes=True)


def _read(path: str, writes: bool) -> Ledger:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        _check_folder(path)
        return Ledger(path, secrets.token_bytes(32), {}, writes, is_new=True)
    except (OSError, UnicodeDecodeError) as problem:
        raise _unreadable(path, str(getattr(problem, "strerror", None) or problem)) from problem
    return _understood(path, text, writes)


def _understood(path: str, text: str, writes: bool) -> Ledger:
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise ValueError(f"version {document['version']!r}")
        key = bytes.fromhex(document["key"])
        admissions = dict(_admission(entry) for entry in document["admissions"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise _unreadable(path, f"its content is none of a ledger ({type(problem).__name__})") from problem
    if len(key) < 16:
        raise _unreadable(path, "its key is too short")
    return Ledger(path, key, admissions, writes, is_new=False)


def _admission(entry: Mapping[str, Any]) -> tuple[_Key, Admission]:
    texts = [entry[name] for name in _TEXTS]
    count, pending = entry["count"], entry["pending"]
    # A truth is an integer to Python.
    counted = isinstance(count, int) and not isinstance(count, bool)
    if not (all(isinstance(text, str) for text in texts) and counted and isinstance(pending, bool)):
        raise ValueError("an entry of another form")
    person, organization, store, publication, invitation, first, last = texts
    return (person, organization, store, publication, invitation), Admission(first, last, count, pending)


def _unreadable(path: str, why: str) -> AppliveryError:
    return AppliveryError(
        f"ledger: {path} can't be read: {why}. Without it nobody can tell who was let in before, so nothing was "
        "written. Bring back a copy of it; a new one would let in everybody again whose access is used up"
    )


def _check_folder(path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InvalidInput(f"ledger: there is no folder {folder}")


def _document(key: bytes, admissions: Mapping[_Key, Admission]) -> str:
    # One line each, for the eyes of a person and for a comparison of two copies.
    entries = [json.dumps(_entry(where, one)) for where, one in sorted(admissions.items())]
    return f'{{"version": {_VERSION}, "key": "{key.hex()}", "admissions": [\n' + ",\n".join(entries) + "\n]}\n"


def _entry(where: _Key, one: Admission) -> dict[str, Any]:
    return {**dict(zip(_TEXTS, (*where, one.first, one.last))), "count": one.times, "pending": one.pending}


def _replace(path: str, text: str) -> None:
    """Put a new file in the place of the old one: a reader finds the one or the other, whole."""
    # Behind a link stands the file that is meant.
    path = os.path.realpath(path)
    made = f"{path}.new"
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o600
    file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, mode)
        with os.fdopen(file, "w", encoding="utf-8", closefd=False) as stream:
            stream.write(text)
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(made, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _alone(path: str, sleep: Callable[[float], None]) -> Iterator[None]:
    """Hold the lock beside the ledger; it ends with the process, however that ends."""
    _check_folder(path)
    lock = f"{os.path.realpath(path)}.lock"
    try:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise AppliveryError(f"ledger: {lock} can't be made: {problem.strerror}. Nothing was written") from problem
    try:
        _wait_for(file, path, sleep)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, path: str, sleep: Callable[[float], None]) -> None:
    ends = time.monotonic() + _LONGEST_WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= ends:
                raise AppliveryError(
                    f"ledger: another run has been using {path} for {_LONGEST_WAIT:.0f} s. Nothing was written; "
                    "run the task again when that one has ended"
                ) from None
            sleep(_BETWEEN)
