"""`python -m local openapi`: writes the API's OpenAPI document from its declarations.

It is made by the function's own code, in a process of its own where that code's folder is what it is to Lambda.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_API = _ROOT / "functions" / "api"


def main() -> int:
    """Write functions/api/openapi.json; an exit code."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(each) for each in (_API, _ROOT / "shared")),
        "AWS_DEFAULT_REGION": "eu-central-1",  # clients are made where routes are declared, and none is used
        "MOORING_TABLE": "none",
        "MOORING_SECRET_PREFIX": "none",
    }
    return subprocess.run([sys.executable, _API / "openapi.py"], env=environment, check=False).returncode
