# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Importing from AnsiballZ, the archive in which Ansible sends a module: each file is compiled once, not twice.

Python's importer of archives compiles a file to tell its name, throws that away, and compiles it again to run it: a
tenth of the time of a task. Importing this before the others makes it tell the name from the table of contents.
"""

from __future__ import annotations

import os
import zipimport


def filename_of(self: zipimport.zipimporter, fullname: str) -> str:
    """The file of a module in an archive; raises ZipImportError where it has none."""
    path = os.path.join(self.archive, self.prefix, fullname.rpartition(".")[2])
    return os.path.join(path, "__init__.py") if self.is_package(fullname) else f"{path}.py"


zipimport.zipimporter.get_filename = filename_of  # type: ignore[method-assign]  # the one way in: it makes its own importers
