"""What judging built-in kinds costs at import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mooring.health import Health
from mooring.health.lua import run_script

PROGRAM = """
import sys
from mooring.health import assess, has_rule
assess({"apiVersion": "apps/v1", "kind": "Deployment"})
has_rule("", "Secret")
print(sorted(name for name in sys.modules if name.startswith(("lupa", "mooring.health.families"))))
has_rule("cert-manager.io", "Certificate")
print("mooring.health.families.known" in sys.modules)
"""


def test_lua_and_families_are_imported_when_needed() -> None:
    """GIVEN built-in kinds only THEN neither Lua nor the rules for custom resources are imported."""
    program = f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ["[]", "True"] == done.stdout.split("\n")[:2]


def test_without_lua_scripts_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an installation without lupa THEN an object with a script is unknown, and says what is missing."""
    monkeypatch.setitem(sys.modules, "lupa", None)
    expected = "its health script can't be run: the package lupa is not installed"
    assert Health("Unknown", expected) == run_script("return {status='Healthy'}", {})
