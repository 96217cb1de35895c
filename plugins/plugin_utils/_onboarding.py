# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What one run of the role tester_onboarding is to do, worked out and refused before anything is sent. Pure.

What applivery_otp_user would refuse without a server is refused here, by its own rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._core.errors import AppliveryError, InvalidInput, attempting
from ..module_utils._core.fields import is_empty
from ..module_utils._otp_user.check import check_options
from ..module_utils._otp_user.people import people_of
from ..module_utils._otp_user.resource import TEMPORAL, UNLIMITED
from ..module_utils._otp_user.run import SPEC
from ..module_utils._publication.resource import COUNTRY_LISTS, GUARDS
from ._tables import decode
from ._testers import ALLOWANCE, EMAIL, UNTIL, Tester, testers_of, users_of

# Options of applivery_otp_user that the role hands on as they are.
HANDED_ON = ("exclusive", "allow_empty", "admit", "ledger", "max_removals", "update_allowance")
_LISTS = ("testers", "testers_file")
_PEOPLE = ("studio", "allowance", "access_until")
# What can be said of one publication; each is a variable of the role too, which counts where it is not said.
ENTRY = ("slug", "publication", "unreturned_fields", "builds", *_LISTS, *_PEOPLE, *HANDED_ON)
# The values of the publication's option that never let a guard be lost.
_STRICT = ("fail", "fail_on_guards")
_LABELS = ("version_name", "changelog", "tags")

Read = Callable[[str], bytes]
Warn = Callable[[str], None]


def plan_of(given: Iterable[Mapping[str, Any]], common: Mapping[str, Any], read: Read, warn: Warn) -> dict[str, Any]:
    """What there is to do: ``entries``, one for each publication, their ``slugs``, and why the run is ``refused``.

    ``given`` are the publications, ``common`` is what counts for those that do not say it; both use the names in
    ``ENTRY``. ``read`` gives the content of a file. Where ``refused`` is not empty, nothing must be done.
    """
    entries: list[dict[str, Any]] = []
    try:
        for number, said in enumerate(given, 1):
            entries.append(_entry(number, said, common, read, warn))
            if [entry["slug"] for entry in entries].count(entries[-1]["slug"]) > 1:
                raise InvalidInput(f"publication {entries[-1]['slug']}: it is named twice")
        if not entries:
            raise InvalidInput("no publication is named")
    except AppliveryError as problem:
        return {"entries": [], "slugs": [], "refused": f"{problem.message}."}
    return {"entries": entries, "slugs": [entry["slug"] for entry in entries], "refused": ""}


def _entry(number: int, said: Mapping[str, Any], common: Mapping[str, Any], read: Read, warn: Warn) -> dict[str, Any]:
    entry = _filled(number, said, common)
    slug = str(entry.get("slug") or "")
    with attempting(f"publication {slug or number}"):
        if not slug:
            raise InvalidInput("slug: it must be said")
        # Cheap to see, and without anybody's name: before the list of testers is read.
        settings = entry.get("publication") or {}
        unreturned, builds = _unreturned(entry, settings), _builds(entry)
        testers = _testers(entry, read, warn)
        options = _options(slug, entry, testers)
        return {
            "slug": slug,
            "publication": settings,
            "described": bool(settings),
            "unreturned_fields": unreturned,
            "builds": builds,
            "testers": testers,
            "endless": [tester[EMAIL] for tester in testers if not tester[UNTIL]],
            "declared": {name: settings[name] for name in GUARDS if not is_empty(settings.get(name))},
            "users": options["users"],
            **{name: options[name] for name in HANDED_ON},
        }


def _filled(number: int, said: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(str(name) for name in said if name not in ENTRY)
    if unknown:
        raise InvalidInput(f"publication {number}: unknown {', '.join(unknown)}; known are {', '.join(ENTRY)}")
    own = {name: value for name, value in said.items() if _is_said(name, value)}
    # A list of one's own takes the place of the one for all, in whichever of the two ways that is given.
    dropped = _LISTS if any(name in own for name in _LISTS) else ()
    return {
        **{name: value for name, value in common.items() if name not in dropped and _is_said(name, value)},
        **own,
    }


def _is_said(name: str, value: Any) -> bool:
    # Nobody is somebody's answer to who the testers are: an empty list says something.
    return not is_empty(value) or (name == "testers" and value == [])


# The people -------------------------------------------------------------------------------------------------------


def _testers(entry: Mapping[str, Any], read: Read, warn: Warn) -> list[Tester]:
    if ("testers" in entry) == ("testers_file" in entry):
        raise InvalidInput(
            "give the testers either in tester_onboarding_testers or in the file tester_onboarding_testers_file"
        )
    file, empty = entry.get("testers_file"), boolean(entry.get("allow_empty", False))
    with attempting(str(file) if file else "the list of testers"):
        source = _content(str(file), read, warn) if file else entry["testers"]
        found = testers_of(
            source, entry.get("studio", ""), entry.get("allowance", 1), entry.get("access_until", ""), empty
        )
        for note in found.notes:
            warn(note)
        if isinstance(source, str) and not found.people and not empty:
            raise InvalidInput("it names nobody; allow_empty: true says that nobody is meant")
        if file:
            _check_limits(entry, found.people)
    return found.people


def _content(file: str, read: Read, warn: Warn) -> str:
    text, notes = decode(read(file))
    for note in notes:
        warn(note)
    return text


def _check_limits(entry: Mapping[str, Any], people: Sequence[Tester]) -> None:
    """A list in a file is read again and again: access that ends by itself must not come back by itself."""
    limited = sum(tester[ALLOWANCE] != UNLIMITED or bool(tester.get(TEMPORAL.option)) for tester in people)
    if limited and "admit" not in entry:
        raise InvalidInput(
            f"{limited} of {len(people)} testers have access that ends by itself (a number of downloads, or 30 days), "
            "and each run would give it to them again. Set admit: once with a ledger, which remembers who was let in, "
            "or admit: always if that is meant"
        )


def _options(slug: str, entry: Mapping[str, Any], testers: Sequence[Tester]) -> dict[str, Any]:
    """The options for applivery_otp_user, looked at by its own rules."""
    options: dict[str, Any] = {name: spec.get("default") for name, spec in SPEC.items()}
    for name in HANDED_ON:
        if name in entry:
            options[name] = boolean(entry[name]) if SPEC[name]["type"] == "bool" else str(entry[name])
        choices = SPEC[name].get("choices")
        if choices and options[name] not in choices:
            raise InvalidInput(f"{name}: {options[name]!r} is none of {', '.join(choices)}")
    options.update(publication=slug, users=users_of(testers))
    check_options(options, people_of(options))
    return options


# The publication and its builds -----------------------------------------------------------------------------------


def unnamed_guards(settings: Mapping[str, Any]) -> list[str]:
    """The fields guarding access that a playbook does not name; naming one list of countries settles the other."""
    countries = [entry.option for entry in COUNTRY_LISTS]
    settled = {*settings, *(countries if any(name in settings for name in countries) else ())}
    return [name for name in GUARDS if name not in settled]


def _unreturned(entry: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    missing = unnamed_guards(settings) if settings else []
    asked = str(entry.get("unreturned_fields") or ("fail" if missing else "warn"))
    if missing and asked not in _STRICT:
        raise InvalidInput(
            f"with unreturned_fields: {asked} the publication must name everything that guards access. "
            f"Missing: {', '.join(missing)}"
        )
    return asked


def _builds(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    builds = [dict(build) for build in entry.get("builds") or []]
    systems = [str((build.get("match") or {}).get("os") or "") for build in builds]
    if "" in systems or len(set(systems)) < len(systems):
        raise InvalidInput("each entry of builds must have match.os, each operating system once")
    return [
        {**build, "os": system, "labelled": any(name in build for name in _LABELS)}
        for build, system in zip(builds, systems)
    ]


# How it went ------------------------------------------------------------------------------------------------------


def summary_of(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a run did, without the name of anybody.

    ``changed`` and ``counts`` over all publications, ``publications`` with each of them by its slug, and for one
    publication also its own ``publication_id``, ``distribution_url`` and ``build_ids``.
    """
    counts: dict[str, int] = {}
    for result in results:
        for name, number in (result.get("counts") or {}).items():
            counts[name] = counts.get(name, 0) + int(number)
    only = results[0] if len(results) == 1 else {}
    return {
        **{name: only.get(name, "") for name in ("publication_id", "distribution_url")},
        "build_ids": only.get("build_ids", {}),
        "changed": any(boolean(result["changed"]) for result in results),
        "counts": counts,
        "publications": {
            str(result["slug"]): {name: value for name, value in result.items() if name != "slug"} for result in results
        },
    }
