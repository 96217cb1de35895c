# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A task inside the controller's process, where that is the same as running the module; else the module runs as ever.

Ansible forks a worker for every task. Most of what a module costs is the Python that is started for it; the worker has
one, in which everything below is imported already.
"""

from __future__ import annotations

import inspect
import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.errors import UnsupportedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as RunTheModule
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._api.connection import Environment
from ..module_utils._core.given import without_nulls
from ..module_utils._core.task import Definition
from ..module_utils._module import (
    MASKS_WHAT_IS_RETURNED,
    Call,
    masked,
    run_definition,
    spec_of,
    tell_secrets,
)

try:
    # Once, before Ansible forks. Where the controller lacks one, the module's Python may have it, or says so.
    import jmespath
    import requests
except ImportError:
    _LIBRARIES: tuple[Any, ...] = ()
else:
    _LIBRARIES = (jmespath, requests)

try:
    # Since ansible-core 2.19 arguments and results travel in forms of their own.
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    _ENCODING: dict[str, Any] = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
    _PROFILE: tuple[str, ...] = ()
    _READS: tuple[str, ...] = ("self", "res")
else:
    _ENCODING = {"cls": get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)}
    _PROFILE = ("legacy",)
    _READS = ("self", "res", "profile")

SWITCH = "applivery_in_process"
# How core is asked to look for an interpreter, which is to say that nobody chose one.
_NOT_CHOSEN = ("", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
# Such variables say how a process starts.
_FOR_A_START = ("PYTHON", "LD_")
# Core promises none of this to collections. Where it is not as known, nothing is tried.
_KNOWN_CORE = (
    hasattr(ActionBase, "_compute_environment_string")
    and hasattr(ActionBase, "_parse_returned_data")
    and tuple(inspect.signature(ActionBase._parse_returned_data).parameters) == _READS
    and hasattr(ValidationResult({}), "_no_log_values")
)


class InProcess(RunTheModule):  # type: ignore[misc]  # ansible-core ships no types
    """The action of a module of this collection; ``definition`` is the one that the module runs."""

    definition: Definition

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        if not self._may_stay(variables, environment):
            return super().run(tmp, task_vars)  # type: ignore[no-any-return]  # a dictionary, as ours
        with _surroundings(environment, self._loader.get_basedir()):
            result = self._result(variables)
        return self._as_from_module(result)

    # Where it runs --------------------------------------------------------------------------------------------

    def _may_stay(self, variables: Mapping[str, Any], environment: Mapping[str, Any]) -> bool:
        return (
            _KNOWN_CORE
            and bool(_LIBRARIES)
            and self._is_wanted(variables)
            and self._connection.transport == "local"
            and not self._connection.become
            and not self._task.async_val
            and self._is_this_python(variables)
            and not any(name.startswith(_FOR_A_START) for name in environment)
        )

    def _is_wanted(self, variables: Mapping[str, Any]) -> bool:
        value = self._templar.template(variables.get(SWITCH, True))
        try:
            return bool(boolean(value))
        except TypeError:
            raise AnsibleActionFail(f"{SWITCH}: {value!r} is neither true nor false") from None

    def _is_this_python(self, variables: Mapping[str, Any]) -> bool:
        host = self._task.delegate_to
        theirs = variables["ansible_delegated_vars"][host] if host else variables
        chosen = self._templar.template(constants.config.get_config_value("INTERPRETER_PYTHON", variables=theirs))
        return chosen is None or chosen.strip() in (*_NOT_CHOSEN, sys.executable)

    # What it does ---------------------------------------------------------------------------------------------

    def _result(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What AnsibleModule would print: checked arguments, the definition's result, warnings, and what was asked."""
        environment = Environment()
        spec = spec_of(self.definition, environment)
        given = without_nulls(spec, json.loads(json.dumps(self._task.args, **_ENCODING)))
        checked = ArgumentSpecValidator(spec, **self.definition.constraints).validate(given)
        params, secrets = checked.validated_parameters, checked._no_log_values
        tell_secrets(secrets)
        warnings = [
            f"Both option {pair['option']} and its alias {pair['alias']} are set." for pair in checked._warnings
        ]
        if checked.error_messages:
            result = {"failed": True, "msg": self._refusal(checked)}
        else:
            call = Call(params, given, self._task.check_mode, self._task.diff, warnings.append, secrets, environment)
            result = run_definition(self.definition, call)
        if self._shows_invocation(variables):
            result["invocation"] = {"module_args": params}
        if warnings:
            result["warnings"] = list(dict.fromkeys(warnings))
        return masked(result, secrets) if MASKS_WHAT_IS_RETURNED else result

    def _refusal(self, checked: Any) -> str:
        text: str = checked.errors.msg
        if isinstance(checked.errors[0], UnsupportedError):
            text = f"Unsupported parameters for ({self._task.action}) module: {text}"
        return text

    def _shows_invocation(self, variables: Mapping[str, Any]) -> bool:
        # A setting since ansible-core 2.21.
        if constants.config.get_configuration_definition("INJECT_INVOCATION") is None:
            return True
        return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=variables))

    def _as_from_module(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What core makes of a module's output: plain data that is nobody's template."""
        printed = {"rc": 0, "stdout": json.dumps(result), "stdout_lines": [], "stderr": "", "stderr_lines": []}
        read = self._parse_returned_data(printed, *_PROFILE)
        if hasattr(read, "as_result_dict"):
            return read.as_result_dict(for_round_trip=True)  # type: ignore[no-any-return]  # a dictionary, as ours
        return read if _PROFILE else wrap_var(read)  # type: ignore[no-any-return]  # as above


class OnController(InProcess):
    """An action that has no module: what it reads and writes is on the controller."""

    # There is no other place to go to, whatever is said of it.
    def _may_stay(self, *_said: Mapping[str, Any]) -> bool:
        if self._task.async_val:
            raise AnsibleActionFail(f"{self._task.action} runs on the controller, where async is not possible")
        if not _LIBRARIES:
            raise AnsibleActionFail(f"{self._task.action} needs the Python packages requests and jmespath")
        if not _KNOWN_CORE:
            raise AnsibleActionFail(f"{self._task.action} does not know this release of ansible-core")
        return True


@contextmanager
def _surroundings(variables: Mapping[str, Any], folder: str) -> Iterator[None]:
    """What the module's process would have: its environment and folder, and nobody who reads what libraries print."""
    names = {name: str(value) for name, value in variables.items()}
    before = {name: os.environ.get(name) for name in names}
    silenced, here = logging.root.manager.disable, os.getcwd()
    try:
        os.environ.update(names)
        os.chdir(folder)
        logging.disable()
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(silenced)
        os.chdir(here)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
