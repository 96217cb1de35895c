# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.answer_list."""

from __future__ import annotations

DOCUMENTATION = r"""
name: answer_list
short_description: A survey answer with several values as a list
version_added: 1.0.0
author: The applivery.distribution contributors (@applivery)
description:
  - Turns what AWX hands over as the answer to a survey question into a list of text, each value once, in the order
    given.
  - A multiple choice arrives as a list and is taken as it is. Text is divided at newlines, blanks, commas and
    semicolons. Double quotes around the whole answer, or around a part of it, are taken off.
  - Values that ansible-core may have changed are refused, as by P(applivery.distribution.answer#filter).
positional: _input
options:
  _input:
    description: The answer; V(null), empty text and an empty list stand for no answer.
    type: raw
    required: true
  exact:
    description: Whether the values must arrive as they were typed, as for P(applivery.distribution.answer#filter).
    type: bool
    default: false
seealso:
  - plugin: applivery.distribution.answer
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Add the tags that were named, if any
  applivery.distribution.applivery_build:
    build_id: "{{ build_id }}"
    tags: "{{ applivery_tags | default('') | applivery.distribution.answer_list(exact=true) | default(omit, true) }}"
    tags_mode: append
"""

RETURN = r"""
_value:
  description: The values; an empty list for no answer.
  type: list
  elements: str
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils._answers import list_of


def answer_list(value: Any, exact: bool = False) -> list[str]:
    """Return a survey answer as a list of text."""
    try:
        return list_of(value, exact=exact)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"answer_list": answer_list}
