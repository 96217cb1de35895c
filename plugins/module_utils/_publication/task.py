# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""One task of applivery_publication: its wishes, the publications it has seen, and what it has told already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._api.client import Api, identity
from .._core.fields import is_empty, wishes
from .._core.task import Outcome, Task
from .plan import Plan, plan_update
from .resource import (
    PUBLICATION_FIELDS,
    find_by_id,
    shown_publication,
)
from .rules import (
    check_groups_apply,
    warnings_about_effect,
)

if TYPE_CHECKING:
    from .find import PublicationList


class Work:
    """What the parts of one run share. ``wishes`` holds what the task mentions, with the slug that it ends with."""

    def __init__(self, task: Task[Api]) -> None:
        self.task = task
        self.api = task.api
        self.params = task.params
        self._told: set[str] = set()
        self._otp_users: bool | None = None
        self._listed: PublicationList | None = None
        self.ident = task.params.get("publication_id") or None
        self.slug = task.params.get("slug") or None
        self.new_slug = task.params.get("new_slug") or None
        self.wishes = _wishes(task.params)
        if self.new_slug:
            self.wishes["slug"] = self.new_slug

    def warn(self, text: str) -> None:
        """Warn once: planning may happen more than once, and a slug may be looked for more than once."""
        if text not in self._told:
            self._told.add(text)
            self.task.warn(text)

    def tell(self, texts: Iterable[str]) -> None:
        """Warn of each."""
        for text in texts:
            self.warn(text)

    def warn_about_masking(self, *texts: Any) -> None:
        """Ansible masks a secret inside other values too."""
        password = self.wishes.get("password")
        if password and any(password in str(text) for text in texts if text):
            self.warn(
                "password: it occurs inside the slug or the id, which Ansible may therefore mask in results; "
                "choose another password"
            )

    def by_id(self, ident: str) -> dict[str, Any] | None:
        """The publication with this id, or None."""
        return find_by_id(self.api, ident)

    def by_slug(self, slug: str) -> dict[str, Any] | None:
        """The publication with exactly this slug, read in full, or None."""
        if self._listed is None:
            from .find import (
                PublicationList,
            )

            self._listed = PublicationList(self.api, self.warn)
        ident = self._listed.id_of(slug)
        return self.by_id(ident) if ident else None

    def others(self, read: Mapping[str, Any]) -> set[str]:
        """The API names of the fields that this server has shown for any other publication."""
        return set() if self._listed is None else self._listed.returned_for_others(str(identity(read)))

    def plan(self, read: Mapping[str, Any]) -> Plan:
        """What there is to do about a publication as it was read; refuses what can't be right with it."""
        check_groups_apply(self.wishes, self.wishes.get("security", read.get("security")))
        again = self.params["update_password"] == "always" and "password" in self.wishes  # noqa: S105 - a choice
        plan = plan_update(self.wishes, read, again, self.others(read))
        self.tell(warnings_about_effect(self.wishes, plan.expected))
        return plan

    def has_otp_users(self, ident: str) -> bool:
        """Whether the publication has, or may have, OTP users; asked once in a run."""
        if self._otp_users is None:
            from .._otp_user.resource import has_otp_users

            self._otp_users = has_otp_users(self.api, ident)
        return self._otp_users

    def unchanged(self, read: Mapping[str, Any]) -> Outcome:
        """Nothing was to do."""
        return Outcome(result=result_of(read), title=title_of(read))


def _wishes(params: Mapping[str, Any]) -> dict[str, Any]:
    found = wishes([entry for entry in PUBLICATION_FIELDS if entry.option not in ("slug", "password")], params)
    if "filter" in found:
        # It is replaced as a whole, so an empty key says no more than one that is left out.
        found["filter"] = {key: value for key, value in found["filter"].items() if not is_empty(value)}
    if params.get("password"):
        found["password"] = params["password"]
    return found


def title_of(read: Mapping[str, Any]) -> str:
    """What the diff says it is about."""
    return f"publication {read.get('slug')}"


def result_of(read: Mapping[str, Any]) -> dict[str, Any]:
    """What the module returns about a publication that is there."""
    return {
        "publication": shown_publication(read),
        "publication_id": identity(read),
        "distribution_url": read.get("distributionUrl"),
    }
