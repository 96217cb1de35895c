# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the event source takes from its options and the environment, and what it refuses before the first request."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.tests.support.events import builds

APP = {"app_token": "app-secret"}
ACCOUNT = {"service_account_token": "account-secret", "organization": "north"}


@pytest.mark.parametrize(
    ("args", "environ", "token", "path"),
    [
        (APP, {}, "app-secret", "integrations"),
        (ACCOUNT, {}, "account-secret", "organizations/north"),
        ({**APP, **ACCOUNT}, {}, "account-secret", "organizations/north"),
        ({**APP, **ACCOUNT, "api": "integrations"}, {}, "app-secret", "integrations"),
        ({}, {"APPLIVERY_APP_TOKEN": "of-env"}, "of-env", "integrations"),
        ({"app_token": ""}, {"APPLIVERY_APP_TOKEN": "of-env"}, "of-env", "integrations"),
        (ACCOUNT, {"APPLIVERY_ORGANIZATION": "south"}, "account-secret", "organizations/north"),
        (
            {"service_account_token": "account-secret"},
            {"APPLIVERY_ORGANIZATION": "south"},
            "account-secret",
            "organizations/south",
        ),
        # A token that is given makes the other one's variable invisible.
        (
            APP,
            {"APPLIVERY_SERVICE_ACCOUNT_TOKEN": "of-env", "APPLIVERY_ORGANIZATION": "south"},
            "app-secret",
            "integrations",
        ),
        # AWX and EDA inject what was left empty.
        (
            APP,
            {"APPLIVERY_API_URL": "", "APPLIVERY_API": "", "APPLIVERY_API_TIMEOUT": ""},
            "app-secret",
            "integrations",
        ),
        # The application of a job is not a wish to hear of one application alone.
        (ACCOUNT, {"APPLIVERY_APPLICATION": "my-app"}, "account-secret", "organizations/north"),
    ],
)
def test_an_option_beats_the_environment_and_empty_is_unset(
    args: dict[str, Any], environ: dict[str, str], token: str, path: str
) -> None:
    options = builds.read_options(args, environ)
    assert (options.token, options.path) == (token, path)
    assert options.applications == ()


def test_defaults() -> None:
    options = builds.read_options(APP, {})
    assert (options.api_url, options.interval, options.api_timeout) == ("https://api.applivery.io", 60, 60)
    assert (options.verify, options.since, options.state_file, options.replay) == (True, "", None, 0)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"stat_file": "/var/lib/x"}, "stat_file"),
        ({"api": "rest"}, "api"),
        ({"api": "workspace"}, "service_account_token"),
        ({"api_url": "http://api.example.com"}, "api_url"),
        ({"api_url": "https://me:secret-word@api.example.com"}, "api_url"),
        ({"api_url": "ftp://api.example.com"}, "api_url"),
        ({"api_url": "https://api.example.com:port"}, "api_url"),
        ({"api_url": "https://api.example.com/?x=1"}, "api_url"),
        ({"app_token": "secret-word with blanks"}, "app_token"),
        ({"app_token": "secret-word\n"}, "app_token"),
        ({"app_token": 12345}, "app_token"),
        ({"applications": ["a", "b"]}, "applications"),
        ({"applications": ["../x"]}, "applications"),
        ({"applications": [7]}, "applications"),
        ({"applications": {"a": 1}}, "applications"),
        ({"applications": ["a"], "application": "a"}, "application"),
        ({"interval": 0}, "interval"),
        ({"interval": True}, "interval"),
        ({"interval": "soon"}, "interval"),
        ({"interval": "nan"}, "interval"),
        ({"api_timeout": -1}, "api_timeout"),
        ({"replay": -1}, "replay"),
        ({"validate_certs": "perhaps"}, "validate_certs"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2030-06-30T10:00:00"}, "since"),
        ({"since": datetime.datetime(2030, 6, 30, 10)}, "since"),
        ({"since": 5}, "since"),
        ({"state_file": "/nowhere/at/all/state.json"}, "state_file"),
        ({"state_file": 5}, "state_file"),
    ],
)
def test_a_wrong_option_is_refused_by_name_and_without_its_secret(more: dict[str, Any], named: str) -> None:
    with pytest.raises(builds.Stop, match=named) as refusal:
        builds.read_options({**APP, **more}, {})
    assert "secret" not in str(refusal.value)


def test_no_token_names_both_ways() -> None:
    with pytest.raises(builds.Stop, match="app_token, or service_account_token and organization"):
        builds.read_options({"organization": "north"}, {})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://[::1]:8080/v1/", "http://localhost"])
def test_plain_http_is_for_loopback(url: str) -> None:
    assert builds.read_options({**APP, "api_url": url}, {}).api_url.startswith("http://")
    assert not builds.read_options({**APP, "api_url": url}, {}).api_url.endswith("v1")


@pytest.mark.parametrize(
    ("since", "meant"),
    [
        ("2030-06-30", "2030-06-30T00:00:00.000000Z"),
        (datetime.date(2030, 6, 30), "2030-06-30T00:00:00.000000Z"),
        ("2030-06-30T10:00:00+02:00", "2030-06-30T08:00:00.000000Z"),
        ("2030-06-30T10:00:00.5Z".replace(".5", ".500"), "2030-06-30T10:00:00.500000Z"),
        (datetime.datetime(2030, 6, 30, 10, tzinfo=datetime.timezone.utc), "2030-06-30T10:00:00.000000Z"),
    ],
)
def test_since_is_a_moment(since: Any, meant: str) -> None:
    assert builds.read_options({**APP, "since": since}, {}).since == meant


def test_a_text_is_one_application_and_doubles_count_once() -> None:
    assert builds.read_options({**ACCOUNT, "application": "one"}, {}).applications == ("one",)
    assert builds.read_options({**ACCOUNT, "applications": ["b", "a", "b"]}, {}).applications == ("b", "a")


def test_options_do_not_show_their_token() -> None:
    assert "secret" not in repr(builds.read_options(APP, {}))


def test_a_link_to_the_state_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "state.json")
    options = builds.read_options({**APP, "state_file": str(tmp_path / "link")}, {})
    assert options.state_file == str(tmp_path / "real" / "state.json")
