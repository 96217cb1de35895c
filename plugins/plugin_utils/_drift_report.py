# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""What differs between declared files and what is there, for people and for machines. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from ..module_utils._core.errors import InvalidInput

_MOST_NAMES = 5
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --mark: #c33; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; } .failed { color: var(--mark); } .none { opacity: .6; }
"""


class Row(NamedTuple):
    """One difference: where, what, and both values as text; ``since`` is when what was found was last written."""

    file: str
    what: str
    declared: str
    found: str
    since: str


def drift_report(result: Mapping[str, Any], form: str) -> str:
    """The result of applivery_apply as ``line``, ``txt``, ``json`` or ``html``."""
    if form not in _FORMS:
        raise InvalidInput(f"a drift report is one of {', '.join(_FORMS)}, not {form!r}")
    return _FORMS[form](result)


def rows(result: Mapping[str, Any]) -> list[Row]:
    """Every difference, file by file, then what no file is about."""
    found = [row for item in result.get("results", []) for row in _of_file(item)]
    for item in result.get("undeclared", []):
        slug = str(item.get("slug"))
        found.append(Row("(no file)", f"publication {slug}", "nothing", "there", _text(item.get("updated_at"))))
    return found


def _of_file(item: Mapping[str, Any]) -> Iterator[Row]:
    since = _text(item.get("since"))
    if item["action"] == "failed":
        yield Row(item["file"], "could not be compared", "", str(item["msg"]), since)
    elif item["action"] == "created":
        yield Row(item["file"], f"{item['kind']} {item['name']}", "there", "nothing", since)
    elif item["action"] == "updated" and item["kind"] == "testers":
        counts = item.get("counts") or {}
        told = ", ".join(f"{number} {action}" for action, number in counts.items() if number and action != "unchanged")
        yield Row(item["file"], "testers", f"applying it: {told}", "another list", since)
    elif item["action"] == "updated":
        for option, pair in item.get("changes", {}).items():
            yield Row(item["file"], option, _text(pair.get("declared")), _text(pair.get("found")), since)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _line(result: Mapping[str, Any]) -> str:
    files = list(dict.fromkeys(row.file if row.file != "(no file)" else row.what for row in rows(result)))
    if not files:
        return "nothing differs"
    more = f" and {len(files) - _MOST_NAMES} more" if len(files) > _MOST_NAMES else ""
    return f"{len(files)} differ: {', '.join(files[:_MOST_NAMES])}{more}"


def _plain(result: Mapping[str, Any]) -> str:
    lines = [_line(result)]
    file = ""
    for row in rows(result):
        if row.file != file:
            file = row.file
            lines.append(f"{file}" + (f" (last written {row.since})" if row.since != "none" else ""))
        lines.append(f"  {row.what}: declared {row.declared}, found {row.found}" if row.declared else f"  {row.found}")
    return "\n".join(lines) + "\n"


def _json(result: Mapping[str, Any]) -> str:
    content = {
        "differs": bool(result.get("differs")),
        "counts": result.get("counts", {}),
        "differences": [row._asdict() for row in rows(result)],
    }
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _page(result: Mapping[str, Any]) -> str:
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows(result))
    head = "".join(f"<th>{name}</th>" for name in ("file", "what", "declared", "found", "last written"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>" if body else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Applivery: drift</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>What differs from the files</h1>\n<p>{escape(_line(result))}.</p>\n{table}\n</body>\n</html>\n"
    )


_FORMS: dict[str, Callable[[Mapping[str, Any]], str]] = {"line": _line, "txt": _plain, "json": _json, "html": _page}
