# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.answer."""

from __future__ import annotations

DOCUMENTATION = r"""
name: answer
short_description: A survey answer as the text that was typed
version_added: 1.0.0
author: The applivery.distribution contributors (@applivery)
description:
  - Turns what AWX hands over as the answer to a survey question into text.
  - AWX marks answers C(!unsafe). ansible-core 2.19 and newer then read them by the rules of YAML, so that V(NO) arrives
    as V(false), V(1.10) as the number V(1.1) and V(2026-12-31) as a date. An answer that may have been changed on the
    way is refused; double quotes around it, as in V("1.10"), keep it as it was typed and are taken off.
  - Blanks around an answer are taken off. Quotes within one, as in V("Fast" and "nice"), stay.
positional: _input
options:
  _input:
    description: The answer; V(null) and empty text stand for no answer.
    type: raw
    required: true
  exact:
    description:
      - Whether the answer must arrive as it was typed, as a password or a name must. Then everything but text is
        refused, since V(0123) arrives as the number 83, V(12:30) as 750 and V(0x1F) as 31.
      - Otherwise an integer and a date are taken as they arrive.
    type: bool
    default: false
  moment:
    description:
      - Whether a time is asked for. Otherwise a date with a time is refused, since a time is written in several ways.
    type: bool
    default: false
seealso:
  - plugin: applivery.distribution.answer_list
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Label the build only if the question was answered
  applivery.distribution.applivery_build:
    build_id: "{{ build_id }}"
    version_name: "{{ version | default('') | applivery.distribution.answer(exact=true) | default(omit, true) }}"
"""

RETURN = r"""
_value:
  description: The text; empty for no answer.
  type: str
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils._answers import text_of


def answer(value: Any, exact: bool = False, moment: bool = False) -> str:
    """Return a survey answer as text."""
    try:
        return text_of(value, exact=exact, moment=moment)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"answer": answer}
