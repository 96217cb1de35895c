# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report says each difference once, in every form, and trusts nothing that a server says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.filter.drift_report import FilterModule
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.plugin_utils._drift_report import drift_report

EVIL = "<script>alert(1)</script> {{ 7 * 7 }}"
RESULT: dict[str, Any] = {
    "differs": True,
    "counts": {"updated": 2, "created": 1, "failed": 1, "unchanged": 1, "undeclared": 1},
    "results": [
        {"kind": "publications", "file": "publications/a.yml", "name": "a", "action": "unchanged", "changes": {}},
        {
            "kind": "publications",
            "file": "publications/b.yml",
            "name": "b",
            "action": "updated",
            "since": "2026-11-01T00:00:00Z",
            "changes": {"tags": {"found": [EVIL], "declared": ["x"]}, "groups": {"found": None, "declared": [["g"]]}},
        },
        {"kind": "publications", "file": "publications/c.yml", "name": "c", "action": "created", "since": None},
        {
            "kind": "testers",
            "file": "testers/b.yml",
            "name": "b",
            "action": "updated",
            "counts": {"created": 2, "removed": 1, "unchanged": 7, "updated": 0},
        },
        {"kind": "publications", "file": "publications/d.yml", "name": "d", "action": "failed", "msg": "no answer"},
    ],
    "undeclared": [{"slug": "clicked", "publication_id": "1", "updated_at": "2026-11-02T00:00:00Z"}],
}
SAME = {"differs": False, "counts": {"unchanged": 1}, "results": [RESULT["results"][0]], "undeclared": []}


def test_a_text() -> None:
    text = drift_report(RESULT, "txt")
    assert text.startswith("5 differ: publications/b.yml, publications/c.yml, testers/b.yml, publications/d.yml")
    assert "publications/b.yml (last written 2026-11-01T00:00:00Z)" in text
    assert '  groups: declared [["g"]], found none' in text
    assert "  testers: declared applying it: 2 created, 1 removed, found another list" in text
    assert "  no answer" in text
    assert "publications/a.yml" not in text


def test_a_document() -> None:
    content = json.loads(drift_report(RESULT, "json"))
    assert content["differs"] is True
    assert {
        "file": "publications/c.yml",
        "what": "publications c",
        "declared": "there",
        "found": "nothing",
    }.items() <= (content["differences"][2].items())
    assert len(content["differences"]) == 6


def test_a_page() -> None:
    page = drift_report(RESULT, "html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<tr>") == 1 + 6
    assert "http" not in page


def test_nothing_differs() -> None:
    assert drift_report(SAME, "line") == "nothing differs"
    assert drift_report(SAME, "txt") == "nothing differs\n"
    assert "<table>" not in drift_report(SAME, "html")
    assert json.loads(drift_report(SAME, "json"))["differences"] == []


def test_an_unknown_form() -> None:
    with pytest.raises(InvalidInput, match="one of line, txt, json, html"):
        drift_report(SAME, "pdf")
    with pytest.raises(Exception, match="one of line"):
        FilterModule().filters()["drift_report"](SAME, "pdf")
