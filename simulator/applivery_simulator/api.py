# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler gets and gives: one call, one reply. Handlers are plain functions that know no sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from . import errors, validation
from .state import Item, State, Token
from .switches import Switches

INTEGRATIONS = "integrations"
WORKSPACE = "workspace"


@dataclass
class UploadedFile:
    """One file of a multipart body; its content was read and thrown away."""

    field: str
    filename: str
    size: int
    sha256: str

    def as_record(self) -> Item:
        """Return the file as the request log shows it."""
        return {"filename": self.filename, "size": self.size, "sha256": self.sha256}


@dataclass
class Reply:
    """A successful answer. ``raw`` replaces the envelope, ``listing`` marks the answer of a list."""

    status: int
    data: Any = None
    raw: Any = None
    has_raw: bool = False


@dataclass
class Call:
    """One request, parsed."""

    state: State
    switches: Switches
    api: str
    params: dict[str, str]
    query: dict[str, str]
    token: Token
    url: str = ""
    body: Any = None
    files: list[UploadedFile] = field(default_factory=list)
    # how a fault wants the list changed: repeat_page, lying_total (see faults.py)
    list_fault: Item | None = None

    # -- who and where ------------------------------------------------------------------------------------------------

    def missing(self) -> errors.ApiError:
        """Return the answer for something that does not exist."""
        return errors.not_found(self.switches["not_found_code"])

    def organization(self, *, slug_only: bool = False) -> Item:
        """Return the organization of the path; the token must belong to it."""
        key = self.params["organization"]
        for item in self.state.organizations.values():
            if item["slug"] == key or (item["id"] == key and not slug_only):
                if self.token.owner != item["id"]:
                    raise errors.unauthorized()
                return item
        raise self.missing()

    def application(self) -> Item:
        """Return the application of the path, or the one that the App API Token implies."""
        if self.api == INTEGRATIONS:
            return self.state.applications[self.token.owner]
        organization = self.organization()["id"]
        key = self.params["application"]
        for item in self.state.applications.values():
            if item["organization"] == organization and key in (item["id"], item["slug"]):
                return item
        raise self.missing()

    def store(self, *, slug_only: bool = False) -> Item:
        """Return the store of the path."""
        organization = self.organization(slug_only=slug_only)["id"]
        item = self.state.stores.get(self.params["store"])
        if item is None or item["organization"] != organization:
            raise self.missing()
        return item

    # -- checking -----------------------------------------------------------------------------------------------------

    def problems(self, location: str = "body") -> validation.Problems:
        """Return an empty list of differences with the strictness that the switches ask for."""
        return validation.Problems(
            location=location,
            status=self.switches["error_status"],
            allow_empty=self.switches["empty_strings"] == "accept",
            allow_null=self.switches["null_fields"] == "accept",
            allow_unknown=self.switches["unknown_fields"] == "accept",
        )

    def checked_body(self, rule: validation.Record) -> Item:
        """Return the body, which must fit ``rule``; unknown keys are dropped where the switches accept them."""
        problems = self.problems()
        rule.check(self.body, (), problems)
        problems.raise_if_any()
        kept = validation.strip_unknown(self.body, rule.fields)
        return {name: value for name, value in kept.items() if value is not None or rule.fields[name].nullable}

    def check_limit(self, what: str, count: int) -> None:
        """Refuse what would be more than the plan allows; ``count`` is how many there would be."""
        limit = self.switches["limits"].get(what)
        if limit is not None and count > limit:
            raise errors.limit_exceeded(self.switches["limit_code"], limit)

    # -- answers ------------------------------------------------------------------------------------------------------

    def created(self, data: Any) -> Reply:
        """Return the answer to a creation."""
        return Reply(self.switches["create_status"], data)

    def updated(self, data: Any) -> Reply:
        """Return the answer to an update."""
        return Reply(self.switches["update_status"], data)

    def deleted(self) -> Reply:
        """Return the answer to a deletion."""
        data = {"deleted": True} if self.switches["delete_answer"] == "deleted" else {"delete": "OK"}
        return Reply(self.switches["delete_status"], data)


Handler = Callable[[Call], Reply]
