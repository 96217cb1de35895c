# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Removes secrets from texts of others, in a time that grows with the text and no faster."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html.entities import codepoint2name

_MASK = "********"
_USER_INFO = re.compile(r"//[^/@\s]+@")
_SHORTEST_IN_BASE64 = 6
# Far more than any message shows. A longer text is cut first, and what may be half of a secret goes with the rest.
_LONGEST = 4000
_LONGEST_SPELLING = 16
# JSON and others put a backslash before quotes, slashes and backslashes; JSON inside JSON puts several. The texts are
# somebody else's, and may be made to take for ever: runs are collapsed before anything is looked for, so that all that
# repeats is bounded, and can be read in one way only.
_MOST = 8
_SLASHES = rf"\\{{0,{_MOST}}}"
_SLASH_RUNS = re.compile(rf"\\{{{_MOST + 1},}}")
_BLANK_RUNS = re.compile(rf"\s{{{_MOST + 1},}}")
# Text is often put in one line, and forms write a blank as a plus.
_BLANK = r"\s|\+|%20|%09|%0a|%0d|&nbsp;|&#0{0,8}(?:32|9|10|13);|&#x0{0,8}(?:20|9|a|d);"
_ESCAPED_BLANK = r"[nrt]|(?:u00|x)(?:20|09|0a|0d)"
_BLANKS = rf"(?:{_BLANK}|\\{{1,{_MOST}}}(?:{_ESCAPED_BLANK}))"
_BACKSLASHES = r"(?:\\|%5c|&#0{0,8}92;|&#x0{0,8}5c;|&bsol;|(?:u00|x)5c)"
_RUNS = re.compile(r"\\+|\s+|[^\x00-\x7f\s]+|[\x00-\x7f]")


class Redactor:
    """Removes secrets from texts of others, in every form in which servers and proxies echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted(set(secrets), key=len, reverse=True)
        # A longer secret may hold a shorter one.
        patterns = [form for secret in known for form in _forms(secret)]
        self._pattern = re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)
        self._margin = _LONGEST_SPELLING * len(known[0]) if known else 0

    def __call__(self, text: str) -> str:
        """The text without secrets, and without its end where it is longer than any message shows."""
        cut = text[: _LONGEST + self._margin]
        simple = _BLANK_RUNS.sub(" " * _MOST, _SLASH_RUNS.sub("\\" * _MOST, cut))
        found, count = self._pattern.subn(_MASK, simple)
        shown = found if count else cut
        if len(cut) < len(text):
            shown = shown[: -self._margin] if self._margin else shown
        return _USER_INFO.sub(f"//{_MASK}@", shown)


def _forms(secret: str) -> Iterator[str]:
    """Patterns for a secret: each character in any of its spellings, and the whole in base64 and as hexadecimal."""
    # A page may trim what it shows.
    for text in dict.fromkeys((secret, secret.strip())):
        if text:
            runs = _RUNS.findall(text)
            yield "".join(_run(run, before.endswith("\\")) for before, run in zip(["", *runs], runs))
    raw = secret.encode("utf-8", "surrogatepass")
    if len(raw) >= _SHORTEST_IN_BASE64:
        yield from map(re.escape, _base64_forms(raw))
        yield raw.hex()


def _run(text: str, after_slashes: bool) -> str:
    """The pattern for one of _RUNS. ``after_slashes``: the run before takes all backslashes, this begins with none."""
    if text.startswith("\\"):
        return rf"{_BACKSLASHES}{{1,{_LONGEST_SPELLING * len(text)}}}"
    if text.isspace():
        first = rf"(?:{_BLANK}|{_ESCAPED_BLANK})" if after_slashes else _BLANKS
        return rf"{first}{_BLANKS}{{0,{_MOST * len(text)}}}"
    spelled = [_spellings(character, after_slashes and not number) for number, character in enumerate(text)]
    whole = "".join(spelled)
    # A page in another encoding shows marks instead, one for each byte that it could not read.
    return whole if text.isascii() else rf"(?:{whole}|\ufffd{{1,{4 * len(text)}}})"


def _spellings(character: str, after_slashes: bool) -> str:
    """One character as it is, and as it looks inside a URL, JSON, a string of Python or JavaScript, and HTML."""
    code = ord(character)
    raw = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    escaped = [
        _SLASHES.join(f"u{unit}" for unit in units),
        _SLASHES.join(f"x{byte:02x}" for byte in raw),
        *([f"x{code:02x}"] if code > 0x7F else []),
    ]
    forms = [
        "".join(f"%{byte:02x}" for byte in raw),
        f"&#0{{0,8}}{code};",
        f"&#x0{{0,8}}{code:x};",
        *([f"&{codepoint2name[code]};"] if code in codepoint2name else []),
        *(["&apos;"] if character == "'" else []),
        *([f"%{code:02x}"] if code > 0x7F else []),
    ]
    # Nobody puts a backslash before a letter itself, where it would mean something else: a line break before an n.
    (forms if character.isalnum() else escaped).append(re.escape(character))
    slashes = "" if after_slashes else _SLASHES
    return rf"(?:{slashes}(?:{'|'.join(escaped)})|{'|'.join(forms)})"


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What base64 makes of a secret wherever it begins inside a longer text."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).decode()
        form = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield from (form, form.replace("+", "-").replace("/", "_"))
