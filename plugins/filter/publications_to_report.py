# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.publications_to_report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: publications_to_report
short_description: The publications that a report is about
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Picks publications by slug or id, and fails where one of them is not there.
    Made for the role P(applivery.distribution.access_report#role).
positional: _input
options:
  _input:
    description: All publications, as M(applivery.distribution.applivery_publication_info) returns them.
    type: list
    elements: dict
    required: true
  wanted:
    description: Slugs or ids. Empty for all.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Take two of them
  ansible.builtin.set_fact:
    chosen: "{{ publications | applivery.distribution.publications_to_report(['beta', 'field-test']) }}"
"""

RETURN = r"""
_value:
  description: The publications, in the order in which they were read.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils._access_report import picked


def publications_to_report(publications: list[dict[str, Any]], wanted: Any = ()) -> list[dict[str, Any]]:
    """Return the publications that are wanted."""
    try:
        return picked(publications, wanted)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"publications_to_report": publications_to_report}
