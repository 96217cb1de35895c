# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Misbehaviour on request.

A fault is chosen by ``method``, ``path`` (a regular expression, searched in the path with its query) and counting: the
first ``skip`` fitting requests pass, the next ``times`` are hit (None = all). The kinds and their details:

status: any ``status``; a JSON error with ``code``, ``message``, ``data``, or any ``body`` (text or JSON); ``headers``.
too_many: 429; ``retry_after`` in seconds, None = no header, "date" = an HTTP date ``seconds`` (1) from now.
server_error: 500 (``status``) with a JSON error.
html: 502 (``status``) with an HTML page.
not_json: 200 (``status``) with text that is no JSON.
empty: 200 (``status``) without a body.
truncated: the body stops half-way: ``variant`` "cut" (connection cut) or "invalid" (complete, but no JSON).
cut_before: the connection is cut before anything was done.
cut_after: everything is done, then the connection is cut.
refuse_early: refused (with ``status`` or as it deserves) and closed while the body is being sent.
slow: ``seconds`` pass before the request is handled.
status_false: 200 with ``status: false`` and a ``code``.
redirect: 302 (``status``) to ``location`` on another host.
wrong_type: ``data`` is ``value`` (a string when left out).
repeat_page: a list answers the page before once more.
shrink: an object (``id``, or the first one of the list) disappears before the request is handled.
lying_total: a list claims ``pages`` (1) more pages than it has; -1 claims fewer.
interfere: another writer changes ``fields`` of the object ``id`` before the request is handled.
call: ``action()`` runs before the request is handled (in-process only).

``done`` says whether the request takes effect although its answer is spoiled. It is true from the start for empty,
not_json, truncated, wrong_type and cut_after, and can be given for status, too_many, server_error, html, redirect,
status_false and slow too (a slow one then waits after the effect).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

DONE = {"empty", "not_json", "truncated", "wrong_type", "cut_after"}
REPLACING = {"status", "too_many", "server_error", "html", "redirect", "status_false"}
PASSING = {"slow", "repeat_page", "shrink", "lying_total", "interfere", "call"}
KINDS = {"cut_before", "refuse_early"} | DONE | REPLACING | PASSING

DETAILS: dict[str, set[str]] = {
    "status": {"status", "code", "message", "body", "headers", "done", "data"},
    "too_many": {"retry_after", "seconds", "done"},
    "server_error": {"status", "code", "message", "done"},
    "html": {"status", "done"},
    "not_json": {"status", "done"},
    "empty": {"status", "done"},
    "truncated": {"variant", "done"},
    "cut_before": set(),
    "refuse_early": {"status", "code", "message", "body", "headers"},
    "cut_after": set(),
    "slow": {"seconds", "done"},
    "status_false": {"code", "message", "done"},
    "redirect": {"status", "location", "done"},
    "wrong_type": {"value", "done"},
    "repeat_page": set(),
    "shrink": {"id"},
    "lying_total": {"pages"},
    "interfere": {"id", "fields"},
    "call": {"action"},
}


@dataclass
class Fault:
    """One planned misbehaviour and how often it still happens."""

    kind: str
    method: str | None = None
    path: str | None = None
    times: int | None = 1
    skip: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(sorted(KINDS))}")
        unknown = set(self.details) - DETAILS[self.kind]
        if unknown:
            known = ", ".join(sorted(DETAILS[self.kind]))
            raise ValueError(f"the fault {self.kind!r} does not know {', '.join(sorted(unknown))}; it knows: {known}")
        if self.kind == "status" and "status" not in self.details:
            raise ValueError("the fault 'status' needs status")
        re.compile(self.path or "")

    def get(self, name: str, default: Any = None) -> Any:
        """Return a detail."""
        return self.details.get(name, default)

    @property
    def done(self) -> bool:
        """Return whether the request takes effect although its answer is spoiled."""
        return bool(self.details.get("done", self.kind in DONE))

    def fits(self, method: str, target: str) -> bool:
        """Return whether a request is meant; ``target`` is the path with its query."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or re.search(self.path, target) is not None
        )


class Faults:
    """The planned misbehaviour, in the order in which it was asked for."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> Fault:
        """Add a fault."""
        with self._lock:
            self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """Drop everything that is planned."""
        with self._lock:
            self._planned.clear()

    def pending(self) -> list[Fault]:
        """Return what is still planned."""
        with self._lock:
            return list(self._planned)

    def take(self, method: str, target: str) -> Fault | None:
        """Return the fault that hits this request, if any; every fitting one counts its skips."""
        with self._lock:
            for fault in self._planned:
                if not fault.fits(method, target):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._planned.remove(fault)
                return fault
        return None
