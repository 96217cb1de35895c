# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that only waiting moves, so that no budget of a client depends on how fast the machine is."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable


class Clock:
    """A clock that only sleeping moves; sleeps are remembered. ``real``: a sleep takes its time as well, for servers
    that count seconds themselves."""

    def __init__(self, real: bool = False) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self._real = real
        self._lock = threading.Lock()
        self.before_sleep: Callable[[float], None] = lambda _seconds: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.before_sleep(seconds)
        if self._real:
            time.sleep(seconds)
        with self._lock:
            self.sleeps.append(seconds)
            self.now += seconds


def keep_time(api: Any, clock: Clock) -> None:
    """Let a client's waits and budgets be counted by ``clock``."""
    api.transport.clock, api.transport.sleep = clock, clock.sleep
    api.transport.gate._clock, api.transport.gate._sleep = clock, clock.sleep


def eventually(condition: Callable[[], bool], guard: float = 120) -> None:
    """Wait for what another thread or process does by itself; ``guard`` seconds only keep a defect from hanging."""
    until = time.monotonic() + guard
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
