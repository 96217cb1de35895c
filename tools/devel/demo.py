# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make demo: a release against the simulator, the same again, and a look ahead."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from devel import environments, release, tree
from devel.environments import Environment
from devel.machine import CACHE, REPOSITORY, Failed
from devel.report import Log
from devel.simulator import Simulator, running

DEMO = REPOSITORY / "demo"
COLLECTIONS = CACHE / "demo" / "collections"
PLAYBOOK = "release.yml"
COLLECTION = "applivery.distribution"
# As in group_vars/all.yml; the publication is looked up in the simulator by it.
SLUG = "example-app-beta"
LOOK_AHEAD = "release_expires=2031-01-31"


def play() -> bool:
    _say("Setting up: tools, and the collection from its archive (all of it below .cache/).")
    environment = environments.demo_environment()
    install_collection(environment)
    with running(environment, tree.lay_out(), CACHE / "logs" / "demo-simulator.log", seed="demo") as simulator:
        _say(
            f"A simulated Applivery runs on {simulator.url}. It holds builds that a pipeline uploaded.",
            "1. The release: demo/release.yml labels the newest builds of the release branch, publishes exactly these,",
            "   and lets in the testers of testers.csv. With --diff, so that each change is shown.",
        )
        if not _playbook(environment, simulator):
            raise Failed("The first play changed nothing, although everything was to do.")

        _say("2. The same playbook again. Everything is as described already, so it must change nothing.")
        simulator.forget_requests()
        if _playbook(environment, simulator):
            raise Failed("The second play changed something, although nothing was to do.")
        _nothing_written(simulator)

        _say(
            f"3. A look ahead: the release is to last longer ({LOOK_AHEAD}). With --check nothing is written;",
            "   the diff shows what would be.",
        )
        simulator.forget_requests()
        if not _playbook(environment, simulator, "--check", "-e", LOOK_AHEAD):
            raise Failed("The third play saw nothing to change, although one input changed.")
        _nothing_written(simulator)
        _as_code(environment, simulator)
        _say(*_result(simulator), *_how_for_real(environment))
    return True


def _as_code(environment: Environment, simulator: Simulator) -> None:
    folder = CACHE / "demo" / "applivery"
    shutil.rmtree(folder, ignore_errors=True)
    where = ("-e", f"applivery_dir={folder}", "-e", "applivery_application=")
    _say("4. Everything that is there, as files. They declare it from now on.")
    _playbook(environment, simulator, *where, playbook=f"{COLLECTION}.export")
    name = f"{SLUG}.yml"
    _say(f".cache/demo/applivery/publications/{name}:", (folder / "publications" / name).read_text())

    _say("5. Somebody opens the beta to every country, by hand. The comparison finds it, and fails.")
    publication = next(item for item in simulator.state()["publications"] if item["slug"] == SLUG)
    simulator.change(publication["id"], {"allowedCountries": []})
    simulator.forget_requests()
    if _playbook(environment, simulator, *where, playbook=f"{COLLECTION}.drift", fails=True):
        raise Failed("Comparing changed something.")
    _nothing_written(simulator)

    _say(
        "6. Applying the files mends it. The server does not show user_audience_map, so by default an update is",
        "   refused until the file names it; here it is known to be unset, and a warning is enough.",
    )
    told = ("-e", "applivery_unreturned_fields=warn")
    if not _playbook(environment, simulator, *where, *told, playbook=f"{COLLECTION}.apply"):
        raise Failed("Nothing was mended.")
    _playbook(environment, simulator, *where, playbook=f"{COLLECTION}.drift")


def _say(*lines: str) -> None:
    print("\n" + "\n".join(lines), flush=True)


def install_collection(environment: Environment) -> None:
    log = Log(CACHE / "logs" / "demo-install.log")
    shutil.rmtree(CACHE / "demo" / "build", ignore_errors=True)
    archive = release.build_artefact(log, environment, tree.lay_out(), CACHE / "demo" / "build")
    install = ["collection", "install", "--offline", "--force", "--collections-path", str(COLLECTIONS), str(archive)]
    log.run([environment.bin / "ansible-galaxy", *install], cwd=CACHE / "demo", env=environment.variables())


def _playbook(
    environment: Environment, simulator: Simulator, *arguments: str, playbook: str = PLAYBOOK, fails: bool = False
) -> int:
    """Play once, its output as it comes, and return how many tasks changed something; ``fails`` is how it must end."""
    variables = environment.variables(**simulator.environment(), ANSIBLE_CONFIG=DEMO / "ansible.cfg")
    del variables["ANSIBLE_NOCOLOR"]
    if sys.stdout.isatty():
        variables["ANSIBLE_FORCE_COLOR"] = "1"
    command: list[str | Path] = [environment.bin / "ansible-playbook", playbook, "--diff", *arguments]
    recap = None
    with subprocess.Popen(
        command,
        cwd=DEMO,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            recap = re.search(r"changed=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", line)) or recap
    if bool(process.returncode) is not fails or recap is None:
        raise Failed(f"ansible-playbook ended with {process.returncode}.")
    return int(recap[1])


def _nothing_written(simulator: Simulator) -> None:
    written = simulator.writes()
    if written:
        raise Failed(f"The simulator's log shows writes: {', '.join(written)}")
    _say("The simulator's log of requests agrees: nothing was written.")


def _result(simulator: Simulator) -> list[str]:
    state = simulator.state()
    publication = next(item for item in state["publications"] if item["slug"] == SLUG)
    groups = "; or of ".join(" and ".join(group) for group in publication["groups"])
    testers = [user["email"] for user in state["otp_users"] if user["publishedApplicationId"] == publication["id"]]
    return [
        "What testers get now:",
        f"  address     {publication['distributionUrl']}",
        f"  who enters  members of {groups};",
        f"              with a one-time password {', '.join(testers)}",
        f"  where from  {', '.join(publication['allowedCountries'])}",
        f"  until       {publication['expirationDate']}",
        "One-time passwords themselves are switched on by hand, in the dashboard: no API field for that is known.",
    ]


def _how_for_real(environment: Environment) -> list[str]:
    program = (environment.bin / "ansible-playbook").relative_to(REPOSITORY)
    return [
        "",
        "The same playbook on the real service: adapt demo/group_vars/all.yml and demo/testers.csv, then",
        "  export APPLIVERY_SERVICE_ACCOUNT_TOKEN=... APPLIVERY_ORGANIZATION=... APPLIVERY_APPLICATION=...",
        f"  cd demo && ../{program} {PLAYBOOK} --check --diff",
        "and, when that shows what you want, once more without --check.",
    ]
