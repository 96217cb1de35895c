# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""How errors are put into words. Imported only when there is one."""

from __future__ import annotations


def after(attempts: int) -> str:
    """How often something was tried, where that was more than once."""
    return "" if attempts == 1 else f" after {attempts} attempts"


def one_line(text: str, length: int) -> str:
    """Foreign text as one line that a terminal can't misunderstand, no longer than ``length``."""
    line = " ".join(text[: 20 * length].split())
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    return shown if len(shown) <= length else shown[:length] + "..."


def sentences(*texts: str) -> str:
    """Texts, as far as there are any, as sentences one after the other."""
    ended = [text.strip().rstrip(".") for text in texts if text]
    return ". ".join([ended[0], *(text[0].upper() + text[1:] for text in ended[1:])]) + "."
