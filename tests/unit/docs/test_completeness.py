# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tables of fields have is everywhere: in documentation, guides, contract, simulator, roles and surveys.

Each place is held against the table in both directions, with the leaves of nested fields as dotted paths. What a place
leaves out on purpose is named here, with the reason.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.doc_fragments._connection import ModuleDocFragment
from ansible_collections.applivery.distribution.plugins.module_utils._api.connection import (
    Environment,
    connection_spec,
)
from ansible_collections.applivery.distribution.plugins.module_utils._api.error_response import _CODES
from ansible_collections.applivery.distribution.plugins.module_utils._build.resource import (
    BUILD_FIELDS,
    DEPLOYER_INFO,
    NOTIFY_FLAGS,
    UPLOAD_FIELDS,
)
from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import Field
from ansible_collections.applivery.distribution.plugins.module_utils._module import spec_of
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.people import PERSON_SPEC
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.resource import (
    REFERENCE_ONLY,
    SEED_ONLY,
)
from ansible_collections.applivery.distribution.plugins.module_utils._otp_user.run import SPEC as OTP_USER_SPEC
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import (
    FIELD,
    PLATFORMS,
    PUBLICATION_FIELDS,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication.run import SPEC as PUBLICATION_SPEC
from ansible_collections.applivery.distribution.plugins.plugin_utils._testers import COLUMNS
from ansible_collections.applivery.distribution.tests.unit.docs.test_guides import _Loader
from applivery_simulator import builds, errors, otp_users, publications, state
from applivery_simulator.contract import document, resolved
from applivery_simulator.validation import Many, Record, Rule

ROOT = Path(__file__).resolve().parents[3]
GUIDES = ROOT / "docs" / "docsite" / "rst"
NAMESPACE = "applivery.distribution."
PACKAGE = f"ansible_collections.{NAMESPACE}plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("applivery_*.py"))
SECRET = {entry.name for entry in PUBLICATION_FIELDS if entry.secret}


def names(fields: Iterable[Field], above: str = "") -> set[str]:
    """The API's names in a table, as dotted paths."""
    found = set()
    for entry in fields:
        found |= {above + entry.name} | names(entry.children, f"{above}{entry.name}.")
    return found


def top(paths: Iterable[str]) -> set[str]:
    return {path for path in paths if "." not in path}


def in_schema(schema: Mapping[str, Any], above: str = "") -> set[str]:
    """The properties of an OpenAPI schema, as dotted paths."""
    found = set()
    for part in schema.get("allOf", ()):
        found |= in_schema(part, above)
    for name, value in schema.get("properties", {}).items():
        found |= {above + name} | in_schema(value.get("items", value), f"{above}{name}.")
    return found


def component(name: str) -> dict[str, Any]:
    found: dict[str, Any] = resolved(document()["components"]["schemas"][name])
    return found


def in_rules(fields: Mapping[str, Rule], above: str = "") -> set[str]:
    """What the simulator has rules for, as dotted paths."""
    found = set()
    for name, rule in fields.items():
        inside = rule.item if isinstance(rule, Many) else rule
        below = in_rules(inside.fields, f"{above}{name}.") if isinstance(inside, Record) else set()
        found |= {above + name} | below
    return found


def role(name: str) -> dict[str, Any]:
    text = (ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return found


def task_of(path: str, module: str) -> dict[str, Any]:
    """The options that the only task of a file with this module gives; of several, the last one."""
    tasks = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    found: dict[str, Any] = [task[NAMESPACE + module] for task in tasks if NAMESPACE + module in task][-1]
    return found


# Documentation of modules --------------------------------------------------------------------------------------------


def documented(module: Any) -> dict[str, Any]:
    """The options of a module, those of its documentation fragments included."""
    own = yaml.safe_load(module.DOCUMENTATION)
    options: dict[str, Any] = {}
    for name in own["extends_documentation_fragment"]:
        file, _dot, attribute = name.removeprefix(NAMESPACE).partition(".")
        fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
        text = getattr(fragment, attribute.upper() or "DOCUMENTATION")
        options.update(yaml.safe_load(text).get("options", {}))
    return {**options, **own["options"]} if own.get("options") else options


def as_said(options: Mapping[str, Any], below: str) -> dict[str, Any]:
    """What a spec and a documentation both say of options; ``below`` is the key that holds those inside."""
    said = ("type", "elements", "choices", "default", "required", "aliases")
    return {
        name: {
            **{key: value for key in said if (value := entry.get(key)) not in (None, False, [])},
            "inside": as_said(entry.get(below, {}), below),
        }
        for name, entry in options.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_a_module_documents_what_it_takes_and_nothing_else(name: str) -> None:
    definition = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule.definition
    options = documented(importlib.import_module(f"{PACKAGE}.modules.{name}"))
    assert as_said(options, "suboptions") == as_said(spec_of(definition, Environment({})), "options")


def test_every_connection_option_has_its_documentation_and_its_variable() -> None:
    spec = connection_spec(Environment({}))
    options = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    variables = yaml.safe_load(ModuleDocFragment.ENVIRONMENT)["options"]
    assert set(options) == set(variables) == set(spec)
    for name, entry in variables.items():
        for variable in (each["name"] for each in entry["env"]):
            assert f"E({variable})" in " ".join(options[name]["description"])
            assert Environment({variable: "7"})(name) == "7"


# Guides --------------------------------------------------------------------------------------------------------------


def test_the_guide_on_troubles_explains_exactly_the_codes_that_errors_explain() -> None:
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (\d[\d, ]*)$", text, re.MULTILINE)
    codes = [int(code) for row in rows for code in row.split(",")]
    assert codes == sorted(_CODES)


def test_every_code_that_the_simulator_answers_with_is_explained() -> None:
    source = Path(errors.__file__).read_text(encoding="utf-8")
    answered = {int(code) for code in re.findall(r"(?:ApiError\([^,]+, |code: int = )(\d{4})", source)}
    assert len(answered) > 5
    assert answered - set(_CODES) == set()


# The contract, and the simulator's own rules -------------------------------------------------------------------------


def test_the_contract_takes_every_field_of_a_publication() -> None:
    wanted = names(PUBLICATION_FIELDS)
    assert in_schema(component("Publication")) == wanted
    # In the Workspace API the body says which app it is for.
    assert in_schema(component("WorkspacePublication")) == wanted | {"application"}


def test_the_contract_shows_every_field_of_a_publication_but_secrets() -> None:
    shown = top(in_schema(component("ReadPublication")))
    assert top(names(PUBLICATION_FIELDS)) - shown == SECRET


def test_the_simulator_has_a_rule_for_every_field_of_a_publication() -> None:
    wanted = names(PUBLICATION_FIELDS)
    # The rule for slugs depends on a switch, and there is no publication without one.
    assert in_rules(publications.FIELDS) == wanted - {"slug"}
    assert set(state.PUBLICATION_DEFAULTS) == top(wanted) - {"slug"}


def test_both_bodies_of_a_build_hold_its_fields() -> None:
    everywhere = names(entry for entry in BUILD_FIELDS if not entry.workspace_only)
    anywhere = names(BUILD_FIELDS)
    assert in_schema(component("BuildLabels")) == in_rules(builds.INTEGRATIONS_BODY.fields) == everywhere
    assert in_schema(component("WorkspaceBuildLabels")) == in_rules(builds.WORKSPACE_BODY.fields) == anywhere
    # A version name is what the package says until somebody changes it.
    assert set(state.BUILD_DEFAULTS) == top(anywhere) - {"versionName"}
    assert top(anywhere) <= in_schema(component("Build"))


def test_an_upload_holds_its_fields() -> None:
    labels = names(entry for entry in BUILD_FIELDS if not entry.workspace_only)
    flags = names(map(Field, NOTIFY_FLAGS))
    # The groups that are told travel as one text.
    texts = labels | names(UPLOAD_FIELDS) | flags | {"filter"}
    schema = component("Upload")
    # The package itself has two names, and one vendor step sends a second package.
    files = {"build", "file", "packageIcon", "simulatorBuild"}
    assert in_schema(schema) == texts | files
    assert {name for name in builds.UPLOAD_TEXTS if not name.startswith("deployer.")} == texts
    assert set(builds.OTHER_FILES) == {"packageIcon", "simulatorBuild"}
    # What one vendor step sends beside them is secret, and never sent by this collection.
    info = names(DEPLOYER_INFO) | {"provisionUrl", "certificateUrl", "certificatePassphrase"}
    (pattern,) = [pattern for pattern in schema["patternProperties"] if "info" in pattern]
    assert set(re.findall(r"\w+", re.findall(r"\(([\w|]+)\)", pattern)[-1])) == info == set(builds.DEPLOYER_INFO)


def test_both_forms_of_an_otp_user_hold_its_fields() -> None:
    reference, seed = {"email", *REFERENCE_ONLY}, {"email", *SEED_ONLY}
    assert in_schema(component("OtpUserReferenceForm")) == in_rules(otp_users.REFERENCE_BODY.fields) == reference
    assert in_schema(component("OtpUserSeedForm")) == in_rules(otp_users.SEED_BODY.fields) == seed
    assert reference | seed <= in_schema(component("OtpUser"))


# Roles, playbooks and surveys ----------------------------------------------------------------------------------------


def told(value: Any) -> Iterator[str]:
    """The names that an expression asks a variable for."""
    yield from re.findall(r"\.(\w+)", str(value))


def test_an_onboarding_passes_on_every_field_of_a_publication() -> None:
    options = role("tester_onboarding")["tester_onboarding_publication"]["options"]
    # The slug has a variable of its own.
    assert set(options) == set(FIELD) - {"slug"}
    for name, entry in options.items():
        assert (entry["type"], entry.get("elements")) == (FIELD[name].kind.type, FIELD[name].kind.elements), name
        assert set(entry.get("choices", ())) <= set(FIELD[name].choices), name
        assert entry.get("no_log", False) == FIELD[name].secret, name
    given = task_of("roles/tester_onboarding/tasks/publication.yml", "applivery_publication")
    assert [name for name in options if name not in told(given.get(name))] == []


def test_an_onboarding_takes_everything_that_can_be_said_of_a_tester() -> None:
    assert set(PERSON_SPEC) <= set(COLUMNS)
    given = task_of("roles/tester_onboarding/tasks/people.yml", "applivery_otp_user")
    # Each tester has settings of his own; the rest is for the end of access, or has a meaning that the role decides.
    decided = {"state", "emails", "publications", "everywhere", "strict", "concurrency", *PERSON_SPEC}
    assert set(given) == set(OTP_USER_SPEC) - decided


def test_an_onboarding_labels_builds_by_the_fields_that_the_labels_have() -> None:
    options = role("tester_onboarding")["tester_onboarding_builds"]["options"]
    given = task_of("roles/tester_onboarding/tasks/publication.yml", "applivery_build")
    # What is for devices under management is no business of external testers.
    labels = {entry.option for entry in BUILD_FIELDS if not entry.workspace_only}
    assert set(options) == labels | {"match", "tags_mode"}
    assert [name for name in labels if name not in told(given.get(name))] == []


def test_a_release_passes_on_every_field_of_a_publication() -> None:
    options = role("release")
    given = task_of("roles/release/tasks/main.yml", "applivery_publication")
    assert set(FIELD) - set(given) == set()
    settings = options["release_settings"]["options"]
    # Who gets in by what is never changed by a release, and which builds they get is what it is for.
    assert set(settings) == set(FIELD) - {"slug", "visibility", "security", "password", "filter"}
    for name, entry in settings.items():
        assert (entry["type"], entry.get("elements")) == (FIELD[name].kind.type, FIELD[name].kind.elements), name
    assert set(options["release_visibility"]["choices"]) == {"", *FIELD["visibility"].choices}
    unreturned = PUBLICATION_SPEC["unreturned_fields"]["choices"]
    assert options["release_unreturned_fields"]["choices"] == unreturned


def test_a_release_labels_builds_by_the_fields_that_the_labels_have() -> None:
    given = task_of("roles/release/tasks/main.yml", "applivery_build")
    labels = {entry.option for entry in BUILD_FIELDS if not entry.workspace_only}
    assert set(given) == labels | {"build_id", "tags_mode"}


def test_the_playbook_gives_the_release_everything_it_takes() -> None:
    (play,) = yaml.safe_load((ROOT / "playbooks" / "release.yml").read_text(encoding="utf-8"))
    (given,) = [task["vars"] for task in play["tasks"] if "ansible.builtin.include_role" in task]
    assert set(given) == set(role("release"))


def questions() -> list[dict[str, Any]]:
    """Every question of a survey."""
    text = (ROOT / "awx" / "controller.yml").read_text(encoding="utf-8")
    templates = yaml.load(text, _Loader)["controller_templates"]  # noqa: S506 - a SafeLoader with two more tags
    surveys = [each["survey_spec"] for each in templates if "survey_spec" in each]
    return [question for survey in surveys for question in survey["spec"]]


def test_a_survey_offers_what_the_fields_know() -> None:
    known = {
        "visibility": FIELD["visibility"].choices,
        "platforms": PLATFORMS,
        # The other two are for who writes a playbook: empty stands for one of them.
        "unreturned_fields": ("warn", "fail"),
    }
    seen = set()
    for question in questions():
        name = question["variable"].removeprefix("applivery_")
        if "choices" in question and name in known:
            assert set(question["choices"]) == set(known[name]), name
            seen.add(name)
        # A survey that names a secret field asks for it as a secret.
        secret = name in FIELD and FIELD[name].secret
        assert (question["type"] == "password") == secret, name
    assert seen == set(known)
