"""The template as AWS would see it, and what `sam build` makes of this checkout."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from local import dashboard
from local.keeping import cache_directory
from tests.infra.sam import ARCHITECTURE, ROOT, RUNTIME, run_sam

_INPUTS = (
    "template.yaml",
    "functions",
    "layers",
    "shared/mooring",
    "local/tools.py",
    "local/golang.py",
    "requirements",
)
_KEPT_BUILDS = 3


@pytest.fixture(scope="session")
def transformed() -> dict[str, Any]:
    """The template after SAM's transform."""
    made = run_sam("python", str(Path(__file__).with_name("transform.py")), "template.yaml")
    assert made.returncode == 0, made.stderr
    template: dict[str, Any] = json.loads(made.stdout)
    return template


@pytest.fixture(scope="session")
def built() -> Path:
    """The output of `sam build` for this machine: built once for each state of what goes into it, then kept."""
    dashboard.build(print)
    builds = cache_directory() / "sam-build"
    builds.mkdir(parents=True, exist_ok=True)
    with (builds / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = builds / _state()
        if not finished.exists():
            work = builds / ".work"
            shutil.rmtree(work, ignore_errors=True)
            parameters = [f"Runtime={RUNTIME}", f"Architecture={ARCHITECTURE}"]
            command = ("build", "--build-dir", str(work), "--parameter-overrides", *parameters)
            made = run_sam("sam", *command, timeout=1800)
            assert made.returncode == 0, made.stderr
            work.rename(finished)
        os.utime(finished)
        for old in sorted(builds.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)[:-_KEPT_BUILDS]:
            shutil.rmtree(old)
    return finished


def _state() -> str:
    hashed = hashlib.sha256(f"{RUNTIME} {ARCHITECTURE}".encode())
    for name in _INPUTS:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                hashed.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return hashed.hexdigest()[:24]
