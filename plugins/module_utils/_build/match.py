# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Which builds fit what was asked for, and which of them is the newest.

Nothing here trusts the server's filters or its order: filters are hints, and reading stops early only when the order
of what was read proves that nothing newer can follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Callable, NamedTuple

from .resource import (
    BUILDS,
    DONE,
    FAILED,
    UNFINISHED,
    shown_build,
    state_of,
)
from .._api.client import Api, identity
from .._api.connection import WORKSPACE
from .._core.dates import parse_instant
from .._core.errors import (
    AppliveryError,
    InvalidInput,
)
from .._api.pages import undisturbed
from .._core.query import Query, compile_query, run_query

Build = dict[str, Any]
Wanted = Mapping[str, Any]

SHORTEST_COMMIT = 7
STATUSES = (*UNFINISHED, *DONE, FAILED)
# The values that the lists are known to understand (guide; client code for the Workspace API).
_OS_HINTS = {WORKSPACE: ("ios", "android", "macos", "windows")}
_OS_HINTS_ELSE = ("ios", "android")


def _deployer(key: str) -> Callable[[Mapping[str, Any]], Any]:
    def read(build: Mapping[str, Any]) -> Any:
        deployer = build.get("deployer")
        info = deployer.get("info") if isinstance(deployer, Mapping) else None
        return info.get(key) if isinstance(info, Mapping) else None

    return read


def _top(key: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda build: build.get(key)


def _equal(wanted: Any, found: Any) -> bool:
    return str(found) == str(wanted)


def _contains(wanted: Any, found: Any) -> bool:
    return isinstance(found, list) and str(wanted) in map(str, found)


def _is_commit(wanted: Any, found: Any) -> bool:
    asked, known = str(wanted).lower(), str(found).lower()
    return known == asked or (len(asked) >= SHORTEST_COMMIT and known.startswith(asked))


def _is_status(wanted: Any, found: Any) -> bool:
    return bool(state_of({"status": wanted}) == found)


class Criterion(NamedTuple):
    """One key of ``match``: the build's key it needs, how the value is read from there, and when it fits."""

    option: str
    needs: str
    read: Callable[[Mapping[str, Any]], Any]
    test: Callable[[Any, Any], bool] = _equal
    choices: tuple[str, ...] = ()


CRITERIA = (
    Criterion("os", "os", _top("os")),
    Criterion("version_name", "versionName", _top("versionName")),
    Criterion("version_code", "versionCode", _top("versionCode")),
    Criterion("tag", "tags", _top("tags"), _contains),
    Criterion("git_branch", "deployer", _deployer("branch")),
    Criterion("git_commit", "deployer", _deployer("commit"), _is_commit),
    Criterion("git_tag", "deployer", _deployer("tag")),
    Criterion("status", "status", state_of, _is_status, STATUSES),
)


def filter_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the flat filters."""
    return {
        entry.option: {"type": "str", **({"choices": list(entry.choices)} if entry.choices else {})}
        for entry in CRITERIA
    }


def checked(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The flat filters that are given; refuses an empty one, which would quietly fit everything.

    ``prefix`` stands before option names in messages, such as ``match.``.
    """
    wanted = {entry.option: params[entry.option] for entry in CRITERIA if params.get(entry.option) is not None}
    for option, value in wanted.items():
        if not str(value).strip():
            raise InvalidInput(f"{prefix}{option} is empty; leave it out, or look at the variable that it comes from")
    system = wanted.get("os", "")
    if system != system.lower() and system.lower() in _OS_HINTS[WORKSPACE]:
        raise InvalidInput(f"{prefix}os: Applivery writes {system} as {system.lower()}")
    return wanted


def misfits(build: Mapping[str, Any], wanted: Wanted, known_only: bool = False) -> dict[str, Any]:
    """What does not fit: option -> what the build has instead.

    With ``known_only`` a value that the build does not show, such as before it is processed, contradicts nothing.
    """
    found: dict[str, Any] = {}
    for entry in CRITERIA:
        if wanted.get(entry.option) is None:
            continue
        value = entry.read(build)
        if value in (None, "", []):
            if not known_only:
                found[entry.option] = None
        elif not entry.test(wanted[entry.option], value):
            found[entry.option] = value
    return found


def fits(build: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a build, with the API's own keys, fits all flat filters that are given and not None. Pure."""
    return not misfits(build, wanted)


def hints(api: Api, wanted: Wanted) -> dict[str, Any]:
    """The filters worth telling the server; ``status`` never, for its two words for done (fact sheet, C7)."""
    told = {}
    if wanted.get("os") in _OS_HINTS.get(api.kind, _OS_HINTS_ELSE):
        told["os"] = wanted["os"]
    if wanted.get("version_name"):
        told["versionName"] = wanted["version_name"]
    return told


# Order --------------------------------------------------------------------------------------------------------


def created(build: Mapping[str, Any]) -> datetime | None:
    """When the build was created; None where that is not told or not understood."""
    text = str(build.get("createdAt") or "")
    for form in (text, text + "Z"):
        try:
            return parse_instant(form)
        except ValueError:
            continue
    return None


class _Order:
    """What the creation dates that were seen so far say about the order of a listing."""

    def __init__(self) -> None:
        self.falls = False
        self.rises = False
        self.unknown = False
        self._last: datetime | None = None

    def see(self, build: Mapping[str, Any]) -> None:
        moment = created(build)
        if moment is None:
            self.unknown = True
            return
        if self._last is not None:
            self.falls = self.falls or moment < self._last
            self.rises = self.rises or moment > self._last
        self._last = moment

    @property
    def newest_first(self) -> bool:
        return self.falls and not self.rises and not self.unknown


def sorted_newest_first(builds: Sequence[Build]) -> list[Build]:
    """Newest first by ``createdAt``; the server's order where dates are missing or equal."""
    order = _Order()
    for build in builds:
        order.see(build)
    if order.unknown:
        return list(builds)
    # In a list that only rises, the later one of two equal dates is the newer one.
    turned = list(reversed(builds)) if order.rises and not order.falls else list(builds)
    return sorted(turned, key=lambda build: created(build) or datetime.min, reverse=True)


def newest_first(api: Api, told: Mapping[str, Any] | None = None) -> Iterator[Build]:
    """All builds, newest first, read lazily: pages are fetched only as far as the caller iterates.

    Builds are handed out before the end of the list only while their dates prove its order. A caller that takes the
    first fitting build therefore gets the newest one, whatever the server's order.
    """
    order = _Order()
    held: list[Build] = []
    for page in api.pages(BUILDS, told):
        for build in page:
            order.see(build)
        held.extend(page)
        if order.newest_first:
            yield from held
            held = []
    yield from sorted_newest_first(held)


def all_builds(api: Api, told: Mapping[str, Any] | None = None) -> list[Build]:
    """The whole list, newest first."""
    return sorted_newest_first(api.list_all(BUILDS, told))


# The search ---------------------------------------------------------------------------------------------------


class Search(NamedTuple):
    """The outcome of a search: the newest fitting build or None, and all that was read when there is none."""

    found: Build | None
    read: list[Build]


class Match(NamedTuple):
    """What ``match`` asks for: flat filters and an optional compiled JMESPath expression."""

    wanted: Wanted
    query: Query | None = None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Match:
        """Check the options; InvalidInput names what can't be searched for."""
        wanted = checked(params, "match.")
        text = params.get("query")
        if text is not None and not text.strip():
            raise InvalidInput("match.query is empty; leave it out, or look at the variable that it comes from")
        if not wanted and text is None:
            raise InvalidInput("match is empty: say at least one thing about the build, such as version_name")
        query = compile_query(text, "match.query") if text is not None else None
        return cls(wanted, query)

    def __str__(self) -> str:
        said = [f"{option} {value!r}" for option, value in self.wanted.items()]
        return ", ".join(said + ([f"query {self.query.expression!r}"] if self.query is not None else []))

    def pick(self, fitting: Sequence[Build]) -> Build | None:
        """The one that is meant among the fitting builds, which come newest first."""
        if self.query is None:
            return fitting[0] if fitting else None
        chosen = run_query(self.query, [shown_build(build) for build in fitting])
        if isinstance(chosen, list):
            chosen = chosen[0] if chosen else None
        if chosen is None:
            return None
        ident = chosen.get("id") if isinstance(chosen, dict) else None
        by_id = {identity(build): build for build in fitting}
        if ident is None or ident not in by_id:
            raise AppliveryError(
                f"match.query {self.query.expression!r} yields something that is no build: it has no id of one. "
                "The expression must yield a build of the list, or a list that begins with one"
            )
        return by_id[ident]

    def choose(self, builds: Sequence[Build]) -> Build | None:
        """As ``pick``, from builds that may not fit."""
        return self.pick([build for build in builds if fits(build, self.wanted)])


def search(api: Api, match: Match) -> Search:
    """Find the newest build that fits, reading as little as is certain.

    Before it says that there is none, it reads the whole list without hints.
    """
    told = hints(api, match.wanted)
    outcome = undisturbed(lambda: _read(api, match, told))
    if outcome.found is None and told and not _ignored(told, outcome.read):
        outcome = undisturbed(lambda: _read(api, match, {}))
    if outcome.found is None:
        outcome = Search(_look_closer(api, match, outcome.read), outcome.read)
    return outcome


def _read(api: Api, match: Match, told: Mapping[str, Any]) -> Search:
    if match.query is not None:
        builds = sorted_newest_first([build for page in api.pages(BUILDS, told) for build in page])
        return Search(match.choose(builds), builds)
    seen: list[Build] = []
    for build in newest_first(api, told):
        seen.append(build)
        if fits(build, match.wanted):
            return Search(build, seen)
    return Search(None, seen)


def _ignored(told: Mapping[str, Any], builds: Sequence[Build]) -> bool:
    """Whether the server visibly ignored every hint, so that it showed the whole list already."""
    return all(any(build.get(key) not in (None, value) for build in builds) for key, value in told.items())


def _look_closer(api: Api, match: Match, builds: Sequence[Build]) -> Build | None:
    fitting = whole_and_fitting(api, match.wanted, builds)
    return match.pick(list(fitting)) if match.query is not None else next(fitting, None)


def whole_and_fitting(api: Api, wanted: Wanted, builds: Sequence[Build]) -> Iterator[Build]:
    """The fitting ones among the builds themselves, where the list is a short form that lacks what is searched by.

    ``builds`` is the whole list, newest first; the builds come in the same order, each read when it is wanted.
    """
    lacking = {
        entry.needs
        for entry in CRITERIA
        if wanted.get(entry.option) is not None and not any(entry.needs in build for build in builds)
    }
    if not builds or not lacking:
        return
    newest = api.find(BUILDS, identity(builds[0]) or "")
    if newest is None or newest.keys() <= builds[0].keys():
        # The list shows all there is, so nobody has what is searched for.
        return
    decided = {entry.option: wanted.get(entry.option) for entry in CRITERIA if entry.needs not in lacking}
    for build in builds:
        whole = api.find(BUILDS, identity(build) or "") if fits(build, decided) else None
        if whole is not None and fits(whole, wanted):
            yield whole
