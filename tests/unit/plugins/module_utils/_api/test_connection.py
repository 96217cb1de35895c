# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which option and which environment variable decides, and what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import (
    Connection,
    Environment,
    check_id,
    connection_spec,
    resolve,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput

APP = {"app_token": "app-canary"}
ACCOUNT = {"service_account_token": "account-canary"}
ORGANIZATION = {"organization": "acme"}
ENV = {
    "app_token": "APPLIVERY_APP_TOKEN",
    "service_account_token": "APPLIVERY_SERVICE_ACCOUNT_TOKEN",
    "organization": "APPLIVERY_ORGANIZATION",
    "application": "APPLIVERY_APPLICATION",
    "store": "APPLIVERY_STORE",
    "api": "APPLIVERY_API",
    "api_url": "APPLIVERY_API_URL",
    "upload_url": "APPLIVERY_UPLOAD_URL",
    "validate_certs": "APPLIVERY_VALIDATE_CERTS",
    "ca_path": "APPLIVERY_CA_PATH",
    "api_timeout": "APPLIVERY_API_TIMEOUT",
    "retry_timeout": "APPLIVERY_RETRY_TIMEOUT",
}


def connection(options: dict[str, Any], env: dict[str, str] | None = None, **needs: Any) -> Connection:
    """What a task with these options gets, through ansible-core's own handling of an argument spec."""
    environment = Environment(env or {})
    validated = ArgumentSpecValidator(connection_spec(environment)).validate(options)
    if validated.error_messages:
        raise InvalidInput("; ".join(validated.error_messages))
    return resolve(validated.validated_parameters, environment, **needs)


def test_the_defaults() -> None:
    made = connection({**ACCOUNT, **ORGANIZATION})
    assert made._asdict() == {
        "api": "workspace",
        "token": "account-canary",
        "other_token": None,
        "organization": "acme",
        "application": None,
        "store": None,
        "api_url": "https://api.applivery.io",
        "upload_url": "https://upload.applivery.io",
        "validate_certs": True,
        "ca_path": None,
        "api_timeout": 60,
        "retry_timeout": 120,
    }


def test_everything_through_the_environment(tmp_path: Path) -> None:
    env = {
        "APPLIVERY_SERVICE_ACCOUNT_TOKEN": "account-canary",
        "APPLIVERY_ORGANIZATION": "acme",
        "APPLIVERY_APPLICATION": "app",
        "APPLIVERY_STORE": "s" * 24,
        "APPLIVERY_API": "workspace",
        "APPLIVERY_API_URL": "https://one.example/v1/",
        "APPLIVERY_UPLOAD_URL": "https://two.example/",
        "APPLIVERY_VALIDATE_CERTS": "no",
        "APPLIVERY_CA_PATH": str(tmp_path),
        "APPLIVERY_API_TIMEOUT": "7",
        "APPLIVERY_RETRY_TIMEOUT": "0",
    }
    made = connection({}, env)
    assert (made.api_url, made.upload_url) == ("https://one.example", "https://two.example")
    assert (made.application, made.store, made.validate_certs, made.ca_path) == ("app", "s" * 24, False, str(tmp_path))
    assert (made.api_timeout, made.retry_timeout) == (7, 0)


def test_empty_variables_count_as_not_set() -> None:
    empty = dict.fromkeys(ENV.values(), "")
    assert connection({**APP}, empty) == connection({**APP})
    assert connection({**ACCOUNT, **ORGANIZATION}, empty) == connection({**ACCOUNT, **ORGANIZATION})


# ansible-core before 2.19 refuses a null itself where an option has a default.
@pytest.mark.parametrize(
    ("option", "nothing"),
    [
        *(
            (option, nothing)
            for option in ("app_token", "organization", "application", "store")
            for nothing in ("", None)
        ),
        *((option, "") for option in ("api_url", "upload_url")),
    ],
)
def test_an_empty_text_counts_as_not_given(option: str, nothing: Any) -> None:
    given = {**ACCOUNT, "api": "workspace"}
    urls = {"api_url": "https://x.example", "upload_url": "https://x.example"}
    env = {"APPLIVERY_ORGANIZATION": "acme", ENV[option]: urls.get(option, "from-environment")}
    assert connection({**given, option: nothing}, env) == connection(given, env)


def test_an_empty_api_counts_as_not_given() -> None:
    both = {**APP, **ACCOUNT, **ORGANIZATION}
    assert connection({**both, "api": ""}) == connection(both)
    assert connection({**both, "api": ""}, {"APPLIVERY_API": "integrations"}).api == "integrations"
    with pytest.raises(InvalidInput, match="api: 'banana' is none of auto, integrations, workspace"):
        connection({**both, "api": ""}, {"APPLIVERY_API": "banana"})


@pytest.mark.parametrize("option", ["validate_certs", "api_timeout", "retry_timeout"])
def test_an_explicit_null_is_refused_where_a_text_is_not_wanted(option: str) -> None:
    with pytest.raises(InvalidInput):
        connection({**APP, option: None})


@pytest.mark.parametrize("option", ["validate_certs", "api_timeout", "retry_timeout", "api"])
def test_nonsense_in_a_variable_is_refused(option: str) -> None:
    with pytest.raises(InvalidInput, match=option):
        connection(APP, {ENV[option]: "banana"})


def test_an_option_beats_its_variable() -> None:
    env = {
        "APPLIVERY_SERVICE_ACCOUNT_TOKEN": "wrong",
        "APPLIVERY_ORGANIZATION": "wrong",
        "APPLIVERY_API_TIMEOUT": "1",
        "APPLIVERY_VALIDATE_CERTS": "false",
        "APPLIVERY_API_URL": "https://wrong.example",
    }
    options = {**ACCOUNT, **ORGANIZATION, "api_timeout": 9, "validate_certs": True, "api_url": "https://right.example"}
    made = connection(options, env)
    assert "wrong" not in str(made._asdict())
    assert (made.api_timeout, made.validate_certs) == (9, True)


def test_a_token_as_an_option_hides_the_other_variable() -> None:
    both = {"APPLIVERY_APP_TOKEN": "hidden", "APPLIVERY_SERVICE_ACCOUNT_TOKEN": "hidden", "APPLIVERY_ORGANIZATION": "o"}
    made = connection(APP, both)
    assert (made.api, made.token, made.other_token) == ("integrations", "app-canary", None)
    made = connection(ACCOUNT, both)
    assert (made.api, made.token, made.other_token) == ("workspace", "account-canary", None)


def test_two_variables_or_two_options_both_count() -> None:
    env = {ENV["app_token"]: "app-canary", ENV["service_account_token"]: "account-canary"}
    assert connection({}, env)._asdict() == {**connection({**APP, **ACCOUNT})._asdict()}
    made = connection(ORGANIZATION, env)
    assert (made.api, made.token, made.other_token) == ("workspace", "account-canary", "app-canary")


@pytest.mark.parametrize(
    ("options", "api"),
    [
        (APP, "integrations"),
        ({**APP, **ORGANIZATION}, "integrations"),
        ({**APP, **ACCOUNT}, "integrations"),
        ({**APP, **ACCOUNT, **ORGANIZATION}, "workspace"),
        ({**APP, **ACCOUNT, **ORGANIZATION, "api": "integrations"}, "integrations"),
        ({**APP, **ACCOUNT, **ORGANIZATION, "api": "workspace"}, "workspace"),
        ({**ACCOUNT, **ORGANIZATION}, "workspace"),
    ],
)
def test_which_api(options: dict[str, Any], api: str) -> None:
    assert connection(options).api == api


BOTH_WAYS = ("app_token", "service_account_token", "organization", "APPLIVERY_APP_TOKEN", "Integrations", "Workspace")


@pytest.mark.parametrize(
    ("options", "needs", "words"),
    [
        ({}, {}, ("no token", *BOTH_WAYS)),
        (ORGANIZATION, {}, ("no token", *BOTH_WAYS)),
        (ACCOUNT, {}, ("organization is missing", *BOTH_WAYS)),
        ({"api": "integrations"}, {}, ("needs app_token", *BOTH_WAYS)),
        ({"api": "integrations", **ACCOUNT, **ORGANIZATION}, {}, ("needs app_token", *BOTH_WAYS)),
        ({"api": "workspace", **APP}, {}, ("needs service_account_token and organization", *BOTH_WAYS)),
        ({"api": "workspace", **ACCOUNT}, {}, ("needs organization", *BOTH_WAYS)),
        ({"api": "workspace", **ORGANIZATION}, {}, ("needs service_account_token", *BOTH_WAYS)),
        (APP, {"workspace_only": "metadata"}, ("metadata: only the Workspace API", "service_account_token")),
        ({**APP, **ACCOUNT}, {"workspace_only": "OTP users"}, ("OTP users: only", "organization")),
        ({**APP, "api": "integrations"}, {"workspace_only": "disabled"}, ("disabled: only", "leave api at auto")),
        ({**ACCOUNT, **ORGANIZATION}, {"needs_application": True}, ("application is missing",)),
        (
            {**APP, **ACCOUNT, **ORGANIZATION},
            {"needs_application": True},
            ("application is missing", "or set api: integrations"),
        ),
    ],
)
def test_what_is_missing_is_named(options: dict[str, Any], needs: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as caught:
        connection(options, **needs)
    for word in words:
        assert word in caught.value.message
    assert "canary" not in caught.value.message


def test_no_way_out_is_offered_that_is_none() -> None:
    with pytest.raises(InvalidInput) as caught:
        connection({**APP, **ACCOUNT, **ORGANIZATION}, workspace_only="metadata", needs_application=True)
    assert "api: integrations" not in caught.value.message
    with pytest.raises(InvalidInput) as caught:
        connection({**ACCOUNT, **ORGANIZATION}, needs_application=True)
    assert "api: integrations" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "https://api.applivery.io",
        "https://api.applivery.io/",
        "https://api.applivery.io/v1",
        "https://api.applivery.io/v1/",
        " https://api.applivery.io//v1// ",
    ],
)
def test_base_urls_with_and_without_version(url: str) -> None:
    assert connection({**APP, "api_url": url}).api_url == "https://api.applivery.io"


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1", "http://127.8.8.8:1", "http://[::1]:8080", "HTTP://LOCALHOST"]
)
def test_plain_http_to_loopback(url: str) -> None:
    assert connection({**APP, "api_url": url, "upload_url": url}).upload_url == url


@pytest.mark.parametrize("option", ["api_url", "upload_url"])
@pytest.mark.parametrize(
    "url",
    [
        "http://api.applivery.io",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://2130706433",
        "http://0x7f000001",
        "http://127.1",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "http://localhost@evil.example",
        "https://user:hush@api.applivery.io",
        "https://evil.example\\@api.applivery.io",
        "https://evil.example\\.applivery.io",
        "https://api.applivery.io?x=y",
        "https://api.applivery.io/?",
        "https://api.applivery.io/#",
        "https://api.applivery.io:port",
        "https://api.applivery.io\r\nX: y",
        "https://api.apple ivery.io",
        "https://",
        "https:///v1",
        "api.applivery.io",
        "ftp://api.applivery.io",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_other_base_urls_are_refused(option: str, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connection({**APP, option: url})
    assert caught.value.message.startswith(f"{option}: ")
    assert "hush" not in caught.value.message


@pytest.mark.parametrize("token", ["can ary", "canary\n", "canary\r\nX-Evil: 1", "canaryé", "can\x00ary", "\tcanary"])
@pytest.mark.parametrize("option", ["app_token", "service_account_token"])
def test_tokens_that_are_none(option: str, token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connection({**APP, **ACCOUNT, **ORGANIZATION, option: token})
    assert caught.value.message.startswith(f"{option}: the token holds")
    assert "ary" not in caught.value.message


@pytest.mark.parametrize("value", ["a/b", "..", ".", "a b", "a\n", "ä", "a%2fb", "-a", "a-"])
@pytest.mark.parametrize("option", ["organization", "application", "store"])
def test_names_that_are_none(option: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{option}: "):
        connection({**ACCOUNT, **ORGANIZATION, option: value})


@pytest.mark.parametrize(("option", "value"), [("api_timeout", 0), ("api_timeout", -1), ("retry_timeout", -1)])
def test_times_that_are_none(option: str, value: int) -> None:
    with pytest.raises(InvalidInput, match=option):
        connection({**APP, option: value})


def test_a_ca_path_that_does_not_exist() -> None:
    with pytest.raises(InvalidInput, match="ca_path: there is no file"):
        connection({**APP, "ca_path": "/nowhere/at/all.pem"})


def test_ids() -> None:
    assert check_id("build_id", "0123456789abcdefABCDEF01")
    for wrong in ("", "0" * 23, "0" * 25, "g" * 24, "0" * 24 + "\n", "../" + "0" * 21):
        with pytest.raises(InvalidInput, match="build_id"):
            check_id("build_id", wrong)


def test_a_connection_does_not_show_its_tokens() -> None:
    made = connection({**APP, **ACCOUNT, **ORGANIZATION})
    assert made.token == "account-canary"
    assert "canary" not in repr(made) + str(made) + f"{made}"
