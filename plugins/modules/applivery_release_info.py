#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_release_info
short_description: Find the builds that a release of a publication takes in Applivery
version_added: 1.1.0
description:
  - Finds the newest fitting build of each platform, and waits until it is processed. Nothing is changed. The role
    P(applivery.distribution.release#role) pins the publication to these builds and labels them.
  - A build that is older than the one the publication is pinned to is refused.
  - A build that an earlier release took and labelled is found again, so that a second run changes nothing.
  - Disabled builds are passed over, with a warning.
  - Works with both APIs. The Workspace API needs O(application).
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._connection
options:
  publication:
    description:
      - Slug of the publication. It need not exist.
    type: str
    required: true
  platforms:
    description:
      - Platforms to release for, such as V(ios), V(android), V(macos), V(windows).
      - Left empty, those that the publication is pinned to, else V(ios) and V(android).
    type: list
    elements: str
    default: []
  git_branch:
    description:
      - Only builds of this branch.
      - Left out, what the publication follows (a branch, git tag or tag), else the one branch that all builds it is
        pinned to are of, else any.
    type: str
  version_name:
    description:
      - Only builds with this version name.
    type: str
  released_as:
    description:
      - The version name that the release gives to its builds. A pinned build with this name counts as one with
        O(version_name).
    type: str
  allow_downgrade:
    description:
      - Whether a build may be older than the one that the publication is pinned to.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for a build that is not processed yet. In check mode there is no waiting, only a warning.
    type: bool
    default: true
  wait_timeout:
    description:
      - The most seconds to wait.
    type: int
    default: 600
  wait_interval:
    description:
      - Seconds between two looks.
    type: int
    default: 5
seealso:
  - module: applivery.distribution.applivery_build
  - module: applivery.distribution.applivery_publication
"""

EXAMPLES = r"""
- name: Find what a release takes
  applivery.distribution.applivery_release_info:
    publication: my-app-beta
    git_branch: release/4.2
  register: found

- name: Offer exactly these builds
  applivery.distribution.applivery_publication:
    slug: my-app-beta
    filter: "{{ found.filter }}"
    filter_mode: merge
"""

RETURN = r"""
build_ids:
  description: The id of the build of each platform.
  returned: success
  type: dict
  sample: {ios: 5f7f1d2a9c1e4b0012ab34c1}
builds:
  description: The builds, by platform, as M(applivery.distribution.applivery_build_info) returns them.
  returned: success
  type: dict
filter:
  description: These builds as O(applivery.distribution.applivery_publication#module:filter).
  returned: success
  type: dict
  sample: {type: build, ios: 5f7f1d2a9c1e4b0012ab34c1}
origin:
  description: What the builds have in common, such as the branch; empty where it does not matter.
  returned: success
  type: dict
  sample: {git_branch: release/4.2}
passed_over:
  description: Newer builds that were passed over because they are disabled.
  returned: success
  type: list
  elements: dict
pinned:
  description: The id of the build of each platform that the publication is pinned to.
  returned: success
  type: dict
publication:
  description: The publication as it is; null where there is none.
  returned: success
  type: dict
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: null
    message: no build fits
    status: null
    method: null
    path: null
    fields: []
    attempts: 0
"""

from ..module_utils._module import run_module

# That one first: what is imported after it is compiled once.
# isort: split
from ..module_utils._build.release import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
