# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Answers of surveys as text.

AWX hands every survey answer to Ansible as ``!unsafe`` YAML. ansible-core 2.19 and newer then type the text by YAML's
rules, quoted or not: ``NO`` arrives as False, ``1.10`` as 1.1, ``2026-12-31`` as a date, an empty answer as None. What
is lost on the way can't be brought back, so an answer that may have been changed is refused rather than guessed at.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

_SEPARATORS = re.compile(r"[\s,;]+")


def text_of(value: Any) -> str:
    """Return one answer as the text that was typed; ``""`` for no answer.

    Double quotes around the whole answer are taken off: they are how a user keeps Ansible from typing it. Raises
    ValueError, without the value (it may be a password), where the typed text is lost.
    """
    if value is None:
        return ""
    if isinstance(value, (bool, float)):
        kind = "truth value" if isinstance(value, bool) else "decimal number"
        raise ValueError(
            f"Ansible read this answer as a {kind}, so what was typed is lost (1.10 becomes 1.1, NO becomes false). "
            'Put double quotes around the answer, as in "1.10".'
        )
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("This answer must be text, not a list or a dictionary.")
    text = value.strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text


def list_of(value: Any) -> list[str]:
    """Return an answer with several values as a list of text, each once, in the order given; ``[]`` for no answer.

    A list (a multiple choice) is taken as it is; text is divided at newlines, blanks, commas and semicolons.
    """
    parts: list[str] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        text = text_of(item)
        parts += [text] if isinstance(value, (list, tuple)) else _SEPARATORS.split(text)
    return list(dict.fromkeys(part for part in parts if part))
