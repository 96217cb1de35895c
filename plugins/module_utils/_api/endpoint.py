# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Where each API keeps what, and how a name becomes part of an address."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from .._core.errors import InvalidInput
from .connection import WORKSPACE

NEWEST_FIRST = "createdAt:desc"
_NONE: Mapping[str, str] = MappingProxyType({})


class Endpoint(NamedTuple):
    """One kind of object: where each API keeps it and which permissions a Service Account needs.

    Paths are below ``/v1``; ``{organization}``, ``{organization_slug}``, ``{application}`` and ``{store}`` are filled
    in from the connection. ``permissions`` maps the verbs list, get, create, update and remove to permission names.
    ``sort`` maps an API to the order to ask of its list: newest first, so that what comes while it is read hides
    nothing (fact sheet 3.3); a server that refuses is asked without.
    """

    noun: str
    workspace: str
    integrations: str | None = None
    permissions: Mapping[str, str] = _NONE
    sort: Mapping[str, str] = _NONE


ORGANIZATIONS = Endpoint("organization", "organizations", permissions={"get": "base.organization.management.get"})
STORES = Endpoint(
    "store",
    "organizations/{organization}/stores",
    permissions={"list": "mad.store.management.list", "get": "mad.store.management.get"},
)
APPLICATIONS = Endpoint(
    "application",
    "organizations/{organization}/apps",
    permissions={"list": "mad.application.management.list", "get": "mad.application.management.get"},
    sort={WORKSPACE: NEWEST_FIRST},
)


def segment(value: str) -> str:
    """``value`` as exactly one path segment, so that an id can never leave its place."""
    if not value or value in (".", "..") or "/" in value or not value.isprintable():
        raise InvalidInput(f"{value!r} can't be part of an Applivery address")
    return quote(value, safe="")
