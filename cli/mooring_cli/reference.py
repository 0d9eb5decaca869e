"""`docs/commands.md`, written from the commands themselves: `python -m mooring_cli.reference > docs/commands.md`.

A test compares the two, so the page never says what the command does not do. Options that every subcommand takes stand
once, at the top.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from mooring_cli.commands import command
from mooring_cli.frame import global_options

__all__ = ["reference"]

_HEAD = """\
# Commands

Written from the commands themselves by `python -m mooring_cli.reference`; [cli.md](cli.md) says how they are used.
`mooring COMMAND --help` prints the same.

Every command also takes {globals}. `rm` and `delete` are the same word, and so are `ls` and `list`; other names that
work, most of them Argo CD's: {aliases}.
"""


def reference() -> str:
    """The page."""
    root = command()
    ctx = click.Context(root, info_name="mooring")
    options = ", ".join(f"`{each.opts[0]} {each.make_metavar(ctx)}`" for each in global_options())
    sections = []
    aliases = [f"`{alias}` for `{name}`" for alias, name in sorted(root.aliases.items())]
    for name in root.list_commands(ctx):
        found = root.get_command(ctx, name)
        assert found is not None
        sections.append(
            "\n".join([f"## mooring {name}\n", f"{found.help}\n", *_lines(found, ctx, name, aliases)]).rstrip()
        )
    return "\n\n".join([_HEAD.format(globals=options, aliases=", ".join(aliases)).rstrip(), *sections]) + "\n"


def _lines(found: click.Command, parent: click.Context, name: str, aliases: list[str]) -> Iterator[str]:
    ctx = click.Context(found, parent=parent, info_name=name)
    if not isinstance(found, click.Group) or found.invoke_without_command:
        yield from _options(found, ctx)
    if isinstance(found, click.Group):
        aliases += [
            f"`{alias}` for `{each}` (`{name}`)" for alias, each in sorted(getattr(found, "aliases", {}).items())
        ]
        for each in found.list_commands(ctx):
            verb = found.get_command(ctx, each)
            assert verb is not None
            yield f"### {ctx.command_path} {each}\n"
            yield f"{verb.help}\n"
            yield from _lines(verb, ctx, each, aliases)


def _options(found: click.Command, ctx: click.Context) -> Iterator[str]:
    arguments = [each for each in found.params if isinstance(each, click.Argument)]
    usage = " ".join(["mooring", *ctx.command_path.split()[1:], *(each.make_metavar(ctx) for each in arguments)])
    yield f"    {usage}\n"
    shared = {each.name for each in global_options() if each.name != "context"}
    told = [each.get_help_record(ctx) for each in found.params if each.name not in shared]
    for record in told:
        if record and record[1] and not record[1].startswith("A context of `mooring login`"):
            yield f"- `{record[0]}`: {record[1]}"
    yield ""


if __name__ == "__main__":
    print(reference(), end="")
