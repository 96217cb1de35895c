# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What a task is, whichever way it runs: its definition, what a resource gets to see of it, and how it ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Callable, Generic, NamedTuple, TypeVar

from .errors import AppliveryError

Client = TypeVar("Client")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Task(Generic[Client]):
    """What a resource gets to see of the task: its options, an API to talk to, and a way to warn.

    ``given`` are the options as the task says them, before Ansible made texts of numbers.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        api: Client,
        check_mode: bool,
        warn: Callable[[str], None],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.params = params
        self.given = params if given is None else given
        self.api = api
        self.check_mode = check_mode
        self.warn = warn


class Outcome(NamedTuple):
    """How a task ended: returned keys, and the diff of managed fields (shown only with ``--diff``).

    ``error`` fails the task although ``result`` holds what was done.
    """

    changed: bool = False
    result: Mapping[str, Any] = _NOTHING
    before: Mapping[str, Any] = _NOTHING
    after: Mapping[str, Any] = _NOTHING
    title: str = ""
    note: str = ""
    error: AppliveryError | None = None


class Needs(NamedTuple):
    """What the options of this very task demand of the connection."""

    workspace_only: str | None = None
    application: bool = False
    pool: int = 8


def _no_needs(_params: Mapping[str, Any]) -> Needs:
    return Needs()


class Definition(NamedTuple):
    """One module, said once for the module itself and for its action.

    ``spec`` is the argument spec without the connection options; ``needs`` looks at the options before anything is
    sent; ``constraints`` are AnsibleModule's own (``mutually_exclusive``, ``required_one_of`` and so on).
    """

    spec: Mapping[str, Any]
    run: Callable[[Task[Any]], Outcome]
    needs: Callable[[Mapping[str, Any]], Needs] = _no_needs
    constraints: Mapping[str, Any] = _NOTHING
