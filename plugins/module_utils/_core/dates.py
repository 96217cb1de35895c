# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Moments as people write them and as they are shown: the one place where a date becomes an instant. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone

# Compiled when they are first used: most tasks hold no date, and every task waits for its imports.
_DATE = r"\A\d{4}-\d{2}-\d{2}\Z"
_TIMESTAMP = r"\A(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-]\d{2}):?(\d{2}))?\Z"


def parse_instant(text: str) -> datetime:
    """A date (the end of that day, UTC) or a timestamp with offset, as an aware datetime in UTC.

    Raises ValueError with the reason: a timestamp without an offset could mean any of 38 instants.
    """
    text = text.strip()
    if re.match(_DATE, text, re.ASCII):
        return datetime.fromisoformat(f"{text}T23:59:59+00:00")
    match = re.match(_TIMESTAMP, text, re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is neither a date such as 2026-12-31 nor a timestamp such as 2026-12-31T18:00:00Z")
    date, minutes, seconds, fraction, zulu, hours_off, minutes_off = match.groups()
    if not zulu and not hours_off:
        raise ValueError(f"{text!r} has no offset from UTC: add Z, or an offset such as +02:00")
    offset = "+00:00" if zulu else f"{hours_off}:{minutes_off}"
    moment = datetime.fromisoformat(f"{date}T{minutes}:{seconds or '00'}{offset}")
    micros = int((fraction or "0").ljust(6, "0")[:6])
    try:
        return moment.replace(microsecond=micros).astimezone(timezone.utc)
    except OverflowError:
        raise ValueError(f"{text!r} lies before the year 1 or after the year 9999 in UTC") from None


def format_instant(moment: datetime) -> str:
    """``2026-12-31T23:59:59Z``, with a fraction only where there is one."""
    text = moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"
