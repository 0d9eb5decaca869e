"""Words that a shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring_cli.main import main
from tests.unit.cli.fake_api import TOKEN, FakeApi, Outcome, summary

Mooring = Callable[..., Outcome]


@pytest.mark.parametrize(
    ("shell", "words"),
    [("bash", "complete -o nosort"), ("zsh", "#compdef mooring"), ("fish", "complete --no-files --command mooring")],
)
def test_each_shell_gets_its_script(mooring: Mooring, shell: str, words: str) -> None:
    """GIVEN a shell WHEN its script is asked for THEN it is printed, without an API."""
    done = mooring("completion", shell)
    assert (0, True) == (done.code, words in done.out)
    assert "_MOORING_COMPLETE" in done.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mooring app get sh", {"shop"}),
        ("mooring app wait shop sh", {"shop"}),
        ("mooring app sync ", {"shop", "team-a/api"}),
        ("mooring cluster doctor in", {"in-cluster"}),
        ("mooring project get ", {"default"}),
        ("mooring appset get ", {"set"}),
        ("mooring drift list --cluster ", {"in-cluster"}),
        ("mooring app history shop --f", {"--fields"}),
        ("mooring comp", {"completion"}),
        ("mooring project role list ", {"default"}),
    ],
)
def test_names_come_from_the_api(
    api: FakeApi, mooring: Mooring, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str,
    expected: set[str],
) -> None:  # fmt: skip
    """GIVEN a line that is being typed WHEN the shell asks THEN names, options and subcommands are offered."""
    api.on("GET /api/v1/applications?view=summary", {"items": [summary(), summary("api", "team-a")]})
    api.on("GET /api/v1/clusters", {"items": [{"name": "in-cluster"}]})
    api.on("GET /api/v1/projects", {"items": [{"metadata": {"name": "default"}}]})
    api.on("GET /api/v1/applicationsets", {"items": [{"metadata": {"name": "set", "namespace": "argocd"}}]})
    assert expected == completed(monkeypatch, capsys, words)


def test_no_api_is_no_noise(
    mooring: Mooring, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN no API, or nothing that says where one is WHEN the shell asks THEN nothing is offered, and nothing said."""
    monkeypatch.setenv("MOORING_URL", "http://127.0.0.1:1")
    assert set() == completed(monkeypatch, capsys, "mooring app get ")
    monkeypatch.delenv("MOORING_URL")
    assert set() == completed(monkeypatch, capsys, "mooring app get ")


def test_bash_takes_the_script(mooring: Mooring) -> None:
    """GIVEN bash WHEN it reads the script THEN the command has completion."""
    script = mooring("completion", "bash").out
    done = subprocess.run(["bash", "-c", f"{script}\ncomplete -p mooring"], capture_output=True, text=True, timeout=10)
    assert (0, "") == (done.returncode, done.stderr)
    assert "mooring" in done.stdout


def test_bash_completes_what_is_typed(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN bash with the script WHEN it asks for an application's name THEN it is offered those that the API has."""
    api.on("GET /api/v1/applications?view=summary", {"items": [summary(), summary("api", "team-a")]})
    command = tmp_path / "mooring"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mooring_cli.main "$@"\n')
    command.chmod(0o755)
    typed = "COMP_WORDS=(mooring app get sh); COMP_CWORD=3; _mooring_completion mooring sh get"
    script = f"set -e\n{mooring('completion', 'bash').out}\n{typed}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    environment = {"MOORING_URL": api.url, "MOORING_TOKEN": TOKEN, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ("shop\n", "") == (done.stdout, done.stderr)


def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str) -> set[str]:
    """What is offered for the last word, as bash is told."""
    monkeypatch.setenv("_MOORING_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    monkeypatch.setattr(sys, "argv", ["mooring"])
    with pytest.raises(SystemExit) as stop:
        main()
    told = capsys.readouterr()
    assert ("", 0) == (told.err, stop.value.code)
    return {line.partition(",")[2] for line in told.out.splitlines() if line}
