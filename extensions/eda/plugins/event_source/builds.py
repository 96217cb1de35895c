# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible-rulebook runs this file by its path, outside of the collection: everything it needs stands here.
"""An event for each build that became ready, or that could not be processed."""

from __future__ import annotations

import asyncio
import copy
import email.utils
import json
import logging
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from ipaddress import ip_address
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

DOCUMENTATION = r"""
---
short_description: Tell when builds of Applivery are ready or failed
description:
  - Asks for the builds of one or all applications at an interval, and sends an event for each build that was
    processed, or could not be processed, since the look before.
  - Events come at least once, and those of one application in the order of their uploads as far as one look shows
    them.
  - With O(app_token) it looks at the application of that token; with O(service_account_token) and O(organization) at
    all applications of the organization, or at O(applications). A token that is given as an option makes the
    environment variable of the other token invisible. An empty environment variable counts as not set, and
    E(APPLIVERY_APPLICATION) is not read.
  - It asks for one page of builds for each application and look, and for the list of the applications where it looks
    at all of them. It reads more pages only where a page is full of news, or where the list is not sorted by its
    newest build.
  - It sends no more than 5000 requests an hour, half of what the service allows, whatever O(interval) says. Two looks
    are at least 0.72 seconds for each request of the first of them apart, which is 37 seconds for all of 50
    applications.
  - An error of the service is logged and ends nothing; what was missed is found by a later look. The source ends
    where it is set up wrongly, where the first look is refused (a wrong token, an application that does not exist),
    and where O(state_file) can't be read.
  - Events and logs hold neither tokens nor people, and nothing of what a build machine noted but branch, tag and
    commit. A text that holds the marks of a template is left out (V(null)), so that nobody can run code by naming a
    branch.
options:
  app_token:
    description: App API Token. E(APPLIVERY_APP_TOKEN) is used where this is not given.
    type: str
  service_account_token:
    description: Token of a Service Account. E(APPLIVERY_SERVICE_ACCOUNT_TOKEN) is used where this is not given.
    type: str
  organization:
    description: Slug or id of the organization. E(APPLIVERY_ORGANIZATION) is used where this is not given.
    type: str
  applications:
    description:
      - Slugs or ids of the applications to look at. Without it, all applications of the organization. One that
        appears later is new with all its builds.
      - With O(app_token), at most one, which is how events then name the application where the service does not show
        it.
    type: list
    elements: str
    aliases: [application]
  api:
    description: Which API to use. E(APPLIVERY_API) is used where this is not given.
    type: str
    choices: [auto, integrations, workspace]
    default: auto
  api_url:
    description:
      - Address of the API. Plain C(http) only for loopback. E(APPLIVERY_API_URL) is used where this is not given.
    type: str
    default: https://api.applivery.io
  validate_certs:
    description: Whether to check certificates. E(APPLIVERY_VALIDATE_CERTS) is used where this is not given.
    type: bool
    default: true
  ca_path:
    description: File or folder with the certificates to trust. E(APPLIVERY_CA_PATH) is used where this is not given.
    type: path
  api_timeout:
    description: Seconds for one request. E(APPLIVERY_API_TIMEOUT) is used where this is not given.
    type: int
    default: 60
  interval:
    description: Seconds from one look to the next.
    type: int
    default: 60
  since:
    description:
      - At the first look, also tell of builds that were uploaded after this moment and are ready or failed already. A
        date, which means its begin in UTC, or a timestamp with offset.
      - Without it, the first look tells of nothing, and notes which builds are still being processed.
      - Has no effect where O(state_file) exists.
    type: str
  state_file:
    description:
      - File in which the source notes what it has told, so that nothing is lost while it does not run. The folder
        must exist.
      - It holds ids of builds, and no secrets. Use one file for one source. A file that can't be read ends the
        source.
      - Without it, each start is a first look.
    type: path
  replay:
    description:
      - With O(state_file), events that were sent in these seconds before the end are sent again after a start, for
        rules that wait a while (C(throttle)) and forget what they had when they are stopped. Use a little more than
        the longest throttle.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: builds
  applivery.distribution.builds:
    organization: north
    applications: [my-app]
    state_file: /var/lib/eda/applivery-builds.json
"""

RETURN = r"""
event:
  description: V(build_processed) or V(build_failed).
application:
  description: The application, as C(id) and C(slug). What the service does not show is V(null).
build:
  description:
    - The build, as C(id), C(status) (V(processed) or V(error)), C(os), C(version_name), C(version_code), C(tags),
      C(git_branch), C(git_tag), C(git_commit), C(created_at). What the service does not show is V(null).
"""

logger = logging.getLogger("applivery.distribution.builds")

# Half of the published 10 000 (fact sheet 3.4): the other half is for the jobs that follow.
REQUESTS_PER_HOUR = 5000
PAGE_SIZE = 100
_MOST_PAGES = 500
_MOST_BYTES = 64 * 1024 * 1024
_AT_A_TIME = 4
_LONGEST_PAUSE = 3600.0
_MOST_TOLD = 3
# So many builds of an application are remembered one by one; of older ones only until when they were uploaded.
_REMEMBERED = 500

_DONE = ("processed", "success")
_FAILED = "error"
# What the service calls a missing object and tokens that are expired, not allowed, missing or wrong (fact sheet 3.2).
_REFUSALS = (3001, 3002, 4001, 4002, 4003, 4004)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ID = re.compile(r"[A-Fa-f0-9]{24}")
_TEMPLATE = re.compile(r"\{[{%#]|[%#}]\}|[\x00-\x1f\x7f]")

_ENVIRONMENT = {
    name: f"APPLIVERY_{name.upper()}"
    for name in (
        "app_token",
        "service_account_token",
        "organization",
        "api",
        "api_url",
        "validate_certs",
        "ca_path",
        "api_timeout",
    )
}
_OWN = ("applications", "application", "interval", "since", "state_file", "replay")


class Stop(Exception):
    """The source can't go on; the text is for the person who set it up."""


class Trouble(Exception):
    """One look came to nothing; a later one may not. ``code`` and ``status`` are what the service said."""

    def __init__(self, text: str, status: int = 0, code: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Refused(Trouble):
    """The service knows the token or the object not, or does not allow it: waiting does not help."""


class Quiet(Trouble):
    """Nothing was asked, since the service wants a pause."""


# --- options --------------------------------------------------------------------------------------------------------


class Options(NamedTuple):
    """Checked options. ``path`` leads to what the token may read; times in seconds; ``since`` as ``moment`` has it."""

    token: str
    api_url: str
    path: str
    applications: tuple[str, ...] = ()
    workspace: bool = False
    verify: bool | ssl.SSLContext = True
    api_timeout: float = 60.0
    interval: float = 60.0
    since: str = ""
    state_file: str | None = None
    replay: float = 0.0

    def __repr__(self) -> str:
        return f"Options({self.path} at {self.api_url})"

    @property
    def everything(self) -> bool:
        """Whether the applications are those that the organization has at each look."""
        return self.workspace and not self.applications


def read_options(args: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """Check what the rulebook says, with the environment for what it does not say. Raises Stop."""
    unknown = sorted(name for name in args if name not in (*_ENVIRONMENT, *_OWN) and not name.startswith("eda_"))
    if unknown:
        raise Stop(f"there is no option {', '.join(unknown)}; the options are {', '.join([*_ENVIRONMENT, *_OWN])}")
    given = _with_environment(args, environ)
    applications = _applications(given)
    workspace = _is_workspace(given)
    if not workspace and len(applications) > 1:
        raise Stop("applications: an app token belongs to one application; use a Service Account for several")
    token = "service_account_token" if workspace else "app_token"
    return Options(
        token=_token(token, given),
        api_url=_api_url(_text("api_url", given) or "https://api.applivery.io"),
        path=f"organizations/{_segment('organization', given['organization'])}" if workspace else "integrations",
        applications=applications,
        workspace=workspace,
        verify=_verify(given),
        api_timeout=_seconds("api_timeout", given, 60, 1),
        interval=_seconds("interval", given, 60, 1),
        since=_since(given.get("since")),
        state_file=_state_file(_text("state_file", given)),
        replay=_seconds("replay", given, 0, 0),
    )


def _with_environment(args: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The options that hold something. What is given beats the environment; a given token hides the other variable."""
    given = {name: value for name, value in args.items() if value not in (None, "", [])}
    tokens = [name for name in ("app_token", "service_account_token") if name in given]
    for name, variable in _ENVIRONMENT.items():
        hidden = bool(tokens) and name.endswith("_token")
        if environ.get(variable) and name not in given and not hidden:
            given[name] = environ[variable]
    return given


def _is_workspace(given: Mapping[str, Any]) -> bool:
    api = _text("api", given) or "auto"
    if api not in ("auto", "integrations", "workspace"):
        raise Stop(f"api: {api!r} is none of auto, integrations, workspace")
    account = "service_account_token" in given and "organization" in given
    if api != "integrations" and account:
        return True
    if api != "workspace" and "app_token" in given:
        return False
    ways = {
        "auto": "app_token, or service_account_token and organization",
        "integrations": "app_token",
        "workspace": "service_account_token and organization",
    }
    raise Stop(f"what is needed to ask Applivery is missing: {ways[api]} (or their environment variables)")


def _applications(given: Mapping[str, Any]) -> tuple[str, ...]:
    wished = given.get("applications", given.get("application", ()))
    if "applications" in given and "application" in given:
        raise Stop("applications and application are one option; give one of them")
    listed = [wished] if isinstance(wished, str) else wished
    if not isinstance(listed, (list, tuple)):
        raise Stop("applications: a list of slugs or ids is needed")
    return tuple(dict.fromkeys(_segment("applications", name) for name in listed))


def _segment(option: str, value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Stop(f"{option}: {value!r} is neither a slug nor an id (a text of letters, digits and hyphens)")
    return value


def _text(option: str, given: Mapping[str, Any]) -> str:
    value = given.get(option, "")
    if not isinstance(value, str):
        raise Stop(f"{option}: a text is needed")
    return value.strip()


def _token(option: str, given: Mapping[str, Any]) -> str:
    value = given[option]
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise Stop(f"{option}: the token is no text, or holds a blank, a line break or a character outside ASCII")
    return value


def _seconds(option: str, given: Mapping[str, Any], default: float, least: float) -> float:
    value = given.get(option, default)
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
    except ValueError:
        seconds = -1.0
    if not least <= seconds < 1e9:
        raise Stop(f"{option}: {value!r} is no number of seconds from {least:g} up")
    return seconds


def _verify(given: Mapping[str, Any]) -> bool | ssl.SSLContext:
    words = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
    wished = words.get(str(given.get("validate_certs", True)).strip().lower())
    if wished is None:
        raise Stop("validate_certs: true or false is needed")
    path = _text("ca_path", given)
    if not wished or not path:
        return wished
    try:
        return ssl.create_default_context(
            cafile=None if os.path.isdir(path) else path, capath=path if os.path.isdir(path) else None
        )
    except OSError as problem:
        raise Stop(f"ca_path: {path!r} can't be used ({problem.strerror or 'it holds no certificate'})") from None


def _api_url(url: str) -> str:
    base = url.rstrip("/")
    base = base[: -len("/v1")].rstrip("/") if base.endswith("/v1") else base
    if "@" in base:
        raise Stop("api_url: user names and passwords do not belong in it")
    try:
        parts = urlsplit(base)
        host = parts.hostname if parts.port != 0 else None
    except ValueError as problem:
        raise Stop(f"api_url: {problem}") from None
    if parts.scheme not in ("http", "https") or not host or not base.isprintable() or re.search(r"[\\?# ]", base):
        raise Stop(f"api_url: {base!r} is not the address of an HTTPS server")
    if parts.scheme == "http" and not _is_loopback(host):
        raise Stop(f"api_url: {base!r} would send the token unencrypted; plain http is for loopback alone")
    return base


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _since(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        found = value.strip() + "T00:00:00Z" if re.fullmatch(r"\s*\d{4}-\d\d-\d\d\s*", value) else value
    elif isinstance(value, date) and not isinstance(value, datetime):
        found = f"{value.isoformat()}T00:00:00Z"
    else:
        found = value.isoformat() if isinstance(value, datetime) else ""
    since = moment(found)
    if not since:
        raise Stop(f"since: {str(value)!r} is neither a date (2030-06-30) nor a timestamp with offset")
    return since


def moment(text: Any) -> str:
    """A timestamp with offset, in UTC and in one form, so that texts compare as moments do; else an empty text."""
    try:
        found = datetime.fromisoformat(re.sub(r"\s*Z$", "+00:00", text.strip(), flags=re.IGNORECASE))
        return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if found.tzinfo else ""
    except (AttributeError, OverflowError, ValueError):
        return ""


def _state_file(path: str) -> str | None:
    if not path:
        return None
    # What is replaced is the file, not a link to it.
    real = os.path.realpath(os.path.expanduser(path))
    folder = os.path.dirname(real)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise Stop(f"state_file: the folder {folder!r} does not exist, or can't be written to")
    return real


# --- what the service says ------------------------------------------------------------------------------------------


class Build(NamedTuple):
    """One build of a list. ``state``: processed, error, or nothing yet; ``created`` as ``moment`` has it."""

    id: str
    state: str
    created: str
    raw: Mapping[str, Any]


class Page(NamedTuple):
    """One page of a list, and whether more pages follow (None = not said)."""

    items: list[Mapping[str, Any]]
    more: bool | None


class Listed(NamedTuple):
    """What was read of a list: its objects, each once, from so many pages; and whether these are all."""

    items: list[Mapping[str, Any]]
    pages: int
    whole: bool


def opened(status: int, body: Any) -> Any:
    """The data of an answer (fact sheet 3.2). Raises Trouble for an error, also for one under HTTP 200."""
    envelope = body if isinstance(body, dict) else {}
    verdict, error = envelope.get("status"), envelope.get("error")
    if 200 <= status < 300 and verdict is not False and not error:
        return envelope.get("data", body)
    code = error.get("code") if isinstance(error, dict) else None
    number = code if isinstance(code, int) and not isinstance(code, bool) else 0
    text = f"the service answered HTTP {status}" + (f", code {number}" if number else "")
    kind = Refused if error and (status in (401, 403, 404) or number in _REFUSALS) else Trouble
    raise kind(text, status, number)


def page_of(data: Any) -> Page:
    """A page in any documented form: totalDocs, totalItems, items alone, or a bare list (fact sheet, C9)."""
    envelope = data if isinstance(data, dict) else {"items": data}
    items = envelope.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Trouble("the service answered with a list in a form that is not known")
    signs = [envelope["hasNextPage"]] if isinstance(envelope.get("hasNextPage"), bool) else []
    number, pages = envelope.get("page", envelope.get("currentPage")), envelope.get("totalPages")
    if isinstance(number, int) and isinstance(pages, int):
        signs.append(number < pages)
    # Signs that contradict each other: believe the one that looks further.
    return Page(items, any(signs) if signs else None)


def identity(item: Mapping[str, Any]) -> str:
    """The id of an object, or an empty text; some older objects call it ``_id``."""
    value = item.get("id") or item.get("_id")
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def build_of(item: Mapping[str, Any]) -> Build:
    """A build of a list. A state that nobody knows yet is waited for, as pending is (fact sheet, C7)."""
    status = item.get("status")
    state = _DONE[0] if status in _DONE else _FAILED if status == _FAILED else ""
    return Build(identity(item), state, moment(item.get("createdAt")), item)


def event_of(build: Build, key: str, slug: str | None = None) -> dict[str, Any]:
    """The event about a build of the application ``key`` (a slug, an id, or empty)."""
    raw = build.raw
    deployer = _dict(_dict(raw.get("deployer")).get("info"))
    tags = raw.get("tags")
    return {
        "event": "build_failed" if build.state == _FAILED else "build_processed",
        "application": _application(raw, key, slug),
        "build": {
            "id": build.id,
            "status": build.state,
            "os": _plain(raw.get("os")),
            "version_name": _plain(raw.get("versionName")),
            "version_code": _plain(raw.get("versionCode")),
            "tags": [tag for tag in map(_plain, tags if isinstance(tags, list) else []) if tag],
            "git_branch": _plain(deployer.get("branch")),
            "git_tag": _plain(deployer.get("tag")),
            "git_commit": _plain(deployer.get("commit")),
            "created_at": _plain(raw.get("createdAt")),
        },
    }


def _application(raw: Mapping[str, Any], key: str, slug: str | None) -> dict[str, str | None]:
    """Id and slug: as they were given or listed, else as the build shows them."""
    nested = raw.get("application")
    info = {**_dict(nested), **_dict(raw.get("applicationInfo"))}
    shown = nested if isinstance(nested, str) and _NAME.fullmatch(nested) else identity(info)
    shown_slug = info.get("slug")
    is_id = bool(_ID.fullmatch(key))
    if not slug:
        slug = key if key and not is_id else shown_slug
    return {
        "id": key if is_id else shown or None,
        "slug": slug if isinstance(slug, str) and _NAME.fullmatch(slug) else None,
    }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _plain(value: Any) -> str | None:
    """A short text without the marks of a template, else None: rulebooks and playbooks would run what stands in it."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    text = str(value).strip()
    return text if text and len(text) <= 500 and not _TEMPLATE.search(text) else None


class Service:
    """Asks Applivery: one request at a time of each caller, never repeated, never redirected, all of them counted."""

    def __init__(self, options: Options) -> None:
        self.requests = 0
        self.quiet_until = 0.0
        self._options = options
        self._base = f"{options.api_url}/v1/{options.path}"
        # Without the queries that a server may refuse to understand, by the list that refused them.
        self._bare: set[str] = set()
        self._proxy = _proxy(options.api_url)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Service:
        # Not trust_env: it would also let ~/.netrc replace the token.
        self._session = aiohttp.ClientSession(
            headers={
                "Authorization": f"Bearer {self._options.token}",
                "Accept": "application/json",
                "User-Agent": "applivery.distribution",
            },
            timeout=aiohttp.ClientTimeout(total=self._options.api_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_unused: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def page(self, path: str, number: int) -> Page:
        """Page ``number`` of a list, newest first where the service sorts."""
        query = {"page": str(number)}
        if path not in self._bare:
            query["limit"] = str(PAGE_SIZE)
            if self._options.workspace:
                query["sort"] = "createdAt:desc"
        try:
            return page_of(await self._get(path, query))
        except Trouble as trouble:
            # Only page 1 decides how a list is asked for; the numbers of other pages depend on it.
            if number > 1 or path in self._bare or not (trouble.status in (400, 422) or trouble.code == 6002):
                raise
        self._bare.add(path)
        return page_of(await self._get(path, {"page": str(number)}))

    async def _get(self, path: str, query: Mapping[str, str]) -> Any:
        if time.monotonic() < self.quiet_until:
            raise Quiet("the service asked for a pause, which is not over yet")
        self.requests += 1
        try:
            status, headers, content = await self._exchange(f"{self._base}/{path}", query)
        except asyncio.TimeoutError:
            raise Trouble(f"no answer within {self._options.api_timeout:g} s (api_timeout)") from None
        except (aiohttp.ClientError, EOFError, OSError) as problem:
            # Not its text: that may hold the address of a proxy, with a password.
            raise Trouble(f"no answer ({type(problem).__name__})") from None
        if 300 <= status < 400:
            raise Trouble(f"the service answered with a redirect (HTTP {status}), which is not followed with a token")
        if status == 429 or status >= 500:
            self._keep_quiet(headers.get("Retry-After", ""))
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            raise Trouble(f"the answer (HTTP {status}) is not of Applivery: it is no JSON", status) from None
        return opened(status, body)

    async def _exchange(self, url: str, query: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        session = cast(aiohttp.ClientSession, self._session)
        async with session.get(
            url, params=query, allow_redirects=False, ssl=self._options.verify, proxy=self._proxy
        ) as response:
            content = bytearray()
            async for piece in response.content.iter_chunked(65536):
                content += piece
                if len(content) > _MOST_BYTES:
                    raise Trouble(f"the answer is longer than {_MOST_BYTES} bytes", response.status)
            return response.status, response.headers, bytes(content)

    def _keep_quiet(self, wish: str) -> None:
        """Honour Retry-After, seconds or an HTTP date; one hour at most."""
        try:
            seconds = float(wish)
        except ValueError:
            found = email.utils.parsedate_tz(wish)
            seconds = email.utils.mktime_tz(found) - time.time() if found else 0.0
        if seconds > 0:
            self.quiet_until = max(self.quiet_until, time.monotonic() + min(seconds, _LONGEST_PAUSE))


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


# --- what was told already ------------------------------------------------------------------------------------------


class Memory:
    """What is known of the builds of one application.

    ``known``: builds that were told, or that were there at the first look, by id, with when they were uploaded.
    ``awaited``: those of them that were still processed. ``horizon``: what was uploaded until then, and is not awaited,
    is old. ``first``: nobody has looked yet. ``depth``: how many pages the next look reads at least.
    """

    def __init__(self, horizon: str = "", first: bool = True) -> None:
        self.known: dict[str, str] = {}
        self.awaited: set[str] = set()
        self.horizon = horizon
        self.first = first
        self.depth = 1

    def copy(self) -> Memory:
        return Memory.loaded(self.dump())

    def dump(self) -> dict[str, Any]:
        return {
            "known": dict(self.known),
            "awaited": sorted(self.awaited),
            "horizon": self.horizon,
            "first": self.first,
            "depth": self.depth,
        }

    @staticmethod
    def loaded(data: Mapping[str, Any]) -> Memory:
        """The opposite of ``dump``. Raises TypeError, KeyError or ValueError for anything else."""
        memory = Memory(_exactly(data["horizon"], str), _exactly(data["first"], bool))
        memory.depth = _exactly(data["depth"], int)
        memory.known = {_exactly(key, str): _exactly(value, str) for key, value in data["known"].items()}
        memory.awaited = {_exactly(key, str) for key in data["awaited"]}
        if memory.awaited - set(memory.known):
            raise ValueError("awaited")
        return memory

    def is_settled(self, build: Build) -> bool:
        """Whether this build can't be news any more."""
        if build.id in self.known:
            return build.id not in self.awaited
        return bool(build.state) and bool(build.created) and build.created <= self.horizon

    def take(self, builds: list[Build], whole: bool, silent: bool) -> list[Build]:
        """Note one look, newest first or in whatever order; return the news in the order of the uploads.

        ``whole``: these are all builds there are. ``silent``: what is ready by now was there before anybody looked.
        """
        news = []
        for build in builds:
            if self.is_settled(build):
                continue
            waited = build.id in self.awaited
            self.known[build.id] = build.created
            if not build.state:
                self.awaited.add(build.id)
                continue
            self.awaited.discard(build.id)
            if waited or not silent:
                news.append(build)
        if whole:
            self._forget(self.awaited - {build.id for build in builds})
        elif silent and builds:
            self.horizon = max(self.horizon, builds[-1].created)
        self._shorten()
        self.first = False
        # Of two that were uploaded at the same moment, the list decides: most begin with the newest build.
        if not builds or builds[0].created >= builds[-1].created:
            news.reverse()
        return sorted(news, key=lambda build: build.created)

    def _forget(self, gone: set[str]) -> None:
        """Builds that were deleted while they were awaited; one that was only overlooked is new when seen again."""
        self.awaited -= gone
        for key in gone:
            self.known.pop(key, None)

    def _shorten(self) -> None:
        if len(self.known) <= 2 * _REMEMBERED:
            return
        dated = sorted((created, key) for key, created in self.known.items() if created and key not in self.awaited)
        for created, key in dated[:-_REMEMBERED]:
            del self.known[key]
            self.horizon = max(self.horizon, created)


def _exactly(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(kind.__name__)
    return value


class Notebook:
    """The state file: every application's memory, and the latest events. Without a file it lives in memory alone.

    ``listed``: the applications of the organization were listed before, so that one without a memory is new.
    """

    def __init__(self, options: Options) -> None:
        self.memories: dict[str, Memory] = {}
        self.recent: list[tuple[float, dict[str, Any]]] = []
        self.listed = False
        self._file = options.state_file
        self._about = f"{options.api_url}/v1/{options.path}"

    def load(self) -> None:
        """Read the file, if there is one. Raises Stop where it is anything but a state file of this source."""
        if self._file is None:
            return
        try:
            with open(self._file, encoding="utf-8") as handle:
                self._take(json.load(handle))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is no state file of this source"
            raise Stop(
                f"state_file: {self._file!r} can't be read ({reason}). Mend it, or move it away to begin anew "
                "with what since: says; going on without it could lose builds"
            ) from None

    def _take(self, data: Any) -> None:
        if data["version"] != 1:
            raise ValueError("version")
        if data["about"] != self._about:
            raise Stop(f"state_file: {self._file!r} belongs to {data['about']}, and this source asks {self._about}")
        self.memories = {_exactly(key, str): Memory.loaded(memory) for key, memory in data["applications"].items()}
        self.recent = [(float(sent), _exactly(event, dict)) for sent, event in data["recent"]]
        self.listed = _exactly(data["listed"], bool)

    def keep(self, key: str, memory: Memory) -> None:
        """Note what is known of an application now."""
        if self.memories[key].dump() != memory.dump():
            self.memories[key] = memory
            self.save()

    def tell(self, event: dict[str, Any]) -> None:
        """Note an event that was sent; it gets into the file with the next change."""
        self.recent.append((time.time(), event))

    def forget_events(self, seconds: float) -> None:
        """Forget the events that were sent longer than ``seconds`` ago."""
        limit = time.time() - seconds
        kept = [(sent, event) for sent, event in self.recent if sent > limit]
        if kept != self.recent:
            self.recent = kept
            self.save()

    def save(self) -> None:
        """Write the file anew, in one step: it is whole at any moment."""
        if self._file is None:
            return
        fresh = os.path.join(os.path.dirname(self._file), f".{os.path.basename(self._file)}.new")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as handle:
                json.dump(self._dump(), handle)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(fresh, self._file)
        except OSError as problem:
            logger.error(
                "%s can't be written (%s); after a restart events may come again", self._file, problem.strerror
            )

    def _dump(self) -> dict[str, Any]:
        return {
            "version": 1,
            "about": self._about,
            "listed": self.listed,
            "applications": {key: memory.dump() for key, memory in self.memories.items()},
            "recent": self.recent,
        }


# --- the source -----------------------------------------------------------------------------------------------------


class Source:
    """Looks at all applications again and again."""

    def __init__(self, options: Options, queue: asyncio.Queue[Any]) -> None:
        self._options = options
        self._queue = queue
        self._service = Service(options)
        self._notebook = Notebook(options)
        self._slugs: dict[str, str] = {}
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self._looked = False
        self._told_least = 0.0

    async def __aenter__(self) -> Source:
        """Read the state file, and send again what may not have been acted upon. Raises Stop."""
        self._notebook.load()
        await self._replay()
        await self._service.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._service.__aexit__(*details)

    async def run(self) -> None:
        """Look until somebody stops it. Raises Stop where going on makes no sense."""
        while True:
            started = time.monotonic()
            await self.look()
            await asyncio.sleep(self.pause(started))

    async def _replay(self) -> None:
        before, self._notebook.recent = self._notebook.recent, []
        for _sent, event in before if self._options.replay else ():
            await self._tell(event)

    def pause(self, started: float) -> float:
        """Seconds until the next look, after one that began at ``started`` (monotonic clock).

        The interval, or longer where that would be too many requests or where the service asked for it.
        """
        least = self._service.requests * 3600 / REQUESTS_PER_HOUR
        if least > self._options.interval and least > self._told_least:
            self._told_least = least
            logger.warning(
                "a look took %d requests: the next one begins %.3g s after it, not %g s (interval), to send %d an hour",
                self._service.requests,
                least,
                self._options.interval,
                REQUESTS_PER_HOUR,
            )
        self._service.requests = 0
        now = time.monotonic()
        return max(started + max(self._options.interval, least), self._service.quiet_until) - now

    async def look(self) -> None:
        """Look at each application once."""
        outcomes = await asyncio.gather(*(self._careful(key) for key in await self._keys()))
        self._notebook.forget_events(self._options.replay)
        troubles = [(key, trouble) for key, trouble in outcomes if trouble]
        for key, trouble in troubles:
            if isinstance(trouble, Refused) and not self._looked and not self._options.everything:
                raise Stop(self._described(key, trouble))
        self._log(troubles)
        self._looked = True

    def _log(self, troubles: list[tuple[str, Trouble]]) -> None:
        """Say what could not be read; a service that is down is not told once for each application."""
        told = [(key, trouble) for key, trouble in troubles if not isinstance(trouble, Quiet)]
        for key, trouble in told[:_MOST_TOLD]:
            logger.warning("%s", self._described(key, trouble))
        if len(troubles) > len(told[:_MOST_TOLD]):
            logger.warning("nor those of %d more applications", len(troubles) - len(told[:_MOST_TOLD]))

    def _described(self, key: str, trouble: Trouble) -> str:
        name = self._slugs.get(key) or key or "the application"
        return _advised(f"the builds of {name} can't be read: {trouble}", trouble)

    async def _keys(self) -> list[str]:
        """The applications to look at, by id or as the options list them; one empty key for an app token alone."""
        if not self._options.everything:
            keys = list(self._options.applications) or [""]
            for key in keys:
                self._notebook.memories.setdefault(key, Memory(self._options.since))
            return keys
        try:
            await self._list_applications()
        except Trouble as trouble:
            text = _advised(f"the applications can't be listed: {trouble}", trouble)
            if isinstance(trouble, Refused) and not self._looked:
                raise Stop(text) from None
            logger.warning("%s", text)
        return list(self._slugs)

    async def _list_applications(self) -> None:
        found: dict[str, str] = {}
        listed = await self._read("apps", lambda _items, _pages: False)
        for item in listed.items:
            slug = item.get("slug")
            found[identity(item)] = slug if isinstance(slug, str) and _NAME.fullmatch(slug) else ""
        # An application that is there for the first time after a look at all is new with all its builds.
        for key in found:
            self._notebook.memories.setdefault(key, Memory(self._options.since, first=not self._notebook.listed))
        self._notebook.listed = True
        self._slugs = found

    async def _careful(self, key: str) -> tuple[str, Trouble | None]:
        """Look at one application; return its key, and what went wrong."""
        async with self._slots:
            try:
                await self._look_at(key)
            except Trouble as trouble:
                return key, trouble
        return key, None

    async def _look_at(self, key: str) -> None:
        memory = self._notebook.memories[key].copy()
        silent = memory.first and not self._options.since

        def is_enough(items: list[Mapping[str, Any]], pages: int) -> bool:
            return pages >= memory.depth and _reaches_back([build_of(item) for item in items], memory, silent)

        path = f"apps/{key}/builds" if self._options.workspace else "builds"
        listed = await self._read(path, is_enough)
        before = len(memory.known)
        news = memory.take([build_of(item) for item in listed.items], listed.whole, silent)
        # Somebody who deletes builds between two pages pulls others past the reader: look as deep once more.
        memory.depth = listed.pages if len(memory.known) > before else 1
        for build in news:
            await self._tell(event_of(build, key, self._slugs.get(key)))
        # Not before the events are out: whoever is stopped in between tells them again.
        self._notebook.keep(key, memory)

    async def _tell(self, event: dict[str, Any]) -> None:
        # What is in the queue may be changed by filters and by the reader.
        await self._queue.put(copy.deepcopy(event))
        if self._options.replay:
            self._notebook.tell(event)

    async def _read(self, path: str, is_enough: Callable[[list[Mapping[str, Any]], int], bool]) -> Listed:
        """Read a list until ``is_enough(objects, pages)``, or to its end."""
        found: dict[str, Mapping[str, Any]] = {}
        for number in range(1, _MOST_PAGES + 1):
            page = await self._service.page(path, number)
            named = {identity(item): item for item in page.items}
            if named.pop("", None):
                logger.warning("an object without an id in %s is left out", path)
            fresh = {key: item for key, item in named.items() if key not in found}
            found.update(fresh)
            if not page.items or page.more is False or (not fresh and page.more is None):
                return Listed(list(found.values()), number, True)
            if not fresh:
                raise Trouble("a page came twice: the list changed while it was read")
            if is_enough(list(found.values()), number):
                return Listed(list(found.values()), number, False)
        raise Trouble(f"the list did not end after {_MOST_PAGES} pages")


def _reaches_back(builds: list[Build], memory: Memory, silent: bool) -> bool:
    """Whether all further down the list is settled: the list is sorted, and its last build is settled already."""
    moments = [build.created for build in builds]
    if not all(moments) or moments[0] == moments[-1] or moments != sorted(moments, reverse=True):
        return False
    if memory.awaited - {build.id for build in builds}:
        return False
    return silent or memory.is_settled(builds[-1])


def _advised(text: str, trouble: Trouble) -> str:
    if not isinstance(trouble, Refused):
        return text
    if trouble.status == 404 or trouble.code == 3001:
        return f"{text}. Check the organization and the application"
    return f"{text}. Check the token, and that its account may read builds"


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Send events into ``queue`` for ever; called by ansible-rulebook."""
    async with Source(read_options(args, os.environ), queue) as source:
        await source.run()
