# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's merge table and the module's examples hold every field of the table of fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC
from ansible_collections.applivery.distribution.plugins.modules.applivery_publication import EXAMPLES

GUIDE = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "guide_unmentioned_fields.rst"


def test_every_field_has_its_row_in_the_guide() -> None:
    rows = re.findall(r"^   \* - (``.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    named = [option for row in rows for option in re.findall(r"``(\w+)``", row)]
    assert sorted(named) == sorted([*(entry.option for entry in PUBLICATION_FIELDS), "new_slug"])


def test_every_field_has_an_example() -> None:
    shown: set[str] = set()
    for example in yaml.safe_load(EXAMPLES):
        options: dict[str, Any] = example["applivery.distribution.applivery_publication"]
        assert set(options) <= set(SPEC)
        shown |= set(options)
    assert {entry.option for entry in PUBLICATION_FIELDS} - shown == set()
