# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares every exchange with ``openapi.yaml``: what the client sent, and what the simulator answered."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections import deque
from pathlib import Path
from typing import Any

from .log import Request
from .routes import Route

DOCUMENT = Path(__file__).with_name("openapi.yaml")
# of a long list only so many items are looked at: all come from the same place
SAMPLE = 3
REPORTED = 3
MOST_VIOLATIONS = 1000


@functools.lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return ``openapi.yaml``, read once."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with DOCUMENT.open(encoding="utf-8") as stream:
        loaded: dict[str, Any] = yaml.load(stream, loader)  # noqa: S506 - both loaders are the safe one
    return loaded


def resolved(node: Any) -> Any:
    """Return ``node`` with every reference replaced by what it points to; the document holds no circle."""
    if isinstance(node, list):
        return [resolved(element) for element in node]
    if not isinstance(node, dict):
        return node
    own = {name: resolved(value) for name, value in node.items() if name != "$ref"}
    if "$ref" not in node:
        return own
    target: Any = document()
    for part in node["$ref"][2:].split("/"):
        target = target[part]
    target = resolved(target)
    own = {name: value for name, value in own.items() if not name.startswith("x-") and name != "description"}
    return {"allOf": [target], **own} if own else target


@functools.cache
def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return an operation with its parameters by query name, or None when the document does not know it."""
    place = document()["paths"].get(path, {})
    found = place.get(method.lower())
    if found is None:
        return None
    whole: dict[str, Any] = resolved(found)
    parameters = [*resolved(place.get("parameters", [])), *whole.get("parameters", [])]
    whole["query"] = {item["name"]: item["schema"] for item in parameters if item["in"] == "query"}
    return whole


@functools.cache
def _validator(method: str, path: str, part: str) -> Any:
    """Return the compiled schema of ``request`` or of the answer with a status, or None when there is no body."""
    import jsonschema

    known = operation(method, path) or {}
    if part == "request":
        content = known.get("requestBody", {}).get("content", {})
    else:
        responses = known["responses"]
        content = responses.get(part, responses.get("default", {})).get("content", {})
    if not content:
        return None
    return jsonschema.Draft202012Validator(next(iter(content.values()))["schema"])


@functools.cache
def _query_validator(method: str, path: str, name: str) -> Any:
    import jsonschema

    schema = (operation(method, path) or {"query": {}})["query"].get(name)
    return None if schema is None else jsonschema.Draft202012Validator(schema)


def _as_sent(body: Any) -> Any:
    """Return a body with its files as what they are on the wire; the log keeps their size and checksum only."""
    if not isinstance(body, dict):
        return body
    return {name: "" if isinstance(value, dict) and "sha256" in value else value for name, value in body.items()}


def _sampled(value: Any, depth: int = 0) -> Any:
    """Return an answer with its list of items cut to the first few."""
    if isinstance(value, list):
        return value[:SAMPLE]
    if isinstance(value, dict) and depth < 2:
        return {name: _sampled(part, depth + 1) if name in ("data", "items") else part for name, part in value.items()}
    return value


def _complaints(validator: Any, value: Any) -> list[str]:
    found = []
    for error in validator.iter_errors(value):
        # an alternative that failed says little; what failed inside it says more
        deepest = max(error.context, key=lambda inner: len(inner.absolute_path), default=error)
        place = ".".join(map(str, deepest.absolute_path)) or "(whole)"
        found.append(f"{place}: {deepest.message[:300]}")
    return found[:REPORTED]


def _query_value(text: str, schema: dict[str, Any]) -> Any:
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text) else text


class Contract:
    """The differences found so far."""

    def __init__(self, *, enabled: bool | None) -> None:
        """Compare or not; None = compare when what that needs is installed."""
        if enabled is None:
            enabled = all(importlib.util.find_spec(name) is not None for name in ("jsonschema", "yaml"))
        self.enabled = enabled
        self.violations: deque[dict[str, Any]] = deque(maxlen=MOST_VIOLATIONS)

    def forget(self) -> None:
        """Begin anew."""
        self.violations.clear()

    def check(self, route: Route | None, record: Request, answer: Any, status: int) -> None:
        """Compare one exchange with the document; ``answer`` is None when there was no body."""
        if not self.enabled:
            return
        error = answer.get("error") if isinstance(answer, dict) else None
        refused = status >= 400 and isinstance(error, dict) and error.get("code") == 6002
        if route is None or operation(route.method, route.path) is None:
            self._note(record, "request", "the document does not know this address", status, refused)
            return
        for message in self._request(route, record):
            self._note(record, "request", message, status, refused)
        for message in self._answer(route, answer, status):
            self._note(record, "answer", message, status, refused)

    @staticmethod
    def _request(route: Route, record: Request) -> list[str]:
        found = []
        for name, text in record["query"].items():
            validator = _query_validator(route.method, route.path, name)
            if validator is None:
                found.append(f"query {name}: the document does not know it")
            else:
                value = _query_value(text, validator.schema)
                found += [f"query {name}: {message}" for message in _complaints(validator, value)]
        validator = _validator(route.method, route.path, "request")
        if validator is not None:
            found += _complaints(validator, _as_sent(record["body"]))
        return found

    @staticmethod
    def _answer(route: Route, answer: Any, status: int) -> list[str]:
        told = isinstance(answer, dict) and answer.get("status") is False
        # A refusal under HTTP 200 is a refusal.
        validator = _validator(route.method, route.path, "default" if told and status < 300 else str(status))
        if validator is None:
            return [] if answer is None else [f"status {status}: there should be no body"]
        if answer is None:
            return [f"status {status}: there should be a body"]
        return _complaints(validator, _sampled(answer))

    def _note(self, record: Request, direction: str, message: str, status: int, refused: bool) -> None:
        self.violations.append(
            {
                "method": record["method"],
                "path": record["path"],
                "direction": direction,
                "message": message,
                "status": status,
                "refused": refused,
            }
        )
