# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task ends the same inside Ansible's process and as a module: result, warnings, what is printed, what is sent."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.tests.support.ways import Row, Unsafe, as_compared, play
from applivery_simulator import Simulator

PUBLICATION = "applivery_publication"
BUILD = "applivery_build"
OTP = "applivery_otp_user"
LIST = "applivery_publication_info"
MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
TEMPLATE = "{{ lookup('ansible.builtin.env', 'HOME') }}{% if true %}{# no #}"
STORED = ("publications", {"slug": "there", "visibility": "active"})
PASSWORD = "Secret-of-the-page"
WANTED = {"slug": "new", "visibility": "active", "security": "public", "filter": {"type": "last"}}


def fault(kind: str, **details: Any) -> tuple[str, dict[str, Any]]:
    return "faults", {"kind": kind, "times": None, **details}


def nested(levels: int) -> str:
    return '{"deeper":' * levels + "1" + "}" * levels


def shown(extra: str) -> str:
    """A publication that shows something else besides, as JSON."""
    return f'{{"id": "{"0" * 24}", "slug": "x", "n": {extra}}}'


def listing(content: str) -> tuple[str, dict[str, Any]]:
    """The store's list answered with this one publication."""
    body = f'{{"status": true, "data": {{"items": [{content}], "totalDocs": 1}}}}'
    return fault("status", method="GET", path="pubApps", status=200, body=body)


def unmoved(name: str, module: str, options: Any, says: str, **keywords: Any) -> Row:
    return Row(name, module, options, says, keywords)


ARGUMENTS = [
    unmoved("nothing named", PUBLICATION, {}, "one of them must say which publication"),
    unmoved("no such option", PUBLICATION, {"slugg": "a"}, "Unsupported parameters for (applivery.distribution."),
    unmoved("no such option inside", PUBLICATION, {"slug": "abc", "terms": {"txt": ""}}, "terms.txt"),
    unmoved("not among the choices", PUBLICATION, {"slug": "abc", "visibility": "open"}, "must be one of"),
    unmoved("a choice that is a truth", PUBLICATION, {"slug": "abc", "visibility": True}, "must be one of"),
    unmoved("no number", LIST, {"api_timeout": "soon"}, "unable to convert to int"),
    unmoved("no flag", LIST, {"validate_certs": "maybe"}, "unable to convert to bool"),
    unmoved("no dictionary", PUBLICATION, {"slug": "abc", "filter": 7}, "dictionary requested"),
    unmoved("no dictionaries", OTP, {"publication": "abc", "users": [1, None]}, "dict"),
    unmoved("no list", PUBLICATION, {"slug": "abc", "tags": {"a": 1}}, "unable to convert to list"),
    unmoved("missing inside", PUBLICATION, {"slug": "abc", "filter": {"value": "x"}}, "found in filter"),
    unmoved("one of", OTP, {"publication": "abc"}, "one of the following is required"),
    unmoved("exclusive", BUILD, {"build_id": "0" * 24, "match": {"os": "ios"}}, "mutually exclusive"),
    unmoved("by another", BUILD, {"build_id": "0" * 24, "path": "a.ipa"}, "missing parameter(s) required by"),
    unmoved(
        "an alias too", OTP, {"publication": "abc", "emails": "a@b.example", "email": "c@d.example"}, "alias email"
    ),
    unmoved("plain http", LIST, {"api_url": "http://api.example"}, "unencrypted"),
    unmoved("no address", LIST, {"api_url": "nowhere"}, "is not the base URL"),
    unmoved("a blank in a token", LIST, {"service_account_token": "my token"}, "copy it again"),
    unmoved("no bundle", LIST, {"ca_path": "~/none.pem"}, "ca_path: there is no file"),
    unmoved("a bad expression", LIST, {"query": "[?"}, "JMESPath"),
    unmoved("null means left out", LIST, dict.fromkeys(["slug", "visibility", "api", "api_timeout", "query"]), "[]"),
    unmoved("null inside", PUBLICATION, {"slug": "abc", "terms": {"text": None}, "filter": {"type": None}}, "filter"),
    unmoved("null of no option", PUBLICATION, {"slug": "abc", "none": None}, "Unsupported parameters"),
    unmoved("as words", LIST, "slug=abc limit=2", "[]"),
    unmoved("a template in an option", PUBLICATION, {"slug": Unsafe(TEMPLATE)}, "{{ lookup"),
    unmoved("no option's name", PUBLICATION, {"slug": "abc", Unsafe("{{ bad }}"): "x"}, "{{ bad }}"),
    unmoved("half a character", LIST, {"slug": "{{ '\\ud83d' }}"}, "publications"),
    unmoved("a whole character", LIST, {"slug": "\U0001f600"}, "publications"),
    unmoved("a secret elsewhere", LIST, {"app_token": "canary-token", "application": "canary-token x"}, "***"),
    unmoved("a secret refused", LIST, {"app_token": "canary-token", "slugg": "canary-token"}, "Unsupported"),
]
TEXTS = [
    unmoved("a float", BUILD, {"match": {"os": "ios"}, "version_name": 4.10}, "version_name: this is the number 4.1"),
    unmoved("a float for a list", PUBLICATION, {"slug": "abc", "tags": 1.10}, "tags: this is the number 1.1"),
    unmoved("a float in a list", PUBLICATION, {"slug": "abc", "tags": ["a", 1.10]}, "tags[1]: this is the number"),
    unmoved("a truth in a list", PUBLICATION, {"slug": "abc", "tags": [False]}, "tags[0]: this is false"),
    unmoved("a truth", PUBLICATION, {"slug": True, "visibility": "active"}, "slug: this is true"),
    unmoved("a truth in a list of lists", PUBLICATION, {"slug": "abc", "groups": [["a"], [False]]}, "groups[1][0]"),
    unmoved("no text in a list of lists", PUBLICATION, {"slug": "abc", "groups": [[{"id": "x"}]]}, "a dictionary"),
    unmoved("a float inside", PUBLICATION, {"slug": "abc", "filter": {"type": "tag", "value": 1.1}}, "filter.value"),
    unmoved("a float in JSON", PUBLICATION, 'slug=abc filter=\'{"type": "tag", "value": 1.10}\'', "filter.value"),
    unmoved("a float in a list of dicts", OTP, {"publication": "abc", "users": [{"email": 1.5}]}, "users[0].email"),
    unmoved("a float by an alias", OTP, {"publication": "abc", "email": 1.5}, "email: this is the number"),
    unmoved("a float for a path", BUILD, {"match": {"os": "ios"}, "path": 1.5}, "path: this is the number"),
    unmoved("a float for a secret", LIST, {"app_token": 12345.25}, "app_token: this is a number, no text"),
    unmoved("a list for a text", PUBLICATION, {"slug": ["a"]}, "slug: this is a list"),
    unmoved("a mask", PUBLICATION, {"slug": "abc", "tags": [MASK]}, "tags[0]: this holds what Ansible shows"),
    unmoved("a masked part", PUBLICATION, {"slug": "abc", "terms": {"text": "a ******** b"}}, "terms.text: this holds"),
    unmoved("a mask in free data", BUILD, {"match": {"os": "ios"}, "metadata": {"a": ["********"]}}, "metadata.a[0]"),
    unmoved("an integer", LIST, {"slug": 410}, "[]"),
    Row("a day", PUBLICATION, {**WANTED, "expiration_date": date(2036, 12, 31)}, "2036-12-31T23:59:59Z"),
    Row("numbers as names", PUBLICATION, {**WANTED, "tags": [7, "08"], "security": "logged", "groups": [[12]]}, '"12"'),
]
SERVER = [
    Row("created", PUBLICATION, WANTED, '"changed": true'),
    Row("created with a diff", PUBLICATION, WANTED, '"after_header"', {"diff": True}),
    Row("would be created", PUBLICATION, WANTED, '"changed": true', {"check_mode": True, "diff": True}),
    Row(
        "unchanged",
        PUBLICATION,
        {"slug": "there", "visibility": "active"},
        '"changed": false',
        {"diff": True},
        [STORED],
    ),
    Row(
        "changed",
        PUBLICATION,
        {"slug": "there", "visibility": "unlisted", "allowed_countries": ["es"]},
        '"previous"',
        {"diff": True},
        [STORED],
    ),
    Row("deleted", PUBLICATION, {"slug": "there", "state": "absent"}, '"changed": true', {"diff": True}, [STORED]),
    Row(
        "a password",
        PUBLICATION,
        {**WANTED, "slug": f"for-{PASSWORD}", "security": "password", "password": PASSWORD},
        "VALUE_HIDDEN",
        {"diff": True},
    ),
    Row("a template in a name", PUBLICATION, {**WANTED, "tags": [Unsafe(TEMPLATE)]}, "{% if true"),
    Row(
        "a template in an answer", LIST, {}, "{% if true", {}, [("publications", {"slug": "there", "tags": [TEMPLATE]})]
    ),
    Row(
        "a template as a message",
        LIST,
        {},
        "{% if true",
        {},
        [fault("status", status=400, code=6002, message=TEMPLATE)],
    ),
    Row("refused token", LIST, {"service_account_token": "wrong-token-0123"}, '"status": 401'),
    Row("error of the server", LIST, {}, '"status": 500', {}, [fault("server_error")]),
    Row("limited", LIST, {}, '"status": 429', {}, [fault("too_many", retry_after=3)]),
    Row(
        "limited once",
        LIST,
        {"retry_timeout": 9},
        "Further repetitions",
        {},
        [fault("too_many", times=1, retry_after=1)],
    ),
    Row("a page of a proxy", LIST, {}, '"status": 502', {}, [fault("html")]),
    Row("no JSON", LIST, {}, '"failed": true', {}, [fault("not_json")]),
    Row("cut", LIST, {}, '"failed": true', {}, [fault("cut_before")]),
    Row("cut after the write", PUBLICATION, WANTED, '"failed"', {}, [fault("cut_after", method="POST")]),
    Row("refused inside", LIST, {}, '"code": 4004', {}, [fault("status_false", code=4004, message="no")]),
    Row("redirected", LIST, {}, '"failed": true', {}, [fault("redirect", location="https://elsewhere.example/")]),
    Row("no server", LIST, {"api_url": "http://127.0.0.1:1"}, "could not list"),
    Row(
        "what a server echoes",
        LIST,
        {"app_token": "canary-token", "api": "integrations"},
        "********",
        {},
        [fault("status", status=400, code=6002, message="canary-token and more")],
    ),
    Row("unicode", LIST, {}, "caf", {}, [("publications", {"slug": "there", "tags": ["caf\u00e9 \U0001f600 \u202e"]})]),
    Row("half a pair", LIST, {}, '"a?"', {}, [listing(shown('["a\\ud83d"]'))]),
    Row(
        "a large number",
        LIST,
        {},
        "12345678901234567890",
        {},
        [listing(shown("12345678901234567890"))],
    ),
    Row(
        "nested 90 deep",
        LIST,
        {},
        '"deeper"',
        {},
        [listing(shown(nested(90)))],
    ),
    Row(
        "nested 350 deep",
        LIST,
        {},
        '"failed": true',
        {},
        [listing(shown(nested(350)))],
    ),
    Row(
        "nested 5000 deep",
        LIST,
        {},
        '"failed": true',
        {},
        [listing(shown(nested(5000)))],
    ),
    Row("an expression", LIST, {"query": "[].slug"}, '"result": ["there"]', {}, [STORED]),
    Row(
        "people",
        OTP,
        {"publication": "there", "emails": ["b@example.com", "A@example.com"]},
        '"created": 2',
        {},
        [STORED],
    ),
    Row(
        "some people",
        OTP,
        {"publication": "there", "emails": ["a@example.com", "no address"]},
        '"failed": true',
        {},
        [STORED],
    ),
    Row(
        "a build",
        BUILD,
        {"match": {"os": "ios"}, "tags": ["x"]},
        '"changed": true',
        {"diff": True},
        [("builds", {"os": "ios"})],
    ),
    Row("no build", BUILD, {"match": {"os": "ios"}, "tags": ["x"]}, "no build fits"),
    Row("builds", "applivery_build_info", {"os": "ios"}, '"builds"', {}, [("builds", {"os": "ios"})]),
    Row("people listed", "applivery_otp_user_info", {}, '"otp_users"'),
    Row("apps", "applivery_application_info", {}, '"applications"'),
    Row("workspace", "applivery_workspace_info", {}, '"organization"'),
]
SURROUNDINGS = [
    Row(
        "a variable", LIST, {}, '"status": 401', {"environment": {"APPLIVERY_SERVICE_ACCOUNT_TOKEN": "other-token-01"}}
    ),
    Row("and without it", LIST, {}, '"publications": []'),
    Row("an empty variable", LIST, {}, '"publications": []', {"environment": {"APPLIVERY_STORE": ""}}),
    Row("a wrong variable", LIST, {}, "unable to convert to int", {"environment": {"APPLIVERY_API_TIMEOUT": "soon"}}),
    Row("a number as a variable", LIST, {}, '"publications": []', {"environment": {"APPLIVERY_API_TIMEOUT": 30}}),
    Row(
        "a bundle of the environment",
        LIST,
        {"api_url": "https://127.0.0.1:1"},
        "bundle",
        {"environment": {"REQUESTS_CA_BUNDLE": "/no/bundle"}},
    ),
    Row(
        "a proxy",
        LIST,
        {"api_url": "https://api.example"},
        "127.0.0.1",
        {"environment": {"HTTPS_PROXY": "http://127.0.0.1:1"}},
    ),
    Row(
        "a home",
        LIST,
        {"ca_path": "~/$WHERE"},
        "/elsewhere/sub",
        {"environment": {"HOME": "/elsewhere", "WHERE": "sub"}},
    ),
    Row("a bad environment", LIST, {}, '"failed": true', {"environment": {"APPLIVERY_API": "soap"}}),
    Row("how Python starts", LIST, {}, '"publications": []', {"environment": {"PYTHONOPTIMIZE": "1"}}),
    Row("a relative path", BUILD, {"match": {"os": "ios"}, "path": "app.ipa"}, "app.ipa"),
    Row("a relative bundle", LIST, {"ca_path": "play.yml"}, '"publications": []'),
    Row("a relative path that leads nowhere", LIST, {"ca_path": "none.yml"}, "no file or folder 'none.yml'"),
    Row(
        "a loop",
        LIST,
        {"slug": "{{ item }}", "api": "{{ 'auto' if item == 'there' else 'soap' }}"},
        "soap",
        {"loop": ["there", "x"]},
        [STORED],
    ),
    Row(
        "until",
        LIST,
        {},
        '"attempts"',
        {"until": "done.publications | default([]) | length > 3", "retries": 2, "delay": 0},
    ),
    Row(
        "late success",
        LIST,
        {},
        '"publications"',
        {"until": "done is success", "retries": 3, "delay": 0},
        [fault("cut_before", times=1)],
    ),
    Row("silent", PUBLICATION, {**WANTED, "slug": "x"}, "slug", {"no_log": True}),
    Row(
        "defaults of the group",
        LIST,
        {},
        "no file or folder",
        {"module_defaults": {"group/applivery.distribution.applivery": {"ca_path": "none"}}},
    ),
    Row(
        "defaults of the module",
        LIST,
        {},
        "no file or folder",
        {"module_defaults": {"applivery.distribution.applivery_publication_info": {"ca_path": "none"}}},
    ),
    Row(
        "elsewhere",
        LIST,
        {},
        '"publications": []',
        {
            "delegate_to": "beside",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        },
    ),
    Row("failed when", LIST, {}, '"failed_when_result": true', {"failed_when": "done.publications == []"}),
    Row("changed when", LIST, {}, '"changed": true', {"changed_when": True}),
    Row("not at all", LIST, {}, "skip", {"when": False}),
    Row("in the background", LIST, {}, '"publications": []', {"async": 30, "poll": 1}),
]
TABLE = {"arguments": ARGUMENTS, "texts": TEXTS, "server": SERVER, "surroundings": SURROUNDINGS}


@pytest.mark.parametrize("rows", TABLE.values(), ids=TABLE)
def test_a_task_ends_the_same_both_ways(
    simulator: Callable[..., Simulator], tmp_path: Path, rows: Sequence[Row]
) -> None:
    sim = simulator()
    one, other = (play(rows, sim, tmp_path / name, name == "here", "-vvvv") for name in ("here", "as_module"))
    here = [_seen(row, tmp_path / "here") for row in one.rows]
    there = [_seen(row, tmp_path / "as_module") for row in other.rows]
    assert _differences(rows, here, there) == ""
    assert {row.name: seen["result"] for row, seen in zip(rows, here) if row.says not in _text(seen)} == {}
    printed = [_shown(one.printed[row.name], tmp_path / "here") for row in rows]
    assert _differences(rows, printed, [_shown(other.printed[row.name], tmp_path / "as_module") for row in rows]) == ""


def _differences(rows: Sequence[Row], here: Sequence[Any], there: Sequence[Any]) -> str:
    lines = []
    for row, mine, theirs in zip(rows, here, there):
        texts = [json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (mine, theirs)]
        lines += difflib.unified_diff(*texts, f"{row.name}, in process", f"{row.name}, as a module", n=1, lineterm="")
    return "\n".join(lines)


def _seen(row: dict[str, Any], folder: Path) -> Any:
    return json.loads(json.dumps(as_compared(row)).replace(str(folder), "FOLDER"))


def _text(seen: dict[str, Any]) -> str:
    return json.dumps(seen["result"], ensure_ascii=False)


def _shown(lines: list[str], folder: Path) -> list[str]:
    """What was printed, whatever the name of a background job and the folder of the play."""
    return [re.sub(r"\bj\d+\.\d+", "JOB", line.replace(str(folder), "FOLDER")) for line in lines]
