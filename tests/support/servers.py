# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that the simulator is too well-behaved to be: any bytes as an answer, and a forward proxy."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import ssl
import threading
import time
from types import TracebackType
from typing import Any


def answer(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """One HTTP answer; a header's name is written with underscores."""
    content = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Running:
    """A server in a thread of its own, on a free port of loopback."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def _handler(self) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class CannedServer(_Running):
    """Answers the n-th request with the n-th of ``answers``, and the last one from then on.

    A connection is kept for as long as the answers say ``Connection: keep-alive``. ``drip`` is the time in seconds
    that passes before each byte.
    """

    def __init__(self, *answers: bytes, context: ssl.SSLContext | None = None, drip: float = 0) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self._kept = False
        self._context = context
        self._drip = drip
        super().__init__()
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def _handler(self) -> Any:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    stream = outer._context.wrap_socket(self.request, True) if outer._context else self.request
                    outer.connections += 1
                    with contextlib.closing(stream):
                        while outer._answer(stream):
                            pass
                        stream.shutdown(socket.SHUT_RDWR)

        return Handler

    def _answer(self, stream: socket.socket) -> bool:
        """Answer one request; whether another one may come over the same connection."""
        asked = _read_request(stream)
        if not asked and self._kept:
            return False
        self.requests.append(asked)
        said = self.answers[min(len(self.requests), len(self.answers)) - 1]
        for start in range(0, len(said), 1 if self._drip else len(said)):
            time.sleep(self._drip)
            stream.sendall(said[start:][: 1 if self._drip else len(said)])
        self._kept = b"Connection: keep-alive" in said
        return self._kept


class EndlessServer(_Running):
    """Answers every connection with ``first`` and then with ``again`` for ever, ``pause`` seconds before each.

    Nothing is read before ``first`` where ``greeting`` is set: so begin servers whose TLS handshake never ends.
    """

    def __init__(self, first: bytes, again: bytes, pause: float = 0.0, greeting: bool = False) -> None:
        self.connections = 0
        self._first, self._again, self._pause, self._greeting = first, again, pause, greeting
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def _handler(self) -> Any:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                with contextlib.suppress(OSError):
                    if not outer._greeting:
                        _read_request(self.request)
                    self.request.sendall(outer._first)
                    while True:
                        time.sleep(outer._pause)
                        self.request.sendall(outer._again)

        return Handler


class HastyServer(_Running):
    """Answers as soon as the head of a request is there, and closes without reading the body.

    Over TLS the reset of the connection may take the answer with it; there the server answers first and reads then.
    """

    def __init__(self, said: bytes, context: ssl.SSLContext | None = None) -> None:
        self._said, self._context = said, context
        super().__init__()
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def _handler(self) -> Any:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    stream = outer._context.wrap_socket(self.request, True) if outer._context else self.request
                    with contextlib.closing(stream):
                        stream.recv(1024)
                        stream.sendall(outer._said)
                        stream.settimeout(5)
                        while outer._context and stream.recv(65536):
                            pass

        return Handler


class Proxy(_Running):
    """A forward proxy that knows CONNECT; ``refuse`` is the status line it answers instead of connecting."""

    def __init__(self, refuse: str = "") -> None:
        self.refuse = refuse
        self.requests: list[str] = []
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def _handler(self) -> Any:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    head = _read_request(self.request).decode("latin-1")
                    outer.requests.append(head.split("\r\n", 1)[0])
                    if outer.refuse:
                        self.request.sendall(f"HTTP/1.1 {outer.refuse}\r\nContent-Length: 0\r\n\r\n".encode())
                        return
                    host, port = head.split(" ")[1].rsplit(":", 1)
                    with socket.create_connection((host, int(port))) as far:
                        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        _join(self.request, far)

        return Handler


def _read_request(stream: socket.socket) -> bytes:
    content = b""
    while b"\r\n\r\n" not in content:
        piece = stream.recv(65536)
        if not piece:
            return content
        content += piece
    head, body = content.split(b"\r\n\r\n", 1)
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def _join(near: socket.socket, far: socket.socket) -> None:
    while True:
        readable, _writable, _failed = select.select([near, far], [], [])
        for source in readable:
            piece = source.recv(65536)
            if not piece:
                return
            (far if source is near else near).sendall(piece)
