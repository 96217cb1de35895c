# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a command: ``python -m applivery_simulator``, or ``applivery-simulator`` once it is installed."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

from .seed import SEEDS
from .simulator import Simulator, SimulatorError
from .switches import PROFILES, SWITCHES


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    command = argparse.ArgumentParser(prog="python -m applivery_simulator", description=__doc__)
    command.add_argument(
        "--port", type=int, default=0, help="port on the loopback interface; 0 = any free one (default)"
    )
    command.add_argument(
        "--seed", choices=sorted(SEEDS), default="demo", help="what the workspace holds (default: demo)"
    )
    command.add_argument(
        "--profile", choices=sorted(PROFILES), default="default", help="how the server behaves (default: default)"
    )
    command.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change one switch; VALUE is JSON or plain text",
    )
    command.add_argument(
        "--ready-file", metavar="PATH", help="write address, tokens and ids here as JSON once the server listens"
    )
    command.add_argument("--exit-with", type=int, metavar="PID", help="end when this process is gone")
    command.add_argument("--no-validate", action="store_true", help="do not compare the exchanges with openapi.yaml")
    command.add_argument("--list-switches", action="store_true", help="list the switches and end")
    return command


def switch_values(pairs: Sequence[str]) -> dict[str, Any]:
    """Return the switches of the command line; a value that is no JSON is text."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator:
            raise ValueError(f"--switch needs NAME=VALUE, not {pair!r}")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def describe(access: dict[str, Any], profile: str, seed: str) -> str:
    """Return what a user needs to point a playbook at the simulator."""
    organization, application = access["organization"], access["application"]
    return f"""Applivery simulator, profile {profile}, seed {seed}

  address                {access["url"]}
  organization           {organization["slug"]} ({organization["id"]})
  application            {application["slug"]} ({application["id"]})
  store                  {access["store"]["id"]}
  App API Token          {access["app_token"]}
  Service Account token  {access["service_account_token"]}

For your shell:

export APPLIVERY_API_URL={access["url"]}
export APPLIVERY_UPLOAD_URL={access["upload_url"]}
export APPLIVERY_APP_TOKEN={access["app_token"]}
export APPLIVERY_SERVICE_ACCOUNT_TOKEN={access["service_account_token"]}
export APPLIVERY_ORGANIZATION={organization["slug"]}
export APPLIVERY_APPLICATION={application["slug"]}

What it was asked:    {access["url"]}/_simulator/requests
What it holds:        {access["url"]}/_simulator/state
End it with Ctrl-C.
"""


def write_ready_file(path: str, access: dict[str, Any]) -> None:
    """Write the ready file in one step, so that nobody reads half of it."""
    partial = f"{path}.{os.getpid()}.part"
    with open(partial, "w", encoding="utf-8") as stream:
        json.dump(access, stream)
    os.replace(partial, path)


def alive(pid: int) -> bool:
    """Return whether a process exists; one that has ended but was not collected counts as gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return False
    except OSError:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait(done: threading.Event, pid: int | None) -> None:
    """Return when a signal came, or when the process ``pid`` is gone."""
    while not done.wait(0.5):
        if pid is not None and not alive(pid):
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator until it is told to end; return the exit code."""
    wanted = parser().parse_args(arguments)
    if wanted.list_switches:
        for name, switch in SWITCHES.items():
            known = " | ".join(map(json.dumps, switch.choices)) or json.dumps(switch.default)
            print(f"{name}: {known}\n    {switch.about}")
        return 0
    done = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_unused: done.set())
    try:
        return serve(wanted, done)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(wanted: argparse.Namespace, done: threading.Event) -> int:
    """Serve until ``done``, or until the process of ``--exit-with`` is gone; return the exit code."""
    try:
        values = switch_values(wanted.switch)
        validate = False if wanted.no_validate else None
        simulator = Simulator(values, profile=wanted.profile, seed=wanted.seed, port=wanted.port, validate=validate)
        with simulator:
            access = simulator.world.access()
            if wanted.ready_file:
                write_ready_file(wanted.ready_file, access)
            print(describe(access, wanted.profile, wanted.seed), flush=True)
            wait(done, wanted.exit_with)
    except (SimulatorError, ValueError, OSError) as problem:
        print(f"simulator: {problem}", file=sys.stderr)
        return 1
    return 0


def run() -> None:
    """Run as the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    run()
