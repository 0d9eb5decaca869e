"""Programs are really built, once, even when two ask at the same time."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from local.golang import BuildError, Program, cached, native_architecture
from local.tools import build

MAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go module without dependencies, and a cache of its own."""
    monkeypatch.setenv("MOORING_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/hello\n\ngo 1.26.0\n")
    (folder / "main.go").write_text(MAIN)
    return folder


def test_two_builders_share_one_build(module: Path) -> None:
    """Whoever comes second waits and finds the program ready."""
    # GIVEN
    program = Program(module, ".", "hello", native_architecture())
    lines: list[str] = []
    found: list[Path] = []
    # WHEN
    threads = [threading.Thread(target=lambda: found.append(cached(program, lines.append))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    # THEN
    assert [program.path, program.path] == found
    assert "hello\n" == subprocess.run([found[0]], capture_output=True, text=True, timeout=10, check=True).stdout
    assert [".hello.lock", "hello"] == sorted(path.name for path in program.path.parent.iterdir())


def test_a_function_gets_a_program_for_its_own_processor(module: Path, tmp_path: Path) -> None:
    """A build for arm64 is an arm64 program wherever it is made."""
    # GIVEN WHEN
    out = build(module, ".", "arm64", tmp_path / "layer/bin/hello", lambda line: None)
    # THEN byte 18 of an ELF file names the machine: 183 is AArch64
    assert 183 == out.read_bytes()[18]


def test_the_compilers_words_are_shown(module: Path) -> None:
    """A program that doesn't compile says where."""
    # GIVEN
    (module / "main.go").write_text("package main\n\nfunc main() { nothing() }\n")
    # WHEN THEN
    with pytest.raises(BuildError, match="undefined: nothing"):
        cached(Program(module, ".", "hello", native_architecture()), lambda line: None)
