# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring what the tables of fields say into the files that repeat it: `tools/run generate`.

The schemas are written anew. A field of a publication that the simulator does not know yet is new, and gets its line in
each file below; from then on that line is text like any other, and test_completeness.py holds it against the table.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.applivery.distribution.plugins.module_utils._core.fields import Field
from ansible_collections.applivery.distribution.plugins.module_utils._publication.resource import PUBLICATION_FIELDS
from ansible_collections.applivery.distribution.plugins.plugin_utils import _schema
from applivery_simulator.publications import FIELDS as KNOWN

# By the type of an option: the simulator's rule and default, its type in the contract, and the value that clears it.
FORMS = {
    "str": ("Text()", "None", "{type: string}", "Text", '""'),
    "bool": ("Flag()", "False", "{type: boolean}", "Flag", "false"),
    "list": ("Many(Text(filled=True))", "[]", "{type: array, items: {type: string, minLength: 1}}", "Texts", "[]"),
}
_SPEC = (
    "          {option}:\n            description: As in the module applivery_publication.\n            type: {type}\n"
)
_ELEMENTS = "            elements: str\n"
_PASSED = '    {option}: "{{{{ {holder}.{option} | default(omit) }}}}"\n'
# File, what the new lines stand before, and the lines.
_CONTRACT = "simulator/applivery_simulator/openapi.yaml"
PLACES = (
    ("simulator/applivery_simulator/publications.py", '    "terms": Record(', '    "{name}": {rule},\n'),
    ("simulator/applivery_simulator/state.py", '    "terms": {},\n', '    "{name}": {default},\n'),
    (_CONTRACT, "        terms:\n          type: object\n", "        {name}: {sent}\n"),
    (
        _CONTRACT,
        '        terms:\n          type: [object, "null"]\n',
        '        {name}: {{$ref: "#/components/schemas/{shown}"}}\n',
    ),
    ("roles/release/meta/argument_specs.yml", "      release_unreturned_fields:\n", _SPEC),
    (
        "roles/release/tasks/main.yml",
        '    unreturned_fields: "{{ release_unreturned_fields }}"\n',
        _PASSED.replace("{holder}", "release_settings"),
    ),
    ("roles/tester_onboarding/meta/argument_specs.yml", "      tester_onboarding_unreturned_fields:\n", _SPEC),
    (
        "roles/tester_onboarding/tasks/publication.yml",
        '    unreturned_fields: "{{ tester_onboarding__one.unreturned_fields }}"\n',
        _PASSED.replace("{holder}", "tester_onboarding__one.publication"),
    ),
    ("docs/docsite/rst/guide_awx.rst", "``show_history``, ", "``{option}``, "),
    (
        "docs/docsite/rst/guide_unmentioned_fields.rst",
        "   * - ``terms``\n",
        "   * - ``{option}``\n     - preserved\n     - as one value\n     - ``{clears}``\n",
    ),
)


def schemas() -> dict[str, str]:
    made = {
        "publication": _schema.publication_schema(),
        "testers": _schema.testers_schema(),
        "tester_list": _schema.tester_list_schema(),
    }
    return {name: json.dumps(schema, indent=2, sort_keys=True) + "\n" for name, schema in made.items()}


def spread(field: Field, root: Path) -> None:
    """Write the lines of a new field; SystemExit where its form is none that can be foreseen."""
    kind = field.kind.type
    if field.secret or field.children or kind not in FORMS or field.kind.elements not in (None, "str"):
        raise SystemExit(f"{field.option}: a field of this kind has to be written by hand into {len(PLACES)} places")
    rule, default, sent, shown, clears = FORMS[kind]
    names = {"option": field.option, "name": field.name, "type": kind, "rule": rule, "default": default}
    texts: dict[Path, str] = {}
    for file, before, lines in PLACES:
        path = root / file
        text = texts.get(path) or path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise SystemExit(f"{file}: {before.strip()!r} does not stand there once; nothing was written")
        more = _ELEMENTS if lines == _SPEC and kind == "list" else ""
        made = lines.format(**names, sent=sent, shown=shown, clears=clears) + more
        texts[path] = text.replace(before, made + before)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(root)}: {field.option}")


def main() -> None:
    root = Path(sys.argv[1])
    for field in PUBLICATION_FIELDS:
        if field.name not in KNOWN and field.name != "slug":
            spread(field, root)
    for name, text in schemas().items():
        (root / "docs" / "schema" / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
