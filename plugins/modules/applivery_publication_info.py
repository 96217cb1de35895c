#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_publication_info
short_description: List publications of Applivery
version_added: 1.0.0
description:
  - Lists publications with exact filters, which the module applies itself, whatever the server makes of them.
  - The shape of a publication is the one that M(applivery.distribution.applivery_publication) returns, so that what is
    printed can be pasted as options. The password is never among it.
  - Works with both APIs. An app token sees the publications of its app, a Service Account those of the whole O(store),
    whatever O(application) is.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._listing
  - applivery.distribution._connection
options:
  publication_id:
    description:
      - Only the publication with this id, 24 hexadecimal digits. No such publication is an empty list.
    type: str
  slug:
    description:
      - Only the publication with exactly this slug. It is read in full; a list may tell less.
    type: str
  visibility:
    description:
      - Only publications with this visibility.
    type: str
    choices: [active, inactive, unlisted]
  security:
    description:
      - Only publications with this kind of access. Find other kinds, which a server may have, with O(query).
    type: str
    choices: [public, password, logged]
  filter_type:
    description:
      - Only publications that choose their builds in this way.
    type: str
    choices: [last, build, builds, gitBranch, gitTag, tag]
  build:
    description:
      - Only publications that are pinned to the build with this id, on any platform.
    type: str
  expiring_before:
    description:
      - Only publications that expire at this moment or before it; those that have expired already too.
      - A date means the end of that day, UTC. A timestamp needs an offset, as in V(2026-12-31T18:00:00+01:00).
      - A publication without an end is never among them. Where the server shows no end for any publication, the module
        warns, since it may just not return it.
    type: str
  full:
    description:
      - Whether to read each publication by itself, O(concurrency) at a time, for a list may show less of them.
      - It costs one request for each publication.
    type: bool
    default: false
    version_added: 1.1.0
  concurrency:
    description: How many requests may be under way at once with O(full), 1 to 32.
    type: int
    default: 8
    version_added: 1.1.0
seealso:
  - module: applivery.distribution.applivery_publication
  - module: applivery.distribution.applivery_build_info
"""

EXAMPLES = r"""
- name: Look at one publication
  applivery.distribution.applivery_publication_info:
    slug: field-test
  register: found

- name: See who gets in
  ansible.builtin.debug:
    msg: "{{ found.publications[0].security }}: {{ found.publications[0].groups }}"
  when: found.publications | length > 0

- name: Find publications that anybody can enter
  applivery.distribution.applivery_publication_info:
    security: public
    visibility: active
    query: "[].{slug: slug, address: distribution_url}"
  register: open_ones

- name: Find what expires until the end of the year
  applivery.distribution.applivery_publication_info:
    expiring_before: "2026-12-31"
  register: expiring

- name: Find the publications that would break without this build
  applivery.distribution.applivery_publication_info:
    build: 5f7f1d2a9c1e4b0012ab34cd
  register: pinned

- name: List the publications of one app of the workspace
  applivery.distribution.applivery_publication_info:
    query: "[?application_info.slug == 'my-app'].slug"
  register: of_my_app
"""

RETURN = r"""
publications:
  description:
    - The publications that fit.
    - Every option of M(applivery.distribution.applivery_publication) that describes a publication is there, empty or
      null where it is unset or not shown; RV(publications[].unreturned_fields) tells which of the two may be the case.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34cd
      slug: field-test
      visibility: active
      security: logged
      groups: [[external, testers], [staff]]
      allowed_countries: [AT, DE]
      blocked_countries: []
      expiration_date: null
      filter: {type: gitBranch, value: release/4.2}
      distribution_url: https://acme.applivery.io/field-test
      unreturned_fields: [user_audience_map]
  contains:
    id:
      description: Id of the publication.
      type: str
    slug:
      description: The last part of its address.
      type: str
    visibility:
      description: Whether it is in service, and listed in the store.
      type: str
    security:
      description: Who can enter.
      type: str
    filter:
      description: Which builds it offers.
      type: dict
    expiration_date:
      description: When it closes, as a timestamp in UTC; null where it does not, or where the server does not tell.
      type: str
    distribution_url:
      description: Its public address.
      type: str
    unreturned_fields:
      description:
        - Options of M(applivery.distribution.applivery_publication) that the server did not show for this
          publication, those that guard access first. They may be unset, or set and not shown.
      type: list
      elements: str
result:
  description: What O(query) yields from the list.
  returned: when O(query) is given
  type: raw
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: 4001
    message: Unauthorized
    status: 403
    method: GET
    path: /v1/organizations/acme/stores/5f7f1d2a9c1e4b0012ab34ce/pubApps
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._publication.info import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
