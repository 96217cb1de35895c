# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator refuses, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk, refused_fields
from applivery_simulator.state import PUBLICATION_DEFAULTS

ID = "0123456789abcdef01234567"
FILTER = {"type": "last"}

PUBLICATION_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"slug": None}, "slug"),
    ({"visibility": None}, "visibility"),
    ({"security": None}, "security"),
    ({"filter": None}, "filter"),
    ({"application": None}, "application"),
    ({"application": "example-app"}, "application"),
    ({"slug": "ab"}, "slug"),
    ({"slug": "a" * 129}, "slug"),
    ({"slug": "under_score"}, "slug"),
    ({"slug": "-edge"}, "slug"),
    ({"slug": "edge-"}, "slug"),
    ({"slug": "line\n"}, "slug"),
    ({"slug": 5}, "slug"),
    ({"slug": ""}, "slug"),
    ({"visibility": "hidden"}, "visibility"),
    ({"security": "private"}, "security"),
    ({"security": "password"}, "password"),
    ({"security": "password", "password": ""}, "password"),
    ({"password": 5}, "password"),
    ({"groups": ["a"]}, "groups.0"),
    ({"groups": [[]]}, "groups.0"),
    ({"groups": [["a", ""]]}, "groups.0.1"),
    ({"groups": "a"}, "groups"),
    ({"activateUserAudiences": "yes"}, "activateUserAudiences"),
    ({"userAudienceMap": [{"notifyNewBuildsProcessed": True}]}, "userAudienceMap.0.id"),
    ({"userAudienceMap": [{"id": ID, "name": "x"}]}, "userAudienceMap.0.name"),
    ({"userAudienceMap": [{"id": "short"}]}, "userAudienceMap.0.id"),
    ({"userAudienceMap": [ID]}, "userAudienceMap.0"),
    ({"allowedCountries": ["DEU"]}, "allowedCountries.0"),
    ({"allowedCountries": ["D1"]}, "allowedCountries.0"),
    ({"blockedCountries": "DE"}, "blockedCountries"),
    ({"allowedCountries": ["DE"], "blockedCountries": ["FR"]}, "blockedCountries"),
    ({"filter": {}}, "filter.type"),
    ({"filter": {"type": "newest"}}, "filter.type"),
    ({"filter": {"type": ""}}, "filter.type"),
    ({"filter": {"type": 3}}, "filter.type"),
    ({"filter": "last"}, "filter"),
    ({"filter": {"type": "last", "value": "x"}}, "filter.value"),
    ({"filter": {"type": "last", "more": "x"}}, "filter.more"),
    ({"filter": {"type": "gitBranch"}}, "filter.value"),
    ({"filter": {"type": "gitTag", "value": ""}}, "filter.value"),
    ({"filter": {"type": "tag", "value": "x", "ios": ID}}, "filter.ios"),
    ({"filter": {"type": "build"}}, "filter.android"),
    ({"filter": {"type": "build", "ios": "x"}}, "filter.ios"),
    ({"filter": {"type": "build", "ios": ID, "value": "x"}}, "filter.value"),
    ({"filter": {"type": "build", "ios": ID, "builds": []}}, "filter.builds"),
    ({"filter": {"type": "builds"}}, "filter.builds"),
    ({"filter": {"type": "builds", "builds": []}}, "filter.builds"),
    ({"filter": {"type": "builds", "ios": ID, "builds": [{"buildPlatform": "ios", "id": ID}]}}, "filter.ios"),
    (
        {"filter": {"type": "builds", "builds": [{"buildPlatform": "windows", "id": ID}]}},
        "filter.builds.0.buildPlatform",
    ),
    ({"filter": {"type": "builds", "builds": [{"buildPlatform": "ios"}]}}, "filter.builds.0.id"),
    ({"tags": "a,b"}, "tags"),
    ({"tags": [1]}, "tags.0"),
    ({"tags": [""]}, "tags.0"),
    ({"showHistory": 1}, "showHistory"),
    ({"showDevInfo": "no"}, "showDevInfo"),
    ({"hideAttachedFiles": "no"}, "hideAttachedFiles"),
    ({"expirationDate": "2030-01-01"}, "expirationDate"),
    ({"expirationDate": "2030-01-01T00:00:00"}, "expirationDate"),
    ({"expirationDate": "2030-02-30T00:00:00Z"}, "expirationDate"),
    ({"expirationDate": 5}, "expirationDate"),
    ({"expirationDate": ""}, "expirationDate"),
    ({"terms": {"active": True}}, "terms.text"),
    ({"terms": {"active": True, "text": ""}}, "terms.text"),
    ({"terms": {"title": "x"}}, "terms.title"),
    ({"configuration": {"branding": {"primaryColor": "red"}}}, "configuration.branding.primaryColor"),
    ({"configuration": {"branding": {"buttonColor": "#12345"}}}, "configuration.branding.buttonColor"),
    ({"configuration": {"branding": {"logoUrl": "x"}}}, "configuration.branding.logoUrl"),
    ({"configuration": {"theme": {}}}, "configuration.theme"),
    ({"configuration": {"application": {"name": 5}}}, "configuration.application.name"),
    ({"id": ID}, "id"),
    ({"applicationInfo": {}}, "applicationInfo"),
    ({"distributionUrl": "x"}, "distributionUrl"),
    ({"createdAt": "2030-01-01T00:00:00Z"}, "createdAt"),
    ({"updatedAt": "2030-01-01T00:00:00Z"}, "updatedAt"),
    ({"store": ID}, "store"),
    ({"whatever": 1}, "whatever"),
    ({"tags": [], "groups": None, "terms": "x"}, "terms"),
]


@pytest.mark.parametrize(
    ("change", "field"), PUBLICATION_BODIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_refused_publications(client: Talk, change: dict[str, Any], field: str) -> None:
    answer = client.call("POST", client.pub_apps, json=client.publication(**change))
    assert answer.status_code == 400
    assert field in refused_fields(answer)
    assert not client.sim.publications


@pytest.mark.parametrize("field", ["groups", "tags", "terms", "configuration", "showHistory", "filter", "password"])
def test_null_is_no_value(client: Talk, field: str) -> None:
    body = {**client.publication(), field: None}
    assert refused_fields(client.call("POST", client.pub_apps, json=body)) == [field]


ACCEPTED: list[dict[str, Any]] = [
    {"slug": "abc"},
    {"slug": "A-b-3" * 20},
    {"security": "password", "password": "open sesame"},
    {"security": "logged", "groups": [["a", "b"], ["c"]]},
    {"groups": []},
    {"userAudienceMap": [{"id": ID}, {"id": ID, "notifyNewBuildsProcessed": False}]},
    {"allowedCountries": ["DE", "at"], "blockedCountries": []},
    {"filter": {"type": "build", "ios": ID, "android": ID, "macos": ID, "windows": ID}},
    {"filter": {"type": "builds", "builds": [{"buildPlatform": "ps5", "id": ID}]}},
    {"filter": {"type": "gitBranch", "value": "release/4.2"}},
    {"filter": {"type": "gitTag", "value": "v1"}},
    {"filter": {"type": "tag", "value": "x"}},
    {"expirationDate": "2030-12-31T23:59:59Z"},
    {"expirationDate": "2030-12-31T23:59:59.123+02:00"},
    {"expirationDate": None},
    {"terms": {"active": False}},
    {"terms": {"active": True, "text": "Yes."}},
    {"configuration": {"application": {"name": "", "description": "x"}, "branding": {"primaryColor": "", "logo": "u"}}},
    {"showHistory": True, "showDevInfo": True, "hideAttachedFiles": True, "activateUserAudiences": True, "tags": ["x"]},
]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_accepted_publications(client: Talk, change: dict[str, Any]) -> None:
    body = client.publication(**change)
    answer = client.call("POST", client.pub_apps, json=body)
    assert answer.status_code == 200, answer.text
    stored = client.sim.publications[answer.json()["data"]["id"]]
    assert {name: stored[name] for name in body} == body
    assert not client.sim.contract_violations


def test_integrations_has_no_application_in_the_body(client: Talk) -> None:
    body = client.publication()
    assert refused_fields(client.call("POST", "/integrations/distributions", json=body)) == ["application"]
    del body["application"]
    answer = client.call("POST", "/integrations/distributions", json=body)
    stored = client.sim.publications[answer.json()["data"]["id"]]
    assert (stored["application"], stored["store"]) == (client.sim.application["id"], client.sim.store["id"])


def test_an_application_that_does_not_exist(client: Talk) -> None:
    answer = client.call("POST", client.pub_apps, json=client.publication(application=ID))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 3001)


def test_a_slug_is_unique_in_the_workspace(client: Talk) -> None:
    other = client.sim.add_application()
    store = client.sim.add_store()
    taken = client.sim.add_publication(slug="beta", application=other["id"], store=store["id"])
    answer = client.call("POST", client.pub_apps, json=client.publication())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 5024)
    mine = client.sim.add_publication(slug="mine")
    address = f"{client.pub_apps}/{mine['id']}"
    assert client.call("PUT", address, json=client.publication()).json()["error"]["code"] == 5024
    assert client.call("PUT", address, json=client.publication(slug="mine")).status_code == 200
    taken["slug"] = "freed"
    assert client.call("PUT", address, json=client.publication()).status_code == 200


def test_a_replaced_publication_loses_what_is_left_out(client: Talk) -> None:
    item = client.sim.add_publication(
        slug="beta",
        visibility="unlisted",
        security="logged",
        groups=[["staff"]],
        activateUserAudiences=True,
        userAudienceMap=[{"id": ID, "notifyNewBuildsProcessed": True}],
        allowedCountries=["DE"],
        filter={"type": "tag", "value": "x"},
        tags=["x"],
        showHistory=True,
        showDevInfo=True,
        hideAttachedFiles=True,
        expirationDate="2030-01-01T00:00:00Z",
        terms={"active": True, "text": "x"},
        configuration={"application": {"name": "x"}},
    )
    body = {"slug": "other-slug", "application": client.sim.application["id"]}
    assert client.call("PUT", f"{client.pub_apps}/{item['id']}", json=body).status_code == 200
    assert {name: item[name] for name in PUBLICATION_DEFAULTS} == PUBLICATION_DEFAULTS
    assert item["slug"] == "other-slug"


def test_the_password_is_stored_and_never_shown(client: Talk) -> None:
    body = client.publication(security="password", password="open sesame")
    created = client.call("POST", client.pub_apps, json=body)
    identity = created.json()["data"]["id"]
    assert client.sim.publications[identity]["password"] == "open sesame"
    address = f"{client.pub_apps}/{identity}"
    for answer in (
        created,
        client.call("GET", address),
        client.call("GET", client.pub_apps),
        client.call("PUT", address, json=body),
    ):
        assert "open sesame" not in answer.text
        assert '"password":' not in answer.text
    without = client.publication(security="password")
    assert refused_fields(client.call("PUT", address, json=without)) == ["password"]
    assert client.sim.publications[identity]["password"] == "open sesame"


def test_a_value_that_the_server_holds_itself_may_come_back(client: Talk) -> None:
    item = client.sim.add_publication(security="private", filter={"type": "channel", "value": "x"})
    body = client.publication(security="private", filter=item["filter"])
    assert client.call("PUT", f"{client.pub_apps}/{item['id']}", json=body).status_code == 200


def test_the_last_publication_of_the_newest_build_stays(client: Talk) -> None:
    first = client.sim.add_publication(filter={"type": "last"})
    second = client.sim.add_publication(filter={"type": "last"})
    client.sim.add_publication(filter={"type": "tag", "value": "x"})
    assert client.call("DELETE", f"/integrations/distributions/{first['id']}").json()["data"] == {"deleted": True}
    answer = client.call("DELETE", f"{client.pub_apps}/{second['id']}")
    assert (answer.status_code, answer.json()["status"]) == (400, False)
    assert second["id"] in client.sim.publications
    assert client.call("DELETE", f"{client.pub_apps}/{first['id']}").json()["error"]["code"] == 3001


def test_a_pinned_build_can_be_deleted_and_then_nothing_is_served(client: Talk) -> None:
    build = client.sim.add_build()
    pinned = client.sim.add_publication(filter={"type": "build", "ios": build["id"]})
    assert client.sim.served_builds(pinned["id"]) == [build["id"]]
    assert client.call("DELETE", f"/integrations/builds/{build['id']}").status_code == 200
    assert client.sim.served_builds(pinned["id"]) == []
    assert pinned["filter"]["ios"] == build["id"]


@pytest.mark.parametrize(
    "chosen",
    [
        {"type": "last"},
        {"type": "gitBranch", "value": "b"},
        {"type": "gitTag", "value": "t"},
        {"type": "tag", "value": "x"},
    ],
)
def test_what_a_publication_serves(client: Talk, chosen: dict[str, Any]) -> None:
    sim = client.sim
    deployer = {"info": {"branch": "b", "tag": "t"}}
    sim.add_build(deployer=deployer, tags=["x"])
    newest = sim.add_build(deployer=deployer, tags=["x"])
    android = sim.add_build(os="android", deployer=deployer, tags=["x"])
    sim.add_build(deployer=deployer, tags=["x"], disabled=True)
    sim.add_build(deployer=deployer, tags=["x"], status="error")
    item = sim.add_publication(filter=chosen)
    assert set(sim.served_builds(item["id"])) == {newest["id"], android["id"]}
    sim.change(item["id"], expirationDate="2020-01-01T00:00:00Z")
    assert sim.served_builds(item["id"]) == []


# -- builds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"versionCode": "1"}, "versionCode"),
        ({"status": "processed"}, "status"),
        ({"deployer": {}}, "deployer"),
        ({"tags": "a,b"}, "tags"),
        ({"tags": [""]}, "tags.0"),
        ({"versionName": 1}, "versionName"),
        ({"changelog": None}, "changelog"),
        ({"metadata": []}, "metadata"),
        ({"disabled": "yes"}, "disabled"),
        ({"defaultScripts": {"other": "x"}}, "defaultScripts.other"),
        ({"defaultScripts": {"audit": 1}}, "defaultScripts.audit"),
    ],
)
def test_refused_build_labels(client: Talk, body: dict[str, Any], field: str) -> None:
    build = client.sim.add_build()
    before = dict(build)
    assert refused_fields(client.call("PUT", f"{client.builds}/{build['id']}", json=body)) == [field]
    assert build == before


@pytest.mark.parametrize("field", ["metadata", "defaultScripts", "disabled"])
def test_what_integrations_cannot_say_of_a_build(client: Talk, field: str) -> None:
    build = client.sim.add_build()
    body = {"versionName": "x", field: True if field == "disabled" else {}}
    assert refused_fields(client.call("PUT", f"/integrations/builds/{build['id']}", json=body)) == [field]


def test_a_build_is_updated_in_part(client: Talk) -> None:
    build = client.sim.add_build(versionName="1", tags=["a", "b"], changelog="old", metadata={"a": 1})
    answer = client.call("PUT", f"/integrations/builds/{build['id']}", json={"tags": ["c"], "changelog": ""})
    assert answer.status_code == 200
    assert (build["versionName"], build["tags"], build["changelog"], build["metadata"]) == ("1", ["c"], "", {"a": 1})
    body = {"metadata": {"b": {"c": None}}, "defaultScripts": {"audit": "true"}, "disabled": True}
    assert client.call("PUT", f"{client.builds}/{build['id']}", json=body).status_code == 200
    assert {name: build[name] for name in body} == body


@pytest.mark.parametrize("status", ["pending", "in_progress"])
def test_an_unprocessed_build_stays(client: Talk, status: str) -> None:
    build = client.sim.add_build(status=status, processing=None)
    for path in (f"/integrations/builds/{build['id']}", f"{client.builds}/{build['id']}"):
        answer = client.call("DELETE", path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 5014)
    assert build["id"] in client.sim.builds


def test_build_filters(client: Talk) -> None:
    wanted = client.sim.add_build(versionName="2", os="android", status="error")
    client.sim.add_build(versionName="22")
    for query in ({"versionName": "2"}, {"status": "error"}, {"os": "android"}):
        assert [item["id"] for item in client.data("/integrations/builds", params=query)["items"]] == [wanted["id"]]
    assert refused_fields(client.call("GET", "/integrations/builds", params={"status": "done"})) == ["status"]


def test_publication_filters(client: Talk) -> None:
    wanted = client.sim.add_publication(
        slug="abc", security="logged", visibility="inactive", filter={"type": "tag", "value": "v"}
    )
    client.sim.add_publication(slug="abcd")
    for query in (
        {"slug": "abc"},
        {"security": "logged"},
        {"visibility": "inactive"},
        {"filter-type": "tag"},
        {"filterType": "tag", "filterValue": "v"},
    ):
        for path in ("/integrations/distributions", client.pub_apps):
            assert [item["id"] for item in client.data(path, params=query)["items"]] == [wanted["id"]]
    client.sim.add_publication(application=client.sim.add_application()["id"])
    here = client.data(client.pub_apps, params={"application": client.sim.application["id"]})["items"]
    assert {item["slug"] for item in here} == {"abc", "abcd"}


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "x"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "1.5"},
        {"sort": "a:up"},
        {"sort": "a b"},
    ],
    ids=str,
)
def test_wrong_page_queries(client: Talk, query: dict[str, str]) -> None:
    answer = client.call("GET", "/integrations/builds", params=query)
    assert refused_fields(answer) == list(query)
    assert answer.json()["error"]["data"]["errors"][0]["location"] == "query"


def test_ids_in_the_path(client: Talk) -> None:
    for path in ("/integrations/builds/short", f"{client.pub_apps}/no-id", f"{client.otp_users}/no-id"):
        answer = client.call("GET", path)
        assert answer.status_code == 400
        assert answer.json()["error"]["data"]["errors"][0]["location"] == "params"
    for path in (
        f"/integrations/builds/{ID}",
        f"{client.pub_apps}/{ID}",
        f"{client.otp_users}/{ID}",
        f"{client.builds}/{ID}",
    ):
        for method in ("GET", "PUT", "DELETE"):
            answer = client.call(method, path, json={} if method == "PUT" else None)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, 3001)
    answer = client.call("GET", f"{client.organization}/stores/{ID}/pubApps")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 3001)


@pytest.mark.parametrize(
    ("content", "kind"), [("{", "application/json"), ("[]", "application/json"), ('{"slug": "abc"}', "text/plain")]
)
def test_bodies_that_are_no_json_object(client: Talk, content: str, kind: str) -> None:
    answer = client.call("POST", client.pub_apps, data=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 6002


# -- one-time-password users ------------------------------------------------------------------------------------------


def otp_body(client: Talk, **fields: Any) -> dict[str, Any]:
    publication = next(iter(client.sim.publications)) if client.sim.publications else client.sim.add_publication()["id"]
    body = {"email": "a@example.com", "allowedDownloadsNum": -1, "publishedApplicationId": publication, **fields}
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": None}, "email"),
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@example.com"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a@example"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"email": []}, "email"),
        ({"email": ["a@example.com", "b"]}, "email.1"),
        ({"allowedDownloadsNum": None}, "allowedDownloadsNum"),
        ({"allowedDownloadsNum": -2}, "allowedDownloadsNum"),
        ({"allowedDownloadsNum": "1"}, "allowedDownloadsNum"),
        ({"allowedDownloadsNum": True}, "allowedDownloadsNum"),
        ({"publishedApplicationId": None}, "publishedApplicationId"),
        ({"publishedApplicationId": "x"}, "publishedApplicationId"),
        ({"temporal": True}, "temporal"),
        ({"singleUse": True}, "singleUse"),
    ],
)
def test_refused_otp_users(client: Talk, change: dict[str, Any], field: str) -> None:
    assert field in refused_fields(client.call("POST", client.otp_users, json=otp_body(client, **change)))
    assert not client.sim.otp_users


def test_otp_users(client: Talk) -> None:
    sim = client.sim
    answer = client.call("POST", client.otp_users, json=otp_body(client, allowedDownloadsNum=3))
    (shown,) = answer.json()["data"]
    stored = sim.otp_users[shown["id"]]
    assert (stored["email"], stored["allowedDownloadsNum"], stored["storeId"]) == ("a@example.com", 3, sim.store["id"])
    address = f"{client.otp_users}/{shown['id']}"
    assert client.call("PUT", address, json={"allowedDownloadsNum": 1}).json()["data"]["allowedDownloadsNum"] == 1
    for body in ({"email": "b@example.com"}, {"publishedApplicationId": ID}, {"temporal": True}):
        assert refused_fields(client.call("PUT", address, json=body)) == list(body)
    assert client.data(address)["allowedDownloadsNum"] == 1
    assert client.call("DELETE", address).status_code == 200
    assert not sim.otp_users
    assert not [entry for entry in sim.contract_violations if not entry["refused"]]


def test_several_otp_users_at_once_or_none(client: Talk) -> None:
    body = otp_body(client, email=["a@example.com", "b@example.com"])
    assert len(client.call("POST", client.otp_users, json=body).json()["data"]) == 2
    for emails in (["c@example.com", "A@example.com"], ["c@example.com", "C@example.com"]):
        answer = client.call("POST", client.otp_users, json=otp_body(client, email=emails))
        assert answer.status_code == 400
        assert "already exists" in answer.json()["error"]["message"]
    assert len(client.sim.otp_users) == 2


def test_an_otp_user_needs_a_publication_of_the_store(client: Talk) -> None:
    elsewhere = client.sim.add_publication(store=client.sim.add_store()["id"])
    for publication in (ID, elsewhere["id"]):
        answer = client.call("POST", client.otp_users, json=otp_body(client, publishedApplicationId=publication))
        assert answer.status_code == 404


def test_otp_filters(client: Talk) -> None:
    first, second = (
        client.sim.add_publication(),
        client.sim.add_publication(application=client.sim.add_application()["id"]),
    )
    for publication, email in ((first, "ann@example.com"), (first, "joann@example.com"), (second, "Ann@example.com")):
        client.sim.add_otp_user(email=email, publishedApplicationId=publication["id"])

    def emails(**query: str) -> set[str]:
        return {item["email"] for item in client.data(client.otp_users, params=query)["items"]}

    assert emails(email="ANN@") == {"ann@example.com", "joann@example.com", "Ann@example.com"}
    assert emails(publishedApplicationId=first["id"]) == {"ann@example.com", "joann@example.com"}
    assert emails(applicationId=second["application"]) == {"Ann@example.com"}
    assert refused_fields(client.call("GET", client.otp_users, params={"email": "x" * 501})) == ["email"]


def test_temporary_otp_users_go_after_30_days(client: Talk) -> None:
    sim = client.sim
    sim.add_publication()
    sim.add_otp_user(email="old@example.com", createdAt="2020-01-01T00:00:00.000Z", temporal=True)
    sim.add_otp_user(email="stays@example.com", createdAt="2020-01-01T00:00:00.000Z", temporal=False)
    assert [item["email"] for item in client.data(client.otp_users)["items"]] == ["stays@example.com"]


def test_otp_users_are_no_part_of_integrations(client: Talk) -> None:
    answer = client.call("GET", client.otp_users, token=client.sim.app_token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 4004)
