# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: who was let in is let in once per invitation, and no address stands in a file."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError, InvalidInput
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user import ledger as ledger_module
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.ledger import Place, opened, read_ledger
from ansible_collections.applivery.distribution.tests.support.otp import World, actions

Start = Callable[..., World]
NOW = datetime(2030, 6, 1, 12, tzinfo=timezone.utc)
HERE = Place("acme", "5" * 24, "b" * 24)
ELSEWHERE = HERE._replace(publication="c" * 24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.json"


def once(path: Path, **more: Any) -> dict[str, Any]:
    return {"emails": ["Ana@x.example", "ben@x.example"], "admit": "once", "ledger": str(path), **more}


def use_up(world: World) -> None:
    """Let everybody vanish from the list, as after the last download."""
    for ident in list(world.sim.otp_users):
        del world.sim.otp_users[ident]


# The file -----------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read(path: Path) -> None:
    with opened(str(path)) as ledger:
        assert ledger.is_new
        ledger.claim(HERE, "Ana@x.example", "1", NOW)
        ledger.confirm(HERE, "ana@X.example", "1")
        ledger.claim(HERE, "ana@x.example", "2", NOW.replace(day=5))
        ledger.claim(ELSEWHERE, "ben@x.example", "1", NOW)
        ledger.withdraw(ELSEWHERE, "ben@x.example", "1")
        ledger.save()
    read = read_ledger(str(path))
    assert read.admission(HERE, "ANA@x.example", "1") == ("2030-06-01T12:00:00Z", "2030-06-01T12:00:00Z", 1, False)
    assert read.told("ana@x.example", HERE.publication) == {
        "first": "2030-06-01T12:00:00Z",
        "last": "2030-06-05T12:00:00Z",
        "count": 2,
        "invitations": ["1", "2"],
        "certain": False,
    }
    assert read.told("ben@x.example", ELSEWHERE.publication) is None
    assert read.told("ana@x.example", ELSEWHERE.publication) is None


def test_a_request_stands_in_the_file_before_it_is_sent(path: Path) -> None:
    with opened(str(path)) as ledger:
        ledger.claim(HERE, "ana@x.example", "1", NOW)
        assert read_ledger(str(path)).admission(HERE, "ana@x.example", "1") is not None


def test_no_address_stands_in_the_file_and_nobody_else_reads_it(path: Path) -> None:
    with opened(str(path)) as ledger:
        ledger.claim(HERE, "ana@x.example", "1", NOW)
    text = path.read_text(encoding="utf-8")
    assert "ana" not in text
    assert "@" not in text
    assert path.stat().st_mode & 0o777 == 0o600
    document = json.loads(text)
    assert document["version"] == 1
    assert set(document["admissions"][0]) == {
        *("person", "organization", "store", "publication", "invitation", "first", "last", "count", "pending")
    }


def test_two_ledgers_know_one_person_by_different_names(path: Path, tmp_path: Path) -> None:
    people = set()
    for name in ("one.json", "two.json"):
        with opened(str(tmp_path / name)) as ledger:
            ledger.claim(HERE, "ana@x.example", "1", NOW)
        people.add(json.loads((tmp_path / name).read_text(encoding="utf-8"))["admissions"][0]["person"])
    assert len(people) == 2


def test_a_link_and_the_mode_of_a_file_stay(path: Path, tmp_path: Path) -> None:
    with opened(str(path)) as ledger:
        ledger.claim(HERE, "ana@x.example", "1", NOW)
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with opened(str(link)) as ledger:
        ledger.claim(HERE, "ben@x.example", "1", NOW)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(json.loads(path.read_text(encoding="utf-8"))["admissions"]) == 2


def test_a_second_run_waits_until_the_first_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_LONGEST_WAIT", 0.0)
    with opened(str(path)), pytest.raises(AppliveryError, match="another run"), opened(str(path)):
        pass
    with opened(str(path)):
        pass


BROKEN = [
    "",
    "[]",
    "null",
    '{"version": 1}',
    '{"version": 2, "key": "00", "admissions": []}',
    '{"version": 1, "key": "zz", "admissions": []}',
    '{"version": 1, "key": "00", "admissions": []}',
    json.dumps({"version": 1, "key": "0" * 64, "admissions": [{"person": "x"}]}),
    json.dumps({"version": 1, "key": "0" * 64, "admissions": 5}),
    "<<<<<<< HEAD\n",
]


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("check", [True, False])
def test_a_ledger_that_cannot_be_read_stops_before_any_request(
    world: Start, path: Path, text: str, check: bool
) -> None:
    path.write_text(text, encoding="utf-8")
    here = world()
    ran = here.run(check=check, **once(path))
    assert ran.error is not None
    assert "ledger" in ran.error.message
    assert here.sim.requests == []
    assert path.read_text(encoding="utf-8") == text


def test_a_ledger_needs_its_folder_and_once_needs_a_ledger(world: Start, tmp_path: Path) -> None:
    here = world()
    for options in (once(tmp_path / "none" / "ledger.json"), {**once(tmp_path), "ledger": None}):
        ran = here.run(**options)
        assert isinstance(ran.error, InvalidInput)
        assert here.sim.requests == []
    assert here.run(**once(tmp_path)).error is not None
    assert here.sim.requests == []


def test_a_ledger_that_cannot_be_written_lets_nobody_in(
    world: Start, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()

    def full(_path: str, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger_module, "_replace", full)
    ran = here.run(**once(path))
    assert ran.error is not None
    assert "No space left on device" in ran.error.message
    assert not ran.changed
    assert here.sim.writes == []


# The task -----------------------------------------------------------------------------------------------------------


def test_who_was_let_in_and_is_gone_is_not_let_in_again(world: Start, path: Path) -> None:
    here = world()
    ran = here.run(**once(path, allowed_downloads=1))
    assert actions(ran) == {"Ana@x.example": "created", "ben@x.example": "created"}
    assert any("begun now" in text for text in ran.warnings)
    assert not any("ends by itself" in text for text in ran.warnings)
    use_up(here)
    again = here.twice(**once(path, allowed_downloads=1))
    assert not again.changed
    assert again.warnings == []
    assert all(
        user["msg"].startswith("was let in on ") and user["msg"].endswith("access is used up or was ended")
        for user in again.result["users"]
    )


def test_a_new_invitation_lets_in_once_more(world: Start, path: Path) -> None:
    here = world()
    here.run(**once(path))
    use_up(here)
    users = [{"email": "ana@x.example", "invitation": "second round"}, {"email": "ben@x.example"}]
    ran = here.twice(users=users, admit="once", ledger=str(path))
    assert actions(ran) == {"ana@x.example": "created", "ben@x.example": "unchanged"}
    use_up(here)
    assert not here.twice(users=users, admit="once", ledger=str(path)).changed


def test_who_is_found_on_the_list_counts_as_let_in(world: Start, path: Path) -> None:
    here = world()
    here.let_in("ana@x.example")
    here.run(**once(path))
    use_up(here)
    assert not here.run(**once(path)).changed


def test_another_publication_is_another_place(world: Start, path: Path) -> None:
    here = world()
    here.run(**once(path))
    assert here.run(**once(path), publication="prod").result["counts"]["created"] == 2


def test_check_mode_reads_the_ledger_and_writes_nothing(world: Start, path: Path) -> None:
    here = world()
    assert here.run(check=True, **once(path)).result["counts"]["created"] == 2
    assert os.listdir(path.parent) == []
    here.run(**once(path))
    use_up(here)
    before = path.read_bytes()
    assert not here.run(check=True, **once(path)).changed
    assert path.read_bytes() == before


def test_a_refused_person_is_tried_again(world: Start, path: Path) -> None:
    here = world()
    here.sim.fault("status", method="POST", status=400, code=6001, message="Not today")
    ran = here.run(**once(path), concurrency=1)
    assert actions(ran) == {"Ana@x.example": "failed", "ben@x.example": "created"}
    assert actions(here.run(**once(path))) == {"Ana@x.example": "created", "ben@x.example": "unchanged"}


def test_on_doubt_a_person_counts_as_let_in_and_is_named(world: Start, path: Path) -> None:
    here = world()
    here.sim.fault("cut_before", method="POST")
    here.sim.fault("status", method="GET", path="email=", status=403, code=4001, times=None)
    ran = here.run(emails=["ana@x.example"], admit="once", ledger=str(path))
    assert ran.changed
    assert actions(ran) == {"ana@x.example": "failed"}
    here.sim.clear_faults()
    again = here.run(**once(path))
    assert actions(again) == {"Ana@x.example": "unchanged", "ben@x.example": "created"}
    assert "may have been let in" in again.result["users"][0]["msg"]
    assert any("Ana@x.example" in text and "not known" in text for text in again.warnings)
    here.let_in("ana@x.example")
    assert not any("not known" in text for text in here.run(**once(path)).warnings)
    assert not any("not known" in text for text in here.run(**once(path)).warnings)


def test_never_lets_nobody_in_and_ends_what_has_to_end(world: Start) -> None:
    here = world()
    here.let_in("ana@x.example", "carl@x.example")
    users = [{"email": "ana@x.example", "access_until": "2020-01-01"}, {"email": "ben@x.example"}]
    ran = here.twice(users=users, admit="never")
    assert actions(ran) == {"ana@x.example": "removed", "ben@x.example": "unchanged"}
    ran = here.twice(users=users, admit="never", exclusive=True)
    assert actions(ran)["carl@x.example"] == "removed"
    assert here.everybody() == []
