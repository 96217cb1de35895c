# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads: once, with a form that existing clients would recognise, and never a second time by accident."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tracemalloc
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import Api
from ansible_collections.applivery.distribution.plugins.module_utils._build import upload as _build_upload
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import (
    AmbiguousWrite,
    AppliveryError,
    InvalidInput,
    RequestFailed,
)
from ansible_collections.applivery.distribution.plugins.module_utils._http.form import FilePart

from ansible_collections.applivery.distribution.tests.support.builds import Clock, Module

Start = Callable[..., Module]
COMMIT = "c157a79031e1c40f85931829bc5fc55229f3e904"
WORLDS: list[dict[str, Any]] = [
    {},
    {"profile": "hostile"},
    {"api": "integrations"},
    {"api": "integrations", "profile": "hostile"},
    {"upload_field": "file"},
    {"upload_field": "either", "create_status": 201},
    {"processing": 3},
    {"processing": 0, "done_word": "success"},
    {"unset_fields": "null", "nested": "enriched"},
    {"hidden_fields": ["build_list:deployer", "build_list:versionName"]},
]
# What the fastlane plugin and the GitHub action send beside the file, in dotted form.
KNOWN_TO_CLIENTS = {
    "versionName",
    "tags",
    "changelog",
    "filter",
    "notifyCollaborators",
    "notifyEmployees",
    "notifyMessage",
    "notifyLanguage",
    "deployer.name",
    "deployer.info.commitMessage",
    "deployer.info.commit",
    "deployer.info.branch",
    "deployer.info.tag",
    "deployer.info.triggerTimestamp",
    "deployer.info.buildUrl",
    "deployer.info.ciUrl",
    "deployer.info.repositoryUrl",
    "deployer.info.buildNumber",
}


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_a_file_is_uploaded_once(build: Start, world: dict[str, Any], package: str) -> None:
    module = build(**world)
    module.sim.add_build(versionName="2.4.0", os="android")
    outcome = module.twice(
        path=package,
        match={"os": "android", "git_commit": COMMIT[:9], "version_name": "2.5.0", "status": "processed"},
        version_name="2.5.0",
        tags=["nightly", "apk"],
        changelog="Notes\n",
        deployer={"name": "CI", "commit": COMMIT, "branch": "main"},
    )
    assert outcome.result["uploaded"]
    assert outcome.result["build"]["status"] == "processed"
    assert outcome.after == {"version_name": "2.5.0", "tags": ["apk", "nightly"], "changelog": "Notes"}
    assert outcome.before == {}
    assert len(module.sim.builds) == 2
    stored = module.sim.builds[outcome.result["build_id"]]
    assert stored["files"][0]["file"]["checksum"] == hashlib.sha256(Path(package).read_bytes()).hexdigest()
    assert stored["files"][0]["file"]["originalName"] == "app-release.apk"


def test_what_the_form_cannot_say_follows_in_an_update(build: Start, package: str) -> None:
    module = build()
    outcome = module.twice(
        path=package,
        match={"version_name": "2.5.0"},
        version_name="2.5.0",
        tags=["one, two", "three"],
        metadata={"count": 1},
        default_scripts={"audit": "x"},
        disabled=True,
    )
    stored = module.sim.builds[outcome.result["build_id"]]
    assert stored["tags"] == ["one, two", "three"]
    assert stored["metadata"] == {"count": 1}
    assert stored["disabled"] is True
    assert outcome.after["metadata"] == {"count": 1}


def test_the_form_is_the_one_of_existing_clients(build: Start, package: str, tmp_path: Path) -> None:
    module = build("integrations")
    icon = tmp_path / "icon.png"
    icon.write_bytes(b"\x89PNG")
    module(
        path=package,
        match={"git_commit": COMMIT},
        version_name="2.5.0",
        tags=["a", "b"],
        changelog="Notes",
        deployer={
            "name": "CI",
            "commit": COMMIT,
            "commit_message": "Fix \u201cit\u201d",
            "branch": "main",
            "tag": "v2.5.0",
            "trigger_timestamp": "1780000000",
            "build_url": "https://ci.example/1",
            "ci_url": "https://ci.example",
            "repository_url": "https://git.example/app",
            "build_number": "17",
        },
        build_platform="android",
        package_name="com.example.app",
        package_version="25",
        package_icon=str(icon),
        notify_collaborators=True,
        notify_groups=[["qa", "ios"], ["dev"]],
        notify_message="Hello",
        notify_language="de",
    )
    sent = next(request for request in module.sim.requests if request.method == "POST")
    assert sent.path.endswith("/v1/integrations/builds")
    form = dict(sent.body)
    assert form.pop("build")["filename"] == "app-release.apk"
    assert form.pop("packageIcon")["filename"] == "icon.png"
    assert set(form) == KNOWN_TO_CLIENTS | {"buildPlatform", "packageName", "packageVersion"}
    assert form["tags"] == "a,b"
    assert form["filter"] == "qa,ios|dev"
    assert (form["notifyCollaborators"], form["notifyEmployees"]) == ("true", "false")
    assert form["notifyLanguage"] == "ge"
    assert form["deployer.info.commitMessage"] == "Fix \u201cit\u201d"
    assert form["deployer.info.triggerTimestamp"] == "1780000000"
    assert int(sent.headers["Content-Length"]) > os.path.getsize(package)
    assert "Transfer-Encoding" not in sent.headers


def test_a_large_file_is_never_held_in_memory(build: Start, tmp_path: Path) -> None:
    path = tmp_path / "large.apk"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    module = build(api="integrations")
    tracemalloc.start()
    try:
        assert module(path=str(path), match={"version_name": "9.9"}, version_name="9.9", wait=False).result["uploaded"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The simulator's part is in it: both are one process here.
    assert peak < 16 << 20


def test_nobody_is_mailed_unless_asked(build: Start, package: str) -> None:
    module = build("integrations")
    module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    sent = next(request for request in module.sim.requests if request.method == "POST")
    assert set(sent.body) == {"build", "versionName", "notifyCollaborators", "notifyEmployees"}
    assert {sent.body["notifyCollaborators"], sent.body["notifyEmployees"]} == {"false"}
    assert not module.sim.notifications[0]["collaborators"]
    assert not module.sim.notifications[0]["groups"]


@pytest.mark.parametrize("api", ["workspace", "integrations"])
def test_the_prediction_of_an_upload(build: Start, package: str, api: str) -> None:
    module = build(api)
    outcome = module(
        check=True,
        path=package,
        match={"os": "android", "git_branch": "main"},
        version_name="2.5.0",
        deployer={"branch": "main"},
    )
    assert outcome.changed
    assert outcome.result["uploaded"]
    assert outcome.result["build_id"] is None
    shown = outcome.result["build"]
    assert (shown["id"], shown["status"], shown["version_code"]) == (None, None, None)
    assert (shown["version_name"], shown["os"]) == ("2.5.0", "android")
    assert shown["deployer"]["info"] == {"branch": "main"}
    assert module.sim.builds == {}


CONTRADICTIONS: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({"version_name": "2.5.0"}, {"version_name": "2.6.0"}, "match.version_name looks for '2.5.0'.*'2.6.0'"),
    ({"tag": "x"}, {"tags": ["y"]}, "match.tag"),
    ({"tag": "x"}, {}, r"'nothing' \(tags\)"),
    ({"tag": "x"}, {"tags": ["x"], "tags_mode": "remove"}, "match.tag"),
    ({"git_branch": "main"}, {"deployer": {"branch": "dev"}}, "match.git_branch"),
    ({"git_commit": COMMIT}, {"deployer": {"commit": COMMIT[:6]}}, "match.git_commit"),
    ({"git_commit": COMMIT}, {}, r"deployer.commit"),
    ({"git_tag": "v1"}, {"deployer": {"tag": "v2"}}, "match.git_tag"),
    ({"os": "ios"}, {}, "app-release.apk is for android"),
    ({"os": "ios"}, {"build_platform": "macos"}, "build_platform is macos"),
    ({"status": "error"}, {}, "match.status"),
    ({"os": "android"}, {"notify_groups": [["a|b"]]}, "notify_groups"),
]


@pytest.mark.parametrize(("match", "options", "reason"), CONTRADICTIONS)
def test_what_contradicts_match_is_refused_before_the_first_request(
    build: Start, package: str, match: dict[str, str], options: dict[str, Any], reason: str
) -> None:
    module = build()
    with pytest.raises(InvalidInput, match=reason):
        module(path=package, match=match, **options)
    assert module.calls() == []


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        ({"version_code": "77"}, "version_code gives '1' instead of '77'"),
        ({"version_name": "9.9"}, "version_name gives '1.0.0' instead of '9.9'"),
        ({"query": "[?version_name=='9.9']"}, "query"),
    ],
)
def test_an_uploaded_build_that_does_not_fit_fails_the_task(
    build: Start, package: str, match: dict[str, str], reason: str
) -> None:
    module = build()
    with pytest.raises(AppliveryError, match=f"uploaded as build.*{reason}.*uploaded again by every run") as caught:
        module(path=package, match=match)
    assert caught.value.result["uploaded"] is True
    assert caught.value.result["changed"] is True
    assert caught.value.result["build_id"] in module.sim.builds
    assert caught.value.result["build"]["version_name"] == "1.0.0"


def test_a_query_that_prefers_another_build_fails_the_task(build: Start, package: str) -> None:
    module = build()
    fitting = module.sim.add_build(versionName="1.0.0", os="android", tags=["x"])["id"]
    query = "[?version_code=='3'] || [?version_code=='2'] | []"
    module.sim.builds[fitting]["versionCode"] = "1"
    module.sim.add_build(versionName="old", versionCode="9")
    with pytest.raises(AppliveryError, match="query gives 'another build, or none' instead of 'this build'"):
        module(path=package, match={"os": "android", "query": query}, package_version="4", build_platform="android")


def test_an_upload_that_can_not_be_processed(build: Start, package: str) -> None:
    module = build(processing={"reads": 1, "result": "error", "error": "No manifest", "code": 5006})
    with pytest.raises(AppliveryError, match=r"uploaded as build \w+, but then: .*No manifest") as caught:
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert caught.value.result["uploaded"] is True
    with pytest.raises(AppliveryError, match="No manifest"):
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert len(module.sim.builds) == 1
    module.sim.set(processing=1)
    outcome = module(path=package, match={"version_name": "2.5.0", "status": "processed"}, version_name="2.5.0")
    assert outcome.result["uploaded"]


def test_without_waiting_only_what_is_known_is_judged(build: Start, package: str, clock: Clock) -> None:
    module = build(processing=None)
    options = {"match": {"version_name": "2.5.0", "status": "processed"}, "version_name": "2.5.0", "wait": False}
    assert module(path=package, **options).result["uploaded"]
    assert clock.slept == []
    again = module(path=package, **options)
    assert not again.changed
    assert module.sim.writes == []
    assert any("wait is false" in warning for warning in module.warnings)


def test_a_build_in_the_works_is_waited_for_instead(build: Start, package: str) -> None:
    module = build()
    module.sim.add_build(versionName="2.4.0", status="pending", processing=2)
    ident = module.sim.add_build(versionName="", os="android", status="pending", processing=2)["id"]
    stored = module.sim.builds[ident]
    module.sim.fault("call", method="GET", path=ident, skip=3, action=lambda: stored.update(versionName="2.5.0"))
    outcome = module(path=package, match={"os": "android", "version_name": "2.5.0"}, version_name="2.5.0")
    assert outcome.result["build_id"] == ident
    assert not outcome.result["uploaded"]


def test_a_build_that_was_in_the_works_a_moment_ago(build: Start, package: str) -> None:
    module = build()
    stored = module.sim.add_build(versionName="2.5.0", os="", status="pending", processing=None)
    done = {"status": "processed", "os": "android"}
    module.sim.fault("call", method="GET", path=stored["id"], action=lambda: stored.update(done))
    outcome = module(path=package, match={"version_name": "2.5.0", "os": "android"}, version_name="2.5.0")
    assert (outcome.result["build_id"], outcome.result["uploaded"]) == (stored["id"], False)


def test_a_build_in_the_works_that_turns_out_to_be_another(build: Start, package: str) -> None:
    module = build()
    module.sim.add_build(versionName="", os="android", status="pending", processing=1)
    assert module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0").result["uploaded"]


# When the answer gets lost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["workspace", "integrations"])
@pytest.mark.parametrize("kind", ["cut_after", "truncated", "empty"])
def test_an_upload_with_a_lost_answer_is_looked_for(build: Start, package: str, api: str, kind: str) -> None:
    module = build(api)
    module.sim.add_build(versionName="2.4.0")
    module.sim.fault(kind, method="POST")
    outcome = module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0", tags=["x"])
    assert outcome.result["uploaded"]
    assert len(module.sim.builds) == 2
    assert module.calls().count("POST") == 1


@pytest.mark.parametrize("kind", ["cut_before", "html"])
def test_an_upload_that_does_not_turn_up_is_never_sent_twice(
    build: Start, package: str, clock: Clock, kind: str
) -> None:
    module = build()
    module.sim.fault(kind, method="POST")
    with pytest.raises(AmbiguousWrite, match=r"looked for during 60 s \(wait_timeout\).*was not sent again") as caught:
        module(
            path=package, match={"version_name": "2.5.0"}, version_name="2.5.0", wait_timeout=60, wait_interval=25
        )
    assert clock.slept == [25, 25, 10]
    assert module.calls().count("POST") == 1
    # Nobody knows what the server still does with it.
    assert caught.value.result["changed"] is True


@pytest.mark.parametrize("late", [9, 180, 590])
def test_a_build_that_appears_minutes_after_a_504_is_the_upload(
    build: Start, package: str, clock: Clock, late: float
) -> None:
    module = build()
    module.sim.fault("server_error", method="POST", status=504)

    def appear() -> None:
        if clock.now >= late and not module.sim.builds:
            module.sim.add_build(versionName="2.5.0", os="android")

    module.sim.fault("call", method="GET", times=None, action=appear)
    outcome = module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert outcome.result["uploaded"]
    assert outcome.changed
    assert module.calls().count("POST") == 1
    assert len(module.sim.builds) == 1
    assert late <= clock.now < late + 10


def test_a_list_that_fails_meanwhile_is_read_again(build: Start, package: str, clock: Clock) -> None:
    module = build()
    module.connection = {"retry_timeout": 0}
    module.sim.fault("cut_after", method="POST")
    # The two lists before the upload pass.
    module.sim.fault("server_error", method="GET", path="builds", status=502, skip=2, times=3)
    assert module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0").result["uploaded"]
    assert len(module.sim.builds) == 1
    assert clock.slept[:3] == [5, 5, 5]


def test_a_list_that_never_comes_back_leaves_it_unknown(build: Start, package: str) -> None:
    module = build()
    module.connection = {"retry_timeout": 0}
    module.sim.fault("cut_after", method="POST")
    module.sim.fault("server_error", method="GET", path="builds", skip=2, times=None)
    with pytest.raises(AmbiguousWrite, match="The last look failed: .*HTTP 500.*unknown") as caught:
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert caught.value.result["changed"] is True
    assert module.calls().count("POST") == 1


def test_a_token_that_is_refused_meanwhile_ends_the_search(build: Start, package: str, clock: Clock) -> None:
    module = build()
    module.sim.fault("cut_after", method="POST")
    module.sim.fault("status", method="GET", path="builds", status=401, code=3002, skip=2, times=None)
    with pytest.raises(RequestFailed, match="HTTP 401|3002") as caught:
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert caught.value.result["changed"] is True
    assert clock.slept == []


@pytest.mark.parametrize("hidden", [[], ["build_list:deployer"]])
def test_new_builds_of_others_are_not_taken_for_the_upload(build: Start, package: str, hidden: list[str]) -> None:
    module = build(hidden_fields=hidden)
    module.sim.fault("cut_after", method="POST")

    def somebody_else() -> None:
        for info in ({"commit": "0" * 40}, {"commit": COMMIT, "branch": "another"}):
            module.sim.add_build(versionName="2.5.0", os="android", deployer={"name": "", "info": info})
        module.sim.add_build(versionName="2.5.0", os="ios", deployer={"name": "", "info": {"commit": COMMIT}})

    # Two lists are read before the upload, then one to look for it.
    module.sim.fault("call", method="GET", skip=2, action=somebody_else)
    outcome = module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0", deployer={"commit": COMMIT})
    assert outcome.result["build"]["deployer"]["info"] == {"commit": COMMIT}
    assert len(module.sim.builds) == 4
    assert module.calls().count("POST") == 1


def test_builds_from_before_are_not_taken_for_the_upload(build: Start, package: str) -> None:
    module = build()
    old = module.sim.add_build(versionName="2.5.0", os="android", status="error", error="bad", errorCode=1)["id"]
    module.sim.fault("cut_after", method="POST")
    match = {"version_name": "2.5.0", "status": "processed"}
    outcome = module(path=package, match=match, version_name="2.5.0")
    assert outcome.result["uploaded"]
    assert outcome.result["build_id"] != old
    assert len(module.sim.builds) == 2


def test_several_possible_results_are_an_error(build: Start, package: str) -> None:
    module = build()
    module.sim.fault("cut_after", method="POST")
    another = {"versionName": "2.5.0", "os": "android"}
    module.sim.fault("call", method="GET", skip=2, action=lambda: module.sim.add_build(**another))
    with pytest.raises(AppliveryError, match="several new builds may be the result") as caught:
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert caught.value.result["changed"] is True


def test_an_answer_without_an_id_is_looked_for(build: Start, package: str) -> None:
    module = build()
    module.sim.fault("wrong_type", method="POST", value=[])
    assert module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0").result["uploaded"]
    assert len(module.sim.builds) == 1


# What the server refuses --------------------------------------------------------------------------------------


def test_the_other_field_name_is_only_for_the_workspace_api(build: Start, package: str) -> None:
    module = build("integrations", upload_field="file")
    with pytest.raises(RequestFailed) as caught:
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert caught.value.code == 6002
    assert module.calls().count("POST") == 1


def test_a_refusal_of_both_field_names_tells_both(build: Start, package: str) -> None:
    module = build()
    module.sim.fault("status", method="POST", status=400, code=6002, message="Give me a file", times=2)
    with pytest.raises(RequestFailed, match="With the package in a field named file"):
        module(path=package, match={"version_name": "2.5.0"}, version_name="2.5.0")
    assert module.calls().count("POST") == 2


def test_another_refusal_is_no_reason_to_try_again(build: Start, package: str) -> None:
    module = build()
    with pytest.raises(RequestFailed) as caught:
        module(path=package, match={"os": "android"}, build_platform="amiga", package_name="x")
    assert module.calls().count("POST") == 1
    assert caught.value.field_names == ["buildPlatform"]
    module.sim.fault("status", method="POST", status=404, code=3001)
    with pytest.raises(RequestFailed, match="upload_url"):
        module(path=package, match={"os": "android"})


# Files --------------------------------------------------------------------------------------------------------


def test_files_that_can_not_be_sent(build: Start, tmp_path: Path) -> None:
    module = build()
    empty = tmp_path / "empty.apk"
    empty.touch()
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "none.apk", "can't be read"), (empty, "is empty")):
        for check in (True, False):
            with pytest.raises(InvalidInput, match=f"path: .*{reason}"):
                module(check=check, path=str(path), match={"version_name": "2"}, version_name="2")
            assert module.sim.writes == []


def test_an_icon_that_can_not_be_sent(build: Start, package: str, tmp_path: Path) -> None:
    module = build()
    with pytest.raises(InvalidInput, match="package_icon"):
        module(path=package, package_icon=str(tmp_path / "none.png"), match={"version_name": "2"}, version_name="2")


def test_a_file_that_is_not_needed_need_not_be_there(build: Start) -> None:
    module = build()
    module.sim.add_build(versionName="2")
    assert not module(path="/gone/app.apk", match={"version_name": "2"}).changed


def test_an_unknown_kind_of_file_is_warned_about(build: Start, tmp_path: Path) -> None:
    module = build()
    path = tmp_path / "app.bin"
    path.write_bytes(b"x")
    module(check=True, path=str(path), match={"version_name": "2"}, version_name="2")
    assert any("app.bin does not end like a package" in warning for warning in module.warnings)
    # Applivery takes any file, and finds out when it processes it (fact sheet, N2).
    with pytest.raises(AppliveryError, match="uploaded as build .*could not be processed") as caught:
        module(path=str(path), match={"version_name": "2"}, version_name="2")
    assert caught.value.result["changed"] is True


@pytest.mark.parametrize("size", [1, 5])
def test_a_file_that_changes_before_it_is_sent(build: Start, package: str, size: int, monkeypatch: Any) -> None:
    module = build()
    real = _build_upload._upload

    def late(api: Any, form: Any) -> Any:
        os.truncate(package, size)
        return real(api, form)

    monkeypatch.setattr(_build_upload, "_upload", late)
    with pytest.raises(AppliveryError, match="changed while it was sent"):
        module(path=package, match={"version_name": "2"}, version_name="2")
    assert module.sim.builds == {}


def test_a_file_that_still_grows_is_refused(build: Start, package: str, monkeypatch: Any) -> None:
    module = build()
    real = FilePart.of

    def growing(field: str, path: str, option: str) -> FilePart:
        found = real(field, path, option)
        with open(path, "ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr(FilePart, "of", growing)
    with pytest.raises(AppliveryError, match="changed while it was sent"):
        module(path=package, match={"version_name": "2"}, version_name="2")
    assert module.sim.builds == {}


def test_a_file_that_grew_behind_what_was_sent_is_told(build: Start, package: str, monkeypatch: Any) -> None:
    module = build()
    real = Api.upload

    def late(api: Api, endpoint: Any, form: Any, timeout: float) -> Any:
        answer = real(api, endpoint, form, timeout)
        with open(package, "ab") as file:
            file.write(b"more")
        return answer

    monkeypatch.setattr(Api, "upload", late)
    with pytest.raises(AppliveryError, match="changed while it was sent.*build of a part of it") as caught:
        module(path=package, match={"version_name": "2"}, version_name="2")
    assert caught.value.result == {"changed": True, "uploaded": True, "build_id": next(iter(module.sim.builds))}


@pytest.mark.parametrize("option", ["path", "package_icon"])
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "link to a fifo"])
def test_what_is_no_regular_file_is_refused_without_opening_it(
    build: Start, package: str, tmp_path: Path, option: str, check: bool, kind: str
) -> None:
    module = build()
    path = tmp_path / "odd.apk"
    with contextlib.ExitStack() as stack:
        if kind == "device":
            path = Path("/dev/zero")
        elif kind == "socket":
            stack.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))
        else:
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
            path = path if kind.startswith("link") else tmp_path / "pipe"
        options = {"path": package, option: str(path)}
        with pytest.raises(InvalidInput, match=f"{option}: .* is no regular file"):
            module(check=check, match={"version_name": "2"}, version_name="2", **options)
    assert module.sim.writes == []


def test_a_wrong_token_is_noticed_before_the_file_is_sent(build: Start, package: str) -> None:
    for api in ("workspace", "integrations"):
        module = build(api)
        module.connection = {"token": "wrong-token-0123"}
        with pytest.raises(RequestFailed, match="HTTP 401"):
            module(path=package, match={"version_name": "2"}, version_name="2")
        assert module.sim.writes == []


# Builds of others ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "another",
    [
        {"deployer": {"name": "CI", "info": {"commit": "0" * 40}}},
        {"deployer": {"name": "CI", "info": {"commit": COMMIT, "branch": "another"}}},
        {"versionName": "2.4.0"},
        {"os": "ios", "deployer": {"name": "CI", "info": {"commit": COMMIT}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("hidden", [[], ["build_list:deployer", "build_list:versionName"]], ids=str)
def test_somebody_elses_build_that_is_stuck_is_not_waited_for(
    build: Start, package: str, clock: Clock, another: dict[str, Any], hidden: list[str]
) -> None:
    module = build(hidden_fields=hidden)
    module.sim.add_build(
        **{"versionCode": "1", "versionName": "2.5.0", "os": "android", "status": "pending", "processing": None, **another}
    )
    outcome = module(
        path=package,
        match={"version_code": "1"},
        version_name="2.5.0",
        package_version="1",
        deployer={"commit": COMMIT},
        wait_timeout=60,
    )
    assert outcome.result["uploaded"]
    assert sum(clock.slept) < 60


def test_an_own_build_that_is_stuck_is_waited_for(build: Start, package: str) -> None:
    module = build()
    told = {"name": "CI", "info": {"commit": COMMIT[:8]}}
    module.sim.add_build(versionCode="1", os="android", deployer=told, status="pending", processing=None)
    with pytest.raises(AppliveryError, match="is still 'pending' after 60 s"):
        module(path=package, match={"version_code": "1"}, deployer={"commit": COMMIT}, wait_timeout=60)
    assert module.sim.writes == []
