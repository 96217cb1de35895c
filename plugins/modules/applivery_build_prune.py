#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_build_prune
short_description: Delete old builds of an app in Applivery
version_added: 1.1.0
description:
  - Deletes builds that are no longer among the newest, that are older than a number of days, or both.
  - A build is never deleted that a publication is pinned to, or that is the newest for what a publication follows. That
    is so for the newest build of each platform, for the newest that is processed, and for the newest that can be
    installed. Where the documents do not say how a filter compares, every build that it may mean is kept.
  - A server may never show whether a build is disabled. Then each counts as enabled, and the task warns, for a
    publication may pass over the newest builds and offer one that goes.
  - Older builds that a publication shows as its history are not kept.
  - Builds that are not processed yet, and builds whose date is not shown, are never deleted.
  - Before each deletion builds and publications are read again, for others may have changed them, and the retention
    settings of the app take builds away as well.
  - Deleting is final. With C(--check --diff) each build that would go is named. O(max_removals) is a second safeguard.
  - Works with both APIs. The Workspace API needs O(application).
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.state_module
  - applivery.distribution._connection
attributes:
  idempotent:
    support: full
options:
  keep_newest:
    description:
      - How many of the newest builds stay, of each kind that O(per) tells apart.
      - Builds that could not be processed, and disabled ones, take no place among them.
      - With O(older_than) as well, a build goes only if both say so.
    type: int
  per:
    description:
      - What tells kinds of builds apart, so that O(keep_newest) stay of each. Several together mean each combination.
      - With V(tag) a build of several tags is of several kinds, and stays if one of them keeps it. Builds without a
        tag, or without a branch, are a kind of their own.
      - If no build shows what is to tell them apart, the task fails.
    type: list
    elements: str
    choices: [os, git_branch, tag]
    default: []
  older_than:
    description:
      - Only builds that were uploaded more than this number of days ago go.
      - The time is the earlier of the server's and this machine's.
    type: int
  match:
    description:
      - Only builds that fit this are looked at, as in O(applivery.distribution.applivery_build#module:match). Left out,
        all builds are.
      - Texts that look like a number must be quoted. YAML reads V(0145) as 101, and a number must not decide what is
        deleted.
    type: dict
    suboptions:
      os:
        description:
          - The system that the build is for, as Applivery writes it, such as V(ios), V(android), V(macos), V(windows).
        type: str
      version_name:
        description:
          - The version name. Quote what looks like a number, such as V("4.10").
        type: str
      version_code:
        description:
          - The version code that the package tells. Compared as text.
        type: str
      tag:
        description:
          - One of the tags of the build.
        type: str
      git_branch:
        description:
          - The branch that the uploader told.
        type: str
      git_commit:
        description:
          - The commit that the uploader told, in full or 7 characters or more of its beginning. Case does not matter.
          - If the uploader told a shortened hash of 7 characters or more, the full one finds it.
        type: str
      git_tag:
        description:
          - The Git tag that the uploader told.
        type: str
      status:
        description:
          - The state of the build. V(processed) and V(success) are two words for the same state.
          - Given, builds in other states are skipped.
        type: str
        choices: [pending, in_progress, processed, success, error]
      disabled:
        description:
          - Whether the build can't be downloaded. A build that does not show it counts as one that can.
          - With V(false) the task warns about the builds that it passed over.
        type: bool
      query:
        description:
          - A JMESPath expression over the list of the builds that fit all the rest, newest first, each as
            M(applivery.distribution.applivery_build_info) returns it. It must yield a build or a list of builds; all of
            them are meant.
        type: str
  max_removals:
    description:
      - The most builds to delete. If more would have to go, the task fails and deletes none.
    type: int
    default: 50
  force:
    description:
      - Whether to go on although a publication does not show which builds it offers, or chooses them in a way that the
        module does not know. Otherwise such a publication keeps every build, and the task fails.
      - What publications are seen to need stays all the same, and so do the newest builds of each platform.
    type: bool
    default: false
requirements:
  - jmespath, for O(match.query)
notes:
  - Where the list does not show branches or tags that matter, the builds are read one by one.
  - The Workspace API is asked for the publications of every store of the organization. Those of other apps do not
    count.
  - The names of the permissions are not documented. C(mad.build.management.remove) is probable.
seealso:
  - module: applivery.distribution.applivery_build
  - module: applivery.distribution.applivery_build_info
"""

EXAMPLES = r"""
- name: Keep the ten newest builds of each branch and platform
  applivery.distribution.applivery_build_prune:
    keep_newest: 10
    per: [git_branch, os]

- name: Delete nightly builds after two weeks, but keep three of each platform
  applivery.distribution.applivery_build_prune:
    match:
      tag: nightly
    keep_newest: 3
    per: [os]
    older_than: 14

- name: See what would go
  applivery.distribution.applivery_build_prune:
    older_than: 90
    max_removals: 500
  check_mode: true
  diff: true
"""

RETURN = r"""
removed:
  description: The builds that were deleted, oldest first, or in check mode those that would be.
  returned: success, and when the task failed on the way
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34c1
      version_name: 2.4.0
      version_code: "204"
      os: android
      status: processed
      created_at: "2026-03-07T08:05:00.000Z"
protected:
  description: The builds that would be deleted, were they not needed by a publication, and by which one.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34c2
      version_name: 2.3.0
      version_code: "199"
      os: android
      status: processed
      created_at: "2026-02-07T08:05:00.000Z"
      publication: my-app-beta (64b7f0c2a1d3e4f5a6b7c8d9)
counts:
  description:
    - How many builds were C(read), how many O(match) C(selected), how many a publication C(protected), and how many
      were C(removed).
  returned: success
  type: dict
  sample: {read: 40, selected: 12, protected: 1, removed: 7}
previous:
  description: All that was read of the deleted builds.
  returned: when builds were deleted
  type: list
  elements: dict
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: 5014
    message: Build not processed
    status: 400
    method: DELETE
    path: /v1/integrations/builds/5f7f1d2a9c1e4b0012ab34c1
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module

# That one first: what is imported after it is compiled once.
# isort: split
from ..module_utils._build.prune import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
