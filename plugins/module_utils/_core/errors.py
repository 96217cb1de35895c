# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The errors that lower layers raise and that only ``_module`` turns into a failed task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Failure = dict[str, Any]


def failure(
    code: int | None = None,
    message: str | None = None,
    status: int | None = None,
    method: str | None = None,
    path: str | None = None,
    fields: list[dict[str, Any]] | None = None,
    attempts: int = 0,
) -> Failure:
    """The structure a playbook can branch on; every key is always there, null where it does not apply."""
    return {
        "code": code,
        "message": message,
        "status": status,
        "method": method,
        "path": path,
        "fields": fields or [],
        "attempts": attempts,
    }


class AppliveryError(Exception):
    """What the person running the task is told: ``message`` says what was attempted on what, and what to do."""

    may_have_written = False

    def __init__(self, message: str, details: Failure | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.failure = details if details is not None else failure()
        self.result: dict[str, Any] = {}

    def __str__(self) -> str:
        return self.message

    @property
    def changed(self) -> bool:
        """Whether the task changed something, or may have, although it fails."""
        return bool(self.result.get("changed", self.may_have_written))

    def with_result(self, **result: Any) -> AppliveryError:
        """Attach what the task must return although it fails, such as ``previous``."""
        self.result.update(result)
        return self


class InvalidInput(AppliveryError):
    """An option, or a combination of options, that is refused before the first request."""


class MissingLibrary(AppliveryError):
    """A Python package that the task needs is not installed; ``library`` is its name on the package index."""

    def __init__(self, library: str, reason: str, trace: str = "") -> None:
        super().__init__(f"the Python package {library} is missing: {reason}")
        self.library = library
        self.reason = reason
        self.trace = trace


class ListingChanged(AppliveryError):
    """A listing that repeats, shrinks or delivers less than it announced: it must never look like absence."""


class RequestFailed(AppliveryError):
    """The server answered with an error, with something unusable, or not at all."""

    @property
    def status(self) -> int | None:
        return self.failure["status"]  # type: ignore[no-any-return]  # Failure is plain data for the playbook

    @property
    def code(self) -> int | None:
        return self.failure["code"]  # type: ignore[no-any-return]  # Failure is plain data for the playbook

    @property
    def absent(self) -> bool:
        """Only 404 together with code 3001 means that the object is not there (fact sheet, C22 and hazard 20)."""
        return self.status == 404 and self.code == 3001

    @property
    def body_refused(self) -> bool:
        """The server understood the request and refused its content (6001 and 6002, or an uncoded 400 or 422)."""
        return self.code in (6001, 6002) or (self.status in (400, 422) and self.code in (None, 400))

    @property
    def field_names(self) -> list[str]:
        """The API names of the fields that a 6002 complains about, dotted, such as ``filter.ios``."""
        return [str(entry["field"]) for entry in self.failure["fields"]]


class AmbiguousWrite(RequestFailed):
    """A write whose outcome is unknown: look at the object before deciding, after a POST by its natural key.

    A task that ends with it says ``changed``; who has looked and seen that nothing was written says so with
    ``with_result(changed=False)``.
    """

    may_have_written = True


def as_ambiguous(problem: RequestFailed) -> AmbiguousWrite:
    """The same error of a repetition, where an earlier attempt may have been carried out all the same."""
    if isinstance(problem, AmbiguousWrite):
        return problem
    ambiguous = AmbiguousWrite(problem.message, problem.failure)
    ambiguous.result.update(problem.result)
    return ambiguous


@contextmanager
def attempting(what: str) -> Iterator[None]:
    """Put what was being done, and on what, before the message of any error from inside."""
    try:
        yield
    except AppliveryError as problem:
        problem.message = f"{what}: {problem.message}"
        raise
