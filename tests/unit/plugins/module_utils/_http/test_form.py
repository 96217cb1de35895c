# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form that is read while it is sent: exact bytes, exact length, no more memory than was asked for."""

from __future__ import annotations

import errno
import os
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._http.form import FilePart, MultipartForm


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'a "quoted" näme.apk'
    path.write_bytes(bytes(range(256)) * 100)
    return path


def parts(content_type: str, data: bytes) -> dict[str, tuple[str | None, bytes]]:
    """What another program makes of the form: field -> (filename, content)."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + data)
    return {
        part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True))
        for part in message.iter_parts()
    }


def test_another_parser_reads_what_was_meant(file: Path) -> None:
    form = MultipartForm([("text", "ä\r\nb"), ("empty", "")], [FilePart.of("build", str(file), "path")])
    with form.open() as reader:
        data = reader.read()
    found = parts(form.content_type, data)
    assert list(found) == ["text", "empty", "build"]
    assert found["text"][1].decode() == "ä\r\nb"
    assert found["build"] == ("a %22quoted%22 näme.apk", file.read_bytes())
    assert len(data) == len(form)


@pytest.mark.parametrize("size", [1, 7, 16384, 10**6])
def test_pieces_of_any_size_make_the_same_whole(file: Path, size: int) -> None:
    form = MultipartForm([("a", "b")], [FilePart.of("build", str(file), "path")], boundary="x")
    with form.open() as whole, form.open() as reader:
        assert len(reader) == len(form)
        pieces = bytearray()
        while piece := reader.read(size):
            assert len(piece) <= size
            pieces += piece
            assert reader.tell() == len(pieces)
        assert bytes(pieces) == whole.read()
        assert reader.read(size) == b""
        assert reader.read(0) == b""


def test_a_file_that_shrinks_while_it_is_read(file: Path) -> None:
    form = MultipartForm([], [FilePart.of("build", str(file), "path")])
    with form.open() as reader:
        reader.read(400)
        os.truncate(file, 300)
        with pytest.raises(AppliveryError, match="changed while it was sent"):
            reader.read()


@pytest.mark.parametrize("content", [b"shorter", b"longer" * 10000])
def test_a_file_that_was_replaced_before_it_is_read(file: Path, content: bytes) -> None:
    form = MultipartForm([], [FilePart.of("build", str(file), "path")])
    file.write_bytes(content)
    with form.open() as reader, pytest.raises(AppliveryError, match="changed while it was sent"):
        reader.read()


def test_a_file_that_nobody_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(b"x")
    # Root may read everything, so the refusal is made here.

    def denied(*_given: object, **_named: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(InvalidInput, match=r"path: .*a\.apk can't be read: denied"):
        FilePart.of("build", str(path), "path")


def test_two_forms_have_two_boundaries() -> None:
    assert MultipartForm([], []).content_type != MultipartForm([], []).content_type


def test_a_file_that_goes_away_is_no_fault_of_the_network(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = FilePart.of("build", str(file), "path")
    form = MultipartForm([], [part])
    with form.open() as reader:
        while reader.tell() < len(form) // 2:
            reader.read(4096)
        reader._file.close()  # what is read from
        monkeypatch.setattr(reader, "_file", Failing())
        with pytest.raises(AppliveryError, match="can't be read any more: Stale file handle"):
            reader.read(4096)
    file.unlink()
    with form.open() as reader, pytest.raises(AppliveryError, match="can't be read any more: No such file"):
        reader.read()


class Failing:
    """A file of a network that went away."""

    def read(self, size: int) -> bytes:
        raise OSError(errno.ESTALE, "Stale file handle")

    def close(self) -> None:
        pass
