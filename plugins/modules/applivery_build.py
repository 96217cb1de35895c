#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_build
short_description: Find, label, wait for, upload or remove a build of an app in Applivery
version_added: 1.0.0
description:
  - Finds one build, by its id or as the newest one that fits, waits until it is processed, and sets its labels.
  - Only what differs is sent, and what the task does not mention stays as it is.
  - With O(path) a file is uploaded when no build fits. A second run finds that build and uploads nothing.
  - With O(state=absent) the build is deleted for good, its file included.
  - The binary of a build, its version code and what was found while it was processed can't be changed.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.state_module
  - applivery.distribution._connection
attributes:
  idempotent:
    support: partial
    details:
      - A named O(metadata), O(default_scripts) or O(disabled) that the server does not return can't be compared. Every
        run sets it again, reports a change and warns. Whether Applivery returns them is not documented.
      - Labels that make a build stop fitting O(match) let the next run find another build, or none. The module warns.
options:
  state:
    description:
      - With V(present) the build is there and has the labels. Without O(path) a build that is missing is an error.
      - With V(absent) it is not there. A build that never was there is fine. With O(match) exactly one build may fit,
        for otherwise each run would delete another one.
      - A build that a publication is pinned to is not deleted, see O(force).
    type: str
    choices: [present, absent]
    default: present
  build_id:
    description:
      - Id of the build, 24 hexadecimal digits. Either this or O(match) is needed.
    type: str
  match:
    description:
      - What is known about the build. The newest build that fits all that is given is taken.
      - Values are compared exactly, by the module itself, whatever the server makes of filters. Pages of the list are
        read only as far as is needed to be certain.
      - If the newest build that fits could not be processed, the task fails and names it; say
        O(match.status=processed) to take the newest one that is fine.
      - Blanks and line breaks at the edges of texts do not count, and composed and decomposed letters are the same
        (Unicode NFC).
      - An empty text is refused, since it comes from a variable that is not set.
      - With O(state=absent) texts must be quoted if they look like a number. YAML reads V(0145) as 101, and a number
        must not decide what is deleted.
      - A build that is deleted between the list and the look at it is passed over.
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
        version_added: 1.1.0
      query:
        description:
          - A JMESPath expression over the list of the builds that fit all the rest, newest first, each as this module
            returns it. It must yield a build, or a list whose first element is taken. Nothing, or an empty list, means
            that no build fits.
          - The whole list is read, and the builds one by one where the list does not show what the expression asks for.
            A wrong expression is refused before that.
          - An expression that finds another build after the change is refused, since each run would change one more.
        type: str
  version_name:
    description:
      - The name of the version that people read.
    type: str
  tags:
    description:
      - Tags of the build, see O(tags_mode). Their order and repetitions, and blanks around them, mean nothing. V([])
        clears them.
    type: list
    elements: str
  tags_mode:
    description:
      - Whether O(tags) are all tags that the build shall have, or tags to V(append) to those it has, or to V(remove).
    type: str
    choices: [replace, append, remove]
    default: replace
  changelog:
    description:
      - Release notes. An empty text clears them. Line breaks and blanks at the end do not count in the comparison.
    type: str
  metadata:
    description:
      - Free data of the build. Names and types of values stay as they are given; a key with V(null) is the same as a
        key that is not there.
      - Only the Workspace API can set it.
      - With V({}) and O(metadata_mode=replace) it is cleared.
    type: dict
  metadata_mode:
    description:
      - With V(merge) the keys of O(metadata) are added to those that the build has, at every depth. With V(replace) the
        build has no others afterwards.
      - The merged object is sent whole, so that it does not matter whether the server merges or replaces. Where the
        server does not return the metadata that a build has, there is nothing to merge with. The module then warns that
        keys may be lost.
    type: str
    choices: [merge, replace]
    default: merge
  default_scripts:
    description:
      - Scripts that run on devices which install the build. A script that is not mentioned stays, an empty text clears
        it.
      - Only the Workspace API can set them.
    type: dict
    suboptions:
      pre_install:
        description: Runs before the installation.
        type: str
      post_install:
        description: Runs after the installation.
        type: str
      audit:
        description: The audit script.
        type: str
      enforce:
        description: The enforcement script.
        type: str
      runner:
        description: The configuration of the script runner.
        type: str
  disabled:
    description:
      - Whether the build can't be downloaded.
      - Only the Workspace API can set it. No document shows that it is ever returned, so it may be set by every run.
    type: bool
  wait:
    description:
      - Whether to wait for a build that is not processed yet. Applivery says that updates before the end may be
        inconsistent. In check mode there is no waiting, only a warning.
      - A build that could not be processed is an error, with the reason of the server. With V(false) and O(build_id)
        the labels of such a build are set all the same.
    type: bool
    default: true
  wait_timeout:
    description:
      - The most seconds to wait, for a build to be processed, and for a build to turn up whose upload got no answer.
    type: int
    default: 600
  wait_interval:
    description:
      - Seconds between two looks.
    type: int
    default: 5
  path:
    description:
      - A file on the machine where the module runs, to be uploaded when no build fits O(match). It is read while it is
        sent, so its size does not matter for memory.
      - O(version_name), O(tags) and O(changelog) are sent with it, other labels afterwards.
      - What contradicts O(match) is refused before anything is sent. If the uploaded build does not fit it when it
        is processed, the task fails, since every run would upload it again.
      - A build that is not processed yet and that may come from this very file is waited for instead. What others
        upload at the same time is not.
      - An upload whose answer got lost is looked for in the list for O(wait_timeout) seconds, and never sent again by
        the same run. If it does not turn up, the task fails, and the next run looks first.
      - It must be a regular file that nobody writes any more. One that changes while it is sent is refused.
      - The server may take up to 10 minutes for its answer, or O(api_timeout) if that is longer.
    type: path
  deployer:
    description:
      - Who uploads O(path), and from what. O(match.git_branch), O(match.git_commit) and O(match.git_tag) find builds by
        this.
    type: dict
    suboptions:
      name:
        description: Name of the uploader, such as that of a CI system.
        type: str
      commit:
        description: Hash of the commit.
        type: str
      commit_message:
        description: Message of the commit.
        type: str
      branch:
        description: Branch of the commit.
        type: str
      tag:
        description: Git tag of the commit.
        type: str
      trigger_timestamp:
        description: When the CI job was started.
        type: str
      build_url:
        description: Address of the CI job.
        type: str
      ci_url:
        description: Address of the CI system.
        type: str
      repository_url:
        description: Address of the repository.
        type: str
      build_number:
        description: Number of the CI job.
        type: str
  build_platform:
    description:
      - The platform of the file in O(path), such as V(ios), V(android), V(macos), V(ps4), V(ps5), V(switch),
        V(xbox-one) or V(xbox-series). Needed where the file does not tell it.
    type: str
  package_name:
    description:
      - Identifier of the app, where the file in O(path) does not tell it.
    type: str
  package_version:
    description:
      - Version of the package, where the file in O(path) does not tell it.
    type: str
  package_icon:
    description:
      - An icon to send with O(path), a PNG or JPEG file on the machine where the module runs.
    type: path
  notify_collaborators:
    description:
      - Whether Applivery mails the collaborators about the upload.
    type: bool
    default: false
  notify_employees:
    description:
      - Whether Applivery mails the employees about the upload.
    type: bool
    default: false
  notify_groups:
    description:
      - The groups to mail about the upload. Members of all groups of an inner list are meant, of any of these lists.
      - Sent in the form C(a,b|c), as the fastlane plugin does.
    type: list
    elements: list
  notify_message:
    description:
      - What the mail says.
    type: str
  notify_language:
    description:
      - The language of the mail. The API calls German V(ge); V(de) is the same.
    type: str
    choices: [de, en, es, fr, ge, it, pt, ru, zh]
  force:
    description:
      - With O(state=absent), delete the build although a publication is pinned to it. The publication stops serving it.
      - Without it the publications of every store of the organization are read before, or those of the app token.
      - Without it, a publication that does not show which builds it offers protects all of them. So does one that
        chooses builds in a way that the module does not know, unless it shows ids.
    type: bool
    default: false
requirements:
  - jmespath, for O(match.query)
notes:
  - Uploads through the Integrations API are well proven. For the Workspace API the documents disagree about the host
    and the name of the file field. The module uses O(upload_url) and C(build), and tries C(file) if the server refuses
    that. An app token with O(api=integrations) is the safer way.
  - For the Workspace API only the permission C(mad.build.management.update) is documented.
  - Applivery may delete builds by itself, as the retention settings of the app say.
  - Secrets that an uploader left in C(deployer.info), such as C(certificatePassphrase), are never returned.
seealso:
  - module: applivery.distribution.applivery_build_info
  - module: applivery.distribution.applivery_publication
"""

EXAMPLES = r"""
- name: Label the newest processed iOS build of a release branch
  applivery.distribution.applivery_build:
    match:
      os: ios
      git_branch: release/2.5
      status: processed
    version_name: 2.5.0
    tags: [candidate]
    tags_mode: append
    changelog: |
      Fix the crash on the settings screen.

- name: Upload what the CI built, unless it is there already
  applivery.distribution.applivery_build:
    path: /srv/ci/app-release.apk
    match:
      os: android
      git_commit: c157a79031e1c40f85931829bc5fc55229f3e904
    version_name: 2.5.0
    tags: [nightly]
    deployer:
      name: Example CI
      branch: main
      commit: c157a79031e1c40f85931829bc5fc55229f3e904
      commit_message: Fix the crash on the settings screen
  register: build

- name: Offer exactly this build
  applivery.distribution.applivery_publication:
    slug: my-app-nightly
    filter:
      type: build
      android: "{{ build.build_id }}"

- name: Say where a build comes from
  applivery.distribution.applivery_build:
    build_id: 5f7f1d2a9c1e4b0012ab34c1
    metadata:
      environment: staging
      ticket: 4711

- name: Stop downloads of a build
  applivery.distribution.applivery_build:
    build_id: 5f7f1d2a9c1e4b0012ab34c1
    disabled: true

- name: Set the script that runs after the installation, and leave the others alone
  applivery.distribution.applivery_build:
    build_id: 5f7f1d2a9c1e4b0012ab34c1
    default_scripts:
      post_install: |
        #!/bin/sh
        exit 0

- name: Only wait until the build is processed
  applivery.distribution.applivery_build:
    build_id: 5f7f1d2a9c1e4b0012ab34c1
    wait_timeout: 900

- name: Take the largest build of a version
  applivery.distribution.applivery_build:
    match:
      version_name: 2.5.0
      query: "max_by(@, &size)"
    tags: [full]

- name: Delete a build
  applivery.distribution.applivery_build:
    build_id: 5f7f1d2a9c1e4b0012ab34c1
    state: absent
"""

RETURN = r"""
build:
  description:
    - The build as it is now, or in check mode as it would be; null when it is absent.
    - Of the same shape as in M(applivery.distribution.applivery_build_info). What only the server can make, such as
      what it finds in an uploaded file, is null or missing in check mode.
  returned: success
  type: dict
  sample:
    id: 5f7f1d2a9c1e4b0012ab34c1
    status: processed
    os: android
    version_name: 2.5.0
    version_code: "205"
    tags: [nightly]
    changelog: Fix the crash on the settings screen.
    metadata: {}
    default_scripts: {}
    disabled: null
    deployer:
      name: Example CI
      info: {branch: main, commit: c157a79031e1c40f85931829bc5fc55229f3e904}
    created_at: "2026-06-07T08:05:00.000Z"
    updated_at: "2026-06-07T08:05:40.000Z"
  contains:
    id:
      description: Id of the build; null in check mode when it would be uploaded.
      type: str
    status:
      description: One of V(pending), V(in_progress), V(processed) and V(error). V(success) is shown as V(processed).
      type: str
    os:
      description: The system that the build is for.
      type: str
    version_name:
      description: The version name; null where there is none.
      type: str
    version_code:
      description: The version code that the package tells.
      type: str
    tags:
      description: The tags, sorted.
      type: list
      elements: str
    changelog:
      description: The release notes, without line breaks at the end; null where there are none.
      type: str
    metadata:
      description: Free data of the build; empty where there is none, and where the server does not return it.
      type: dict
    default_scripts:
      description: The scripts that are set; empty where there are none, and where the server does not return them.
      type: dict
    disabled:
      description: Whether the build can't be downloaded; null where the server does not return it.
      type: bool
    deployer:
      description: Who uploaded the build, and from what.
      type: dict
    created_at:
      description: When the build was uploaded, as the server writes it.
      type: str
    updated_at:
      description: When the build was last changed, as the server writes it; null in check mode when it would change.
      type: str
build_id:
  description: Id of the build; null in check mode when it would be uploaded, and when O(match) fits none to delete.
  returned: success
  type: str
  sample: 5f7f1d2a9c1e4b0012ab34c1
uploaded:
  description: Whether this run uploaded O(path), or would have in check mode.
  returned: success
  type: bool
  sample: false
previous:
  description: All that was read before the change.
  returned: when an existing build is changed or deleted
  type: dict
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
from ..module_utils._build.run import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
