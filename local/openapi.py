"""`python -m local openapi`: writes the API's OpenAPI document, and the table of what each call needs.

The document is made by the function's own code, in a process of its own where that code's folder is what it is to
Lambda; the table in docs/api.md is read off the document.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["main", "with_table"]

_ROOT = Path(__file__).resolve().parent.parent
_API = _ROOT / "functions" / "api"
_PAGE = _ROOT / "docs" / "api.md"
_TABLE = re.compile(r"(<!-- calls: [^\n]*-->\n).*(<!-- end of calls -->)", re.DOTALL)


def main() -> int:
    """Write functions/api/openapi.json and the table; an exit code."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(each) for each in (_API, _ROOT / "shared")),
        "AWS_DEFAULT_REGION": "eu-central-1",  # clients are made where routes are declared, and none is used
        "MOORING_TABLE": "none",
        "MOORING_SECRET_PREFIX": "none",
    }
    made = subprocess.run([sys.executable, _API / "openapi.py"], env=environment, check=False)
    if made.returncode == 0:
        document = json.loads((_API / "openapi.json").read_text("utf-8"))
        _PAGE.write_text(with_table(_PAGE.read_text("utf-8"), document), "utf-8")
    return made.returncode


def with_table(page: str, document: Mapping[str, Any]) -> str:
    """The page with the table of what each call of the document needs."""
    rows = [
        f"| `{method.upper()} {path}` | {operation['description']} |\n"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    table = "| call | |\n| --- | --- |\n" + "".join(rows)
    return _TABLE.sub(lambda found: found[1] + table + found[2], page)
