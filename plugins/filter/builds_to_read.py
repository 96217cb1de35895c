# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.builds_to_read."""

from __future__ import annotations

DOCUMENTATION = r"""
name: builds_to_read
short_description: Which builds to read for a report on publications
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Says what to ask M(applivery.distribution.applivery_build_info) for, so that every build is known that a publication
    is pinned to, with few requests. Made for the role P(applivery.distribution.access_report#role).
  - One build of an application is asked for by its id. For several, all builds of the application are.
positional: _input
options:
  _input:
    description: Publications, as M(applivery.distribution.applivery_publication_info) returns them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Read the builds
  applivery.distribution.applivery_build_info:
    application: "{{ item.application | default(omit, true) }}"
    build_id: "{{ item.build_id | default(omit) }}"
  loop: "{{ publications | applivery.distribution.builds_to_read }}"
"""

RETURN = r"""
_value:
  description: Each with C(application), and with C(build_id) where one is enough.
  type: list
  elements: dict
"""

from typing import Any, Callable

from ..plugin_utils import _access_report


def builds_to_read(publications: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what to ask for."""
    return _access_report.builds_to_read(publications)


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"builds_to_read": builds_to_read}
