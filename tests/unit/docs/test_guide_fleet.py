# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to many applications: its inventory, its play and its commands, as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from ansible_collections.applivery.distribution.tests.unit.docs.test_guides import ROOT, _rst_blocks
from applivery_simulator import Simulator

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_fleet.rst"
BLOCKS = list(_rst_blocks(GUIDE))
INVENTORY, PLAY = (text for kind, text in BLOCKS if kind.startswith("yaml"))
GRAPH, RELEASE = (text for kind, text in BLOCKS if kind == "shell")


def shown(sim: Simulator, folder: Path, command: str, **more: str) -> str:
    """What a command of the guide prints."""
    program, *words = command.split()
    kept: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "APPLIVERY_"))
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *words],
        cwd=folder,
        env={
            **kept,
            "HOME": str(folder),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_NOCOLOR": "1",
            "APPLIVERY_API_URL": sim.url,
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
            "APPLIVERY_ORGANIZATION": sim.organization["slug"],
            **more,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recap(output: str) -> dict[str, int]:
    """How many tasks changed something on each host."""
    return {host: int(count) for host, count in re.findall(r"^(applivery-\S+) .*changed=(\d+)", output, re.MULTILINE)}


def test_the_guide_from_end_to_end(simulator: Callable[..., Simulator], tmp_path: Path) -> None:
    sim = simulator()
    for slug, platforms in (("game-1", ["ios", "android"]), ("game-2", ["ios"]), ("tool-1", ["android"])):
        application = sim.add_application(slug=slug, oss=platforms)
        for number in range(2):
            info: dict[str, Any] = {"branch": ("main", "release")[number]}
            sim.add_build(application=application["id"], os=platforms[0], deployer={"info": info})
    (tmp_path / "apps.applivery.yml").write_text(INVENTORY)
    (tmp_path / "nightly.yml").write_text(PLAY)

    graph = shown(sim, tmp_path, GRAPH)
    assert [request.method for request in sim.requests] == ["GET"]
    for line in ("|--@platform_ios:", "|--@platform_android:", "|--@games:", "|  |--applivery-game-1"):
        assert line in graph
    assert "applivery-tool-1" not in graph[graph.index("@games") :].split("|--@", 1)[0]

    games = {"applivery-game-1", "applivery-game-2"}
    looked = recap(shown(sim, tmp_path, f"{RELEASE} --check --diff"))
    assert sim.publications == {}
    done = recap(shown(sim, tmp_path, RELEASE))
    assert looked == done == dict.fromkeys(games, 2)
    assert {publication["slug"] for publication in sim.publications.values()} == {"game-1-nightly", "game-2-nightly"}
    assert sum("nightly" in build.get("tags", ()) for build in sim.builds.values()) == 2
    sim.forget_requests()
    assert recap(shown(sim, tmp_path, RELEASE)) == dict.fromkeys(games, 0)
    assert sim.writes == []
    # What the guide says of the rate limit: three to five requests for each application, and one for the list.
    assert 3 * len(games) <= len(sim.requests) - 1 <= 5 * len(games)
