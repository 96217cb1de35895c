# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of applivery_publication against a simulator, and what must hold whenever one is played."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import alike, canonical, is_empty
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC, run
from ansible_collections.applivery.distribution.tests.support.tasks import Ran, run_task
from applivery_simulator import Simulator

# What only the server can make, as far as check mode can't know it.
SERVER_MADE = {"id", "created_at", "updated_at", "distribution_url", "application_info", "organization", "store"}
OPTIONS = {entry.option for entry in PUBLICATION_FIELDS}
SERVER_MADE_IN_TASK = {"publication_id", "distribution_url"}

# A publication in which every writable field has a value that differs from any default.
FULL: dict[str, Any] = {
    "slug": "full-app",
    "visibility": "unlisted",
    "security": "logged",
    "groups": [["qa", "mobile"], ["press"]],
    "activateUserAudiences": True,
    "userAudienceMap": [
        {"id": "aaaaaaaaaaaaaaaaaaaaaaaa", "notifyNewBuildsProcessed": True},
        {"id": "bbbbbbbbbbbbbbbbbbbbbbbb", "notifyNewBuildsProcessed": False},
    ],
    "allowedCountries": ["ES", "PT"],
    "filter": {"type": "gitBranch", "value": "develop"},
    "tags": ["staging", "beta"],
    "showHistory": True,
    "showDevInfo": True,
    "hideAttachedFiles": True,
    "expirationDate": "2036-12-31T23:59:59Z",
    "terms": {"active": True, "text": "For evaluation."},
    "configuration": {
        "application": {"name": "Full App", "description": "All of it."},
        "branding": {"logo": "https://logo.example/l.png", "primaryColor": "#Ff5733", "buttonColor": "#00aaFF"},
    },
}
NEW: dict[str, Any] = {
    "slug": "new-app",
    "visibility": "active",
    "security": "public",
    "filter": {"type": "gitBranch", "value": "main"},
}
PASSWORD = "s3cr3t-Pass-Phrase"


def task(
    sim: Simulator, options: dict[str, Any], *, check: bool = False, api: str = "workspace", **changes: Any
) -> Ran:
    """One run of the module's task."""
    ran = run_task(run, SPEC, sim, options, check=check, api=api, **changes)
    assert_no_secret(ran, options.get("password"))
    return ran


def assert_no_secret(ran: Ran, password: str | None) -> None:
    """The password is in nothing that the task gives back."""
    if not password:
        return
    outcome = ran.outcome
    texts = [*ran.warnings, outcome.title, outcome.note, *map(repr, (outcome.result, outcome.before, outcome.after))]
    if ran.error is not None:
        texts += [ran.error.message, repr(ran.error.failure), repr(ran.error.result)]
    assert not [text for text in texts if password in text]


def truth(sim: Simulator) -> dict[str, Any]:
    """A copy of all publications that the server holds."""
    return copy.deepcopy(sim.publications)


def only(sim: Simulator, slug: str) -> dict[str, Any]:
    """The stored publication with this slug."""
    found = [item for item in sim.publications.values() if item["slug"] == slug]
    assert len(found) == 1, f"{len(found)} publications with the slug {slug}"
    return found[0]


def play(
    sim: Simulator,
    options: dict[str, Any],
    *,
    api: str = "workspace",
    again: dict[str, Any] | None = None,
    repeats: bool = False,
) -> Ran:
    """Check, apply, apply again, check again; returns the first apply.

    The check must have predicted the apply, and the second apply must find nothing to do (unless ``repeats``, one of
    the two documented exceptions). ``again`` are options of the repetitions where they have to differ.
    """
    before = truth(sim)
    sim.forget_requests()
    check = task(sim, options, check=True, api=api)
    assert sim.writes == []
    assert truth(sim) == before
    real = task(sim, options, api=api)
    assert real.error is None, real.error.message
    assert check.error is None, check.error.message
    assert_predicted(check, real, options)
    sim.forget_requests()
    repeated = task(sim, again or options, api=api)
    assert repeated.error is None, repeated.error.message
    if not repeats:
        assert (repeated.changed, sim.writes) == (False, []), repeated.outcome
        assert repeated.outcome.before == repeated.outcome.after == {}
        assert "previous" not in repeated.result
        assert task(sim, again or options, check=True, api=api).changed is False
        # What is returned does not depend on whether there was something to do.
        if real.result["publication"]:
            assert_same_publication(real.result["publication"], repeated.result["publication"])
    return real


def assert_predicted(check: Ran, real: Ran, options: dict[str, Any]) -> None:
    """What check mode said is what happened."""
    assert check.changed == real.changed
    assert (check.outcome.before, check.outcome.after) == (real.outcome.before, real.outcome.after)
    assert check.outcome.title == real.outcome.title
    assert set(check.result) == set(real.result)
    for key in set(real.result) - {"publication", "previous"}:
        made_by_server = key in SERVER_MADE_IN_TASK and check.result[key] is None
        assert made_by_server or check.result[key] == real.result[key], key
    predicted, actual = check.result["publication"], real.result["publication"]
    if actual is None:
        assert predicted is None
        return
    created = "previous" not in real.result
    for key in set(predicted) | set(actual):
        one, other = predicted.get(key), actual.get(key)
        if key in SERVER_MADE and one is None:
            continue
        default = created and key in OPTIONS and options.get(key) is None and is_empty(one)
        unwritten = key not in OPTIONS and one is None
        assert default or unwritten or alike(one or None, other or None) or one == other, (key, one, other)


def assert_same_publication(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal in every field that a task can name."""
    for option in OPTIONS - {"password"}:
        assert alike(one[option] or None, other[option] or None), option


def unmentioned_survive(before: dict[str, Any], after: dict[str, Any], mentioned: set[str]) -> None:
    """Every stored field that is not among ``mentioned`` (API names) is what it was."""
    for entry in PUBLICATION_FIELDS:
        if entry.name in mentioned:
            continue
        one, other = canonical(entry, before.get(entry.name)), canonical(entry, after.get(entry.name))
        assert alike(one, other), f"{entry.name}: {one!r} became {other!r}"
