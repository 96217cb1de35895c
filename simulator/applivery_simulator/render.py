# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stored object is shown: what the switches hide, reformat, reorder and enrich on its way out."""

from __future__ import annotations

import copy
import datetime
import random
from typing import Any

from .api import Call
from .state import BUILD_DEFAULTS, PUBLICATION_DEFAULTS, Item, format_moment, parse_moment
from .validation import normal_moment

# fields that every source shows with a value; the switch unset_fields leaves them alone
ALWAYS_SHOWN = {"visibility", "security", "filter"}
FILTER_KEYS: Item = {"value": "", "ios": "", "android": "", "windows": "", "macos": "", "builds": []}
TERMS: Item = {"active": False, "text": ""}
CONFIGURATION: Item = {
    "application": {"name": "", "description": ""},
    "branding": {"logo": "", "primaryColor": "", "buttonColor": ""},
}
SCRIPTS: Item = dict.fromkeys(("preInstall", "postInstall", "audit", "enforce", "runner"), "")
EMPTY_SHAPES: Item = {"terms": TERMS, "configuration": CONFIGURATION, "defaultScripts": SCRIPTS}
EMPTY: tuple[Any, ...] = (None, "", [], {})
OFFSET = datetime.timezone(datetime.timedelta(hours=2))


def moment(call: Call, text: Any) -> Any:
    """Return a date in the form that the switch ``dates`` asks for."""
    form = call.switches["dates"]
    if not isinstance(text, str) or not text or form == "as_sent":
        return text
    value = parse_moment(normal_moment(text))
    if form == "milliseconds":
        return format_moment(value)
    return value.astimezone(OFFSET).isoformat(timespec="seconds")


def cased(call: Call, text: Any) -> Any:
    """Return a colour or a country code in the case that the switch ``case`` asks for."""
    form = call.switches["case"]
    if not isinstance(text, str) or form == "as_sent":
        return text
    return text.lower() if form == "lower" else text.upper()


def shuffled(call: Call, values: Any) -> Any:
    """Return a list in another order when the switch ``set_order`` asks for it."""
    if call.switches["set_order"] == "as_sent" or not isinstance(values, list) or len(values) < 2:
        return values
    mixed = list(values)
    random.Random(call.state.next_number()).shuffle(mixed)
    return mixed if mixed != values else mixed[::-1]


def fill_leaves(call: Call, value: Item, shape: Item) -> Item:
    """Return ``value`` with the keys of ``shape`` that it lacks, as the switch ``unset_fields`` asks for."""
    how = call.switches["unset_fields"]
    filled: Item = {}
    for name, empty in shape.items():
        present = value.get(name)
        if isinstance(empty, dict) and isinstance(present, dict) and present:
            filled[name] = fill_leaves(call, present, empty)
        elif present not in EMPTY:
            filled[name] = present
        elif how == "empty":
            filled[name] = copy.deepcopy(empty)
        elif how == "null":
            filled[name] = None
    return {**filled, **{name: element for name, element in value.items() if name not in shape}}


def unset(call: Call, item: Item, defaults: Item) -> Item:
    """Return ``item`` with the fields that have no value absent, null or empty."""
    how = call.switches["unset_fields"]
    never = call.state.unset.get(item["id"], set())
    shown: Item = {}
    for name, value in item.items():
        bare = value in EMPTY or (name in never and name in defaults and value == defaults[name])
        if name not in defaults or name in ALWAYS_SHOWN or not bare:
            shown[name] = value
        elif how == "null":
            shown[name] = None
        elif how == "empty":
            shown[name] = copy.deepcopy(EMPTY_SHAPES.get(name, defaults[name]))
    for name, shape in EMPTY_SHAPES.items():
        if isinstance(shown.get(name), dict):
            shown[name] = fill_leaves(call, shown[name], shape)
    return shown


def hide(call: Call, shown: Item, *resources: str) -> Item:
    """Drop what the switch ``hidden_fields`` names, with or without one of ``resources`` before it."""
    for entry in call.switches["hidden_fields"]:
        resource, _colon, name = entry.rpartition(":")
        if resource and resource not in resources:
            continue
        *parents, leaf = name.split(".")
        holder: Any = shown
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.pop(leaf, None)
    return shown


def application_info(call: Call, application_id: str) -> Item:
    """Return the short form of an application."""
    item = call.state.applications.get(application_id, {})
    return {
        "id": application_id,
        "name": item.get("name", ""),
        "slug": item.get("slug", ""),
        "picture": item.get("picture", ""),
    }


def build(call: Call, item: Item, *, listed: bool = False) -> Item:
    """Return a build as the API shows it."""
    shown = unset(call, copy.deepcopy(item), {**BUILD_DEFAULTS, "error": None, "errorCode": None})
    shown["applicationInfo"] = application_info(call, item["application"])
    if item["status"] == "processed":
        shown["status"] = call.switches["done_word"]
    if call.switches["build_figures"] == "strings":
        shown["uploadedBy"] = item["uploadedBy"]["email"]
        shown["size"] = str(item["size"])
    for name in ("createdAt", "updatedAt"):
        shown[name] = moment(call, item[name])
    if shown.get("tags"):
        shown["tags"] = shuffled(call, shown["tags"])
    return hide(call, shown, "build", *(["build_list"] if listed else []))


def publication(call: Call, item: Item, *, listed: bool = False) -> Item:
    """Return a publication as the API shows it; the password never leaves the server."""
    shown = unset(call, copy.deepcopy(item), PUBLICATION_DEFAULTS)
    shown.pop("password", None)
    if call.switches["hide_attached_files"] == "unknown":
        shown.pop("hideAttachedFiles", None)
    shown["applicationInfo"] = application_info(call, item["application"])
    shown["organization"] = call.state.stores[item["store"]]["organization"]
    shown["store"] = store_id(call, item["store"])
    shown["distributionUrl"] = call.state.distribution_url(item)
    _reformat(call, shown)
    _filter(call, shown)
    _enrich(call, shown)
    return hide(call, shown, "publication", *(["publication_list"] if listed else []))


def _reformat(call: Call, shown: Item) -> None:
    for name in ("createdAt", "updatedAt", "expirationDate"):
        if name in shown:
            shown[name] = moment(call, shown[name])
    for name in ("allowedCountries", "blockedCountries"):
        if shown.get(name):
            shown[name] = shuffled(call, [cased(call, code) for code in shown[name]])
    for name in ("tags", "groups"):
        if shown.get(name):
            shown[name] = shuffled(call, shown[name])
    if shown.get("groups"):
        shown["groups"] = [shuffled(call, group) for group in shown["groups"]]
    branding = (shown.get("configuration") or {}).get("branding")
    for name in ("primaryColor", "buttonColor"):
        if isinstance(branding, dict) and name in branding:
            branding[name] = cased(call, branding[name])


def _filter(call: Call, shown: Item) -> None:
    how = call.switches["unset_fields"]
    if how != "absent":
        blank = {name: copy.deepcopy(value) if how == "empty" else None for name, value in FILTER_KEYS.items()}
        shown["filter"] = {**blank, **shown["filter"]}


def _enrich(call: Call, shown: Item) -> None:
    how = call.switches["nested"]
    if how == "plain":
        return
    chosen = shown["filter"]
    for entry in chosen.get("builds") or []:
        entry["versionName"] = call.state.builds.get(entry["id"], {}).get("versionName", "")
    for entry in shown.get("userAudienceMap") or []:
        entry["name"] = f"Audience {entry['id'][:4]}"
        entry["members"] = 3
    if isinstance(shown.get("terms"), dict):
        shown["terms"]["updatedAt"] = shown["updatedAt"]
    configuration = shown.get("configuration")
    if isinstance(configuration, dict):
        configuration["inherited"] = False
        if isinstance(configuration.get("branding"), dict):
            configuration["branding"]["logoUrl"] = "https://static.simulator.example/logo.png"
    chosen["matches"] = len(call.state.served_builds(shown["id"]))
    if how == "expanded":
        _expand(call, shown)


def _expand(call: Call, shown: Item) -> None:
    """Put the objects behind ids where the ids were."""
    chosen = shown["filter"]
    for system in ("ios", "android", "macos", "windows"):
        if chosen.get(system):
            known = call.state.builds.get(chosen[system], {})
            chosen[system] = {
                "id": chosen[system],
                "versionName": known.get("versionName", ""),
                "status": known.get("status", ""),
            }
    for entry in chosen.get("builds") or []:
        entry["build"] = {"_id": entry.pop("id"), "versionName": entry.pop("versionName")}
    for entry in shown.get("userAudienceMap") or []:
        entry["audience"] = {"_id": entry.pop("id"), "name": entry.pop("name")}
    shown["application"] = dict(shown["applicationInfo"])


OTP_REFERENCE = ("organizationId", "storeId", "allowedDownloadsNum", "lastLoginDate", "lastDownloadDate")
OTP_SEED = ("temporal", "singleUse")


def otp_user(call: Call, item: Item) -> Item:
    """Return a one-time-password user in the documented form(s) that the switch ``otp_items`` asks for."""
    form = call.switches["otp_items"]
    shown: Item = {"id": item["id"], "email": item["email"], "createdAt": moment(call, item["createdAt"])}
    if form in ("reference", "both"):
        shown.update({name: item[name] for name in OTP_REFERENCE})
        shown["storeId"] = store_id(call, item["storeId"])
        shown["updatedAt"] = moment(call, item["updatedAt"])
        for name in ("lastLoginDate", "lastDownloadDate"):
            shown[name] = moment(call, shown[name])
    if form in ("seed", "both"):
        shown.update({name: item[name] for name in OTP_SEED})
    if call.switches["unset_fields"] == "absent":
        shown = {name: value for name, value in shown.items() if value is not None}
    owner, how = item["publishedApplicationId"], call.switches["otp_items_publication"]
    if how == "null" or (how == "shown" and owner is not None):
        shown["publishedApplicationId"] = owner
    return hide(call, shown, "otp_user")


def store_id(call: Call, identity: str) -> Any:
    """Return a store id, as a number where the world was built with numbers."""
    return int(identity) if call.state.numeric_stores and identity.isdigit() else identity


def organization(call: Call, item: Item) -> Item:
    """Return an organization as the API shows it."""
    shown = {
        **copy.deepcopy(item),
        "createdAt": moment(call, item["createdAt"]),
        "updatedAt": moment(call, item["updatedAt"]),
    }
    key = call.switches["organization_key"]
    if key in ("_id", "both"):
        shown["_id"] = item["id"]
    if key == "_id":
        del shown["id"]
    return hide(call, shown, "organization")


def store(call: Call, item: Item) -> Item:
    """Return a store as the API shows it."""
    shown = {
        **copy.deepcopy(item),
        "createdAt": moment(call, item["createdAt"]),
        "updatedAt": moment(call, item["updatedAt"]),
    }
    shown["id"] = store_id(call, item["id"])
    return hide(call, shown, "store")


def application(call: Call, item: Item, *, listed: bool = False) -> Item:
    """Return an application as the API shows it."""
    shown = {
        **copy.deepcopy(item),
        "createdAt": moment(call, item["createdAt"]),
        "updatedAt": moment(call, item["updatedAt"]),
    }
    mine = [build for build in call.state.builds.values() if build["application"] == item["id"]]
    shown["counts"] = {"builds": len(mine)}
    if mine:
        shown["lastBuildProcessedDate"] = moment(call, call.state.newest_first(mine)[0]["updatedAt"])
    return hide(call, shown, "application", *(["application_list"] if listed else []))
