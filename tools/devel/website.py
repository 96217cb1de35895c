# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make docs: the documentation as a website, made without the network."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devel import environments, release, tree
from devel.machine import CACHE, REPOSITORY
from devel.report import Gate, Log

SITE = CACHE / "website"
OUTPUT = REPOSITORY / "docs" / "build"

# What is written by hand: the start page, its picture, and how the site looks.
OWN = REPOSITORY / "docs" / "site"
CONTENTS = re.compile(r"^\.\. contents::\n(?: +:.*\n)*\n", re.MULTILINE)
NAV = re.compile(r"^\.\. toctree::\n(?: +:.*\n)*\n((?: +\S+\n?)+)\n*", re.MULTILINE)

# Labels of Ansible's own documentation that the generated pages point to, and the pages they are on there. Those of its
# plugins are found by their form.
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "check_mode_dry": "playbook_guide/playbooks_checkmode.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "installing_collections": "collections_guide/collections_installing.html",
    "module_defaults_groups": "playbook_guide/playbooks_module_defaults.html",
}
BUILTIN = re.compile(r"<(ansible_collections\.ansible\.builtin\.(\w+))>")


def gate() -> Gate:
    """Build it; a reference that leads nowhere or a page that cannot be read is a failure."""

    def check(log: Log) -> None:
        build(log, OUTPUT)
        print(f"The documentation is in {OUTPUT / 'index.html'}")

    return Gate("docs", check)


def build(log: Log, output: Path) -> None:
    environment = environments.tool_environment("lint")
    root = CACHE / "trees" / "website"
    collection = tree.lay_out(root)
    shutil.rmtree(SITE, ignore_errors=True)
    # antsibull-docs wants a folder that nobody else can write to.
    pages = SITE / "rst"
    pages.mkdir(parents=True, mode=0o755)
    variables = environment.variables(ANSIBLE_COLLECTIONS_PATH=root)
    generate = ["collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "--cleanup", "everything"]
    generate += ["--dest-dir", str(pages), "applivery.distribution"]
    log.run([environment.bin / "antsibull-docs", *generate], cwd=collection, env=variables)
    _lay_out(pages)
    shutil.rmtree(output, ignore_errors=True)
    sphinx = ["-b", "html", "-q", "-W", "--keep-going", "-c", str(SITE), "-D", f"release={release.version()}"]
    sphinx += ["-D", f"html_title=applivery.distribution {release.version()}"]
    log.run([environment.bin / "sphinx-build", *sphinx, str(pages), str(output)], cwd=collection, env=variables)


def publish(ref: str, site: Path) -> bool:
    """Put what is documented now into the folder of its version in SITE, which holds those of all others."""
    log = Log(CACHE / "logs" / "publish-docs.log")
    version = ref.removeprefix("v") if re.fullmatch(r"v\d+\.\d+\.\d+", ref) else "devel"
    build(log, site / version)
    versions = sorted(
        (folder.name for folder in site.iterdir() if re.fullmatch(r"\d+\.\d+\.\d+", folder.name)),
        key=lambda name: [int(part) for part in name.split(".")],
        reverse=True,
    )
    if version == (versions or [""])[0]:
        shutil.rmtree(site / "latest", ignore_errors=True)
        shutil.copytree(site / version, site / "latest")
    names = [*(["latest"] if versions else []), *versions, *(["devel"] if (site / "devel").is_dir() else [])]
    links = "".join(f'<li><a href="{name}/">{name}</a></li>' for name in names)
    (site / "index.html").write_text(f"<!doctype html><title>applivery.distribution</title><ul>{links}</ul>\n")
    # Folders that begin with an underscore are part of the site.
    (site / ".nojekyll").touch()
    return True


def _lay_out(pages: Path) -> None:
    """Add our own start page, and a side bar with short names, in groups; what was the start page is an index."""
    generated = (pages / "index.rst").read_text()
    (pages / "plugins.rst").write_text(NAV.sub("", generated))
    for page in pages.rglob("*.rst"):
        # The theme shows what is on the page beside it.
        page.write_text(CONTENTS.sub("", page.read_text()))
    start = (OWN / "index.rst").read_text()
    (pages / "index.rst").write_text(start + "".join(_navigation(generated)))
    shutil.copy2(OWN / "flow.svg", pages)
    shutil.copy2(OWN / "conf.py", SITE)
    (SITE / "_static").mkdir()
    shutil.copy2(OWN / "site.css", SITE / "_static")
    named = {found for page in pages.rglob("*.rst") for found in BUILTIN.findall(page.read_text())}
    labels = {**LABELS, **{label: f"collections/ansible/builtin/{name}.html" for label, name in named}}
    _write_inventory(pages / "ansible.inv", labels)


def _navigation(generated: str) -> Iterator[str]:
    """The lists of pages, under the headings that antsibull-docs gave them."""
    for found in NAV.finditer(generated):
        pages = found[1].split()
        if pages != ["changelog"]:
            headings = re.findall(r"^(.+)\n(?:-+|~+)$", generated[: found.start()], re.MULTILINE)
            yield _group(re.sub(r"s? Index$", "s", headings[-1]), [_short(page) for page in pages])
    yield _group("All of it", ["Index <plugins>", "Release notes <changelog>"])


def _group(caption: str, entries: Sequence[str]) -> str:
    lines = "".join(f"    {entry}\n" for entry in entries)
    return f"\n.. toctree::\n    :hidden:\n    :caption: {caption}\n\n{lines}"


def _short(page: str) -> str:
    """A plugin goes by its name; a guide by its title."""
    name = re.fullmatch(r"(\w+)_(?:module|filter|role|inventory|lookup|callback|playbook)", page)
    return f"{name[1]} <{page}>" if name else page


def _write_inventory(path: Path, labels: Mapping[str, str]) -> None:
    """Write the labels in the format that Sphinx fetches from a website otherwise."""
    header = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: latest\n"
    header += "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(f"{label} std:label -1 {page} {label}\n" for label, page in sorted(labels.items()))
    path.write_bytes(header.encode() + zlib.compress(lines.encode()))
