# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Bringing what the service holds into declared files: read everything, many at a time, then write what differs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from ..module_utils._api.client import APPLICATIONS, Api, WorkspaceApi, identity
from ..module_utils._api.connection import WORKSPACE
from ..module_utils._build.resource import BUILDS
from ..module_utils._core.concurrency import CONCURRENCY_SPEC, pool_of, workers_of
from ..module_utils._core.errors import AppliveryError
from ..module_utils._core.task import Definition, Needs, Outcome, Task
from ..module_utils._otp_user.resource import OTP_USERS, publication_of
from ..module_utils._publication.find import find_by_id
from ..module_utils._publication.resource import PUBLICATIONS as ENDPOINT
from ..module_utils._publication.resource import application_of, pinned_builds
from ._declared import document, password_variable, users_of, wishes_of
from ._documents import PUBLICATIONS, TESTERS, write_files
from ._schema import publication_schema, testers_schema

Read = dict[str, Any]
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")
SPEC: dict[str, dict[str, Any]] = {
    "folder": {"type": "path", "required": True},
    "people": {"type": "bool", "default": False},
    **CONCURRENCY_SPEC,
}


def needs(params: Mapping[str, Any]) -> Needs:
    """People are known to the Workspace API alone; each concurrent request wants a connection of its own."""
    return Needs("people: true" if params["people"] else None, pool=pool_of(params))


def run(task: Task[Api]) -> Outcome:
    """Write one file for each publication, one for each list of people when asked for, and the schemas."""
    holding = Holding(task.api, workers_of(task.params), task.warn)
    publications, people = holding.all(people=task.params["people"])
    files = {f"schema/{name}.json": _json(schema) for name, schema in _SCHEMAS.items()}
    files.update(_publication_files(holding, publications))
    if task.params["people"]:
        files.update(_people_files(holding, publications, people, task.warn))
    differing = write_files(task.params["folder"], files, task.check_mode)
    written = sorted(name for name in files if not name.startswith("schema/"))
    return Outcome(
        changed=bool(differing),
        result={"files": written, "written": sorted(differing), "folder": task.params["folder"]},
        after={"written": sorted(differing)} if differing else {},
        title=f"folder {task.params['folder']}",
    )


_SCHEMAS = {"publication": publication_schema(), "testers": testers_schema()}


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


# What there is --------------------------------------------------------------------------------------------------------


class Holding:
    """Reads what the service holds, many objects at a time."""

    def __init__(self, api: Api, workers: int, warn: Callable[[str], None]) -> None:
        self.api = api
        self._workers = workers
        self._warn = warn

    def at_once(self, make: Callable[[_Given], _Made], given: Iterable[_Given]) -> list[_Made]:
        """What ``make`` makes of each, in their order; the first error ends it."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(make, given))

    def all(self, people: bool) -> tuple[list[Read], list[Read]]:
        """All publications of the connection's application, or of the store, each in full and by slug; and all people.

        The list of people takes as long as the publications do, so it is read meanwhile.
        """
        listed = [str(identity(item)) for item in self.api.list_all(ENDPOINT)]
        if "None" in listed:
            raise AppliveryError("the list of publications holds one without an id: nothing was concluded from it")
        jobs: list[Callable[[], Any]] = [partial(find_by_id, self.api, ident) for ident in listed]
        told, *found = self.at_once(_done, [self.people if people else list, *jobs])
        meant = [item for item in found if item is not None and self._is_meant(item)]
        return sorted(meant, key=lambda item: (str(item["slug"]), str(identity(item)))), told

    def _is_meant(self, read: Read) -> bool:
        given = (self.api.connection.application or "").lower()
        if not given or not self.api.names_application:
            return True
        return given in (str(application_of(read)).lower(), str(application_slug(read)).lower())

    def applications(self) -> list[Read]:
        """The applications, where this token may list them."""
        if self.api.kind != WORKSPACE:
            return []
        try:
            return self.api.list_all(APPLICATIONS)
        except AppliveryError as problem:
            self._warn(f"the applications are not described: {problem.message}")
            return []

    def labels(self, publications: Iterable[Read]) -> dict[str, str]:
        """What stands behind the id of each build that a publication is pinned to."""
        pinned = sorted({(str(application_of(item)), ident) for item in publications for ident in pinned_builds(item)})
        return dict(self.at_once(self._label, pinned))

    def _label(self, pinned: tuple[str, str]) -> tuple[str, str]:
        application, ident = pinned
        try:
            build = of_application(self.api, application).find(BUILDS, ident)
        except AppliveryError:
            return ident, "this build could not be read"
        if build is None:
            return ident, "this build is gone"
        parts = (build.get("versionName"), build.get("versionCode"), build.get("os"), build.get("status"))
        return ident, ", ".join(str(part) for part in parts if part)

    def people(self) -> list[Read]:
        """All OTP users of the store."""
        return self.api.list_all(OTP_USERS)


def _done(job: Callable[[], Any]) -> Any:
    return job()


def application_slug(read: Mapping[str, Any]) -> str | None:
    """The slug of the application that a publication belongs to, where the server shows it."""
    info = read.get("applicationInfo")
    slug = info.get("slug") if isinstance(info, Mapping) else None
    return slug if isinstance(slug, str) and slug else None


def of_application(api: Api, application: str | None) -> Api:
    """The same API for one application; requests go over the same connections."""
    if application is None or not isinstance(api, WorkspaceApi):
        return api
    # The store is looked up once for all of them.
    connection = api.connection._replace(application=application, store=api.store_id())
    return WorkspaceApi(connection, api.transport)


# What becomes of it ---------------------------------------------------------------------------------------------------


def _publication_files(holding: Holding, publications: list[Read]) -> dict[str, str]:
    labels = holding.labels(publications)
    mails = {str(identity(item)): _mails(item) for item in holding.applications()}
    files = {}
    for read, name in _named(publications):
        wishes = wishes_of(read)
        content: dict[str, Any] = {}
        if holding.api.connection.organization:
            content["organization"] = holding.api.connection.organization
        application = application_slug(read) or application_of(read)
        if application and holding.api.names_application:
            content["application"] = application
        if wishes.options.get("security") == "password":
            content["password_variable"] = password_variable(str(read["slug"]))
        content["publication"] = wishes.options
        comments = [*wishes.gaps, *mails.get(str(application_of(read)), [])]
        files[f"{PUBLICATIONS}/{name}.yml"] = document("publication", content, comments, labels)
    return files


def _named(publications: list[Read]) -> list[tuple[Read, str]]:
    """Each publication with its file's name: the slug, unless that is no file name or another one's in another case."""
    slugs = [str(item["slug"]) for item in publications]
    alike = {slug for slug, number in Counter(slug.lower() for slug in slugs).items() if number > 1}
    found = []
    for item, slug in zip(publications, slugs):
        fit = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", slug) is not None
        clear = slug.lower() not in alike
        found.append((item, slug if fit and clear else f"{slug}-{identity(item)}" if fit else str(identity(item))))
    return found


def _mails(application: Mapping[str, Any]) -> list[str]:
    settings = application.get("notifications")
    if not isinstance(settings, Mapping):
        return []
    told = {"Collaborators": "collaborators", "Employees": "employees", "OtpUsers": "OTP users"}
    shown = [
        f"{words} {'yes' if settings[key] else 'no'}"
        for name, words in told.items()
        if (key := f"newBuildNotify{name}") in settings
    ]
    return [f"The application mails on a new build: {', '.join(shown)} (set in the dashboard)"] if shown else []


def _people_files(
    holding: Holding, publications: list[Read], people: list[Read], warn: Callable[[str], None]
) -> dict[str, str]:
    lists: dict[str | None, list[Read]] = {}
    for item in people:
        lists.setdefault(publication_of(item), []).append(item)
    if lists.get(None):
        warn(
            f"{len(lists[None])} OTP users do not show which publication they belong to; they are in no file, and what "
            "a file says of the others can't be exclusive"
        )
    files = {}
    for read, name in _named(publications):
        mine = lists.get(str(identity(read)).lower())
        if not mine:
            continue
        users, gaps = users_of(mine)
        content: dict[str, Any] = {"organization": holding.api.connection.organization, "publication": read["slug"]}
        content["exclusive"] = not lists.get(None) and not gaps
        content["users"] = users
        files[f"{TESTERS}/{name}.yml"] = document("testers", content, gaps, {})
    return files


DEFINITION = Definition(SPEC, run, needs)
