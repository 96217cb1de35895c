# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of git's file list where Python and ansible-test look for a collection."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devel import environments
from devel.machine import CACHE, REPOSITORY, Failed

COLLECTION = Path("ansible_collections") / "applivery" / "distribution"


def python_path(collection: Path) -> str:
    """PYTHONPATH for what imports the collection in a laid out tree."""
    return str(collection.parents[2])


def lay_out(root: Path = CACHE / "tree") -> Path:
    """Bring ROOT up to date with what git lists (tracked and new, not ignored); return the collection's folder in it.

    A copy, since ansible-test takes symbolic links for no files at all; kept between runs: only what changed is copied.
    """
    with environments.lock("tree-" + root.name):
        return _lay_out(root)


@contextmanager
def exclusive(name: str) -> Iterator[Path]:
    """A folder for a tree that nobody else uses until the end of the block: a run writes into its tree."""
    for number in itertools.count(1):
        root = CACHE / "trees" / (name if number == 1 else f"{name}-{number}")
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".used").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield root
            return


def _lay_out(root: Path) -> Path:
    collection = root / COLLECTION
    collection.mkdir(parents=True, exist_ok=True)
    record = root / ".files"
    wanted = _files()
    for gone in set(record.read_text().splitlines() if record.is_file() else ()) - set(wanted):
        _remove(collection, collection / gone)
    for name in wanted:
        _copy(REPOSITORY / name, collection / name)
    record.write_text("\n".join(wanted))
    if not (collection / ".git").is_dir():
        # ansible-test asks the nearest git repository for its files. Without one here that is the clone, which ignores
        # this copy.
        subprocess.run(["git", "init", "--quiet", str(collection)], check=True)
    return collection


def _files() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], check=False, cwd=REPOSITORY, capture_output=True, text=True
    )
    if listing.returncode:
        raise Failed(f"git could not list the files of this clone: {listing.stderr.strip()}")
    return sorted(name for name in set(listing.stdout.split("\0")) if name and (REPOSITORY / name).is_file())


def _copy(source: Path, target: Path) -> None:
    try:
        now = source.stat()
    except FileNotFoundError:
        # Somebody deleted it since git listed it.
        return
    old = target.stat() if target.is_file() else None
    if old and (old.st_mtime_ns, old.st_size, old.st_mode) == (now.st_mtime_ns, now.st_size, now.st_mode):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _remove(collection: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == collection or not folder.is_dir() or set(os.listdir(folder)) - {"__pycache__"}:
            return
        shutil.rmtree(folder)
