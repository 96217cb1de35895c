# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guards access is said once, in the table of fields; whoever lists it elsewhere lists all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._publication.check import _WIDER
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import (
    GUARDS,
    PUBLICATION_FIELDS,
)
from ansible_collections.applivery.distribution.plugins.modules.applivery_publication import DOCUMENTATION

ROOT = Path(__file__).parents[5]
# One of the two country lists excludes the other, so who names values names one of them.
NAMED_AS_VALUES = set(GUARDS) - {"blocked_countries"}
# A list, on one line or on several, of names and nothing else.
_NAME = r"['\"]?[a-z_]+['\"]?"
LISTS = re.compile(rf"\[\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*,?\s*\]")


def lists_in(text: str) -> Iterator[set[str]]:
    for found in LISTS.finditer(text):
        yield set(re.findall(r"[a-z_]+", found[1]))


def files() -> list[Path]:
    folders = [ROOT / name for name in ("roles", "playbooks", "plugins", "tests/awx", "tests/property", "demo")]
    found = [path for folder in folders for kind in ("*.yml", "*.py") for path in folder.rglob(kind)]
    assert len(found) > 60
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_list_of_guards_lacks_none(path: Path) -> None:
    for names in lists_in(path.read_text(encoding="utf-8")):
        if len(names & set(GUARDS)) > 2:
            assert set(GUARDS) <= names, sorted(set(GUARDS) - names)


def test_a_list_is_found_in_whatever_form() -> None:
    text = "a: [groups, 'expiration_date',\n  allowed_countries]\nB = [\n    \"groups\",\n]\nc: [[qa], {x: 1}]"
    assert list(lists_in(text)) == [{"groups", "expiration_date", "allowed_countries"}, {"groups"}, {"qa"}]


def test_every_guard_is_known_to_what_tells_of_openings() -> None:
    assert set(GUARDS) <= set(_WIDER)
    assert set(_WIDER) - set(GUARDS) == {"security", "visibility"}
    assert [entry.option for entry in PUBLICATION_FIELDS if entry.guards] == list(GUARDS)


def test_every_guard_is_named_where_people_read_about_them() -> None:
    described = " ".join(yaml.safe_load(DOCUMENTATION)["options"]["unreturned_fields"]["description"])
    guide = (ROOT / "docs/docsite/rst/guide_unmentioned_fields.rst").read_text(encoding="utf-8")
    [sentence] = re.findall(r"refuses for the fields that guard access.*", guide)
    example = guide.split("Leave nothing to chance")[1].split("unreturned_fields:")[0]
    for option in GUARDS:
        assert f"O({option})" in described
        assert f"``{option}``" in sentence
    assert all(f"{option}:" in example for option in NAMED_AS_VALUES)
