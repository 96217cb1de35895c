# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Life, tokens, envelopes, pages, log and control endpoints."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Callable

import pytest
import requests
import trustme

from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk
from applivery_simulator import Simulator, SimulatorError


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with Simulator() as sim, requests.Session() as session:
        port = int(sim.url.rsplit(":", 1)[1])
        assert session.get(f"{sim.url}/v1/organizations", timeout=60).status_code == 401
    assert set(threading.enumerate()) == before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_slow_request_does_not_hold_up_the_end(
    simulator: Callable[..., Simulator], talk: Callable[..., Talk]
) -> None:
    sim = simulator()
    client = talk(sim)
    sim.fault("slow", seconds=600)
    with pytest.raises(requests.Timeout):
        client.call("GET", "/integrations/builds", timeout=0.2)
    sim.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "applivery-simulator"]


def test_it_starts_again_after_an_end(sim: Simulator) -> None:
    sim.stop()
    sim.stop()
    sim.start()
    with pytest.raises(SimulatorError, match="runs already"):
        sim.start()


def test_a_taken_port_is_one_clear_line(sim: Simulator) -> None:
    port = int(sim.url.rsplit(":", 1)[1])
    with pytest.raises(SimulatorError, match=f"port {port} on 127.0.0.1 is taken"):
        Simulator(port=port).start()
    with pytest.raises(SimulatorError, match="cannot listen"):
        Simulator(port=70000).start()


def test_it_can_speak_tls(simulator: Callable[..., Simulator], tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    sim = simulator(ssl_context=context)
    assert sim.url.startswith("https://")
    answer = requests.get(f"{sim.url}/v1/organizations", verify=str(tmp_path / "ca.pem"), timeout=60)
    assert answer.status_code == 401


def test_a_client_that_leaves_in_the_middle_of_an_upload(client: Talk, caplog: pytest.LogCaptureFixture) -> None:
    port = int(client.sim.url.rsplit(":", 1)[1])
    head = (
        f"POST /v1/integrations/builds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.sim.app_token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="build"; filename="a.ipa"\r\n\r\nxxx'
    )
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(head.encode())
        while not client.sim.writes:
            client.data("/organizations")
    assert client.data("/integrations/builds")["items"] == []
    client.sim.stop()
    assert caplog.records == []
    assert [entry.status for entry in client.sim.requests if entry.method == "POST"] == [None]


def test_the_empty_seed(sim: Simulator) -> None:
    assert len(sim.organizations) == len(sim.stores) == len(sim.applications) == 1
    assert not sim.builds
    assert not sim.publications
    assert not sim.otp_users


def test_the_demo_seed(simulator: Callable[..., Simulator], talk: Callable[..., Talk]) -> None:
    client = talk(simulator(seed="demo"))
    builds = client.data("/integrations/builds")["items"]
    newest = [build for build in builds if build["deployer"]["info"]["branch"] == "release/4.2"]
    assert {build["os"] for build in newest} == {"ios", "android"}
    assert {build["deployer"]["info"]["branch"] for build in builds} == {"main", "release/4.2"}
    assert "error" in {build["status"] for build in builds}
    assert len(client.data("/integrations/distributions")["items"]) == 2
    assert client.data(client.otp_users)["items"]
    assert not client.sim.contract_violations


def test_ids_and_tokens_are_the_same_in_every_run(simulator: Callable[..., Simulator]) -> None:
    one, two = simulator(seed="demo"), simulator(seed="demo")
    assert one.app_token == two.app_token
    assert list(one.builds) == list(two.builds)


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [
        ("/integrations/builds", "", 4002),
        ("/integrations/builds", "nonsense", 4004),
        ("/integrations/builds", "service", 4004),
        ("/integrations/builds", "expired", 3002),
        ("/organizations", "", 4002),
        ("/organizations", "nonsense", 4004),
        ("/organizations", "app", 4004),
        ("/organizations", "expired", 3002),
    ],
)
def test_tokens(client: Talk, path: str, token: str, code: int) -> None:
    sim = client.sim
    known = {"service": sim.service_account_token, "app": sim.app_token, "expired": sim.expired_token}
    answer = client.call("GET", path, token=known.get(token, token))
    assert answer.status_code == 401
    assert answer.json()["status"] is False
    assert answer.json()["error"]["code"] == code


def test_how_a_token_may_be_sent(client: Talk) -> None:
    for headers, status in (
        ({"Authorization": f"bearer {client.sim.app_token}"}, 200),
        ({"Authorization": f"Basic {client.sim.app_token}"}, 401),
        ({"X-Api-Token": client.sim.app_token}, 401),
    ):
        assert client.call("GET", "/integrations/builds", token="", headers=headers).status_code == status


def test_another_organization_is_closed(client: Talk) -> None:
    other = client.sim.add_organization()
    client.sim.add_store(organization=other["id"])
    answer = client.call("GET", f"/organizations/{other['slug']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 4001)
    assert [item["id"] for item in client.data("/organizations")["items"]] == [client.sim.organization["id"]]


def test_integrations_sees_one_application_only(client: Talk) -> None:
    other = client.sim.add_application(slug="other-app")
    mine, theirs = client.sim.add_build(), client.sim.add_build(application=other["id"])
    hidden = client.sim.add_publication(application=other["id"])
    assert [item["id"] for item in client.data("/integrations/builds")["items"]] == [mine["id"]]
    assert client.call("GET", f"/integrations/builds/{theirs['id']}").status_code == 404
    assert client.call("GET", f"/integrations/distributions/{hidden['id']}").status_code == 404
    token = client.sim.app_token_of(other["id"])
    assert client.data(f"/integrations/builds/{theirs['id']}", token=token)["id"] == theirs["id"]
    assert client.data(f"{client.pub_apps}/{hidden['id']}")["application"] == other["id"]


def test_pages(client: Talk) -> None:
    builds = [client.sim.add_build(versionCode=str(number)) for number in range(5)]
    seen = []
    for page in (1, 2, 3):
        data = client.data("/integrations/builds", params={"page": page, "limit": 2})
        seen += [item["id"] for item in data["items"]]
        assert (data["totalDocs"], data["totalPages"], data["page"], data["limit"]) == (5, 3, page, 2)
        assert (data["hasPrevPage"], data["hasNextPage"]) == (page > 1, page < 3)
        assert (data["prevPage"], data["nextPage"]) == (page - 1 or None, page + 1 if page < 3 else None)
    assert seen == [build["id"] for build in reversed(builds)]
    assert client.data("/integrations/builds", params={"page": 9, "limit": 2})["items"] == []


def test_sort(client: Talk) -> None:
    for version in ("2", "3", "1"):
        client.sim.add_build(versionName=version)

    def versions(**query: str) -> list[str]:
        return [item["versionName"] for item in client.data("/integrations/builds", params=query)["items"]]

    assert versions() == ["1", "3", "2"]
    assert versions(sort="createdAt:asc") == ["2", "3", "1"]
    assert versions(sort="createdAt:desc") == ["1", "3", "2"]
    assert versions(sort="versionName:asc") == ["1", "2", "3"]
    assert versions(sort="versionName:desc") == ["3", "2", "1"]


def test_both_forms_of_a_list_path(client: Talk) -> None:
    assert client.get(f"{client.otp_users}/") == client.get(client.otp_users)


def test_an_unknown_address(client: Talk) -> None:
    for method, path in (("GET", "/nowhere"), ("PATCH", "/integrations/builds"), ("GET", "/integrations//builds")):
        answer = client.call(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 3001)


def test_lookups(client: Talk) -> None:
    sim = client.sim
    application = sim.application
    for key in ("id", "slug"):
        assert client.data(f"/organizations/{sim.organization[key]}")["id"] == sim.organization["id"]
        assert client.data(f"{client.organization}/apps/{application[key]}")["id"] == application["id"]
    assert client.data(f"{client.organization}/stores/{sim.store['id']}")["id"] == sim.store["id"]
    workspace = client.data(f"{client.organization}/workspace")
    assert workspace["organization"]["id"] == sim.organization["id"]
    assert workspace["store"]["id"] == sim.store["id"]
    assert workspace["limits"]["maxPublicationsPerApp"] == 20
    second = sim.add_store()
    assert {item["id"] for item in client.data(f"{client.organization}/stores")["items"]} == {
        sim.store["id"],
        second["id"],
    }
    sim.add_application(name="Second", oss=["windows"])
    found = client.data(f"{client.organization}/apps", params={"name": "econ", "oss": "windows,macos"})["items"]
    assert [item["name"] for item in found] == ["Second"]
    assert client.call("GET", "/organizations/no-such-one").status_code == 404
    assert client.call("GET", f"{client.organization}/apps/no-such-one").status_code == 404


def test_the_log(client: Talk) -> None:
    client.call("GET", "/integrations/builds", params={"limit": "5"})
    client.call("POST", "/integrations/distributions", json={"slug": "x"})
    first, second = client.sim.requests
    assert (first.method, first.path, first.query, first.body, first.status) == (
        "GET",
        "/v1/integrations/builds",
        {"limit": "5"},
        None,
        200,
    )
    assert (second["method"], second["body"], second["status"], second["token"]) == ("POST", {"slug": "x"}, 400, "app")
    assert client.sim.writes == [second]
    assert client.sim.app_token not in str(client.sim.requests)
    with pytest.raises(AttributeError):
        _unused = first.nothing
    client.sim.forget_requests()
    assert client.sim.requests == []


def test_every_write_changes_updated_at_even_within_a_millisecond(client: Talk) -> None:
    client.sim.set(now="2030-01-01T00:00:00+00:00")
    build = client.sim.add_build()
    stamps = {build["updatedAt"]}
    for _unused in range(3):
        answer = client.call("PUT", f"/integrations/builds/{build['id']}", json={"changelog": "same"})
        stamps.add(answer.json()["data"]["updatedAt"])
    assert len(stamps) == 4


# -- what can be done from Python and over HTTP ------------------------------------------------------------------------


def control(sim: Simulator, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = requests.request(method, f"{sim.url}/_simulator{path}", json=body, timeout=60)
    return answer.status_code, answer.json()


def test_control_of_switches(sim: Simulator) -> None:
    assert control(sim, "POST", "/switches", {"envelope": "bare"})[1]["envelope"] == "bare"
    assert control(sim, "GET", "/switches")[1]["envelope"] == "bare"
    status, answer = control(sim, "POST", "/switches", {"envelope": "bare", "no_such": 1})
    assert status == 400
    assert "no_such" in answer["error"]
    assert control(sim, "POST", "/switches", {"create_status": True})[0] == 400
    assert sim.switches["create_status"] == 200


def test_control_of_faults(client: Talk) -> None:
    sim = client.sim
    status, answer = control(sim, "POST", "/faults", {"kind": "html", "path": "builds", "times": 2})
    assert (status, answer["kind"], answer["times"]) == (201, "html", 2)
    assert client.call("GET", "/integrations/builds").status_code == 502
    assert len(control(sim, "GET", "/faults")[1]["faults"]) == 1
    assert control(sim, "DELETE", "/faults")[0] == 200
    assert client.call("GET", "/integrations/builds").status_code == 200
    for wrong in ({"kind": "no_such"}, {"kind": "html", "seconds": 1}, {"kind": "call"}, {"kind": "status"}, {}):
        assert control(sim, "POST", "/faults", wrong)[0] == 400


def test_control_of_the_log(client: Talk) -> None:
    client.call("GET", "/integrations/builds")
    client.call("POST", "/integrations/distributions", json={})
    answer = control(client.sim, "GET", "/requests")[1]
    assert [entry["method"] for entry in answer["requests"]] == ["GET", "POST"]
    assert [entry["method"] for entry in answer["writes"]] == ["POST"]
    assert answer["contract_violations"][0]["refused"] is True
    control(client.sim, "DELETE", "/requests")
    assert control(client.sim, "GET", "/requests")[1]["requests"] == []


def test_control_of_the_state(sim: Simulator) -> None:
    ids = {}
    for kind in ("applications", "stores", "builds", "publications", "otp-users"):
        status, answer = control(sim, "POST", f"/{kind}", {})
        assert status == 201
        ids[kind] = answer["id"]
    state = control(sim, "GET", "/state")[1]
    assert [item["id"] for item in state["builds"]] == [ids["builds"]] == list(sim.builds)
    assert state["publications"][0]["distributionUrl"].endswith(sim.publications[ids["publications"]]["slug"])
    assert state["otp_users"][0]["publishedApplicationId"] == ids["publications"]
    before = sim.builds[ids["builds"]]["updatedAt"]
    assert control(sim, "PUT", f"/objects/{ids['builds']}", {"versionName": "other"})[1]["versionName"] == "other"
    assert sim.builds[ids["builds"]]["updatedAt"] != before
    assert control(sim, "PUT", "/objects/nothing", {})[0] == 400
    assert control(sim, "POST", "/publications", {"id": ids["publications"]})[0] == 400


def test_reset(client: Talk) -> None:
    sim = client.sim
    token = sim.app_token
    sim.add_build()
    sim.fault("html")
    status, answer = control(
        sim, "POST", "/reset", {"profile": "hostile", "seed": "demo", "switches": {"dates": "as_sent"}}
    )
    assert (status, answer["app_token"], answer["url"]) == (200, token, sim.url)
    assert (sim.switches["unset_fields"], sim.switches["dates"]) == ("null", "as_sent")
    assert len(sim.publications) == 2
    assert client.call("GET", "/integrations/builds").status_code == 200
    assert control(sim, "GET", "")[1]["store"]["id"] == sim.store["id"]
    for wrong in ({"seed": "no"}, {"profile": "no"}, {"more": 1}, {"switches": {"dates": 1}}, [1]):
        assert control(sim, "POST", "/reset", wrong)[0] == 400
    sim.reset()
    assert not sim.builds
    assert sim.switches["unset_fields"] == "absent"


def test_an_unknown_switch_profile_or_seed() -> None:
    for options in ({"switches": {"no": 1}}, {"profile": "no"}, {"seed": "no"}):
        with pytest.raises(ValueError, match="unknown"):
            Simulator(**options)


def test_adding_under_nothing() -> None:
    sim = Simulator()
    sim.publications.clear()
    assert sim.add_otp_user()["publishedApplicationId"] is None
    sim.applications.clear()
    with pytest.raises(ValueError, match="no application"):
        sim.add_build()
