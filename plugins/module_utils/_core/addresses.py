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
_SEPARATORS = re.compile(r"[\s,\uff0c\u3001]+")
# Beyond these a name and its address never belong together.
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029;\uff1b]+")
_WORD = re.compile(r"[^\s,]*")
_BETWEEN = " \t,\"'"
_MAILTO = "mailto:"
_ADDRESS = re.compile(r"[^\s,;:<>'\"()\[\]]+@[^\s,;:<>'\"()\[\]]+")
_QUOTED = re.compile(r"(?<!\w)(['\"])(?:(?!\1).)*\1(?!\w)")
# What web pages and mail programs leave in a copied text.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_LOCAL = re.compile(r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def split_addresses(text: str) -> list[str]:
    """The addresses in one text as people paste them, in their order, and whatever else stands there, as typed.

    Divided by line breaks, blanks, commas or semicolons. ``Lee, Ana <ana@x.example>`` is one address with a name before
    it, which may hold one comma; quotes and ``mailto:`` around an address, and characters that nobody sees, are taken
    off. Words that can be nothing of this are one piece for each run of them: ``why_no_address`` tells about it.
    """
    found: list[str] = []
    for line in _BREAKS.split(text.translate(_INVISIBLE)):
        rest = line
        while "<" in rest:
            before, _open, rest = rest.partition("<")
            inside, closed, rest = rest.partition(">")
            found += _with_name(before, inside) if closed else _bare(f"{before}<{inside}")
        found += _bare(rest)
    return found


def _with_name(before: str, inside: str) -> list[str]:
    """What stands in ``before<inside>``: addresses, then the name of the one in brackets."""
    address = _unwrapped(inside)
    last = before.rfind("@")
    after = _WORD.match(before, last + 1) if last >= 0 else None
    end = after.end() if after else last + 1
    others, name = _bare(before[:end]), before[end:].lstrip('"')
    if others and not name.strip():
        # An address as the name of another one is the same person, or nobody knows who is meant.
        own = others.pop()
        return [*others, address] if email_key(own) == email_key(address) else [*others, f"{own} <{inside}>"]
    if name.strip(_BETWEEN).count(",") > 1:
        return [*others, f"{name.strip(_BETWEEN)} <{inside}>"]
    return [*others, address]


def _bare(text: str) -> list[str]:
    found: list[str] = []
    words: list[str] = []
    for word in filter(None, _SEPARATORS.split(text)):
        if "@" in word:
            found += [" ".join(words)] if words else []
            found.append(_unwrapped(word))
            words = []
        elif word.strip("\"'"):
            words.append(word)
    return found + ([" ".join(words)] if words else [])


def hushed(text: str) -> str:
    """A message without the names of people: no addresses, and nothing of what stands in quotes as it was typed."""
    return _QUOTED.sub("(hidden)", _ADDRESS.sub("(address hidden)", text))


def _unwrapped(word: str) -> str:
    text = word.strip().strip('"')
    # An apostrophe may begin or end a name, so only a pair of them is taken off.
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text[len(_MAILTO) :] if text.lower().startswith(_MAILTO) else text


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
