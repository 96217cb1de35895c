# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Answers of surveys as text.

AWX hands every survey answer to Ansible as ``!unsafe`` YAML. ansible-core 2.19 and newer then type the text by YAML's
rules, quoted or not: ``NO`` arrives as False, ``1.10`` as 1.1, ``0123`` as 83, ``12:30`` as 750, ``2026-12-31`` as a
date, an empty answer as None. What is lost on the way can't be brought back, so an answer that may have been changed is
refused rather than guessed at. How much may be lost depends on the question, which its caller knows.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

_SEPARATORS = re.compile(r"[\s,;]+")


def text_of(value: Any, *, exact: bool = False, moment: bool = False) -> str:
    """Return one answer as the text that was typed; ``""`` for no answer.

    ``exact`` is for text that must arrive as typed, such as a password: whatever is neither text nor None is refused.
    Otherwise an integer is taken, and a date, which is as good as its text. ``moment`` is for questions about a time,
    where a time that is written in another way is the same answer. Raises ValueError, without the value (it may be a
    password), where the typed text is lost.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _unquoted(value.strip())
    kind = _changed(value, exact=exact, moment=moment)
    if kind:
        raise ValueError(
            f"Ansible read this answer as {kind}, so what was typed is lost (1.10 becomes 1.1, NO becomes false, "
            '0123 becomes 83, 12:30 becomes 750). Put double quotes around the answer, as in "1.10".'
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    raise ValueError("This answer must be text, not a list or a dictionary.")


def list_of(value: Any, *, exact: bool = False) -> list[str]:
    """Return an answer with several values as a list of text, each once, in the order given; ``[]`` for no answer.

    A list (a multiple choice) is taken as it is; text is divided at newlines, blanks, commas and semicolons, and double
    quotes are taken off the whole answer or off each part. ``exact`` as for :func:`text_of`.
    """
    if isinstance(value, (list, tuple)):
        parts = [text_of(item, exact=exact) for item in value]
    else:
        parts = [_unquoted(part) for part in _SEPARATORS.split(text_of(value, exact=exact))]
    return list(dict.fromkeys(part for part in parts if part))


def _changed(value: Any, *, exact: bool, moment: bool) -> str:
    """What Ansible made of a typed answer, where its text can't be told from that; empty where it can."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, float):
        return "a decimal number"
    if isinstance(value, int):
        return "a number" if exact else ""
    if isinstance(value, datetime):  # a date too, so it comes first
        return "a time" if exact or not moment else ""
    if isinstance(value, date):
        return "a date" if exact else ""
    return ""


def _unquoted(text: str) -> str:
    """Take off the double quotes around a whole answer: they are how a user keeps Ansible from typing it."""
    inside = text[1:-1]
    return inside if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in inside else text
