# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Running a definition, for the module and for its action alike; and the one place where a module exits or fails."""

from __future__ import annotations

import copy
import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from . import _ansiballz  # noqa: F401 - what comes after it is compiled once  # pylint: disable=unused-import
from ._api.client import Api, connect
from ._api.connection import (
    Environment,
    connection_spec,
    resolve,
)
from ._core.errors import AppliveryError, MissingLibrary
from ._core.given import check_texts, without_nulls
from ._core.task import Definition, Outcome, Task
from ._core.wording import one_line
from ._http.redaction import Redactor

try:
    # Since ansible-core 2.22 what is secret is told to Ansible, which masks what it shows; older ones mask what a
    # module returns.
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    register_secrets = None

MASKS_WHAT_IS_RETURNED = register_secrets is None
# Ansible walks through results level by level, some of it by recursion.
_DEEPEST = 100


class Call(NamedTuple):
    """One task on its way in, its options checked by the argument spec.

    ``params`` are the options as the spec makes them, ``given`` as the task says them; ``secrets`` are the values of
    ``no_log`` options, and whoever calls masks with what they are in the end.
    """

    params: Mapping[str, Any]
    given: Mapping[str, Any]
    check_mode: bool
    diff: bool
    warn: Callable[[str], None]
    secrets: set[str]
    environment: Environment


def spec_of(definition: Definition, environment: Environment) -> dict[str, dict[str, Any]]:
    """The whole argument spec: the connection's options and the definition's own."""
    return {**connection_spec(environment), **definition.spec}


def run_definition(definition: Definition, call: Call) -> dict[str, Any]:
    """What the task returns, as plain data; ``failed`` is there, and true, where it failed. Raises nothing."""
    tell_secrets(call.secrets)
    try:
        result = _run(definition, call)
    except AppliveryError as problem:
        result = _failed(problem)
    except Exception as bug:  # the last resort: a person gets a sentence instead of a traceback
        result = _failed(_unexpected(bug, call.secrets))
    try:
        return _ending(result, call.secrets)
    except Exception as bug:
        return _failed(_unexpected(bug, call.secrets), changed=bool(result.get("changed")))


def run_module(definition: Definition) -> None:
    """Build the AnsibleModule, run the definition, and exit or fail."""
    environment = Environment()
    module = _Module(argument_spec=spec_of(definition, environment), supports_check_mode=True, **definition.constraints)
    call = Call(
        params=module.params,
        given=module.given,
        check_mode=module.check_mode,
        # The public way to ask for the diff switch does not exist; AnsibleModule itself documents the attribute.
        diff=module._diff,
        warn=module.warn,
        secrets=module.no_log_values,
        environment=environment,
    )
    result = run_definition(definition, call)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core ships no types
    """An AnsibleModule for which null is nothing, and which remembers what it was given."""

    params: dict[str, Any]
    given: Mapping[str, Any]

    def _load_params(self) -> None:
        super()._load_params()
        self.params = without_nulls(self.argument_spec, self.params)
        self.given = copy.deepcopy(self.params)


def tell_secrets(secrets: Iterable[str]) -> None:
    """Tell Ansible what to mask in its output, where it can be told."""
    if register_secrets is not None:
        register_secrets(secrets)


def masked(result: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """``result`` without secrets, as AnsibleModule masks it: flags and nulls at the top stay what they are."""
    kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
    return {**remove_values(dict(result), secrets), **kept}


# How a task runs ------------------------------------------------------------------------------------------------------


def _run(definition: Definition, call: Call) -> dict[str, Any]:
    check_texts(spec_of(definition, call.environment), call.given)
    with _connected(definition, call) as task:
        outcome = definition.run(task)
    result = dict(outcome.result)
    if call.diff:
        result["diff"] = _diff(outcome)
    result = {"changed": outcome.changed, **result}
    return result if outcome.error is None else {**result, **_failed(outcome.error)}


@contextmanager
def _connected(definition: Definition, call: Call) -> Iterator[Task[Api]]:
    needs = definition.needs(call.params)
    resolved = resolve(call.params, call.environment, needs.workspace_only, needs.application)
    # A token that stood in the environment beside an explicitly empty option is unknown to the argument spec.
    call.secrets.update(token for token in (resolved.token, resolved.other_token) if token)
    tell_secrets(call.secrets)
    warn = _once(call.warn)
    if not resolved.validate_certs:
        warn("validate_certs is false: anybody on the way can read the token and change what is installed")
    api = connect(resolved, warn, call.secrets, pool=needs.pool)
    try:
        yield Task(call.params, api, call.check_mode, warn, call.given)
    finally:
        # In the controller's process the items of a loop follow each other.
        api.transport.close()


def _once(warn: Callable[[str], None]) -> Callable[[str], None]:
    told: set[str] = set()

    def tell(text: str) -> None:
        if text not in told:
            told.add(text)
            warn(text)

    return tell


# What it returns ------------------------------------------------------------------------------------------------------


def _diff(outcome: Outcome) -> dict[str, Any]:
    diff: dict[str, Any] = {"before": dict(outcome.before), "after": dict(outcome.after)}
    if outcome.title:
        diff["before_header"] = outcome.title
        diff["after_header"] = f"{outcome.title} ({outcome.note})" if outcome.note else outcome.title
    return diff


def _failed(problem: AppliveryError, **more: Any) -> dict[str, Any]:
    ending: dict[str, Any] = {**more, **problem.result, "msg": problem.message, "failure": problem.failure}
    if problem.changed:
        ending["changed"] = True
    if isinstance(problem, MissingLibrary):
        ending["msg"] = missing_required_lib(problem.library, reason=problem.reason)
        ending["exception"] = problem.trace
    return {**ending, "failed": True}


def _unexpected(bug: Exception, secrets: Iterable[str]) -> AppliveryError:
    where = traceback.extract_tb(bug.__traceback__)[-1]
    place = f"{where.filename.rsplit('/', 1)[-1]}, line {where.lineno}"
    text = f"unexpected {type(bug).__name__} in {place}: {one_line(Redactor(secrets)(str(bug)), 300)}"
    return AppliveryError(f"{text}. This is a bug in the collection or an answer that nobody foresaw; please report it")


def _ending(result: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """What Ansible can take over: not too deep, without secrets that a server echoed, and readable as JSON."""
    found = masked(_not_too_deep(result), () if MASKS_WHAT_IS_RETURNED else secrets)
    text = json.dumps(found, ensure_ascii=False, default=str)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # A server may send half of a pair of surrogates.
        text = text.encode("utf-8", "replace").decode("utf-8")
    plain: dict[str, Any] = json.loads(text)
    return plain


def _not_too_deep(result: Mapping[str, Any]) -> Mapping[str, Any]:
    deep = [key for key, value in result.items() if _deeper_than(_DEEPEST, value)]
    if not deep:
        return result
    text = f"what the server shows is nested more than {_DEEPEST} levels deep, and can't be returned: {', '.join(deep)}"
    kept = {key: value for key, value in result.items() if key not in deep}
    told = f"{kept['msg']} Beside that, {text}" if "msg" in kept else text
    return {**_failed(AppliveryError(told)), **kept, "msg": told, "failed": True}


def _deeper_than(most: int, value: Any) -> bool:
    level = [value]
    for _depth in range(most):
        level = [
            item
            for outer in level
            if isinstance(outer, (Mapping, list, tuple))
            for item in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, (Mapping, list, tuple)) for inner in level)
