# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever changes what users have says so: a change of plugins, roles or playbooks brings a changelog fragment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from devel.machine import REPOSITORY, Failed
from devel.report import Gate, Log

FRAGMENTS = "changelogs/fragments/"
TOLD = ("extensions/", "playbooks/", "plugins/", "roles/")


def gate() -> Gate:
    def check(log: Log) -> None:
        base = _base()
        changed = _changed(base)
        log.write(f"since {base or 'the beginning'}: " + ", ".join(changed))
        judge(changed)

    return Gate("fragments", check)


def judge(changed: Sequence[str]) -> None:
    """Fail where files of users changed and no fragment came along."""
    told = [name for name in changed if name.startswith(TOLD)]
    if told and not any(name.startswith(FRAGMENTS) and name.endswith((".yml", ".yaml")) for name in changed):
        raise Failed(f"{told[0]} changed, and no fragment in {FRAGMENTS} says what that means for users")


def _base() -> str:
    """What a pull request starts from, else the last tag, else the last commit that made a release's changelog."""
    wanted = os.environ.get("CHANGELOG_BASE", "")
    if wanted:
        return _git("merge-base", wanted, "HEAD") or wanted
    tag = _git("describe", "--tags", "--abbrev=0", "--match", "v*")
    return tag or _git("log", "-1", "--format=%H", "--", "changelogs/changelog.yaml")


def _changed(base: str) -> list[str]:
    """Files that differ from BASE, committed or not; deleted ones are no fragment. Without a base: all there are."""
    tracked = _git("diff", "--name-only", "--diff-filter=d", base) if base else _git("ls-files")
    return sorted({*tracked.splitlines(), *_git("ls-files", "--others", "--exclude-standard").splitlines()})


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
