# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What the service holds, as a file that declares just that. Pure.

What can't be declared, and what the server does not show, stands in comments: a file never says more than is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml

from ..module_utils._core.addresses import email_key, why_no_address
from ..module_utils._core.errors import AppliveryError
from ..module_utils._core.fields import Field, canonical, is_empty
from ..module_utils._core.wording import one_line
from ..module_utils._otp_user.resource import DOWNLOADS, TEMPORAL, allowance_of
from ..module_utils._publication.resource import PUBLICATION_FIELDS, understood
from ..module_utils._publication.rules import Goal, check
from ..module_utils._publication.run import SPEC
from ._documents import filled

_WIDTH = 120
_ID = re.compile(r"\b[0-9a-fA-F]{24}\b")


class Wishes(NamedTuple):
    """A publication in the module's own options; ``gaps`` are comments about what is not among them."""

    options: dict[str, Any]
    gaps: list[str]


def wishes_of(read: Mapping[str, Any]) -> Wishes:
    """What a task would say to leave this publication just as it was read."""
    known = understood(read)
    shown = [entry for entry in PUBLICATION_FIELDS if not entry.secret and entry.name in known]
    hidden = [entry.option for entry in PUBLICATION_FIELDS if not entry.secret and entry.name not in known]
    options = {entry.option: _wish(entry, known[entry.name]) for entry in shown}
    options = {option: value for option, value in options.items() if value is not None}
    gaps = [f"{option}: not shown by the server" for option in hidden]
    # Only what the module takes is declared; anything else a server may show is said and left alone.
    while (refused := _refused(options)) is not None:
        option, reason = refused
        gaps.append(f"{option}: {one_line(repr(options.pop(option)), 200)} can't be declared: {reason}")
    return Wishes(options, gaps)


def _wish(entry: Field, read: Any) -> Any:
    value = canonical(entry, read)
    if not is_empty(value):
        return value
    return {"list": [], "str": ""}.get(entry.kind.type)


def _refused(options: Mapping[str, Any]) -> tuple[str, str] | None:
    for entry in PUBLICATION_FIELDS:
        reason = _wrong_choice(entry, options.get(entry.option))
        if reason:
            return entry.option, reason
    try:
        check(Goal.of(filled(SPEC, options)), check_mode=True)
    except AppliveryError as problem:
        option = re.split(r"[.: ]", problem.message)[0]
        return (option, one_line(problem.message, 200)) if option in options and option != "slug" else None
    return None


def _wrong_choice(entry: Field, value: Any) -> str:
    if entry.choices and value is not None and value not in entry.choices:
        return f"this version knows {', '.join(entry.choices)}"
    items = value if isinstance(value, list) else [value]
    reasons = (_wrong_leaves(entry, item) for item in items if entry.children and not is_empty(item))
    return next(filter(None, reasons), "")


def _wrong_leaves(entry: Field, item: Any) -> str:
    if not isinstance(item, Mapping) or set(item) - {leaf.option for leaf in entry.children}:
        return "its form is not known"
    for leaf in entry.children:
        if leaf.spec.get("required") and is_empty(item.get(leaf.option)):
            return f"{leaf.option} is missing in it"
        reason = _wrong_choice(leaf, item.get(leaf.option))
        if reason:
            return reason
    return ""


def of_previous(previous: Mapping[str, Any]) -> dict[str, Any]:
    """``previous`` of a result in the API's form again, so that it can be declared and restored."""
    return {
        entry.name: _to_api_names(entry, previous[entry.option])
        for entry in PUBLICATION_FIELDS
        if entry.option in previous
    }


def _to_api_names(entry: Field, value: Any) -> Any:
    if isinstance(value, list) and entry.children:
        return [_to_api_names(entry, item) for item in value]
    if not isinstance(value, Mapping) or not entry.children:
        return value
    named = {leaf.option: leaf for leaf in entry.children}
    return {
        named[key].name if key in named else key: _to_api_names(named[key], item) if key in named else item
        for key, item in value.items()
    }


# People ---------------------------------------------------------------------------------------------------------------


def users_of(read: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """OTP users in the form of the option ``users``, by address, and comments about those that can't be."""
    people: dict[str, dict[str, Any]] = {}
    gaps = []
    for item in read:
        email = item.get("email")
        reason = why_no_address(email) if isinstance(email, str) else "no address is shown"
        if reason is not None:
            gaps.append(f"one entry can't be declared: {reason}")
            continue
        allowance = allowance_of(item)
        user = {"email": email, DOWNLOADS.option: allowance.downloads, TEMPORAL.option: allowance.temporal}
        if allowance.downloads == 0:
            gaps.append("one entry has no downloads left, which can't be declared")
            user[DOWNLOADS.option] = None
        people.setdefault(email_key(str(email)), {key: value for key, value in user.items() if value is not None})
    return [people[key] for key in sorted(people)], gaps


# Text -----------------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Indents lists inside keys, and writes texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's own
        super().increase_indent(flow, False)


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def document(kind: str, content: Mapping[str, Any], comments: Iterable[str], labels: Mapping[str, str]) -> str:
    """The text of a file. ``labels`` says what stands behind an id; each id gets its label as a comment."""
    body = yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    lines = [f"# yaml-language-server: $schema=../schema/{kind}.json", "---"]
    lines += [f"# {one_line(comment, 400)}" for comment in comments]
    lines += [_labelled(line, labels) for line in body.rstrip("\n").split("\n")]
    return "\n".join(lines) + "\n"


def _labelled(line: str, labels: Mapping[str, str]) -> str:
    found = _ID.search(line)
    label = labels.get(found[0].lower()) if found else None
    return f"{line}  # {one_line(label, 120)}" if label and "#" not in line else line


def password_variable(slug: str) -> str:
    """The variable that a password publication's password is to be put into."""
    return "applivery_password_" + re.sub(r"\W", "_", slug, flags=re.ASCII).lower()
