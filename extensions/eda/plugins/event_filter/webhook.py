# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible-rulebook runs this file by its path, outside of the collection: everything it needs stands here.
"""What a webhook of Applivery says, reduced to what can be trusted to be harmless."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

DOCUMENTATION = r"""
---
short_description: Reduce what a webhook of Applivery sends to the event and ids
description:
  - Makes C({event, application, build}) of the event of a webhook source, and drops everything else that was sent. A
    payload may name people (feedback does), and nobody signs it.
  - What it keeps consists of letters, digits, underscores and hyphens. The payload of Applivery is not documented
    but for C(action), so several names are understood, and what is not found is V(null). Let the job read the truth.
  - Of C(meta), the C(endpoint) stays, so that a rule can compare it with a secret path.
options:
  shortest_endpoint:
    description:
      - Events that came by a path of fewer characters are dropped, since a short path is no secret.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: webhook
  eda.builtin.webhook:
    host: 127.0.0.1
    port: 5000
  filters:
    - applivery.distribution.webhook:
        shortest_endpoint: 20
"""

logger = logging.getLogger("applivery.distribution.webhook")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
# Without case, underscores and hyphens. ``action`` is documented (fact sheet 3.6); the others are what clients probe.
_EVENT = ("action", "event", "eventtype", "type")
_APPLICATION = ("application", "applicationinfo", "app", "applicationid", "appid")
_BUILD = ("build", "buildinfo", "buildid")
_IDENTITY = ("id", "slug")
_INSIDE = ("data", "payload", "body")


def main(event: dict[str, Any], shortest_endpoint: int = 0) -> dict[str, Any] | list[dict[str, Any]]:
    """Called by ansible-rulebook for each event; an empty list drops it."""
    meta = event.get("meta")
    endpoint = meta.get("endpoint") if isinstance(meta, Mapping) else None
    if len(endpoint if isinstance(endpoint, str) else "") < shortest_endpoint:
        logger.warning("an event that came by too short a path is dropped")
        return []
    return {**reduced(event.get("payload")), "meta": {"endpoint": endpoint}}


def reduced(payload: Any) -> dict[str, str | None]:
    """The event and the ids in a payload; None for what is not found."""
    holders = list(_holders(payload))
    name = _first(_plain(value) for value in _values(holders, _EVENT))
    build = _first(_identity(value) for value in _values(holders, _BUILD))
    if build is None and name is not None and name.startswith("build"):
        # What an event is about may stand at the top. The innermost is meant, since an envelope may have an id as well.
        build = _first(_identity(holder) for holder in reversed(holders))
    application = _values([*holders, *_mappings(_values(holders, _BUILD))], _APPLICATION)
    return {"event": name, "application": _first(map(_identity, application)), "build": build}


def _holders(payload: Any) -> Iterator[Mapping[str, Any]]:
    """The payload and what it wraps, with keys in one form."""
    for holder in _mappings([payload]):
        yield holder
        yield from _mappings(_values([holder], _INSIDE))


def _mappings(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        if isinstance(value, Mapping):
            yield {re.sub("[_-]", "", str(key)).lower(): item for key, item in value.items()}


def _values(holders: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[Any]:
    """What stands under one of the names, the likelier names first."""
    found = list(holders)
    return [holder[name] for name in names for holder in found if name in holder]


def _identity(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return _first(map(_plain, _values(_mappings([value]), _IDENTITY)))
    return _plain(value)


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)
