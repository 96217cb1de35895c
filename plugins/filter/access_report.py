# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter applivery.distribution.access_report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: access_report
short_description: Who outside the company can download what until when
version_added: 1.0.0
author: The applivery.distribution contributors (@applivery)
description:
  - Brings what the info modules return about publications into one report.
  - The role P(applivery.distribution.access_report#role) writes it as an HTML page and as JSON.
  - What the server does not return is reported as unknown.
  - The result depends on the time only where time matters. It changes when a publication expires or access ends, not
    from one minute to the next.
positional: _input
options:
  _input:
    description:
      - A list with one dictionary for each publication, with the keys V(publication) and, where known, V(testers),
        V(declared) and V(outcomes). V(users), V(builds) and V(application) take the place of what is given for all.
      - V(publication) is as M(applivery.distribution.applivery_publication_info) returns it, V(testers) as
        P(applivery.distribution.tester_list#filter) does.
      - V(declared) holds fields of the publication as a playbook sets them. They fill in for what the server does not
        show.
      - V(outcomes) is what M(applivery.distribution.applivery_otp_user) returned in check mode as its C(users).
    type: list
    elements: dict
    required: true
  users:
    description:
      - C(otp_users) of M(applivery.distribution.applivery_otp_user_info), read without naming a publication. For each
        publication only its own count, and those of whom the server does not show the publication.
    type: list
    elements: dict
    default: []
  builds:
    description: C(builds) of M(applivery.distribution.applivery_build_info).
    type: list
    elements: dict
    default: []
  applications:
    description: C(applications) of M(applivery.distribution.applivery_application_info).
    type: list
    elements: dict
    default: []
  ledger:
    description:
      - The file that O(applivery.distribution.applivery_otp_user#module:ledger) keeps. With it the report tells when
        somebody was let in, and how often.
    type: path
    default: ""
  now:
    description: The moment that counts as now, a timestamp with an offset. Left out, it is the present.
    type: str
"""

EXAMPLES = r"""
- name: Show who can enter
  ansible.builtin.debug:
    msg: "{{ [{'publication': publication}] | applivery.distribution.access_report(users=otp_users) }}"
"""

RETURN = r"""
_value:
  description:
    - RV(_value.publications) has an entry for each publication, with what can be downloaded, who may enter until when,
      who is mailed on new builds, and what should be looked at.
    - RV(_value.totals) counts publications, open ones, people and findings.
  type: dict
  contains:
    publications:
      description: One entry for each publication, sorted by slug.
      type: list
      elements: dict
    totals:
      description: Counts over all publications.
      type: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import AppliveryError
from ..module_utils._otp_user.ledger import read_ledger
from ..plugin_utils._access_report import build_report, now_text


def access_report(
    pieces: list[dict[str, Any]],
    now: str | None = None,
    users: Any = (),
    builds: Any = (),
    applications: Any = (),
    ledger: str = "",
) -> dict[str, Any]:
    """Return the access report over publications."""
    try:
        known = read_ledger(ledger) if ledger else None
        return build_report(pieces, now or now_text(), users, builds, applications, known)
    except (ValueError, AppliveryError) as error:
        raise AnsibleFilterError(f"The report can't be made: {error}.") from None


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"access_report": access_report}
