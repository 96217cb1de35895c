# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Testers with an account of their own, and the mail that tells people of a publication (reference)."""

from __future__ import annotations

from typing import Any

from . import errors
from .api import INTEGRATIONS, Call, Reply
from .publications import find
from .state import Item
from .validation import EMAIL, HEX_ID, Flag, Many, Record, Rule, Text

_email = Text(pattern=EMAIL, about="a valid email", longest=256, filled=True)
_tags = Many(Text(filled=True))
_groups = Many(Many(Text(filled=True), fewest=1))
_NOTIFY: dict[str, Rule] = {
    "configuration": Record(
        {"notifyCollaborators": Flag(), "notifyEmployees": Flag(), "filter": _groups},
        ("notifyCollaborators", "notifyEmployees", "filter"),
    ),
    "language": Text(choices=("es", "en", "fr", "ge", "it", "zh", "pt", "ru")),
    "emailText": Text(),
    "emailSubject": Text(),
    "userAudienceIds": Many(Text(pattern=HEX_ID, filled=True)),
}


def notify(call: Call) -> Reply:
    """Mail people about a publication; here the mail is noted only. In its filter the outer lists are AND (C23)."""
    publication = find(call)
    body = call.checked_body(Record(_NOTIFY, ("configuration", "language")))
    call.state.notifications.append({"publication": publication["id"], **body})
    return Reply(200, {"done": True})


def invite(call: Call) -> Reply:
    """Invite one tester into the application that the token belongs to."""
    body = call.checked_body(Record({"email": _email, "tags": _tags, "sendInvitation": Flag()}, ("email",)))
    return call.created(_added(call, body["email"], body.get("tags", [])))


def invite_many(call: Call) -> Reply:
    """Invite testers into the organization; the answer is a list."""
    call.organization()
    body = call.checked_body(Record({"email": Many(_email, fewest=1), "tags": _tags}, ("email",)))
    return call.created([_added(call, email, body.get("tags", [])) for email in body["email"]])


def update(call: Call) -> Reply:
    """Change the groups of a tester; they are called tags."""
    item = call.state.employees.get(call.params["employee"].lower())
    if item is None or item["application"] != call.application()["id"]:
        raise call.missing()
    item["employee"]["tags"] = call.checked_body(Record({"tags": _tags}, ("tags",)))["tags"]
    return call.updated(item)


def _added(call: Call, email: str, tags: list[str]) -> Item:
    known = [item["employee"]["email"].lower() for item in call.state.employees.values()]
    if email.lower() in known:
        raise errors.ApiError(call.switches["error_status"], 6001, "Employee already exists")
    application = call.application()["id"] if call.api == INTEGRATIONS else None
    item: dict[str, Any] = {
        "id": call.state.new_id("employee"),
        "application": application,
        "employee": {"_id": call.state.new_id("person"), "email": email, "tags": list(tags), "type": "traditional"},
    }
    call.state.employees[item["id"]] = item
    return item
