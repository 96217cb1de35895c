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
