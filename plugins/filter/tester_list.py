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
  - What is clear is read; everything else is refused with line and column, before anything is sent. Whom
    M(applivery.distribution.applivery_otp_user) would refuse is refused here, by the same rules.
  - The role P(applivery.distribution.tester_onboarding#role) reads its testers with it. For a file there is
    P(applivery.distribution.tester_list#lookup).
positional: _input
options:
  _input:
    description:
      - A list of dictionaries or of addresses; or text, which is a table or addresses.
      - A tester has C(email), and optionally C(studio), C(allowance) (number of downloads, or V(unlimited)) and every
        suboption of O(applivery.distribution.applivery_otp_user#module:users). C(allowed_downloads) is another
        word for C(allowance).
      - The first line of a table names its columns, divided by commas, semicolons, tabs or C(|), which a line such as
        C(sep=;) before it may say. The column of addresses may be called as spreadsheets and mail programs call it,
        such as V(E-Mail) or V(Correo electrónico). Other columns are not read, with a warning. A name that looks like
        a misspelt one is refused.
      - Text that begins with an address is addresses, divided by line breaks, blanks, commas or semicolons, with or
        without names, as in C(Lee, Ana <ana@studio.example>).
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
  allow_empty:
    description: Whether a heading without anybody below it is a list of nobody. Otherwise it is refused.
    type: bool
    default: false
  quiet:
    description: Whether a refusal names nobody. It tells line and column all the same.
    type: bool
    default: false
seealso:
  - plugin: applivery.distribution.tester_list
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Let in whom a survey names
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users: "{{ typed_addresses | applivery.distribution.tester_list(access_until='2030-06-30', form='users') }}"
"""

RETURN = r"""
_value:
  description:
    - The testers, each with C(studio), C(email), C(allowance) (an integer, V(-1) for no limit) and C(access_until)
      (text, empty for none), and with what else the list says of them. With O(form=emails) the addresses, as text.
  type: list
  elements: raw
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ..module_utils._core.addresses import hushed
from ..module_utils._core.errors import AppliveryError
from ..plugin_utils._testers import in_form


def tester_list(
    source: Any,
    studio: Any = "",
    allowance: Any = 1,
    access_until: Any = "",
    form: str = "testers",
    allow_empty: bool = False,
    quiet: Any = False,
) -> list[Any]:
    """Return testers in one form."""
    try:
        found, notes = in_form(source, form, studio, allowance, access_until, allow_empty)
    except AppliveryError as error:
        told = hushed(str(error)) if boolean(quiet) else str(error)
        raise AnsibleFilterError(f"The list of testers can't be used. {told}.") from None
    for note in notes:
        Display().warning(note)
    return found


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tester_list": tester_list}
