# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of testers as spreadsheets save them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

from ansible_collections.applivery.distribution.plugins.lookup import tester_list

NAME = "applivery.distribution.tester_list"
TEXT = "studio;E-Mail;allowance\r\nStudio Süd;ana@north.example;2\r\n"
ANA = {"studio": "Studio Süd", "email": "ana@north.example", "allowance": 2, "access_until": ""}


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_rest, **_more: told.append(text))
    return told


def read(folder: Path, data: bytes, **options: Any) -> list[Any]:
    (folder / "testers.csv").write_bytes(data)
    return look_up(folder, "testers.csv", options)


def look_up(folder: Path, name: str, options: dict[str, Any]) -> list[Any]:
    """As Ansible does it, which finds options in the documentation."""
    documented = yaml.safe_load(tester_list.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", NAME, documented)
    loader = DataLoader()
    loader.set_basedir(str(folder))
    lookup = tester_list.LookupModule(loader=loader)
    lookup._load_name = NAME
    found: list[Any] = lookup.run([name], {}, **options)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_without_a_word(encoding: str, tmp_path: Path, warnings: list[str]) -> None:
    assert read(tmp_path, TEXT.encode(encoding)) == [ANA]
    assert warnings == []


def test_what_excel_calls_csv_is_read_with_a_warning(tmp_path: Path, warnings: list[str]) -> None:
    assert read(tmp_path, TEXT.encode("cp1252")) == [ANA]
    assert len(warnings) == 1
    assert "save it as CSV in UTF-8" in warnings[0]


def test_options_are_those_of_the_filter(tmp_path: Path) -> None:
    (user,) = read(tmp_path, b"ana@north.example", allowance="unlimited", access_until="2031-01-01", form="users")
    assert user == {"email": "ana@north.example", "allowed_downloads": -1, "access_until": "2031-01-01"}
    assert read(tmp_path, b"email\n", allow_empty=True) == []


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("email\nana@bücher.example".encode("cp1252"), "Line 2: an address outside ASCII"),
        (b"email,studio\nana@x.example,\x81\n", "neither UTF-8 nor Windows-1252"),
        (b"\xff\xfee", "begins like utf-16"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"email\n", "nobody below it"),
        (b"email,allowance\nana@north.example,none\n", "Line 2, column 2: the allowance"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_by_name(data: bytes, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(AnsibleError) as caught:
        read(tmp_path, data)
    assert "testers.csv" in str(caught.value)
    assert complaint in str(caught.value)


def test_a_refusal_names_nobody_while_it_is_quiet(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError) as caught:
        read(tmp_path, b"ana@north.example\nLee\n", quiet=True)
    assert "Line 2, column 1: (hidden)" in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match=r"nowhere\.csv"):
        look_up(tmp_path, "nowhere.csv", {})
