"""Words that a shell completes."""

from __future__ import annotations

import os
import shutil
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
    typed = "COMP_WORDS=(mooring app get sh); COMP_CWORD=3; _mooring_completion mooring sh get"
    script = f"set -e\n{mooring('completion', 'bash').out}\n{typed}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = shell(api, tmp_path, "bash", "--norc", "-c", script)
    assert ("shop\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("mooring app get sh", {"shop"}),
        ("mooring app get ", {"shop", "team-a/api"}),
        ("mooring app history shop --fie", {"--fields"}),
        ("mooring comp", {"completion"}),
    ],
)
def test_fish_completes_what_is_typed(
    api: FakeApi, mooring: Mooring, tmp_path: Path, typed: str, offered: set[str]
) -> None:
    """GIVEN fish with the script WHEN a line is completed THEN it offers what the API has, and the command's words."""
    installed("fish")
    (tmp_path / "mooring.fish").write_text(mooring("completion", "fish").out)
    line = f"source {tmp_path}/mooring.fish; complete --do-complete '{typed}'"
    done = shell(api, tmp_path, "fish", "--no-config", "-c", line)
    assert (offered, "") == ({each.partition("\t")[0] for each in done.stdout.splitlines()}, done.stderr)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("mooring app get sh", "mooring app get shop"),
        ("mooring app get team", "mooring app get team-a/api"),
        ("mooring app history shop --fie", "mooring app history shop --fields"),
        ("mooring comp", "mooring completion"),
    ],
)
@pytest.mark.parametrize("way", ["sourced", "found"])
def test_zsh_completes_what_is_typed(
    api: FakeApi, mooring: Mooring, tmp_path: Path, typed: str, completed: str, way: str
) -> None:
    """GIVEN zsh that has read the script, or finds it in its fpath, WHEN Tab is pressed THEN the word is completed."""
    installed("zsh")
    places = tmp_path / "functions"
    places.mkdir()
    (places / "_mooring").write_text(mooring("completion", "zsh").out)
    begin = "autoload -Uz compinit; compinit -u -d $HOME/dump"
    ready = f"{begin}; source {places}/_mooring" if way == "sourced" else f"fpath=({places} $fpath); {begin}"
    # Only an interactive zsh completes, so one is typed to, on a terminal of its own; Ctrl-X then writes its line.
    (tmp_path / "typing.zsh").write_text(
        f"""zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "PS1=; PS2=; unsetopt beep; {ready}"
zpty -w inner 'line() {{ print -r -- "<$BUFFER>" > $HOME/line; zle kill-whole-line }}; zle -N line; bindkey "^X" line'
zpty -w inner 'print -r -- be""gun'
zpty -r -m inner heard '*begun*'
zpty -w -n inner $'{typed}\t\x18'
while [[ ! -s $HOME/line ]]; do zpty -r -t inner heard || sleep 0.05; done
zpty -d inner
"""
    )
    done = shell(api, tmp_path, "zsh", "-f", str(tmp_path / "typing.zsh"))
    assert ("", f"<{completed}") == (done.stderr, (tmp_path / "line").read_text().rstrip(" >\n"))


def installed(name: str) -> None:
    """Skips a test where its shell isn't there; continuous integration has all of them (.ci/run)."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here (apt-get install {name})")


def shell(api: FakeApi, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What a shell says that has the command on its path, and an API with two applications behind it."""
    api.on("GET /api/v1/applications?view=summary", {"items": [summary(), summary("api", "team-a")]})
    program = home / "mooring"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mooring_cli.main "$@"\n')
    program.chmod(0o755)
    environment = {"MOORING_URL": api.url, "MOORING_TOKEN": TOKEN, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {"PATH": f"{home}{os.pathsep}{os.environ['PATH']}", "XDG_CONFIG_HOME": str(home), "HOME": str(home)}
    environment |= {"XDG_DATA_HOME": str(home), "TERM": "dumb"}
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=60)


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
