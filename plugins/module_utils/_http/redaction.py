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
# JSON and others put a backslash before quotes, slashes and backslashes; JSON inside JSON puts several. All that
# repeats is bounded, or can be read in one way only: the texts are somebody else's, and may be made to take for ever.
_SLASHES = r"\\{0,8}"
# Text is often put in one line, and forms write a blank as a plus.
_BLANKS = (
    r"(?:\s|\+|%20|%09|%0a|%0d|&nbsp;|&#0*(?:32|9|10|13);|&#x0*(?:20|9|a|d);"
    r"|\\{1,8}(?:[nrt]|(?:u00|x)(?:20|09|0a|0d)))+"
)
_RUNS = re.compile(r"\s+|[^\x00-\x7f\s]+|[\x00-\x7f]")


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
            yield "".join(map(_run, _RUNS.findall(text)))
    raw = secret.encode("utf-8", "surrogatepass")
    if len(raw) >= _SHORTEST_IN_BASE64:
        yield from map(re.escape, _base64_forms(raw))
        yield raw.hex()


def _run(text: str) -> str:
    """The pattern for blanks in a row, for characters outside ASCII in a row, or for one character of ASCII."""
    if text.isspace():
        return _BLANKS
    spelled = "".join(map(_spellings, text))
    # A page in another encoding shows marks instead, one for each byte that it could not read.
    return spelled if text.isascii() else rf"(?:{spelled}|\ufffd{{1,{4 * len(text)}}})"


def _spellings(character: str) -> str:
    """One character as it is, and as it looks inside a URL, JSON, a string of Python or JavaScript, and HTML."""
    code = ord(character)
    raw = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    forms = [
        re.escape(character),
        "".join(f"%{byte:02x}" for byte in raw),
        _SLASHES.join(f"u{unit}" for unit in units),
        _SLASHES.join(f"x{byte:02x}" for byte in raw),
        f"&#0*{code};",
        f"&#x0*{code:x};",
    ]
    if code in codepoint2name:
        forms.append(f"&{codepoint2name[code]};")
    if character == "'":
        forms.append("&apos;")
    if code > 0x7F:
        forms += [f"%{code:02x}", f"x{code:02x}"]
    return rf"{_SLASHES}(?:{'|'.join(forms)})"


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What base64 makes of a secret wherever it begins inside a longer text."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).decode()
        form = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield from (form, form.replace("+", "-").replace("/", "_"))
