# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.without_people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: without_people
short_description: A message without the names of people
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Takes e-mail addresses out of a text, or out of every text of a list, and whatever stands in quotes, which may be
    what stood in a list of testers.
  - The roles of this collection show what they have to say through it while they are quiet.
positional: _input
options:
  _input:
    description: The text, or a list of texts.
    type: raw
    required: true
  quiet:
    description: Whether to do it at all.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Say why it failed, without saying for whom
  ansible.builtin.fail:
    msg: "{{ ansible_failed_result.msg | applivery.distribution.without_people }}"
"""

RETURN = r"""
_value:
  description: The text, or the list.
  type: raw
"""

from typing import Any, Callable

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._core.addresses import hushed


def without_people(message: Any, quiet: Any = True) -> Any:
    """Return a message without the names of people."""
    if not boolean(quiet):
        return message
    return [hushed(str(text)) for text in message] if isinstance(message, (list, tuple)) else hushed(str(message))


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"without_people": without_people}
