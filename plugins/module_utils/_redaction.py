# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Removes secrets from texts of others. Imported only when there is something to tell."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html.entities import codepoint2name

_MASK = "********"
_USER_INFO = re.compile(r"//[^/@\s]+@")
_SHORTEST_IN_BASE64 = 6


class Redactor:
    """Removes secrets from texts of others, in every form in which servers and proxies echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # A longer secret may hold a shorter one.
        patterns = [form for secret in sorted(set(secrets), key=len, reverse=True) for form in _forms(secret)]
        self._pattern = re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        return _USER_INFO.sub(f"//{_MASK}@", self._pattern.sub(_MASK, text))


def _forms(secret: str) -> Iterator[str]:
    """Patterns for a secret: each character in any of its spellings, and the whole in base64 and as hexadecimal."""
    # A page may trim what it shows.
    for text in dict.fromkeys((secret, secret.strip())):
        if text:
            yield "".join(map(_spellings, text))
    raw = secret.encode("utf-8", "surrogatepass")
    if len(raw) >= _SHORTEST_IN_BASE64:
        yield from map(re.escape, _base64_forms(raw))
        yield raw.hex()


def _spellings(character: str) -> str:
    """One character as it is, and as it looks inside a URL, JSON, a string of Python or JavaScript, and HTML."""
    code = ord(character)
    raw = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    forms = [
        re.escape(character),
        "".join(f"%{byte:02x}" for byte in raw),
        "".join(rf"\\+u{unit}" for unit in units),
        "".join(rf"\\+x{byte:02x}" for byte in raw),
        f"&#0*{code};",
        f"&#x0*{code:x};",
    ]
    if code in codepoint2name:
        forms.append(f"&{codepoint2name[code]};")
    if character == "'":
        forms.append("&apos;")
    if code > 0x7F:
        forms += [f"%{code:02x}", rf"\\+x{code:02x}", "\N{REPLACEMENT CHARACTER}+"]
    if character.isspace():
        # Text is often put in one line, and forms write a blank as a plus.
        forms += [r"\s+", r"\+", r"\\+[nrt]"]
    # JSON and others put a backslash before quotes, slashes and backslashes; JSON inside JSON puts several.
    return rf"\\*(?:{'|'.join(forms)})"


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What base64 makes of a secret wherever it begins inside a longer text."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).decode()
        form = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield from (form, form.replace("+", "-").replace("/", "_"))
