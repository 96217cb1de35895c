# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The development commands judge honestly: what failed is counted, said, and cannot pass for a success."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings

TOOLS = Path(__file__).resolve().parents[3] / "tools"


def _tool(name: str, monkeypatch: pytest.MonkeyPatch, cache: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    for loaded in [module for module in sys.modules if module.split(".")[0] == "devel"]:
        monkeypatch.delitem(sys.modules, loaded)
    machine = importlib.import_module("devel.machine")
    monkeypatch.setattr(machine, "CACHE", cache)
    return importlib.import_module(f"devel.{name}")


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class TestReport:
    def test_a_failed_gate_is_counted_and_its_reason_shown(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        report = _tool("report", monkeypatch, tmp_path)

        def broken(log: object) -> None:
            report.Log.run(
                log, [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], cwd=tmp_path, env={}
            )

        gates = [report.Gate("good", lambda _log: None), report.Gate("bad", broken)]
        assert report.run(gates) is False
        printed = capsys.readouterr().out
        assert printed.rstrip().endswith("\n1 passed, 1 failed")
        assert "the reason" in printed
        assert "ended with 3" in printed

    def test_an_error_in_a_gate_is_a_failure_too(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        report = _tool("report", monkeypatch, tmp_path)
        assert report.run([report.Gate("bad", lambda _log: 1 / 0)]) is False

    def test_a_gate_waits_for_those_whose_data_it_needs(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        report = _tool("report", monkeypatch, tmp_path)
        order: list[str] = []
        gates = [
            report.Gate("last", lambda _log: order.append("last"), after=("first",)),
            report.Gate("first", lambda _log: order.append("first")),
        ]
        assert report.run(gates, at_a_time=2) is True
        assert order == ["first", "last"]

    def test_it_says_what_runs_for_how_long_and_how_many_are_left(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        report = _tool("report", monkeypatch, tmp_path)
        monkeypatch.setattr(report, "HEARTBEAT_SECONDS", 0.01)
        beats = threading.Event()
        beat = report.Progress.beat
        monkeypatch.setattr(report.Progress, "beat", lambda progress: (beat(progress), beats.set()))
        gates = [report.Gate("long", lambda _log: beats.wait(120)), report.Gate("short", lambda _log: None)]
        assert report.run(gates, at_a_time=1) is True
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "begins  long  (1 of 2)"
        assert re.fullmatch(r"  \.\.\.   long \(\d+ s\) still running after 0 min; 2 left", lines[1])
        assert re.search(r"\npassed  long  \(\d+ s; 1 left\)\nbegins  short  \(2 of 2\)\n", "\n".join(lines))


class TestImporterLog:
    GOOD = "Linting module x via flake8...\nImporter processing completed successfully\n"

    @pytest.mark.parametrize(
        "text",
        [
            "ERROR: The import failed for the following reason: No role readme found.\n",
            GOOD + "WARNING: Ignore files skip sanity tests\n",
            GOOD + "Traceback (most recent call last):\n",
            "",
        ],
    )
    def test_a_complaint_fails_although_the_importer_ends_with_0(
        self, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        release = _tool("release", monkeypatch, tmp_path)
        log = importlib.import_module("devel.report").Log(tmp_path / "log")
        log.write(text)
        with pytest.raises(release.Failed):
            release.read_importer_log(log)

    def test_matters_of_taste_do_not(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        release = _tool("release", monkeypatch, tmp_path)
        log = importlib.import_module("devel.report").Log(tmp_path / "log")
        log.write(self.GOOD + "WARNING: plugins/x.py:1:13: W503 line break before binary operator\n")
        release.read_importer_log(log)

    def test_a_playbook_that_the_linter_misses_must_be_in_the_archive(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        release = _tool("release", monkeypatch, tmp_path)
        log = importlib.import_module("devel.report").Log(tmp_path / "log")
        log.write(self.GOOD + "WARNING: ERROR    Failed to find applivery.distribution.release playbook.\n")
        release.read_importer_log(log, ["playbooks/release.yml"])
        with pytest.raises(release.Failed):
            release.read_importer_log(log, ["playbooks/other.yml"])


def _python_finder(path: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TOOLS / "python")], env={"PATH": path, "HOME": str(home)}, capture_output=True, text=True, check=False
    )


class TestPythonFinder:
    def _tools_only(self, folder: Path) -> str:
        """A folder with what the finder itself calls, and no Python."""
        folder.mkdir()
        for name in ("sh", "awk", "dirname", "head", "ls", "sort", "tr"):
            found = next(part for part in os.environ["PATH"].split(":") if os.access(f"{part}/{name}", os.X_OK))
            (folder / name).symlink_to(f"{found}/{name}")
        return str(folder)

    def test_no_python_is_said_in_one_line(self, tmp_path: Path) -> None:
        result = _python_finder(self._tools_only(tmp_path / "bin"), tmp_path)
        assert result.returncode == 1
        assert result.stderr.startswith("Python 3.11 or newer")
        assert result.stderr.count("\n") == 1

    def test_one_that_does_not_start_is_passed_over(self, tmp_path: Path) -> None:
        path = self._tools_only(tmp_path / "bin")
        _executable(tmp_path / "dead" / "python3.13", "#!/bin/sh\nexit 127\n")
        _executable(tmp_path / "live" / "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        result = _python_finder(f"{tmp_path}/dead:{tmp_path}/live:{path}", tmp_path)
        assert result.returncode == 0, result.stderr
        assert Path(result.stdout.strip()).exists()

    def test_an_inactive_one_of_pyenv_is_found(self, tmp_path: Path) -> None:
        path = self._tools_only(tmp_path / "bin")
        python = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin" / "python3"
        _executable(python, f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        assert _python_finder(path, tmp_path).returncode == 0


class TestSearchPath:
    """What stands on PATH for the tools: a shim of an inactive version starts slowly and ends with 127."""

    def _path(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *folders: Path) -> list[str]:
        machine = _tool("machine", monkeypatch, tmp_path / "cache")
        monkeypatch.setattr(machine, "interpreters", dict)
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
        return [str(folder) for folder in machine.search_path(tmp_path / "first").split(os.pathsep)]

    def test_no_folder_of_shims_reaches_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        shim = '#!/usr/bin/env bash\nexec "/nowhere/libexec/pyenv" exec "${0##*/}" "$@"\n'
        _executable(tmp_path / "pyenv" / "shims" / "git", shim)
        _executable(tmp_path / "renamed" / "python3.14", shim)
        (tmp_path / "linked").symlink_to(tmp_path / "pyenv" / "shims")
        _executable(tmp_path / "own" / "python3", "#!/bin/sh\nexit 0\n")
        (tmp_path / "empty").mkdir()
        found = self._path(
            monkeypatch,
            tmp_path,
            *(tmp_path / name for name in ("pyenv/shims", "own", "renamed", "linked", "empty", "missing")),
        )
        assert found == [str(tmp_path / name) for name in ("first", "own", "empty", "missing")]


class TestSuite:
    def test_no_property_test_sets_clocks_of_its_own(self) -> None:
        """Deadlines and health checks depend on the machine; the profile in tests/support has them off."""
        tests = TOOLS.parent / "tests"
        own = [
            str(path.relative_to(tests))
            for path in sorted(tests.rglob("*.py"))
            if path.relative_to(tests).as_posix() not in ("support/properties.py", "unit/tools/test_devel.py")
            and re.search(r"\bdeadline=|HealthCheck|register_profile|load_profile", path.read_text())
        ]
        assert own == []

    def test_the_profile_is_the_one_in_force(self) -> None:
        assert settings.default is not None
        assert settings.default.deadline is None
        assert HealthCheck.too_slow in settings.default.suppress_health_check
        assert settings.default.derandomize is bool(os.environ.get("CI"))


class TestWorkflows:
    """What runs elsewhere is what runs here."""

    FOLDER = TOOLS.parent / ".github" / "workflows"

    def _jobs(self, name: str) -> Any:
        return yaml.safe_load((self.FOLDER / name).read_text())["jobs"]

    def test_every_supported_core_runs_on_every_python_it_knows(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        machine = _tool("machine", monkeypatch, tmp_path)
        cells = {
            (cell["core"], cell["python"])
            for cell in self._jobs("tests.yml")["matrix"]["strategy"]["matrix"]["include"]
        }
        assert cells == {(core.line, python) for core in machine.CORES for python in core.pythons}
        sanity = self._jobs("certification.yml")["sanity"]["strategy"]["matrix"]["core"]
        assert sorted(sanity) == sorted(core.line for core in machine.CORES)
        assert all(core.requirements.is_file() for core in (*machine.CORES, machine.DEVELOPMENT))

    def test_every_action_is_pinned_by_commit_and_says_which_version_that_is(self) -> None:
        uses = [line for path in self.FOLDER.glob("*.yml") for line in path.read_text().splitlines() if "uses:" in line]
        assert uses
        assert [line for line in uses if not re.search(r"uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []

    def test_they_call_what_people_call(self) -> None:
        """Each command of a workflow is a target of the Makefile or a command of tools/run."""
        steps = [
            step.get("run", "")
            for path in self.FOLDER.glob("*.yml")
            for job in self._jobs(path.name).values()
            for step in job["steps"]
        ]
        made = {word for run in steps for word in re.findall(r"\bmake (\w+)", run)}
        ran = {word for run in steps for word in re.findall(r"tools/run (\S+)", run)}
        assert made <= set(re.findall(r"^(\w+):", (TOOLS.parent / "Makefile").read_text(), re.MULTILINE))
        commands = subprocess.run([str(TOOLS / "run"), "--help"], capture_output=True, text=True, check=True).stdout
        assert ran <= set(re.findall(r"[\w-]+", commands))
        assert {"test", "matrix", "lint", "sanity"} <= made


class TestRelease:
    def _release(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
        return _tool("release", monkeypatch, tmp_path)

    def test_a_tag_of_another_version_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        release = self._release(monkeypatch, tmp_path)
        made = release.Release(None, TOOLS.parent, tmp_path, dry_run=True)
        made.check(f"v{made.version}")
        for tag in ("v0.0.1", made.version, "", f"v{made.version}-rc1"):
            with pytest.raises(release.Failed, match="the collection says that it is"):
                made.check(tag)

    def test_nothing_is_sent_in_a_dry_run_and_no_token_is_part_of_a_command(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        release = self._release(monkeypatch, tmp_path)
        monkeypatch.setenv("GALAXY_TOKEN", "canary")
        environment = release.Environment(tmp_path)
        monkeypatch.setattr(release.environments, "tool_environment", lambda _group: environment)
        log = importlib.import_module("devel.report").Log(tmp_path / "log")
        for dry_run in (True, False):
            made = release.Release(log, TOOLS.parent, tmp_path, dry_run=dry_run)
            with pytest.raises(release.Failed, match="nothing to send"):
                made.galaxy()
            made.archive.touch()
            ran: list[Any] = []
            monkeypatch.setattr(log, "run", lambda command, **_more: ran.append(command))  # noqa: B023 - called in this round
            made.galaxy()
            assert len(ran) == (0 if dry_run else 1)
            assert "canary" not in log.text() + repr(ran)
            made.archive.unlink()


class TestFragments:
    @pytest.mark.parametrize(
        ("changed", "fine"),
        [
            (["plugins/modules/x.py"], False),
            (["roles/x/tasks/main.yml", "changelogs/fragments/.keep"], False),
            (["playbooks/x.yml", "changelogs/fragments/x.yml"], True),
            (["tests/unit/x.py", "docs/x.rst"], True),
            ([], True),
        ],
    )
    def test_who_changes_what_users_have_says_so(
        self, changed: list[str], fine: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        fragments = _tool("fragments", monkeypatch, tmp_path)
        if fine:
            fragments.judge(changed)
        else:
            with pytest.raises(fragments.Failed, match="no fragment"):
                fragments.judge(changed)

    def test_changes_are_seen_from_the_last_tag_or_the_last_changelog_on(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        fragments = _tool("fragments", monkeypatch, tmp_path / "cache")
        clone = tmp_path / "clone"
        (clone / "changelogs").mkdir(parents=True)
        monkeypatch.setattr(fragments, "REPOSITORY", clone)
        monkeypatch.setenv("HOME", str(tmp_path))

        def commit(*names: str) -> None:
            for name in names:
                (clone / name).write_text(name)
            git("add", ".")
            git("-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-qm", "x")

        def git(*arguments: str) -> None:
            subprocess.run(["git", *arguments], cwd=clone, check=True, capture_output=True)

        git("init", "-q")
        commit("first")
        assert fragments._changed(fragments._base()) == ["first"]
        commit("changelogs/changelog.yaml")
        commit("second")
        (clone / "third").touch()
        assert fragments._changed(fragments._base()) == ["second", "third"]
        git("tag", "v1.0.0")
        assert fragments._changed(fragments._base()) == ["third"]


class TestWebsite:
    def test_each_version_has_a_folder_and_latest_is_the_newest_release(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        website = _tool("website", monkeypatch, tmp_path / "cache")

        def build(_log: object, output: Path) -> None:
            output.mkdir(parents=True, exist_ok=True)
            (output / "index.html").write_text(output.name)

        monkeypatch.setattr(website, "build", build)
        for ref in ("main", "v1.10.0", "v1.9.1", "some/branch"):
            assert website.publish(ref, tmp_path / "site") is True
        folders = sorted(path.name for path in (tmp_path / "site").iterdir() if path.is_dir())
        assert folders == ["1.10.0", "1.9.1", "devel", "latest"]
        assert (tmp_path / "site" / "latest" / "index.html").read_text() == "1.10.0"
        links = re.findall(r'href="(.*?)/"', (tmp_path / "site" / "index.html").read_text())
        assert links == ["latest", "1.10.0", "1.9.1", "devel"]

    def test_the_side_bar_has_short_names_in_groups(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        website = _tool("website", monkeypatch, tmp_path)
        entries = "\n.. toctree::\n    :maxdepth: 1\n\n    {}\n"
        text = "Modules\n~~~~~~~\n" + entries.format("applivery_build_module\n    applivery_build_info_module")
        text += "\nRole Index\n----------\n" + entries.format("tester_onboarding_role")
        made = "".join(website._navigation(text))
        assert ":caption: Modules\n\n    applivery_build <applivery_build_module>\n    applivery_build_info <" in made
        assert ":caption: Roles\n\n    tester_onboarding <tester_onboarding_role>\n" in made


class TestPreCommit:
    def test_it_runs_the_releases_that_the_gates_run(self) -> None:
        hooks = yaml.safe_load((TOOLS.parent / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
        wanted = {pin for hook in hooks for pin in hook["additional_dependencies"]}
        assert len(wanted) == 4
        assert wanted <= set((TOOLS / "requirements" / "lint.txt").read_text().splitlines())


class TestGuides:
    @pytest.mark.parametrize("name", ["CONTRIBUTING.md", "AGENTS.md"])
    def test_every_command_and_every_place_that_it_names_exists(self, name: str) -> None:
        text = (TOOLS.parent / name).read_text()
        targets = set(re.findall(r"^(\w+):", (TOOLS.parent / "Makefile").read_text(), re.MULTILINE))
        assert set(re.findall(r"`make (\w+)", text)) <= targets
        places = set(re.findall(r"`([\w./]+/)`", text)) - {".cache/"}
        assert places
        assert [place for place in places if not (TOOLS.parent / place).is_dir()] == []
