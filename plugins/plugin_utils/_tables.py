# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Lists of addresses as spreadsheets, mail programs and web pages hand them over: bytes to text, text to cells. Pure.

Raises InvalidInput with the place, never an error of the csv module or of a codec.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..module_utils._core.addresses import split_addresses, why_no_address
from ..module_utils._core.errors import InvalidInput

# How spreadsheets and mail programs call the column of addresses, without case, accents and signs.
_ADDRESS_NAMES = frozenset(
    (
        *("email", "mail", "emails", "mails", "emailaddress", "emailaddresses", "mailaddress", "emailid"),
        *("emailadresse", "emailadressen", "mailadresse", "emailanschrift"),
        *("correo", "correos", "correoelectronico", "direcciondecorreo"),
        *("direcciondecorreoelectronico", "direcciondeemail", "direccionemail"),
        *("courriel", "adresseemail", "adressemail", "adresseelectronique", "adressedemessagerie"),
        *("indirizzoemail", "postaelettronica", "enderecodeemail", "correioeletronico"),
    )
)
_DELIMITERS = (",", ";", "\t", "|")
_SEP = re.compile(r'\A\s*"?sep=([^\w\s@"<>]|\t)"?[,;\t|]*\s*\Z', re.IGNORECASE)
_NOTHING = re.compile(r'\A[\s,;|"]*\Z')
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old form"),
    (b"%PDF", "a PDF"),
)
_SAVE = "save it as CSV in UTF-8"


class Cell(NamedTuple):
    """What stands in one place; lines and columns count from 1, columns of bare addresses in characters."""

    text: str
    line: int
    column: int


class Table(NamedTuple):
    """Rows by the known names of the columns; ``unread`` are the names of the others, as they stand there."""

    rows: list[dict[str, Cell]]
    unread: list[str]
    headed: bool


def decode(data: bytes) -> tuple[str, list[str]]:
    """The text of a file, and what is worth telling about how it was read: Unicode, or what Excel writes on Windows."""
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise InvalidInput(f"The file is {what}, not text: {_SAVE}")
    encoding = _encoding(data)
    try:
        return _without_control(data.decode(encoding).lstrip("\ufeff")), []
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise InvalidInput(f"The file begins like {encoding} and is not: {_SAVE}") from None
    try:
        text = _without_control(data.decode("cp1252"))
    except UnicodeDecodeError:
        raise InvalidInput(f"The file is neither UTF-8 nor Windows-1252: {_SAVE}") from None
    _refuse_guessed_addresses(text)
    return text, [f"the list of testers is not in UTF-8 and was read as Windows-1252; {_SAVE}"]


def _encoding(data: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return name
    # Without a mark: every other byte of addresses in UTF-16 is zero.
    if b"@\x00" in data and data[1:2] == b"\x00":
        return "utf-16-le"
    return "utf-16-be" if b"\x00@" in data and data[:1] == b"\x00" else "utf-8"


def _refuse_guessed_addresses(text: str) -> None:
    # A name that is read wrongly is a blemish, an address that is read wrongly is another person.
    for number, line in enumerate(_lines(text), 1):
        for word in re.split(r"[\s,;|<>]+", line):
            if "@" in word and not word.isascii():
                raise InvalidInput(f"Line {number}: an address outside ASCII in a file that is not UTF-8: {_SAVE}")


def _without_control(text: str) -> str:
    found = _NO_TEXT.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidInput(f"Line {line}: holds a character that no text has ({found.group()!r}): {_SAVE}")
    return text


def read_table(text: str, columns: Sequence[str], key: str) -> Table:
    """The cells of a text, by the names in ``columns``, of which ``key`` is the one with the addresses.

    Text that begins with an address has no heading: all of it is addresses. ``text`` may hold bytes that Ansible could
    not decode.
    """
    text = _without_control(_decoded(text).lstrip("\ufeff"))
    lines = _lines(text)
    start = _first(lines, 0)
    sep = _SEP.match(lines[start]) if start < len(lines) else None
    if sep:
        start = _first(lines, start + 1)
    if start == len(lines):
        return Table([], [], False)
    delimiters = (sep.group(1),) if sep else _DELIMITERS
    if "@" in lines[start]:
        return Table(list(_bare(lines, start, delimiters, columns, key)), [], False)
    return _headed(lines, start, delimiters, columns, key)


def _decoded(text: str) -> str:
    """The text itself, or what its bytes say where Ansible could not decode them."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InvalidInput(f"The list holds half a character: {_SAVE}") from None
    return decode(data)[0] if "\x00" in text or not _is_unicode(text) else text


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _first(lines: Sequence[str], start: int) -> int:
    """The first line from ``start`` on that says anything."""
    return next((number for number in range(start, len(lines)) if not _NOTHING.match(lines[number])), len(lines))


# Bare addresses ---------------------------------------------------------------------------------------------------


def _bare(
    lines: Sequence[str], start: int, delimiters: Sequence[str], columns: Sequence[str], key: str
) -> Iterator[dict[str, Cell]]:
    for number in range(start, len(lines)):
        line = lines[number]
        if len(delimiters) == 1 and not delimiters[0].isspace():
            line = line.replace(delimiters[0], ",")
        end = 0
        for piece in split_addresses(line):
            end = max(line.find(piece, end), 0)
            cell = Cell(piece, number + 1, end + 1)
            if "@" not in piece:
                raise InvalidInput(_no_address(cell, columns, key))
            yield {key: cell}


def _no_address(cell: Cell, columns: Sequence[str], key: str) -> str:
    text = cell.text if len(cell.text) <= 80 else f"{cell.text[:77]}..."
    where = f"Line {cell.line}, column {cell.column}: {text!r} is not an e-mail address: {why_no_address(cell.text)}"
    if any(_plain(word) in _ADDRESS_NAMES for word in cell.text.split()):
        return f"{where}. A heading needs a line of its own, with the addresses below it"
    return f"{where}. If these are columns, name them in the first line, such as {key},{columns[2]}"


# A table with a heading -------------------------------------------------------------------------------------------


class _Record(NamedTuple):
    values: list[str]
    line: int


def _records(lines: Sequence[str], start: int, delimiter: str) -> Iterator[_Record]:
    """The records of a table; a quoted cell may go over several lines."""
    reader = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=delimiter, strict=True)
    begun = start + 1
    try:
        for values in reader:
            yield _Record([value.strip() for value in values], begun)
            begun = start + reader.line_num + 1
    except csv.Error as problem:
        raise InvalidInput(f"Line {begun}: {_csv_trouble(str(problem), delimiter)}") from None


def _csv_trouble(text: str, delimiter: str) -> str:
    if "limit" in text:
        return f"a value is longer than {csv.field_size_limit()} characters"
    if "unexpected end" in text:
        return 'a quote (") is opened and never closed'
    return f'behind a closing quote (") there is neither {delimiter!r} nor the end of the line'


def _headed(lines: Sequence[str], start: int, delimiters: Sequence[str], columns: Sequence[str], key: str) -> Table:
    for delimiter in delimiters:
        names = _heading(lines, start, delimiter, columns, key)
        if names is not None:
            break
    else:
        raise InvalidInput(_no_heading(lines[start], start + 1, key))
    if len(names) == 1:
        # One column is a list of addresses below a word, in whatever way they are written.
        return Table(list(_bare(lines, start + 1, delimiters, columns, key)), [], True)
    known, unread = _known(names, start + 1, columns, key)
    records = _records(lines, start, delimiter)
    next(records)
    rows = [_row(record, names, known) for record in records if any(record.values)]
    return Table(rows, unread, True)


def _heading(lines: Sequence[str], start: int, delimiter: str, columns: Sequence[str], key: str) -> list[str] | None:
    try:
        names = next(_records(lines, start, delimiter)).values
    except InvalidInput:
        return None
    return names if key in [_known_as(name, columns, key) for name in names] else None


def _no_heading(line: str, number: int, key: str) -> str:
    text = line.strip() if len(line) <= 80 else f"{line.strip()[:77]}..."
    return (
        f"Line {number}: {text!r} is neither an address nor a heading with a column of addresses. A list begins with "
        f"an address, or with a line that names its columns, such as {key}"
    )


def _known(names: Sequence[str], line: int, columns: Sequence[str], key: str) -> tuple[dict[int, str], list[str]]:
    """Which known column stands where, and which names are not known; what may be a slip of the pen is refused."""
    known: dict[int, str] = {}
    unread: list[str] = []
    for place, name in enumerate(names):
        column = _known_as(name, columns, key)
        if column in known.values():
            raise InvalidInput(f"Line {line}, column {place + 1}: {name!r} names a column twice ({column})")
        if column:
            known[place] = column
        elif name:
            meant = similar(name, columns)
            if meant:
                raise InvalidInput(f"Line {line}, column {place + 1}: {name!r} is unknown; {meant} may be meant")
            unread.append(name)
    return known, unread


def _known_as(name: str, columns: Sequence[str], key: str) -> str | None:
    plain = _plain(name)
    if plain in _ADDRESS_NAMES:
        return key
    return next((column for column in columns if _plain(column) == plain), None)


def _plain(name: str) -> str:
    """A name without case, accents, blanks and signs."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name).casefold() if sign.isalnum())


def similar(name: str, columns: Sequence[str]) -> str | None:
    """The known column that was probably meant by a name that is not known."""
    found = difflib.get_close_matches(_plain(name), [_plain(column) for column in columns], 1, 0.8)
    return next((column for column in columns if found and _plain(column) == found[0]), None)


def _row(record: _Record, names: Sequence[str], known: dict[int, str]) -> dict[str, Cell]:
    for place, value in enumerate(record.values):
        if value and (place >= len(names) or not names[place]):
            raise InvalidInput(
                f"Line {record.line}, column {place + 1}: has a value, and the first line names no such column"
            )
    cells = {}
    for place, name in known.items():
        text = record.values[place] if place < len(record.values) else ""
        cells[name] = Cell(text, record.line, place + 1)
    return cells
