# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A multipart form that is read from disk while it is sent, so that memory stays flat. Knows nothing of Applivery."""

from __future__ import annotations

import io
import os
import secrets
import stat
from collections.abc import Iterable
from typing import IO, NamedTuple, Union, cast

from .._core.errors import AppliveryError, InvalidInput


class FilePart(NamedTuple):
    """A file as one field of a form. ``size`` in bytes and ``changed`` in ns were looked up when the part was made."""

    field: str
    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, field: str, path: str, option: str) -> FilePart:
        """Look at the file; InvalidInput names ``option`` when it can't be sent."""
        try:
            # Before it is opened: a pipe without a writer would never open.
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                with open(path, "rb") as file:
                    found = os.fstat(file.fileno())
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise InvalidInput(f"{option}: {path} can't be read: {reason}") from None
        if stat.S_ISDIR(found.st_mode):
            raise InvalidInput(f"{option}: {path} is a folder, no file")
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput(f"{option}: {path} is no regular file (a pipe, a device or a socket can't be sent)")
        if not found.st_size:
            raise InvalidInput(f"{option}: {path} is empty")
        return cls(field, path, found.st_size, found.st_mtime_ns)

    def check_unchanged(self, found: os.stat_result) -> None:
        """Refuse a file that is no longer what it was when the part was made, such as one that is still written."""
        if (found.st_size, found.st_mtime_ns) != (self.size, self.changed):
            raise self.torn()

    def lost(self, problem: OSError) -> AppliveryError:
        """The error about a file that can't be read on; never mistaken for one of the network."""
        return AppliveryError(f"{self.path} can't be read any more: {problem.strerror or problem}")

    def torn(self) -> AppliveryError:
        return AppliveryError(f"{self.path} changed while it was sent; nothing that was sent of it can be used")


_Segment = Union[bytes, FilePart]


class MultipartForm:
    """Text fields and files as ``multipart/form-data``; an ``_http.Stream``."""

    def __init__(self, texts: Iterable[tuple[str, str]], files: Iterable[FilePart], boundary: str = "") -> None:
        boundary = boundary or secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._segments: list[_Segment] = []
        # Servers that read the form as it comes want the texts before the files.
        for name, value in texts:
            self._segments.append(_head(boundary, name) + value.encode("utf-8") + b"\r\n")
        for part in files:
            self._segments.extend([_head(boundary, part.field, os.path.basename(part.path)), part, b"\r\n"])
        self._segments.append(f"--{boundary}--\r\n".encode("ascii"))

    def __len__(self) -> int:
        return sum(_length(segment) for segment in self._segments)

    def check_unchanged(self) -> None:
        """Refuse files that are no longer what was announced; for after the sending."""
        for part in self._segments:
            if isinstance(part, FilePart):
                try:
                    part.check_unchanged(os.stat(part.path))
                except OSError:
                    # What was sent was read from it before.
                    continue

    def open(self) -> IO[bytes]:
        """A new reader over the whole form; its length is known before the first byte is read."""
        return cast(IO[bytes], _Reader(self._segments))


class _Reader(io.RawIOBase):
    """Reads segment after segment; holds no more of a file than was asked for."""

    def __init__(self, segments: list[_Segment]) -> None:
        super().__init__()
        self._segments = segments
        self._total = sum(_length(segment) for segment in segments)
        self._position = 0
        self._next = 0
        self._file: IO[bytes] = io.BytesIO()
        self._part: FilePart | None = None
        self._left = 0

    def __len__(self) -> int:
        return self._total

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, or all that is left; nothing at the end."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(io.DEFAULT_BUFFER_SIZE), b""))
        while not self._left and self._next < len(self._segments):
            self._enter(self._segments[self._next])
            self._next += 1
        if not self._left or not size:
            return b""
        data = self._piece(min(size, self._left))
        self._left -= len(data)
        self._position += len(data)
        if self._part is not None and not (data and self._left):
            # At the end of the file, be it sooner than announced.
            self._part.check_unchanged(os.fstat(self._file.fileno()))
            if not data:
                raise self._part.torn()
        return data

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as problem:
            # What is not in a file is in memory, where nothing gets lost.
            raise cast(FilePart, self._part).lost(problem) from None

    def _enter(self, segment: _Segment) -> None:
        self._file.close()
        self._left = _length(segment)
        if isinstance(segment, bytes):
            self._part = None
            self._file = io.BytesIO(segment)
            return
        self._part = segment
        try:
            self._file = open(segment.path, "rb", buffering=0)  # noqa: SIM115 - closed by close and the next segment
        except OSError as problem:
            raise segment.lost(problem) from None
        segment.check_unchanged(os.fstat(self._file.fileno()))


def _length(segment: _Segment) -> int:
    return segment.size if isinstance(segment, FilePart) else len(segment)


def _head(boundary: str, name: str, filename: str | None = None) -> bytes:
    lines = [f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"']
    if filename is not None:
        lines.append(f'; filename="{_quoted(filename)}"\r\nContent-Type: application/octet-stream')
    return "".join([*lines, "\r\n\r\n"]).encode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    """As browsers write names into this header (the WHATWG's HTML standard)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
