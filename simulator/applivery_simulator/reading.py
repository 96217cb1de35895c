# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client sent: JSON or a form, however broken."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from .api import UploadedFile

CHUNK = 65536
LARGEST_BODY = 32 * 1024 * 1024
# What reading a form that is none may raise: the parser checks some things by assertion, and knows few encodings.
MALFORMED = (ValueError, RuntimeError, AssertionError, LookupError, TypeError, web.HTTPException, HttpProcessingError)


@dataclass
class Incoming:
    """A request whose body was read."""

    body: Any = None
    files: list[UploadedFile] | None = None
    broken: str = ""


async def receive(request: web.Request, *, multipart: bool) -> Incoming:
    """Return the body of a request; what is wrong with it is for the pipeline to tell, after it looked at the token."""
    if request.content_type.startswith("multipart/"):
        return await _receive_form(request)
    try:
        text = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return Incoming(body={}, broken=f"must not be larger than {LARGEST_BODY} bytes")
    if request.method not in ("POST", "PUT", "PATCH"):
        return Incoming()
    if multipart:
        return Incoming(body={}, broken="must be multipart/form-data")
    return _decoded(text, request.content_type)


def _decoded(text: bytes, content_type: str) -> Incoming:
    shown = text.decode("utf-8", "replace")
    if content_type != "application/json":
        return Incoming(body=shown, broken="must be application/json")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Incoming(body=shown, broken="must be valid JSON")
    return Incoming(body=body, broken="" if isinstance(body, dict) else "must be an object")


async def _receive_form(request: web.Request) -> Incoming:
    incoming = Incoming(body={})
    files: list[UploadedFile] = []
    incoming.files = files
    try:
        reader = await request.multipart()
        while True:
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader):
                raise ValueError("nested parts")
            if part.filename is None:
                _note(incoming, part.name or "", (await part.read(decode=True)).decode("utf-8", "replace"))
            else:
                files.append(await _swallow(part))
    except MALFORMED:
        incoming.broken = "must be valid multipart/form-data"
    return incoming


def _note(incoming: Incoming, name: str, text: str) -> None:
    """Take a text field; one that comes twice is no longer a text, which only a list may be."""
    known = incoming.body.get(name)
    if known is None:
        incoming.body[name] = text
    elif isinstance(known, list):
        known.append(text)
    else:
        incoming.body[name] = [known, text]


async def _swallow(part: BodyPartReader) -> UploadedFile:
    """Read a file and keep its size and checksum only."""
    digest, size = hashlib.sha256(), 0
    while True:
        chunk = await part.read_chunk(CHUNK)
        if not chunk:
            break
        digest.update(chunk)
        size += len(chunk)
    return UploadedFile(part.name or "", part.filename or "", size, digest.hexdigest())
