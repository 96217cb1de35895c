# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names the other things: organizations, stores, applications. Workspace API only."""

from __future__ import annotations

from . import render
from .api import Call, Reply
from .envelope import Filter, Listing, contains, equals, respond
from .validation import COLOUR, HEX_ID, Flag, Record, Text

STORE_BODY = Record(
    {
        "security": Text(choices=("public", "logged")),
        "branding": Record({"buttonColor": Text(pattern=COLOUR)}),
        "customDomain": Text(),
        "configuration": Record({"allowPublicPubApps": Flag()}),
    }
)
PICTURE_BODY = Record({"buildId": Text(pattern=HEX_ID, filled=True)}, ("buildId",))

ORGANIZATIONS = Listing({"name": Filter(contains("name")), "slug": Filter(equals("slug"))})
STORES = Listing()
APPLICATIONS = Listing(
    {
        "name": Filter(contains("name")),
        "oss": Filter(lambda item, value: bool(set(value.split(",")) & set(item["oss"]))),
    },
)


def list_organizations(call: Call) -> Reply:
    """List the organizations that the token belongs to."""
    mine = [item for item in call.state.organizations.values() if item["id"] == call.token.owner]
    return respond(call, mine, ORGANIZATIONS, lambda item: render.organization(call, item))


def get_organization(call: Call) -> Reply:
    """Read one organization by id or slug."""
    return Reply(200, render.organization(call, call.organization()))


def get_workspace(call: Call) -> Reply:
    """Read the organization, its first store and its limits in one call."""
    item = call.organization()
    stores = [store for store in call.state.stores.values() if store["organization"] == item["id"]]
    return Reply(
        200,
        {
            "organization": render.organization(call, item),
            "store": render.store(call, stores[0]) if stores else None,
            "limits": dict(item["limits"]),
            "allows": dict(item["allows"]),
        },
    )


def list_stores(call: Call) -> Reply:
    """List the stores of the organization."""
    organization = call.organization()["id"]
    mine = [item for item in call.state.stores.values() if item["organization"] == organization]
    return respond(call, mine, STORES, lambda item: render.store(call, item))


def get_store(call: Call) -> Reply:
    """Read one store."""
    return Reply(200, render.store(call, call.store()))


def list_applications(call: Call) -> Reply:
    """List the applications of the organization."""
    organization = call.organization()["id"]
    mine = [item for item in call.state.applications.values() if item["organization"] == organization]
    return respond(call, mine, APPLICATIONS, lambda item: render.application(call, item, listed=True))


def get_application(call: Call) -> Reply:
    """Read one application by id or slug."""
    return Reply(200, render.application(call, call.application()))


def update_store(call: Call) -> Reply:
    """Change what the body names; nothing in it switches one-time passwords on (reference)."""
    item = call.store()
    item.update(call.checked_body(STORE_BODY))
    call.state.touch(item)
    return call.updated(render.store(call, item))


def set_picture(call: Call) -> Reply:
    """Take the icon of a build for the application's own."""
    item = call.application()
    build = call.state.builds.get(call.checked_body(PICTURE_BODY)["buildId"].lower())
    if build is None or build["application"] != item["id"]:
        raise call.missing()
    item["picture"] = build["info"]["icon"]
    call.state.touch(item)
    return call.updated(render.application(call, item))
