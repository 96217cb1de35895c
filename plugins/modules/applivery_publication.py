#!/usr/bin/python

# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: applivery_publication
short_description: Manage a publication of Applivery
version_added: 1.0.0
description:
  - Creates, updates, renames and deletes a publication. That is the page from which testers install builds.
  - What the task does not mention is preserved. Applivery replaces the whole publication with every update, so the
    module reads it, merges, sends every writable field, reads it again and compares.
  - V("") and V([]) clear an option. Leaving an option out, or giving C(null), leaves the field alone.
  - Works with both APIs. See the guide on fields that are not mentioned for what happens to each of them.
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
      - O(update_password=always) writes in every run.
      - A value for a field that the server never shows can't be compared. It is written in every run, with a warning.
        A wish to clear such a field is taken for fulfilled, with a warning.
options:
  state:
    description:
      - With V(present) the publication is created when there is none, and updated when it differs.
      - With V(absent) it is deleted for good. Its address stops working at once, its builds stay.
        O(visibility=inactive) is the reversible alternative.
    type: str
    choices: [present, absent]
    default: present
  publication_id:
    description:
      - Id of an existing publication, 24 hexadecimal digits.
      - Exactly one of O(publication_id) and O(slug) is needed; an empty one counts as not given.
    type: str
  slug:
    description:
      - Slug of the publication, the last part of its address. It is compared exactly.
      - A publication that differs only in the case of its slug is another one, which is warned about.
      - 3 to 128 letters, digits and hyphens. One guide of Applivery allows lower case only.
    type: str
  new_slug:
    description:
      - Renames the publication. Links to the old address break.
      - Where only O(new_slug) exists, it was renamed before and is managed. Where both exist, the task fails before it
        writes anything. It never creates a publication.
    type: str
  visibility:
    description:
      - Whether the publication is in service, and listed in the store.
      - Needed to create a publication.
    type: str
    choices: [active, inactive, unlisted]
  security:
    description:
      - Who may enter. With V(public) everybody, with V(password) who knows O(password), with V(logged) who can log in.
      - Applivery's text on one-time passwords (OTP) speaks of C(private). The API has no such value; it is the word of
        the dashboard for V(logged), as far as the documents tell.
      - Needed to create a publication.
    type: str
    choices: [public, password, logged]
  password:
    description:
      - The password of a publication with O(security=password).
      - The server never shows it, so it can't be compared. Since an update replaces the whole publication, every update
        of a publication that is protected by a password, or becomes so, must carry it. Without it the task fails before
        it writes anything, in check mode too.
    type: str
  update_password:
    description:
      - With V(on_create) the password is sent when something else has to be written.
      - With V(always) it is a reason to write by itself, so that every run sends it and reports a change.
    type: str
    choices: [on_create, always]
    default: on_create
  allowed_countries:
    description:
      - ISO 3166-1 alpha-2 codes of the only countries with access. Order and case mean nothing. YAML reads V(NO) as a
        boolean, so quote it.
      - A code in wide use that the standard does not have, such as V(XK), is taken with a warning.
      - Giving one of the two country lists clears the other.
    type: list
    elements: str
  blocked_countries:
    description:
      - ISO 3166-1 alpha-2 codes of countries without access. Order and case mean nothing.
      - Giving one of the two country lists clears the other.
    type: list
    elements: str
  groups:
    description:
      - Groups of users who may enter a publication with O(security=logged).
      - A user needs all groups of an inner list (AND), and any of the inner lists will do (OR). Order means nothing.
      - A name is a text or an integer. Anything else is refused, so quote names such as V(yes), V(no) and V(1.10).
    type: list
    elements: list
  activate_user_audiences:
    description:
      - Whether access is given by audiences.
    type: bool
  user_audience_map:
    description:
      - The audiences. The list is replaced as a whole, its order means nothing, and each may be named once.
    type: list
    elements: dict
    suboptions:
      id:
        description: Id of the audience. Case means nothing.
        type: str
        required: true
      notify_new_builds_processed:
        description:
          - Whether its users get mail when a new build is processed.
          - Left out, an audience that is on the list already keeps its setting, and a new one gets no mail.
        type: bool
  expiration_date:
    description:
      - When downloads end. A date such as V(2026-12-31) means the end of that day in UTC; a timestamp needs an offset,
        such as V(2026-12-31T18:00:00+01:00). Dates are compared as instants.
      - V("") removes the expiration.
    type: str
  filter:
    description:
      - Which builds testers get. It is one value, replaced as a whole, so that nothing of a former choice stays.
        O(filter_mode=merge) keeps the builds of platforms that are not named.
      - Needed to create a publication.
    type: dict
    suboptions:
      type:
        description:
          - V(last) is the newest build of each platform.
          - V(build) pins one build for each platform with O(filter.ios), O(filter.android), O(filter.macos) and
            O(filter.windows).
          - V(builds) pins builds with O(filter.builds), which has room for more platforms.
          - V(gitBranch), V(gitTag) and V(tag) are the newest build with O(filter.value).
        type: str
        choices: [last, build, builds, gitBranch, gitTag, tag]
        required: true
      value:
        description: The branch, git tag or tag.
        type: str
      ios:
        description: Id of the build for iOS.
        type: str
      android:
        description: Id of the build for Android.
        type: str
      macos:
        description: Id of the build for macOS.
        type: str
      windows:
        description: Id of the build for Windows.
        type: str
      builds:
        description: One build for each platform. Order means nothing.
        type: list
        elements: dict
        suboptions:
          build_platform:
            description:
              - The platform, such as V(ios), V(android), V(macos), V(windows), V(ps5), V(switch) or V(xbox-series).
                The set is open.
            type: str
            required: true
          id:
            description: Id of the build.
            type: str
  filter_mode:
    description:
      - With V(replace) the publication gets exactly O(filter).
      - With V(merge) platforms that O(filter) does not name keep the build that they are pinned to. It matters where
        O(filter.type) is V(build) or V(builds) and the publication uses either of them. The publication keeps the form
        that it uses, whichever of the two the task writes; a platform for which V(build) has no key is refused.
      - Where either of them chooses builds in another way, V(merge) is the same as V(replace).
    type: str
    choices: [replace, merge]
    default: replace
  tags:
    description: Tags of the publication. Order means nothing.
    type: list
    elements: str
  show_history:
    description: Whether users can browse and install former builds. Without effect where builds are pinned.
    type: bool
  show_dev_info:
    description: Whether users see technical information on builds, such as git metadata.
    type: bool
  hide_attached_files:
    description: Whether files attached to builds are hidden. Only one of Applivery's two documents has this field.
    type: bool
  terms:
    description: Legal terms that users must accept. Each key is merged by itself.
    type: dict
    suboptions:
      active:
        description: Whether users must accept them.
        type: bool
      text:
        description: The text. There must be one while O(terms.active=true).
        type: str
  configuration:
    description: What the publication shows instead of the app's own. Each key is merged by itself.
    type: dict
    suboptions:
      application:
        description: Texts.
        type: dict
        suboptions:
          name:
            description: Name of the app.
            type: str
          description:
            description: Description of the app.
            type: str
      branding:
        description: Looks.
        type: dict
        suboptions:
          logo:
            description: The logo.
            type: str
          primary_color:
            description: Colour in the form C(#RRGGBB). Case means nothing.
            type: str
          button_color:
            description: Colour in the form C(#RRGGBB). Case means nothing.
            type: str
  unreturned_fields:
    description:
      - What to do about writable fields that the server does not show. Such a field counts as unset, but may be set.
      - Before an update it concerns fields that may be reset, since the update replaces the whole publication. Left out
        are fields that the task names, that another field excludes, and that the server shows for any other
        publication read in the same run.
      - With or without an update it concerns fields that the task clears, and that nothing read of this publication
        shows, so that nobody can tell whether they are clear.
      - V(warn) says which fields these are, V(fail) refuses. V(fail_on_guards) refuses where the field guards access,
        which O(allowed_countries), O(blocked_countries), O(groups), O(activate_user_audiences), O(user_audience_map)
        and O(expiration_date) do, and warns of the others. V(ignore) says nothing.
    type: str
    choices: [warn, fail, fail_on_guards, ignore]
    default: warn
notes:
  - Blanks and line breaks at the edges of a text mean nothing. It is sent as typed.
  - Where the answer to a write gets lost, the publication is read again. The write is believed only where that shows
    it. Else the task fails, and C(changed) is true where something may have been written.
  - Ansible masks O(password) inside other values, too. Where it occurs in what is returned, the module warns. The text
    that Ansible puts in the place of a secret is refused as a value of any option.
  - A change that lets more people in is always named in a warning. Nothing opens without being asked for.
  - Somebody else's edit between reading and writing is noticed, and the plan is made again. The API has no way to
    exclude such an edit completely.
  - Whether OTP is on for a publication is set in the dashboard; no field of the API is known for it.
seealso:
  - module: applivery.distribution.applivery_publication_info
  - module: applivery.distribution.applivery_build
  - module: applivery.distribution.applivery_otp_user
"""

EXAMPLES = r"""
- name: Offer the newest build of a branch to the QA team until the end of the year
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    visibility: active
    security: logged
    groups:
      - [qa-team]
      - [developers, mobile]
    filter:
      type: gitBranch
      value: develop
    expiration_date: "2026-12-31"

- name: Pin exactly these builds
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    filter:
      type: build
      ios: 5f7f1d2a9c1e4b0012ab34c1
      android: 5f7f1d2a9c1e4b0012ab34c2

- name: Move iOS to another build and leave the other platforms where they are
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    filter:
      type: build
      ios: 5f7f1d2a9c1e4b0012ab34c9
    filter_mode: merge

- name: Pin builds of platforms beyond the four
  applivery.distribution.applivery_publication:
    slug: my-game
    filter:
      type: builds
      builds:
        - build_platform: ps5
          id: 5f7f1d2a9c1e4b0012ab34c3

- name: Limit access to two countries
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    allowed_countries: [ES, PT]

- name: Keep two countries out instead
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    blocked_countries: [KP, "NO"]

- name: Protect a publication by a password from the vault
  applivery.distribution.applivery_publication:
    slug: my-app-press
    visibility: unlisted
    security: password
    password: "{{ vault_press_password }}"
    filter:
      type: last

- name: Give access to an audience and mail it when a build is processed
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    activate_user_audiences: true
    user_audience_map:
      - id: 5f7f1d2a9c1e4b0012ab34d1
        notify_new_builds_processed: true

- name: Show terms, history and branding
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    terms:
      active: true
      text: For evaluation only.
    show_history: true
    show_dev_info: false
    hide_attached_files: true
    tags: [staging]
    configuration:
      application:
        name: My App (staging)
      branding:
        primary_color: "#FF5733"

- name: Remove the expiration and the country limits
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    expiration_date: ""
    allowed_countries: []

- name: Rename
  applivery.distribution.applivery_publication:
    slug: my-app-staging
    new_slug: my-app-beta

- name: Delete
  applivery.distribution.applivery_publication:
    slug: my-app-beta
    state: absent
"""

RETURN = r"""
publication:
  description:
    - The publication as it is now, or in check mode as it would be; null when it is absent.
    - Every option of this module that describes the publication is there, empty or null where it is unset or not shown
      by the server. What only the server can make is null in check mode.
  returned: success
  type: dict
  sample:
    id: 5f7f1d2a9c1e4b0012ab34cd
    slug: my-app-staging
    visibility: active
    security: logged
    groups: [[qa-team]]
    filter: {type: gitBranch, value: develop}
    expiration_date: "2026-12-31T23:59:59Z"
    distribution_url: https://acme.applivery.io/my-app-staging
publication_id:
  description: Id of the publication; null in check mode when it would be created.
  returned: success
  type: str
  sample: 5f7f1d2a9c1e4b0012ab34cd
distribution_url:
  description: Public address of the publication; null in check mode where only the server can make it.
  returned: success
  type: str
  sample: https://acme.applivery.io/my-app-staging
previous:
  description:
    - All that was read before the change, so that nothing is lost. The password is not among it.
    - Returned as well when the task fails after it had read the publication and began to write.
  returned: when an existing publication is changed or deleted
  type: dict
failure:
  description: What the server said, for a playbook to decide on.
  returned: failure
  type: dict
  sample:
    code: 5024
    message: Slug already used
    status: 400
    method: PUT
    path: /v1/integrations/distributions/5f7f1d2a9c1e4b0012ab34cd
    fields: []
    attempts: 1
"""

from ..module_utils._module import run_module
from ..module_utils._publication.run import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
