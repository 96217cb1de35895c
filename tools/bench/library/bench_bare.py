# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs when its module sends one GET with requests, and nothing else."""

from __future__ import annotations

import requests
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={"url": {"type": "str"}, "token": {"type": "str", "no_log": True}})
answer = requests.Session().get(
    module.params["url"], headers={"Authorization": "Bearer " + module.params["token"]}, timeout=60
)
module.exit_json(changed=False, publication=answer.json()["data"])
