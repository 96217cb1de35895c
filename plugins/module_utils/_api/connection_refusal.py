# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What to say about connection options that are not enough. Imported only when that happens."""

from __future__ import annotations

from collections.abc import Mapping

from .._core.errors import InvalidInput
from .connection import AUTO, INTEGRATIONS, WORKSPACE

_BOTH_WAYS = (
    "Give app_token (or APPLIVERY_APP_TOKEN) to use the Integrations API of one app, or service_account_token together "
    "with organization (or APPLIVERY_SERVICE_ACCOUNT_TOKEN and APPLIVERY_ORGANIZATION) to use the Workspace API"
)

Given = Mapping[str, "str | None"]


def incomplete(asked: str, given: Given, workspace_only: str | None) -> InvalidInput:
    """The error about options that do not suffice for the API that was ``asked`` for; the rest as for ``resolve``."""
    app, account, organization = given["app_token"], given["service_account_token"], given["organization"]
    if asked == WORKSPACE or (asked == AUTO and account and organization):
        return _of_workspace(asked, given, alternative=bool(app) and not workspace_only)
    if asked == INTEGRATIONS or app:
        return _of_integrations(asked, workspace_only)
    if account:
        return InvalidInput(f"organization is missing: a service_account_token needs it. {_BOTH_WAYS}.")
    return InvalidInput(f"no token is given. {_BOTH_WAYS}.")


def _of_integrations(asked: str, workspace_only: str | None) -> InvalidInput:
    if workspace_only:
        return InvalidInput(
            f"{workspace_only}: only the Workspace API can do this. Give service_account_token and organization "
            "(or APPLIVERY_SERVICE_ACCOUNT_TOKEN and APPLIVERY_ORGANIZATION)"
            + (" and leave api at auto." if asked == INTEGRATIONS else "; an app_token is not enough.")
        )
    return InvalidInput(f"api: integrations needs app_token, which is missing. {_BOTH_WAYS}.")


def _of_workspace(asked: str, given: Given, alternative: bool) -> InvalidInput:
    missing = [option for option in ("service_account_token", "organization") if not given[option]]
    if missing:
        return InvalidInput(f"api: {asked} needs {' and '.join(missing)}, which is missing. {_BOTH_WAYS}.")
    return application_missing(alternative)


def application_missing(alternative: bool) -> InvalidInput:
    """The error about a path or body that needs the application; ``alternative``: the app token can do it as well."""
    other = ", or set api: integrations to use the app_token" if alternative else ""
    return InvalidInput(f"application is missing: the Workspace API needs the slug or id of the app{other}.")
