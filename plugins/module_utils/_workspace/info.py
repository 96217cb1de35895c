# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a token reaches: organization, stores, applications, limits, and which modules can be used with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from .._api.client import (
    APPLICATIONS,
    ORGANIZATIONS,
    STORES,
    Api,
    Endpoint,
    identity,
    segment,
)
from .._api.connection import INTEGRATIONS
from .._api.listing import plain
from .._build.resource import BUILDS
from .._core.errors import RequestFailed
from .._core.fields import as_read
from .._core.task import Definition, Needs, Outcome, Task
from .._otp_user.resource import OTP_USERS
from .._publication.resource import PUBLICATIONS
from .application import shown_application

INFO_SPEC: dict[str, dict[str, Any]] = {}
# Organization, store and limits in one answer (reference; its exact form is not known).
_WORKSPACE = Endpoint(
    "workspace", "organizations/{organization}", permissions={"get": "base.organization.management.get"}
)
# Which modules can be used when the objects of a kind can be listed.
_MODULES = {
    "applications": ("applivery_application_info",),
    "builds": ("applivery_build", "applivery_build_info", "applivery_build_prune", "applivery_release_info"),
    "publications": ("applivery_publication", "applivery_publication_info", "applivery_export", "applivery_apply"),
    "otp_users": ("applivery_otp_user", "applivery_otp_user_info"),
}
_NO_WORKSPACE = "only the Workspace API can do this: give service_account_token and organization"


def needs(_params: Mapping[str, Any]) -> Needs:
    """Both kinds of token can be asked what they reach."""
    return Needs()


def run_info(task: Task[Api]) -> Outcome:
    """Tell what the token reaches. A part that it must not read is null, with a warning; the others are there."""
    survey = _Survey(task.api)
    parts = survey.of_one_app() if task.api.kind == INTEGRATIONS else survey.of_the_workspace()
    usable, unusable = survey.modules()
    if not survey.answered and survey.refusals:
        raise next(iter(survey.refusals.values()))
    for name in parts:
        if name in survey.refusals:
            task.warn(f"{name} not shown: {survey.refusals[name].message}")
    return Outcome(result={"api": task.api.kind, **parts, "usable_modules": usable, "unusable_modules": unusable})


class _Survey:
    """Asks for one part after the other and remembers which were refused."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.answered = False
        self.refusals: dict[str, RequestFailed] = {}
        self._reasons: dict[str, str] = {}

    def of_the_workspace(self) -> dict[str, Any]:
        """The parts that a Service Account token shows, and a look at what the modules read."""
        workspace = self._workspace()
        organization = self._organization(workspace)
        stores = self._ask("stores", lambda: self._api.list_all(STORES))
        applications = self._ask("applications", lambda: self._api.list_all(APPLICATIONS))
        self._look("builds", self._in_application(BUILDS, applications))
        self._look("publications", self._in_store(PUBLICATIONS, stores))
        self._look("otp_users", self._in_store(OTP_USERS, stores))
        return {
            "organization": None if organization is None else plain(organization),
            "stores": None if stores is None else [plain(store) for store in stores],
            "applications": None if applications is None else [shown_application(item) for item in applications],
            "limits": _nested("limits", workspace, organization),
            "allows": _nested("allows", workspace, organization),
        }

    def of_one_app(self) -> dict[str, Any]:
        """What an App API Token shows: its app, as far as a build or a publication names it."""
        found = [*self._look("builds", BUILDS), *self._look("publications", PUBLICATIONS)]
        self._reasons["otp_users"] = self._reasons["applications"] = _NO_WORKSPACE
        names = [item["applicationInfo"] for item in found if isinstance(item.get("applicationInfo"), Mapping)]
        return {
            "organization": None,
            "stores": None,
            "applications": [shown_application(names[0])] if names else None,
            "limits": None,
            "allows": None,
        }

    def modules(self) -> tuple[list[str], dict[str, str]]:
        """Names of the modules that can be used, and of the others with the reason."""
        usable = ["applivery_workspace_info"]
        unusable: dict[str, str] = {}
        for part, names in _MODULES.items():
            if part in self._reasons:
                unusable.update(dict.fromkeys(names, self._reasons[part]))
            else:
                usable.extend(names)
        return sorted(usable), unusable

    def _workspace(self) -> dict[str, Any]:
        """The one-call answer, or nothing where the server has none; then its pieces are asked for one by one."""
        try:
            # An answer in a form that nobody described counts as refused: it is as good as none.
            return self._api.get(_WORKSPACE, "workspace")
        except RequestFailed as problem:
            if not _is_refusal(problem):
                raise
        return {}

    def _organization(self, workspace: Mapping[str, Any]) -> dict[str, Any] | None:
        named = workspace.get("organization")
        for candidate in (named, workspace):
            if isinstance(candidate, dict) and candidate.get("slug") and identity(candidate):
                self.answered = True
                return candidate
        given = self._api.connection.organization or ""
        found: dict[str, Any] | None = self._ask("organization", lambda: self._api.get(ORGANIZATIONS, given))
        return found

    def _look(self, name: str, endpoint: Endpoint | None) -> Iterable[dict[str, Any]]:
        """The first object of a kind, as a list; the reason is noted when the token can't list that kind."""
        if endpoint is None:
            return []
        pages = self._api.pages(endpoint, size=1)
        return (self._ask(name, lambda: next(pages, [])) or [])[:1]

    def _ask(self, name: str, read: Callable[[], Any]) -> Any:
        try:
            found = read()
        except RequestFailed as problem:
            if not _is_refusal(problem):
                raise
            self.refusals[name] = problem
            self._reasons[name] = problem.message
            return None
        self.answered = True
        return found

    def _in_application(self, endpoint: Endpoint, applications: list[dict[str, Any]] | None) -> Endpoint | None:
        given = self._api.connection.application
        found = given or _first_id(applications)
        if found is None:
            self._reasons["builds"] = self._nothing_to_look_at("application", "applications")
            return None
        return _inside(endpoint, "{application}", found)

    def _in_store(self, endpoint: Endpoint, stores: list[dict[str, Any]] | None) -> Endpoint | None:
        found = self._api.connection.store or _first_id(stores)
        if found is None:
            for part in ("publications", "otp_users"):
                self._reasons[part] = self._nothing_to_look_at("store", "stores")
            return None
        return _inside(endpoint, "{store}", found)

    def _nothing_to_look_at(self, option: str, part: str) -> str:
        if part in self.refusals:
            return f"{option} is not given, and {part} can't be listed: {self.refusals[part].message}"
        return f"the organization shows no {option} to this token"


def _inside(endpoint: Endpoint, name: str, ident: str) -> Endpoint:
    """The endpoint with one name of its path filled in, whatever the connection says."""
    path = endpoint.workspace.replace(name, segment(ident))
    return Endpoint(endpoint.noun, path, endpoint.integrations, endpoint.permissions, endpoint.sort)


def _is_refusal(problem: RequestFailed) -> bool:
    """Whether one thing was refused; a server in trouble, or a token that is expired or lost, concerns everything."""
    status = problem.status
    return status is not None and status != 429 and status < 500 and problem.code not in (3002, 4002)


def _first_id(found: list[dict[str, Any]] | None) -> str | None:
    return next((ident for ident in map(identity, found or []) if ident), None)


def _nested(name: str, *places: Mapping[str, Any] | None) -> dict[str, Any] | None:
    for place in places:
        if place and isinstance(place.get(name), Mapping):
            return dict(as_read(place[name]))
    return None


DEFINITION = Definition(INFO_SPEC, run_info, needs)
