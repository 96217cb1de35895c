# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""OTP users: where they are kept, what is known of one, whose publication it is, and how one is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._api.client import Api, Endpoint, identity
from .._api.connection import WORKSPACE
from .._core.errors import AppliveryError
from .._core.fields import (
    FLAG,
    NUMBER,
    REFERENCE,
    Field,
    as_read,
    canonical,
)

# The path wants the organization's slug (seed), and the permission to delete is called remove (fact sheet, C8, C18).
OTP_USERS = Endpoint(
    "OTP user",
    workspace="organizations/{organization_slug}/stores/{store}/otp-users",
    permissions={
        "list": "mad.store.otpUsers.list",
        "get": "mad.store.otpUsers.get",
        "create": "mad.store.otpUsers.create",
        "update": "mad.store.otpUsers.update",
        "remove": "mad.store.otpUsers.remove",
    },
    # Who comes while the list is read then stands on a page already read, and pushes nobody past the reader.
    sort={WORKSPACE: "createdAt:desc"},
)
UNLIMITED = -1

DOWNLOADS = Field("allowed_downloads", NUMBER, api="allowedDownloadsNum")
SINGLE_USE = Field("single_use", FLAG)
TEMPORAL = Field("temporal", FLAG)
PUBLICATION = Field("published_application_id", REFERENCE)
ALLOWANCE_FIELDS = (DOWNLOADS, SINGLE_USE, TEMPORAL)
# Two documents, two forms of one user (fact sheet, C2): which fields belong to only one of them.
REFERENCE_ONLY = (DOWNLOADS.name, PUBLICATION.name)
SEED_ONLY = (SINGLE_USE.name, TEMPORAL.name)


class Allowance(NamedTuple):
    """What somebody may do: a number of downloads (-1 is unlimited) and whether the server ends it after 30 days.

    None means not shown by the server, or not asked for by the task.
    """

    downloads: int | None
    temporal: bool | None

    def text(self) -> str:
        """For the eyes of a person, as in a diff."""
        if self.downloads is None:
            downloads = "downloads not shown"
        elif self.downloads == UNLIMITED:
            downloads = "unlimited downloads"
        else:
            downloads = f"{self.downloads} download{'' if self.downloads == 1 else 's'}"
        return downloads + {None: "", True: ", removed after 30 days", False: ", kept"}[self.temporal]


def publication_of(read: Mapping[str, Any]) -> str | None:
    """The id of the publication that an OTP user shows as its own, in lower case; None where it shows none.

    The key may hold the object behind the id, and the object may stand under the name without ``Id``.
    """
    for name in (PUBLICATION.name, "publishedApplication"):
        value = canonical(PUBLICATION, read.get(name))
        if isinstance(value, str):
            return value.lower()
    return None


def email_of(read: Mapping[str, Any]) -> str | None:
    """The address that an OTP user shows; None where it shows none, which no document foresees and servers do."""
    email = read.get("email")
    return email.strip() or None if isinstance(email, str) else None


def allowance_of(read: Mapping[str, Any]) -> Allowance:
    """The allowance that an OTP user shows, in whichever of the two forms."""
    downloads = read.get(DOWNLOADS.name)
    single = read.get(SINGLE_USE.name)
    temporal = read.get(TEMPORAL.name)
    if not isinstance(downloads, int) or isinstance(downloads, bool):
        downloads = (1 if single else UNLIMITED) if isinstance(single, bool) else None
    return Allowance(downloads, temporal if isinstance(temporal, bool) else None)


def shown_otp_user(read: Mapping[str, Any]) -> dict[str, Any]:
    """An OTP user as a module returns it.

    All that was read in snake_case, and always ``id``, ``email``, ``published_application_id``, ``allowed_downloads``,
    ``single_use`` and ``temporal``, null where the server does not show them in either form.
    """
    allowance = allowance_of(read)
    result: dict[str, Any] = as_read(read)
    result.pop("allowed_downloads_num", None)
    result.pop("_id", None)
    result["id"] = identity(read)
    result["email"] = email_of(read)
    result[PUBLICATION.option] = canonical(PUBLICATION, read.get(PUBLICATION.name)) or publication_of(read)
    result[DOWNLOADS.option] = allowance.downloads
    result[SINGLE_USE.option] = None if allowance.downloads is None else allowance.downloads == 1
    result[TEMPORAL.option] = allowance.temporal
    return result


def has_otp_users(api: Api, publication: str) -> bool:
    """Whether somebody is, or may be, on the publication's list; users that do not show a publication count too.

    For a warning, so one page is asked for, once: what hinders the answer (another API, a token without the
    permission, a server that is busy) counts as no. The server's filter is used to read little.
    """
    try:
        page = next(api.pages(OTP_USERS, {PUBLICATION.name: publication}, attempts=1), [])
    except AppliveryError:
        return False
    return any(publication_of(read) in (publication.lower(), None) for read in page)
