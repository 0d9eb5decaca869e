"""The command itself: its version, how much it loads before it does anything, and what stands in its reference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from mooring_cli.commands import command
from mooring_cli.frame import LazyGroup
from mooring_cli.main import main
from mooring_cli.reference import reference

HEAVY = {"boto3", "botocore", "cryptography", "git", "kubernetes", "orjson", "rich", "typer", "urllib3", "yaml"}


def test_version() -> None:
    """`mooring version` needs no API."""
    assert main(["version"]) == 0


def loaded(*arguments: str) -> set[str]:
    """What is in memory once the command has run."""
    script = (
        "import sys\nfrom mooring_cli.main import main\n"
        f"main({list(arguments)!r})\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    return set(done.stderr.split())


def test_starting_loads_nothing_heavy() -> None:
    """GIVEN no terminal and no YAML WHEN the command runs THEN it has loaded Click, and of its own what was named."""
    found = loaded("version")
    assert set() == HEAVY & {name.partition(".")[0] for name in found}
    assert set() == {"mooring_cli.applications", "mooring_cli.clusters", "mooring_cli.terminal"} & found
    helped = loaded("--help")
    assert set() == {name for name in helped if name.startswith("mooring_cli.")} & {"mooring_cli.applications"}


def test_every_command_is_where_the_table_says() -> None:
    """GIVEN the table of subcommands WHEN each is loaded THEN it is there, says what it does, and explains each option."""
    root = command()
    for name, found in walk(root, click.Context(root)):
        assert found.help, name
        for each in found.params:
            if isinstance(each, click.Option):
                assert each.help, (name, each.name)


def test_names_of_the_table_are_those_of_the_commands() -> None:
    """GIVEN the table of subcommands WHEN one is loaded THEN it has the same name, and says the same of itself."""
    root = command()
    assert isinstance(root, LazyGroup)
    for name in root.list_commands(click.Context(root)):
        found = root.get_command(click.Context(root), name)
        assert found is not None
        assert (name, root.told(name)) == (found.name, found.help)


def test_the_reference_is_true() -> None:
    """GIVEN the commands WHEN the reference is written anew THEN it is the page in docs."""
    page = Path(__file__).parents[3] / "docs" / "commands.md"
    assert reference() == page.read_text(encoding="utf-8"), "run `python -m mooring_cli.reference > docs/commands.md`"


def walk(group: click.Group, ctx: click.Context, before: str = "mooring") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(ctx):
        each = group.get_command(ctx, name)
        assert each is not None, name
        found.append((f"{before} {name}", each))
        if isinstance(each, click.Group):
            found += walk(each, ctx, f"{before} {name}")
    return found
