"""Fills a folder with locked Python packages for a Lambda runtime, trimmed and compiled.

Run by the Makefiles that `sam build` calls. Everything comes as a wheel with a known hash, for the processor and
Python of the target and not of this machine. It refuses to run anything that it installs: no sdist is built, no script
is kept.

Compiled files carry no check of their source (`unchecked-hash`, PEP 552): a zip forgets sub-second dates, so files
with a time stamp would be thrown away and compiled again at every cold start.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["BOTOCORE_SERVICES", "main"]

BOTOCORE_SERVICES = frozenset(
    {
        "apigatewaymanagementapi",
        "codecommit",
        "dynamodb",
        "ecr",
        "eks",
        "kms",
        "lambda",
        "resourcegroupstaggingapi",
        "s3",
        "secretsmanager",
        "sqs",
        "ssm",
        "sts",
    }
)
"""The AWS services that Mooring calls; botocore's descriptions of the other four hundred weigh 20 MB."""

# Lambda's Amazon Linux 2023 has glibc 2.34 (python3.12 and newer); Amazon Linux 2 (python3.11) has 2.26.
_GLIBC = {"3.11": 26}
_GLIBC_AL2023 = 34
_OLDEST_GLIBC = 17
_JUNK_FOLDERS = ("tests", "test", "__pycache__")
_JUNK_FILES = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h")
_PIP_TIMEOUT_S = 900


def _install(requirements: Path, into: Path, python: str, machine: str) -> None:
    newest = _GLIBC.get(python, _GLIBC_AL2023)
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)]
    platforms.append(f"manylinux2014_{machine}")
    abi = f"cp{python.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    command += ["--root-user-action=ignore"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--upgrade"]
    command += ["--python-version", python, "--implementation", "cp"]
    command += [part for name in (abi, "abi3", "none") for part in ("--abi", name)]
    command += [part for name in platforms for part in ("--platform", name)]
    subprocess.run([*command, "--target", str(into), "-r", str(requirements)], check=True, timeout=_PIP_TIMEOUT_S)


def _trim(root: Path) -> None:
    for name in _JUNK_FOLDERS:
        for folder in [*root.rglob(name)]:
            if folder.is_dir():
                shutil.rmtree(folder)
    for pattern in _JUNK_FILES:
        for file in [*root.rglob(pattern)]:
            file.unlink()
    # A folder's size, paths of this machine and scripts that start its Python: of no use there. Licences stay.
    for record in [*root.glob("*.dist-info/RECORD"), *root.glob("*.dist-info/direct_url.json")]:
        record.unlink()
    shutil.rmtree(root / "bin", ignore_errors=True)
    for name in ("boto3/examples", "boto3/data"):
        shutil.rmtree(root / name, ignore_errors=True)
    for service in [*(root / "botocore/data").glob("*/")]:
        if service.name not in BOTOCORE_SERVICES:
            shutil.rmtree(service)


def _compile(root: Path, python: str, runs_in: str) -> bool:
    """Writes `.pyc` with the target's own Python; False where this machine doesn't have it (another's is of no use)."""
    interpreter = _interpreter(python)
    if interpreter is None:
        return False
    command = [interpreter, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    # Tracebacks then name the file where it is when it runs, and equal sources give equal files.
    subprocess.run([*command, "-s", str(root), "-p", runs_in, str(root)], check=True, timeout=_PIP_TIMEOUT_S)
    return True


def _interpreter(python: str) -> str | None:
    tell = "import sys; print('%d.%d' % sys.version_info[:2])"
    for name in (sys.executable, f"python{python}"):
        found = shutil.which(name)
        # Version managers put a command on PATH for each Python that they could run, and then refuse to.
        said = (
            subprocess.run([found, "-c", tell], capture_output=True, text=True, timeout=30, check=False)
            if found
            else None
        )
        if said is not None and said.stdout.strip() == python:
            return found
    return None


def main(arguments: list[str] | None = None) -> None:
    """Builds one folder. Raises `subprocess.CalledProcessError` when pip or the compiler refuses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="version of the target, for example 3.13")
    parser.add_argument("--machine", required=True, choices=["aarch64", "x86_64"])
    parser.add_argument("--requirements", required=True, type=Path, help="locked with hashes")
    parser.add_argument("--library", type=Path, help="a package of our own to copy")
    parser.add_argument("--runs-in", required=True, help="where the folder is found at run time")
    parser.add_argument("--into", required=True, type=Path)
    options = parser.parse_args(arguments)

    into: Path = options.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    _install(options.requirements, into, options.python, options.machine)
    if options.library is not None:
        shutil.copytree(options.library, into / options.library.resolve().name, dirs_exist_ok=True)
    _trim(into)
    if not _compile(into, options.python, options.runs_in):
        print(f"notice: no python{options.python} on PATH, so nothing is compiled; cold starts will be slower")


if __name__ == "__main__":
    main()
