# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Removes secrets from texts of others. Imported only when there is something to tell."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

_MASK = "********"
_USER_INFO = re.compile(r"//[^/@\s]+@")


class Redactor:
    """Removes secrets from texts of others, in every form in which servers and proxies echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        return _USER_INFO.sub(f"//{_MASK}@", self._pattern.sub(_MASK, text))


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is and as it looks inside a URL, JSON, Python's repr, HTML and base64."""
    yield secret
    yield from (secret.strip(), " ".join(secret.split())) if secret.strip() else ()
    raw = secret.encode("utf-8", "surrogatepass")
    yield from (quote(raw, safe=""), quote(raw), quote_plus(raw))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    yield secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    if len(raw) >= 6:
        yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What base64 makes of a secret wherever it begins inside a longer text."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).decode()
        form = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield from (form, form.replace("+", "-").replace("/", "_"))
