# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""AnsibleModule with the shared options; the one place where a module ends, well or badly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._api.client import Api, connect
from ._api.connection import (
    Environment,
    connection_spec,
    resolve,
)
from ._core.errors import AppliveryError, MissingLibrary
from ._core.task import Definition, Needs, Outcome, Task

_USER_AGENT = "applivery.distribution/1.0.0"


def run_module(definition: Definition) -> None:
    """Build the AnsibleModule, run the resource, and exit or fail."""
    environment = Environment()
    connection = connection_spec(environment)
    module = AnsibleModule(
        argument_spec={**connection, **definition.spec}, supports_check_mode=True, **definition.constraints
    )
    try:
        outcome = definition.run(_task(module, environment, definition.needs(module.params)))
    except AppliveryError as problem:
        _fail(module, problem, {})
    except Exception as bug:  # the last resort: a person gets a sentence instead of a traceback
        _fail(module, _unexpected(bug, module.no_log_values), {})
    else:
        _finish(module, outcome)


def _task(module: AnsibleModule, environment: Environment, needs: Needs) -> Task[Api]:
    resolved = resolve(module.params, environment, needs.workspace_only, needs.application)
    # A token that stood in the environment beside an explicitly empty option is unknown to AnsibleModule.
    module.no_log_values.update(token for token in (resolved.token, resolved.other_token) if token)
    _register(module.no_log_values)
    if not resolved.validate_certs:
        module.warn("validate_certs is false: anybody on the way can read the token and change what is installed")
    api = connect(resolved, module.warn, module.no_log_values, pool=needs.pool, user_agent=_USER_AGENT)
    return Task(module.params, api, module.check_mode, module.warn)


def _register(secrets: Iterable[str]) -> bool:
    """Tell ansible-core 2.22 and later what to mask in its output; older ones mask what is returned: False."""
    try:
        from ansible.module_utils.secrets import register_secrets
    except ImportError:
        return False
    register_secrets(secrets)
    return True


def _without_secrets(module: AnsibleModule, result: Mapping[str, Any]) -> dict[str, Any]:
    """What is returned: from 2.22 on AnsibleModule hands it over as it is, and a server may echo what it was sent."""
    if not _register(()):
        return dict(result)
    from ansible.module_utils.common.parameters import remove_values

    cleaned: dict[str, Any] = remove_values(dict(result), module.no_log_values)
    return cleaned


def _ending(module: AnsibleModule, result: Mapping[str, Any]) -> dict[str, Any]:
    """What is returned, in a form that Ansible can read back: a server may send half of a pair of surrogates."""
    found = _without_secrets(module, result)
    try:
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        found = json.loads(json.dumps(found, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    return found


def _finish(module: AnsibleModule, outcome: Outcome) -> None:
    result = dict(outcome.result)
    # The public way to ask for the diff switch does not exist; AnsibleModule itself documents the attribute.
    if module._diff:
        result["diff"] = _diff(outcome)
    if outcome.error is not None:
        _fail(module, outcome.error, {"changed": outcome.changed, **result})
    module.exit_json(**_ending(module, {"changed": outcome.changed, **result}))


def _diff(outcome: Outcome) -> dict[str, Any]:
    diff: dict[str, Any] = {"before": dict(outcome.before), "after": dict(outcome.after)}
    if outcome.title:
        diff["before_header"] = outcome.title
        diff["after_header"] = f"{outcome.title} ({outcome.note})" if outcome.note else outcome.title
    return diff


def _fail(module: AnsibleModule, problem: AppliveryError, result: Mapping[str, Any]) -> None:
    ending: dict[str, Any] = {**result, **problem.result, "msg": problem.message, "failure": problem.failure}
    if isinstance(problem, MissingLibrary):
        ending["msg"] = missing_required_lib(problem.library, reason=problem.reason)
        ending["exception"] = problem.trace
    module.fail_json(**_ending(module, ending))


def _unexpected(bug: Exception, secrets: Iterable[str]) -> AppliveryError:
    import traceback

    from ._core.wording import one_line
    from ._http.redaction import Redactor

    where = traceback.extract_tb(bug.__traceback__)[-1]
    place = f"{where.filename.rsplit('/', 1)[-1]}, line {where.lineno}"
    text = f"unexpected {type(bug).__name__} in {place}: {one_line(Redactor(secrets)(str(bug)), 300)}"
    return AppliveryError(f"{text}. This is a bug in the collection or an answer that nobody foresaw; please report it")
