# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.report_since."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report_since
short_description: Since when a report has been as it is
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Compares a report with the file of an earlier one. Where the facts are the same, the moment stays, so that a run
    that finds nothing new writes nothing. Made for the role P(applivery.distribution.access_report#role).
  - A file that can't be read counts as no earlier report, with a warning.
positional: _input
options:
  _input:
    description: The report, from P(applivery.distribution.access_report#filter).
    type: dict
    required: true
  earlier:
    description: The content of the JSON file, in Base64 as M(ansible.builtin.slurp) returns it. Empty for none.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Find out since when the facts are as they are
  ansible.builtin.set_fact:
    since: "{{ report | applivery.distribution.report_since(earlier.content) }}"
"""

RETURN = r"""
_value:
  description: A timestamp.
  type: str
"""

import base64
from typing import Any, Callable

from ansible.utils.display import Display

from ..plugin_utils._access_report import now_text, since


def report_since(report: dict[str, Any], earlier: str = "") -> str:
    """Return since when the facts in a report are as they are."""
    found = since(report, base64.b64decode(earlier) if earlier else None, now_text())
    if found.damaged:
        Display().warning("the earlier access report can't be read: it counts as none, and a new one is written")
    return found.moment


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"report_since": report_since}
