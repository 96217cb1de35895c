# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema for lists of testers in YAML, and what reads them, say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.plugin_utils import _schema, _testers

SCHEMA = _schema.tester_list_schema()
ANA = "ana@north.example"


def test_the_schema_has_every_column_and_is_the_one_that_is_shipped() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["items"]["anyOf"][1]["properties"]) == set(_testers.COLUMNS)
    shipped = Path(__file__).resolve().parents[4] / "docs/schema/tester_list.json"
    assert json.loads(shipped.read_text(encoding="utf-8")) == SCHEMA, "run tools/run generate"


@pytest.mark.parametrize(
    ("tester", "fits"),
    [
        (ANA, True),
        ({"email": ANA}, True),
        ({"email": ANA, "studio": "North", "allowance": 2, "access_until": "2031-01-01", "temporal": True}, True),
        ({"email": ANA, "allowance": "unlimited", "invitation": "2"}, True),
        ({"email": ANA, "allowed_downloads": -1}, True),
        ({"email": ANA, "single_use": True}, True),
        ({"studio": "North"}, False),
        ({"email": ANA, "phone": "1"}, False),
        ({"email": ANA, "allowance": 0}, False),
        ({"email": ANA, "allowance": "some"}, False),
        ({"email": ANA, "temporal": "perhaps"}, False),
        ({"email": ANA, "studio": 1.5}, False),
        (5, False),
    ],
)
def test_what_fits_the_schema_is_read_and_the_rest_is_refused(tester: Any, fits: bool) -> None:
    assert Draft202012Validator(SCHEMA).is_valid([tester]) is fits
    if fits:
        assert len(_testers.testers_of([tester]).people) == 1
    else:
        with pytest.raises(InvalidInput):
            _testers.testers_of([tester])
