# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated workspace holds, and how objects get into it.

Objects are kept under their API names, complete and unhidden: the truth that tests compare with. No HTTP here.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Callable

from .people import People

Item = dict[str, Any]

APP = "app"
SERVICE_ACCOUNT = "service_account"
EXPIRED = "expired"

# What a field of a publication is when nobody set it. The documents name no default; these are the open ones, so that a
# client which forgets a field loses something that a test can see.
PUBLICATION_DEFAULTS: Item = {
    "visibility": "active",
    "security": "public",
    "password": None,
    "groups": [],
    "activateUserAudiences": False,
    "userAudienceMap": [],
    "allowedCountries": [],
    "blockedCountries": [],
    "filter": {"type": "last"},
    "tags": [],
    "showHistory": False,
    "showDevInfo": False,
    "hideAttachedFiles": False,
    "expirationDate": None,
    "terms": {},
    "configuration": {},
}

BUILD_DEFAULTS: Item = {
    "tags": [],
    "changelog": "",
    "metadata": {},
    "defaultScripts": {},
    "disabled": False,
}

OTP_DAYS = 30
EXPIRED_TOKEN = "simulator-expired-token"


def app_token(application_id: str) -> str:
    """Return the App API Token of an application."""
    return f"simulator-app-token-{application_id}"


def service_account_token(organization_id: str) -> str:
    """Return the Service Account token of an organization."""
    return f"simulator-service-account-token-{organization_id}"


@lru_cache(maxsize=262144)
def parse_moment(text: str) -> datetime.datetime:
    """Return an ISO timestamp as an aware moment; one without an offset counts as UTC."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def format_moment(moment: datetime.datetime) -> str:
    """Return a moment as the service writes it: UTC, milliseconds, ``Z``."""
    return (
        moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )


def _end_of_access(user: Item) -> float | None:
    """When a temporary user is dropped, in seconds since the epoch (news, seed: after 30 days)."""
    if not user["temporal"]:
        return None
    return (parse_moment(user["createdAt"]) + datetime.timedelta(days=OTP_DAYS)).timestamp()


@dataclass
class Token:
    """Who a bearer token stands for."""

    kind: str
    owner: str = ""


@dataclass
class State:
    """One workspace world: organizations, stores, applications and what they hold."""

    clock: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.timezone.utc)
    numeric_stores: bool = False
    organizations: dict[str, Item] = field(default_factory=dict)
    stores: dict[str, Item] = field(default_factory=dict)
    applications: dict[str, Item] = field(default_factory=dict)
    builds: dict[str, Item] = field(default_factory=dict)
    publications: dict[str, Item] = field(default_factory=dict)
    otp_users: People = field(default_factory=lambda: People(_end_of_access))
    employees: dict[str, Item] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    notifications: list[Item] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    # fields of a publication or build that nobody ever gave a value
    unset: dict[str, set[str]] = field(default_factory=dict)
    # reads that a build has spent in its present state, and its own number of them (None = it stays there)
    reads: dict[str, int] = field(default_factory=dict)
    processing: dict[str, int | None] = field(default_factory=dict)
    # what is wrong with an upload that was taken all the same
    unusable: dict[str, str] = field(default_factory=dict)
    build_calls: int = 0
    order: dict[str, int] = field(default_factory=dict)
    _count: int = 0
    _last: datetime.datetime | None = None

    # -- ids and time -------------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """Return the next number of this world."""
        self._count += 1
        return self._count

    def new_id(self, kind: str) -> str:
        """Return a fresh id: 24 hexadecimal digits, the same in every run."""
        number = self.next_number()
        identity = hashlib.sha256(f"{kind}:{number}".encode()).hexdigest()[:24]
        return str(7000 + number) if kind == "store" and self.numeric_stores else identity

    def stamp(self) -> str:
        """Return now as text, at least a millisecond after the stamp before."""
        now = self.clock()
        if self._last is not None and now < self._last + datetime.timedelta(milliseconds=1):
            now = self._last + datetime.timedelta(milliseconds=1)
        self._last = now
        return format_moment(now)

    def touch(self, item: Item) -> None:
        """Note that ``item`` was written now."""
        item["updatedAt"] = self.stamp()

    def _put(self, table: dict[str, Item], item: Item) -> Item:
        if item["id"] in table:
            raise ValueError(f"the id {item['id']} is taken")
        table[item["id"]] = item
        self.order[item["id"]] = self.next_number()
        return item

    # -- creation -----------------------------------------------------------------------------------------------------

    def _base(self, kind: str, fields: Item) -> Item:
        stamp = self.stamp()
        given = copy.deepcopy(fields)
        created = given.pop("createdAt", stamp)
        return {
            "id": given.pop("id", None) or self.new_id(kind),
            **given,
            "createdAt": created,
            "updatedAt": given.get("updatedAt", created),
        }

    def add_organization(self, **fields: Any) -> Item:
        """Add an organization; ``name`` and ``slug`` have defaults."""
        number = len(self.organizations) + 1
        base: Item = {
            "name": f"Organization {number}",
            "slug": f"organization-{number}",
            "limits": {"maxApps": 50, "maxPublicationsPerApp": 20, "maxStorage": 107374182400},
            "allows": {"passwordApps": True, "loggedApps": True, "unlistedApps": True, "loggedStores": True},
        }
        item = self._put(self.organizations, self._base("organization", {**base, **fields}))
        self.tokens[service_account_token(item["id"])] = Token(SERVICE_ACCOUNT, item["id"])
        return item

    def add_store(self, **fields: Any) -> Item:
        """Add a store to ``organization`` (the first one when left out)."""
        base: Item = {
            "organization": self._first(self.organizations, "organization"),
            "security": "public",
            "customDomain": None,
            "branding": {"buttonColor": "#0076D6"},
            "configuration": {"allowPublicPubApps": True},
            "createdBy": "owner@simulator.example",
        }
        return self._put(self.stores, self._base("store", {**base, **fields}))

    def add_application(self, **fields: Any) -> Item:
        """Add an application to ``organization`` (the first one when left out), with an App API token of its own."""
        number = len(self.applications) + 1
        base: Item = {
            "name": f"Application {number}",
            "slug": f"application-{number}",
            "organization": self._first(self.organizations, "organization"),
            "description": "",
            "picture": "https://static.simulator.example/picture.png",
            "oss": ["ios", "android"],
            "buildPlatforms": ["ios", "android"],
            "security": {"role": "viewer"},
            "sdk": {"ios": {}, "android": {}},
            "notifications": {
                "newBuildNotifyCollaborators": False,
                "newBuildNotifyEmployees": False,
                "newBuildNotifyOtpUsers": False,
            },
            "configuration": {
                "storageProvider": "s3",
                "notificationLanguage": "en",
                "buildRetentionDays": 0,
                "buildsRetainedPerPublication": 0,
            },
            "retentionApplied": {"maxBillingBuildRetentionDays": 0, "buildsRetainedPerPublication": 0},
        }
        item = self._put(self.applications, self._base("application", {**base, **fields}))
        self.tokens[app_token(item["id"])] = Token(APP, item["id"])
        return item

    def add_build(self, **fields: Any) -> Item:
        """Add a build; without ``status`` it is processed.

        ``processing`` = reads for which this one stays in each state (None = for ever); left out, the switch decides.
        """
        given = copy.deepcopy(fields)
        own = "processing" in given
        processing = given.pop("processing", None)
        number = len(self.builds) + 1
        system = given.get("os") or given.get("buildPlatform") or "ios"
        base: Item = {
            "status": "processed",
            "versionName": "1.0.0",
            "versionCode": str(number),
            "application": self._first(self.applications, "application"),
            "os": system,
            "buildPlatform": system,
            "size": 1048576,
            "deployer": {"name": "", "info": {}},
            "uploadedBy": {
                "id": "5f5e100000000000000000aa",
                "email": "ci@simulator.example",
                "firstName": "Continuous",
                "lastName": "Integration",
            },
            "info": package_info(system, "com.example.app"),
            "files": [],
            "storageProvider": "s3",
            "processTime": 4,
            "queuedTime": 1,
            "error": None,
            "errorCode": None,
        }
        item = self._base("build", {**copy.deepcopy(BUILD_DEFAULTS), **base, **given})
        self._put(self.builds, item)
        self.unset[item["id"]] = set(BUILD_DEFAULTS) - set(given)
        if own:
            self.processing[item["id"]] = processing
        return item

    def add_publication(self, **fields: Any) -> Item:
        """Add a publication without any check; left out, the filter is the branch ``main`` (and allows deletion)."""
        number = len(self.publications) + 1
        base: Item = {
            "slug": f"publication-{number}",
            "application": self._first(self.applications, "application"),
            "store": self._first(self.stores, "store"),
            "filter": {"type": "gitBranch", "value": "main"},
        }
        given = {**base, **copy.deepcopy(fields)}
        item = self._base("publication", {**copy.deepcopy(PUBLICATION_DEFAULTS), **given})
        self._put(self.publications, item)
        self.unset[item["id"]] = set(PUBLICATION_DEFAULTS) - set(given)
        return item

    def add_otp_user(self, **fields: Any) -> Item:
        """Add a one-time-password user in the fields of either form; ``publishedApplicationId`` may be None."""
        given = copy.deepcopy(fields)
        if "allowedDownloadsNum" not in given:
            given["allowedDownloadsNum"] = 1 if given.get("singleUse") else -1
        given.setdefault("singleUse", given["allowedDownloadsNum"] == 1)
        store = given.pop("storeId", None)
        publication = given.pop("publishedApplicationId", "first")
        if publication == "first":
            publication = next(iter(self.publications), None)
        if store is None:
            store = (
                self.publications[publication]["store"]
                if publication in self.publications
                else self._first(self.stores, "store")
            )
        base: Item = {
            "email": f"tester{len(self.otp_users) + 1}@simulator.example",
            "organizationId": self.stores[store]["organization"],
            "storeId": store,
            "publishedApplicationId": publication,
            "temporal": True,
            "lastLoginDate": None,
            "lastDownloadDate": None,
        }
        return self._put(self.otp_users, self._base("otp_user", {**base, **given}))

    @staticmethod
    def _first(table: dict[str, Item], what: str) -> str:
        if not table:
            raise ValueError(f"there is no {what} yet")
        return next(iter(table))

    # -- questions ----------------------------------------------------------------------------------------------------

    def newest_first(self, items: list[Item]) -> list[Item]:
        """Return the items, the newest first."""
        return sorted(items, key=lambda item: (parse_moment(item["createdAt"]), self.order[item["id"]]), reverse=True)

    def distribution_url(self, publication: Item) -> str:
        """Return the public address of a publication."""
        organization = self.organizations[self.stores[publication["store"]]["organization"]]
        return f"https://{organization['slug']}.applivery.io/{publication['slug']}"

    def served_builds(self, publication_id: str) -> list[str]:
        """Return the ids of the builds that a publication offers now, the newest of each system first."""
        publication = self.publications[publication_id]
        chosen = publication["filter"]
        ready = [
            build
            for build in self.newest_first(
                [item for item in self.builds.values() if item["application"] == publication["application"]]
            )
            if build["status"] == "processed" and not build["disabled"]
        ]
        expiry = publication["expirationDate"]
        if publication["visibility"] == "inactive" or (expiry and parse_moment(expiry) <= self.clock()):
            return []
        fitting = [build for build in ready if _fits(chosen, build)]
        systems: dict[str, str] = {}
        for build in fitting:
            systems.setdefault(build["buildPlatform"], build["id"])
        return list(systems.values())

    def purge_otp_users(self) -> None:
        """Drop the temporary users whose 30 days are over."""
        for user_id in list(self.otp_users.expired(self.clock().timestamp())):
            del self.otp_users[user_id]

    def download(self, user_id: str, counting: str) -> bool:
        """Let a user download once; whether that was allowed. A single download allowed takes the user off the list."""
        user = self.otp_users[user_id]
        allowed = user["allowedDownloadsNum"]
        if allowed == 0:
            return False
        user["lastDownloadDate"] = user["lastLoginDate"] = self.stamp()
        if user["singleUse"] or allowed == 1:
            del self.otp_users[user_id]
        elif allowed > 0 and counting == "counts_down":
            user["allowedDownloadsNum"] = allowed - 1
        return True

    def snapshot(self) -> Item:
        """Return a copy of everything, for the control endpoint."""
        with self.lock:
            return copy.deepcopy(
                {
                    "organizations": list(self.organizations.values()),
                    "stores": list(self.stores.values()),
                    "applications": list(self.applications.values()),
                    "builds": list(self.builds.values()),
                    "publications": [
                        {**item, "distributionUrl": self.distribution_url(item)} for item in self.publications.values()
                    ],
                    "otp_users": list(self.otp_users.values()),
                    "employees": list(self.employees.values()),
                    "notifications": self.notifications,
                    "served_builds": {key: self.served_builds(key) for key in self.publications},
                }
            )


def package_info(system: str, name: str) -> Item:
    """Return the ``info`` of a build: what the service parses from a package."""
    icon = "https://static.simulator.example/icon.png"
    if system == "android":
        return {"icon": icon, "android": {"packageName": name}}
    if system in ("ios", "macos"):
        return {"icon": icon, "ios": {"plist": {"CFBundleIdentifier": name}, "mobileprovision": {}}}
    return {"icon": icon}


def _fits(chosen: Item, build: Item) -> bool:
    kind = chosen.get("type")
    info = build["deployer"].get("info", {})
    if kind == "last":
        return True
    if kind == "gitBranch":
        return bool(info.get("branch") == chosen.get("value"))
    if kind == "gitTag":
        return bool(info.get("tag") == chosen.get("value"))
    if kind == "tag":
        return chosen.get("value") in build["tags"]
    pinned = {chosen.get(system) for system in ("ios", "android", "macos", "windows")}
    pinned |= {entry.get("id") for entry in chosen.get("builds") or []}
    return build["id"] in pinned
