#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_application_info
short_description: List the apps of an organization in Applivery
version_added: 1.0.0
description:
  - Lists the apps of an organization with their ids and slugs, platforms and notification settings. Those decide who is
    mailed when a build is published.
  - Filters are exact. The module applies them itself, whatever the server makes of them.
  - Only the Workspace API can list apps. M(applivery.distribution.applivery_workspace_info) tells which app an app
    token belongs to.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._listing
  - applivery.distribution._connection
options:
  name:
    description:
      - Only apps with exactly this name. Several apps may have the same.
    type: str
  slug:
    description:
      - Only the app with exactly this slug.
      - O(application) does not filter, since a credential may set it for other tasks.
    type: str
  platform:
    description:
      - Only apps that have builds for this platform, such as V(ios), V(android), V(macos), V(windows) or V(ps5).
    type: str
seealso:
  - module: applivery.distribution.applivery_workspace_info
  - module: applivery.distribution.applivery_build_info
"""

EXAMPLES = r"""
- name: Find the id of an app by its name
  applivery.distribution.applivery_application_info:
    name: Example App
  register: found

- name: List its builds
  applivery.distribution.applivery_build_info:
    application: "{{ found.applications[0].id }}"
  when: found.applications | length == 1

- name: Which apps mail external testers when a build is published?
  applivery.distribution.applivery_application_info:
    query: "[?notifications.new_build_notify_otp_users].slug"
  register: mailing
"""

RETURN = r"""
applications:
  description: The apps that fit.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34d0
      name: Example App
      slug: example-app
      oss: [ios, android]
      build_platforms: [ios, android]
      notifications:
        new_build_notify_collaborators: false
        new_build_notify_employees: false
        new_build_notify_otp_users: true
  contains:
    id:
      description: Id of the app.
      type: str
    name:
      description: Name of the app.
      type: str
    slug:
      description: Slug of the app; the O(application) of other modules.
      type: str
    oss:
      description: The systems of the app; null where the server does not show them.
      type: list
      elements: str
    build_platforms:
      description: The platforms that builds can be uploaded for; null where the server does not show them.
      type: list
      elements: str
    notifications:
      description: Who is mailed about new builds and feedback; null where the server does not show it.
      type: dict
      contains:
        new_build_notify_collaborators:
          description: Whether collaborators are mailed about a new build.
          type: bool
        new_build_notify_employees:
          description: Whether employees are mailed about a new build.
          type: bool
        new_build_notify_otp_users:
          description: Whether OTP users are mailed about a new build.
          type: bool
        new_build_message:
          description: What the mail says.
          type: str
        new_feedback_notify_collaborators:
          description: Whether collaborators are mailed about feedback.
          type: bool
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
    path: /v1/organizations/acme/apps
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._workspace.application import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
