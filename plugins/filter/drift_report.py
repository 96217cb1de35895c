# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.drift_report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_report
short_description: What differs from declared files, as a text, JSON or a page
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Puts a result of M(applivery.distribution.applivery_apply) into words. Of people there are numbers alone.
positional: _input, form
options:
  _input:
    description: The registered result.
    type: dict
    required: true
  form:
    description:
      - V(line) is one line, V(txt) a text, V(json) a document for machines, V(html) a page that needs no other file.
    type: str
    choices: [line, txt, json, html]
    default: txt
"""

EXAMPLES = r"""
- name: Tell what differs
  ansible.builtin.debug:
    msg: "{{ (drift | applivery.distribution.drift_report).splitlines() }}"
"""

RETURN = r"""
_value:
  description: The report.
  type: str
"""

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import AppliveryError
from ..plugin_utils._drift_report import drift_report as report_of


def drift_report(result: Mapping[str, Any], form: str = "txt") -> str:
    """Return the report in one of its forms."""
    try:
        return report_of(result, form)
    except AppliveryError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"drift_report": drift_report}
