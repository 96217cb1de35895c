# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""OTP users, listed by publication and e-mail. Read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from .._api.client import Api, identity
from .._api.listing import (
    LIST_SPEC,
    Listing,
    Read,
    in_pages,
    list_outcome,
    page_size,
)
from .._core.addresses import email_key, split_addresses
from .._core.errors import RequestFailed
from .._core.fields import is_id
from .._core.task import Definition, Needs, Outcome, Task
from .._publication.find import find_by_id, find_by_slug
from .resource import (
    OTP_USERS,
    publication_of,
    shown_otp_user,
)

FILTERS: dict[str, dict[str, Any]] = {
    "publication": {"type": "str"},
    "emails": {"type": "list", "elements": "str", "aliases": ["email"]},
}
INFO_SPEC = {**FILTERS, **LIST_SPEC}


def needs(_params: Mapping[str, Any]) -> Needs:
    """The Integrations API knows no OTP users."""
    return Needs(workspace_only="OTP users")


def run_info(task: Task[Api]) -> Outcome:
    """List the OTP users of the store, or of one publication."""
    return list_outcome(task, _listing)


def _listing(task: Task[Api]) -> Listing:
    size = page_size(task.params, any(task.params[option] is not None for option in FILTERS))
    source = _Source(task, size)
    return Listing("otp_users", source.read, _with_email(task.params["emails"]), shown_otp_user)


def _with_email(emails: list[str] | None) -> Callable[[Read], bool]:
    if emails is None:
        return lambda _item: True
    wanted = {email_key(address) for text in emails for address in split_addresses(text)}
    return lambda item: email_key(str(item.get("email") or "")) in wanted


class _Source:
    """Users of the store, or of the publication that the task names."""

    def __init__(self, task: Task[Api], size: int | None) -> None:
        self._task = task
        self._size = size
        self._told = False

    def read(self, _hints: Mapping[str, Any]) -> Iterator[Read]:
        """The users, lazily; the publication is resolved when the first one is wanted."""
        name = self._task.params["publication"]
        if name is None:
            yield from in_pages(self._task.api, OTP_USERS, {}, self._size)
        else:
            yield from self._of_named(name)

    def _of_named(self, name: str) -> Iterator[Read]:
        may_be_id = is_id(name)
        anybody = False
        for user in self._of(name) if may_be_id else ():
            anybody = True
            yield user
        if anybody:
            return
        # Nobody there, or no such publication, or a slug that looks like an id.
        try:
            ident = self._resolved(name, may_be_id)
        except RequestFailed as problem:
            if may_be_id and problem.status in (401, 403):
                return
            raise
        if ident is not None and ident.lower() != name.lower():
            yield from self._of(ident)

    def _resolved(self, name: str, may_be_id: bool) -> str | None:
        api, warn = self._task.api, self._task.warn
        found = (find_by_id(api, name) if may_be_id else None) or find_by_slug(api, name, warn)
        if found is None:
            self._tell(f"publication: there is no publication {name}, so it has no OTP users")
        return None if found is None else identity(found)

    def _of(self, ident: str) -> Iterator[Read]:
        """Whose own publication it is; the server's filter is only asked for fewer pages, never believed."""
        anybody = False
        for user in self._own({"publishedApplicationId": ident}, ident):
            anybody = True
            yield user
        if not anybody:
            yield from self._own({}, ident)

    def _own(self, hints: Mapping[str, Any], ident: str) -> Iterator[Read]:
        silent: list[Read] = []
        shown = False
        for user in in_pages(self._task.api, OTP_USERS, hints, self._size):
            publication = publication_of(user)
            shown = shown or publication is not None
            if publication == ident.lower():
                yield user
            elif publication is None and not shown:
                silent.append(user)
        if silent and not shown:
            self._tell(
                "publication: the server does not show of which publication an OTP user is; the list is the store's"
            )
            yield from silent

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._task.warn(text)


DEFINITION = Definition(INFO_SPEC, run_info, needs)
