# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/schema/*.json from the field tables; a test holds them together.

Run it from the collection inside an ``ansible_collections`` tree: ``PYTHONPATH=TREE python tools/schemas.py FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.applivery.distribution.plugins.plugin_utils import _schema


def main() -> None:
    schemas = {
        "publication": _schema.publication_schema(),
        "testers": _schema.testers_schema(),
        "tester_list": _schema.tester_list_schema(),
    }
    for name, schema in schemas.items():
        path = Path(sys.argv[1]) / f"{name}.json"
        path.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
