#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_otp_user_info
short_description: List people who enter Applivery publications with a one-time password
version_added: 1.0.0
description:
  - Lists OTP users of the store, or of one publication. Filters are exact; the module applies them itself, since the
    server's own filter for e-mail addresses finds parts of addresses too.
  - The allowance is shown in the words of M(applivery.distribution.applivery_otp_user), whichever form the server
    speaks.
  - Only the Workspace API knows OTP users, so that an app token is not enough.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.info_module
  - applivery.distribution._listing
  - applivery.distribution._connection
options:
  publication:
    description:
      - Id or slug of a publication. Only users whose own publication it is are returned.
      - Where the server does not show whose publication a user is, the list is the store's, which is warned about.
      - A publication that does not exist has no users, which is warned about too.
    type: str
  emails:
    description:
      - Only people with one of these addresses, compared as a whole and without regard to case.
      - An element may hold several addresses, divided by newlines, blanks, commas or semicolons.
    type: list
    elements: str
    aliases: [email]
notes:
  - Users disappear by themselves. A server may remove them 30 days after they were created, or after their first
    download.
  - Being on the list lets somebody in only if one-time passwords are switched on for the publication in the dashboard.
seealso:
  - module: applivery.distribution.applivery_otp_user
"""

EXAMPLES = r"""
- name: List the testers of a publication
  applivery.distribution.applivery_otp_user_info:
    publication: field-test
    query: "[].email"
  register: testers

- name: Where can this person still enter?
  applivery.distribution.applivery_otp_user_info:
    emails: [maria.lopez@studio.example]
  register: maria

- name: Who never entered?
  applivery.distribution.applivery_otp_user_info:
    publication: field-test
    query: "[?!last_login_date].email"
  register: silent
"""

RETURN = r"""
otp_users:
  description: The people who fit.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 5f7f1d2a9c1e4b0012ab34cf
      email: maria.lopez@studio.example
      published_application_id: 5f7f1d2a9c1e4b0012ab34cd
      allowed_downloads: -1
      single_use: false
      temporal: null
      last_login_date: null
      created_at: "2026-06-01T08:00:00.000Z"
  contains:
    id:
      description: Id of the user.
      type: str
    email:
      description: The address, as the server shows it.
      type: str
    published_application_id:
      description: Id of the publication that the user can enter; null where the server does not show it.
      type: str
    allowed_downloads:
      description: How many downloads are allowed, V(-1) for any number; null where the server does not show it.
      type: int
    single_use:
      description: Whether one download is allowed; null where the server does not show it.
      type: bool
    temporal:
      description: Whether the server removes the user after 30 days; null where the server does not show it.
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
    path: /v1/organizations/acme/stores/5f7f1d2a9c1e4b0012ab34ce/otp-users
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._otp_user.info import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
