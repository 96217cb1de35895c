# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the two ways a task takes, what it finds around it, and that nothing of it is left for the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.tests.support.ways import environment, run_play
from applivery_simulator import Simulator

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
LIST = "applivery.distribution.applivery_publication_info"
# What Ansible says when it starts a module, or can't get to where it would.
STARTED = "Using module file"
NOT_STARTED = "UNREACHABLE!"
WAYS = pytest.mark.parametrize("here", [True, False], ids=["in process", "as a module"])


def write(folder: Path, *tasks: Mapping[str, Any], **keywords: Any) -> Path:
    folder.mkdir(exist_ok=True)
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"name": "Play", "hosts": "all", "gather_facts": False, "vars": variables, **keywords, "tasks": list(tasks)}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    return folder


def listing(name: str, options: Any = None, **keywords: Any) -> dict[str, Any]:
    return {"name": name, LIST: options or {}, "register": name, "ignore_errors": True, **keywords}


def keep(folder: Path, *names: str) -> dict[str, Any]:
    """A task that writes what was registered to files, one for each host."""
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    place = str(folder / "{{ inventory_hostname }}.json")
    return {"name": "keep", "ansible.builtin.copy": {"content": content, "dest": place, "mode": "0600"}}


def kept(folder: Path, host: str = "localhost") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{host}.json").read_text())
    return found


def test_there_is_an_action_for_every_module_with_its_definition() -> None:
    names = sorted(path.name for path in (PLUGINS / "modules").glob("applivery_*.py"))
    assert sorted(path.name for path in (PLUGINS / "action").glob("applivery_*.py")) == names
    for name in names:
        module, action = ((PLUGINS / kind / name).read_text() for kind in ("modules", "action"))
        imported = [line for line in action.splitlines() if line.endswith("import DEFINITION")]
        assert len(imported) == 1
        assert imported[0] in module or imported[0].startswith("from ..plugin_utils.")


def test_which_way(sim: Simulator, tmp_path: Path) -> None:
    """All in one play: what is said of a task decides, and nothing that was said of the one before."""
    ways: dict[str, tuple[bool, dict[str, Any]]] = {
        "plain": (True, {}),
        "unwanted": (False, {"vars": {"applivery_in_process": False}}),
        "unwanted_as_text": (False, {"vars": {"applivery_in_process": "no"}}),
        "again": (True, {}),
        "in_the_background": (False, {"async": 20, "poll": 1}),
        "as_somebody": (False, {"become": True, "become_exe": "/bin/false"}),
        "other_python": (False, {"vars": {"ansible_python_interpreter": str(tmp_path / "python")}}),
        "any_python": (True, {"vars": {"ansible_python_interpreter": "auto_silent"}}),
        "the_same_python": (True, {"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}),
        "started_otherwise": (False, {"environment": {"PYTHONWARNINGS": "ignore"}}),
        "in_an_environment": (True, {"environment": {"APPLIVERY_STORE": ""}}),
        "over_a_network": (
            False,
            {"vars": {"ansible_connection": "ssh", "ansible_ssh_executable": "/bin/false"}, "ignore_unreachable": True},
        ),
        "beside": (True, {"delegate_to": "beside", "vars": {"ansible_connection": "local"}}),
        "checked": (True, {"check_mode": True, "diff": True}),
        "unshown": (True, {"no_log": True}),
        "in_time": (True, {"timeout": 60}),
    }
    (tmp_path / "python").symlink_to(sys.executable)
    folder = write(tmp_path / "book", *(listing(name, **keywords) for name, (_here, keywords) in ways.items()))
    done = run_play(folder, sim, None, "-vvv")
    parts = {part.split("]", 1)[0]: part for part in done.stdout.split("\nTASK [")[1:]}
    found = {name: STARTED not in parts[name] and NOT_STARTED not in parts[name] for name in ways}
    assert found == {name: here for name, (here, _keywords) in ways.items()}, done.stdout


def test_a_switch_that_is_neither_true_nor_false_fails(sim: Simulator, tmp_path: Path) -> None:
    folder = write(tmp_path / "book", listing("done", vars={"applivery_in_process": "perhaps"}), keep(tmp_path, "done"))
    run_play(folder, sim, None)
    assert "applivery_in_process: 'perhaps' is neither true nor false" in kept(tmp_path)["done"]["msg"]
    assert not sim.requests


@pytest.mark.parametrize("missing", ["requests", "jmespath"])
def test_without_a_library_the_module_runs(sim: Simulator, tmp_path: Path, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text("raise ImportError('not here')\n")
    done = run_play(write(tmp_path / "book", listing("done")), sim, True, "-vvv", PYTHONPATH=str(tmp_path))
    assert STARTED in done.stdout
    assert ("required Python library (requests)" in done.stdout) == (missing == "requests")


# What is around it ----------------------------------------------------------------------------------------------------


@WAYS
def test_tasks_of_one_play_do_not_share_tokens(sim: Simulator, tmp_path: Path, here: bool) -> None:
    right, wrong = {"service_account_token": sim.service_account_token}, {"service_account_token": "wrong-token-01"}
    tokens = [right["service_account_token"], wrong["service_account_token"], right["service_account_token"]]
    tasks = [
        listing("first", right),
        listing("second", wrong),
        listing("third"),
        listing("fourth", environment={"APPLIVERY_SERVICE_ACCOUNT_TOKEN": "wrong-token-02"}),
        listing("fifth"),
        listing("looped", {"service_account_token": "{{ item }}"}, loop=tokens),
    ]
    names = [task["name"] for task in tasks]
    run_play(write(tmp_path / "book", *tasks, keep(tmp_path, *names)), sim, here)
    found = kept(tmp_path)
    assert [bool(found[name]["failed"]) for name in names[:-1]] == [False, True, False, True, False]
    assert [bool(item["failed"]) for item in found["looped"]["results"]] == [False, True, False]


@WAYS
@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_hosts_side_by_side_do_not_share_anything(sim: Simulator, tmp_path: Path, here: bool, strategy: str) -> None:
    hosts = [f"host{number}" for number in range(4)]
    sim.add_publication(slug="host1")
    token = (
        f"{{{{ '{sim.service_account_token}' if inventory_hostname in ['host0', 'host1'] else inventory_hostname }}}}"
    )
    folder = write(
        tmp_path / "book",
        listing("by_option", {"service_account_token": token, "slug": "{{ inventory_hostname }}"}),
        listing("by_variable", {"slug": "host1"}, environment={"APPLIVERY_SERVICE_ACCOUNT_TOKEN": token}),
        keep(tmp_path, "by_option", "by_variable"),
        strategy=strategy,
    )
    run_play(folder, sim, here, "-f", "4", "-i", ",".join(hosts))
    found = {host: kept(tmp_path, host) for host in hosts}
    for name in ("by_option", "by_variable"):
        assert [bool(found[host][name]["failed"]) for host in hosts] == [False, False, True, True]
    assert [found[host]["by_option"].get("publications", "refused") == [] for host in hosts] == [
        True,
        False,
        False,
        False,
    ]
    assert [len(found[host]["by_variable"].get("publications", [])) for host in hosts] == [1, 1, 0, 0]


@WAYS
def test_a_warning_stays_with_its_task(sim: Simulator, tmp_path: Path, here: bool) -> None:
    folder = write(
        tmp_path / "book",
        listing("warned", {"validate_certs": "{{ item }}"}, loop=[False, True]),
        listing("not_warned"),
        keep(tmp_path, "warned", "not_warned"),
    )
    done = run_play(folder, sim, here)
    found = kept(tmp_path)
    warned = ["validate_certs is false" in str(item.get("warnings")) for item in found["warned"]["results"]]
    # Until 2.19 a warning was shown and not kept.
    assert warned in ([True, False], [False, False])
    assert (done.stdout + done.stderr).count("validate_certs is false") == 1
    assert "warnings" not in found["not_warned"]


@WAYS
def test_a_task_ends_when_its_time_is_over(sim: Simulator, tmp_path: Path, here: bool) -> None:
    sim.fault("slow", seconds=600, times=None)
    run_play(write(tmp_path / "book", listing("done", timeout=3), keep(tmp_path, "done")), sim, here)
    found = kept(tmp_path)["done"]
    assert found["failed"]
    assert "3 second" in found["msg"] or "time frame (3)" in found["msg"]


@WAYS
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_play_that_is_told_to_end_does(sim: Simulator, tmp_path: Path, here: bool, sign: signal.Signals) -> None:
    sim.fault("slow", seconds=600, times=None)
    folder = write(tmp_path / "book", listing("done"), listing("never"))
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [program, "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    command += ["-e", json.dumps({"applivery_in_process": here}), folder / "play.yml"]
    # What is started in the background of a shell ignores SIGINT, and so would all that it starts.
    heeding = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", heeding, *command],
        env=environment(folder, sim),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        while not sim.requests:
            assert running.poll() is None
            time.sleep(0.05)
        os.killpg(running.pid, sign)
        assert running.wait(120) != 0
    assert len(sim.requests) == 1
