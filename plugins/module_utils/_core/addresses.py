# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""E-mail addresses: when two are the same, which form is sent, and what is refused before the first request. Pure."""

from __future__ import annotations

import re

from .errors import MissingLibrary

# Always there beside requests, which loads it anyway; Python's own codec takes two domains for one (ß and ss).
try:
    import idna
except ImportError:
    idna = None  # type: ignore[assignment]  # a module or nothing

# The reference allows 256 characters and a pattern stricter than the RFC, of which only the beginning is known.
_LONGEST = 256
_SEPARATORS = re.compile(r"[\s,;]+")
_LOCAL = re.compile(r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def split_addresses(text: str) -> list[str]:
    """The addresses in one text, as surveys give them: divided by newlines, blanks, commas or semicolons."""
    return [part for part in _SEPARATORS.split(text) if part]


def email_key(email: str) -> str:
    """What two spellings of one address have in common: no case, and the ASCII form of the domain.

    Works on anything that a server may list. Lower case rather than case folding, which would take two people for one
    (``ß`` and ``ss``).
    """
    local, at, domain = email.strip().rpartition("@")
    if not at:
        return email.strip().lower()
    return f"{local.lower()}@{_ascii_domain(domain) or domain.lower()}"


def sendable(email: str) -> str:
    """The address as it is sent: as typed, but with the ASCII form of an internationalised domain."""
    local, _at, domain = email.rpartition("@")
    return email if domain.isascii() else f"{local}@{_ascii_domain(domain) or domain}"


def why_no_address(email: str) -> str | None:
    """The reason why ``email`` can't be an address that Applivery takes, or None."""
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain:
        return "it lacks a name, an @ or a domain"
    if not local.isascii():
        return "the part before the @ holds a character outside ASCII"
    if len(local) > 64 or not _LOCAL.match(local):
        return "the part before the @ is not valid"
    encoded = _ascii_domain(domain)
    labels = (encoded or "").split(".")
    if len(labels) < 2 or not all(map(_LABEL.match, labels)) or labels[-1].isdigit() or len(labels[-1]) < 2:
        return "the domain is not valid"
    if len(local) + 1 + len(encoded or "") > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return None


def _ascii_domain(domain: str) -> str | None:
    """The domain as the DNS knows it, in lower case; None where there is no such form."""
    if domain.isascii():
        return domain.lower()
    if idna is None:
        raise MissingLibrary("idna", "for an internationalised domain; it comes with requests")
    try:
        encoded: str = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    return encoded.lower()
