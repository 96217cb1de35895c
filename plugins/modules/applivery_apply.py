#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What this describes is done by the action of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_apply
short_description: Make Applivery match files, or what was there before
version_added: 1.1.0
description:
  - Takes a folder of declared publications and testers and makes Applivery match. In check mode it tells what differs,
    and writes nothing.
  - All files are read and checked first, by a JSON Schema and by the rules of the modules; every mistake is told with
    file and line, and then nothing is sent.
  - Every file is compared, many at a time, and only what differs is written, one by one, publications before people.
    When one fails the others go on; the task then fails and names those that failed.
  - With O(saved) it brings back what C(previous) of earlier results says was there, such as publications that were
    changed or deleted, labels of builds, and testers who were removed.
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
      - A folder with C(publications/*.yml) and C(testers/*.yml) or C(testers/*.csv).
      - Their form is described by the schemas C(docs/schema/publication.json) and C(docs/schema/testers.json), which
        M(applivery.distribution.applivery_export) writes beside them too.
    type: path
  saved:
    description:
      - A file with the result of a task of this collection, or several, as JSON or YAML. Everything in it that has
        C(previous) is restored.
      - A publication that was deleted is created again and gets a new id. A build that was deleted can't come back.
    type: path
  passwords:
    description:
      - The passwords of publications, by the name that a file gives as C(password_variable).
      - An update of a publication with a password needs it; without a change it is not used.
    type: dict
  unreturned_fields:
    description: As in M(applivery.distribution.applivery_publication), for all publications.
    type: str
    choices: [warn, fail, fail_on_guards, ignore]
    default: warn
  undeclared:
    description: What to do about publications that no file is about.
    type: str
    choices: [report, fail, ignore]
    default: report
  concurrency:
    description: How many requests may be under way at once while comparing, 1 to 32.
    type: int
    default: 8
notes:
  - Of people the result holds numbers alone, since job logs are read by many.
seealso:
  - module: applivery.distribution.applivery_export
  - module: applivery.distribution.applivery_publication
  - module: applivery.distribution.applivery_otp_user
"""

EXAMPLES = r"""
- name: See what differs
  applivery.distribution.applivery_apply:
    folder: applivery
  check_mode: true
  register: drift

- name: Make it so
  applivery.distribution.applivery_apply:
    folder: applivery
    passwords:
      applivery_password_example_app_beta: "{{ vault_beta_password }}"

- name: Bring back what a task changed by mistake
  applivery.distribution.applivery_apply:
    saved: result.json
"""

RETURN = r"""
results:
  description: How each file ended, or in check mode would end.
  returned: success, and failure after the files were read
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(publications), V(testers) and V(builds).
      type: str
    file:
      description: The file, below the folder.
      type: str
    name:
      description: The slug of the publication, or the id of the build.
      type: str
    action:
      description: One of V(created), V(updated), V(unchanged) and V(failed).
      type: str
    msg:
      description: Why it failed, or what was done.
      type: str
    publication_id:
      description: The id of the publication.
      type: str
    changes:
      description: By option, what was found and what is declared.
      type: dict
    counts:
      description: For testers, how many were created, updated, removed and left.
      type: dict
    since:
      description: When what was found was last written, as far as the server shows it.
      type: str
    previous:
      description: What was there before a change, to be given back as O(saved).
      type: dict
undeclared:
  description: Publications that no file is about.
  returned: success, and failure after the files were read
  type: list
  elements: dict
counts:
  description: How many files were created, updated, unchanged and failed, and how many publications are undeclared.
  returned: success, and failure after the files were read
  type: dict
differs:
  description: Whether anything differs from the files, or could not be compared.
  returned: success, and failure after the files were read
  type: bool
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
