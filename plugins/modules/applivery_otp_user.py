#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_otp_user
short_description: Let external testers into a publication of Applivery with a one-time password
version_added: 1.0.0
description:
  - Puts people on the list of a publication, and takes them off. Who is on it can enter with a code that comes by mail,
    without an account.
  - One task takes many people. The list is read once, only what differs is written, and several requests run at the
    same time. A task per person in a loop would read the list for each of them.
  - Whose failure it may be, the others are done all the same. The task then fails, and RV(users) tells every person's
    outcome. Running the task again does the rest.
  - Only the Workspace API knows OTP users, so an app token is not enough.
author:
  - Applivery distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._attributes
  - applivery.distribution._attributes.state_module
  - applivery.distribution._connection
attributes:
  idempotent:
    support: full
    details:
      - The server itself takes people off the list, after a download or after 30 days. Then there is something to do
        again; see the notes.
options:
  state:
    description:
      - With V(present) the people are put on the list, unless their O(access_until) has passed.
      - With V(absent) they are taken off it. A publication that does not exist has no list, so nothing changes and
        there is a warning; with O(strict) the task fails.
    type: str
    choices: [present, absent]
    default: present
  publication:
    description:
      - Id or slug of the publication. What has 24 hexadecimal digits is taken for an id.
      - Exactly one of O(publication), O(publications) and O(everywhere) says where.
      - A slug costs a request more. An id is looked up only where nobody is shown to be on the list of this publication
        and nothing else would tell in time that the id is wrong. That is in check mode, before somebody leaves a list
        or gets another allowance, where there is nobody to let in, and where the server's form of letting people in
        can't name a publication.
    type: str
  publications:
    description:
      - Ids or slugs of several publications from which people leave.
      - Only where people do nothing but leave, which is with O(state=absent), or with O(admit=never) and without
        O(exclusive). The list of the store is read once, and once more at the end, which proves that they left.
    version_added: 1.1.0
    type: list
    elements: str
  everywhere:
    description:
      - People leave all publications, and the list of the store. Without O(store), of all stores of the organization.
      - Only where O(publications) could be given.
    version_added: 1.1.0
    type: bool
    default: false
  strict:
    description:
      - Takes nothing for granted when people are taken off. A publication that does not exist is refused before
        anything is written. Whoever was on none of the lists fails, for the address may be mistyped and somebody else
        stay; the others leave all the same. At the end the list is read again, and whoever is still on it fails.
      - Run again, the task fails, for then nobody is there any more.
      - Only with O(state=absent).
    version_added: 1.1.0
    type: bool
    default: false
  emails:
    description:
      - Addresses. An element may hold several of them, divided by newlines, blanks, commas or semicolons, as the
        answer to a survey does. Empty elements count for nothing.
      - Compared without regard to case. An internationalised domain is the same in its ASCII form, in which it is sent.
      - One person named twice counts once; with different settings it is an error.
      - All addresses are looked at before the first request, and all wrong ones are named.
    type: list
    elements: str
    aliases: [email]
  users:
    description:
      - People with settings of their own. Where one is left out, the option of the same name beside it applies.
    type: list
    elements: dict
    suboptions:
      email:
        description:
          - One address.
        type: str
        required: true
      allowed_downloads:
        description:
          - As O(allowed_downloads). It also takes the place of O(single_use).
        type: int
      single_use:
        description:
          - As O(single_use). It also takes the place of O(allowed_downloads).
        type: bool
      temporal:
        description:
          - As O(temporal).
        type: bool
      access_until:
        description:
          - As O(access_until).
        type: str
      invitation:
        description:
          - As O(invitation).
        version_added: 1.1.0
        type: str
  allowed_downloads:
    description:
      - How many downloads a person gets, 1 or more, or V(-1) for no limit. Without this and O(single_use) it is V(-1).
      - In O(users) V(0) is possible too, so that what RV(users[].previous) holds can be given back.
      - A server that knows only whether access is for a single use can express V(1) and V(-1). Anything else is then
        refused before anything is written.
      - Not together with O(single_use) for one person.
    type: int
  single_use:
    description:
      - Another name for O(allowed_downloads). V(true) is one download, V(false) is no limit.
    type: bool
  temporal:
    description:
      - Whether the server takes the person off the list after 30 days. Left out, the server decides; in the form of the
        API that has this field, its default is V(true).
      - A server whose users have a number of downloads instead can't express this, so that both V(true) and V(false)
        are refused before anything is written, for whoever is to be let in, and with O(update_allowance=always) for
        whoever is on the list.
    type: bool
  access_until:
    description:
      - Until when the person may enter. Once it has passed, the person is taken off the list when the task runs, and is
        not put on it again.
      - A date, which means the end of that day in UTC, or a timestamp with an offset from UTC.
      - Applivery does not know it. Nothing happens at that moment unless a task runs then or later.
    type: str
  admit:
    description:
      - Whether people who are wanted and not on the list are let in.
      - With V(always) they are. Access that ended by itself, with the last download or after 30 days, is then given
        again by every run, which the task warns about.
      - With V(never) nobody is let in. The task ends what has to end, and with O(exclusive) removes whom it does not
        name. It is what a nightly run needs.
      - With V(once) whoever was let in before, and is gone, is not let in again. O(ledger) remembers it.
    version_added: 1.1.0
    type: str
    choices: [always, never, once]
    default: always
  ledger:
    description:
      - A file in which is remembered who was let in. Needed with O(admit=once); with V(always) it is only kept.
      - It is a file on the machine on which the module runs, which is the controller. In an execution environment it
        must lie on a volume that lasts. Where there is none yet it is begun, with a warning. The folder must exist.
      - It holds no addresses, only a keyed hash of each, with organization, store, publication, invitation, the first
        and the last admission and their number. Keep it as carefully as a list of names all the same.
      - A run that may write is alone with the file until it ends; another one waits, for up to ten minutes. Every
        request is written down before it is sent. Where it is not known what became of one, for a run was killed or the
        server did not answer, and the person is not on the list, the person counts as let in and is named in a warning.
      - A file that can't be read stops the task before anything is written. Check mode reads it and writes nothing.
      - Whoever is found on the list, and is not in the file, is taken for let in.
    version_added: 1.1.0
    type: path
  invitation:
    description:
      - A text of your choice that stands for one invitation of a person, by default V(1). With O(admit=once) a value
        that was not used for this person and publication before lets in again.
      - On somebody who is still on the list it has no effect, until that access ended.
    version_added: 1.1.0
    type: str
  exclusive:
    description:
      - Also removes everybody on the list of this publication whom the task does not name. Nobody on the list of
        another publication is ever touched.
      - Where the server does not show whose publication a user is, it is refused before anything is written. On an
        empty list that is seen only when the first person is let in, who is then taken off again.
      - Only with O(state=present).
    type: bool
    default: false
  max_removals:
    description:
      - How many people O(exclusive) may remove, as a number, or as a percentage of the people on the list, rounded
        down, such as V(20%). More than that is refused before anything is written, for the list may have been read by
        mistake.
      - Left out, it is half of the list, but at least 5 people.
      - People whom the task names, and whose O(access_until) has passed, do not count.
    version_added: 1.1.0
    type: str
  allow_empty:
    description:
      - Allows O(exclusive) with nobody named, which removes everybody, as far as O(max_removals) goes.
    type: bool
    default: false
  update_allowance:
    description:
      - What to do about people who are on the list with another allowance than the task says.
      - With V(never) it is neither raised nor lowered, since it may be what is left of it. The difference is told in
        RV(users[].msg) and in a warning, and so is what the server does not show and can't be compared.
      - With V(always) it is set. Whoever has neither O(allowed_downloads) nor O(single_use) is left as they are. Only
        the number of downloads can be updated; a difference that the server can't be asked to remove is refused before
        anything is written. Where downloads count down, every run gives new ones, which is warned about.
    type: str
    choices: [never, always]
    default: never
  concurrency:
    description:
      - How many requests may run at the same time, from 1 to 32. When the server asks to wait, all of them wait.
    type: int
    default: 8
  quiet:
    description:
      - With V(true) no warning, no message and no diff names people. Addresses, and what stands in quotes in a message,
        are left out of them, and the diff is empty.
      - What is returned for each person stays in RV(users). The keyword C(no_log) keeps it, and what the task was
        given, from output and from the job events of AWX. RV(counts) names nobody.
    type: bool
    default: false
    version_added: 1.1.0
notes:
  - Being on the list lets somebody in only while OTP is switched on for the publication. That is done in the dashboard;
    no field of the API for it is known.
  - A person with limited downloads vanishes from the list after the last one, and a temporal one after 30 days. A task
    that runs regularly lets such a person in again each time, unless O(admit) says otherwise.
  - "A schedule has one of three forms. With O(admit=never) it only ends access, and people are let in by a task of its
    own. With O(admit=once) and O(ledger) it lets in each person once per invitation. With O(admit=always) it is safe
    for people with an O(access_until), without a limit of downloads, and with O(temporal=false) where the server knows
    it."
  - The API documents two forms of an OTP user. For each person the form is taken that names the publication, unless the
    person's wish needs the other one. Which of them the server has is learnt from its list, then from its first answer.
    In the form with O(temporal) nothing can name the publication, which is warned about.
  - A user that shows no publication is on the list of the store. Whoever is on that list counts as being on the list of
    the publication, and removing takes away access to the whole store. Both are warned about.
  - On a list of several pages somebody may slip past the reader while others come and go. So whoever was not found
    there is looked up by address, before being let in or taken for absent.
  - Whether people are mailed when they are put on the list is not documented. On a new build they are, if
    C(new_build_notify_otp_users) of the app is on; see M(applivery.distribution.applivery_application_info).
seealso:
  - module: applivery.distribution.applivery_otp_user_info
  - module: applivery.distribution.applivery_publication
"""

EXAMPLES = r"""
- name: Let in the testers of a studio until the end of the test
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    emails:
      - ana@studio.example
      - ben@studio.example
    access_until: "2026-12-31"

- name: The list is exactly this, whatever it was
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users:
      - email: ana@studio.example
        access_until: "2026-12-31"
      - email: carla@agency.example
        access_until: "2026-11-30T18:00:00+01:00"
    exclusive: true

- name: Invite one person to one download, in a playbook that runs once
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    email: reviewer@freelance.example
    single_use: true

- name: In a nightly run, let in each person once, and end what has to end
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users:
      - email: ana@studio.example
        allowed_downloads: 1
        access_until: "2026-12-31"
      - email: carla@agency.example
        allowed_downloads: 1
        access_until: "2026-12-31"
        invitation: second round
    admit: once
    ledger: /var/lib/applivery/ledger.json

- name: In a nightly run, only end what has to end
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users: "{{ lookup('ansible.builtin.file', 'testers.csv') | applivery.distribution.tester_list(form='users') }}"
    admit: never

- name: End somebody's access everywhere, and prove it
  applivery.distribution.applivery_otp_user:
    everywhere: true
    email: ana@studio.example
    state: absent
    strict: true

- name: Give back what the last run took away
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    users: "{{ last_run.users | map(attribute='previous') | select }}"

- name: Take people off the list, as a survey names them
  applivery.distribution.applivery_otp_user:
    publication: my-app-testers
    emails: |
      ana@studio.example
      ben@studio.example, carla@agency.example
    state: absent
"""

RETURN = r"""
users:
  description:
    - Every person's outcome, in the order of the task, then those whom O(exclusive) removed, by address. It is returned
      when the task fails for some of them, too.
    - With O(publications), O(everywhere) and O(strict) there is an element for each person and publication.
  returned: when the list could be read and the task was not refused
  type: list
  elements: dict
  sample:
    - email: ana@studio.example
      action: created
      id: 5f7f1d2a9c1e4b0012ab34cf
      msg: ""
      publication_id: 5f7f1d2a9c1e4b0012ab34cd
      previous: null
    - email: carla@agency.example
      action: removed
      id: 5f7f1d2a9c1e4b0012ab34ce
      msg: not named by the task
      publication_id: 5f7f1d2a9c1e4b0012ab34cd
      previous:
        email: carla@agency.example
        allowed_downloads: 3
    - email: ben@studio.example
      action: failed
      id: null
      msg: "could not create the OTP user (POST /v1/organizations/acme/stores/5f7f1d2a9c1e4b0012ab34aa/otp-users):
        HTTP 400, code 6001: Database validation error."
      publication_id: 5f7f1d2a9c1e4b0012ab34cd
      previous: null
  contains:
    email:
      description: The address, as the task names it. It is null for somebody whose address the server does not show.
      type: str
    action:
      description: One of V(created), V(updated), V(removed), V(unchanged) and V(failed).
      type: str
    id:
      description: Id of the OTP user. It is null where there is none, and for those whom check mode would create.
      type: str
    msg:
      description:
        - What there is to know about it, such as the server's reason for a failure, or C(was not there). It may be
          empty.
      type: str
    publication_id:
      description: Id of the publication. It is null for the list of the store, and where there is no publication.
      type: str
    previous:
      description:
        - What was taken away from somebody removed or updated, in the form of an element of O(users), which gives it
          back. Null for everybody else. What the server does not show is not in it.
      type: dict
remaining:
  description:
    - Who is on one of the lists all the same, as a closing read shows. It is empty when everybody has left.
  returned: with O(publications), O(everywhere) or O(strict), when it is no check mode and the closing read succeeded
  type: list
  elements: dict
  sample: []
  contains:
    email:
      description: The address, as the task names it.
      type: str
    publication_id:
      description: Id of the publication. It is null for the list of the store.
      type: str
    id:
      description: Id of the OTP user.
      type: str
counts:
  description: How many people had which outcome.
  returned: when RV(users) is
  type: dict
  contains:
    created:
      description: People put on the list.
      type: int
    updated:
      description: People whose number of downloads was set.
      type: int
    removed:
      description: People taken off the list.
      type: int
    unchanged:
      description: People for whom there was nothing to do.
      type: int
    failed:
      description: People for whom it failed.
      type: int
  sample:
    created: 1
    updated: 0
    removed: 0
    unchanged: 998
    failed: 1
publication_id:
  description: Id of the publication. It is null when there is none, or when there are several.
  returned: when RV(users) is
  type: str
  sample: 5f7f1d2a9c1e4b0012ab34cd
msg:
  description: The counts in words, and what else somebody needs to get in. On failure, what failed for whom and why.
  returned: always
  type: str
failure:
  description: What the server said, for a playbook to decide on; where several people failed, about the first of them.
  returned: failure
  type: dict
  sample:
    code: 6001
    message: Database validation error
    status: 400
    method: POST
    path: /v1/organizations/acme/stores/5f7f1d2a9c1e4b0012ab34aa/otp-users
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._otp_user.run import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
