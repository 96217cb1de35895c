#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_workspace_info
short_description: Tell what a token of Applivery reaches
version_added: 1.0.0
description:
  - Answers in one task who the token belongs to, which stores and apps are there with their ids and slugs, which limits
    apply, and which modules of this collection the token can be used with.
  - What the token must not read is null, with a warning that names the permission. The task fails only when nothing at
    all can be read.
  - Works with both APIs. An app token knows neither the organization nor its stores; it shows its app, as far as a
    build or a publication names it.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._connection
notes:
  - Whether a token may write can't be seen without writing. A module is called usable when what it manages can be
    listed.
  - Builds are looked at in O(application), else in the first app; publications and OTP users in O(store), else in the
    first store.
seealso:
  - module: applivery.distribution.applivery_application_info
  - module: applivery.distribution.applivery_build_info
  - module: applivery.distribution.applivery_publication_info
"""

EXAMPLES = r"""
- name: Ask what my token reaches
  applivery.distribution.applivery_workspace_info:
  register: mine

- name: Stop early where testers can't be managed
  ansible.builtin.assert:
    that: "'applivery_otp_user' in mine.usable_modules"
    fail_msg: "{{ mine.unusable_modules.applivery_otp_user | default('') }}"

- name: List the builds of every app
  applivery.distribution.applivery_build_info:
    application: "{{ item.slug }}"
    limit: 5
  loop: "{{ mine.applications }}"
  loop_control:
    label: "{{ item.slug }}"
"""

RETURN = r"""
api:
  description: Which of the two APIs was used, V(workspace) or V(integrations).
  returned: success
  type: str
  sample: workspace
organization:
  description: The organization; null with an app token, or where it can't be read.
  returned: success
  type: dict
  sample:
    id: 5f7f1d2a9c1e4b0012ab34ff
    name: Acme Corporation
    slug: acme
stores:
  description: The stores of the organization; null with an app token, or where they can't be listed.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34ce
      security: logged
      custom_domain: null
applications:
  description:
    - The apps, in the shape of M(applivery.distribution.applivery_application_info), as the server lists them.
    - With an app token its only app; null where neither a build nor a publication names it.
    - Null where they can't be listed.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34d0
      name: Example App
      slug: example-app
limits:
  description: Limits of the plan, such as the publications of an app; null where they are not shown.
  returned: success
  type: dict
  sample:
    max_publications_per_app: 20
allows:
  description: What the plan allows; null where it is not shown.
  returned: success
  type: dict
  sample:
    password_apps: true
    logged_apps: true
usable_modules:
  description: Names of the modules of this collection that the token can be used with, as far as reading tells.
  returned: success
  type: list
  elements: str
  sample: [applivery_build, applivery_build_info, applivery_workspace_info]
unusable_modules:
  description: The other modules, each with the reason.
  returned: success
  type: dict
  sample:
    applivery_otp_user: "only the Workspace API can do this: give service_account_token and organization"
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: 4001
    message: Unauthorized
    status: 403
    method: GET
    path: /v1/organizations/acme/workspace
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._workspace.info import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
