# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Applications and publications as hosts: which there are, how each is called, and its variables. Knows no Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..module_utils._api.client import APPLICATIONS, Api, identity
from ..module_utils._api.connection import WORKSPACE
from ..module_utils._core.errors import AppliveryError
from ..module_utils._publication.resource import PUBLICATIONS, application_of, shown_publication, understood

# What a host may be called, and what can't be taken for a template by anybody: slugs (fact sheet, C11) and ids.
PLAIN = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9_-]*\Z")


class Found(NamedTuple):
    """What was read: plain data that a cache can keep. The applications and publications are as the API shows them."""

    organization: str
    store: str | None
    applications: list[dict[str, Any]]
    publications: list[dict[str, Any]]


class Host(NamedTuple):
    """One host: the name without prefix, and its variables; ``note`` is what a person should know about the name."""

    name: str
    variables: dict[str, Any]
    note: str = ""


def read(api: Api, with_publications: bool) -> Found:
    """All applications of the organization, and all publications of the store, each in one listing.

    Raises AppliveryError when a listing breaks: part of an inventory would look like the whole.
    """
    applications = api.list_all(APPLICATIONS)
    organization = str(api.connection.organization)
    if not with_publications:
        return Found(organization, api.connection.store, applications, [])
    publications = [understood(item) for item in api.list_all(PUBLICATIONS)]
    store = api.path(PUBLICATIONS).split("/")[-2] if api.kind == WORKSPACE else None
    return Found(organization, store, applications, publications)


def application_hosts(found: Found, filters: Mapping[str, Iterable[str]], with_publications: bool) -> list[Host]:
    """The applications that all filters let through, sorted by name."""
    mine: dict[str, list[dict[str, Any]]] = {}
    for item in found.publications:
        mine.setdefault(str(application_of(item)), []).append(shown_publication(item))
    hosts = []
    for item in found.applications:
        ident = _identity_of(item, "application")
        if not _fits(item, filters):
            continue
        variables = _of_application(found, item)
        if with_publications:
            variables["applivery_publications"] = sorted(
                mine.get(ident, []), key=lambda publication: str(publication.get("slug"))
            )
        hosts.append(_named(item, ident, "application", variables))
    return sorted(hosts, key=lambda host: host.name)


def publication_hosts(found: Found, filters: Mapping[str, Iterable[str]]) -> list[Host]:
    """The publications of the applications that all filters let through, sorted by name."""
    applications = {_identity_of(item, "application"): item for item in found.applications if _fits(item, filters)}
    hosts = []
    for item in found.publications:
        ident = _identity_of(item, "publication")
        application = applications.get(str(application_of(item)))
        if application is None:
            continue
        variables = _of_application(found, application)
        variables["applivery_publication"] = item.get("slug")
        variables["applivery_publication_id"] = ident
        hosts.append(_named(item, ident, "publication", variables))
    return sorted(hosts, key=lambda host: host.name)


def _identity_of(item: Mapping[str, Any], noun: str) -> str:
    ident = identity(item)
    if ident is None:
        raise AppliveryError(f"the list of {noun}s holds one without an id: {item.get('slug')!r}")
    return ident


def _fits(item: Mapping[str, Any], filters: Mapping[str, Iterable[str]]) -> bool:
    """Exact, on this side: what the server's own filters do is not documented for each."""
    shown: dict[str, list[Any]] = {
        "name": [item.get("name")],
        "slug": [item.get("slug")],
        "platform": _platforms(item),
    }
    return all(set(shown[name]) & set(wanted) for name, wanted in filters.items())


def _platforms(item: Mapping[str, Any]) -> list[str]:
    return sorted({str(name) for key in ("oss", "buildPlatforms") for name in item.get(key) or []})


def _of_application(found: Found, item: Mapping[str, Any]) -> dict[str, Any]:
    slug = item.get("slug")
    return {
        "applivery_application": slug if _is_plain(slug) else identity(item),
        "applivery_application_id": identity(item),
        "applivery_name": item.get("name"),
        "applivery_platforms": _platforms(item),
        "applivery_organization": found.organization,
        "applivery_store": found.store,
    }


def _named(item: Mapping[str, Any], ident: str, noun: str, variables: dict[str, Any]) -> Host:
    slug = item.get("slug")
    if _is_plain(slug):
        return Host(str(slug), variables)
    return Host(ident, variables, f"the slug of the {noun} {ident} can't be a host name, so its id is")


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and PLAIN.match(value) is not None
