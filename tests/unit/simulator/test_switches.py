# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each switch changes what it says, and nothing is switched in a test of another one."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from typing import Any, Callable

import pytest
import requests

from ansible_collections.applivery.distribution.tests.support.clock import eventually
from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk, refused_fields
from applivery_simulator import Simulator
from applivery_simulator.switches import PROFILES, SWITCHES

ID = "0123456789abcdef01234567"
COVERED: dict[str, Callable[[Talk], None]] = {}


def of(name: str) -> Callable[[Callable[[Talk], None]], Callable[[Talk], None]]:
    """Mark a check as the one of a switch."""

    def mark(check: Callable[[Talk], None]) -> Callable[[Talk], None]:
        COVERED[name] = check
        return check

    return mark


@pytest.mark.parametrize("name", SWITCHES)
def test_switch(name: str, client: Talk) -> None:
    COVERED[name](client)
    assert not [entry for entry in client.sim.contract_violations if entry["direction"] == "answer"]


def test_a_value_that_a_switch_does_not_know(sim: Simulator) -> None:
    for name, switch in SWITCHES.items():
        assert switch.accepts(switch.default), name
        with pytest.raises(ValueError, match=name):
            sim.set(**{name: object()})
        assert sim.switches[name] == switch.default
    for name, wrong in (
        ("create_status", True),
        ("max_limit", 0),
        ("rate", -1),
        ("now", "2030-01-01"),
        ("processing", {"x": 1}),
    ):
        with pytest.raises(ValueError, match=name):
            sim.set(**{name: wrong})


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_set_known_values(profile: str) -> None:
    for name, value in PROFILES[profile].items():
        assert SWITCHES[name].accepts(value), name


def create(client: Talk, **fields: Any) -> Any:
    """Create a publication over HTTP and return the answer."""
    return client.call("POST", client.pub_apps, json=client.publication(**fields))


def shown(client: Talk, item: dict[str, Any]) -> dict[str, Any]:
    """Return a publication as it is read."""
    return dict(client.data(f"{client.pub_apps}/{item['id']}"))


# -- writes -----------------------------------------------------------------------------------------------------------


@of("publication_put")
def check_publication_put(client: Talk) -> None:
    fields = {"tags": ["x"], "terms": {"active": True, "text": "t"}, "configuration": {"application": {"name": "n"}}}
    item = client.sim.add_publication(slug="beta", **fields)
    address = f"{client.pub_apps}/{item['id']}"
    client.sim.set(publication_put="merge")
    body = {
        "application": item["application"],
        "slug": "new",
        "configuration": {"application": {"description": "d"}},
        "terms": {"active": False},
    }
    assert client.call("PUT", address, json=body).status_code == 200
    assert (item["slug"], item["tags"], item["filter"]) == ("new", ["x"], {"type": "gitBranch", "value": "main"})
    assert item["configuration"] == {"application": {"name": "n", "description": "d"}}
    assert item["terms"] == {"active": False, "text": "t"}
    client.sim.set(publication_put="replace")
    assert client.call("PUT", address, json=body).status_code == 200
    assert (item["tags"], item["filter"]) == ([], {"type": "last"})


@of("publication_application")
def check_publication_application(client: Talk) -> None:
    item = client.sim.add_publication()
    body = {"slug": "abc"}
    assert refused_fields(client.call("PUT", f"{client.pub_apps}/{item['id']}", json=body)) == ["application"]
    client.sim.set(publication_application="optional")
    assert client.call("PUT", f"{client.pub_apps}/{item['id']}", json=body).status_code == 200
    assert item["application"] == client.sim.application["id"]


@of("build_nested_put")
def check_build_nested_put(client: Talk) -> None:
    build = client.sim.add_build(metadata={"a": 1}, defaultScripts={"audit": "x"})
    body = {"metadata": {"b": 2}, "defaultScripts": {"runner": "y"}}
    client.sim.set(build_nested_put="merge")
    client.call("PUT", f"{client.builds}/{build['id']}", json=body)
    assert (build["metadata"], build["defaultScripts"]) == ({"a": 1, "b": 2}, {"audit": "x", "runner": "y"})
    client.sim.set(build_nested_put="replace")
    client.call("PUT", f"{client.builds}/{build['id']}", json=body)
    assert {name: build[name] for name in body} == body


@of("null_fields")
def check_null_fields(client: Talk) -> None:
    body = {**client.publication(), "tags": None}
    assert refused_fields(client.call("POST", client.pub_apps, json=body)) == ["tags"]
    client.sim.set(null_fields="accept")
    identity = client.call("POST", client.pub_apps, json=body).json()["data"]["id"]
    assert client.sim.publications[identity]["tags"] == []
    assert refused_fields(client.call("POST", client.pub_apps, json={**body, "slug": None})) == ["slug"]


@of("empty_strings")
def check_empty_strings(client: Talk) -> None:
    build = client.sim.add_build(changelog="x")
    client.sim.set(empty_strings="refuse")
    assert refused_fields(client.call("PUT", f"{client.builds}/{build['id']}", json={"changelog": ""})) == ["changelog"]
    client.sim.set(empty_strings="accept")
    assert client.call("PUT", f"{client.builds}/{build['id']}", json={"changelog": ""}).status_code == 200


@of("unknown_fields")
def check_unknown_fields(client: Talk) -> None:
    client.sim.set(unknown_fields="accept")
    answer = create(client, id=ID, more=1, terms={"active": False, "title": "x"})
    stored = client.sim.publications[answer.json()["data"]["id"]]
    assert stored["id"] != ID
    assert "more" not in stored
    assert stored["terms"] == {"active": False}
    client.sim.set(unknown_fields="refuse")
    assert refused_fields(create(client, slug="abc", more=1)) == ["more"]


@of("country_lists")
def check_country_lists(client: Talk) -> None:
    both = {"allowedCountries": ["DE"], "blockedCountries": []}
    client.sim.set(country_lists="strictest")
    assert refused_fields(create(client, **both)) == ["blockedCountries"]
    client.sim.set(country_lists="strict")
    assert create(client, **both).status_code == 200
    both["blockedCountries"] = ["FR"]
    assert refused_fields(create(client, slug="both", **both)) == ["blockedCountries"]
    client.sim.set(country_lists="accepted")
    assert create(client, slug="both", **both).status_code == 200


@of("hide_attached_files")
def check_hide_attached_files(client: Talk) -> None:
    item = client.sim.add_publication(hideAttachedFiles=True)
    assert shown(client, item)["hideAttachedFiles"] is True
    client.sim.set(hide_attached_files="unknown")
    assert "hideAttachedFiles" not in shown(client, item)
    assert refused_fields(create(client, hideAttachedFiles=True)) == ["hideAttachedFiles"]


@of("filter_manual")
def check_filter_manual(client: Talk) -> None:
    client.sim.set(filter_manual="builds_only")
    assert refused_fields(create(client, filter={"type": "build", "ios": ID})) == ["filter.type"]
    assert create(client, filter={"type": "builds", "ios": ID}).status_code == 200
    client.sim.set(filter_manual="both_types")
    assert "filter.ios" in refused_fields(create(client, slug="abc", filter={"type": "builds", "ios": ID}))


@of("filter_builds")
def check_filter_builds(client: Talk) -> None:
    build = client.sim.add_build()
    client.sim.set(filter_builds="checked")
    pinned = {"type": "build", "ios": build["id"], "android": ID}
    assert refused_fields(create(client, filter=pinned)) == ["filter.android"]
    listed = {"type": "builds", "builds": [{"buildPlatform": "ios", "id": ID}]}
    assert refused_fields(create(client, filter=listed)) == ["filter.builds.0"]
    answer = create(client, filter={"type": "build", "ios": build["id"]})
    del client.sim.builds[build["id"]]
    address = f"{client.pub_apps}/{answer.json()['data']['id']}"
    unchanged = client.publication(filter={"type": "build", "ios": build["id"]})
    assert client.call("PUT", address, json=unchanged).status_code == 200


@of("extra_security")
def check_extra_security(client: Talk) -> None:
    assert refused_fields(create(client, security="private")) == ["security"]
    client.sim.set(extra_security=["private"])
    assert create(client, security="private").status_code == 200


@of("extra_filter_types")
def check_extra_filter_types(client: Talk) -> None:
    client.sim.set(extra_filter_types=["channel"])
    assert create(client, filter={"type": "channel", "value": "x"}).status_code == 200
    assert refused_fields(create(client, filter={"type": "other"})) == ["filter.type"]


@of("slug_case")
def check_slug_case(client: Talk) -> None:
    assert create(client, slug="Beta").json()["data"]["slug"] == "Beta"
    client.sim.set(slug_case="lowered")
    assert create(client, slug="Gamma").json()["data"]["slug"] == "gamma"
    assert create(client, slug="GAMMA").json()["error"]["code"] == 5024


@of("slug_alphabet")
def check_slug_alphabet(client: Talk) -> None:
    client.sim.set(slug_alphabet="lower")
    assert refused_fields(create(client, slug="Beta")) == ["slug"]
    assert create(client, slug="beta").status_code == 200


# -- answers ----------------------------------------------------------------------------------------------------------


@of("unset_fields")
def check_unset_fields(client: Talk) -> None:
    item = client.sim.add_publication(
        allowedCountries=["DE"], showHistory=False, configuration={"application": {"name": "n"}}
    )
    build = client.sim.add_build()
    assert {"groups", "tags", "showDevInfo", "expirationDate", "terms"}.isdisjoint(shown(client, item))
    assert shown(client, item)["showHistory"] is False
    assert {"metadata", "disabled", "changelog"}.isdisjoint(client.data(f"{client.builds}/{build['id']}"))
    client.sim.set(unset_fields="null")
    read = shown(client, item)
    assert [read[name] for name in ("groups", "showDevInfo", "expirationDate", "terms", "blockedCountries")] == [
        None
    ] * 5
    assert read["configuration"] == {"application": {"name": "n", "description": None}, "branding": None}
    assert read["filter"]["ios"] is None
    assert read["allowedCountries"] == ["DE"]
    assert client.data(f"{client.builds}/{build['id']}")["defaultScripts"] is None
    client.sim.set(unset_fields="empty")
    read = shown(client, item)
    assert (read["groups"], read["showDevInfo"], read["terms"]) == ([], False, {"active": False, "text": ""})
    assert read["configuration"]["branding"] == {"logo": "", "primaryColor": "", "buttonColor": ""}
    assert (read["filter"]["value"], read["filter"]["ios"], read["filter"]["builds"]) == ("main", "", [])
    assert client.data(f"{client.builds}/{build['id']}")["defaultScripts"]["audit"] == ""


@of("hidden_fields")
def check_hidden_fields(client: Talk) -> None:
    item = client.sim.add_publication(tags=["x"], allowedCountries=["DE"], terms={"active": True, "text": "t"})
    build = client.sim.add_build(tags=["x"], metadata={"a": 1}, disabled=True)
    client.sim.set(
        hidden_fields=["allowedCountries", "build:disabled", "build_list:metadata", "publication:terms.text"]
    )
    read = shown(client, item)
    assert ("allowedCountries" in read, read["terms"], read["tags"]) == (False, {"active": True}, ["x"])
    read = client.data(f"{client.builds}/{build['id']}")
    assert ("disabled" in read, read["metadata"], read["tags"]) == (False, {"a": 1}, ["x"])
    assert "metadata" not in client.data(client.builds)["items"][0]
    assert item["allowedCountries"] == ["DE"]


@of("nested")
def check_nested(client: Talk) -> None:
    build = client.sim.add_build(versionName="7")
    fields = {"userAudienceMap": [{"id": ID}], "terms": {"active": False}, "configuration": {"branding": {"logo": "l"}}}
    item = client.sim.add_publication(
        filter={"type": "builds", "builds": [{"buildPlatform": "ios", "id": build["id"]}]}, **fields
    )
    pinned = client.sim.add_publication(filter={"type": "build", "ios": build["id"]})
    assert shown(client, item)["userAudienceMap"] == [{"id": ID}]
    client.sim.set(nested="enriched")
    read = shown(client, item)
    assert read["userAudienceMap"][0]["name"]
    assert read["filter"]["builds"][0]["versionName"] == "7"
    assert set(read["terms"]) == {"active", "updatedAt"}
    assert "logoUrl" in read["configuration"]["branding"]
    assert shown(client, pinned)["filter"]["ios"] == build["id"]
    client.sim.set(nested="expanded")
    read = shown(client, pinned)
    assert (read["filter"]["ios"]["id"], read["application"]["id"]) == (build["id"], item["application"])


@of("dates")
def check_dates(client: Talk) -> None:
    item = client.sim.add_publication(expirationDate="2030-06-30T23:59:59Z")
    assert shown(client, item)["expirationDate"] == "2030-06-30T23:59:59Z"
    client.sim.set(dates="milliseconds")
    assert shown(client, item)["expirationDate"] == "2030-06-30T23:59:59.000Z"
    client.sim.set(dates="offset")
    assert shown(client, item)["expirationDate"] == "2030-07-01T01:59:59+02:00"
    assert shown(client, item)["createdAt"].endswith("+02:00")


@of("case")
def check_case(client: Talk) -> None:
    item = client.sim.add_publication(allowedCountries=["De"], configuration={"branding": {"primaryColor": "#Aa00fF"}})
    for form, country, colour in (("as_sent", "De", "#Aa00fF"), ("lower", "de", "#aa00ff"), ("upper", "DE", "#AA00FF")):
        client.sim.set(case=form)
        read = shown(client, item)
        assert (read["allowedCountries"], read["configuration"]["branding"]["primaryColor"]) == ([country], colour)


@of("set_order")
def check_set_order(client: Talk) -> None:
    fields = {"tags": ["a", "b"], "allowedCountries": ["DE", "AT", "CH"], "groups": [["x", "y"], ["z"]]}
    item = client.sim.add_publication(**fields)
    build = client.sim.add_build(tags=["a", "b"])
    assert {name: shown(client, item)[name] for name in fields} == fields
    client.sim.set(set_order="shuffled")
    read = shown(client, item)
    assert read["tags"] == ["b", "a"]
    assert read["groups"] == [["z"], ["y", "x"]]
    assert read["allowedCountries"] != fields["allowedCountries"]
    assert sorted(read["allowedCountries"]) == sorted(item["allowedCountries"])
    assert client.data(f"{client.builds}/{build['id']}")["tags"] == ["b", "a"]


@of("done_word")
def check_done_word(client: Talk) -> None:
    build = client.sim.add_build()
    assert client.data(f"{client.builds}/{build['id']}")["status"] == "processed"
    client.sim.set(done_word="success")
    assert client.data(f"{client.builds}/{build['id']}")["status"] == "success"
    assert client.data(client.builds, params={"status": "processed"})["items"]


@of("build_figures")
def check_build_figures(client: Talk) -> None:
    build = client.sim.add_build(size=5)
    assert client.data(f"{client.builds}/{build['id']}")["size"] == 5
    client.sim.set(build_figures="strings")
    read = client.data(f"{client.builds}/{build['id']}")
    assert (read["size"], read["uploadedBy"]) == ("5", "ci@simulator.example")


@of("organization_key")
def check_organization_key(client: Talk) -> None:
    for form, keys in (("id", {"id"}), ("_id", {"_id"}), ("both", {"id", "_id"})):
        client.sim.set(organization_key=form)
        assert {"id", "_id"} & set(client.data(client.organization)) == keys


@of("store_ids")
def check_store_ids(client: Talk) -> None:
    client.sim.reset(switches={"store_ids": "number"})
    (store,) = client.data(f"{client.organization}/stores")["items"]
    assert isinstance(store["id"], int)
    item = client.sim.add_publication()
    assert client.data(f"{client.organization}/stores/{store['id']}/pubApps/{item['id']}")["store"] == store["id"]


@of("envelope")
def check_envelope(client: Talk) -> None:
    client.sim.add_build()
    shapes: dict[str, Callable[[Any], Any]] = {
        "docs": lambda answer: answer["data"]["items"] if answer["data"]["totalDocs"] == 1 else None,
        "items": lambda answer: answer["data"]["items"] if answer["data"]["totalItems"] == 1 else None,
        "bare": lambda answer: answer,
        "items_only": lambda answer: answer["data"]["items"] if list(answer["data"]) == ["items"] else None,
        "data_list": lambda answer: answer["data"],
        "top_items": lambda answer: answer["items"],
    }
    assert set(shapes) == set(SWITCHES["envelope"].choices)
    for form, items in shapes.items():
        client.sim.set(envelope=form)
        assert len(items(client.get(client.builds))) == 1


def _statuses(client: Talk, name: str, write: Callable[[], Any]) -> None:
    for status in SWITCHES[name].choices:
        client.sim.set(**{name: status})
        answer = write()
        assert answer.status_code == status
        assert bool(answer.content) == (status != 204)


@of("create_status")
def check_create_status(client: Talk) -> None:
    _statuses(client, "create_status", lambda: create(client, slug=f"number-{len(client.sim.publications)}"))


@of("update_status")
def check_update_status(client: Talk) -> None:
    build = client.sim.add_build()
    _statuses(client, "update_status", lambda: client.call("PUT", f"{client.builds}/{build['id']}", json={}))


@of("delete_status")
def check_delete_status(client: Talk) -> None:
    _statuses(client, "delete_status", lambda: client.call("DELETE", f"{client.builds}/{client.sim.add_build()['id']}"))


@of("delete_answer")
def check_delete_answer(client: Talk) -> None:
    for form, data in (("deleted", {"deleted": True}), ("delete", {"delete": "OK"})):
        client.sim.set(delete_answer=form)
        answer = client.call("DELETE", f"{client.builds}/{client.sim.add_build()['id']}")
        assert answer.json() == {"status": True, "data": data}


@of("error_status")
def check_error_status(client: Talk) -> None:
    item = client.sim.add_publication(slug="taken")
    client.sim.add_otp_user(email="a@example.com")
    double = {"email": "a@example.com", "allowedDownloadsNum": 1, "publishedApplicationId": item["id"]}
    for status in (400, 409, 422):
        client.sim.set(error_status=status)
        assert create(client, slug="taken").status_code == status
        assert create(client, more=1).status_code == status
        assert client.call("POST", client.otp_users, json=double).status_code == status
    assert client.call("GET", f"{client.builds}/{ID}").status_code == 404


@of("error_envelope")
def check_error_envelope(client: Talk) -> None:
    client.sim.set(error_envelope="status_true_with_error")
    answer = client.call("GET", f"{client.builds}/{ID}")
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]["code"]) == (404, True, 3001)


@of("not_found_code")
def check_not_found_code(client: Talk) -> None:
    client.sim.set(not_found_code=4001)
    answer = client.call("GET", f"{client.builds}/{ID}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 4001)


@of("malformed_path")
def check_malformed_path(client: Talk) -> None:
    client.sim.set(malformed_path="unauthorized")
    assert client.call("GET", "/integrations//builds").status_code == 401


@of("bad_ids")
def check_bad_ids(client: Talk) -> None:
    client.sim.set(bad_ids="not_found")
    assert client.call("GET", "/integrations/builds/short").status_code == 404


# -- lists ------------------------------------------------------------------------------------------------------------


@of("list_order")
def check_list_order(client: Talk) -> None:
    first, second = client.sim.add_build()["id"], client.sim.add_build()["id"]
    for form, order in (("newest_first", [second, first]), ("oldest_first", [first, second])):
        client.sim.set(list_order=form)
        assert [item["id"] for item in client.data(client.builds)["items"]] == order


@of("list_filters")
def check_list_filters(client: Talk) -> None:
    first, second = client.sim.add_publication(slug="abc")["id"], client.sim.add_publication(slug="abcd")["id"]
    query = {"slug": "abc", "sort": "createdAt:asc"}

    def found() -> list[str]:
        return [item["id"] for item in client.data(client.pub_apps, params=query)["items"]]

    assert found() == [first]
    assert client.call("GET", client.pub_apps, params={"no-such": "x"}).status_code == 200
    client.sim.set(list_filters="ignored")
    assert found() == [second, first]
    client.sim.set(list_filters="refused")
    assert found() == [first]
    assert refused_fields(client.call("GET", client.pub_apps, params={"no-such": "x"})) == ["no-such"]
    assert refused_fields(client.call("GET", "/integrations/builds", params={"sort": "createdAt:asc"})) == ["sort"]
    assert client.call("GET", client.builds, params={"sort": "createdAt:asc"}).status_code == 200


@of("filter_spelling")
def check_filter_spelling(client: Talk) -> None:
    client.sim.add_publication(filter={"type": "tag", "value": "x"})
    for form, counts in (("either", (0, 0)), ("dashed", (0, 1)), ("camel", (1, 0))):
        client.sim.set(filter_spelling=form)
        found = [
            len(client.data(client.pub_apps, params={name: "last"})["items"]) for name in ("filter-type", "filterType")
        ]
        assert tuple(found) == counts


@of("slug_filter")
def check_slug_filter(client: Talk) -> None:
    client.sim.add_publication(slug="abcd")
    assert client.data(client.pub_apps, params={"slug": "ABC"})["items"] == []
    client.sim.set(slug_filter="partial")
    assert len(client.data(client.pub_apps, params={"slug": "ABC"})["items"]) == 1


@of("default_limit")
def check_default_limit(client: Talk) -> None:
    client.sim.set(default_limit=7)
    assert client.data(client.builds)["limit"] == 7


@of("max_limit")
def check_max_limit(client: Talk) -> None:
    client.sim.set(max_limit=7)
    assert client.data(client.builds)["limit"] == 7
    assert client.data(client.builds, params={"limit": "8"})["limit"] == 7


@of("over_limit")
def check_over_limit(client: Talk) -> None:
    client.sim.set(over_limit="refuse")
    assert refused_fields(client.call("GET", client.builds, params={"limit": "501"})) == ["limit"]
    assert client.call("GET", client.builds, params={"limit": "500"}).status_code == 200


# -- one-time-password users ------------------------------------------------------------------------------------------


def _otp(client: Talk, **fields: Any) -> Any:
    return client.call("POST", client.otp_users, json={"email": f"n{len(client.sim.otp_users)}@example.com", **fields})


@of("otp_body")
def check_otp_body(client: Talk) -> None:
    reference = {"allowedDownloadsNum": 1, "publishedApplicationId": client.sim.add_publication()["id"]}
    seed = {"temporal": False, "singleUse": True}
    assert "temporal" in refused_fields(_otp(client, **seed))
    assert _otp(client, **reference).status_code == 200
    client.sim.set(otp_body="seed")
    assert set(refused_fields(_otp(client, **reference))) == set(reference)
    identity = _otp(client, **seed).json()["data"][0]["id"]
    stored = client.sim.otp_users[identity]
    assert (stored["temporal"], stored["singleUse"], stored["publishedApplicationId"]) == (False, True, None)
    client.sim.set(otp_body="either")
    assert _otp(client, **reference).status_code == 200
    assert _otp(client, **seed).status_code == 200
    assert refused_fields(_otp(client, **reference, **seed)) == ["temporal", "singleUse"]


@of("otp_answer")
def check_otp_answer(client: Talk) -> None:
    body = {"allowedDownloadsNum": 1, "publishedApplicationId": client.sim.add_publication()["id"]}
    assert isinstance(_otp(client, **body).json()["data"], list)
    client.sim.set(otp_answer="object")
    assert _otp(client, **body).json()["data"]["email"] == "n1@example.com"


@of("otp_items")
def check_otp_items(client: Talk) -> None:
    client.sim.add_publication()
    client.sim.add_otp_user(allowedDownloadsNum=1, temporal=False)
    for form, keys in (
        ("reference", {"allowedDownloadsNum"}),
        ("seed", {"temporal", "singleUse"}),
        ("both", {"allowedDownloadsNum", "temporal", "singleUse"}),
    ):
        client.sim.set(otp_items=form)
        (item,) = client.data(client.otp_users)["items"]
        assert {"allowedDownloadsNum", "temporal", "singleUse"} & set(item) == keys
    assert (item["allowedDownloadsNum"], item["temporal"], item["singleUse"]) == (1, False, True)


@of("otp_items_publication")
def check_otp_items_publication(client: Talk) -> None:
    publication = client.sim.add_publication()["id"]
    client.sim.add_otp_user()
    assert client.data(client.otp_users)["items"][0]["publishedApplicationId"] == publication
    client.sim.set(otp_items_publication="hidden")
    assert "publishedApplicationId" not in client.data(client.otp_users)["items"][0]
    client.sim.add_otp_user(publishedApplicationId=None)
    for how, owners in (("null", {publication, None}), ("shown", {publication, "absent"})):
        client.sim.set(otp_items_publication=how)
        items = client.data(client.otp_users)["items"]
        assert {item.get("publishedApplicationId", "absent") for item in items} == owners


@of("otp_unique")
def check_otp_unique(client: Talk) -> None:
    first, second = client.sim.add_publication()["id"], client.sim.add_publication()["id"]
    client.sim.add_otp_user(email="a@example.com", publishedApplicationId=first)
    again = {"email": "A@example.com", "allowedDownloadsNum": 1}
    assert _otp(client, **again, publishedApplicationId=first).status_code == 400
    client.sim.set(otp_unique="store")
    assert _otp(client, **again, publishedApplicationId=second).status_code == 400
    client.sim.set(otp_unique="publication")
    assert _otp(client, **again, publishedApplicationId=second).status_code == 200


@of("otp_duplicate_code")
def check_otp_duplicate_code(client: Talk) -> None:
    publication = client.sim.add_publication()["id"]
    client.sim.add_otp_user(email="a@example.com")
    client.sim.set(otp_duplicate_code=5000)
    answer = _otp(client, email="a@example.com", allowedDownloadsNum=1, publishedApplicationId=publication)
    assert answer.json()["error"]["code"] == 5000


@of("otp_organization")
def check_otp_organization(client: Talk) -> None:
    by_id = client.otp_users.replace(client.sim.organization["slug"], client.sim.organization["id"])
    assert client.call("GET", by_id).status_code == 404
    client.sim.set(otp_organization="either")
    assert client.call("GET", by_id).status_code == 200


@of("email_case")
def check_email_case(client: Talk) -> None:
    body = {"allowedDownloadsNum": 1, "publishedApplicationId": client.sim.add_publication()["id"]}
    assert _otp(client, email="A@Example.com", **body).json()["data"][0]["email"] == "A@Example.com"
    client.sim.set(email_case="lowered")
    assert _otp(client, email="B@Example.com", **body).json()["data"][0]["email"] == "b@example.com"


# -- builds -----------------------------------------------------------------------------------------------------------


@of("upload_field")
def check_upload_field(client: Talk) -> None:
    for form, fits in (("build", {"build"}), ("file", {"file"}), ("either", {"build", "file"})):
        client.sim.set(upload_field=form)
        for field in ("build", "file"):
            answer = client.call("POST", "/integrations/builds", files={field: ("a.ipa", b"x")})
            assert (answer.status_code == 200) == (field in fits), answer.text


@of("upload_host")
def check_upload_host(client: Talk) -> None:
    def statuses() -> list[int]:
        headers = {"Authorization": f"Bearer {client.sim.app_token}"}
        path = "/v1/integrations/builds"
        return [
            client.session.request(method, f"{host}{path}", headers=headers, files=files, timeout=60).status_code
            for host in (client.sim.url, client.sim.upload_url)
            for method, files in (("GET", None), ("POST", {"build": ("a.ipa", b"x")}))
        ]

    assert statuses() == [200, 200, 200, 200]
    assert [entry.host for entry in client.sim.requests] == ["api", "api", "upload", "upload"]
    client.sim.set(upload_host="own")
    assert statuses() == [200, 404, 404, 200]


@of("processing")
def check_processing(client: Talk) -> None:
    def statuses(build: dict[str, Any], reads: int) -> list[str]:
        return [client.data(f"{client.builds}/{build['id']}")["status"] for _unused in range(reads)]

    assert statuses(client.sim.add_build(status="pending"), 3) == ["pending", "in_progress", "processed"]
    client.sim.set(processing=2)
    slow = client.sim.add_build(status="pending")
    assert statuses(slow, 5) == ["pending", "pending", "in_progress", "in_progress", "processed"]
    assert statuses(client.sim.add_build(status="in_progress", processing=1), 2) == ["in_progress", "processed"]
    client.sim.set(processing=None)
    stuck = client.sim.add_build(status="pending")
    assert statuses(stuck, 3) == ["pending"] * 3
    client.sim.set(processing={"reads": 1, "result": "error", "error": "No profile", "code": 7})
    assert statuses(stuck, 3) == ["pending", "in_progress", "error"]
    assert (stuck["error"], stuck["errorCode"]) == ("No profile", 7)
    client.sim.set(processing=0)
    answer = client.call("POST", "/integrations/builds", files={"build": ("a.ipa", b"x")})
    assert answer.json()["data"]["status"] == "processed"


# -- the wire ---------------------------------------------------------------------------------------------------------


@of("latency")
def check_latency(client: Talk) -> None:
    client.sim.set(latency=0.05)
    begin = time.monotonic()
    assert client.call("GET", client.builds).status_code == 200
    assert time.monotonic() - begin >= 0.05


@of("rate")
def check_rate(client: Talk) -> None:
    client.sim.set(rate=0.0001)
    assert client.call("GET", client.builds).status_code == 200
    answer = client.call("GET", client.builds)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


@of("retry_after")
def check_retry_after(client: Talk) -> None:
    client.sim.set(rate=0.0001, retry_after=None)
    answers = [client.call("GET", client.builds) for _unused in range(2)]
    assert answers[1].status_code == 429
    assert "Retry-After" not in answers[1].headers
    client.sim.set(retry_after=9)
    assert client.call("GET", client.builds).headers["Retry-After"] == "9"


@of("permissions")
def check_permissions(client: Talk) -> None:
    client.sim.set(
        permissions={"otp_users": 403, "builds:list": 401, "stores": {"status": 400, "code": 5004, "message": "Plan"}}
    )
    refusal = client.call("GET", client.otp_users)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (403, 4001)
    assert client.call("GET", client.builds).status_code == 401
    assert client.call("GET", f"{client.builds}/{ID}").status_code == 404
    plan = client.call("GET", f"{client.organization}/stores")
    assert (plan.status_code, plan.json()["error"]["code"]) == (400, 5004)


@of("now")
def check_now(client: Talk) -> None:
    real = client.call("GET", client.builds).headers["Date"]
    client.sim.set(now="2031-05-06T07:08:09+00:00")
    assert client.call("GET", client.builds).headers["Date"] == "Tue, 06 May 2031 07:08:09 GMT" != real
    assert re.match("2031-05-06T07:08:09", client.sim.add_build()["createdAt"])


@of("otp_downloads")
def check_otp_downloads(client: Talk) -> None:
    client.sim.add_publication()
    several, single = client.sim.add_otp_user(allowedDownloadsNum=2), client.sim.add_otp_user(singleUse=True)
    assert client.sim.download(single["id"])
    assert single["id"] not in client.sim.otp_users
    assert client.sim.download(several["id"])
    assert several["allowedDownloadsNum"] == 2
    client.sim.set(otp_downloads="counts_down")
    assert client.sim.download(several["id"])
    assert several["allowedDownloadsNum"] == 1
    used_up = client.sim.add_otp_user(allowedDownloadsNum=0)
    assert not client.sim.download(used_up["id"])


@of("upload_validation")
def check_upload_validation(client: Talk) -> None:
    answer = client.call("POST", "/integrations/builds", files={"build": ("notes.txt", b"x")})
    build = answer.json()["data"]
    assert (answer.status_code, build["status"]) == (200, "pending")
    for _read in range(3):
        shown = client.data(f"/integrations/builds/{build['id']}")
    assert (shown["status"], shown["error"]) == ("error", "notes.txt is no application package")
    client.sim.set(upload_validation="at_once")
    answer = client.call("POST", "/integrations/builds", files={"build": ("notes.txt", b"x")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 5006)


@of("upload_seconds")
def check_upload_seconds(client: Talk) -> None:
    client.sim.set(upload_seconds=30)
    answers = []

    def send() -> None:
        # The end of the simulator cuts it off.
        with suppress(requests.exceptions.RequestException):
            answers.append(client.call("POST", "/integrations/builds", files={"build": ("a.ipa", b"x")}, timeout=60))

    threading.Thread(target=send, daemon=True).start()
    eventually(lambda: len(client.sim.builds) == 1)
    assert client.data("/integrations/builds")["totalDocs"] == 1
    assert answers == []


@of("bad_token_upload")
def check_bad_token_upload(client: Talk) -> None:
    big = b"x" * 8_000_000
    answer = client.call("POST", "/integrations/builds", token="wrong", files={"build": ("a.ipa", big)})
    assert answer.json()["error"]["code"] == 4004
    client.sim.set(bad_token_upload="early")
    try:
        answer = client.call("POST", "/integrations/builds", token="wrong", files={"build": ("a.ipa", big)})
    except requests.exceptions.ConnectionError:
        # What most clients make of it.
        pass
    else:
        assert answer.json()["error"]["code"] == 4004
    assert not client.sim.builds
    assert client.call("POST", "/integrations/builds", files={"build": ("a.ipa", b"x")}).status_code == 200


@of("retention")
def check_retention(client: Talk) -> None:
    old, new = client.sim.add_build(), client.sim.add_build()
    client.sim.set(retention={"keep": 1, "after": 1})
    assert client.data("/integrations/builds")["totalDocs"] == 2
    assert client.call("GET", f"/integrations/builds/{old['id']}").status_code == 404
    assert client.call("GET", f"/integrations/builds/{new['id']}").status_code == 200


@of("limits")
def check_limits(client: Talk) -> None:
    client.sim.add_publication()
    client.sim.set(limits={"publications": 1, "otp_users": 0})
    for answer in (
        client.call("POST", client.pub_apps, json=client.publication()),
        client.call(
            "POST",
            client.otp_users,
            json={
                "email": "a@example.com",
                "allowedDownloadsNum": 1,
                "publishedApplicationId": next(iter(client.sim.publications)),
            },
        ),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == 5017
        assert "limit" in answer.json()["error"]["data"]
    client.sim.set(limits={"publications": 2})
    assert client.call("POST", client.pub_apps, json=client.publication()).status_code == 200


@of("limit_code")
def check_limit_code(client: Talk) -> None:
    client.sim.set(limits={"publications": 0}, limit_code=5003)
    answer = client.call("POST", client.pub_apps, json=client.publication())
    assert answer.json()["error"]["code"] == 5003


@of("forbidden_code")
def check_forbidden_code(client: Talk) -> None:
    client.sim.set(permissions={"builds": 403}, forbidden_code=4003)
    answer = client.call("GET", "/integrations/builds")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 4003)
