# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose answers have no end, in time or in size, and servers that answer before they have read."""

from __future__ import annotations

import gzip
import ssl
import threading
from pathlib import Path
from typing import Any, Callable

import pytest
import trustme

from ansible_collections.applivery.distribution.plugins.module_utils._api.client import ORGANIZATIONS, Api
from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import BUILDS
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AmbiguousWrite, RequestFailed
from ansible_collections.applivery.distribution.plugins.module_utils._http.form import FilePart, MultipartForm
from ansible_collections.applivery.distribution.plugins.module_utils._http.sockets import LARGEST_ANSWER
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATIONS
from ansible_collections.applivery.distribution.tests.support.servers import (
    CannedServer,
    EndlessServer,
    HastyServer,
    answer,
)

IDENT = "abcdef0123456789abcdef01"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MIB = 1024 * 1024
# Far beyond what the time-outs below allow, and far below "for ever".
PATIENCE = 60

ACTS: dict[str, Callable[[Api], Any]] = {
    "GET": lambda api: api.get(ORGANIZATIONS, "acme"),
    "PUT": lambda api: api.update(PUBLICATIONS, IDENT, {}),
}


def ended(act: Callable[[], Any]) -> BaseException | None:
    """What ``act`` raised; a test fails where it does not end at all."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except RequestFailed as problem:
            raised.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it goes on and on"
    return raised[0] if raised else None


# Time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(
    ("first", "again", "pause"),
    [
        (b"HTTP/1.1 2", b"0", 0.1),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.1),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.4),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
        (b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", 0.0),
        (b"", b"", 0.1),
        (OK + b"Content-Length: 9999\r\n\r\n", b" ", 0.1),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.1),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1", b"0", 0.1),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.1),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], b"\0", 0.1),
    ],
    ids=[
        "status line",
        "header bytes",
        "header lines",
        "slow continue",
        "fast continue",
        "silence",
        "body",
        "chunks",
        "chunk size",
        "trailers",
        "gzip",
    ],
)
def test_no_answer_takes_longer_than_it_may(connected: Any, act: Any, first: bytes, again: bytes, pause: float) -> None:
    with EndlessServer(first, again, pause) as server:
        problem = ended(lambda: act(connected(url=server.url, api_timeout=1, retry_timeout=0)))
        assert problem is not None
        assert "no answer came in time" in str(problem)
        assert isinstance(problem, AmbiguousWrite) == (act is ACTS["PUT"])
        assert server.connections == 1


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03\x40\x00"], ids=["silence", "one long record"])
def test_a_handshake_that_goes_on_for_ever_ends(connected: Any, first: bytes) -> None:
    with EndlessServer(first, b"\x02" if first else b"", 0.1, greeting=True) as server:
        url = server.url.replace("http:", "https:")
        assert ended(lambda: ACTS["GET"](connected(url=url, api_timeout=1, retry_timeout=0))) is not None


def test_a_proxy_that_never_ends_its_answer_ends(connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with EndlessServer(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.3) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        problem = ended(lambda: ACTS["PUT"](connected(url="https://127.0.0.1:9", api_timeout=1, retry_timeout=0)))
        assert problem is not None


# Size ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(
    ("first", "again"),
    [
        (OK + b"\r\n", b" " * MIB),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b" " * MIB + b"\r\n"),
    ],
    ids=["body", "chunks"],
)
def test_an_answer_without_end_is_given_up_and_not_asked_for_again(
    connected: Any, act: Any, first: bytes, again: bytes
) -> None:
    with EndlessServer(first, again) as server:
        problem = ended(lambda: act(connected(url=server.url)))
        assert problem is not None
        assert "larger than 64 MiB" in str(problem)
        assert isinstance(problem, AmbiguousWrite) == (act is ACTS["PUT"])
        assert server.connections == 1


def test_a_line_without_end_is_given_up(connected: Any) -> None:
    # Newer releases of urllib3 notice by themselves.
    with EndlessServer(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * MIB) as server:
        assert ended(lambda: ACTS["GET"](connected(url=server.url, retry_timeout=0))) is not None


def test_what_unpacks_to_more_than_memory_holds_is_given_up(connected: Any) -> None:
    bomb = gzip.compress(bytes(LARGEST_ANSWER + 1), 9)
    assert len(bomb) < MIB
    with CannedServer(answer(bomb, Content_Encoding="gzip")) as server:
        with pytest.raises(RequestFailed, match="larger than 64 MiB"):
            ACTS["GET"](connected(url=server.url))
        assert len(server.requests) == 1
    # What is packed twice unpacks to a million times its size.
    with CannedServer(answer(gzip.compress(bomb), Content_Encoding="gzip, gzip")) as server:
        with pytest.raises(RequestFailed, match="not asked for"):
            ACTS["GET"](connected(url=server.url))
        assert len(server.requests) == 1


def test_what_is_packed_as_asked_is_read(connected: Any) -> None:
    body = gzip.compress(b'{"status": true, "data": {"id": "1", "slug": "acme"}}')
    with CannedServer(answer(body, Content_Encoding="gzip")) as server:
        assert ACTS["GET"](connected(url=server.url))["slug"] == "acme"
        assert b"\r\nAccept-Encoding: gzip\r\n" in server.requests[0]
    for cut in (body[:-8], body[:20]):
        with CannedServer(answer(cut, Content_Encoding="gzip"), answer(body, Content_Encoding="gzip")) as server:
            assert ACTS["GET"](connected(url=server.url))["slug"] == "acme"
            assert len(server.requests) == 2


def test_a_refusal_counts_whatever_is_behind_it(connected: Any) -> None:
    with EndlessServer(b"HTTP/1.1 401 Unauthorized\r\n\r\n", b" " * MIB) as server:
        problem = ended(lambda: ACTS["PUT"](connected(url=server.url)))
        assert isinstance(problem, RequestFailed)
        assert not isinstance(problem, AmbiguousWrite)
        assert problem.status == 401


# Answers that come while the body is still sent ----------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_an_answer_before_the_body_was_read_is_read(connected: Any, tmp_path: Path, tls: bool) -> None:
    context, bundle = None, None
    if tls:
        authority = trustme.CA()
        bundle = str(tmp_path / "authority.pem")
        authority.cert_pem.write_to_path(bundle)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    package = tmp_path / "app.apk"
    with open(package, "wb") as file:
        file.truncate(32 * MIB)
    said = answer('{"status": false, "error": {"code": 4004, "message": "Invalid token"}}', "401 Unauthorized")
    with HastyServer(said, context) as server:
        api = connected(url=server.url, ca_path=bundle, api="integrations")
        form = MultipartForm([], [FilePart.of("build", str(package), "path")])
        with pytest.raises(RequestFailed) as caught:
            api.upload(BUILDS, form)
    assert (caught.value.status, caught.value.code) == (401, 4004)
    assert not isinstance(caught.value, AmbiguousWrite)
