"""SAM's programs, which live in an environment of their own (.venv-sam), and what they build for here."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

__all__ = ["ARCHITECTURE", "ROOT", "RUNTIME", "emulator", "run_sam"]

ROOT = Path(__file__).resolve().parent.parent.parent
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
_SAM = ROOT / ".venv-sam"


def run_sam(program: str, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Runs a program of SAM's environment in the checkout; nothing leaves the machine but what a build fetches."""
    # A Python of this version comes first, because SAM looks on PATH for the one that the template names.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {"PATH": path, "AWS_DEFAULT_REGION": "eu-west-1", "SAM_CLI_TELEMETRY": "0", "PYTHONWARNINGS": "ignore"}
    command = [str(_SAM / "bin" / program), *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout, check=False)


def emulator() -> Path:
    """Lambda's runtime interface emulator, which comes with SAM."""
    (found,) = _SAM.glob(f"lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}")
    return found
