# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access report as a page: in a real browser where there is one, and well-formed in any case."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ansible_collections.applivery.distribution.tests.awx.jobs import Awx
from ansible_collections.applivery.distribution.tests.unit.awx.test_awx_files import ROOT
from applivery_simulator import Simulator

HOSTILE = """<script>document.title='owned'</script><img src=x onerror="document.title='owned'">&amp;"""
TEMPLATE = ROOT / "roles" / "access_report" / "templates" / "access-report.html.j2"
VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The report on a publication whose every name tries to be markup."""
    with Simulator(seed="demo") as sim:
        awx = Awx(sim, tmp_path_factory.mktemp("page"))
        (publication,) = [item for item in sim.publications.values() if item["slug"] == "field-test"]
        publication.update(groups=[[HOSTILE]], expirationDate="2031-12-31T23:59:59.000Z")
        publication.update(filter={"type": "gitBranch", "value": HOSTILE})
        for application in sim.world.state.applications.values():
            application["name"] = HOSTILE
        testers = f'studio,email,allowance\n"{HOSTILE.replace(chr(34), chr(34) * 2)}",ana@north.example,1\n'
        answers = {"applivery_publication": "field-test", "applivery_testers": testers}
        folder = {"applivery_report_dir": str(awx.tmp_path / "report")}
        job = awx.launch("Applivery onboard testers", answers, awx.service_account(), more=folder)
        assert job.status == "successful", job.output[-4000:]
        yield awx.tmp_path / "report" / "access-report.html"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _value in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def browse(browser: str, page: Path, folder: Path, *options: str) -> str:
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        *options,
        page.as_uri(),
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout


def test_the_page_is_well_formed_self_contained_and_takes_no_name_for_markup(page):
    reader = _Reader()
    reader.feed(page.read_text())
    assert reader.open == []
    assert reader.seen.isdisjoint({"script", "img", "link", "iframe", "object", "b>Studio"})
    assert reader.attributes.isdisjoint({"src", "href", "onerror", "action"})
    assert reader.text.count(HOSTILE) >= 4
    assert "url(" not in page.read_text()
    assert "@import" not in page.read_text()


def test_everything_that_the_template_prints_is_escaped():
    for expression in re.findall(r"\{\{(.*?)\}\}", TEMPLATE.read_text()):
        constant = re.fullmatch(r"\s*'[^']*' if .+ else '[^']*'\s*", expression)
        macro = re.match(r"\s*(moment|word)\(", expression)
        assert constant or macro or "| e" in expression, expression


def test_a_browser_shows_the_page_and_runs_nothing_in_it(browser, page, tmp_path):
    shown = browse(browser, page, tmp_path, "--dump-dom")
    assert "<title>Access report</title>" in shown
    assert "ana@north.example" in shown
    picture = tmp_path / "report.png"
    browse(browser, page, tmp_path, f"--screenshot={picture}", "--window-size=1000,1400", "--hide-scrollbars")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")) == (1000, 1400)
    printed = tmp_path / "report.pdf"
    browse(browser, page, tmp_path, f"--print-to-pdf={printed}", "--no-pdf-header-footer")
    assert printed.read_bytes().startswith(b"%PDF")
