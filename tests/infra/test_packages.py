"""What `sam build` makes fits into Lambda, and works with nothing around it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from layers.python.build import BOTOCORE_SERVICES
from layers.tools.elf import read
from tests.conftest import Repositories
from tests.infra.sam import ARCHITECTURE, ROOT

GOARCH = {"x86_64": "amd64", "arm64": "arm64"}[ARCHITECTURE]
LIMIT = 262_144_000  # bytes unzipped, function and layers together (AWS: "Lambda quotas")
# What each function's package must be able to import, besides its own code.
LIBRARY = [
    "mooring.composition",
    "mooring.flows.renders.rendering",
    "mooring.flows.syncs.syncing",
    "mooring.flows.arrivals.pushes",
]


def _weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _functions(transformed: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [layer["Ref"] for layer in each["Properties"].get("Layers", []) if "Ref" in layer]
        for name, each in transformed["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function"
    }


def _layer_named(built: Path, reference: str) -> Path:
    # The transform adds a hash of a layer's content to its name.
    (found,) = [path for path in built.iterdir() if path.is_dir() and reference.startswith(path.name)]
    return found


def test_packages_fit(built: Path, transformed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """No function weighs more than Lambda takes; the weights are printed."""
    # GIVEN every function with its layers
    weights = {
        name: [(part.name, _weight(part)) for part in (built / name, *(_layer_named(built, layer) for layer in layers))]
        for name, layers in _functions(transformed).items()
    }
    assert 11 == len(weights)
    # WHEN they are weighed
    with capsys.disabled():
        for name, parts in sorted(weights.items()):
            listed = " + ".join(f"{part} {weight / 2**20:.1f}" for part, weight in parts)
            print(f"\n{name:16} {sum(weight for _, weight in parts) / 2**20:6.1f} MiB = {listed}", end="")
        print()
    # THEN each fits, and sync has the client that some clusters need
    for name, parts in weights.items():
        assert sum(weight for _, weight in parts) < LIMIT, name
    assert (built / "SyncFunction/kubernetes/config").is_dir()


def test_services_that_are_called_are_shipped() -> None:
    """Every service for which the library makes a client is among those whose description the layer keeps."""
    called = {
        name
        for path in (ROOT / "shared").rglob("*.py")
        for name in re.findall(r'client\w*\(\s*"([a-z0-9]+)"', path.read_text())
    }
    assert set() == called - BOTOCORE_SERVICES
    assert {"codecommit", "dynamodb", "lambda", "sqs"} <= called


def test_layer_holds_the_services_that_are_called(built: Path) -> None:
    """Of botocore's descriptions just those of the services that Mooring calls are shipped."""
    data = built / "PythonLayer/python/botocore/data"
    assert BOTOCORE_SERVICES == {path.name for path in data.iterdir() if path.is_dir()}


@pytest.mark.parametrize("package", ["LookFunction", "PythonLayer/python", "SyncFunction"])
def test_modules_are_compiled_without_a_check(built: Path, package: str) -> None:
    """Every module has a `.pyc` that names its content and is never checked (PEP 552): dates don't survive a zip."""
    # GIVEN the modules of a package
    sources = [*(built / package).rglob("*.py")]
    assert sources
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        # THEN each is compiled, and its flags say hash-based and unchecked
        assert 0b01 == int.from_bytes(compiled.read_bytes()[4:8], "little"), source


def test_nothing_is_shipped_that_names_this_machine(built: Path) -> None:
    """Tracebacks name the file where Lambda has it."""
    compiled = built / f"PythonLayer/python/mooring/__pycache__/errors.{sys.implementation.cache_tag}.pyc"
    assert b"/opt/python/mooring/errors.py" in compiled.read_bytes()


def _environment(built: Path, home: Path) -> dict[str, str]:
    """As few variables as Lambda might set, and of this machine only its shell."""
    return {"PATH": f"{built}/ToolsLayer/bin:/bin", "HOME": str(home)}


def _run(built: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = _environment(built, home)
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=60, check=False)


def _tool(built: Path, name: str) -> str:
    return str(built / "ToolsLayer/bin" / name)


def test_layers_git_fetches_over_http(built: Path, tmp_path: Path, git_server: Repositories) -> None:
    """The layer's git clones over smart HTTP, shallow and partial, with only what is in the layer."""
    # GIVEN a repository that is served over HTTP
    url = git_server.create("payments.git", {"k8s/deployment.yaml": "kind: Deployment\n"})
    # WHEN the layer's git clones it as Mooring does
    answer = _run(
        built, tmp_path, _tool(built, "git"), "clone", "--depth=1", "--filter=blob:none", url, str(tmp_path / "clone")
    )
    # THEN the files are there and git had nothing to complain about
    assert 0 == answer.returncode, answer.stderr
    assert "kind: Deployment\n" == (tmp_path / "clone/k8s/deployment.yaml").read_text()
    assert "warning" not in answer.stderr


def test_layers_git_uses_its_own_files(built: Path, tmp_path: Path) -> None:
    """Exec path and every shared library but glibc's come from the layer."""
    # GIVEN the layer's git
    layer = (built / "ToolsLayer").resolve()
    # THEN it finds its programs there
    assert f"{layer}/libexec/git-core" == _run(built, tmp_path, _tool(built, "git"), "--exec-path").stdout.strip()
    # WHEN the loader is asked what it would load for fetching
    env = {"LD_LIBRARY_PATH": f"{layer}/lib/git", "LD_TRACE_LOADED_OBJECTS": "1"}
    program = layer / "libexec/git-core/git-remote-https"
    listed = subprocess.run([program], env=env, capture_output=True, text=True, timeout=30, check=True).stdout
    # THEN what is not in the layer is glibc, which every Lambda runtime has
    outside = [line.split()[0] for line in listed.splitlines() if "=>" in line and f"=> {layer}/lib/git/" not in line]
    assert {"libc.so.6", "libm.so.6", "libresolv.so.2", "libpthread.so.0", "libdl.so.2"} >= set(outside)


def test_layers_git_runs_on_lambdas_glibc(built: Path) -> None:
    """What git needs of glibc, Amazon Linux 2023 has; what needs more brings its own."""
    # GIVEN the layer's programs and libraries
    layer = built / "ToolsLayer"
    files = [*(layer / "lib/git").iterdir()]
    files += [layer / "libexec/git-core/git", layer / "libexec/git-core/git-remote-https"]
    # THEN each is for this processor and asks for no newer glibc than 2.34
    for file in files:
        elf = read(file)
        assert GOARCH == elf.goarch
        assert (2, 34) >= elf.glibc, file.name


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("ssh", "-V"), "OpenSSH"),
        (("helm", "version", "--short"), "v4.3"),
        (("kustomize", "version"), "v5.8"),
    ],
)
def test_layers_tools_start(built: Path, tmp_path: Path, command: tuple[str, ...], says: str) -> None:
    """The other programs start with nothing around them and are the versions that are pinned."""
    answer = _run(built, tmp_path, _tool(built, command[0]), *command[1:])
    assert 0 == answer.returncode, answer.stderr
    assert says in answer.stdout + answer.stderr


def test_layer_is_complete(built: Path, tmp_path: Path) -> None:
    """The library and all it needs import from the layer alone, with no site-packages of this machine."""
    # GIVEN a bare Python that sees the layer only
    code = f"import importlib, json, sys; [importlib.import_module(n) for n in {LIBRARY!r}]"
    code += "; print(json.dumps([m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)]))"
    bare = os.path.realpath(sys.executable)
    env = _environment(built, tmp_path) | {
        "PYTHONPATH": str(built / "PythonLayer/python"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # WHEN it imports what functions import
    answer = subprocess.run([bare, "-S", "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False)
    # THEN all is found, outside of the machine's packages
    assert 0 == answer.returncode, answer.stderr
    assert [] == [path for path in json.loads(answer.stdout) if "site-packages" in path]
