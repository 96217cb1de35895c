# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make docs: the documentation as a website, made without the network."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

from devel import environments, tree
from devel.machine import CACHE, REPOSITORY
from devel.report import Gate, Log

SITE = CACHE / "website"
OUTPUT = REPOSITORY / "docs" / "build"

SETTINGS = """\
project = "applivery.distribution"
title = html_title = html_short_title = "applivery.distribution"
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
default_role = "any"
nitpicky = True
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "ansible.inv")}
"""

# Labels of Ansible's own documentation that the generated pages point to, and the pages they are on there.
LABELS = {
    "ansible_collections.ansible.builtin.debug_module": "collections/ansible/builtin/debug_module.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "check_mode_dry": "playbook_guide/playbooks_checkmode.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "installing_collections": "collections_guide/collections_installing.html",
    "module_defaults_groups": "playbook_guide/playbooks_module_defaults.html",
}


def gate() -> Gate:
    """Build it; a reference that leads nowhere or a page that cannot be read is a failure."""

    def check(log: Log) -> None:
        environment = environments.tool_environment("lint")
        root = CACHE / "trees" / "website"
        collection = tree.lay_out(root)
        shutil.rmtree(SITE, ignore_errors=True)
        # antsibull-docs wants a folder that nobody else can write to.
        (SITE / "rst").mkdir(parents=True, mode=0o755)
        (SITE / "conf.py").write_text(SETTINGS)
        variables = environment.variables(ANSIBLE_COLLECTIONS_PATH=root)
        generate = ["collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "--cleanup", "everything"]
        generate += ["--dest-dir", str(SITE / "rst"), "applivery.distribution"]
        log.run([environment.bin / "antsibull-docs", *generate], cwd=collection, env=variables)
        _write_inventory(SITE / "rst" / "ansible.inv")
        shutil.rmtree(OUTPUT, ignore_errors=True)
        build = ["-b", "html", "-q", "-W", "--keep-going", "-c", str(SITE), str(SITE / "rst"), str(OUTPUT)]
        log.run([environment.bin / "sphinx-build", *build], cwd=collection, env=variables)
        print(f"The documentation is in {OUTPUT / 'index.html'}")

    return Gate("docs", check)


def _write_inventory(path: Path) -> None:
    """Write the labels in the format that Sphinx fetches from a website otherwise."""
    header = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: latest\n"
    header += "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(f"{label} std:label -1 {page} {label}\n" for label, page in LABELS.items())
    path.write_bytes(header.encode() + zlib.compress(lines.encode()))
