# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as spreadsheets export them: exactly the people put in come out, or one clear refusal. Never anything else."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.applivery.distribution.plugins.module_utils._core.addresses import email_key
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.applivery.distribution.plugins.plugin_utils import _testers as lists
from ansible_collections.applivery.distribution.plugins.plugin_utils._tables import decode

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
labels = st.text(LETTERS, min_size=1, max_size=8)
addresses = st.builds(lambda local, domain: f"{local}@{domain}.example", labels, labels | st.just("bücher"))
# What a sheet's cell may hold: signs of the dialects, accents, a line break.
studios = st.text("ab ,;\t'\"|äß\n<>é€", max_size=10).map(str.strip)
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252")
HEADINGS = ("email", "E-Mail", "Email Address", "Mail", "E-Mail-Adresse", "Correo electrónico")


@st.composite
def exports(draw: Any) -> tuple[list[tuple[str, str, int]], bytes]:
    """People with studio and allowance, and the bytes of a spreadsheet that lists them."""
    people = draw(
        st.lists(st.tuples(addresses, studios, st.integers(1, 99)), max_size=6, unique_by=lambda one: email_key(one[0]))
    )
    delimiter = draw(st.sampled_from(",;\t|"))
    surplus = draw(st.integers(0, 3))
    columns = draw(st.permutations(["studio", "email", "allowance", "Telefon"]))
    buffer = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(ENDS))
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)
    names = {"email": draw(st.sampled_from(HEADINGS))}
    writer.writerow([names.get(column, column) for column in columns] + [""] * surplus)
    for email, studio, allowance in people:
        row = {"email": email, "studio": studio.replace("\n", end), "allowance": allowance, "Telefon": "+49 1"}
        writer.writerow([row[column] for column in columns] + [""] * draw(st.integers(0, surplus)))
        if draw(st.booleans()):
            writer.writerow([""] * (len(columns) + surplus))
    text = (f"sep={delimiter}{end}" if draw(st.booleans()) else "") + buffer.getvalue()
    return people, text.encode(draw(st.sampled_from(ENCODINGS)), "replace")


@given(exports())
def test_an_export_gives_the_people_put_in_or_one_refusal(export: tuple[list[tuple[str, str, int]], bytes]) -> None:
    people, data = export
    try:
        text, _notes = decode(data)
        found = lists.testers_of(text).people
    except InvalidInput:
        # Nobody at all, or an address outside ASCII whose encoding is anybody's guess.
        assert not people or any("ü" in email for email, *_rest in people)
        return
    assert [(one["email"], one["studio"], one["allowance"]) for one in found] == people


@given(exports(), st.booleans())
def test_bytes_that_ansible_could_not_decode_are_read_all_the_same(
    export: tuple[list[tuple[str, str, int]], bytes], alone: bool
) -> None:
    people, data = export
    read = lists.addresses_of if alone else lambda text: [one["email"] for one in lists.testers_of(text).people]
    try:
        found = read(data.decode("utf-8", "surrogateescape"))
    except InvalidInput:
        assert not people or any("ü" in email for email, *_rest in people)
        return
    assert found == [email for email, *_rest in people]


@given(st.lists(addresses, min_size=1, max_size=8, unique_by=email_key), st.data())
def test_addresses_that_are_pasted_are_the_people(emails: list[str], data: Any) -> None:
    def written(email: str) -> str:
        name = data.draw(st.sampled_from(["", "Ana ", "Lee, Ana ", '"Lee, Ana" ', "Àna-Marie O'Hara "]))
        return f"{name}<{email}>" if name else data.draw(st.sampled_from([email, f"<{email}>", f"mailto:{email}"]))

    divided = st.sampled_from(["\n", "\r\n", "\r", "; ", ";\n", ",\n"])
    text = "".join(written(email) + data.draw(divided) for email in emails)
    assert lists.addresses_of(text) == emails


@given(
    st.text()
    | st.text("a@x.,;\t|\"'<> \n\r=sep", max_size=60)
    | st.binary(max_size=80).map(lambda data: data.decode("utf-8", "surrogateescape"))
)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (lists.testers_of, lists.addresses_of):
        try:
            found = read(text)
        except InvalidInput:
            continue
        # Nobody is never the answer to a text that says something.
        people = found if isinstance(found, list) else found.people
        shown = decode(text.encode("utf-8", "surrogateescape"))[0]
        said = [character for character in shown if not character.isspace() and character not in ',;|"\ufeff']
        assert people or "sep=" in shown.lower() or not said


@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    try:
        text, _notes = decode(data)
    except InvalidInput:
        return
    text.encode("utf-8")
