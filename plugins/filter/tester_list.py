# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.tester_list."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tester_list
short_description: External testers from YAML, CSV or bare addresses
version_added: 1.0.0
author: The applivery.distribution contributors (@applivery)
description:
  - Brings a list of testers, however it is written, into one form. Each person appears once.
  - The role P(applivery.distribution.tester_onboarding#role) reads its testers with it.
positional: _input
options:
  _input:
    description:
      - A list of dictionaries with C(email), C(studio), C(allowance) and C(access_until), or of bare addresses; or CSV
        text whose first line names these columns, divided by commas or semicolons; or text with addresses.
      - One person listed twice with different settings is an error.
    type: raw
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
    description:
      - V(testers) for the list as returned by default.
      - V(users) for the form that the option O(applivery.distribution.applivery_otp_user#module:users) takes.
      - V(emails) for the addresses alone. What else is said of a person is not read then, and needs no sense.
    type: str
    choices: [testers, users, emails]
    default: testers
"""

EXAMPLES = r"""
- name: Let in the testers of a CSV file
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users: "{{ lookup('ansible.builtin.file', 'testers.csv') | applivery.distribution.tester_list(form='users') }}"
"""

RETURN = r"""
_value:
  description:
    - The testers, each with C(studio), C(email), C(allowance) (an integer, V(-1) for no limit) and C(access_until)
      (text, empty for none). With O(form=emails) the addresses, as text.
  type: list
  elements: raw
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils._testers import (
    addresses_of,
    testers_of,
    users_of,
)


def tester_list(
    source: Any, studio: str = "", allowance: Any = 1, access_until: Any = "", form: str = "testers"
) -> list[Any]:
    """Return testers in one form."""
    if form not in ("testers", "users", "emails"):
        raise AnsibleFilterError(f"The form of tester_list is testers, users or emails, not {form}.")
    try:
        if form == "emails":
            return addresses_of(source)
        testers = testers_of(source, studio, allowance, access_until)
        return users_of(testers) if form == "users" else testers
    except ValueError as error:
        raise AnsibleFilterError(f"The list of testers can't be used. {error}") from error


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tester_list": tester_list}
