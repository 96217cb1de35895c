# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file: nothing is lost over a restart, at whatever moment it comes."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.events import (
    EXTENSIONS,
    Watcher,
    builds,
    told,
    with_account,
    with_app_token,
)
from applivery_simulator import Simulator


class Killed(BaseException):
    """The process is gone: nobody handles this."""


class Mine:
    """Ends the process at the Nth step of everything that leaves a trace: events, and what is done with files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self._left = at
        for module, name in ((builds.os, "open"), (builds.os, "fsync"), (builds.os, "replace")):
            monkeypatch.setattr(module, name, self._around(getattr(module, name)))
        monkeypatch.setattr(builds.json, "dump", self._half_of_a_file)

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = function(*args, **kwargs)
            self.step()
            return result

        return stepped

    def _half_of_a_file(self, data: Any, handle: Any) -> None:
        text = json.dumps(data)
        handle.write(text[: len(text) // 2])
        handle.flush()
        self.step()
        handle.write(text[len(text) // 2 :])

    @property
    def exploded(self) -> bool:
        return self._left <= 0


@contextmanager
def _mined(at: int) -> Iterator[Mine]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Mine(monkeypatch, at)


def _run_until_killed(args: dict[str, Any], at: int) -> tuple[list[dict[str, Any]], bool]:
    """Three looks with a mine at step ``at``; what was sent, and whether it went off."""
    with Watcher(args) as watcher, _mined(at) as mine:
        watcher.queue.before = watcher.queue.after = mine.step
        try:
            for _look in range(3):
                watcher.look()
        except Killed:
            pass
        return watcher.queue.events, mine.exploded


@pytest.mark.parametrize("world", [{}, {"profile": "hostile"}], ids=str)
def test_killed_at_any_moment_it_loses_nothing(
    simulator: Callable[..., Simulator], tmp_path: Path, world: dict[str, Any]
) -> None:
    sim = simulator(**world)
    second = sim.add_application(slug="second")
    for at in range(1, 1000):
        args = with_account(sim, state_file=str(tmp_path / f"{at}.json"))
        with Watcher(args) as watcher:
            watcher.look()
        wanted = {sim.add_build()["id"], sim.add_build(application=second["id"])["id"]}
        wanted.add(sim.add_build(status="error")["id"])
        sent, exploded = _run_until_killed(args, at)
        with Watcher(args) as watcher:
            again = watcher.look()
            assert watcher.look() == []
        assert {event["build"]["id"] for event in [*sent, *again]} == wanted
        if not exploded:
            assert again == []
            break
    assert at > 20


def test_a_restart_tells_what_came_meanwhile_and_nothing_twice(sim: Simulator, tmp_path: Path) -> None:
    args = with_account(sim, state_file=str(tmp_path / "state.json"))
    sim.add_build()
    waiting = sim.add_build(status="pending", processing=None)
    with Watcher(args) as watcher:
        assert watcher.look() == []
        first = sim.add_build()
        assert told(watcher.look()) == [("build_processed", first["id"])]
    sim.change(waiting["id"], status="error")
    later = sim.add_application(slug="later")
    meanwhile = [sim.add_build(), sim.add_build(application=later["id"])]
    with Watcher(args) as watcher:
        assert {build for _event, build in told(watcher.look())} == {
            waiting["id"],
            *(build["id"] for build in meanwhile),
        }
        assert watcher.look() == []
    with Watcher(args) as watcher:
        assert watcher.look() == []


def test_more_than_a_page_may_come_while_it_is_down(sim: Simulator, tmp_path: Path) -> None:
    args = with_app_token(sim, state_file=str(tmp_path / "state.json"))
    with Watcher(args) as watcher:
        watcher.look()
    fresh = [sim.add_build()["id"] for _number in range(3 * builds.PAGE_SIZE)]
    with Watcher(args) as watcher:
        assert [event["build"]["id"] for event in watcher.look()] == fresh


def test_without_a_file_a_start_is_a_first_look(sim: Simulator) -> None:
    with Watcher(with_app_token(sim)) as watcher:
        watcher.look()
    sim.add_build()
    with Watcher(with_app_token(sim)) as watcher:
        assert watcher.look() == []


def test_an_application_named_later_begins_with_its_next_build(sim: Simulator, tmp_path: Path) -> None:
    second = sim.add_application(slug="second")
    sim.add_build(application=second["id"])
    path = str(tmp_path / "state.json")
    with Watcher(with_account(sim, applications=["example-app"], state_file=path)) as watcher:
        watcher.look()
    with Watcher(with_account(sim, applications=["example-app", "second"], state_file=path)) as watcher:
        assert watcher.look() == []
        fresh = sim.add_build(application=second["id"])
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


def test_the_file_holds_no_secret_and_is_its_owners(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Watcher(with_account(sim, state_file=str(path), replay=600)) as watcher:
        watcher.look()
        sim.add_build(changelog="ana@north.example")
        watcher.look()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]
    for secret in (sim.service_account_token, "north.example", "simulator.example"):
        assert secret not in path.read_text()


def test_a_quiet_time_writes_nothing(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Watcher(with_account(sim, state_file=str(path))) as watcher:
        watcher.look()
        before = path.stat().st_ino
        watcher.look()
        assert path.stat().st_ino == before


GOOD = {"version": 1, "about": "", "listed": False, "applications": {}, "recent": []}
MEMORY = {"known": {}, "awaited": [], "horizon": "", "first": True, "depth": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100000,
        json.dumps({**GOOD, "version": 2}).encode(),
        json.dumps({**GOOD, "applications": []}).encode(),
        json.dumps({**GOOD, "recent": [1]}).encode(),
        json.dumps({**GOOD, "listed": "no"}).encode(),
        json.dumps({**GOOD, "applications": {"a": {}}}).encode(),
        json.dumps({**GOOD, "applications": {"a": {**MEMORY, "depth": "1"}}}).encode(),
        json.dumps({**GOOD, "applications": {"a": {**MEMORY, "awaited": ["x"]}}}).encode(),
        json.dumps({**GOOD, "applications": {"a": {**MEMORY, "known": {"x": 1}}}}).encode(),
    ],
)
def test_a_file_that_is_no_state_file_ends_it_and_stays(sim: Simulator, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.json"
    about = f"{sim.url}/v1/integrations".encode()
    path.write_bytes(content.replace(b'"about": ""', b'"about": "' + about + b'"'))
    kept = path.read_bytes()
    with (
        pytest.raises(builds.Stop, match=r"state\.json.*move it away"),
        Watcher(with_app_token(sim, state_file=str(path))),
    ):
        pass
    assert path.read_bytes() == kept
    assert sim.requests == []


def test_a_folder_is_no_state_file(sim: Simulator, tmp_path: Path) -> None:
    with pytest.raises(builds.Stop, match="Is a directory"), Watcher(with_app_token(sim, state_file=str(tmp_path))):
        pass


def test_the_file_of_another_source_is_refused(sim: Simulator, tmp_path: Path) -> None:
    path = str(tmp_path / "state.json")
    with Watcher(with_app_token(sim, state_file=path)) as watcher:
        watcher.look()
    with pytest.raises(builds.Stop, match="belongs to"), Watcher(with_account(sim, state_file=path)):
        pass


def test_a_disk_that_is_full_is_told_and_ends_nothing(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_unused: Any) -> None:
        raise OSError(28, "No space left on device")

    with Watcher(with_app_token(sim, state_file=str(tmp_path / "state.json"))) as watcher:
        watcher.look()
        fresh = sim.add_build()
        with monkeypatch.context() as context:
            context.setattr(builds.os, "fsync", full)
            assert told(watcher.look()) == [("build_processed", fresh["id"])]
        assert watcher.look() == []
    assert "No space left on device" in caplog.text
    # What could not be written is told again.
    with Watcher(with_app_token(sim, state_file=str(tmp_path / "state.json"))) as watcher:
        assert told(watcher.look()) == [("build_processed", fresh["id"])]


# --- replay ---------------------------------------------------------------------------------------------------------


def test_what_a_rule_may_have_forgotten_is_sent_again(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    args = with_app_token(sim, state_file=str(tmp_path / "state.json"), replay=600)
    with Watcher(args) as watcher:
        watcher.look()
        old = sim.add_build()
        watcher.look()
        monkeypatch.setattr(builds.time, "time", lambda: now + 700)
        watcher.look()
        fresh = sim.add_build()
        watcher.look()
    assert old["id"] not in json.dumps(json.loads((tmp_path / "state.json").read_text())["recent"])
    # However long it was down, and however often it is stopped in that time.
    for later in (90000, 90100):
        monkeypatch.setattr(builds.time, "time", lambda later=later: now + later)
        with Watcher(args) as watcher:
            assert told(watcher.queue.events) == [("build_processed", fresh["id"])]
            assert watcher.look() == []
    with Watcher({**args, "replay": 0}) as watcher:
        assert watcher.queue.events == []


# --- the whole thing, as ansible-rulebook starts it -----------------------------------------------------------------

DRIVER = """\
import asyncio, json, runpy, sys
class Queue:
    async def put(self, event):
        print(json.dumps(event), flush=True)
asyncio.run(runpy.run_path(sys.argv[1])["main"](Queue(), json.loads(sys.argv[2])))
"""


def _started(args: dict[str, Any], environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DRIVER, str(EXTENSIONS / "plugins" / "event_source" / "builds.py")]
    return subprocess.Popen(
        [*command, json.dumps(args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ.get("PATH", ""), **environ},
    )


def test_a_process_that_is_killed_and_started_again(sim: Simulator, tmp_path: Path) -> None:
    args = {"api_url": sim.url, "interval": 1, "state_file": str(tmp_path / "state.json"), "since": "2020-01-01"}
    environ = {
        "APPLIVERY_APP_TOKEN": sim.app_token,
        "APPLIVERY_ORGANIZATION": "",
        "APPLIVERY_API_URL": "https://x.example",
    }
    seen: set[str] = set()
    for _round in range(3):
        fresh = {sim.add_build()["id"], sim.add_build()["id"]}
        process = _started(args, environ)
        assert process.stdout is not None
        while not fresh <= seen:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            seen.add(json.loads(line)["build"]["id"])
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert seen == set(sim.builds)


def test_a_wrong_setting_ends_the_process_with_one_clear_line(sim: Simulator) -> None:
    process = _started({"api_url": sim.url, "app_token": "canary-token"}, {})
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("Stop: ") or "Stop: the builds of the application can't be read" in errors
    assert "canary" not in errors
