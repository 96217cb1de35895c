# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How property tests run: the one profile of hypothesis, loaded before any test is collected."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Callable

from hypothesis import HealthCheck, settings

PROFILE = "project"
SUPPRESSED = (
    # A clock: a busy machine fails it, whatever is tested.
    HealthCheck.too_slow,
    # Worlds of this size are what is tested.
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
    # The simulator is started once and begins anew in each example.
    HealthCheck.function_scoped_fixture,
)


def load() -> None:
    """Make it the default of every property test; where CI is set each run tries the same examples."""
    settings.register_profile(
        PROFILE,
        deadline=None,
        suppress_health_check=SUPPRESSED,
        derandomize=bool(os.environ.get("CI")),
        database=None,
        print_blob=True,
    )
    settings.load_profile(PROFILE)


def each_case(kind: str, play: Callable[[random.Random], None], seeds: Iterable[int]) -> None:
    """Play one case for each seed; a violation says how to repeat it alone."""
    for seed in seeds:
        try:
            play(random.Random(f"{kind} {seed}"))
        except Exception as violation:
            text = f"APPLIVERY_FUZZ_SEED={seed} APPLIVERY_FUZZ_CASES=1 repeats it: {violation}"
            raise AssertionError(text) from violation
