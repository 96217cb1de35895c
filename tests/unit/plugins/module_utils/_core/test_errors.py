# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error says about what was written."""

from __future__ import annotations

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
    RequestFailed,
    as_ambiguous,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._module import _failed


@pytest.mark.parametrize(
    ("problem", "changed"),
    [
        (InvalidInput("no"), False),
        (RequestFailed("no"), False),
        (RequestFailed("no").with_result(changed=True), True),
        (AmbiguousWrite("no"), True),
        (AmbiguousWrite("no").with_result(previous={}), True),
        (AmbiguousWrite("no").with_result(changed=False), False),
    ],
)
def test_a_task_that_fails_says_changed_where_something_may_have_been_written(
    problem: AppliveryError, changed: bool
) -> None:
    assert problem.changed == changed
    assert bool(_failed(problem).get("changed")) == changed


def test_an_error_becomes_ambiguous_and_keeps_what_it_tells() -> None:
    plain = RequestFailed("refused", failure(code=5024, status=409)).with_result(previous={"id": "1"})
    ambiguous = as_ambiguous(plain)
    assert (ambiguous.code, ambiguous.status, ambiguous.message) == (5024, 409, "refused")
    assert ambiguous.result == {"previous": {"id": "1"}}
    assert ambiguous.changed
    assert as_ambiguous(ambiguous) is ambiguous
