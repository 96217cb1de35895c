# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates: run them a few at a time, say what runs, keep each one's log, and tell at the end what failed and why."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from devel.machine import CACHE, Failed

HEARTBEAT_SECONDS = 30.0
TAIL_LINES = 40
LINE_LENGTH = 240
_processes: set[subprocess.Popen[bytes]] = set()
_guard = Lock()
_stopping = Event()


class Log:
    """What one gate printed, and the processes that it starts."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self.path = path

    def run(self, command: Sequence[object], *, cwd: Path, env: Mapping[str, str], check: bool = True) -> int:
        """Run one command to its end, its output into the log. A failure ends the gate unless CHECK is off."""
        words = [str(word) for word in command]
        self.write("$ " + " ".join(words)[:LINE_LENGTH])
        with self.path.open("ab") as output:
            if _stopping.is_set():
                raise Failed("interrupted")
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with _guard:
                _processes.add(process)
            try:
                code = process.wait()
            finally:
                with _guard:
                    _processes.discard(process)
        if check and code:
            raise Failed(f"{Path(words[0]).name} ended with {code}")
        return code

    def write(self, text: str) -> None:
        with self.path.open("a") as output:
            output.write(text + "\n")

    def text(self) -> str:
        return self.path.read_text(errors="replace")


@dataclass
class Gate:
    """One thing that must be true. CHECK raises Failed when it is not.

    AFTER names gates whose data it needs; TELLING matches the lines of the log that say why it failed, where that is
    not its end.
    """

    name: str
    check: Callable[[Log], None]
    after: tuple[str, ...] = ()
    telling: str | None = None
    seconds: float = 0.0
    failure: str | None = None
    done: Event = field(default_factory=Event)

    @property
    def log(self) -> Path:
        return CACHE / "logs" / (re.sub(r"[^A-Za-z0-9.]+", "-", self.name) + ".log")


def run(gates: Sequence[Gate], at_a_time: int | None = None) -> bool:
    """Run the gates in order, AT_A_TIME of them together; tell each one's end, why some failed, and the count."""
    workers = at_a_time or min(2, os.cpu_count() or 1)
    progress = Progress(gates)
    with ThreadPoolExecutor(workers) as pool:
        try:
            futures = [pool.submit(_run_one, gate, progress) for gate in gates]
            while wait(futures, timeout=HEARTBEAT_SECONDS).not_done:
                progress.beat()
        except KeyboardInterrupt:
            stop()
            raise
    _tell(gates)
    return not any(gate.failure for gate in gates)


class Progress:
    """Says on one line each what begins, what ended, and, while nothing does, what still runs."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self.gates = {gate.name: gate for gate in gates}
        self._began: dict[str, float] = {}
        self._start = time.monotonic()

    def begin(self, gate: Gate) -> None:
        self._began[gate.name] = time.monotonic()
        print(f"begins  {gate.name}  ({len(self._began)} of {len(self.gates)})", flush=True)

    def end(self, gate: Gate) -> None:
        gate.seconds = time.monotonic() - self._began[gate.name]
        gate.done.set()
        verdict = "FAILED" if gate.failure else "passed"
        print(f"{verdict}  {gate.name}  ({gate.seconds:.0f} s; {self._left()} left)", flush=True)

    def beat(self) -> None:
        now = time.monotonic()
        running = [
            f"{name} ({now - began:.0f} s)" for name, began in self._began.items() if not self.gates[name].done.is_set()
        ]
        told = ", ".join(running) or "nothing"
        print(f"  ...   {told} still running after {(now - self._start) / 60:.0f} min; {self._left()} left", flush=True)

    def _left(self) -> int:
        return sum(1 for gate in self.gates.values() if not gate.done.is_set())


def stop() -> None:
    """End the processes that gates started (each is the head of a process group)."""
    _stopping.set()
    with _guard:
        for process in _processes:
            os.killpg(process.pid, signal.SIGTERM)


def _run_one(gate: Gate, progress: Progress) -> None:
    for name in gate.after:
        if name in progress.gates:
            progress.gates[name].done.wait()
    progress.begin(gate)
    log = Log(gate.log)
    try:
        gate.check(log)
    except Failed as failure:
        gate.failure = str(failure)
    except Exception as error:  # a broken gate is a failed gate, and the others still run
        gate.failure = f"{type(error).__name__}: {error}"
    finally:
        progress.end(gate)


def _excerpt(gate: Gate) -> list[str]:
    lines = gate.log.read_text(errors="replace").splitlines()
    # What Ansible reports as failed and then ignores was meant to fail.
    meant = {number for number, line in enumerate(lines, start=-1) if line == "...ignoring"}
    unexpected = [line for number, line in enumerate(lines) if number not in meant]
    told = [line for line in unexpected if re.search(gate.telling, line)] if gate.telling else []
    return (told or lines)[-TAIL_LINES:]


def _tell(gates: Sequence[Gate]) -> None:
    failed = [gate for gate in gates if gate.failure]
    for gate in failed:
        print(f"\n--- {gate.name}: {gate.failure} (whole log: {gate.log})")
        for line in _excerpt(gate):
            print(line[:LINE_LENGTH])
    width = max(len(gate.name) for gate in gates)
    print(f"\n{'gate':<{width}}  result  seconds")
    for gate in gates:
        print(f"{gate.name:<{width}}  {'FAILED' if gate.failure else 'passed'}  {gate.seconds:7.0f}")
    print(f"\n{len(gates) - len(failed)} passed, {len(failed)} failed", flush=True)
