# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run from the tree with ``pytest tests/awx``; needs ansible-runner."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.tests.awx.jobs import Awx
from applivery_simulator import Simulator

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WARNINGS: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what could not be looked at; a skipped test alone is easily missed."""
    for line in WARNINGS:
        terminalreporter.write_line(f"WARNING: {line}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def browser() -> str:
    """A headless Chromium, where there is one."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    WARNINGS.append("the access report was not looked at in a browser: no Chromium was found")
    pytest.skip("no Chromium was found")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A workspace with builds of two branches, two publications and two testers."""
    with Simulator(seed="demo") as simulator:
        # A build that could not be processed is the newest there; that is a story of its own.
        for build in [build for build in simulator.builds.values() if build["status"] == "error"]:
            del simulator.builds[build["id"]]
        yield simulator


@pytest.fixture
def awx(sim: Simulator, tmp_path: Path) -> Awx:
    return Awx(sim, tmp_path)
