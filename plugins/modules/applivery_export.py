#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What this describes is done by the action of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_export
short_description: Write what Applivery holds as files
version_added: 1.1.0
description:
  - Writes each publication, and when asked for each list of testers, as a file that
    M(applivery.distribution.applivery_apply) takes. Applying it right away changes nothing, and exporting
    again writes the same bytes.
  - A file holds every field that the server shows. What it does not show, and what this collection has no option for,
    stands in comments. Ids of builds have a comment that says which build it is.
  - No secret is written. For a publication with a password there is the name of a variable to fill.
  - With an app token the publications of that app are written; with a Service Account those of the store, or of
    O(application) where it is given.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.controller
  - applivery.distribution._attributes.state_module
  - applivery.distribution._connection
attributes:
  idempotent:
    support: full
options:
  folder:
    description:
      - Where to write. The folders C(publications), C(testers) and C(schema) are made in it.
      - Files that are there and belong to nothing any more stay; look at RV(files) for those that belong.
    type: path
    required: true
  people:
    description:
      - Whether to write who may enter, with their addresses. It needs a Service Account.
      - Where the server does not show which publication somebody belongs to, that entry is in no file.
    type: bool
    default: false
  concurrency:
    description: How many requests may be under way at once, 1 to 32.
    type: int
    default: 8
seealso:
  - module: applivery.distribution.applivery_apply
"""

EXAMPLES = r"""
- name: Bring everything into files
  applivery.distribution.applivery_export:
    folder: applivery
    people: true
  register: export

- name: Tell how many there are
  ansible.builtin.debug:
    msg: "{{ export.files | length }} files, {{ export.written | length }} of them new or changed"
"""

RETURN = r"""
files:
  description: The files that belong to what is there, as names below the folder.
  returned: success
  type: list
  elements: str
  sample: [publications/example-app-beta.yml]
written:
  description: Those that were written, or in check mode would be, schemas included.
  returned: success
  type: list
  elements: str
folder:
  description: The folder.
  returned: success
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
    path: /v1/organizations/acme/stores/5f7f1d2a9c1e4b0012ab34ce/pubApps
    fields: []
    attempts: 1
"""
