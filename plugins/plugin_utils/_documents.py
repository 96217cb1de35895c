# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""A folder of declared files: ``publications/*.yml`` and ``testers/*.yml|csv``, read, checked and written. No HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from ..module_utils._core.errors import AppliveryError, InvalidInput
from ..module_utils._core.given import check_texts
from ..module_utils._otp_user.check import check_options
from ..module_utils._otp_user.people import people_of
from ..module_utils._otp_user.run import SPEC as OTP_USER_SPEC
from ..module_utils._publication.rules import Goal, check
from ..module_utils._publication.run import SPEC as PUBLICATION_SPEC
from ._schema import Path, Problem, problems, publication_schema, testers_schema
from ._testers import testers_of, users_of

PUBLICATIONS, TESTERS = "publications", "testers"
_ENDINGS = (".yml", ".yaml")
_MOST_TOLD = 20


class Declared(NamedTuple):
    """One file that was read and found right: ``options`` are those of the module that brings it about."""

    kind: str
    file: str
    name: str
    options: Mapping[str, Any]
    organization: str | None = None
    application: str | None = None
    password_variable: str | None = None


class _Document(NamedTuple):
    """A file, with a way from a place inside it to its line."""

    file: str
    content: Any
    root: yaml.Node | None

    def line(self, path: Path) -> int:
        node, line = self.root, 1
        for step in path:
            found = _below(node, step)
            if found is None:
                break
            line, node = found
        return line


def read_folder(folder: str) -> list[Declared]:
    """Every declared file of a folder, publications first, each by its name.

    Raises InvalidInput that names every mistake with file and line.
    """
    if not os.path.isdir(folder):
        raise InvalidInput(f"folder: there is no folder {folder}")
    told: list[str] = []
    found = [declared for kind in (PUBLICATIONS, TESTERS) for declared in _read_kind(folder, kind, told)]
    told += _twice(found)
    if told:
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        raise InvalidInput("; ".join(told[:_MOST_TOLD]) + more)
    return found


def _read_kind(folder: str, kind: str, told: list[str]) -> Iterator[Declared]:
    for name in sorted(_names(folder, kind, told)):
        file = f"{kind}/{name}"
        try:
            text = _text(os.path.join(folder, kind, name))
            declared = _table(file, text) if name.endswith(".csv") else _declared(kind, _parsed(file, text), told)
        except InvalidInput as problem:
            told.append(problem.message)
            continue
        if declared is not None:
            yield declared


def _names(folder: str, kind: str, told: list[str]) -> Iterator[str]:
    path = os.path.join(folder, kind)
    for name in os.listdir(path) if os.path.isdir(path) else []:
        if name.startswith("."):
            continue
        if name.endswith(_ENDINGS) or (kind == TESTERS and name.endswith(".csv")):
            yield name
        else:
            told.append(f"{kind}/{name}: neither .yml nor .yaml" + (" nor .csv" if kind == TESTERS else ""))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"{path}: could not be read ({problem})") from None


# Ten times as fast where PyYAML was built with libyaml; ansible-core chooses the same way.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _parsed(file: str, text: str) -> _Document:
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return _Document(file, None if root is None else loader.construct_document(root), root)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise InvalidInput(f"{file}, line {line}: no YAML: {problem.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise InvalidInput(f"{file}: no YAML: {problem}") from None


def _below(node: yaml.Node | None, step: Any) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


# What a file declares -------------------------------------------------------------------------------------------------


def _declared(kind: str, document: _Document, told: list[str]) -> Declared | None:
    schema = publication_schema() if kind == PUBLICATIONS else testers_schema()
    wrong = list(problems(schema, document.content))
    if not wrong:
        declared = (_publication if kind == PUBLICATIONS else _people)(document)
        wrong = list(_refused(kind, declared))
        if not wrong:
            return declared
    told += [f"{document.file}, line {document.line(problem.path)}: {_shown(problem)}" for problem in wrong]
    return None


def _shown(problem: Problem) -> str:
    place = ".".join(map(str, problem.path))
    return f"{place}: {problem.text}" if place else problem.text


def _publication(document: _Document) -> Declared:
    content = document.content
    return Declared(
        PUBLICATIONS,
        document.file,
        content["publication"]["slug"],
        content["publication"],
        content.get("organization"),
        content.get("application"),
        content.get("password_variable"),
    )


def _people(document: _Document) -> Declared:
    options = {name: value for name, value in document.content.items() if name != "organization"}
    return Declared(TESTERS, document.file, options["publication"], options, document.content.get("organization"))


def _table(file: str, text: str) -> Declared:
    name = os.path.splitext(os.path.basename(file))[0]
    try:
        users = users_of(testers_of(text, allowance=-1).people)
    except AppliveryError as problem:
        raise InvalidInput(f"{file}: {problem.message}") from None
    return Declared(TESTERS, file, name, {"publication": name, "users": users})


def _refused(kind: str, declared: Declared) -> Iterator[Problem]:
    """What the module itself would refuse before its first request."""
    try:
        if kind == PUBLICATIONS:
            check_texts(PUBLICATION_SPEC, declared.options)
            params = filled(PUBLICATION_SPEC, declared.options)
            check(Goal.of(params), check_mode=True)
        else:
            params = filled(OTP_USER_SPEC, declared.options)
            check_options(params, people_of(params))
    except AppliveryError as problem:
        option = problem.message.split(":")[0]
        top: Path = ("publication",) if kind == PUBLICATIONS else ()
        named = option.split(".") if option.replace(".", "").replace("_", "").isalpha() else []
        yield Problem((*top, *named), problem.message.partition(": ")[2] if named else problem.message)


def filled(spec: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a module as its argument spec would hand them over."""
    return {name: options.get(name, entry.get("default")) for name, entry in spec.items()}


def _twice(found: Iterable[Declared]) -> list[str]:
    files: dict[tuple[str, str], list[str]] = {}
    for declared in found:
        files.setdefault((declared.kind, declared.name), []).append(declared.file)
    return [f"{' and '.join(names)} are about the same: {name}" for (_kind, name), names in files.items() if names[1:]]


# Writing --------------------------------------------------------------------------------------------------------------


def write_files(folder: str, files: Mapping[str, str], check_mode: bool) -> list[str]:
    """Bring files to their content; returns the names of those that differed. Each appears whole or not at all."""
    differing = []
    for name, text in files.items():
        path = os.path.join(folder, name)
        if _content(path) == text:
            continue
        differing.append(name)
        if not check_mode:
            _write(path, text)
    return differing


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: str, text: str) -> None:
    partial = f"{path}.part"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "w", encoding="utf-8", newline=""
        ) as stream:
            stream.write(text)
        os.replace(partial, path)
    except OSError as problem:
        raise AppliveryError(f"{path} could not be written: {problem}") from None
