# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads: streamed, strict about their form, processed by the number of reads."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ansible_collections.applivery.distribution.tests.unit.simulator.talk import Talk, refused_fields

UPLOAD = "/integrations/builds"
CONTENT = b"package" * 1000


def upload(client: Talk, path: str = UPLOAD, name: str = "app.ipa", content: bytes = CONTENT, **form: str) -> Any:
    return client.call("POST", path, files={"build": (name, content)}, data=form)


def test_an_upload(client: Talk) -> None:
    form = {
        "versionName": "1.2",
        "tags": "a, b",
        "changelog": "New.",
        "deployer.name": "CI",
        "deployer.info.commit": "abc",
        "deployer.info.branch": "main",
    }
    answer = upload(client, **form)
    assert answer.status_code == 200
    stored = client.sim.builds[answer.json()["data"]["id"]]
    assert answer.json()["data"]["status"] == "pending"
    assert (stored["versionName"], stored["tags"], stored["changelog"]) == ("1.2", ["a", "b"], "New.")
    assert stored["deployer"] == {"name": "CI", "info": {"commit": "abc", "branch": "main"}}
    assert (stored["os"], stored["size"]) == ("ios", len(CONTENT))
    assert stored["files"][0]["file"]["checksum"] == hashlib.sha256(CONTENT).hexdigest()
    sent = client.sim.requests[-1].body
    assert sent["build"] == {"filename": "app.ipa", "size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert {name: sent[name] for name in form} == form
    seen = [client.data(f"{UPLOAD}/{stored['id']}")["status"] for _unused in range(3)]
    assert seen == ["pending", "in_progress", "processed"]
    assert not client.sim.contract_violations


def test_bracketed_names_mean_the_same(client: Talk) -> None:
    form = {"deployer[name]": "fastlane", "deployer[info][commitMessage]": "Fix", "deployer[info][branch]": "main"}
    stored = client.sim.builds[upload(client, **form).json()["data"]["id"]]
    assert stored["deployer"] == {"name": "fastlane", "info": {"commitMessage": "Fix", "branch": "main"}}
    assert not client.sim.contract_violations


def test_an_upload_to_the_workspace(client: Talk) -> None:
    answer = upload(client, path=client.builds, name="app.apk")
    stored = client.sim.builds[answer.json()["data"]["id"]]
    assert (stored["os"], stored["application"]) == ("android", client.sim.application["id"])


@pytest.mark.parametrize(
    ("name", "form", "system", "platform"),
    [
        ("a.AAB", {}, "android", "android"),
        ("a.dmg", {}, "macos", "macos"),
        ("a.msix", {}, "windows", "windows"),
        ("a.tar.gz", {"buildPlatform": "ps5", "packageName": "p", "packageVersion": "7"}, "ps5", "ps5"),
        ("a.zip", {"buildPlatform": "macos", "packageName": "p", "packageVersion": "7"}, "macos", "macos"),
    ],
)
def test_what_the_file_name_says(client: Talk, name: str, form: dict[str, str], system: str, platform: str) -> None:
    stored = client.sim.builds[upload(client, name=name, **form).json()["data"]["id"]]
    assert (stored["os"], stored["buildPlatform"]) == (system, platform)
    assert stored["versionCode"] == form.get("packageVersion", "1")


@pytest.mark.parametrize(("name", "content"), [("a.txt", CONTENT), ("a", CONTENT), ("a.ipa", b"")])
def test_files_that_are_no_package(client: Talk, name: str, content: bytes) -> None:
    client.sim.set(upload_validation="at_once")
    answer = upload(client, name=name, content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 5006)
    assert not client.sim.builds


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("a.ipa", {"versionCode": "1"}, "versionCode"),
        ("a.ipa", {"deployer.commit": "1"}, "deployer.commit"),
        ("a.ipa", {"buildPlatform": "amiga"}, "buildPlatform"),
        ("a.ipa", {"notifyLanguage": "de"}, "notifyLanguage"),
        ("a.ipa", {"notifyEmployees": "yes"}, "notifyEmployees"),
        ("a.zip", {"packageName": "p", "packageVersion": "7"}, "buildPlatform"),
        ("a.nsp", {"buildPlatform": "switch"}, "packageName"),
    ],
)
def test_refused_forms(client: Talk, name: str, form: dict[str, str], field: str) -> None:
    assert field in refused_fields(upload(client, name=name, **form))
    assert not client.sim.builds


def test_an_upload_without_a_package(client: Talk) -> None:
    assert "build" in refused_fields(client.call("POST", UPLOAD, files={"app": ("a.ipa", b"x")}))
    assert client.call("POST", UPLOAD, json={}).json()["error"]["code"] == 6002
    answer = client.call("POST", UPLOAD, data=b"nonsense", headers={"Content-Type": "multipart/form-data"})
    assert answer.json()["error"]["code"] == 6002


def test_an_empty_field_instead_of_a_file(client: Talk) -> None:
    # curl -F build= sends this.
    answer = client.call("POST", UPLOAD, files={"other": (None, "x")}, data={"build": ""})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 5006)
    assert not client.sim.builds


def test_a_field_that_comes_twice(client: Talk) -> None:
    package = ("build", ("a.ipa", b"x"))
    twice = [package, ("tags", (None, "a")), ("tags", (None, "b"))]
    stored = client.sim.builds[client.call("POST", UPLOAD, files=twice).json()["data"]["id"]]
    assert stored["tags"] == ["a", "b"]
    twice = [package, ("changelog", (None, "a")), ("changelog", (None, "b"))]
    assert refused_fields(client.call("POST", UPLOAD, files=twice)) == ["changelog"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n"),
        ("multipart/form-data; boundary=b", b"--c\r\nContent-Disposition: form-data\r\n\r\nx\r\n--c--"),
        (
            "multipart/form-data; boundary=b",
            (
                b"--b\r\nContent-Disposition: form-data; name=tags\r\n"
                b"Content-Transfer-Encoding: weird\r\n\r\nx\r\n--b--\r\n"
            ),
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=tags\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b"--b\r\n[]--b--\r\n"),
        ("multipart/mixed; boundary=b", b"--b\r\n\r\n--b--\r\n"),
        ("application/json", b"[" * 100_000),
        ("application/json", b"\xff\xfe{"),
    ],
)
@pytest.mark.parametrize("token", [None, "wrong"])
def test_bodies_that_nobody_can_read(client: Talk, content_type: str, body: bytes, token: str | None) -> None:
    for path in (UPLOAD, "/integrations/distributions"):
        answer = client.call("POST", path, token=token, data=body, headers={"Content-Type": content_type})
        # The token is looked at before the body.
        assert (answer.status_code, answer.json()["error"]["code"]) == ((400, 6002) if token is None else (401, 4004))
    assert not client.sim.builds


# What public clients send, field by field (fact sheet 2.1, N7): fastlane brackets, the steps and the action use dots.
CLIENTS: dict[str, dict[str, Any]] = {
    "fastlane plugin": {
        "changelog": "New.",
        "tags": "a,b",
        "filter": "a,b|c",
        "notifyCollaborators": "true",
        "notifyEmployees": "true",
        "notifyMessage": "Hi",
        "notifyLanguage": "en",
        "deployer[name]": "fastlane",
        "deployer[info][commitMessage]": "Fix",
        "deployer[info][commit]": "0a1b2c3d",
        "deployer[info][branch]": "main",
        "deployer[info][tag]": "v1.4.0\n",
        "deployer[info][triggerTimestamp]": "1600000000",
        "deployer[info][buildUrl]": "https://ci.example/1",
        "deployer[info][ciUrl]": "https://ci.example",
        "deployer[info][repositoryUrl]": "https://git.example/app.git",
        "deployer[info][buildNumber]": "12",
    },
    "Bitrise step for Android": {
        "versionName": "1.4.0",
        "changelog": "",
        "notifyCollaborators": "true",
        "notifyEmployees": "false",
        "notifyMessage": "",
        "tags": "",
        "deployer.name": "bitrise",
        "deployer.info.commitMessage": "Fix",
        "deployer.info.commit": "0a1b2c3d",
        "deployer.info.branch": "main",
        "deployer.info.triggerTimestamp": "1600000000",
        "deployer.info.buildUrl": "https://ci.example/1",
        "deployer.info.buildNumber": "12",
    },
    "Bitrise step for iOS": {
        "versionName": "1.4.0",
        "deployer.name": "bitrise",
        "deployer.info.branch": "main",
        "deployer.info.provisionUrl": "https://ci.example/p",
        "deployer.info.certificateUrl": "https://ci.example/c",
        "deployer.info.certificatePassphrase": "not-a-secret",
    },
    "GitHub action": {
        "versionName": "1.4.0",
        "tags": "a,b",
        "changelog": "New.",
        "notifyCollaborators": "false",
        "notifyEmployees": "false",
        "buildPlatform": "android",
        "deployer.name": "github",
        "deployer.info.commit": "0a1b2c3d",
        "deployer.info.branch": "main",
        "deployer.info.repositoryUrl": "https://git.example/app.git",
    },
}


@pytest.mark.parametrize("name", CLIENTS)
def test_what_public_clients_send_is_taken(client: Talk, name: str) -> None:
    files = {"build": ("app.apk", b"x")}
    if name == "Bitrise step for iOS":
        files["simulatorBuild"] = ("simulator.app.zip", b"y")
    answer = client.call("POST", UPLOAD, files=files, data=CLIENTS[name])
    assert answer.status_code == 200, answer.text
    deployer = client.sim.builds[answer.json()["data"]["id"]]["deployer"]
    assert deployer["info"]["branch"] == "main"
    assert deployer["name"] in name.lower() or deployer["name"] == "bitrise"
    assert not client.sim.contract_violations


def test_other_files_follow_the_switch_for_unknown_fields(client: Talk) -> None:
    files = {"build": ("a.ipa", b"x"), "notes": ("notes.txt", b"y")}
    assert refused_fields(client.call("POST", UPLOAD, files=files)) == ["notes"]
    client.sim.set(unknown_fields="accept")
    assert client.call("POST", UPLOAD, files=files).status_code == 200


@pytest.mark.parametrize("details", [{}, {"status": 413, "message": "too large"}])
def test_an_upload_that_is_refused_early(client: Talk, details: dict[str, Any]) -> None:
    client.sim.fault("refuse_early", method="POST", **details)
    try:
        answer = upload(client, content=b"x" * 8_000_000)
    except requests.exceptions.ConnectionError:
        # Most clients see a broken pipe; some read the answer all the same.
        pass
    else:
        assert answer.status_code == details.get("status", 400)
    assert not client.sim.builds
    assert upload(client).status_code == 200


def test_an_icon_may_come_along(client: Talk) -> None:
    files = {"build": ("a.ipa", b"x"), "packageIcon": ("icon.png", b"y")}
    assert client.call("POST", UPLOAD, files=files).status_code == 200


def test_empty_texts_where_they_are_refused(client: Talk) -> None:
    client.sim.set(empty_strings="refuse")
    assert refused_fields(upload(client, changelog="")) == ["changelog"]


def test_who_is_told(client: Talk) -> None:
    upload(client)
    upload(
        client,
        notifyCollaborators="true",
        notifyEmployees="false",
        filter="a,b|c",
        notifyMessage="Hi",
        notifyLanguage="ge",
    )
    upload(client, filter='[["a","b"],["c"]]')
    upload(client, filter="[broken")
    quiet, loud, nested, broken = client.sim.notifications
    assert (quiet["collaborators"], quiet["employees"], quiet["groups"]) == (False, False, [])
    assert (loud["collaborators"], loud["employees"], loud["message"], loud["language"]) == (True, False, "Hi", "ge")
    assert loud["groups"] == nested["groups"] == [["a", "b"], ["c"]]
    assert broken["groups"] == [["[broken"]]


def test_a_large_file_is_not_held_in_memory(client: Talk) -> None:
    size, block = 96 * 1024 * 1024, b"0" * 1024 * 1024
    head = b'--b\r\nContent-Disposition: form-data; name="build"; filename="a.ipa"\r\n\r\n'
    tail = b"\r\n--b--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        for _unused in range(size // len(block)):
            yield block
        yield tail

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = client.call(
        "POST", UPLOAD, data=body(), headers={"Content-Type": "multipart/form-data; boundary=b"}, timeout=60
    )
    assert answer.json()["data"]["size"] == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


@pytest.mark.parametrize("workspace", [False, True])
def test_attached_files(client: Talk, workspace: bool) -> None:
    path = client.builds if workspace else UPLOAD
    build = client.sim.add_build()
    address = f"{path}/{build['id']}/files"
    assert client.call("POST", address, files={"file": ("notes.pdf", b"x")}).status_code == 200
    assert build["files"][0]["type"] == "attachment"
    assert refused_fields(client.call("POST", address, files={"build": ("notes.pdf", b"x")})) == ["file"]
    wrong = client.call("POST", address, files={"file": ("notes.pdf", b"x")}, data={"more": "1"})
    assert refused_fields(wrong) == ["more"]
    build["status"] = "pending"
    refusal = client.call("POST", address, files={"file": ("notes.pdf", b"x")})
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (400, 5014)


def test_the_attached_file_of_a_strange_build(client: Talk) -> None:
    address = f"{UPLOAD}/{'0' * 24}/files"
    assert client.call("POST", address, files={"file": ("notes.pdf", b"x")}).status_code == 404
