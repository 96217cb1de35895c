# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks in a real ansible-rulebook, against the simulator."""

from __future__ import annotations

import re
import socket
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_rulebook.validators import Validate

from ansible_collections.applivery.distribution.tests.eda.running import (
    ROOT,
    RULEBOOKS,
    Controller,
    Run,
    rulebook,
    started,
)
from applivery_simulator import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(switches={"unset_fields": "null"}) as simulator:
        yield simulator


def _variables(sim: Simulator, tmp_path: Path) -> dict[str, Any]:
    return {
        "applivery_publications": {"example-app": "example-beta", "second-app": "second-beta"},
        "applivery_organization": sim.organization["slug"],
        "applivery_api_url": sim.url,
        "applivery_interval": 1,
        "applivery_state_file": str(tmp_path / "state.json"),
        "applivery_job_template": "Applivery release",
        "applivery_awx_organization": "Mobile",
    }


def _build(sim: Simulator, system: str, **more: Any) -> str:
    return str(sim.add_build(os=system, deployer={"info": {"branch": "main"}}, **more)["id"])


def _publication(sim: Simulator, slug: str, application: str) -> dict[str, Any]:
    pinned = {"type": "build", "ios": _build(sim, "ios", application=application)}
    return sim.add_publication(slug=slug, application=application, filter=pinned)


def _together(sim: Simulator, application: str, action: Any) -> None:
    """Do something between two looks at an application, so that the next one sees all of it."""
    sim.fault("call", path=f"{application}/builds", action=action)


def _is_looking(run: Run, state: str) -> None:
    run.wait_for(Path(state).exists)


def test_builds_are_released_and_failures_told_over_a_restart(sim: Simulator, tmp_path: Path) -> None:
    first, second = sim.application, sim.add_application(slug="second-app")
    one = _publication(sim, "example-beta", first["id"])
    other = _publication(sim, "second-beta", second["id"])
    variables = {**_variables(sim, tmp_path), "applivery_unreturned_fields": "warn"}
    environ = {"APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token}
    rules = rulebook("release", 5)
    ready: dict[str, str] = {}

    def upload() -> None:
        ready["ios"] = _build(sim, "ios")
        ready["failed"] = _build(sim, "android", status="error")

    with started(tmp_path / "first", rules, variables, environ) as run:
        _is_looking(run, variables["applivery_state_file"])
        _together(sim, "example-app", upload)
        run.wait_for(lambda: sim.publications[one["id"]]["filter"].get("ios") == ready.get("ios", "none"))
        run.wait_for(lambda: f"Build {ready['failed']} (android) of example-app could not be processed" in run.output)
        # A playbook lives in a session of its own, and would outlive what started it.
        run.wait_for(lambda: "PLAY RECAP" in run.output)
        run.kill()
        assert sim.service_account_token not in run.output
        assert "simulator.example" not in run.output
    # While nobody looks, both applications get a build; they are released by one playbook.
    wanted = {one["id"]: _build(sim, "ios"), other["id"]: _build(sim, "ios", application=second["id"])}
    with started(tmp_path / "second", rules, variables, environ) as run:
        run.wait_for(lambda: all(sim.publications[key]["filter"]["ios"] == build for key, build in wanted.items()))
        run.wait_for(lambda: "PLAY RECAP" in run.output)
        assert run.output.count("PLAY [Line up the publications]") == 1
        assert sim.service_account_token not in run.output


def test_both_systems_are_one_job_of_awx(sim: Simulator, tmp_path: Path) -> None:
    variables = _variables(sim, tmp_path)
    sim.add_application(slug="second-app")
    # A name that would be run where it is handed on.
    canary = "{{ lookup('pipe', 'touch /nowhere/canary') }}"
    with Controller() as controller:
        environ = {"APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token, **controller.environ()}
        with started(tmp_path / "run", rulebook("release_awx", 5), variables, environ) as run:
            _is_looking(run, variables["applivery_state_file"])
            _together(sim, "example-app", lambda: (_build(sim, "ios", versionName=canary), _build(sim, "android")))
            run.wait_for(lambda: controller.launched)
            # A job of its own for the second build would have begun by the time of the next release.
            _together(sim, "example-app", lambda: _build(sim, "ios"))
            run.wait_for(lambda: len(controller.launched) > 1)
            assert "canary" not in run.output
    job = {"extra_vars": {"applivery_releases": {"example-app": "example-beta"}}, "limit": "all"}
    assert controller.launched == [job, job]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _post(url: str, body: bytes) -> bool:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", "X-Canary": "canary"})
    try:
        with urllib.request.urlopen(request):
            return True
    except urllib.error.URLError:
        return False


def test_a_webhook_launches_a_job_by_its_secret_path_alone(sim: Simulator, tmp_path: Path) -> None:
    port, path = _free_port(), "b7Yw2Qx9Lm4Kc8Td1Rz6"
    variables = {**_variables(sim, tmp_path), "applivery_webhook_port": port, "applivery_webhook_path": path}
    url = f"http://127.0.0.1:{port}"
    rules = rulebook("webhook_awx", 2)
    with Controller() as controller, started(tmp_path / "run", rules, variables, controller.environ()) as run:
        run.wait_for(lambda: _post(f"{url}/{path}", b'{"action": "feedback_created", "email": "canary@x.example"}'))
        for wrong in ("", "short", path[:-1] + "7", f"{path}/x"):
            assert _post(f"{url}/{wrong}", b'{"action": "build_processed", "application": "second-app"}')
        body = b'{"action": "build_processed", "build": {"id": "b1"}, "app": {"slug": "example-app"}, "by": "canary"}'
        assert _post(f"{url}/{path}", body)
        run.wait_for(lambda: controller.launched)
        # An application that is not in the payload may be any.
        assert _post(f"{url}/{path}", b'{"action": "build_processed", "data": {"note": "canary"}}')
        run.wait_for(lambda: len(controller.launched) > 1)
        run.wait_for(lambda: "feedback_created" in run.output)
        run.finish()
        assert "canary" not in run.output.lower()
    assert [job["extra_vars"]["applivery_releases"] for job in controller.launched] == [
        {"example-app": "example-beta"},
        variables["applivery_publications"],
    ]


def test_rulebooks_and_those_of_the_guide_are_what_ansible_rulebook_accepts() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_events.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?:(?: {4}.*)?\n)+)", guide, re.MULTILINE)
    texts = [textwrap.dedent(block) for block in blocks if "sources:" in block]
    assert texts
    for text in [*texts, *(path.read_text() for path in RULEBOOKS.glob("*.yml"))]:
        Validate.rulebook(yaml.safe_load(text))


def test_a_rulebook_is_found_by_its_name_and_a_wrong_token_ends_it_with_a_clear_line(
    sim: Simulator, tmp_path: Path
) -> None:
    sim.add_application(slug="second-app")
    environ = {"APPLIVERY_SERVICE_ACCOUNT_TOKEN": "canary-token"}
    with started(tmp_path / "run", "applivery.distribution.release", _variables(sim, tmp_path), environ) as run:
        run.process.wait()
        assert "can't be read: the service answered HTTP 401" in run.output
        assert "canary" not in run.output
