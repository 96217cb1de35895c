# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The connection options: their environment variables, what beats what, and which of the two APIs they choose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible.module_utils.errors import AnsibleFallbackNotFound

from .._core.errors import InvalidInput
from .._core.fields import is_id
from .._http.message import fits_in_header

WORKSPACE = "workspace"
INTEGRATIONS = "integrations"
AUTO = "auto"
_APIS = (AUTO, INTEGRATIONS, WORKSPACE)

_ENVIRONMENT = {
    "app_token": "APPLIVERY_APP_TOKEN",
    "service_account_token": "APPLIVERY_SERVICE_ACCOUNT_TOKEN",
    "organization": "APPLIVERY_ORGANIZATION",
    "application": "APPLIVERY_APPLICATION",
    "store": "APPLIVERY_STORE",
    "api": "APPLIVERY_API",
    "api_url": "APPLIVERY_API_URL",
    "upload_url": "APPLIVERY_UPLOAD_URL",
    "validate_certs": "APPLIVERY_VALIDATE_CERTS",
    "ca_path": "APPLIVERY_CA_PATH",
    "api_timeout": "APPLIVERY_API_TIMEOUT",
    "retry_timeout": "APPLIVERY_RETRY_TIMEOUT",
}
# A credential for an app token has addresses of its own: two that inject the same variables would hide each other's.
_ALSO = {"api_url": "APPLIVERY_APP_API_URL", "upload_url": "APPLIVERY_APP_UPLOAD_URL"}
_DEFAULTS = {
    "api": AUTO,
    "api_url": "https://api.applivery.io",
    "upload_url": "https://upload.applivery.io",
    "validate_certs": True,
    "api_timeout": 60,
    "retry_timeout": 120,
}
_TYPES = {"validate_certs": "bool", "ca_path": "path", "api_timeout": "int", "retry_timeout": "int"}
_TOKENS = ("app_token", "service_account_token")
_NAMES = ("organization", "application", "store")
_IN_NAMES = str.maketrans("", "", "_-")
# A backslash ends the host for some parsers and not for others; the rest begins a query.
_NOT_IN_BASE_URL = "\\?# "
_BOTH_WAYS = (
    "Give app_token (or APPLIVERY_APP_TOKEN) to use the Integrations API of one app, or service_account_token together "
    "with organization (or APPLIVERY_SERVICE_ACCOUNT_TOKEN and APPLIVERY_ORGANIZATION) to use the Workspace API"
)


class Connection(NamedTuple):
    """A complete, checked set of connection options. URLs end without a slash and without ``/v1``; times in seconds."""

    api: str
    token: str
    organization: str | None = None
    application: str | None = None
    store: str | None = None
    api_url: str = "https://api.applivery.io"
    upload_url: str = "https://upload.applivery.io"
    validate_certs: bool = True
    ca_path: str | None = None
    api_timeout: float = 60
    retry_timeout: float = 120
    other_token: str | None = None

    def __repr__(self) -> str:
        return f"Connection({self.api} at {self.api_url})"


class Environment:
    """Reads the options' environment variables as ``fallback`` of an argument spec.

    An empty variable counts as not set: AWX injects every field of a credential, also the ones left empty.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables
        self.taken: set[str] = set()

    def __call__(self, option: str) -> str:
        value = self.get(option)
        if not value:
            raise AnsibleFallbackNotFound
        self.taken.add(option)
        return value

    def get(self, option: str) -> str | None:
        names = (_ENVIRONMENT[option], _ALSO.get(option, ""))
        return next((value for name in names if (value := self._variables.get(name))), None)


def connection_spec(environment: Environment) -> dict[str, dict[str, Any]]:
    """The part of the argument spec that every module has."""
    spec: dict[str, dict[str, Any]] = {}
    for option in _ENVIRONMENT:
        entry: dict[str, Any] = {"type": _TYPES.get(option, "str"), "fallback": (environment, [option])}
        if option in _DEFAULTS:
            entry["default"] = _DEFAULTS[option]
        if option in _TOKENS:
            entry["no_log"] = True
        spec[option] = entry
    return spec


def resolve(
    params: Mapping[str, Any],
    environment: Environment,
    workspace_only: str | None = None,
    needs_application: bool = False,
) -> Connection:
    """Decide which API is used with which token.

    ``workspace_only`` names what the task wants that only the Workspace API can do; ``needs_application`` says that
    the Workspace paths or bodies of this task hold the application.
    """
    given = {option: _text(params, environment, option) for option in (*_TOKENS, *_NAMES, "ca_path")}
    _hide_other_token(given, environment)
    for option in _TOKENS:
        _check_token(option, given[option])
    for option in _NAMES:
        _check_segment(option, given[option])
    api = _choose(_asked(params, environment), given, workspace_only, needs_application)
    token, other = _TOKENS if api == INTEGRATIONS else _TOKENS[::-1]
    return Connection(
        api=api,
        token=given[token] or "",
        other_token=given[other],
        organization=given["organization"],
        application=given["application"],
        store=given["store"],
        api_url=_base_url("api_url", params, environment),
        upload_url=_base_url("upload_url", params, environment),
        validate_certs=params["validate_certs"],
        ca_path=_bundle(given["ca_path"]),
        api_timeout=_seconds("api_timeout", params["api_timeout"], 1),
        retry_timeout=_seconds("retry_timeout", params["retry_timeout"], 0),
    )


def check_id(option: str, value: str) -> str:
    """The id of a build, a publication or a user in lower case; 24 hexadecimal digits (reference), else refused."""
    if not is_id(value):
        raise InvalidInput(f"{option}: {value!r} is not an id; ids of Applivery are 24 hexadecimal digits")
    return value.lower()


def _text(params: Mapping[str, Any], environment: Environment, option: str) -> str | None:
    if params.get(option):
        return str(params[option])
    value = environment.get(option)
    if value:
        environment.taken.add(option)
    return value


def _asked(params: Mapping[str, Any], environment: Environment) -> str:
    asked = _text(params, environment, "api") or AUTO
    # Not by AnsibleModule, which would take an empty text for a choice.
    if asked not in _APIS:
        raise InvalidInput(f"api: {asked!r} is none of {', '.join(_APIS)}")
    return asked


def _hide_other_token(given: dict[str, str | None], environment: Environment) -> None:
    for mine, other in (_TOKENS, _TOKENS[::-1]):
        if given[mine] and mine not in environment.taken and other in environment.taken:
            given[other] = None


def _choose(asked: str, given: Mapping[str, str | None], workspace_only: str | None, needs_application: bool) -> str:
    account = bool(given["service_account_token"] and given["organization"])
    api = asked if asked != AUTO else WORKSPACE if account else INTEGRATIONS
    if api == INTEGRATIONS:
        complete = bool(given["app_token"]) and not workspace_only
    else:
        complete = account and bool(given["application"] or not needs_application)
    if not complete:
        raise _incomplete(asked, given, workspace_only)
    return api


def _incomplete(asked: str, given: Mapping[str, str | None], workspace_only: str | None) -> InvalidInput:
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


def _of_workspace(asked: str, given: Mapping[str, str | None], alternative: bool) -> InvalidInput:
    missing = [option for option in ("service_account_token", "organization") if not given[option]]
    if missing:
        return InvalidInput(f"api: {asked} needs {' and '.join(missing)}, which is missing. {_BOTH_WAYS}.")
    return application_missing(alternative)


def application_missing(alternative: bool) -> InvalidInput:
    """The error about a path or body that needs the application; ``alternative``: the app token can do it as well."""
    other = ", or set api: integrations to use the app_token" if alternative else ""
    return InvalidInput(f"application is missing: the Workspace API needs the slug or id of the app{other}.")


def _check_token(option: str, value: str | None) -> None:
    if value and not fits_in_header(value):
        raise InvalidInput(
            f"{option}: the token holds a blank, a line break or a character outside ASCII; copy it again, without "
            "a line break at its end"
        )


def _check_segment(option: str, value: str | None) -> None:
    if value and not _is_name(value):
        raise InvalidInput(f"{option}: {value!r} is neither a slug nor an id (letters, digits and hyphens only)")


def _is_name(text: str) -> bool:
    return text.isascii() and text.translate(_IN_NAMES).isalnum() and text[0].isalnum() and text[-1].isalnum()


def _base_url(option: str, params: Mapping[str, Any], environment: Environment) -> str:
    url = str(_text(params, environment, option) or _DEFAULTS[option]).strip().rstrip("/")
    if url.endswith("/v1"):
        url = url[: -len("/v1")].rstrip("/")
    if "@" in url:
        raise InvalidInput(f"{option}: user names and passwords do not belong in the URL; use a token option")
    try:
        parts = urlsplit(url)
        # Reading the port is what refuses one that is no number.
        host = parts.hostname if parts.port != 0 else None
    except ValueError as problem:
        raise InvalidInput(f"{option}: {problem}") from problem
    if parts.scheme not in ("http", "https") or not host or not _is_plain(url):
        raise InvalidInput(f"{option}: {url!r} is not the base URL of an HTTPS server")
    if parts.scheme == "http" and not _is_loopback(host):
        raise InvalidInput(
            f"{option}: {url!r} would send the token unencrypted; plain http is accepted for loopback addresses only"
        )
    return url


def _is_plain(url: str) -> bool:
    return url.isprintable() and not any(character in _NOT_IN_BASE_URL for character in url)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bundle(path: str | None) -> str | None:
    if path and not os.path.exists(path):
        raise InvalidInput(f"ca_path: there is no file or folder {path!r}")
    return path


def _seconds(option: str, value: float, least: int) -> float:
    if value < least:
        raise InvalidInput(f"{option}: {value} is not possible, the least is {least} (seconds)")
    return value
