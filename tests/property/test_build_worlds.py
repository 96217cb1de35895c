# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random builds in random worlds, with faults at random places, lists that change under the reader, and retention.

``APPLIVERY_FUZZ_CASES`` says how many cases run, ``APPLIVERY_FUZZ_SEED`` at which one they begin: a violation names the
seed of its case, and that seed with one case repeats it.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.applivery.distribution.plugins.module_utils._build import wait as _build_wait
from ansible_collections.applivery.distribution.plugins.module_utils._build.prune import PRUNE_SPEC
from ansible_collections.applivery.distribution.plugins.module_utils._build.prune import run as prune
from ansible_collections.applivery.distribution.plugins.module_utils._build.run import BUILD_SPEC, run
from ansible_collections.applivery.distribution.plugins.module_utils._core.errors import AppliveryError
from ansible_collections.applivery.distribution.plugins.module_utils._core.task import Outcome, Task
from ansible_collections.applivery.distribution.tests.support.build_service import Build, Service, Ways
from ansible_collections.applivery.distribution.tests.support.properties import each_case
from ansible_collections.applivery.distribution.tests.support.tasks import Ran, filled

CASES = int(os.environ.get("APPLIVERY_FUZZ_CASES") or 80)
FIRST = int(os.environ.get("APPLIVERY_FUZZ_SEED") or 1)
COMMITS = ["c157a79031e1c40f85931829bc5fc55229f3e904", "c157a790aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0" * 40]
BRANCHES = ["main", "release/4.2", "feature/\xfcber", "feature/u\u0308ber"]
TAGS = ["a", "b", "rc", "nightly"]
NAMES = ["1.0", "1.1", "2.0"]
SECRET = "hunter2-passphrase"


def run_once(
    service: Service, options: Mapping[str, Any], *, check: bool = False, task: Any = run, spec: Any = BUILD_SPEC
) -> Ran:
    """Run the task in-process; only an AppliveryError is an ending, everything else is a defect."""
    warnings: list[str] = []
    given = filled(spec, options)
    kept = copy.deepcopy(given)
    service.writes.clear()
    service.effects.clear()
    try:
        outcome = task(Task(given, service.api(warnings.append), check, warnings.append, options))
    except AppliveryError as problem:
        outcome = Outcome(changed=bool(problem.result.get("changed")), result=problem.result, error=problem)
    ran = Ran(outcome, warnings, outcome.error)
    assert given == kept, "an input was modified"
    assert SECRET not in repr((outcome.result, outcome.before, outcome.after, str(outcome.error), warnings))
    assert not (check and service.writes), "check mode wrote"
    return ran


class _Time:
    """The time that the service at hand goes by."""

    service = Service()

    def sleep(self, seconds: float) -> None:
        self.service.clock.sleep(seconds)

    def __call__(self) -> float:
        return self.service.clock()


TIME = _Time()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_build_wait, "_sleep", TIME.sleep)
    monkeypatch.setattr(_build_wait, "_clock", TIME)


# Cases --------------------------------------------------------------------------------------------------------------


def ways(dice: random.Random) -> Ways:
    lists = {"deployer", "tags", "metadata", "disabled", "changelog"}
    return Ways(
        api=dice.choice(["workspace", "workspace", "integrations"]),
        order=dice.choice(["newest first", "oldest first"]),
        filters=dice.choice(["honoured", "ignored", "refused"]),
        envelope=dice.choice(["docs", "docs", "bare"]),
        page=dice.choice([1, 2, 3, 500]),
        hidden=frozenset(dice.choice([[], [], ["metadata"], ["disabled", "defaultScripts"]])),
        hidden_in_lists=frozenset(dice.choice([[], [], ["deployer"], sorted(lists)])),
        unset=dice.choice(["absent", "null"]),
        inside=dice.choice(["replace", "merge"]),
        put=dice.choice(["whole", "nothing", "partial"]),
        done=dice.choice(["processed", "success"]),
        trims=dice.random() < 0.3,
        serves=dice.choice(["any", "processed", "enabled"]),
        compares=dice.choice(["exact", "loose"]),
        several_tags=dice.choice(["any", "all", "one"]),
    )


def some_build(dice: random.Random) -> Build:
    info = {
        "commit": dice.choice([*COMMITS, COMMITS[0][:8], COMMITS[0] + "\n"]),
        "branch": dice.choice(BRANCHES),
        "tag": dice.choice(["v1", "v1\n", "v2"]),
        "certificatePassphrase": SECRET,
    }
    kept = dice.sample(sorted(info), dice.randint(0, 4))
    build: Build = {"os": dice.choice(["ios", "android"])}
    if dice.random() < 0.7:
        build["deployer"] = {"name": "CI", "info": {key: info[key] for key in kept}}
    if dice.random() < 0.8:
        build["versionName"] = dice.choice(NAMES)
    if dice.random() < 0.6:
        build["tags"] = dice.sample(TAGS, dice.randint(0, 3))
    if dice.random() < 0.3:
        build["changelog"] = dice.choice(["notes", "notes\n", ""])
    if dice.random() < 0.3:
        build["metadata"] = {"key": dice.choice(["x", "y"]), "more": {"n": 1}}
    if dice.random() < 0.25:
        build["disabled"] = dice.random() < 0.6
    if dice.random() < 0.15:
        build["status"] = "error"
    return build


def world(dice: random.Random, most: int = 7) -> Service:
    service = Service(ways(dice))
    TIME.service = service
    for _number in range(dice.randint(0, most)):
        service.add(**some_build(dice))
    return service


def a_match(dice: random.Random) -> dict[str, Any]:
    flat = {
        "os": dice.choice(["ios", "android"]),
        "version_name": dice.choice(NAMES),
        "tag": dice.choice(TAGS),
        "git_branch": dice.choice(BRANCHES),
        "git_commit": dice.choice([COMMITS[0], COMMITS[0][:7]]),
        "git_tag": "v1",
        "status": "processed",
        "disabled": dice.random() < 0.5,
    }
    queries = [
        "[?deployer.info.branch=='main']",
        "[?contains(not_null(tags, `[]`), 'rc')]",
        "[?!contains(not_null(tags, `[]`), 'rc')]",
        "[?metadata.key=='x']",
        "[?version_name=='1.0'] | [-1]",
        "sort_by(@, &updated_at)",
        "[?disabled!=`true`]",
        "[?changelog==null]",
    ]
    match: dict[str, Any] = {key: flat[key] for key in dice.sample(sorted(flat), dice.randint(0, 3))}
    if not match or dice.random() < 0.3:
        match["query"] = dice.choice(queries)
    return match


def some_wishes(dice: random.Random, api: str) -> dict[str, Any]:
    wishes = {
        "version_name": dice.choice([*NAMES, " 1.0 "]),
        "tags": dice.choice([["rc"], "rc, a", ["b "], []]),
        "changelog": dice.choice(["notes", "other\n", ""]),
    }
    if api == "workspace":
        wishes["metadata"] = dice.choice([{"key": "x"}, {"more": {"n": 2}}, {"key": None}])
        wishes["default_scripts"] = {"audit": dice.choice(["run\n", "run", ""])}
        wishes["disabled"] = dice.random() < 0.5
    chosen = {key: wishes[key] for key in dice.sample(sorted(wishes), dice.randint(0, 3))}
    if "tags" in chosen:
        chosen["tags_mode"] = dice.choice(["replace", "append", "remove"])
        # As Ansible hands over one text for a list.
        chosen["tags"] = chosen["tags"].split(",") if isinstance(chosen["tags"], str) else chosen["tags"]
    if "metadata" in chosen:
        chosen["metadata_mode"] = dice.choice(["merge", "replace"])
    return chosen


# Faults -------------------------------------------------------------------------------------------------------------


def rough(dice: random.Random, service: Service) -> None:
    """From now on requests fail at random, builds come and go, and retention takes what nobody is given."""
    chance = dice.choice([0.0, 0.05, 0.2, 0.6])
    service.fault = lambda _method: dice.choice(["before", "after", "busy"]) if dice.random() < chance else ""
    turmoil = dice.choice([0.0, 0.1, 0.3])

    def between(method: str, path: str) -> None:
        if dice.random() < turmoil:
            retention(dice, service)
        # Somebody who takes away what is served can be seen only by looking again.
        if method == "GET" and path.endswith("builds") and dice.random() < turmoil and service.builds:
            if dice.random() < 0.5:
                del service.builds[dice.choice(sorted(service.builds))]
            else:
                service.add(**some_build(dice))

    service.between = between


def calm(service: Service) -> None:
    service.fault = lambda _method: ""
    service.between = lambda _method, _path: None


def retention(dice: random.Random, service: Service) -> None:
    free = sorted(set(service.builds) - service.served())
    if free:
        del service.builds[dice.choice(free)]


def without_clockwork(builds: Mapping[str, Build]) -> dict[str, Build]:
    ignored = ("reads", "status", "updatedAt")
    return {
        ident: {key: value for key, value in build.items() if key not in ignored} for ident, build in builds.items()
    }


NAMES_IN_API = {"version_name": "versionName", "default_scripts": "defaultScripts"}


def only_what_was_mentioned(
    before: Mapping[str, Build], service: Service, wishes: Mapping[str, Any], ident: str | None
) -> None:
    touched = {NAMES_IN_API.get(option, option) for option in wishes}
    after = without_clockwork(service.builds)
    for key, build in without_clockwork(before).items():
        now = after[key]
        named = touched if key == ident else set()
        assert {name: build.get(name) for name in set(build) - named} == {
            name: now.get(name) for name in set(build) - named
        }


def told_of_more(ran: Ran) -> bool:
    """Whether the task warned that it can't be the same the next time."""
    signs = ("every run sets it", "does not fit it any longer", "so the next run fails", "would be set whatever")
    return any(sign in warning for warning in ran.warnings for sign in signs)


# What holds ---------------------------------------------------------------------------------------------------------


def quiet_labels(dice: random.Random) -> None:
    """Check equals real, twice equals once, nothing unmentioned changes, nothing is written that is not told."""
    service = world(dice)
    wishes = some_wishes(dice, service.ways.api)
    options = {"match": a_match(dice), **wishes}
    before = copy.deepcopy(service.builds)
    predicted = run_once(service, options, check=True)
    real = run_once(service, options)
    assert real.changed == bool(service.writes)
    assert (predicted.error is None) == (real.error is None) or "shows other values" in str(real.error)
    if real.error is None:
        assert (predicted.changed, predicted.outcome.before) == (real.changed, real.outcome.before)
        assert predicted.outcome.after == real.outcome.after
        assert predicted.result["build_id"] == real.result["build_id"]
    only_what_was_mentioned(before, service, wishes, real.result.get("build_id"))
    again = run_once(service, options)
    if real.error is None and not told_of_more(real):
        assert again.error is None, again.error
        assert not again.changed
        assert not service.writes
        assert again.result["build_id"] == real.result["build_id"]


def quiet_absence(dice: random.Random) -> None:
    """What present finds is what absent would delete; then it is gone, and nothing else is."""
    service = world(dice)
    match = a_match(dice)
    found = run_once(service, {"match": match, "wait": False})
    gone = run_once(service, {"match": match, "state": "absent"}, check=True)
    if found.error is not None and "no build fits" in str(found.error):
        assert gone.error is None
        assert not gone.changed
        return
    if gone.error is not None:
        assert "match fits more than one build" in str(gone.error) or "yields something that is no build" in str(
            gone.error
        )
        return
    ident = gone.result["build_id"]
    assert ident == (found.result.get("build_id") or ident)
    left = set(service.builds) - {ident}
    assert run_once(service, {"match": match, "state": "absent"}).changed
    assert set(service.builds) == left
    again = run_once(service, {"match": match, "state": "absent"})
    assert again.error is None or "more than one" in str(again.error)
    assert not service.writes


def upload_options(dice: random.Random, service: Service) -> dict[str, Any]:
    info = {"commit": COMMITS[0], "branch": dice.choice(BRANCHES), "tag": "v1"}
    wishes = some_wishes(dice, service.ways.api)
    wishes.setdefault("version_name", dice.choice(NAMES))
    match: dict[str, Any] = {"os": "android", "git_commit": COMMITS[0]}
    match = {key: match[key] for key in dice.sample(sorted(match), dice.randint(0, 2))}
    if dice.random() < 0.5:
        match["version_name"] = wishes["version_name"].strip()
    if not match or dice.random() < 0.3:
        match["query"] = dice.choice(
            ["[?metadata.key=='x']", "[?contains(not_null(tags, `[]`), 'rc')]", "[?changelog!=null]"]
        )
    return {"match": match, "path": str(PACKAGE), "deployer": info, "wait_timeout": 60, **wishes}


PACKAGE = Path(__file__)


def quiet_upload(dice: random.Random) -> None:
    """A file is uploaded once, or the task fails saying that it would be uploaded again."""
    service = world(dice)
    for _number in range(dice.randint(0, 2)):
        service.add(**{**some_build(dice), "status": "pending", "stuck": dice.random() < 0.5})
    options = upload_options(dice, service)
    predicted = run_once(service, options, check=True)
    before = set(service.builds)
    real = run_once(service, options)
    made = set(service.builds) - before
    assert len(made) <= 1
    assert real.changed == bool(service.writes)
    if real.error is not None:
        return
    # What is still worked on may have been done between the two.
    if not any(build.get("reads") for build in service.builds.values() if build["id"] in before):
        assert predicted.error is None
        assert predicted.changed == real.changed
    assert bool(real.result["uploaded"]) == bool(made)
    again = run_once(service, options)
    assert set(service.builds) == before | made, "uploaded again"
    if not told_of_more(real):
        assert again.error is None, again.error
        assert not again.changed


def rough_anything(dice: random.Random) -> None:
    """Whatever goes wrong: nothing is written in silence, nothing twice, one clear message, and it heals."""
    service = world(dice)
    options: dict[str, Any] = {"match": a_match(dice), **some_wishes(dice, service.ways.api)}
    if dice.random() < 0.4:
        options = upload_options(dice, service)
    elif dice.random() < 0.3:
        options = {"match": options["match"], "state": "absent"}
    rough(dice, service)
    for _run in range(2):
        uploads = service.uploads
        real = run_once(service, options)
        assert real.changed or not service.effects, real
        assert service.uploads - uploads <= 1, "uploaded twice"
    calm(service)
    last = run_once(service, options)
    if last.error is None and not told_of_more(last):
        assert not run_once(service, options).changed


def prunings(dice: random.Random, service: Service) -> dict[str, Any]:
    options: dict[str, Any] = {"force": dice.random() < 0.3}
    if dice.random() < 0.8:
        options["keep_newest"] = dice.randint(1, 3)
        options["per"] = dice.sample(["os", "git_branch", "tag"], dice.randint(0, 3))
    if "keep_newest" not in options or dice.random() < 0.3:
        options["older_than"] = dice.choice([1, 199, 300])
    if dice.random() < 0.4:
        options["match"] = a_match(dice)
    for _number in range(dice.randint(0, 4)):
        service.publish(a_filter(dice, service))
    return options


def a_filter(dice: random.Random, service: Service) -> dict[str, Any]:
    some = dice.choice(sorted(service.builds) or ["f" * 24])
    return dice.choice(
        [
            {"type": "last"},
            {"type": "build", "ios": some},
            {"type": "builds", "builds": [{"buildPlatform": "ps5", "id": some}]},
            {"type": "gitBranch", "value": dice.choice([*BRANCHES, " main"])},
            {"type": "gitTag", "value": dice.choice(["v1", "v1\n", "v2"])},
            {"type": "tag", "value": dice.choice(["rc", "a,b", "rc, nightly", "A"])},
            {"type": "future", "value": "x"},
        ]
    )


def told_of_blindness(service: Service, real: Ran) -> bool:
    """Whether builds went of which nothing shows that they are disabled, and the task said what that means."""
    unseen = "disabled" in service.ways.hidden and service.ways.serves == "enabled"
    return unseen and any("whether it is disabled" in text for text in real.warnings)


def quiet_pruning(dice: random.Random) -> None:
    """Check equals real, nothing that is served goes, and a second run finds nothing to do."""
    service = world(dice, most=12)
    options = prunings(dice, service)
    predicted = run_once(service, options, check=True, task=prune, spec=PRUNE_SPEC)
    before, served = set(service.builds), service.served()
    real = run_once(service, options, task=prune, spec=PRUNE_SPEC)
    assert (str(predicted.error), predicted.changed) == (str(real.error), real.changed)
    gone = before - set(service.builds)
    if told_of_blindness(service, real):
        return
    assert not gone & served
    assert service.deleted_while_served == []
    if real.error is not None:
        assert not gone
        return
    assert predicted.result == real.result
    assert [entry["id"] for entry in real.result["removed"]] == sorted(gone)
    assert real.changed == bool(gone)
    again = run_once(service, options, task=prune, spec=PRUNE_SPEC)
    assert not again.changed
    # With nothing that publications need, the rule alone decides.
    if not service.publications and "match" not in options and "older_than" not in options:
        per = set(options["per"])
        assert per or len(service.builds) >= min(len(before), options["keep_newest"])


def rough_pruning(dice: random.Random) -> None:
    """Builds vanish, come and are published meanwhile: what is served when it is deleted never goes."""
    service = world(dice, most=12)
    options = prunings(dice, service)
    rough(dice, service)
    for _run in range(2):
        real = run_once(service, options, task=prune, spec=PRUNE_SPEC)
        if told_of_blindness(service, real):
            service.deleted_while_served.clear()
        assert service.deleted_while_served == []
        assert real.changed or not service.effects, real
        if real.error is None:
            # A deletion that had to be repeated may have come too late.
            assert {ident for _method, ident in service.effects} <= {entry["id"] for entry in real.result["removed"]}
    calm(service)
    last = run_once(service, options, task=prune, spec=PRUNE_SPEC)
    if last.error is None:
        assert not run_once(service, options, task=prune, spec=PRUNE_SPEC).changed


KINDS: dict[str, Callable[[random.Random], None]] = {
    "labels": quiet_labels,
    "absence": quiet_absence,
    "upload": quiet_upload,
    "rough": rough_anything,
    "pruning": quiet_pruning,
    "rough pruning": rough_pruning,
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_world_is_like(kind: str) -> None:
    each_case(kind, KINDS[kind], range(FIRST, FIRST + CASES))
