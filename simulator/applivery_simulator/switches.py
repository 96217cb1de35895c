# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The named switches: one for each question on which the documents contradict each other or are silent.

Every switch says which values it knows; the first one is the default. ``contradiction`` is the name of the question, as
in ``openapi.yaml`` (``x-contradiction``). A profile is a set of switch values.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable

ENVELOPES = ("docs", "items", "bare", "items_only", "data_list", "top_items")


@dataclass(frozen=True)
class Switch:
    """One switch: the default, what else it may be, and what it decides."""

    default: Any
    about: str
    choices: tuple[Any, ...] = ()
    check: Callable[[Any], bool] | None = None
    contradiction: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether ``value`` may be set."""
        if self.choices:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        return self.check is None or self.check(value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _code(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _retry_after(value: Any) -> bool:
    return value is None or _number(value) or isinstance(value, str)


def _processing(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) <= {"reads", "result", "error", "code"} and _processing(value.get("reads", 1))
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _retention(value: Any) -> bool:
    if value is None:
        return True
    return (
        isinstance(value, dict)
        and set(value) <= {"keep", "after"}
        and all(isinstance(item, int) and not isinstance(item, bool) and item >= 0 for item in value.values())
    )


def _limits(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"otp_users", "publications"}
        and all(_code(item) and item >= 0 for item in value.values())
    )


def _permissions(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and (_code(item) or isinstance(item, dict)) for key, item in value.items()
    )


def _moment(value: Any) -> bool:
    if value is None:
        return True
    try:
        moment = datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return False
    return moment.tzinfo is not None


def _choice(about: str, *choices: Any, contradiction: str = "") -> Switch:
    return Switch(choices[0], about, choices=choices, contradiction=contradiction)


SWITCHES: dict[str, Switch] = {
    # what a write means
    "publication_put": _choice(
        "what PUT does to a publication field that is left out", "replace", "merge", contradiction="C1"
    ),
    "publication_application": _choice(
        "whether the Workspace body of a publication needs application", "required", "optional"
    ),
    "build_nested_put": _choice("what PUT does inside metadata and defaultScripts", "replace", "merge"),
    "null_fields": _choice("null in a field other than expirationDate", "refuse", "accept"),
    "empty_strings": _choice("an empty string in a string field", "accept", "refuse"),
    "unknown_fields": _choice("unknown and read-only fields in a body", "refuse", "accept"),
    "country_lists": _choice(
        "both country lists: refused when both hold something, when both are there, or never",
        "strict",
        "strictest",
        "accepted",
    ),
    "hide_attached_files": _choice(
        "whether the field hideAttachedFiles exists", "known", "unknown", contradiction="C20"
    ),
    "filter_manual": _choice(
        "type build beside builds, or builds alone with ids per system",
        "both_types",
        "builds_only",
        contradiction="C19",
    ),
    "filter_builds": _choice("whether the build ids of a filter must exist", "unchecked", "checked"),
    "extra_security": Switch([], "further values of security", check=_names, contradiction="C4"),
    "extra_filter_types": Switch([], "further values of filter.type", check=_names),
    "slug_case": _choice("how a slug is stored", "kept", "lowered", contradiction="C11"),
    "slug_alphabet": _choice("which slugs are valid", "mixed", "lower", contradiction="C11"),
    # what an answer looks like
    "unset_fields": _choice("how a field without a value is returned", "absent", "null", "empty"),
    "hidden_fields": Switch(
        [], "API names never returned, such as allowedCountries, build:disabled or build_list:metadata", check=_names
    ),
    "nested": _choice(
        "nested objects: as documented, with additions, or ids expanded to objects", "plain", "enriched", "expanded"
    ),
    "dates": _choice("how dates are returned", "as_sent", "milliseconds", "offset"),
    "case": _choice("how colours and country codes are returned", "as_sent", "lower", "upper"),
    "set_order": _choice("the order of tags, countries and groups", "as_sent", "shuffled"),
    "done_word": _choice("the status of a finished build", "processed", "success", contradiction="C7"),
    "build_figures": _choice("uploadedBy and size of a build", "typed", "strings", contradiction="C15"),
    "organization_key": _choice("the name of an organization's id", "id", "_id", "both"),
    "store_ids": _choice("store ids; takes effect on the next reset", "hex", "number", contradiction="C12"),
    "envelope": _choice("the shape of a list", *ENVELOPES, contradiction="C9"),
    "create_status": _choice("HTTP status of a creation", 200, 201),
    "update_status": _choice("HTTP status of an update; 204 has no body", 200, 204),
    "delete_status": _choice("HTTP status of a deletion; 204 has no body", 200, 204),
    "delete_answer": _choice("the data of a deletion", "deleted", "delete", contradiction="C16"),
    "error_status": _choice("HTTP status of 5024, 6002 and a duplicate; 200 = only the body tells", 400, 409, 422, 200),
    "limits": Switch({}, "the most otp_users and publications that the plan allows; {} = no limit", check=_limits),
    "limit_code": _choice("the code of an exceeded limit", 5017, 5003),
    "forbidden_code": _choice("the code beside HTTP 403", 4001, 4003),
    "error_envelope": _choice("status beside an error", "status_false", "status_true_with_error"),
    "not_found_code": Switch(3001, "the code beside HTTP 404", check=_code, contradiction="C22"),
    "malformed_path": _choice("the answer to a path that does not exist", "not_found", "unauthorized"),
    "bad_ids": _choice("an id in the path that is no id", "refused", "not_found"),
    # lists
    "list_order": _choice("the order of a list without sort", "newest_first", "oldest_first"),
    "list_filters": _choice(
        "filters and sort of a list; refused = undocumented names are 6002", "honoured", "ignored", "refused"
    ),
    "filter_spelling": _choice("filter-type, filterType or both", "either", "dashed", "camel", contradiction="C10"),
    "slug_filter": _choice("the list filter slug", "exact", "partial"),
    "default_limit": Switch(100, "items of a page without limit", check=_positive),
    "max_limit": Switch(500, "most items of a page", check=_positive),
    "over_limit": _choice("a limit above max_limit", "clamp", "refuse"),
    # one-time-password users
    "otp_body": _choice("the creation body", "reference", "seed", "either", contradiction="C2"),
    "otp_answer": _choice("the data of a creation", "array", "object", contradiction="C3"),
    "otp_items": _choice("which fields a user shows", "reference", "seed", "both", contradiction="C2"),
    "otp_items_publication": _choice(
        "whether a user shows its publication; null: who has none shows that, too",
        "shown",
        "null",
        "hidden",
        contradiction="C5",
    ),
    "otp_unique": _choice("where an e-mail is unique", "publication", "store", contradiction="C5"),
    "otp_downloads": _choice("what a download does to allowedDownloadsNum", "maximum", "counts_down"),
    "otp_duplicate_code": Switch(6001, "the code of a duplicate", check=_code),
    "otp_organization": _choice("the organization in the path", "slug_only", "either", contradiction="C8"),
    "email_case": _choice("how an e-mail is stored", "kept", "lowered"),
    # builds
    "upload_field": _choice("the multipart field of the package", "build", "file", "either", contradiction="C6"),
    "upload_host": _choice(
        "whether uploads must go to upload_url, and everything else to url", "either", "own", contradiction="C6"
    ),
    "upload_validation": _choice(
        "a file that is no package: taken, and in error after processing, or refused with 5006", "later", "at_once"
    ),
    "upload_seconds": Switch(0, "seconds before the answer to an upload, after it took effect", check=_number),
    "bad_token_upload": _choice(
        "when an upload with a wrong token is refused: with its last byte, or early, closing the line",
        "complete",
        "early",
    ),
    "retention": Switch(
        None,
        "retention that takes builds away: {keep, after} = all but the newest after so many requests for builds",
        check=_retention,
    ),
    "processing": Switch(
        1,
        "reads for which a new build stays in each state; null = for ever; or {reads, result, error, code}",
        check=_processing,
    ),
    # the wire
    "latency": Switch(0, "seconds before each answer", check=_number),
    "rate": Switch(0, "requests per second before 429; 0 = no limit", check=_number),
    "retry_after": Switch(1, "Retry-After of a 429: seconds or an HTTP date; null = no header", check=_retry_after),
    "permissions": Switch({}, "refusals by resource or resource:action, such as {otp_users: 403}", check=_permissions),
    "now": Switch(None, "the server's clock, as an ISO timestamp with offset; null = the real time", check=_moment),
}

PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    "hostile": {
        "publication_put": "replace",
        "unset_fields": "null",
        "nested": "enriched",
        "dates": "offset",
        "case": "upper",
        "set_order": "shuffled",
        "envelope": "items",
        "default_limit": 2,
        "max_limit": 2,
        "over_limit": "clamp",
        "list_filters": "ignored",
        "list_order": "oldest_first",
        "create_status": 201,
        "update_status": 204,
        "delete_status": 204,
        "delete_answer": "delete",
        "done_word": "success",
        "otp_body": "seed",
        "otp_items": "seed",
        "otp_answer": "object",
        "otp_unique": "store",
    },
}


class Switches(Mapping[str, Any]):
    """The current values, checked on every change."""

    def __init__(self, profile: str = "default", values: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = {}
        self.reset(profile, values)

    def reset(self, profile: str = "default", values: Mapping[str, Any] | None = None) -> None:
        """Return to a profile, then apply ``values``; nothing changes when one of them is wrong."""
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}; known: {', '.join(PROFILES)}")
        wanted = {**PROFILES[profile], **(values or {})}
        self._check(wanted)
        self.profile = profile
        self._values = {name: switch.default for name, switch in SWITCHES.items()}
        self._values.update(wanted)

    def set(self, values: Mapping[str, Any]) -> None:
        """Change some switches; nothing changes when one of the values is wrong."""
        self._check(values)
        self._values.update(values)

    @staticmethod
    def _check(values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            switch = SWITCHES.get(name)
            if switch is None:
                raise ValueError(f"unknown switch {name!r}; known: {', '.join(SWITCHES)}")
            if not switch.accepts(value):
                known = f"; known: {', '.join(map(str, switch.choices))}" if switch.choices else f" ({switch.about})"
                raise ValueError(f"switch {name!r} cannot be {value!r}{known}")

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
