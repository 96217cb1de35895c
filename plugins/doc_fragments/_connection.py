# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    # The options that every module of the collection shares.
    DOCUMENTATION = r"""
options:
  app_token:
    description:
      - App API Token of one app. It opens the Integrations API, which implies the app.
      - A token given as an option makes E(APPLIVERY_SERVICE_ACCOUNT_TOKEN) invisible.
      - If not set, the environment variable E(APPLIVERY_APP_TOKEN) is used. An empty variable counts as not set, for
        this and for every other option.
    type: str
  service_account_token:
    description:
      - Token of a Service Account. It opens the Workspace API, where O(organization) is needed too.
      - A token given as an option makes E(APPLIVERY_APP_TOKEN) invisible.
      - If not set, the environment variable E(APPLIVERY_SERVICE_ACCOUNT_TOKEN) is used.
    type: str
  organization:
    description:
      - Slug or id of the organization. The Workspace API needs it.
      - If not set, the environment variable E(APPLIVERY_ORGANIZATION) is used.
    type: str
  application:
    description:
      - Slug or id of the app. The Workspace API needs it where a path or a body holds it, which is for builds and for
        creating publications.
      - If not set, the environment variable E(APPLIVERY_APPLICATION) is used.
    type: str
  store:
    description:
      - Id of the store, for publications and OTP users in the Workspace API.
      - Left out, it is the only store of the organization; where there are several, the task fails and lists them.
      - If not set, the environment variable E(APPLIVERY_STORE) is used.
    type: str
  api:
    description:
      - Which of Applivery's two APIs to use, V(integrations) or V(workspace), or V(auto).
      - With V(auto) it is the Workspace API when a Service Account token and an organization are known, else the
        Integrations API when an app token is known, else an error.
      - An empty text counts as not given, as it does for all options here that are texts.
      - If not set, the environment variable E(APPLIVERY_API) is used.
    type: str
    default: auto
  api_url:
    description:
      - Base URL of the API, with or without C(/v1). Private tenants have their own.
      - Plain C(http) is refused unless the host is a loopback address.
      - If not set, the environment variable E(APPLIVERY_API_URL) is used, else E(APPLIVERY_APP_API_URL).
    type: str
    default: https://api.applivery.io
  upload_url:
    description:
      - Base URL that app builds are uploaded to, with or without C(/v1).
      - If not set, the environment variable E(APPLIVERY_UPLOAD_URL) is used, else E(APPLIVERY_APP_UPLOAD_URL).
    type: str
    default: https://upload.applivery.io
  validate_certs:
    description:
      - Whether to verify the server's TLS certificate. V(false) is warned about.
      - If not set, the environment variable E(APPLIVERY_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the certificates of a private certificate authority, or a folder of them.
      - It beats E(REQUESTS_CA_BUNDLE), which is respected otherwise, as are E(HTTPS_PROXY) and E(NO_PROXY).
      - If not set, the environment variable E(APPLIVERY_CA_PATH) is used.
    type: path
  api_timeout:
    description:
      - Seconds for one request, from connecting to the end of the answer. Connecting may take 15 of them at most.
      - If not set, the environment variable E(APPLIVERY_API_TIMEOUT) is used.
    type: int
    default: 60
  retry_timeout:
    description:
      - The most seconds that one request may spend on repetitions, waits included. V(0) means that nothing is repeated.
      - Reading, updating and deleting are repeated after broken connections and the statuses 429, 500, 502, 503 and
        504. Creating is repeated only when the server certainly did nothing; otherwise it is looked up first.
      - If not set, the environment variable E(APPLIVERY_RETRY_TIMEOUT) is used.
    type: int
    default: 120
requirements:
  - requests
"""

    # The same variables in the form that plugins other than modules declare them in.
    ENVIRONMENT = r"""
options:
  app_token:
    env:
      - name: APPLIVERY_APP_TOKEN
  service_account_token:
    env:
      - name: APPLIVERY_SERVICE_ACCOUNT_TOKEN
  organization:
    env:
      - name: APPLIVERY_ORGANIZATION
  application:
    env:
      - name: APPLIVERY_APPLICATION
  store:
    env:
      - name: APPLIVERY_STORE
  api:
    env:
      - name: APPLIVERY_API
  api_url:
    env:
      - name: APPLIVERY_API_URL
      - name: APPLIVERY_APP_API_URL
  upload_url:
    env:
      - name: APPLIVERY_UPLOAD_URL
      - name: APPLIVERY_APP_UPLOAD_URL
  validate_certs:
    env:
      - name: APPLIVERY_VALIDATE_CERTS
  ca_path:
    env:
      - name: APPLIVERY_CA_PATH
  api_timeout:
    env:
      - name: APPLIVERY_API_TIMEOUT
  retry_timeout:
    env:
      - name: APPLIVERY_RETRY_TIMEOUT
"""
