# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task says, before Ansible converts it by the argument spec. Pure.

YAML makes a number of ``4.10`` and a truth of ``no``, and Ansible makes text of both again: ``4.1`` and ``False``. Only
what the task handed over shows that something was lost. An integer is as good as its text; that ``0755`` was written
where 493 arrives nobody can see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.validation import check_type_dict

from .errors import InvalidInput

Spec = Mapping[str, Mapping[str, Any]]

_TEXTS = ("str", "path")
# What Ansible shows in place of a secret: a whole value, and any text in which it occurs; the newest core has its own.
_WHOLE_MASKS = ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "$REDACTED$")
# Eight asterisks beside other text, or alone. A line of them inside a longer text is a ruler.
_MASKED_PART = re.compile(r"\A\s*\*{8}\s*\Z|(?<!\*)\*{8}(?!\*)(?=[^*\n])|(?<=[^*\n])(?<!\*)\*{8}(?!\*)")


def without_nulls(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not null: null says the same as leaving an option out, nested ones too."""
    entries = _by_every_name(spec)
    found: dict[str, Any] = {}
    for name, value in given.items():
        # What is in no spec is left to whoever refuses it.
        if value is not None or name not in entries:
            found[name] = _without_nulls_inside(entries.get(name, {}), value)
    return found


def _without_nulls_inside(entry: Mapping[str, Any], value: Any) -> Any:
    options = entry.get("options")
    if options and isinstance(value, Mapping):
        return without_nulls(options, value)
    if options and isinstance(value, list):
        return [_without_nulls_inside(entry, item) for item in value]
    # Ansible refuses a text that is no dictionary, and stumbles over a number.
    return str(value) if options else value


def numbers_in(value: Any) -> list[str]:
    """The keys of an option that is a dictionary which hold whole numbers."""
    try:
        # Ansible reads a text in place of a dictionary as JSON, or as key=value.
        inside = check_type_dict(value)
    except (TypeError, ValueError):
        return []
    return [str(key) for key, item in inside.items() if isinstance(item, int) and not isinstance(item, bool)]


def check_texts(spec: Spec, given: Mapping[str, Any], place: str = "") -> None:
    """Refuse, at any depth, what can't be the text that was written: raises InvalidInput with the option's name."""
    entries = _by_every_name(spec)
    for name, value in given.items():
        if name in entries and value is not None:
            _check(entries[name], value, f"{place}{name}")


def _by_every_name(spec: Spec) -> dict[str, Mapping[str, Any]]:
    return {name: entry for option, entry in spec.items() for name in (option, *entry.get("aliases", ()))}


def _check(entry: Mapping[str, Any], value: Any, place: str) -> None:
    kind = entry.get("type", "str")
    if kind in _TEXTS:
        _check_text(value, place, bool(entry.get("no_log")))
    elif kind == "list":
        # A list of lists holds texts; a single item may stand for its list.
        inner = {**entry, "type": entry.get("elements", "str"), "elements": "str"}
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            _check(inner, item, f"{place}[{number}]" if isinstance(value, list) else place)
    elif kind == "dict":
        _check_dict(entry, value, place)


def _check_dict(entry: Mapping[str, Any], value: Any, place: str) -> None:
    if not entry.get("options"):
        _check_free(value, place)
        return
    try:
        # Ansible reads a text in place of a dictionary as JSON, or as key=value.
        inside = check_type_dict(value)
    except (TypeError, ValueError):
        return
    check_texts(entry["options"], inside, f"{place}.")


def _check_free(value: Any, place: str) -> None:
    """Inside a value of any form there is but one thing that is never meant."""
    if isinstance(value, str):
        _check_mask(value, place)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_free(item, f"{place}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_free(item, f"{place}[{number}]")


def _check_text(value: Any, place: str, secret: bool) -> None:
    if isinstance(value, bool):
        raise InvalidInput(
            f"{place}: this is {str(value).lower()}, no text. YAML makes it of yes, no, on, off, true and false; "
            "quote it"
        )
    if isinstance(value, float):
        shown = "a number" if secret else f"the number {value}"
        raise InvalidInput(
            f"{place}: this is {shown}, no text. YAML drops the last zero of 4.10, among others; quote it"
        )
    if value is None or isinstance(value, (list, Mapping)):
        what = "nothing (null)" if value is None else "a list" if isinstance(value, list) else "a dictionary"
        raise InvalidInput(f"{place}: this is {what}, no text")
    if isinstance(value, str):
        _check_mask(value, place)


def _check_mask(value: str, place: str) -> None:
    if any(mask in value for mask in _WHOLE_MASKS) or _MASKED_PART.search(value):
        raise InvalidInput(
            f"{place}: this holds what Ansible shows in place of a secret ({', '.join(_WHOLE_MASKS)} or eight "
            "asterisks); it comes from a result in which something was masked. Give the value itself"
        )
