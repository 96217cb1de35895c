# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup applivery.distribution.tester_list."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tester_list
short_description: External testers from a file
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Reads a list of testers from a file on the control node, as a spreadsheet saves it. Each person appears once.
  - The file is UTF-8, with or without a mark at its beginning, UTF-16, or what Excel calls CSV on Windows. In the
    latter, addresses must be ASCII.
  - What it may hold is said at P(applivery.distribution.tester_list#filter).
options:
  _terms:
    description: The file. A relative path is looked for as by P(ansible.builtin.file#lookup).
    type: list
    elements: path
    required: true
  studio:
    description: Studio of those for whom none is given.
    type: str
    default: ""
  allowance:
    description: Number of downloads of those for whom none is given; V(-1) or V(unlimited) for no limit.
    type: raw
    default: 1
  access_until:
    description: Last day or moment of access of those for whom none is given.
    type: raw
    default: ""
  form:
    description: As O(applivery.distribution.tester_list#filter:form).
    type: str
    choices: [testers, users, emails]
    default: testers
  allow_empty:
    description: As O(applivery.distribution.tester_list#filter:allow_empty).
    type: bool
    default: false
  quiet:
    description: Whether a refusal names nobody. It tells line and column all the same.
    type: bool
    default: false
seealso:
  - plugin: applivery.distribution.tester_list
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Let in the testers of a file
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users: "{{ query('applivery.distribution.tester_list', 'testers.csv', form='users') }}"
"""

RETURN = r"""
_raw:
  description:
    - As P(applivery.distribution.tester_list#filter) returns it. Get it with C(query); C(lookup) joins what it finds.
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._core.addresses import hushed
from ..module_utils._core.errors import AppliveryError
from ..plugin_utils._tables import decode
from ..plugin_utils._testers import in_form


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """What Ansible looks for in a file of a lookup."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        found: list[Any] = []
        for term in terms:
            found += self._read(self.find_file_in_search_path(variables, "files", term), term)
        return found

    def _read(self, path: str | None, term: str) -> list[Any]:
        if not path:
            raise AnsibleLookupError(f"There is no file {term}.")
        options = [self.get_option(name) for name in ("form", "studio", "allowance", "access_until", "allow_empty")]
        try:
            with open(path, "rb") as file:
                text, notes = decode(file.read())
            found, more = in_form(text, *options)
        except (AppliveryError, OSError) as error:
            told = hushed(str(error)) if self.get_option("quiet") else str(error)
            raise AnsibleLookupError(f"The list of testers {term} can't be used. {told}.") from None
        for note in [*notes, *more]:
            Display().warning(f"{term}: {note}")
        return found
