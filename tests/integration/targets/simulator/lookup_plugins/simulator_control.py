# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to the simulator's control endpoints from within ansible-playbook: a request without the start of a module.

A test reads the request log dozens of times; as tasks of ansible.builtin.uri that was most of its time.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """lookup('simulator_control', method, path, body=...) returns the answer's JSON."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        method, path = terms
        address = f"{self._templar.template((variables or {})['applivery_simulator_url'])}/_simulator/{path}"
        data = json.dumps(kwargs["body"]).encode() if "body" in kwargs else None
        headers = {"Content-Type": "application/json"}
        # Loopback only, past any proxy that the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(address, data, headers, method=method), timeout=120) as answer:
                return [json.loads(answer.read() or b"null")]
        except urllib.error.HTTPError as problem:
            raise AnsibleLookupError(f"{method} {address}: {problem}: {problem.read().decode()}") from problem
        except OSError as problem:
            raise AnsibleLookupError(f"{method} {address}: {problem}") from problem
