# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every gate of the collection, each a small function that raises Failed when the gate is not passed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devel import contract, environments, fragments, machine, release, tree, website
from devel.environments import Environment
from devel.machine import CACHE, REPOSITORY, Core, Failed
from devel.report import Gate, Log
from devel.simulator import running

# Each profile is played in one of the two ways in which tasks run: inside the controller's process, or as modules.
PROFILES = {"default": True, "hostile": False}
TRACED = "default"
COVERAGE = CACHE / "coverage"
CHECKED_REFERENCES = ("--validate-collection-refs", "all", "--check-extra-docs-refs")
TYPED = ("plugins", "extensions", "simulator", "tools")

# ansible-test makes some environments of its own and fetches pip's installer for them from a host that may be out of
# reach. Python brings one along; this stand-in uses it, and the package index for the release of pip that is asked for.
GET_PIP = """\
import subprocess, sys
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if "==" in argument]
if wanted:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)
"""


# --- tests ---


def sanity(core: Core, version: str) -> Gate:
    def check(log: Log) -> None:
        environment = environments.core_environment(core, version)
        collection = tree.lay_out(CACHE / "trees" / f"sanity-{core.line}")
        _provide_get_pip()
        log.run(
            [environment.bin / "ansible-test", "sanity", "--local", "--color", "no", "-v"],
            cwd=collection,
            env=environment.variables(),
        )
        # A tree that ansible-test takes for empty ends with 0 as well.
        if "No targets" in log.text() or "Running sanity test" not in log.text():
            raise Failed("ansible-test found nothing to check")

    return Gate(f"sanity {core.line}", check, telling=r"^(ERROR|FATAL)")


def pytest(name: str, core: Core, version: str, *, coverage: bool) -> Gate:
    """The tests below tests/NAME, with branch coverage of plugins/ when asked for."""

    def check(log: Log) -> None:
        environment = environments.core_environment(core, version)
        command = [environment.python, "-m", "pytest", "-n2", "--dist", "worksteal", "-q"]
        command += ["-p", "no:cacheprovider", f"tests/{name}"]
        if coverage:
            command += ["--cov=plugins", "--cov-branch", "--cov-report=", "--cov-config=pyproject.toml"]
            command += ["--cov-fail-under=0"]
        more = {"AWX_COLLECTIONS": environments.awx_collections()} if name == "awx" else {}
        with tree.exclusive(f"{name}-{core.line}") as root:
            variables = environment.variables(
                PYTHONPATH=tree.python_path(root / tree.COLLECTION), COVERAGE_FILE=_data_file(name), **more
            )
            log.run(command, cwd=tree.lay_out(root), env=variables)

    return Gate(f"{name} {core.line}", check)


def rulebooks() -> Gate:
    """The rulebooks in a real ansible-rulebook, whose environment brings the Java that its rule engine needs."""

    def check(log: Log) -> None:
        environment = environments.events_environment()
        command = [environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--confcutdir", "tests/eda"]
        with tree.exclusive("eda") as root:
            collection = tree.lay_out(root)
            variables = environment.variables(PYTHONPATH=tree.python_path(collection))
            log.run([*command, "tests/eda"], cwd=collection, env=variables)

    return Gate("eda", check)


def integration(core: Core, version: str, *, coverage: bool, targets: Sequence[str] = ()) -> list[Gate]:
    """Every target through real ansible-playbook, against a well-behaved simulator and against a hostile one.

    Tracing nearly doubles the time, and the hostile run passes through the same lines: one profile is traced.
    """
    return [
        _integration(core, version, profile, coverage=coverage and profile == TRACED, targets=targets)
        for profile in PROFILES
    ]


def _integration(core: Core, version: str, profile: str, *, coverage: bool, targets: Sequence[str]) -> Gate:
    name = f"integration {core.line} {profile}"

    def check(log: Log) -> None:
        environment = environments.core_environment(core, version)
        with tree.exclusive(f"integration-{core.line}-{profile}") as root:
            collection = tree.lay_out(root)
            _provide_ssh_key()
            shutil.rmtree(collection / "tests" / "output", ignore_errors=True)
            passed = _play_targets(log, environment, collection, version, profile, targets, coverage=coverage)
            if coverage:
                _keep_integration_coverage(log, environment, collection)
        if not passed:
            raise Failed("targets failed")

    return Gate(name, check, telling=r"^(ERROR|FATAL|Running |fatal)")


def _play_targets(
    log: Log,
    environment: Environment,
    collection: Path,
    version: str,
    profile: str,
    targets: Sequence[str],
    *,
    coverage: bool,
) -> bool:
    simulator_log = log.path.with_name(f"{log.path.stem}-simulator-{collection.parents[2].name}.log")
    with running(environment, collection, simulator_log, profile=profile, validate=True) as simulator:
        variables = {
            **simulator.variables(),
            "simulator_profile": profile,
            "applivery_in_process": PROFILES[profile],
        }
        # JSON is YAML, and ansible-test reads this file as extra variables.
        config = collection / "tests" / "integration" / "integration_config.yml"
        config.write_text(json.dumps(variables, indent=2) + "\n")
        command = [environment.bin / "ansible-test", "integration", "--local", "--python", version]
        command += ["--color", "no", "--continue-on-error", *(["--coverage"] if coverage else []), *targets]
        return log.run(command, cwd=collection, env=environment.variables(), check=False) == 0


def _keep_integration_coverage(log: Log, environment: Environment, collection: Path) -> None:
    """Put what each process left into one file, and see that the actions, which run in workers, are part of it."""
    data = list((collection / "tests" / "output" / "coverage").glob("integration=*"))
    variables = environment.variables(COVERAGE_FILE=_data_file("integration"))
    tool = [environment.python, "-m", "coverage"]
    log.run([*tool, "combine", "--quiet", *data], cwd=collection, env=variables)
    log.run([*tool, "report", "--include=plugins/action/*", "--fail-under=1"], cwd=collection, env=variables)


def coverage(core: Core, version: str) -> Gate:
    """Branch coverage of plugins/ from all three data sets together; the floor is in pyproject.toml."""

    def check(log: Log) -> None:
        environment = environments.core_environment(core, version)
        collection = tree.lay_out()
        parts = sorted(COVERAGE.glob("data.*"))
        for name in ("unit", "property", "integration"):
            if not any(part.name.startswith(f"data.{name}") for part in parts):
                raise Failed(f"the {name} tests left no coverage data")
        variables = environment.variables(COVERAGE_FILE=COVERAGE / "combined")
        tool = [environment.python, "-m", "coverage"]
        log.run([*tool, "combine", "--keep", *parts], cwd=collection, env=variables)
        log.run([*tool, "html", "--quiet", "--fail-under=0", "-d", COVERAGE / "html"], cwd=collection, env=variables)
        log.run([*tool, "report"], cwd=collection, env=variables)

    return Gate(
        "coverage",
        check,
        after=(f"unit {core.line}", f"property {core.line}", f"integration {core.line} {TRACED}"),
    )


def _data_file(name: str) -> Path:
    COVERAGE.mkdir(parents=True, exist_ok=True)
    return COVERAGE / f"data.{name}"


def forget_coverage() -> None:
    shutil.rmtree(COVERAGE, ignore_errors=True)


def _provide_ssh_key() -> None:
    """ansible-test makes a key when it finds none; two runs that do so at the same time are in each other's way."""
    key = environments.home() / ".ansible" / "test" / "id_rsa"
    with environments.lock("ssh-key"):
        if not key.exists() and shutil.which("ssh-keygen"):
            key.parent.mkdir(parents=True, exist_ok=True)
            command = ["ssh-keygen", "-m", "PEM", "-q", "-t", "rsa", "-N", "", "-f", str(key)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _provide_get_pip() -> None:
    cache = environments.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for wanted in ("24_2", "25_2"):
        (cache / f"get_pip_{wanted}.py").write_text(GET_PIP)


# --- linters ---


def _lint(name: str, *commands: Sequence[str], above: bool = False) -> Gate:
    """Commands of the lint environment, run in a tree of their own: in the collection, or ABOVE it."""

    def check(log: Log) -> None:
        environment = environments.tool_environment("lint")
        root = CACHE / "trees" / "lint"
        collection = tree.lay_out(root)
        roots = os.pathsep.join(map(str, (root, collection / "tools", collection / "simulator")))
        variables = environment.variables(ANSIBLE_COLLECTIONS_PATH=root, MYPYPATH=roots)
        for command in commands:
            log.run([environment.bin / command[0], *command[1:]], cwd=root if above else collection, env=variables)

    return Gate(name, check)


def linters() -> list[Gate]:
    return [
        _lint("ansible-lint", ["ansible-lint", "--offline", "--profile", "production", "--strict", "--nocolor"]),
        # In the environment of the linters, where all is pinned, instead of one for each session. So it leaves out
        # the documentation of plugins.
        _lint(
            "antsibull",
            ["nox", "--no-venv", "--non-interactive"],
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", *CHECKED_REFERENCES, "."],
        ),
        _lint(
            "changelog",
            ["antsibull-changelog", "lint"],
            ["antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml"],
        ),
        _lint(
            "ruff",
            ["ruff", "check", "--no-cache", "--output-format", "concise", "."],
            ["ruff", "format", "--no-cache", "--check", "--diff", "."],
        ),
        # From above, so that a file has one name: the one under which others import it.
        _lint(
            "mypy",
            [
                "mypy",
                "--config-file",
                str(tree.COLLECTION / "pyproject.toml"),
                *(str(tree.COLLECTION / folder) for folder in TYPED),
            ],
            above=True,
        ),
        workflows(),
        fragments.gate(),
        release.gate(),
    ]


def workflows() -> Gate:
    """The workflows are what their service accepts, and give nobody more than they need."""
    return _lint(
        "workflows",
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *_listed(".github/workflows/*.yml")],
        ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"],
        [
            "check-jsonschema",
            "--builtin-schema",
            "vendor.github-issue-forms",
            *_listed(".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ],
        ["zizmor", "--offline", "--no-progress", "--persona", "pedantic", "--color", "never", ".github"],
    )


def _listed(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob(pattern))


# --- what the commands run ---


def prepare(*groups: str) -> None:
    """Make the environments before gates run side by side, so that a failing install is told once and at once."""
    core, version = machine.newest_core()
    environments.core_environment(core, version)
    for group in groups:
        environments.tool_environment(group)
    if not (REPOSITORY / ".git").exists():
        raise Failed("This is not a git clone; the tests run on what git lists.")


def all_gates() -> list[Gate]:
    """The order matters for the clock: the longest first, then what the coverage gate waits for."""
    core, version = machine.newest_core()
    return [
        # Whole jobs as AWX runs them, each several processes deep.
        pytest("awx", core, version, coverage=False),
        pytest("secrets", core, version, coverage=False),
        rulebooks(),
        sanity(core, version),
        *integration(core, version, coverage=True),
        pytest("unit", core, version, coverage=True),
        pytest("property", core, version, coverage=True),
        *linters(),
        website.gate(),
        contract.gate(),
        coverage(core, version),
    ]
