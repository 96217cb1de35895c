# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.onboarding_summary."""

from __future__ import annotations

DOCUMENTATION = r"""
name: onboarding_summary
short_description: What a run of the role tester_onboarding did
version_added: 1.1.0
author: The applivery.distribution contributors (@applivery)
description:
  - Adds up what was done for several publications. It holds nobody's name.
  - Made for the role P(applivery.distribution.tester_onboarding#role), whose result it is.
positional: _input
options:
  _input:
    description: One dictionary for each publication, with C(slug), C(changed), C(counts) and what else is to be kept.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Add up
  ansible.builtin.debug:
    msg: "{{ results | applivery.distribution.onboarding_summary }}"
  vars:
    results:
      - {slug: beta, changed: true, counts: {created: 2}}
      - {slug: field-test, changed: false, counts: {created: 0}}
"""

RETURN = r"""
_value:
  description:
    - V(changed) and V(counts) over all, V(publications) by slug, and for one publication alone also its
      V(publication_id), V(distribution_url) and V(build_ids).
  type: dict
"""

from typing import Any, Callable

from ..plugin_utils._onboarding import summary_of


def onboarding_summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what was done, over all publications."""
    return summary_of(results)


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"onboarding_summary": onboarding_summary}
