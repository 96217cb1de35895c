# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS, proxies, netrc, redirects and answers of servers that mean no good."""

from __future__ import annotations

import json
import ssl
import threading
import time
import warnings as python_warnings
from pathlib import Path
from typing import Any, Callable

import pytest
import trustme

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import ORGANIZATIONS, Api
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AmbiguousWrite, RequestFailed
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.clock import Clock, keep_time
from ansible_collections.applivery.distribution.tests.support.servers import CannedServer, Proxy, answer
from applivery_simulator import Simulator

ACME = json.dumps({"status": True, "data": {"id": "0" * 24, "slug": "acme"}})
IDENT = "abcdef0123456789abcdef01"


class Authority:
    """A certificate authority, a server certificate for ``names``, and the file that a client trusts."""

    def __init__(self, folder: Path, *names: str) -> None:
        authority = trustme.CA()
        self.bundle = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.bundle)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self.context)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "127.0.0.1", "localhost")


def read(api: Api, organization: str = "acme") -> Any:
    return api.get(ORGANIZATIONS, organization)["slug"]


# TLS -------------------------------------------------------------------------------------------------------------


def test_a_private_authority_through_ca_path(simulator: Any, connected: Any, authority: Authority) -> None:
    sim: Simulator = simulator(ssl_context=authority.context)
    assert sim.url.startswith("https://")
    assert connected(sim, ca_path=authority.bundle).get(ORGANIZATIONS, sim.organization["slug"])


def test_a_private_authority_through_requests_ca_bundle(
    connected: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    with CannedServer(answer(ACME), context=authority.context) as server:
        assert read(connected(url=server.url)) == "acme"


def test_ca_path_beats_requests_ca_bundle(
    connected: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", Authority(tmp_path / "other", "127.0.0.1").bundle)
    with CannedServer(answer(ACME), context=authority.context) as server:
        assert read(connected(url=server.url, ca_path=authority.bundle)) == "acme"


@pytest.mark.parametrize("trusted", [False, True], ids=["unknown authority", "wrong host name"])
def test_a_wrong_certificate_is_refused_at_once(connected: Any, tmp_path: Path, trusted: bool) -> None:
    made = Authority(tmp_path, "elsewhere.example" if trusted else "127.0.0.1")
    with CannedServer(answer(ACME), context=made.context) as server:
        with pytest.raises(RequestFailed, match="certificate is not trusted") as caught:
            read(connected(url=server.url, ca_path=made.bundle if trusted else None))
        assert caught.value.failure["attempts"] == 1
        assert not any(server.requests)


def test_a_ca_path_without_certificates_is_refused_at_once(
    connected: Any, authority: Authority, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    with CannedServer(answer(ACME), context=authority.context) as server:
        with pytest.raises(RequestFailed) as caught:
            read(connected(url=server.url, ca_path=str(empty)))
        assert caught.value.failure["attempts"] == 1


def test_without_verification_nothing_is_printed(
    connected: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even when the environment names a bundle: the option was given.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    with CannedServer(answer(ACME), context=authority.context) as server, python_warnings.catch_warnings():
        python_warnings.simplefilter("error")
        assert read(connected(url=server.url.replace("127.0.0.1", "localhost"), validate_certs=False)) == "acme"


# Proxies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_the_proxy(
    connected: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with CannedServer(answer(ACME), context=authority.context) as server, Proxy() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert read(connected(url=server.url, ca_path=authority.bundle)) == "acme"
        assert [line.rsplit(" ", 1)[0] for line in proxy.requests] == [f"CONNECT 127.0.0.1:{server.port}"]


def test_no_proxy_keeps_a_host_from_the_proxy(
    connected: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CannedServer(answer(ACME), context=authority.context) as server, Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert read(connected(url=server.url, ca_path=authority.bundle)) == "acme"
        assert not proxy.requests


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_http_never_goes_through_a_proxy(connected: Any, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with CannedServer(answer(ACME)) as server, Proxy() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert read(connected(url=server.url)) == "acme"
        assert not proxy.requests


@pytest.mark.parametrize(
    ("status", "attempts"), [("407 Proxy Authentication Required", 1), ("403 Forbidden", 1), ("502 Bad Gateway", 2)]
)
def test_a_proxy_that_refuses(
    connected: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch, status: str, attempts: int
) -> None:
    with Proxy(refuse=status) as proxy:
        # The proxy's own password must not show either.
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//me:hush-hush@"))
        api = connected(url="https://127.0.0.1:9", ca_path=authority.bundle, retry_timeout=0.05)
        with pytest.raises(RequestFailed, match=f"the proxy could not be used.*{status}") as caught:
            api.create(PUBLICATIONS, {}, look_up=lambda: pytest.fail("nothing was sent"))
        assert caught.value.failure["attempts"] >= attempts
        assert (caught.value.failure["attempts"] == 1) == (attempts == 1)
        assert "hush-hush" not in repr(caught.value.failure) + caught.value.message


# The token and where it goes -----------------------------------------------------------------------------------------


def test_netrc_does_not_replace_the_token(connected: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1\nlogin intruder\npassword intruder\ndefault login intruder password intruder\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    with CannedServer(answer(ACME)) as server:
        read(connected(url=server.url))
        assert b"Authorization: Bearer token-0123456789\r\n" in server.requests[0]
        assert b"Basic" not in server.requests[0]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_refused(connected: Any, status: str) -> None:
    with CannedServer(answer(ACME)) as target:
        location = f"{target.url}/elsewhere?token=token-0123456789"
        with CannedServer(answer("{}", status, Location=location)) as server:
            for act in (
                lambda api: api.get(PUBLICATIONS, IDENT),
                lambda api: api.update(PUBLICATIONS, IDENT, {}),
                lambda api: api.delete(PUBLICATIONS, IDENT),
                lambda api: api.create(PUBLICATIONS, {}, lambda: None),
            ):
                with pytest.raises(RequestFailed, match="a redirect to") as caught:
                    act(connected(url=server.url))
                assert "token-0123456789" not in caught.value.message
                assert caught.value.failure["status"] == int(status[:3])
        assert not target.requests


@pytest.mark.parametrize("location", [b"http://[::1", b"\xff\xfe", b"//", b"http://host:port/"])
def test_a_redirect_to_nonsense_is_an_error_like_any_other(connected: Any, location: bytes) -> None:
    with CannedServer(answer("{}", "302 Found", Location="X").replace(b": X", b": " + location)) as server:
        with pytest.raises(RequestFailed, match="a redirect to"):
            read(connected(url=server.url))
        assert len(server.requests) == 1


def test_a_token_that_can_not_stand_in_a_header_is_never_shown(connected: Any) -> None:
    for token in ("canary\r\nX-Evil: 1", "can ary", "canary\x00", "canaryé"):
        with pytest.raises(ValueError, match="can't stand in a header") as caught:
            connected(url="http://127.0.0.1:9", token=token)
        assert "ary" not in str(caught.value)


@pytest.mark.parametrize("ident", ["..", ".", "", "a/b", "a\nb", "a\x00b"])
def test_an_id_that_would_leave_its_place_is_refused(connected: Any, ident: str) -> None:
    with pytest.raises(Exception, match="can't be part of an Applivery address"):
        connected(url="http://127.0.0.1:9").get(PUBLICATIONS, ident)


@pytest.mark.parametrize("ident", ["a?b=c", "a#b", "%2e%2e", "..%2f..", "a\\b", "a;b", "ä"])
def test_an_id_stays_one_segment(connected: Any, ident: str) -> None:
    with CannedServer(answer(ACME)) as server:
        connected(url=server.url).get(ORGANIZATIONS, ident)
        path = server.requests[0].split(b" ")[1].decode()
        assert path.startswith("/v1/organizations/")
        assert path.count("/") == 3
        assert not set("?#\\") & set(path)
        assert ".." not in path.split("/")


# Answers that nobody wants -------------------------------------------------------------------------------------------


def _deep(opening: str) -> str:
    return opening * 200000


NASTY = {
    "deep list": _deep("["),
    "deep dict": _deep('{"a":'),
    "huge number": "9" * 10000,
    "not a number": '{"status": true, "data": NaN}',
    "infinite": '{"status": true, "data": {"x": -Infinity}}',
    "too large": '{"status": true, "data": {"id": "abcdef0123456789abcdef01", "x": 1e999}}',
    "null": "null",
    "true": "true",
    "number": "7",
    "string": '"acme"',
    "list": "[]",
    "list of lists": "[[]]",
    "empty dict": "{}",
    "only status": '{"status": true}',
    "status as text": '{"status": "false", "data": {}}',
    "error as text": '{"status": true, "error": "broken", "data": {"id": "1"}}',
    "error as list": '{"status": true, "error": [{"code": "4001", "message": ["x"]}]}',
    "error as number": '{"status": false, "error": 7}',
    "error as true": '{"status": true, "error": true}',
    "odd error": '{"status": false, "error": {"code": {}, "message": {}, "data": {"errors": [7, {"field": 7}]}}}',
    "huge code": '{"status": false, "error": {"code": "' + "9" * 5000 + '"}}',
    "odd digits": '{"status": false, "error": {"code": "²"}}',
    "lone surrogate": '{"status": false, "error": {"code": 1, "message": "\\ud800", "field": "\\udfff"}}',
    "data without id": '{"status": true, "data": {"message": "down for maintenance"}}',
    "another id": '{"status": true, "data": {"id": "ffffffffffffffffffffffff"}}',
    "another kind of id": '{"status": true, "data": {"id": "7"}}',
    "html": "<html>",
    "bytes": b"\xff\xfe\x00\x01",
    "nothing": "",
}


@pytest.mark.parametrize("body", NASTY.values(), ids=list(NASTY))
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops"])
def test_whatever_a_server_says_is_one_clear_error(connected: Any, body: str | bytes, status: str) -> None:
    with CannedServer(answer(body, status)) as server:
        api = connected(url=server.url, retry_timeout=0.01)
        with pytest.raises(RequestFailed) as caught:
            api.find(PUBLICATIONS, IDENT)
        assert set(caught.value.failure) == {"code", "message", "status", "method", "path", "fields", "attempts"}
        assert caught.value.failure["path"].endswith(IDENT)
        assert len(caught.value.message) < 1500
        caught.value.message.encode()
        json.dumps(caught.value.failure).encode()
        for act in (
            lambda: api.list_all(PUBLICATIONS),
            lambda: api.create(PUBLICATIONS, {}, lambda: None),
            lambda: api.update(PUBLICATIONS, IDENT, {}),
            lambda: api.delete(PUBLICATIONS, IDENT),
        ):
            # A write that came through may answer what it likes; a listing may be empty.
            try:
                result = act()
            except RequestFailed as problem:
                problem.message.encode()
            else:
                assert status == "200 OK"
                assert result is None or result is True or isinstance(result, (dict, list))


def test_a_listing_of_nonsense_is_never_empty(connected: Any) -> None:
    for name, body in NASTY.items():
        with CannedServer(answer(body)) as server:
            api = connected(url=server.url, retry_timeout=0.01)
            if name == "list":
                assert api.list_all(PUBLICATIONS) == []
            else:
                with pytest.raises(RequestFailed):
                    api.list_all(PUBLICATIONS)


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"not gzip at all", Content_Encoding="gzip"),
        answer(ACME, Content_Length="99999"),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"\x00" * 100,
        b"",
    ],
    ids=["gzip", "cut", "chunks", "many headers", "long header", "garbage", "zeros", "nothing"],
)
def test_broken_http_is_read_again_and_a_post_looked_up(connected: Any, sent: bytes) -> None:
    with CannedServer(sent, answer(ACME)) as server:
        assert read(connected(url=server.url)) == "acme"
        assert len(server.requests) == 2
    with CannedServer(sent) as server:
        with pytest.raises(AmbiguousWrite):
            connected(url=server.url, retry_timeout=0).create(PUBLICATIONS, {}, lambda: None)
        assert len(server.requests) == 1


def test_a_byte_order_mark_is_no_part_of_the_answer(connected: Any) -> None:
    with CannedServer(answer(b"\xef\xbb\xbf" + ACME.encode())) as server:
        assert read(connected(url=server.url)) == "acme"


def test_an_error_without_envelope_counts(connected: Any) -> None:
    with CannedServer(answer('{"code": 3001, "message": "Entity not found"}', "404 Not Found")) as server:
        assert connected(url=server.url).find(PUBLICATIONS, IDENT) is None


def test_a_build_without_envelope_may_be_in_error(connected: Any) -> None:
    build = {"id": IDENT, "status": "error", "error": "no icon"}
    with CannedServer(answer(json.dumps(build))) as server:
        assert connected(url=server.url).get(PUBLICATIONS, IDENT) == build


def test_one_connection_serves_many_requests(connected: Any) -> None:
    with CannedServer(answer(ACME, Connection="keep-alive")) as server:
        api = connected(url=server.url)
        assert [read(api) for _request in range(3)] == ["acme"] * 3
        assert (len(server.requests), server.connections) == (3, 1)


def test_an_answer_that_trickles_in_is_no_answer_in_time(connected: Any) -> None:
    with CannedServer(answer(ACME), drip=0.005) as server:
        api = connected(url=server.url, api_timeout=0.3, retry_timeout=0)
        # The one wait that is the server's: it takes longer than this on any machine.
        api.transport.clock = time.monotonic
        with pytest.raises(RequestFailed, match="no answer came in time") as caught:
            read(api)
        assert caught.value.failure["attempts"] == 1
        assert read(connected(url=server.url)) == "acme"


GONE = json.dumps({"status": True, "data": {"deleted": True}})
WRITES: dict[str, Callable[[Api], Any]] = {
    "PUT": lambda api: api.update(PUBLICATIONS, IDENT, {}),
    "DELETE": lambda api: api.delete(PUBLICATIONS, IDENT),
    "POST": lambda api: api.create(PUBLICATIONS, {}, lambda: None),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nConte",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        answer(" "),
        answer('{"status": tr'),
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n",
    ],
    ids=["header", "headers", "no length", "blank", "json", "two lengths", "negative chunk"],
)
def test_a_write_whose_answer_is_cut_is_not_taken_for_done(connected: Any, act: Any, sent: bytes) -> None:
    with CannedServer(sent, answer(GONE)) as server:
        act(connected(url=server.url))
        assert len(server.requests) == 2
    with CannedServer(sent) as server:
        with pytest.raises(RequestFailed) as caught:
            act(connected(url=server.url, retry_timeout=0))
        assert isinstance(caught.value, AmbiguousWrite)


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        answer("", "200 OK"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        answer(GONE),
        answer('{"data": {"delete": "OK"}}'),
        answer(json.dumps({"id": IDENT, "slug": "app"})),
        answer(json.dumps([{"id": IDENT}])),
    ],
    ids=["204", "empty", "chunked", "envelope", "data", "object", "array"],
)
def test_a_write_is_done_when_the_answer_says_so_or_says_nothing(connected: Any, act: Any, sent: bytes) -> None:
    with CannedServer(sent) as server:
        act(connected(url=server.url))
        assert len(server.requests) == 1


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '"Unauthorized"',
        '{"success": false}',
        '{"status": "error", "message": "nope"}',
        '{"status": null, "error": null}',
        '{"data": null}',
        "{}",
        "17",
    ],
)
def test_a_write_is_not_done_when_the_answer_says_something_else(connected: Any, act: Any, body: str) -> None:
    with CannedServer(answer(body)) as server, pytest.raises(RequestFailed, match="unexpected form") as caught:
        act(connected(url=server.url, retry_timeout=0))
    assert isinstance(caught.value, AmbiguousWrite)


def test_a_status_says_enough_although_its_body_is_cut(connected: Any) -> None:
    clock = Clock()
    cut = answer("{}", "429 Too Many Requests", Retry_After="7", Content_Length="99")
    with CannedServer(cut, answer(ACME)) as server:
        assert read(waiting(connected, clock, server.url, retry_timeout=60)) == "acme"
    assert sum(clock.sleeps) >= 7
    with CannedServer(answer("{}", "401 Unauthorized", Content_Length="99")) as server:
        with pytest.raises(RequestFailed, match="a Service Account token") as caught:
            read(connected(url=server.url))
        assert len(server.requests) == 1
    assert caught.value.status == 401
    # What is not there can only be told from the code in the body.
    missing = json.dumps({"status": False, "error": {"code": 3001}})
    with CannedServer(answer("{", "404 Not Found", Content_Length="99"), answer(missing, "404 Not Found")) as server:
        assert connected(url=server.url).find(PUBLICATIONS, IDENT) is None


def test_a_page_that_calls_itself_json_is_shown_and_not_asked_for_again(connected: Any) -> None:
    with CannedServer(answer("<html>Please sign in to the hotel</html>")) as server:
        with pytest.raises(RequestFailed, match="not JSON: '<html>Please sign in"):
            read(connected(url=server.url))
        assert len(server.requests) == 1


def test_texts_are_read_as_they_are_declared_or_not_at_all(connected: Any) -> None:
    name = json.dumps({"status": True, "data": {"id": "0" * 24, "slug": "Café"}}, ensure_ascii=False)
    latin = name.encode("latin-1")
    for charset in ("iso-8859-1", '"ISO-8859-1"; x=y'):
        with CannedServer(answer(latin, Content_Type=f"application/json; charset={charset}")) as server:
            assert read(connected(url=server.url)) == "Café"
    for charset in ("utf-8", "unheard-of", ""):
        sent = answer(latin, Content_Type=f"application/json; charset={charset}")
        with CannedServer(sent) as server, pytest.raises(RequestFailed, match="no valid JSON"):
            read(connected(url=server.url, retry_timeout=0))


def test_a_parent_that_does_not_exist_is_no_absence(connected: Any) -> None:
    body = json.dumps({"status": False, "error": {"code": 3001, "message": "Entity not found"}})
    for act in (lambda api: api.find(PUBLICATIONS, IDENT), lambda api: api.delete(PUBLICATIONS, IDENT)):
        sent = answer(body, "404 Not Found")
        with CannedServer(sent) as server, pytest.raises(RequestFailed, match="store: ") as caught:
            act(connected(url=server.url, store=None))
        assert caught.value.failure["path"].endswith("/acme/stores")


def test_an_error_without_an_answer_says_what_was_attempted_and_what_to_look_at(connected: Any) -> None:
    with pytest.raises(RequestFailed, match=r"could not read the organization: GET .*Look at api_url"):
        read(connected(url="http://127.0.0.1:9", retry_timeout=0))


# Waiting ------------------------------------------------------------------------------------------------------------


def waiting(connected: Any, clock: Clock, url: str, **more: Any) -> Api:
    api: Api = connected(url=url, **more)
    keep_time(api, clock)
    return api


def told(value: str | None, status: str = "429 Too Many Requests", date: str | None = None) -> bytes:
    headers = {} if value is None else {"Retry_After": value}
    return answer("{}", status, **headers, **({} if date is None else {"Date": date}))


NOW = "Fri, 02 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize("status", ["429 Too Many", "500 Oops", "502 Bad", "503 Unavailable", "504 Timeout"])
@pytest.mark.parametrize(
    ("value", "date", "least", "most"),
    [
        ("7", None, 7, 7.1),
        (" 7 ", None, 7, 7.1),
        ("7.5", None, 7, 7.6),
        ("Fri, 02 Jan 2026 00:00:30 GMT", NOW, 30, 30.1),
        ("Thu, 01 Jan 2026 00:00:00 GMT", NOW, 0.0004, 0.1),
        ("0", None, 0.0004, 0.1),
        ("-5", None, 0.0004, 0.1),
        ("²", None, 0.0004, 0.1),
        ("soon", None, 0.0004, 0.1),
        ("Fri, 99 Foo 99999999999 99:99:99 GMT", None, 0.0004, 0.1),
        (None, None, 0.0004, 0.1),
    ],
)
def test_retry_after(
    connected: Any, status: str, value: str | None, date: str | None, least: float, most: float
) -> None:
    clock = Clock()
    with CannedServer(told(value, status, date), answer(ACME)) as server:
        assert read(waiting(connected, clock, server.url, retry_timeout=120)) == "acme"
        assert len(server.requests) == 2
    assert least <= sum(clock.sleeps) <= most


@pytest.mark.parametrize("value", ["121", "3600", "119.96", "99999999999999999999", "Fri, 02 Jan 2026 10:00:00 GMT"])
def test_a_wait_beyond_the_budget_is_not_begun(connected: Any, value: str) -> None:
    clock = Clock()
    with CannedServer(told(value, date=NOW)) as server:
        with pytest.raises(RequestFailed, match="would exceed retry_timeout"):
            read(waiting(connected, clock, server.url, retry_timeout=120))
        assert len(server.requests) == 1
    assert not clock.sleeps


def test_the_budget_bounds_all_waits_together(connected: Any) -> None:
    clock = Clock()
    with CannedServer(answer("{}", "503 Unavailable")) as server:
        api = waiting(connected, clock, server.url, retry_timeout=30)
        api.transport.options = api.transport.options._replace(backoff=0.5)
        with pytest.raises(RequestFailed) as caught:
            read(api)
        assert caught.value.failure["attempts"] == len(server.requests) > 5
    assert 10 < sum(clock.sleeps) <= 30
    assert max(clock.sleeps) <= 20


def test_when_one_is_told_to_wait_all_wait(connected: Any, simulator: Callable[..., Simulator]) -> None:
    sim = simulator()
    clock = Clock()
    api = waiting(connected, clock, "", sim=sim, retry_timeout=120)
    seen: list[int] = []

    def everybody_waits() -> None:
        seen.append(len(sim.requests))
        clock.now += 60

    # Only when all six sleep does the clock move; a thread that did not wait would leave the others behind.
    barrier = threading.Barrier(6, action=everybody_waits, timeout=120)
    told_to_wait = threading.Event()

    def sleep(_seconds: float) -> None:
        told_to_wait.set()
        barrier.wait()

    api.transport.sleep = api.transport.gate._sleep = sleep
    sim.fault("too_many", retry_after=50)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(read(api, sim.organization["slug"]))) for _number in range(6)
    ]
    threads[0].start()
    assert told_to_wait.wait(120)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert seen == [1]
    assert len(found) == 6
    assert len(sim.requests) == 7


def test_a_thread_does_not_outwait_its_own_budget_at_the_gate(connected: Any) -> None:
    clock = Clock()
    with CannedServer(answer("{}", "500 Oops")) as server:
        api = waiting(connected, clock, server.url, retry_timeout=120)
        clock.before_sleep = lambda _seconds: api.transport.gate.close_for(100)
        with pytest.raises(RequestFailed, match="Waiting 100 s more would exceed retry_timeout"):
            read(api)
        assert len(server.requests) == 1


def test_a_thread_whose_wait_others_extend_keeps_its_budget(connected: Any) -> None:
    clock = Clock()
    with CannedServer(told("2")) as server:
        api = waiting(connected, clock, server.url, retry_timeout=9)
        # As if another thread were told to wait again whenever this one sleeps.
        clock.before_sleep = lambda seconds: api.transport.gate.close_for(seconds + 3)
        began = clock.now
        with pytest.raises(RequestFailed, match="would exceed retry_timeout"):
            read(api)
        assert 2 < clock.now - began <= 9
        assert len(server.requests) == 1


def test_a_creation_that_never_succeeds_keeps_the_budget(connected: Any) -> None:
    clock = Clock()
    with CannedServer(answer("{}", "500 Oops")) as server:
        api = waiting(connected, clock, server.url, retry_timeout=3)

        def look_up() -> None:
            clock.now += 4

        with pytest.raises(AmbiguousWrite, match="not there"):
            api.create(PUBLICATIONS, {}, look_up)
        assert len(server.requests) == 1


def test_a_creation_that_shows_late_is_found_when_its_repetition_is_refused(connected: Any) -> None:
    taken = json.dumps({"status": False, "error": {"code": 5024, "message": "Slug already used"}})
    shown = iter([None, {"id": IDENT}])
    with CannedServer(b"", answer(taken, "400 Bad Request")) as server:
        found = connected(url=server.url).create(PUBLICATIONS, {}, lambda: next(shown))
        assert (found, len(server.requests)) == ({"id": IDENT}, 2)
    with CannedServer(b"", answer(taken, "400 Bad Request")) as server, pytest.raises(RequestFailed, match="5024"):
        connected(url=server.url).create(PUBLICATIONS, {}, lambda: None)


def test_threads_resolve_a_name_once(connected: Any, simulator: Callable[..., Simulator]) -> None:
    sim = simulator(switches={"latency": 0.02})
    api: Api = connected(sim, store=None)
    threads = [threading.Thread(target=api.path, args=(PUBLICATIONS,)) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [record["path"].rsplit("/", 1)[-1] for record in sim.requests] == ["stores"]
