# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-time-password users: Workspace API only, in either of the two documented forms."""

from __future__ import annotations

from . import errors, render
from .api import Call, Reply
from .envelope import Filter, Listing, contains, equals, respond
from .state import Item
from .validation import EMAIL, HEX_ID, Flag, Many, Problems, Record, Rule, Text, Whole

_email = Text(pattern=EMAIL, about="a valid email", longest=256, filled=True)


class _Emails(Rule):
    """One address, or a list of them (the reference says "one or more" and gives no type)."""

    def check(self, value: object, path: tuple[object, ...], problems: Problems) -> None:
        rule: Rule = Many(_email, fewest=1) if isinstance(value, list) else _email
        rule.check(value, path, problems)  # type: ignore[arg-type]  # the path is passed through as it came


REFERENCE_BODY = Record(
    {
        "email": _Emails(),
        "allowedDownloadsNum": Whole(least=-1),
        "publishedApplicationId": Text(pattern=HEX_ID, filled=True),
    },
    ("email", "allowedDownloadsNum", "publishedApplicationId"),
)
SEED_BODY = Record({"email": _email, "temporal": Flag(), "singleUse": Flag()}, ("email",))
UPDATE_BODY = Record({"allowedDownloadsNum": Whole(least=-1)})
REFERENCE_KEYS = {"allowedDownloadsNum", "publishedApplicationId"}


def _listing(call: Call) -> Listing:
    def of_application(item: Item, value: str) -> bool:
        publication = call.state.publications.get(item["publishedApplicationId"] or "", {})
        return bool(publication.get("application") == value)

    return Listing(
        {
            "email": Filter(contains("email"), pattern=r"(?s).{0,500}"),
            "publishedApplicationId": Filter(equals("publishedApplicationId"), pattern=HEX_ID),
            "applicationId": Filter(of_application, pattern=HEX_ID),
        }
    )


def _store(call: Call) -> Item:
    return call.store(slug_only=call.switches["otp_organization"] == "slug_only")


def _mine(call: Call) -> list[Item]:
    store = _store(call)["id"]
    call.state.purge_otp_users()
    return call.state.otp_users.of_store(store)


def _find(call: Call) -> Item:
    store = _store(call)["id"]
    call.state.purge_otp_users()
    item = call.state.otp_users.get(call.params["otp_user"].lower())
    if item is None or item["storeId"] != store:
        raise call.missing()
    return item


def list_otp_users(call: Call) -> Reply:
    """List the users of the store."""
    return respond(call, _mine(call), _listing(call), lambda item: render.otp_user(call, item))


def get_otp_user(call: Call) -> Reply:
    """Read one user."""
    return Reply(200, render.otp_user(call, _find(call)))


def _form(call: Call) -> Record:
    wanted = call.switches["otp_body"]
    if wanted == "either":
        names = set(call.body) if isinstance(call.body, dict) else set()
        wanted = "reference" if names & REFERENCE_KEYS else "seed"
    return REFERENCE_BODY if wanted == "reference" else SEED_BODY


def _check_duplicate(call: Call, store: str, email: str, publication: object) -> None:
    scope = call.switches["otp_unique"]
    for item in call.state.otp_users.at(store, email):
        if scope == "store" or item["publishedApplicationId"] == publication:
            raise errors.otp_duplicate(call.switches["error_status"], call.switches["otp_duplicate_code"], scope)


def create_otp_user(call: Call) -> Reply:
    """Add one user, or several in the reference form; either all are added or none."""
    store = _store(call)["id"]
    call.state.purge_otp_users()
    body = call.checked_body(_form(call))
    emails = body["email"] if isinstance(body["email"], list) else [body["email"]]
    publication = body.get("publishedApplicationId")
    if publication is not None:
        publication = publication.lower()
        if call.state.publications.get(publication, {}).get("store") != store:
            raise call.missing()
    if call.switches["email_case"] == "lowered":
        emails = [email.lower() for email in emails]
    for number, email in enumerate(emails):
        _check_duplicate(call, store, email, publication)
        if email.lower() in [other.lower() for other in emails[:number]]:
            raise errors.otp_duplicate(
                call.switches["error_status"], call.switches["otp_duplicate_code"], call.switches["otp_unique"]
            )
    call.check_limit("otp_users", len(call.state.otp_users.of_store(store)) + len(emails))
    rest = {name: value for name, value in body.items() if name not in ("email", "publishedApplicationId")}
    added = [
        call.state.add_otp_user(email=email, storeId=store, publishedApplicationId=publication, **rest)
        for email in emails
    ]
    shown = [render.otp_user(call, item) for item in added]
    alone = call.switches["otp_answer"] == "object" and len(shown) == 1
    return call.created(shown[0] if alone else shown)


def update_otp_user(call: Call) -> Reply:
    """Change the number of downloads; nothing else of a user can change."""
    item = _find(call)
    body = call.checked_body(UPDATE_BODY)
    if "allowedDownloadsNum" in body:
        item["allowedDownloadsNum"] = body["allowedDownloadsNum"]
        item["singleUse"] = body["allowedDownloadsNum"] == 1
    call.state.touch(item)
    return call.updated(render.otp_user(call, item))


def delete_otp_user(call: Call) -> Reply:
    """Remove one user."""
    del call.state.otp_users[_find(call)["id"]]
    return call.deleted()
