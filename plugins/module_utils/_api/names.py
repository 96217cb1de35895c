# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Names that the task gives, or leaves out, where a path or a body wants another form of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Callable

from .._core.errors import (
    AppliveryError,
    InvalidInput,
    attempting,
)
from .client import (
    APPLICATIONS,
    ORGANIZATIONS,
    STORES,
    Api,
    identity,
    segment,
)


def _slug_of_organization(api: Api, ident: str) -> str:
    with attempting("organization: its slug is needed here, and was looked up by the id"):
        slug = api.get(ORGANIZATIONS, ident).get("slug")
    if not isinstance(slug, str) or not slug:
        raise AppliveryError(
            f"organization: the server does not show the slug of {ident}; give the slug instead of the id"
        )
    return segment(slug)


def _id_of_application(api: Api, slug: str) -> str:
    with attempting("application: its id is needed here, and was looked up by the slug"):
        found = identity(api.get(APPLICATIONS, slug))
    if not found:
        raise AppliveryError(f"application: {slug} was found, but the server does not show its id")
    return segment(found)


def _only_store(api: Api, _given: str) -> str:
    with attempting("store: it is not given, and the only one of the organization was looked for"):
        ids = [ident for ident in map(identity, api.list_all(STORES)) if ident]
    if len(ids) == 1:
        return segment(ids[0])
    if not ids:
        raise InvalidInput(f"store: the organization {api.connection.organization} shows no store to this token")
    raise InvalidInput(f"store is missing: the organization has several stores, choose one of {', '.join(ids)}")


# By the option: what the API is asked when the value given, if any, is not in the form that is needed.
LOOK_UP: Mapping[str, Callable[[Api, str], str]] = MappingProxyType(
    {"organization": _slug_of_organization, "application": _id_of_application, "store": _only_store}
)
