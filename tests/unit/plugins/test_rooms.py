# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which room may import from which: read from the files, imports inside functions and for type checkers included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGINS = Path(__file__).parents[3] / "plugins"
# A line of code knows its room: what stands further left never imports what stands further right.
FLOORS = ("_ansiballz", "_core", "_http", "_api", "resource", "_module", "plugin_utils", "outside")
RESOURCES = ("_build", "_publication", "_otp_user", "_workspace")
# What a resource may use of another one: its table and endpoint, and the one look-up by name.
LENT = ("resource", "find")
# Libraries that most tasks do not need; everything else is imported where everybody looks for it.
LATE_LIBRARIES = ("jmespath",)


def files() -> list[Path]:
    found = sorted(path for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")
    assert len(found) > 40
    return found


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts)


def imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """What a file imports of this collection: dotted names below plugins, with the statement."""
    package = name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                whole = ".".join([*base, alias.name])
                known = (PLUGINS / Path(*whole.split("."))).with_suffix(".py").is_file()
                yield (whole if known else ".".join(base)), node


def room(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "plugin_utils":
        return "plugin_utils"
    if parts[0] != "module_utils":
        return "outside"
    return "resource" if parts[1] in RESOURCES else parts[1]


def test_imports_within_plugins_are_relative() -> None:
    absolute = [
        f"{name_of(path)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.lstrip().startswith(("from ansible_collections", "import ansible_collections"))
    ]
    assert absolute == []


def test_arrows_point_down() -> None:
    wrong = [
        f"{name_of(path)} -> {target}"
        for path in files()
        for target, _node in imports(path)
        if FLOORS.index(room(name_of(path))) < FLOORS.index(room(target))
    ]
    assert wrong == []


def test_no_circle_on_any_level() -> None:
    graph = {name_of(path): {target for target, _node in imports(path)} for path in files()}
    before = None
    while graph != before:
        before = graph
        used = {target for targets in graph.values() for target in targets}
        # What imports nothing that is left, and what nothing that is left imports, is in no circle.
        left = {name for name, targets in graph.items() if name in used and targets & set(graph)}
        graph = {name: graph[name] & left for name in left}
    assert sorted(graph) == []


def test_a_resource_borrows_only_what_is_lent() -> None:
    wrong = []
    for path in files():
        mine = name_of(path).split(".")
        for target, _node in imports(path):
            theirs = target.split(".")
            if room(".".join(mine)) == room(target) == "resource" and mine[1] != theirs[1] and theirs[2] not in LENT:
                wrong.append(f"{'.'.join(mine)} -> {target}")
    assert wrong == []


def test_imports_stand_at_the_top() -> None:
    late = []
    for path in files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for node in ast.walk(function):
                    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                    names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
                    late += [
                        f"{name_of(path)}:{function.name}: {name}"
                        for name in names
                        if name.split(".")[0] not in LATE_LIBRARIES
                    ]
    assert late == []
