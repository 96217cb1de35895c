# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    # What every module that lists things takes beside its filters.
    DOCUMENTATION = r"""
options:
  limit:
    description:
      - The most objects to return. No more pages are read than it takes to find so many.
      - Left out, everything is read to the end; a list that is interrupted or that changes while it is read fails.
    type: int
  query:
    description:
      - A JMESPath expression over the returned list, for what no filter can say. What it yields is returned
        as RV(result).
      - A wrong expression is refused before anything is read, with the place of the error.
    type: str
requirements:
  - jmespath, for O(query)
"""
