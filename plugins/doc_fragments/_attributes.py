# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    # What every module declares; check_mode, diff_mode and idempotent come from one of the two parts below.
    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
    details:
      - With the connection C(local), without C(become) and C(async), and with the Python that runs Ansible, the whole
        task runs inside Ansible's process. Else the module runs, with the same result.
      - The variable C(applivery_in_process) set to C(false) has the module run in any case.
  check_mode:
    description: Runs in C(check_mode) and predicts what it would change, without changing anything.
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
  idempotent:
    description:
      - Run a second time with the same arguments, it reports no change.
  action_group:
    description: Use C(group/applivery.distribution.applivery) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - applivery.distribution.applivery
  platform:
    description: Where the module runs; it needs Python and a way to Applivery, not a managed device.
    support: full
    platforms: posix
"""

    # For what runs on the controller alone; beside DOCUMENTATION, whose words about the action it replaces.
    CONTROLLER = r"""
options: {}
attributes:
  action:
    details:
      - It runs on the controller only, whatever the connection. There is no module behind it.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
"""

    # For modules that only read.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module does not modify state.
  diff_mode:
    support: N/A
    details:
      - This module does not modify state.
  idempotent:
    support: full
    details:
      - This module does not modify state.
"""

    # For modules that bring about a state.
    STATE_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""
