# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every address that the simulator serves under ``/v1``: one table for the router and for the checks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import builds, employees, otp_users, publications, workspace
from .api import INTEGRATIONS, WORKSPACE, Handler
from .validation import HEX_ID, ID_OR_SLUG, check_id

# path parameter as documented -> name inside the simulator, pattern
PARAMETERS = {
    "organizationId": ("organization", ID_OR_SLUG),
    "organizationSlug": ("organization", ID_OR_SLUG),
    "applicationId": ("application", ID_OR_SLUG),
    "storeId": ("store", r"^([a-fA-F0-9]{24}|[0-9]+)$"),
    "buildId": ("build", HEX_ID),
    "publishedApplicationId": ("publication", HEX_ID),
    "otpUserId": ("otp_user", HEX_ID),
    "employeeId": ("employee", HEX_ID),
}


@dataclass(frozen=True)
class Route:
    """One operation."""

    method: str
    path: str
    resource: str
    action: str
    handler: Handler
    multipart: bool = False

    @property
    def api(self) -> str:
        """Return which of the two APIs the route belongs to."""
        return INTEGRATIONS if self.path.startswith("/integrations/") else WORKSPACE

    @property
    def router_path(self) -> str:
        """Return the path for the router, with the optional slash at its end."""
        return "/v1" + self.path + "{slash:/?}"

    def params(self, found: dict[str, str]) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """Return the path parameters by their short names, and what is wrong with them."""
        values: dict[str, str] = {}
        wrong: list[dict[str, Any]] = []
        for name in re.findall(r"\{(\w+)\}", self.path):
            short, pattern = PARAMETERS[name]
            values[short] = found[name]
            problem = check_id(found[name], name, pattern=pattern)
            if problem is not None:
                wrong.append(problem)
        return values, wrong


def _resource(path: str, item: str, resource: str, handlers: dict[str, Handler]) -> list[Route]:
    one = f"{path}/{{{item}}}"
    places = {
        "list": ("GET", path),
        "get": ("GET", one),
        "create": ("POST", path),
        "update": ("PUT", one),
        "remove": ("DELETE", one),
    }
    return [
        Route(*places[action], resource, action, handler, multipart=resource == "builds" and action == "create")
        for action, handler in handlers.items()
    ]


_BUILDS: dict[str, Handler] = {
    "list": builds.list_builds,
    "get": builds.get_build,
    "create": builds.upload_build,
    "update": builds.update_build,
    "remove": builds.delete_build,
}
_PUBLICATIONS: dict[str, Handler] = {
    "list": publications.list_publications,
    "get": publications.get_publication,
    "create": publications.create_publication,
    "update": publications.update_publication,
    "remove": publications.delete_publication,
}
_OTP_USERS: dict[str, Handler] = {
    "list": otp_users.list_otp_users,
    "get": otp_users.get_otp_user,
    "create": otp_users.create_otp_user,
    "update": otp_users.update_otp_user,
    "remove": otp_users.delete_otp_user,
}

_ORGANIZATION = "/organizations/{organizationId}"
_DISTRIBUTION = "/integrations/distributions/{publishedApplicationId}"
_PUB_APP = f"{_ORGANIZATION}/stores/{{storeId}}/pubApps/{{publishedApplicationId}}"
_WORKSPACE_BUILDS = f"{_ORGANIZATION}/apps/{{applicationId}}/builds"

ROUTES: list[Route] = [
    *_resource("/integrations/builds", "buildId", "builds", _BUILDS),
    Route("POST", "/integrations/builds/{buildId}/files", "builds", "attach", builds.attach_file, multipart=True),
    *_resource("/integrations/distributions", "publishedApplicationId", "publications", _PUBLICATIONS),
    Route("POST", f"{_DISTRIBUTION}/notify", "publications", "notify", employees.notify),
    Route("POST", "/integrations/employees", "employees", "create", employees.invite),
    Route("PUT", "/integrations/employees/{employeeId}", "employees", "update", employees.update),
    Route("POST", f"{_ORGANIZATION}/employees", "employees", "create", employees.invite_many),
    Route("POST", f"{_PUB_APP}/notify", "publications", "notify", employees.notify),
    Route("GET", "/organizations", "organizations", "list", workspace.list_organizations),
    Route("GET", _ORGANIZATION, "organizations", "get", workspace.get_organization),
    Route("GET", f"{_ORGANIZATION}/workspace", "workspace", "get", workspace.get_workspace),
    Route("GET", f"{_ORGANIZATION}/stores", "stores", "list", workspace.list_stores),
    Route("GET", f"{_ORGANIZATION}/stores/{{storeId}}", "stores", "get", workspace.get_store),
    Route("PUT", f"{_ORGANIZATION}/stores/{{storeId}}", "stores", "update", workspace.update_store),
    Route("PUT", f"{_ORGANIZATION}/apps/{{applicationId}}/picture", "applications", "update", workspace.set_picture),
    Route("GET", f"{_ORGANIZATION}/apps", "applications", "list", workspace.list_applications),
    Route("GET", f"{_ORGANIZATION}/apps/{{applicationId}}", "applications", "get", workspace.get_application),
    *_resource(_WORKSPACE_BUILDS, "buildId", "builds", _BUILDS),
    Route("POST", f"{_WORKSPACE_BUILDS}/{{buildId}}/files", "builds", "attach", builds.attach_file, multipart=True),
    *_resource(f"{_ORGANIZATION}/stores/{{storeId}}/pubApps", "publishedApplicationId", "publications", _PUBLICATIONS),
    *_resource("/organizations/{organizationSlug}/stores/{storeId}/otp-users", "otpUserId", "otp_users", _OTP_USERS),
]
