# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup applivery.distribution.onboarding."""

from __future__ import annotations

DOCUMENTATION = r"""
name: onboarding
short_description: What a run of the role tester_onboarding is to do
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Reads the lists of testers, fills in what counts for all, and refuses what can't be done, before anything is sent.
  - Made for the role P(applivery.distribution.tester_onboarding#role), which says what each key means.
options:
  _terms:
    description: The publications, each a dictionary as in the variable C(tester_onboarding_publications) of the role.
    type: list
    elements: dict
    required: true
  common:
    description: What counts for publications that do not say it themselves, with the same keys.
    type: dict
    default: {}
seealso:
  - plugin: applivery.distribution.tester_list
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See why a list would be refused
  ansible.builtin.debug:
    msg: "{{ lookup('applivery.distribution.onboarding', publications).refused }}"
  vars:
    publications:
      - {slug: my-app-testers, testers_file: testers.csv}
"""

RETURN = r"""
_raw:
  description:
    - One dictionary with C(entries), one for each publication, C(slugs), and C(refused), which says why nothing must be
      done, and is empty where everything can be.
  type: list
  elements: dict
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._core.errors import InvalidInput
from ..plugin_utils._onboarding import plan_of


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """What Ansible looks for in a file of a lookup."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        given = [entry for term in terms for entry in (term if isinstance(term, list) else [term])]

        def read(name: str) -> bytes:
            path = self.find_file_in_search_path(variables, "files", name, ignore_missing=True)
            if not path:
                raise InvalidInput("there is no such file")
            try:
                with open(path, "rb") as file:
                    return file.read()
            except OSError as problem:
                raise InvalidInput(f"it can't be read: {problem.strerror}") from problem

        return [plan_of(given, self.get_option("common"), read, Display().warning)]
