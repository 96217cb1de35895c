# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document: valid, complete, and true of every answer under every switch."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk
from applivery_simulator import Simulator
from applivery_simulator.contract import document, operation
from applivery_simulator.routes import ROUTES
from applivery_simulator.switches import SWITCHES

ID = "0123456789abcdef01234567"
METHODS = ("get", "post", "put", "delete", "patch")
SOURCES = {"seed", "reference", "guide", "old docs", "client code", "inference"}


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): found
        for path, place in document()["paths"].items()
        for method, found in place.items()
        if method in METHODS
    }


def test_the_document_is_valid_openapi() -> None:
    assert document()["openapi"].startswith("3.1.")
    problems = [
        f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(document()).iter_errors()
    ]
    assert problems == []


def test_every_route_is_in_the_document_and_the_other_way_round() -> None:
    assert {(route.method, route.path) for route in ROUTES} == set(operations())


def test_every_operation_says_where_it_comes_from() -> None:
    for key, found in operations().items():
        assert set(found["x-source"]) <= SOURCES, key
        assert found["x-source"], key
        assert found["x-confidence"] in ("H", "M", "L"), key
        assert len(found["security"]) == 1, key
        kind = "appToken" if key[1].startswith("/integrations") else "serviceAccountToken"
        assert list(found["security"][0]) == [kind], key


def test_every_mark_is_a_known_one() -> None:
    def marks(node: Any) -> list[tuple[str, Any]]:
        if isinstance(node, list):
            return [mark for element in node for mark in marks(element)]
        if not isinstance(node, dict):
            return []
        own = [(name, value) for name, value in node.items() if name.startswith("x-")]
        return own + [mark for element in node.values() for mark in marks(element)]

    questions = {switch.contradiction for switch in SWITCHES.values()} - {""}
    found: dict[str, set[str]] = {}
    for name, value in marks(document()):
        found.setdefault(name, set()).update(value if isinstance(value, list) else [value])
    assert found["x-source"] <= SOURCES
    assert found["x-confidence"] <= {"H", "M", "L"}
    assert questions <= found["x-contradiction"]
    assert set(found) == {"x-source", "x-confidence", "x-contradiction", "x-permission"}


def test_every_operation_has_an_example_that_fits() -> None:
    for (method, path), found in operations().items():
        whole = operation(method, path)
        assert whole is not None
        places = {"request": whole.get("requestBody", {}), **whole["responses"]}
        for name, place in places.items():
            for content in place.get("content", {}).values():
                assert "example" in content, (method, path, name)
                problems = list(Draft202012Validator(content["schema"]).iter_errors(content["example"]))
                assert problems == [], (method, path, name)
        assert found["operationId"]


def test_every_array_says_what_it_holds_and_nothing_is_a_bare_boolean() -> None:
    def wrong(node: Any, place: str) -> list[str]:
        if isinstance(node, list):
            return [text for number, element in enumerate(node) for text in wrong(element, f"{place}.{number}")]
        if not isinstance(node, dict):
            return []
        found = [place] if node.get("type") == "array" and "items" not in node else []
        booleans = [f"{place}.{name}" for name, value in node.get("properties", {}).items() if isinstance(value, bool)]
        return found + booleans + [text for name, value in node.items() for text in wrong(value, f"{place}.{name}")]

    assert wrong(document(), "") == []


def test_uploads_name_their_host() -> None:
    for (method, path), found in operations().items():
        multipart = "multipart/form-data" in str(found.get("requestBody"))
        upload = method == "POST" and (path.endswith(("/builds", "/files")))
        assert ("servers" in found) == upload, path
        assert not multipart or upload


def test_an_operation_that_is_not_there() -> None:
    assert operation("PATCH", "/integrations/builds") is None
    assert operation("GET", "/nowhere") is None


# -- what every switch answers ----------------------------------------------------------------------------------------

EXAMPLES: dict[str, list[Any]] = {
    "extra_security": [["private"]],
    "extra_filter_types": [["channel"]],
    "hidden_fields": [["allowedCountries", "build:status", "otp_user:email", "organization:slug", "store:security"]],
    "not_found_code": [4001],
    "default_limit": [1],
    "max_limit": [1],
    "otp_duplicate_code": [6002],
    "processing": [0, 2, None, {"result": "error"}],
    "latency": [0.001],
    "upload_seconds": [0.001],
    "retention": [{"keep": 1, "after": 2}],
    "limits": [{"otp_users": 0, "publications": 0}],
    "rate": [1],
    "retry_after": [None],
    "permissions": [{"builds": 403, "publications:list": 401, "otp_users": {"status": 400, "code": 5004}}],
    "now": ["2030-01-01T00:00:00+00:00"],
}


def worlds() -> list[tuple[str, dict[str, Any]]]:
    values = [
        ("default", {name: value})
        for name, switch in SWITCHES.items()
        for value in (switch.choices or EXAMPLES[name])
        if value != switch.default
    ]
    mixed = [
        ("hostile", {}),
        ("default", {"unset_fields": "empty", "nested": "expanded", "otp_items": "both"}),
        ("default", {"unset_fields": "null", "nested": "expanded", "otp_items": "reference", "dates": "milliseconds"}),
        ("hostile", {"envelope": "bare", "unset_fields": "empty"}),
    ]
    return [("default", {}), *mixed, *values]


def tour(client: Talk) -> None:
    """Use every address, well and badly."""
    sim = client.sim
    published = {
        "slug": "tour-one",
        "visibility": "active",
        "security": "logged",
        "groups": [["a", "b"]],
        "filter": {"type": "gitBranch", "value": "main"},
        "allowedCountries": ["DE", "AT"],
        "userAudienceMap": [{"id": ID, "notifyNewBuildsProcessed": True}],
        "expirationDate": "2030-01-01T00:00:00Z",
        "terms": {"active": True, "text": "x"},
        "configuration": {"branding": {"primaryColor": "#aAbBcC"}},
    }
    for path, body in (
        ("/integrations/distributions", published),
        (client.pub_apps, {**published, "slug": "tour-two", "application": sim.application["id"]}),
    ):
        client.call("POST", path, json=body)
        client.call("POST", path, json=body)
        identity = next(iter(sim.publications))
        for method, sent in (
            ("GET", None),
            ("PUT", {**body, "slug": "tour-three"}),
            ("PUT", {"more": 1}),
            ("DELETE", None),
        ):
            client.call(method, f"{path}/{identity}", json=sent)
        client.call("GET", path)
        client.call("GET", f"{path}/{ID}")
    sim.add_publication(filter={"type": "build", "ios": next(iter(sim.builds))})
    sim.add_publication()
    for path in ("/integrations/builds", client.builds):
        client.call("POST", path, files={"build": ("a.ipa", b"x")})
        client.call("POST", path, files={"file": ("a.ipa", b"x")})
        identity = list(sim.builds)[-1]
        client.call("POST", f"{path}/{identity}/files", files={"file": ("a.txt", b"x")})
        client.call("GET", path)
        for method in ("GET", "PUT", "DELETE", "GET"):
            client.call(method, f"{path}/{identity}", json={"tags": ["x", "y"]} if method == "PUT" else None)
    for body in (
        {"email": "a@example.com", "allowedDownloadsNum": 1, "publishedApplicationId": next(iter(sim.publications))},
        {"email": "b@example.com", "temporal": False},
    ):
        client.call("POST", client.otp_users, json=body)
        client.call("POST", client.otp_users, json=body)
    client.call("GET", client.otp_users)
    identity = next(iter(sim.otp_users))
    for method in ("GET", "PUT", "DELETE", "GET"):
        client.call(
            method, f"{client.otp_users}/{identity}", json={"allowedDownloadsNum": 2} if method == "PUT" else None
        )
    for path in (
        "/organizations",
        client.organization,
        f"{client.organization}/workspace",
        f"{client.organization}/stores",
    ):
        client.call("GET", path)
    for path in ("apps", f"apps/{sim.application['id']}", f"stores/{sim.store['id']}", "apps/none", f"stores/{ID}"):
        client.call("GET", f"{client.organization}/{path}")
    client.call("GET", "/integrations/builds", token="")
    people(client)


def people(client: Talk) -> None:
    """Use what concerns people and pictures."""
    sim = client.sim
    told = {
        "configuration": {"notifyCollaborators": False, "notifyEmployees": True, "filter": [["a"]]},
        "language": "en",
    }
    publication = sim.add_publication()["id"]
    for path in (f"/integrations/distributions/{publication}", f"{client.pub_apps}/{publication}"):
        client.call("POST", f"{path}/notify", json=told)
        client.call("POST", f"{path}/notify", json={"language": "de"})
    client.call("POST", "/integrations/employees", json={"email": "c@example.com", "tags": ["a"]})
    client.call("POST", "/integrations/employees", json={"email": "c@example.com"})
    identity = next(iter(sim.world.state.employees), ID)
    for employee in (identity, ID):
        client.call("PUT", f"/integrations/employees/{employee}", json={"tags": ["b"]})
    client.call("POST", f"{client.organization}/employees", json={"email": ["d@example.com"], "tags": []})
    client.call("PUT", f"{client.organization}/stores/{sim.store['id']}", json={"security": "logged"})
    for build in (sim.add_build()["id"], ID):
        client.call("PUT", f"{client.organization}/apps/{sim.application['slug']}/picture", json={"buildId": build})


@pytest.mark.parametrize(("profile", "switches"), worlds(), ids=str)
def test_every_answer_fits_the_document(
    simulator: Callable[..., Simulator], talk: Callable[[Simulator], Talk], profile: str, switches: dict[str, Any]
) -> None:
    client = talk(simulator(profile=profile, switches=switches, seed="demo", validate=True))
    tour(client)
    answers = [entry for entry in client.sim.contract_violations if entry["direction"] == "answer"]
    assert answers == []
    called = {(entry["method"], entry["path"]) for entry in client.sim.requests}
    assert len(called) > 30


def test_the_tour_sees_every_operation(simulator: Callable[..., Simulator], talk: Callable[[Simulator], Talk]) -> None:
    client = talk(simulator(seed="demo"))
    tour(client)
    seen = {(entry["method"], entry["path"].count("/"), entry["path"].split("/")[2]) for entry in client.sim.requests}
    wanted = {(route.method, ("/v1" + route.path).count("/"), route.path.split("/")[1]) for route in ROUTES}
    assert wanted <= seen


# -- what is reported -------------------------------------------------------------------------------------------------


def reported(client: Talk) -> list[tuple[str, str, bool]]:
    found = [(entry["direction"], entry["message"], entry["refused"]) for entry in client.sim.contract_violations]
    client.sim.world.contract.forget()
    return found


def test_requests_that_differ(client: Talk) -> None:
    client.call("PUT", f"/integrations/builds/{client.sim.add_build()['id']}", json={"versionName": 5})
    ((direction, message, refused),) = reported(client)
    assert (direction, refused) == ("request", True)
    assert message.startswith("versionName: ")
    client.call("GET", "/integrations/builds", params={"unheard-of": "1"})
    assert reported(client) == [("request", "query unheard-of: the document does not know it", False)]
    client.call("GET", "/integrations/builds", params={"page": "zero"})
    assert reported(client)[0][1].startswith("query page: ")
    client.call("GET", "/nowhere")
    assert reported(client) == [("request", "the document does not know this address", False)]


def test_answers_that_differ(client: Talk) -> None:
    build = client.sim.add_build()
    build["surprise"] = True
    client.call("GET", f"/integrations/builds/{build['id']}")
    ((direction, message, refused),) = reported(client)
    assert (direction, refused) == ("answer", False)
    assert "surprise" in message


def test_spoiled_answers_are_not_compared(client: Talk) -> None:
    client.sim.fault("wrong_type", value=5)
    client.call("GET", "/integrations/builds")
    assert reported(client) == []


def test_comparing_can_be_switched_off(simulator: Callable[..., Simulator], talk: Callable[[Simulator], Talk]) -> None:
    client = talk(simulator(validate=False))
    client.call("GET", "/nowhere")
    assert client.sim.contract_violations == []
    assert simulator().world.contract.enabled
