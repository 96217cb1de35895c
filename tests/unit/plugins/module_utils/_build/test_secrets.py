# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that an uploader left in a build go nowhere: no result, no diff, no expression, no message."""

from __future__ import annotations

import copy
import json
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import shown_build, understood
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError

from ansible_collections.applivery.distribution.tests.support.builds import Module

Start = Callable[..., Module]
SECRET = "hunter2-passphrase"
# One vendor step sends the first three; clients write names in several ways.
NAMES = ["certificatePassphrase", "certificateUrl", "provisionUrl", "keychain_password", "API-Token", "signing_secret"]
INFO = {"branch": "main", **dict.fromkeys(NAMES, SECRET)}


def everything(outcome: Any) -> str:
    return json.dumps([outcome.result, outcome.before, outcome.after, outcome.title], default=str)


@pytest.mark.parametrize(
    "raw",
    [
        {"deployer": {"name": "CI", "info": INFO}},
        {"deployer": {"info": [INFO]}},
        {f"deployer.info.{name}": SECRET for name in NAMES},
        {f"deployer[info][{name}]": SECRET for name in NAMES},
        {"info": {"ios": {name: SECRET for name in NAMES[:3]}}},
    ],
    ids=str,
)
def test_every_way_of_writing_them_is_known(raw: dict[str, Any]) -> None:
    before = copy.deepcopy(raw)
    assert SECRET not in json.dumps(understood(raw))
    assert SECRET not in json.dumps(shown_build(raw))
    assert raw == before


def test_what_is_no_secret_stays() -> None:
    build = {
        "metadata": {"certificateUrl": "mine", "token": "free"},
        "info": {"ios": {"mobileprovision": {"Name": "x"}, "plist": {}}},
        "deployer": {"name": "CI", "info": {"branch": "main", "triggerTimestamp": "1", "repositoryUrl": "u"}},
    }
    assert understood(build) == build


def test_nothing_that_a_task_returns_holds_them(build: Start, info: Callable[..., Any]) -> None:
    module = build()
    stored = module.sim.add_build(versionName="1.0.0", deployer={"name": "CI", "info": INFO})
    labelled = module.twice(match={"version_name": "1.0.0"}, tags=["x"])
    assert labelled.result["build"]["deployer"]["info"] == {"branch": "main"}
    assert labelled.result["previous"]["deployer"]["info"] == {"branch": "main"}
    module.sim.set(update_status=204)
    texts = [everything(labelled), everything(module(build_id=stored["id"], tags=["y"]))]
    with pytest.raises(AppliveryError, match="no build fits") as caught:
        module(match={"query": "[?deployer.info.certificate_passphrase!=null]"})
    texts += [str(caught.value), everything(module(build_id=stored["id"], state="absent"))]
    run = info()
    run.sim.add_build(deployer={"name": "CI", "info": INFO})
    texts.append(json.dumps(run("builds", query="[].deployer.info"), default=str))
    assert [text for text in texts if SECRET in text] == []


def test_a_failed_build_does_not_show_them(build: Start) -> None:
    module = build()
    ident = module.sim.add_build(status="error", error="bad", errorCode=1, deployer={"info": INFO})["id"]
    with pytest.raises(AppliveryError) as caught:
        module(build_id=ident)
    assert SECRET not in json.dumps([caught.value.result, caught.value.message, caught.value.failure], default=str)
