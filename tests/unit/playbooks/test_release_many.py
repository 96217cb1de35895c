# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run releases to several publications, each with its own application; through real ansible-playbook."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.applivery.distribution.tests.support.plays import play_ours
from applivery_simulator import Simulator


def _play(sim: Simulator, tmp_path: Path, releases: Any) -> subprocess.CompletedProcess[str]:
    return play_ours(sim, tmp_path, "release_many", applivery_releases=releases, applivery_unreturned_fields="warn")


def _publication(sim: Simulator, slug: str, application: str) -> dict[str, Any]:
    sim.add_build(application=application, os="ios")
    return sim.add_publication(slug=slug, application=application, filter={"type": "last"})


def test_each_publication_gets_the_builds_of_its_application(sim: Simulator, tmp_path: Path) -> None:
    second = sim.add_application(slug="second-app")
    one = _publication(sim, "example-beta", sim.application["id"])
    other = _publication(sim, "second-beta", second["id"])
    wanted = {}
    for key, application in ((one["id"], sim.application["id"]), (other["id"], second["id"])):
        wanted[key] = {
            "type": "build",
            **{system: sim.add_build(application=application, os=system)["id"] for system in ("ios", "android")},
        }
    releases = {"example-app": "example-beta", "second-app": "second-beta"}
    ran = _play(sim, tmp_path, releases)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {key: sim.publications[key]["filter"] for key in wanted} == wanted
    sim.forget_requests()
    assert _play(sim, tmp_path, releases).returncode == 0
    assert sim.writes == []


def test_one_that_fails_does_not_stop_the_others(sim: Simulator, tmp_path: Path) -> None:
    publication = _publication(sim, "example-beta", sim.application["id"])
    sim.add_build(os="android")
    releases = {"no-such-app": "example-alpha", "example-app": "example-beta"}
    ran = _play(sim, tmp_path, releases)
    assert ran.returncode != 0
    assert "no-such-app" in ran.stdout + ran.stderr
    assert sim.publications[publication["id"]]["filter"]["type"] == "build"


def test_nothing_to_release_is_nothing_to_do(sim: Simulator, tmp_path: Path) -> None:
    for nothing in ({}, ""):
        ran = _play(sim, tmp_path, nothing)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert sim.requests == []
