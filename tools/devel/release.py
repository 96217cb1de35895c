# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/run release STEP: from a tag to what people install. The release workflow calls nothing else.

The last three steps send something out. With --dry-run they say what they would send, and the images are prepared as
far as they go without an engine for containers. The gate plays all steps that way, in a copy.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from devel import environments, machine, tree
from devel.environments import Environment
from devel.machine import CACHE, REPOSITORY, Failed
from devel.report import Gate, Log

DIST = REPOSITORY / "dist"
IMAGES = {"execution-environment.yml": "applivery-ee", "decision-environment.yml": "applivery-de"}
# What a user needs from the artefact, and what is the workshop it is made in.
WANTED = {"README.md", "LICENSE", "CHANGELOG.md", "changelogs", "docs"}
WANTED |= {"extensions", "meta", "plugins", "requirements.txt"}
WORKSHOP = {"tests", "tools", "simulator", "demo", "dist", "Makefile", "LICENSES"}
WORKSHOP |= {"pyproject.toml", "noxfile.py", "AGENTS.md"}
# W503 is against what PEP 8 now prefers, E203 against what the formatter makes of slices.
IMPORTER_COMPLAINT = r"^(WARNING(?!.* (W503|E203) )|ERROR|CRITICAL)|Traceback"
IMPORTER_CHECKS = (
    "CHECK_REQUIRED_TAGS",
    "CHECK_CHANGELOG",
    "RUN_ANSIBLE_DOC",
    "RUN_ANSIBLE_LINT",
    "RUN_FLAKE8",
    "REQUIRE_V1_OR_GREATER",
)


def version(collection: Path = REPOSITORY) -> str:
    """The one that is tested to be everywhere else."""
    text = (collection / "plugins" / "module_utils" / "_core" / "version.py").read_text()
    return str(re.findall(r'^VERSION = "(.*)"$', text, re.MULTILINE)[0])


class Release:
    """The steps in their order, on one folder of the collection; results go to DIST."""

    def __init__(self, log: Log, collection: Path, dist: Path, *, dry_run: bool) -> None:
        self.log = log
        self.collection = collection
        self.dist = dist
        self.dry_run = dry_run
        self.version = version(collection)

    @property
    def archive(self) -> Path:
        return self.dist / f"applivery-distribution-{self.version}.tar.gz"

    @property
    def packages(self) -> list[Path]:
        return sorted((self.dist / "simulator").glob(f"applivery_simulator-{self.version}*"))

    def check(self, tag: str) -> None:
        """A tag names the version that the collection says it has."""
        if tag != f"v{self.version}":
            raise Failed(f"The tag is {tag}, and the collection says that it is {self.version}.")

    def changelog(self) -> None:
        """Make the fragments the release's part of the changelog, unless that has happened."""
        if f"\n  {self.version}:\n" in (self.collection / "changelogs" / "changelog.yaml").read_text():
            return
        lint = environments.tool_environment("lint")
        self._run(lint, "antsibull-changelog", "release", "--version", self.version)
        self._run(lint, "antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml")

    def build(self) -> None:
        """The collection's artefact, checked as Galaxy and Automation Hub check it, and the simulator's packages."""
        self.changelog()
        shutil.rmtree(self.dist, ignore_errors=True)
        self.dist.mkdir(parents=True)
        importer = environments.tool_environment("importer")
        build_artefact(self.log, importer, self.collection, self.dist)
        import_check(self.log, importer, self.archive)
        uv = [environments.uv_program(), "build", "--quiet", "--out-dir", self.dist / "simulator"]
        self.log.run([*uv, self.collection / "simulator"], cwd=self.dist, env=importer.variables())
        self._try_simulator()

    def _try_simulator(self) -> None:
        """The package alone, in an environment of its own, starts."""
        _core, python = machine.newest_core()
        with tempfile.TemporaryDirectory() as folder:
            place = Environment(Path(folder) / "venv")
            uv = environments.uv_program()
            env = environments.tool_environment("importer").variables()
            self.log.run([uv, "venv", "-q", "-p", machine.interpreters()[python], place.folder], cwd=self.dist, env=env)
            wheel = next(package for package in self.packages if package.suffix == ".whl")
            self.log.run([uv, "pip", "install", "-q", "--python", place.python, wheel], cwd=self.dist, env=env)
            self.log.run([place.bin / "applivery-simulator", "--list-switches"], cwd=self.dist, env=env)

    def galaxy(self) -> None:
        """Publish the artefact. The token comes from GALAXY_TOKEN and stands in no command line."""
        program = environments.tool_environment("importer")
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder) / "token"
            token.touch(mode=0o600)
            token.write_text(f"token: {os.environ.get('GALAXY_TOKEN', '')}\n")
            command = [program.bin / "ansible-galaxy", "collection", "publish", self.archive]
            self._send(command, program.variables(ANSIBLE_GALAXY_TOKEN_PATH=token), self.archive)

    def simulator(self) -> None:
        """Publish the simulator's packages, with the identity of the workflow instead of a token."""
        command = [environments.uv_program(), "publish", "--trusted-publishing", "always", *self.packages]
        self._send(command, dict(os.environ), *self.packages)

    def images(self, registry: str) -> None:
        """The execution and the decision environment, with this very artefact in them."""
        for definition, name in IMAGES.items():
            self._image(definition, f"{registry}/{name}:{self.version}")

    def _image(self, definition: str, tag: str) -> None:
        engine = next((found for found in ("podman", "docker") if shutil.which(found)), "podman")
        file = self._definition(definition)
        context = file.with_suffix(".context")
        builder = environments.core_environment(*machine.newest_core())
        verb = ["create"] if self.dry_run else ["build", "--container-runtime", engine, "--tag", tag]
        command = [builder.bin / "ansible-builder", *verb, "-f", file, "-c", context]
        self.log.run(command, cwd=file.parent, env={**builder.variables(), "HOME": str(Path.home())})
        packed = list(context.rglob(self.archive.name))
        if not packed:
            raise Failed(f"the image of {definition} would not hold the artefact")
        self._send([engine, "push", tag], dict(os.environ), *packed)

    def _definition(self, name: str) -> Path:
        """The definition that ships, with the artefact itself in place of its name on Galaxy."""
        folder = self.dist / "images"
        folder.mkdir(parents=True, exist_ok=True)
        text = (self.collection / name).read_text()
        ours = r'      - name: applivery\.distribution\n        version: ".*"\n'
        inside = f"      - name: /build/collections/{self.archive.name}\n        type: file\n"
        text, found = re.subn(ours, inside, text)
        if found != 1:
            raise Failed(f"{name} does not take the collection as it did")
        files = f"\nadditional_build_files:\n  - src: {self.archive}\n    dest: collections\n"
        (folder / name).write_text(text + files)
        return folder / name

    def _run(self, environment: Environment, program: str, *arguments: str | Path) -> None:
        variables = environment.variables(ANSIBLE_COLLECTIONS_PATH=self.collection.parents[2])
        self.log.run([environment.bin / program, *arguments], cwd=self.collection, env=variables)

    def _send(self, command: Sequence[object], env: dict[str, str], *what: Path) -> None:
        missing = [str(path) for path in what if not path.exists()] or ([] if what else ["nothing was built"])
        if missing:
            raise Failed(f"There is nothing to send: {', '.join(missing)}")
        if self.dry_run:
            self.log.write("would run: " + " ".join(map(str, command)))
            return
        self.log.run(command, cwd=self.dist, env=env)


def step(name: str, *, tag: str, registry: str, dry_run: bool) -> bool:
    """One step of the workflow, on this clone; what it made stays for the next one."""
    log = Log(CACHE / "logs" / f"release-{name}.log")
    root = CACHE / "trees" / "release"
    release = Release(log, tree.lay_out(root), DIST, dry_run=dry_run)
    steps: dict[str, Callable[[], object]] = {
        "check": lambda: release.check(tag),
        "changelog": release.changelog,
        "build": release.build,
        "galaxy": release.galaxy,
        "simulator": release.simulator,
        "images": lambda: release.images(registry),
    }
    try:
        steps[name]()
    except Failed:
        print(log.text()[-4000:])
        raise
    if name == "changelog":
        _bring_back(release.collection)
    print(log.text())
    return True


def _bring_back(collection: Path) -> None:
    """The changelog was made in a tree, where Ansible finds the plugins; it belongs into the clone."""
    shutil.copy2(collection / "CHANGELOG.md", REPOSITORY)
    shutil.copy2(collection / "changelogs" / "changelog.yaml", REPOSITORY / "changelogs")
    for fragment in (REPOSITORY / "changelogs" / "fragments").glob("*.yml"):
        if not (collection / "changelogs" / "fragments" / fragment.name).exists():
            fragment.unlink()


def gate() -> Gate:
    """All steps as far as one machine can go, in a copy."""

    def check(log: Log) -> None:
        with tree.exclusive("release") as root:
            shutil.rmtree(root / tree.COLLECTION, ignore_errors=True)
            (root / ".files").unlink(missing_ok=True)
            rehearsal = Release(log, tree.lay_out(root), root / "dist", dry_run=True)
            rehearsal.check(f"v{rehearsal.version}")
            rehearsal.build()
            rehearsal.galaxy()
            rehearsal.simulator()
            rehearsal.images("registry.example.com")

    return Gate("release", check, telling=IMPORTER_COMPLAINT)


def build_artefact(log: Log, environment: Environment, collection: Path, output: Path) -> Path:
    """Build the collection and return the archive."""
    command = [environment.bin / "ansible-galaxy", "collection", "build", "--force", "--output-path", output]
    log.run(command, cwd=collection, env=environment.variables())
    return next(output.glob("*.tar.gz"))


def import_check(log: Log, environment: Environment, archive: Path) -> None:
    """What Galaxy and Automation Hub check on upload. It ends with 0 whatever it finds, so its log is read."""
    settings = archive.parent / "galaxy-importer.cfg"
    # It would start ansible-test in a container; the sanity gate has done that without one.
    lines = ["[galaxy-importer]", "RUN_ANSIBLE_TEST = False", *(f"{name} = True" for name in IMPORTER_CHECKS)]
    settings.write_text("\n".join(lines) + "\n")
    command = [environment.python, "-m", "galaxy_importer.main", archive]
    log.run(command, cwd=archive.parent, env=environment.variables(GALAXY_IMPORTER_CONFIG=settings))
    settings.unlink()
    with tarfile.open(archive) as content:
        names = content.getnames()
    read_importer_log(log, names)
    _check_content(names)


def read_importer_log(log: Log, names: Sequence[str] = ()) -> None:
    text = log.text()
    if "Importer processing completed successfully" not in text:
        raise Failed("the importer did not get to its end")
    complaints = [line for line in text.splitlines() if re.search(IMPORTER_COMPLAINT, line)]
    # The linter can't look up a collection that it reads out of its archive: what it misses is looked for here instead.
    complaints = [line for line in complaints if not _is_in_archive(line, names)]
    if complaints:
        raise Failed(f"the importer complains: {complaints[0]}")


def _is_in_archive(complaint: str, names: Sequence[str]) -> bool:
    missed = re.search(r"Failed to find applivery\.distribution\.(\w+) playbook\.$", complaint)
    return missed is not None and f"playbooks/{missed[1]}.yml" in names


def _check_content(names: Sequence[str]) -> None:
    tops = {name.removeprefix("./").split("/", 1)[0] for name in names}
    workshop = tops & WORKSHOP | {name for name in tops if name.startswith(".") and name != "."}
    missing = WANTED - tops
    if workshop or missing:
        raise Failed(f"the artefact holds the workshop's {sorted(workshop)} and lacks {sorted(missing)}")
