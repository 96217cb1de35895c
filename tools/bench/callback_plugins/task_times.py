# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes how long each task took to the file in BENCH_TIMES: task name -> seconds of every run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
short_description: Writes task times to a file
description: Writes the seconds of every run of every task to the file named in BENCH_TIMES.
type: aggregate
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._began: dict[str, float] = {}
        self._times: dict[str, list[float]] = {}

    def v2_runner_on_start(self, host: Any, task: Any) -> None:  # noqa: ARG002 - the signature is Ansible's
        self._began[task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        task = getattr(result, "task", None) or result._task
        began = self._began.pop(task._uuid, None)
        if (getattr(result, "result", None) or result._result).get("changed"):
            raise AssertionError(f"{task.get_name()} changed something")
        if began is not None:
            self._times.setdefault(task.get_name().lower(), []).append(time.monotonic() - began)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002 - the signature is Ansible's
        Path(os.environ["BENCH_TIMES"]).write_text(json.dumps(self._times))
