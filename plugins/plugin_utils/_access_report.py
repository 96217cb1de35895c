# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Who outside the company can download what until when, and who is mailed on new builds. Pure.

The input is what the info modules return. A key that the server does not return is unknown, which the report says; it
is never taken for "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta, timezone
from typing import Any

from ..module_utils._core.dates import format_instant, parse_instant

# The seed page: an OTP user with temporal set is removed by the server after 30 days.
TEMPORAL_DAYS = 30
PLATFORMS = {"ios": "iOS", "android": "Android", "macos": "macOS", "windows": "Windows"}
SECURITY = {
    "public": "Everybody who has the address",
    "password": "Everybody who has the password",
    "logged": "People who sign in",
}
WHOSE = {
    "last": "the newest build of the application, whatever it is",
    "gitBranch": "the newest build of the branch {0}",
    "gitTag": "the newest build with the git tag {0}",
    "tag": "the newest build with the tag {0}",
}
NOTIFIED = {
    "new_build_notify_otp_users": "External testers (OTP users) of the application's publications",
    "new_build_notify_collaborators": "Collaborators of the workspace with access to the application",
    "new_build_notify_employees": "Employees of the application",
}


def build_report(pieces: Iterable[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """Return the report over publications.

    Each piece holds ``publication`` (as returned), ``users`` (the store's OTP users), and optionally ``builds`` and
    ``application`` (as returned), ``testers`` (as from tester_list; None where no list is kept), ``declared`` (fields
    of the publication that a playbook has set, for those the server does not show) and ``outcomes`` (what
    applivery_otp_user returned in check mode, to be applied to ``users``). ``now`` is a timestamp with offset.
    """
    moment = parse_instant(now)
    publications = sorted((_publication(piece, moment) for piece in pieces), key=lambda item: str(item["slug"]))
    outsiders = {
        person["email"].casefold() for item in publications for person in item["testers"] if person["can_enter"]
    }
    return {
        "publications": publications,
        "totals": {
            "publications": len(publications),
            "open": sum(item["open"] for item in publications),
            "people_outside": len(outsiders),
            "findings": sum(len(item["findings"]) for item in publications),
        },
    }


def _publication(piece: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    read = dict(piece.get("publication") or {})
    declared = {
        key: value
        for key, value in (piece.get("declared") or {}).items()
        if not _empty(value) and _empty(read.get(key))
    }
    known = {**read, **declared}
    silent = set(read.get("unreturned_fields") or []) - set(declared)
    expires = _instant(known.get("expiration_date"))
    closed = _closed(known, expires, now)
    # Older cores turn a null in a template into empty text.
    kept = piece.get("testers") not in (None, "")
    people = _testers(piece, expires, now, can_enter=not closed)
    application = piece.get("application") or known.get("application_info") or {}
    result = {
        "slug": known.get("slug"),
        "id": known.get("id"),
        "address": known.get("distribution_url"),
        "application": application.get("name") or application.get("slug") or known.get("application"),
        "visibility": known.get("visibility"),
        "security": known.get("security"),
        "who": _who(known, silent),
        "open": not closed,
        "closed_because": closed,
        "expires": _text(expires),
        "expires_known": "expiration_date" not in silent,
        "declared_only": sorted(declared),
        "downloads": _downloads(known, piece.get("builds") or []),
        "tester_list_kept": kept,
        "testers": people,
        "mailed": _mailed(known, application),
    }
    result["findings"] = _findings(result)
    return result


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _instant(value: Any) -> datetime | None:
    if _empty(value):
        return None
    try:
        return parse_instant(str(value))
    except ValueError:
        return None


def _text(moment: datetime | None) -> str | None:
    return format_instant(moment) if moment else None


def _closed(publication: Mapping[str, Any], expires: datetime | None, now: datetime) -> str | None:
    if publication.get("visibility") == "inactive":
        return "it is inactive"
    if expires and expires <= now:
        return "it has expired"
    return None


def _who(publication: Mapping[str, Any], silent: Set[str]) -> list[str]:
    """Lines that say who gets in, the widest statement first; ``silent`` are fields the server kept back."""
    security = publication.get("security")
    lines = [SECURITY.get(str(security), f"Unknown: security is {security}")]
    if security == "logged":
        clauses = [
            " and ".join(map(str, clause if isinstance(clause, list) else [clause]))
            for clause in publication.get("groups") or []
        ]
        unlimited = "Whether groups limit this is not known" if "groups" in silent else "No group limits this"
        lines.append(f"Members of the groups {' or '.join(clauses)}" if clauses else unlimited)
        lines.append("External testers on the OTP list, when OTP is switched on in the dashboard")
    audiences = publication.get("user_audience_map") or []
    if publication.get("activate_user_audiences"):
        lines.append(f"Audiences are on: {', '.join(str(item.get('id')) for item in audiences) or 'none is named'}")
    for key, words in (("allowed_countries", "Only from"), ("blocked_countries", "Not from")):
        if publication.get(key):
            lines.append(f"{words} {', '.join(map(str, publication[key]))}")
    limited = publication.get("allowed_countries") or publication.get("blocked_countries")
    if not limited and silent & {"allowed_countries", "blocked_countries"}:
        lines.append("Whether countries limit this is not known")
    if "activate_user_audiences" in silent:
        lines.append("Whether audiences may enter is not known")
    return lines


def _downloads(publication: Mapping[str, Any], builds: Iterable[Mapping[str, Any]]) -> list[str]:
    chosen = publication.get("filter") or {}
    kind = chosen.get("type")
    if kind in ("build", "builds"):
        names = {str(build.get("id")): build for build in builds}
        pinned = [(platform, chosen[platform]) for platform in PLATFORMS if chosen.get(platform)]
        pinned += [(item.get("build_platform"), item.get("id")) for item in chosen.get("builds") or []]
        return [_build(platform, identity, names.get(str(identity))) for platform, identity in pinned] or ["no build"]
    lines = [WHOSE.get(str(kind), f"unknown: the filter is {kind}").format(chosen.get("value"))]
    if publication.get("show_history"):
        lines.append("earlier builds too: the history is shown")
    return lines


def _build(platform: Any, identity: Any, build: Mapping[str, Any] | None) -> str:
    name = PLATFORMS.get(str(platform), str(platform))
    if not build:
        return f"{name}: build {identity}"
    version = " ".join(
        filter(None, [build.get("version_name"), f"({build['version_code']})" if build.get("version_code") else ""])
    )
    state = ", disabled" if build.get("disabled") else ""
    return f"{name}: {version or 'build without a version name'}, build {identity}{state}"


# People -----


def _testers(
    piece: Mapping[str, Any], expires: datetime | None, now: datetime, *, can_enter: bool
) -> list[dict[str, Any]]:
    listed = {tester["email"].casefold(): tester for tester in piece.get("testers") or []}
    users = {str(user.get("email")).casefold(): user for user in piece.get("users") or [] if _may_enter(user, piece)}
    for outcome in piece.get("outcomes") or []:
        key = str(outcome.get("email")).casefold()
        if outcome.get("action") == "removed":
            users.pop(key, None)
        elif outcome.get("action") == "created":
            tester = listed.get(key, {})
            known = {"published_application_id": (piece.get("publication") or {}).get("id") or "new"}
            users[key] = {"email": outcome["email"], "allowed_downloads": tester.get("allowance"), **known}
    rows = [
        _tester(users.get(key), listed.get(key), expires, now, can_enter=can_enter) for key in sorted({*users, *listed})
    ]
    for row in rows:
        row["listed"] = row["listed"] if piece.get("testers") not in (None, "") else None
    return rows


def _may_enter(user: Mapping[str, Any], piece: Mapping[str, Any]) -> bool:
    """Whether an OTP user is of this publication, or may be: some servers do not show of which one somebody is."""
    own = user.get("published_application_id")
    return own is None or str(own).lower() == str((piece.get("publication") or {}).get("id")).lower()


def _tester(
    user: Mapping[str, Any] | None,
    tester: Mapping[str, Any] | None,
    expires: datetime | None,
    now: datetime,
    *,
    can_enter: bool,
) -> dict[str, Any]:
    user, tester, on_server = user or {}, tester or {}, user is not None
    # The server knows nothing of this end: whoever is still there after it can still enter.
    listed_end = _instant(tester.get("access_until"))
    reasons = [
        (expires, "the publication expires"),
        (listed_end, "the list of testers says so; the next run removes the address"),
        (_removal(user), f"the server removes the address after {TEMPORAL_DAYS} days"),
    ]
    ends, why = min(((moment, why) for moment, why in reasons if moment), default=(None, None))
    downloads = user.get("allowed_downloads", user.get("allowed_downloads_num"))
    if downloads is None and user.get("single_use") is not None:
        downloads = 1 if user["single_use"] else -1
    return {
        "email": user.get("email") or tester.get("email"),
        "studio": tester.get("studio") or None,
        "on_server": on_server,
        "publication_shown": not on_server or user.get("published_application_id") is not None,
        "listed": bool(tester),
        "can_enter": can_enter and on_server,
        "left": not on_server and bool(listed_end and listed_end <= now),
        "overdue": on_server and bool(listed_end and listed_end <= now),
        "downloads": downloads,
        "added": user.get("created_at"),
        "last_download": user.get("last_download_date"),
        "ends": _text(ends),
        "ends_because": why,
    }


def _removal(user: Mapping[str, Any]) -> datetime | None:
    added = _instant(user.get("created_at")) if user.get("temporal") else None
    return added + timedelta(days=TEMPORAL_DAYS) if added else None


def _mailed(publication: Mapping[str, Any], application: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who is mailed on a new build: ``mailed`` is True, False, or None where the server does not say."""
    settings = application.get("notifications") or {}
    lines: list[dict[str, Any]] = [{"who": who, "mailed": settings.get(key)} for key, who in NOTIFIED.items()]
    for item in publication.get("user_audience_map") or []:
        lines.append({"who": f"Audience {item.get('id')}", "mailed": item.get("notify_new_builds_processed")})
    return lines


# What a security officer should look at -----


def _findings(item: Mapping[str, Any]) -> list[str]:
    if not item["open"]:
        return []
    lines = []
    if item["security"] != "logged":
        lines.append(f"{item['who'][0]} can download, listed or not.")
    if not item["expires"]:
        lines.append("Nothing ends it." if item["expires_known"] else "The server does not show whether it ends.")
    unclear = sum(not person["publication_shown"] for person in item["testers"])
    if unclear:
        lines.append(
            f"The server does not show which publication {unclear} of the addresses may enter; it may be this one."
        )
    lines += [f"{person['email']} {words}" for person in item["testers"] for words in _about(person)]
    return lines


def _about(person: Mapping[str, Any]) -> list[str]:
    lines = []
    if person["listed"] is False:
        lines.append("can enter without being on the list of testers.")
    if not person["on_server"] and not person["left"]:
        lines.append("is on the list of testers but can't enter: the server does not have the address.")
    elif person["overdue"]:
        lines.append(f"can still enter although access was to end at {person['ends']}.")
    elif person["ends"] is None:
        lines.append("can enter without an end.")
    return lines


def now_text() -> str:
    """The present moment as a timestamp."""
    return format_instant(datetime.now(timezone.utc).replace(microsecond=0))
