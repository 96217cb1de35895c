# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a webhook: the event and two ids, whatever the payload looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.applivery.distribution.tests.support.events import plugin

webhook = plugin("event_filter", "webhook")

BUILD = "5f5e10000000000000000b01"
APPLICATION = "5f5e10000000000000000a01"


def _event(payload: Any, endpoint: str = "a-secret-path-of-length") -> dict[str, Any]:
    return {
        "payload": payload,
        "meta": {"endpoint": endpoint, "headers": {"Cookie": "canary"}, "source": {"name": "x"}, "hosts": "canary"},
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "build_processed", "build": BUILD, "application": APPLICATION},
        {"action": "build_processed", "build": {"id": BUILD}, "application": {"id": APPLICATION, "slug": "my-app"}},
        {"action": "build_processed", "data": {"build": {"_id": BUILD, "application": APPLICATION}}},
        {"action": "build_processed", "data": {"id": BUILD, "applicationInfo": {"id": APPLICATION}}},
        {"action": "build_processed", "id": BUILD, "app": {"_id": APPLICATION}},
        {"event": "build_processed", "buildId": BUILD, "applicationId": APPLICATION},
        {"Action": "build_processed", "build_id": BUILD, "app-id": APPLICATION},
        {"type": "build_processed", "payload": {"build": {"id": BUILD}}, "application": APPLICATION},
        # The envelope's own id is not the build's.
        {"id": "delivery-7", "action": "build_processed", "data": {"_id": BUILD, "application": APPLICATION}},
    ],
)
def test_many_payloads_say_the_same(payload: dict[str, Any]) -> None:
    assert webhook.main(_event(payload)) == {
        "event": "build_processed",
        "application": APPLICATION,
        "build": BUILD,
        "meta": {"endpoint": "a-secret-path-of-length"},
    }


def test_a_slug_names_the_application_where_there_is_no_id() -> None:
    assert webhook.reduced({"app": {"slug": "my-app"}})["application"] == "my-app"


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "feedback_created", "user": {"email": "canary@north.example"}, "message": "canary", "id": "x-1"},
        {"action": "build_processed", "build": {"id": "{{ canary }}"}, "application": "canary@north.example"},
        {"action": "canary canary", "build": "../canary", "application": ["canary.x"]},
        {"action": {"canary.": 1}, "build": {"id": {"id": "canary."}}},
        {"build": "canary." * 100, "application": "c" * 129},
        ["canary."],
        "canary.",
        None,
        7,
        {},
    ],
)
def test_nothing_else_gets_through(payload: Any) -> None:
    result = webhook.main(_event(payload))
    assert set(result) == {"event", "application", "build", "meta"}
    assert (result["application"], result["build"]) == (None, None)
    assert result["event"] in (None, "feedback_created", "build_processed")
    assert "canary" not in json.dumps(result)


def test_the_id_of_something_else_is_no_build() -> None:
    assert webhook.reduced({"action": "feedback_created", "data": {"id": BUILD}})["build"] is None


@pytest.mark.parametrize(
    ("event", "least", "kept"),
    [
        (_event({}, "short"), 16, False),
        (_event({}, ""), 1, False),
        ({"payload": {}}, 1, False),
        ({"payload": {}, "meta": {"endpoint": 5}}, 1, False),
        (_event({}, "a" * 16), 16, True),
        ({"payload": {}}, 0, True),
        ({}, 0, True),
    ],
)
def test_a_short_path_is_no_secret(event: dict[str, Any], least: int, kept: bool) -> None:
    assert bool(webhook.main(event, shortest_endpoint=least)) is kept
