"""Which program is taken from a machine, which is built, and what is said meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local import tools
from local.golang import BuildError, Program, cached
from local.tools import TOOLS, ensure

ETCD_36 = "etcd Version: 3.6.20\nGit SHA: abc"
ETCD_34 = "etcd Version: 3.4.23\nGit SHA: abc"


def never(line: str) -> None:
    """Progress is reported only where something has to be built."""
    raise AssertionError(f"nothing should be built here: {line}")


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """Puts a program into a folder below the test's own, that says something when asked for its version."""

    def put(folder: str, name: str, says: str) -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
        path.chmod(0o755)
        return path

    return put


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing but a shell: an empty cache, and folders `assets` and `path` to put programs into."""
    monkeypatch.setenv("MOORING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")


def test_assets_come_before_path(place: Callable[[str, str, str], Path]) -> None:
    """What KUBEBUILDER_ASSETS holds is preferred to what PATH holds."""
    # GIVEN a fitting etcd in both places
    wanted = place("assets", "etcd", ETCD_36)
    place("path", "etcd", ETCD_36)
    # WHEN etcd is asked for, THEN nothing is built
    assert {"etcd": wanted} == ensure(["etcd"], never)


def test_an_old_etcd_is_passed_over(place: Callable[[str, str, str], Path]) -> None:
    """A program of another version is not taken, and the next place is looked at."""
    # GIVEN Debian's etcd in the first place and a fitting one in the second
    place("assets", "etcd", ETCD_34)
    wanted = place("path", "etcd", ETCD_36)
    # WHEN THEN
    assert {"etcd": wanted} == ensure(["etcd"], never)


@pytest.mark.parametrize("says", ["Kubernetes v1.35.9", "Kubernetes v1.360.0", "Kubernetes v1.37.0", ""])
def test_another_kubernetes_is_passed_over(place: Callable[[str, str, str], Path], says: str) -> None:
    """Only Kubernetes 1.36 counts as Kubernetes 1.36."""
    # GIVEN another version on the machine, and a built one in the cache
    place("path", "kube-apiserver", says)
    built = TOOLS["kube-apiserver"].program("amd64").path
    built.parent.mkdir(parents=True)
    built.touch()
    # WHEN THEN
    assert built == tools._find(TOOLS["kube-apiserver"], "amd64")


def test_a_program_that_cannot_run_is_passed_over(
    place: Callable[[str, str, str], Path],
) -> None:
    """A broken program on the machine is as good as none."""
    # GIVEN
    place("path", "kubectl", "").write_text("#!/nowhere/sh\n")
    # WHEN THEN
    assert None is tools._find(TOOLS["kubectl"], "amd64")


def test_shipped_tools_never_come_from_the_machine(
    place: Callable[[str, str, str], Path],
) -> None:
    """Helm of the machine is not what is deployed, so it is not what runs here."""
    # GIVEN
    place("path", "helm", 'version.BuildInfo{Version:"v4.3"}')
    # WHEN THEN
    assert None is tools._find(TOOLS["helm"], "amd64")


def test_an_unknown_tool_is_a_mistake() -> None:
    """Asking for a tool that nobody knows fails at once."""
    # GIVEN WHEN THEN
    with pytest.raises(KeyError, match="kubeadm"):
        ensure(["kubeadm"], never)


def test_the_cache_tells_sources_processors_and_flags_apart(tmp_path: Path) -> None:
    """Whatever goes into a program is part of its place in the cache."""
    # GIVEN
    module = a_module(tmp_path)
    first = Program(module, ".", "hello", "amd64").path
    # WHEN
    others = {
        Program(module, ".", "hello", "arm64").path,
        Program(module, ".", "hello", "amd64", "-s").path,
    }
    (module / "extra.go").write_text("package main\n")
    others.add(Program(module, ".", "hello", "amd64").path)
    (module / "main_test.go").write_text("package main\n")
    same = Program(module, ".", "hello", "amd64").path
    # THEN
    assert 4 == len({first, *others})
    assert same in others


def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler's own words reach the reader, and the cache holds no half of a program."""
    # GIVEN a compiler that fails after naming a package, as `go build -v` does
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho example.com/hello\necho './main.go:3:1: syntax error' >&2\nexit 1\n")
    go.chmod(0o755)
    monkeypatch.setattr("local.golang.gocommand", lambda report: go)
    program = Program(a_module(tmp_path), ".", "hello", "amd64")
    # WHEN
    with pytest.raises(BuildError, match="syntax error") as caught:
        cached(program, lambda line: None)
    # THEN
    assert "example.com/hello" not in str(caught.value)
    assert [".hello.lock"] == [path.name for path in program.path.parent.iterdir()]


def test_what_is_left_shrinks_and_learns() -> None:
    """The estimate counts what is still to build, and follows the pace of the machine."""
    # GIVEN 300 s of work on a machine that is as fast as the one it was measured on
    clock = tools._Clock(300, 1.0)
    # WHEN THEN
    assert ", about 5 min left" == clock.left(190, 0)
    assert ", about 3 min left" == clock.left(190, 100)
    # WHEN the first build took twice its time, THEN so will the rest
    assert ", about 4 min left" == clock.after(190, 380).left(60, 0)
    # THEN a build past its estimate is not said to be over
    assert ", about 6 s left" == tools._Clock(60, 1.0).left(60, 500)


def a_module(folder: Path) -> Path:
    module = folder / "hello"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/hello\n\ngo 1.26.0\n")
    (module / "main.go").write_text("package main\n\nfunc main() {}\n")
    return module
