# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One command line for all of it; see the Makefile for what each command is for."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from devel import bench, bench_tasks, demo, environments, fuzz, gates, machine, matrix, release, report, tree, website
from devel.machine import Failed
from devel.report import run


def test(_options: argparse.Namespace) -> bool:
    gates.prepare("lint", "importer")
    gates.forget_coverage()
    return run(gates.all_gates())


def lint(_options: argparse.Namespace) -> bool:
    gates.prepare("lint", "importer")
    return run(gates.linters())


def sanity(options: argparse.Namespace) -> bool:
    if options.core:
        return matrix.only_sanity(options.core)
    gates.prepare()
    return run([gates.sanity(*machine.newest_core())])


def unit(_options: argparse.Namespace) -> bool:
    gates.prepare()
    core, version = machine.newest_core()
    return run([gates.pytest(name, core, version, coverage=True) for name in ("unit", "property", "awx")], at_a_time=1)


def integration(options: argparse.Namespace) -> bool:
    gates.prepare()
    core, version = machine.newest_core()
    return run(gates.integration(core, version, coverage=not options.targets, targets=options.targets))


def docs(_options: argparse.Namespace) -> bool:
    environments.tool_environment("lint")
    return run([website.gate()])


def lay_out(options: argparse.Namespace) -> bool:
    print(tree.lay_out(options.folder) if options.folder else tree.lay_out())
    return True


def generate(_options: argparse.Namespace) -> bool:
    environment = environments.demo_environment()
    collection = tree.lay_out()
    variables = environment.variables(PYTHONPATH=tree.python_path(collection))
    command: list[str | Path] = [environment.python, collection / "tools" / "generate.py", machine.REPOSITORY]
    return subprocess.call(command, cwd=collection, env=variables) == 0


def simulator(options: argparse.Namespace) -> bool:
    environment = environments.demo_environment()
    collection = tree.lay_out()
    command: list[str | Path] = [environment.python, "-m", "applivery_simulator", "--seed", "demo", "--no-validate"]
    command += ["--port", str(options.port), "--profile", options.profile]
    try:
        return (
            subprocess.call(command, cwd=collection, env=environment.variables(PYTHONPATH=tree.python_path(collection)))
            == 0
        )
    except KeyboardInterrupt:
        # Ctrl-C is how it is meant to end, and the simulator got it too.
        return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/run")
    commands = parser.add_subparsers(required=True, title="commands")

    def command(name: str, action: Callable[[argparse.Namespace], bool]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name)
        sub.set_defaults(action=action)
        return sub

    command("test", test)
    command("lint", lint)
    command("sanity", sanity).add_argument("--core", help="one line of ansible-core, such as 2.19")
    command("unit", unit)
    command("integration", integration).add_argument("targets", nargs="*")
    command("docs", docs)
    publish = command("publish-docs", lambda options: website.publish(options.ref, options.site.resolve()))
    publish.add_argument("ref", help="the tag or branch that is documented")
    publish.add_argument("site", type=Path, help="the folder with the site of all versions")
    benchmark = command("bench", lambda options: bench.measure(options.tasks_only, options.rounds))
    benchmark.add_argument("--tasks-only", action="store_true")
    benchmark.add_argument("--rounds", type=int, default=bench_tasks.ROUNDS)
    every = command("matrix", lambda options: matrix.every(options.core, options.python))
    every.add_argument("--core", help="one line of ansible-core, such as 2.19 or devel")
    every.add_argument("--python", help="one version of Python, such as 3.12")
    command("other-cores", lambda _options: matrix.beside_the_newest())
    out = command(
        "release",
        lambda options: release.step(options.step, tag=options.tag, registry=options.registry, dry_run=options.dry_run),
    )
    out.add_argument("step", choices=("check", "changelog", "build", "galaxy", "simulator", "images"))
    out.add_argument("--tag", default="", help="what the release is tagged with (check)")
    out.add_argument("--registry", default="localhost", help="where the images are kept (images)")
    out.add_argument("--dry-run", action="store_true", help="send nothing: say what would be sent")
    fuzzing = command("fuzz", lambda options: fuzz.run(options.cases, options.seed, options.seconds))
    fuzzing.add_argument("--cases", type=int, default=100_000)
    fuzzing.add_argument("--seed", type=int)
    fuzzing.add_argument("--seconds", type=int, default=60)
    command("generate", generate)
    command("demo", lambda _options: demo.play())
    command("tree", lay_out).add_argument("folder", nargs="?", type=Path)
    stand_in = command("simulator", simulator)
    stand_in.add_argument("--port", type=int, default=0)
    stand_in.add_argument("--profile", choices=gates.PROFILES, default="default")
    options = parser.parse_args()
    # A terminated run cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return 0 if options.action(options) else 1
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        report.stop()
        print("Interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
