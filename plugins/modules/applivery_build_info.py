#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_build_info
short_description: List builds of an app in Applivery
version_added: 1.0.0
description:
  - Lists the builds of one app, newest first, with the filters that M(applivery.distribution.applivery_build) has in
    its O(applivery.distribution.applivery_build#module:match).
  - Every filter is exact. The module applies it itself, whatever the server makes of it.
  - The shape of a build is the one that M(applivery.distribution.applivery_build) returns, so that what is printed can
    be pasted as options.
  - Works with both APIs. The Workspace API needs O(application).
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._listing
  - applivery.distribution._connection
options:
  build_id:
    description:
      - Only the build with this id, 24 hexadecimal digits. No such build is an empty list.
      - Shows all that the server tells of a build; a list may tell less.
    type: str
  os:
    description:
      - Only builds for this system, as Applivery writes it, such as V(ios), V(android), V(macos) or V(windows).
    type: str
  version_name:
    description:
      - Only builds with this version name.
    type: str
  version_code:
    description:
      - Only builds with this version code.
    type: str
  tag:
    description:
      - Only builds that have this tag, beside any others.
    type: str
  git_branch:
    description:
      - Only builds whose uploader told this branch.
    type: str
  git_commit:
    description:
      - Only builds of this commit. 7 characters or more of its beginning are enough, here and in what the uploader
        told.
    type: str
  git_tag:
    description:
      - Only builds whose uploader told this Git tag.
    type: str
  status:
    description:
      - Only builds in this state.
      - V(processed) and V(success) are two words for the same state and find the same builds.
    type: str
    choices: [pending, in_progress, processed, success, error]
  disabled:
    description:
      - Only builds that can't be downloaded, or with V(false) only those that can. A build that does not show it counts
        as one that can.
    type: bool
    version_added: 1.1.0
seealso:
  - module: applivery.distribution.applivery_build
  - module: applivery.distribution.applivery_publication_info
"""

EXAMPLES = r"""
- name: Find the newest processed iOS build of a branch
  applivery.distribution.applivery_build_info:
    os: ios
    git_branch: release/4.2
    status: processed
    limit: 1
  register: newest

- name: Publish exactly this build
  applivery.distribution.applivery_publication:
    slug: field-test
    filter:
      type: build
      ios: "{{ newest.builds[0].id }}"
  when: newest.builds | length > 0

- name: List version, state and uploader's commit of the last ten builds
  applivery.distribution.applivery_build_info:
    limit: 10
    query: "[].{version: version_name, code: version_code, state: status, commit: deployer.info.commit}"
  register: last_ten

- name: Show them
  ansible.builtin.debug:
    var: last_ten.result
"""

RETURN = r"""
builds:
  description: The builds that fit, newest first.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34cd
      os: ios
      version_name: 4.2.0
      version_code: "407"
      status: processed
      tags: [candidate]
      changelog: Fix the crash on the settings screen
      metadata: {}
      default_scripts: {}
      disabled: false
      deployer:
        name: Example CI
        info: {branch: release/4.2, commit: c157a79031e1c40f85931829bc5fc55229f3e904}
      created_at: "2026-06-07T08:05:00.000Z"
  contains:
    id:
      description: Id of the build.
      type: str
    os:
      description: The system that the build is for.
      type: str
    version_name:
      description: Version name; null where it is not set.
      type: str
    version_code:
      description: Version code, as the package tells it.
      type: str
    status:
      description: One of V(pending), V(in_progress), V(processed) and V(error). V(success) is shown as V(processed).
      type: str
    tags:
      description: Tags, sorted.
      type: list
      elements: str
    changelog:
      description: Release notes.
      type: str
    metadata:
      description: Free data of the build; empty where the server does not show it, as with the Integrations API.
      type: dict
    default_scripts:
      description: Scripts of the build; empty where the server does not show them.
      type: dict
    disabled:
      description: Whether the build can't be downloaded; null where the server does not show it.
      type: bool
    deployer:
      description: Who uploaded the build, from which commit.
      type: dict
    created_at:
      description: When the build was uploaded, as the server writes it.
      type: str
result:
  description: What O(query) yields from the list.
  returned: when O(query) is given
  type: str
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: 4001
    message: Unauthorized
    status: 403
    method: GET
    path: /v1/organizations/acme/apps/my-app/builds
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module

# That one first: what is imported after it is compiled once.
# isort: split
from ..module_utils._build.info import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
