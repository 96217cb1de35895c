# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OpenAPI document as strangers read it: generators of clients, a linter, and a tester of servers."""

from __future__ import annotations

import re
import shutil
from itertools import product
from pathlib import Path

from devel import environments, tree
from devel.environments import Environment
from devel.machine import CACHE, Failed
from devel.report import Gate, Log
from devel.simulator import running

DOCUMENT = Path("simulator") / "applivery_simulator" / "openapi.yaml"
# Its random requests break off at a file in a form, so uploads get the others alone.
_PHASES = {
    "--exclude-operation-id-regex": "examples,coverage,fuzzing",
    "--include-operation-id-regex": "examples,coverage",
}
NODE_PACKAGES = ("@redocly/cli@2.77.0", "openapi-typescript@7.13.0")


def gate() -> Gate:
    """Two client generators and a linter of OpenAPI run over the document and leave nothing out."""

    def check(log: Log) -> None:
        environment = environments.tool_environment("contract")
        collection = tree.lay_out(CACHE / "trees" / "contract")
        folder = CACHE / "contract"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        generate = [environment.bin / "openapi-python-client", "generate", "--meta", "none"]
        generate += ["--path", collection / DOCUMENT, "--output-path", folder / "python"]
        log.run(generate, cwd=folder, env=environment.variables())
        # It leaves out what it does not understand, and ends well.
        if re.search(r"^(Unable|WARNING|ERROR)", log.text(), re.MULTILINE):
            raise Failed("the generator of Python clients left something out")
        log.run([environment.python, "-m", "compileall", "-q", folder / "python"], cwd=folder, env={})
        _with_node(log, environment, collection / DOCUMENT, folder)

    return Gate("contract", check, telling=r"^(Unable|WARNING|ERROR|error)")


def _with_node(log: Log, environment: Environment, document: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        print("contract: npm was not found, so the generator of TypeScript clients and the linter were not run")
        return
    variables = environment.variables(npm_config_update_notifier="false", npm_config_fund="false")
    install = [npm, "install", "--no-save", "--no-package-lock", "--no-audit", "--prefix", CACHE / "node"]
    log.run([*install, *NODE_PACKAGES], cwd=folder, env=variables)
    programs = CACHE / "node" / "node_modules" / ".bin"
    log.run([programs / "redocly", "lint", document, "--format", "stylish"], cwd=folder, env=variables)
    log.run([programs / "openapi-typescript", document, "-o", folder / "client.ts"], cwd=folder, env=variables)


def attack(log: Log, seconds: int, seed: int) -> None:
    """Let a tester of servers send what it makes of the document; an answer of HTTP 500 is a failure."""
    environment = environments.tool_environment("contract")
    server = environments.demo_environment()
    collection = tree.lay_out(CACHE / "trees" / "contract")
    with running(server, collection, log.path.with_name("fuzz-simulator.log"), seed="demo") as simulator:
        tokens = {"^/integrations": simulator.app_token, "^/organizations": simulator.facts["service_account_token"]}
        for (paths, token), (uploads, phases) in product(tokens.items(), _PHASES.items()):
            command = [environment.bin / "schemathesis", "run", collection / DOCUMENT, "--url", f"{simulator.url}/v1"]
            command += ["--include-path-regex", paths, "--header", f"Authorization: Bearer {token}"]
            command += [uploads, "Upload", "--checks", "not_a_server_error", "--phases", phases, "--warnings", "off"]
            command += ["--suppress-health-check", "all", "--max-time", str(seconds), "--seed", str(seed)]
            log.run(command, cwd=log.path.parent, env=environment.variables())
