# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Who outside the company can download what until when, and who is mailed on new builds. Pure.

The input is what the info modules return. A key that the server does not return is unknown, which the report says; it
is never taken for "no".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from ..module_utils._core.addresses import email_key
from ..module_utils._core.dates import format_instant, parse_instant
from ..module_utils._core.fields import is_empty
from ..module_utils._otp_user.ledger import Ledger
from ..module_utils._otp_user.resource import DOWNLOADS, PUBLICATION, SINGLE_USE, TEMPORAL, UNLIMITED
from ..module_utils._publication.resource import MANUAL, pinned_builds

# The seed page: an OTP user with temporal set is removed by the server after 30 days.
TEMPORAL_DAYS = 30
PLATFORM_NAMES = {"ios": "iOS", "android": "Android", "macos": "macOS", "windows": "Windows"}
SECURITY = {
    "public": "Everybody who has the address",
    "password": "Everybody who has the password",
    "logged": "People who sign in",
}
# What the server says is put behind these words, never into them: it is no format.
RULES = {
    "last": "the newest build of the application, whatever it is",
    "gitBranch": "the newest build of the branch",
    "gitTag": "the newest build with the git tag",
    "tag": "the newest build with the tag",
}
NOTIFIED = {
    "new_build_notify_otp_users": "External testers (OTP users) of the application's publications",
    "new_build_notify_collaborators": "Collaborators of the workspace with access to the application",
    "new_build_notify_employees": "Employees of the application",
}


def build_report(
    pieces: Iterable[Mapping[str, Any]],
    now: str,
    users: Iterable[Mapping[str, Any]] = (),
    builds: Iterable[Mapping[str, Any]] = (),
    applications: Iterable[Mapping[str, Any]] = (),
    ledger: Ledger | None = None,
) -> dict[str, Any]:
    """Return the report over publications.

    Each piece holds ``publication`` (as returned), and optionally ``testers`` (as from tester_list; None where no list
    is kept), ``declared`` (fields of the publication that a playbook has set, for those the server does not show),
    ``outcomes`` (what applivery_otp_user returned in check mode, to be applied to the people), and ``users``,
    ``builds`` and ``application`` of its own in place of those for all. ``users`` are the store's OTP users, ``now``
    is a timestamp with offset, ``ledger`` tells when somebody was let in.
    """
    moment = parse_instant(now)
    shared = _Shared(list(users), list(builds), list(applications), ledger)
    publications = sorted((_publication(piece, moment, shared) for piece in pieces), key=lambda item: str(item["slug"]))
    outsiders = {
        email_key(person["email"]) if person["email"] else person["name"]
        for item in publications
        for person in item["testers"]
        if person["can_enter"]
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


class _Shared(NamedTuple):
    """What was read once for all publications."""

    users: list[Mapping[str, Any]]
    builds: list[Mapping[str, Any]]
    applications: list[Mapping[str, Any]]
    ledger: Ledger | None


def _publication(piece: Mapping[str, Any], now: datetime, shared: _Shared) -> dict[str, Any]:
    read = _mapping(piece.get("publication"))
    declared = {
        key: value
        for key, value in _mapping(piece.get("declared")).items()
        if not is_empty(value) and is_empty(read.get(key))
    }
    known = {**read, **declared}
    silent = set(map(str, _list(read.get("unreturned_fields")))) - set(declared)
    expires = _instant(known.get("expiration_date"))
    closed = _closed(known, expires, now)
    application = _application(piece, known, shared)
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
        "downloads": _downloads(known, _list(piece.get("builds")) or shared.builds),
        "tester_list_kept": _keeps_list(piece),
        "testers": _testers(piece, _Frame(known, expires, now, closed), shared),
        "mailed": _mailed(known, application),
    }
    result["findings"] = _findings(result)
    return result


def _application(piece: Mapping[str, Any], known: Mapping[str, Any], shared: _Shared) -> Mapping[str, Any]:
    given = _mapping(piece.get("application")) or _mapping(known.get("application_info"))
    ident = known.get("application")
    return next((item for item in shared.applications if ident and item.get("id") == ident), given)


def _keeps_list(piece: Mapping[str, Any]) -> bool:
    # Older cores turn a null in a template into empty text.
    return piece.get("testers") not in (None, "")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _instant(value: Any) -> datetime | None:
    if is_empty(value):
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
        clauses = [" and ".join(map(str, _list(clause) or [clause])) for clause in _list(publication.get("groups"))]
        unlimited = "Whether groups limit this is not known" if "groups" in silent else "No group limits this"
        lines.append(f"Members of the groups {' or '.join(clauses)}" if clauses else unlimited)
        lines.append("External testers on the OTP list, when OTP is switched on in the dashboard")
    if publication.get("activate_user_audiences"):
        audiences = [str(_mapping(item).get("id")) for item in _list(publication.get("user_audience_map"))]
        lines.append(f"Audiences are on: {', '.join(audiences) or 'none is named'}")
    return lines + _where_from(publication, silent)


def _where_from(publication: Mapping[str, Any], silent: Set[str]) -> list[str]:
    names = {"allowed_countries": "Only from", "blocked_countries": "Not from"}
    lines = [
        f"{words} {', '.join(map(str, _list(publication.get(key)) or [publication[key]]))}"
        for key, words in names.items()
        if not is_empty(publication.get(key))
    ]
    if not lines and silent & set(names):
        lines.append("Whether countries limit this is not known")
    if "activate_user_audiences" in silent:
        lines.append("Whether audiences may enter is not known")
    return lines


def builds_to_read(publications: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What to ask applivery_build_info for, so that every build is known that a publication is pinned to.

    One build of an application is asked for by its id; for several, one look at the list is fewer requests.
    """
    wanted: dict[Any, set[str]] = {}
    for publication in publications:
        wanted.setdefault(publication.get("application") or "", set()).update(pinned_builds(publication))
    return [
        {"application": application, "build_id": idents.pop()} if len(idents) == 1 else {"application": application}
        for application, idents in wanted.items()
        if idents
    ]


def _downloads(publication: Mapping[str, Any], builds: Iterable[Mapping[str, Any]]) -> list[str]:
    chosen = _mapping(publication.get("filter"))
    kind = str(chosen.get("type"))
    if kind in MANUAL:
        names = {str(build.get("id")): build for build in builds}
        pinned = [(platform, chosen[platform]) for platform in PLATFORM_NAMES if chosen.get(platform)]
        listed = [_mapping(item) for item in _list(chosen.get("builds"))]
        pinned += [(str(item.get("build_platform")), item.get("id")) for item in listed]
        return [_build(platform, identity, names.get(str(identity))) for platform, identity in pinned] or ["no build"]
    words = RULES.get(kind)
    value = "" if kind == "last" else f" {chosen.get('value')}"
    lines = [f"unknown: the filter is {kind}" if words is None else f"{words}{value}"]
    if publication.get("show_history"):
        lines.append("earlier builds too: the history is shown")
    return lines


def _build(platform: str, identity: Any, build: Mapping[str, Any] | None) -> str:
    name = PLATFORM_NAMES.get(platform, platform)
    if not build:
        return f"{name}: build {identity}"
    code = f"({build['version_code']})" if build.get("version_code") else ""
    version = " ".join(str(part) for part in (build.get("version_name"), code) if part)
    state = ", disabled" if build.get("disabled") else ""
    return f"{name}: {version or 'build without a version name'}, build {identity}{state}"


# People -----------------------------------------------------------------------------------------------------------


class _Frame(NamedTuple):
    """What of a publication decides about its people; ``closed`` is why nobody can enter, or None."""

    publication: Mapping[str, Any]
    expires: datetime | None
    now: datetime
    closed: str | None

    def why_out(self, downloads: Any) -> str | None:
        """Why somebody on the server's list can't enter by it, or None."""
        if self.closed:
            return self.closed
        if self.publication.get("security") == "password":
            return "people get in with the password, not by the list"
        return "no download is left" if downloads == 0 else None


def _testers(piece: Mapping[str, Any], frame: _Frame, shared: _Shared) -> list[dict[str, Any]]:
    listed = {email_key(tester["email"]): tester for tester in _list(piece.get("testers"))}
    users = piece.get("users") if piece.get("users") is not None else shared.users
    entries = _entries([user for user in _list(users) if _may_enter(user, frame.publication)])
    _foretell(entries, piece, listed)
    kept = _keeps_list(piece)
    rows = []
    for key in sorted({*entries, *listed}):
        found: list[Mapping[str, Any] | None] = [*entries.get(key, ())] or [None]
        for user in found:
            row = _tester(user, listed.get(key), frame)
            row["listed"] = bool(listed.get(key)) if kept else None
            row["entries"] = len(entries.get(key, ()))
            row["admitted"] = _admitted(row["email"], frame.publication, shared.ledger)
            rows.append(row)
    return rows


def _entries(users: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The entries of the server's list by person; an entry without an address is somebody of its own."""
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for number, user in enumerate(users):
        email = user.get("email")
        key = email_key(email) if isinstance(email, str) and email else f"\uffff{user.get('id') or number}"
        entries.setdefault(key, []).append(user)
    return entries


def _foretell(
    entries: dict[str, list[Mapping[str, Any]]], piece: Mapping[str, Any], listed: Mapping[str, Mapping[str, Any]]
) -> None:
    """Apply what a look ahead says that it would do."""
    for outcome in _list(piece.get("outcomes")):
        key = email_key(str(outcome.get("email")))
        allowance = {DOWNLOADS.option: _mapping(listed.get(key)).get("allowance")}
        if outcome.get("action") == "removed":
            entries.pop(key, None)
        elif outcome.get("action") == "created":
            known = {PUBLICATION.option: _mapping(piece.get("publication")).get("id") or "new"}
            entries[key] = [{"email": outcome["email"], **allowance, **known}]
        elif outcome.get("action") == "updated" and key in entries:
            entries[key] = [{**user, **allowance} for user in entries[key]]


def _may_enter(user: Mapping[str, Any], publication: Mapping[str, Any]) -> bool:
    """Whether an OTP user is of this publication, or may be: some servers do not show of which one somebody is."""
    own = user.get(PUBLICATION.option)
    return own is None or str(own).lower() == str(publication.get("id")).lower()


def _admitted(email: str | None, publication: Mapping[str, Any], ledger: Ledger | None) -> dict[str, Any] | None:
    return ledger.told(email, str(publication.get("id"))) if ledger and email and publication.get("id") else None


def _tester(user: Mapping[str, Any] | None, tester: Mapping[str, Any] | None, frame: _Frame) -> dict[str, Any]:
    user, tester, on_server = user or {}, tester or {}, user is not None
    email = user.get("email") or tester.get("email")
    email = email if isinstance(email, str) else None
    # The server knows nothing of this end: whoever is still there after it can still enter.
    listed_end = _instant(tester.get("access_until"))
    past = bool(listed_end and listed_end <= frame.now)
    ends, why = _end(user, listed_end, frame.expires)
    downloads = _downloads_of(user)
    out = frame.why_out(downloads) if on_server else None
    return {
        "email": email,
        "name": email or f"an entry without an address ({user.get('id') or 'no id'})",
        "studio": tester.get("studio") or None,
        "on_server": on_server,
        "publication_shown": not on_server or user.get(PUBLICATION.option) is not None,
        "can_enter": on_server and out is None,
        "cannot_because": out,
        "left": not on_server and past,
        "overdue": on_server and past,
        "downloads": downloads,
        "added": user.get("created_at"),
        "last_download": user.get("last_download_date"),
        "ends": _text(ends),
        "ends_because": why,
    }


def _end(
    user: Mapping[str, Any], listed_end: datetime | None, expires: datetime | None
) -> tuple[datetime | None, str | None]:
    reasons = [
        (expires, "the publication expires"),
        (listed_end, "the list of testers says so; the next run removes the address"),
        (_removal(user), f"the server removes the address after {TEMPORAL_DAYS} days"),
    ]
    return min(((moment, why) for moment, why in reasons if moment), default=(None, None))


def _downloads_of(user: Mapping[str, Any]) -> Any:
    downloads = user.get(DOWNLOADS.option, user.get("allowed_downloads_num"))
    if downloads is None and user.get(SINGLE_USE.option) is not None:
        return 1 if user[SINGLE_USE.option] else UNLIMITED
    return downloads if isinstance(downloads, int) else None


def _removal(user: Mapping[str, Any]) -> datetime | None:
    added = _instant(user.get("created_at")) if user.get(TEMPORAL.option) else None
    try:
        return added + timedelta(days=TEMPORAL_DAYS) if added else None
    except OverflowError:
        return None


def _mailed(publication: Mapping[str, Any], application: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who is mailed on a new build: ``mailed`` is True, False, or None where the server does not say."""
    settings = _mapping(application.get("notifications"))
    lines: list[dict[str, Any]] = [{"who": who, "mailed": settings.get(key)} for key, who in NOTIFIED.items()]
    for item in map(_mapping, _list(publication.get("user_audience_map"))):
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
    told = [f"{person['name']} {words}" for person in item["testers"] for words in _about(person)]
    return lines + list(dict.fromkeys(told))


def _about(person: Mapping[str, Any]) -> list[str]:
    lines = []
    if person["entries"] > 1:
        lines.append(f"stands on the server's list {person['entries']} times.")
    if person["listed"] is False and person["can_enter"]:
        lines.append("can enter without being on the list of testers.")
    if person["admitted"] and not person["admitted"]["certain"]:
        lines.append("may have been let in by a run that was cut off: the ledger is not certain.")
    return lines + _about_access(person)


def _about_access(person: Mapping[str, Any]) -> list[str]:
    if person["left"]:
        return []
    if not person["on_server"]:
        if person["admitted"]:
            return [f"was let in on {person['admitted']['last']}; access is used up or was ended."]
        return ["is on the list of testers but can't enter: the server does not have the address."]
    if not person["can_enter"]:
        return [f"is on the server's list but can't enter by it: {person['cannot_because']}."]
    if person["overdue"]:
        return [f"can still enter although access was to end at {person['ends']}."]
    return [] if person["ends"] else ["can enter without an end."]


def picked(publications: Iterable[Mapping[str, Any]], wanted: Iterable[str]) -> list[Any]:
    """The publications with these slugs or ids, all where none is named. Raises ValueError for a missing one."""
    read, names = list(publications), list(wanted)
    missing = [name for name in names if not any(name in (item.get("slug"), item.get("id")) for item in read)]
    if missing:
        raise ValueError(f"There is no publication {', '.join(missing)}.")
    return [item for item in read if not names or item.get("slug") in names or item.get("id") in names]


# Since when it has been like this ---------------------------------------------------------------------------------


class Since(NamedTuple):
    """Since when the facts are as they are; ``damaged`` is whether an earlier report could not be read."""

    moment: str
    damaged: bool


def since(report: Mapping[str, Any], earlier: bytes | None, now: str) -> Since:
    """Compare a report with the JSON of an earlier one; what can't be read counts as none."""
    if earlier is None:
        return Since(now, damaged=False)
    try:
        read = json.loads(earlier.decode("utf-8"))
        moment, then = format_instant(parse_instant(read["unchanged_since"])), read["report"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Since(now, damaged=True)
    same = json.dumps(then, sort_keys=True) == json.dumps(report, sort_keys=True, default=str)
    return Since(moment if same else now, damaged=False)


def now_text() -> str:
    """The present moment as a timestamp."""
    return format_instant(datetime.now(timezone.utc).replace(microsecond=0))
