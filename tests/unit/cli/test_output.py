"""How answers leave: formats, terminals, watching, and exit codes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
import yaml
from rich.console import Console

from mooring_cli import frame, output
from mooring_cli.output import Output, names_of
from mooring_cli.tables import Table, plain, table
from mooring_cli.terminal import show
from tests.unit.cli.fake_api import FakeApi, Outcome, application, summary

Mooring = Callable[..., Outcome]
LIST = "GET /api/v1/applications?view=summary"


class Enough(Exception):
    """Somebody has watched for long enough."""


def test_every_format_says_the_same(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN two applications WHEN they are listed in each format THEN each shows both."""
    other = application()
    other["metadata"] = {"name": "api", "namespace": "team-a"}
    api.on("GET /api/v1/applications", {"items": [application(), other]})
    api.on(LIST, {"items": [summary(), summary("api", "team-a")]})
    assert "argocd/shop\nteam-a/api\n" == mooring("app", "list", "-o", "name").out
    whole = json.loads(mooring("app", "list", "-o", "json").out)
    assert ["shop", "api"] == [each["metadata"]["name"] for each in whole["items"]]
    assert whole == yaml.safe_load(mooring("app", "list", "-o", "yaml").out)
    assert ["argocd/shop", "team-a/api"] == [line.split()[0] for line in mooring("app", "list").out.splitlines()[1:]]


def test_the_format_may_stand_in_front(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN `-o` before the subcommand WHEN that has its own too THEN its own counts; a wrong one is wrong usage."""
    api.on(LIST, {"items": [summary()]})
    assert "argocd/shop\n" == mooring("-o", "name", "app", "list").out
    assert mooring("-o", "name", "app", "list", "-o", "table").out.startswith("NAME ")
    assert 2 == mooring("-o", "table", "settings", "get").code


def test_names_are_what_other_commands_take() -> None:
    """GIVEN things of all kinds WHEN only names are asked for THEN it is what they are called, or an error."""
    assert ["a/b", "c", "in-cluster", "01X"] == names_of(
        {
            "items": [
                {"metadata": {"namespace": "a", "name": "b"}},
                {"metadata": {"name": "c"}},
                {"name": "in-cluster"},
                {"id": "01X"},
            ]
        }
    )
    with pytest.raises(Exception, match="--output: has no name in it"):
        names_of({"warnings": []})


def test_an_error_of_usage_says_where_it_is_explained(mooring: Mooring) -> None:
    """GIVEN a wrong option WHEN the command is run THEN it exits with 2 and names the help."""
    done = mooring("app", "get", "--wrong")
    assert (2, "") == (done.code, done.out)
    assert done.err.startswith("error: No such option")
    assert "see `mooring app get --help`" in done.err


def test_argo_cds_names_work(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN fingers that know Argo CD WHEN they type its names THEN the same is done."""
    api.on("GET /api/v1/projects", {"items": []})
    api.on("DELETE /api/v1/projects/a", {})
    api.on("DELETE /api/v1/repositories?url=u", {})
    assert 0 == mooring("proj", "list").code
    assert "project a deleted\n" == mooring("proj", "rm", "a").out
    assert 0 == mooring("repo", "delete", "u").code


def test_watching_prints_what_changed(
    api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN a list that changes once WHEN it is watched THEN only the changed line comes again, and ETags are sent."""
    first = {"items": [summary(sync="OutOfSync"), summary("other")]}
    api.on(LIST, first, first, {"items": [summary(), summary("other")]})
    watched(monkeypatch, rounds=3)
    with pytest.raises(Enough):
        mooring("app", "list", "--watch")
    lines = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    shown = [["argocd/shop", "OutOfSync"], ["argocd/other", "Synced"], ["argocd/shop", "Synced"]]
    assert [["NAME", "STATUS"], *shown] == lines
    assert [None, True, True] == [call.headers.get("If-None-Match") and True for call in api.calls]


def test_what_is_watched_in_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """GIVEN rows that change and go WHEN they are shown again THEN headers come once and unchanged rows never again."""
    out = Output("table", watching=True)
    for rows in ([("a", 1), ("b", 2)], [("a", 1), ("b", 2)], [("a", 3), ("b", 2)], [("b", 2)]):
        out.emit(rows, lambda rows=rows: table(["NAME", "N"], rows))
    assert ["NAME  N", "a     1", "b     2", "a     3", "a  gone"] == capsys.readouterr().out.splitlines()


def test_a_busy_api_does_not_end_watching(
    api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GIVEN an API that is busy once WHEN something is watched THEN that is a warning, and it goes on."""
    api.on("GET /api/v1/projects/a", {"metadata": {"name": "a"}})
    api.on("GET /api/v1/projects/a", {"detail": "busy"}, status=503)
    api.on("GET /api/v1/projects/a", {"metadata": {"name": "b"}})
    watched(monkeypatch, rounds=3)
    with pytest.raises(Enough):
        mooring("project", "get", "a", "-w", "-o", "name")
    told = capsys.readouterr()
    assert ("a\nb\n", "warning: busy\n") == (told.out, told.err)


def test_interrupting_has_a_code_of_its_own(api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a watching command WHEN it is interrupted THEN it exits with 130."""
    api.on("GET /api/v1/projects", {"items": []})

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(frame.time, "sleep", interrupted)
    assert 130 == mooring("project", "list", "-w").code


def test_a_terminal_gets_colours_and_a_pipe_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a table WHEN it goes to a terminal THEN states are coloured; NO_COLOR and pipes get aligned text."""
    made = table(["NAME", "STATUS"], [("[bold]x", "Synced"), ("long", "Degraded")])
    drawn = io.StringIO()
    show(
        ["Phase: Running", made],
        Console(file=drawn, force_terminal=True, width=80, highlight=False, color_system="standard"),
    )
    assert "\x1b[32mSynced\x1b[0m" in drawn.getvalue()
    assert "\x1b[1;31mDegraded\x1b[0m" in drawn.getvalue()
    assert "[bold]x" in drawn.getvalue()
    foreign = io.StringIO()
    show(["\x1b[31mred\x07", table(["A"], [("\x1b]0;title\x07",)])], Console(file=foreign, width=80))
    assert not {"\x1b", "\x07"} & set(foreign.getvalue() + plain(table(["A"], [("\x1b[2J",)])))
    assert "NAME     STATUS\n[bold]x  Synced\nlong     Degraded" == plain(made)
    monkeypatch.setattr(output.sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.on_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.on_terminal()


def test_an_empty_table_has_headers() -> None:
    """GIVEN no rows WHEN a table is printed THEN its headers stand there."""
    assert "NAME  N" == str(Table(["NAME", "N"], []))


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch, *, rounds: int) -> None:
    """Ends watching after so many questions."""
    left = [rounds]

    def pause(_: float) -> None:
        left[0] -= 1
        if not left[0]:
            raise Enough

    monkeypatch.setattr(frame.time, "sleep", pause)
