"""What every subcommand has in common: how it is declared, what it is handed, and which options it takes besides.

A subcommand is a function that takes the API, what prints its answer where it has one (`@prints()`), and its own
options. It returns the exit code. Groups load the module of a subcommand when it is named and not before (Click's
documentation, "Lazily Loading Subcommands"), so that the command starts as fast with eighty subcommands as with one.

`--url`, `--token`, `--context` and `--request-timeout` are taken before and after a subcommand, where fingers put them;
a subcommand with an option of the same name keeps its own.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mooring.errors import TransientError
from mooring_cli.endpoint import Endpoint, find_endpoint
from mooring_cli.output import FORMATS, Output, warn

if TYPE_CHECKING:
    from mooring_cli.client import Api

__all__ = ["SECONDS", "Group", "LazyGroup", "Session", "Verb", "global_options", "prints", "verb"]

WATCH_PAUSE: Final = 2.0  # seconds between two questions of --watch
_ALIASES: Final = {"rm": "delete", "delete": "rm", "ls": "list"}


@dataclass(slots=True)
class Session:
    """What was given on the command line for all subcommands; `None` where nothing was."""

    url: str | None = None
    token: str | None = None
    context: str | None = None
    request_timeout: float | None = None
    output: str | None = None

    def api(self) -> Api:
        """The API that this command talks to. Raises `ConfigurationError` where nothing says which."""
        return self.reach(
            find_endpoint(
                url=self.url, token=self.token, context=self.context, environment=os.environ, directory=Path.cwd()
            )
        )

    def reach(self, endpoint: Endpoint) -> Api:
        """The API at an endpoint, asked with the patience that was given."""
        from mooring_cli.client import Api  # HTTP takes as long to load as all the rest

        return Api(endpoint) if self.request_timeout is None else Api(endpoint, timeout=self.request_timeout)


class _Seconds(click.ParamType[float]):
    """A number of seconds, with or without an `s` at the end."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(str(value).removesuffix("s"))
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        if not 0 <= seconds < float("inf"):
            self.fail("must not be negative, and must end", param, ctx)
        return seconds


SECONDS: Final = _Seconds()


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None:
        setattr(ctx.ensure_object(Session), str(param.name), value)


def _contexts(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from mooring_cli.contexts import read_contexts

    return [name for name in read_contexts(os.environ).contexts if name.startswith(incomplete)]


def global_options() -> list[click.Option]:
    """The options that stand before or after a subcommand."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _keep}
    return [
        click.Option(["--url"], metavar="URL", help="The address of Mooring's API.", **kept),
        click.Option(["--token"], metavar="TOKEN", help="Its bearer token (better: MOORING_TOKEN).", **kept),
        click.Option(
            ["--context"], metavar="NAME", help="A context of `mooring login`.", shell_complete=_contexts, **kept
        ),
        click.Option(["--request-timeout"], type=SECONDS, help="How long one answer of the API may take (30).", **kept),
    ]


def root_output() -> click.Option:
    """`-o` before a subcommand, for whichever subcommand prints."""
    return click.Option(
        ["-o", "--output"], type=click.Choice(FORMATS), help="How to print.", expose_value=False, callback=_keep
    )


class Verb(click.Command):
    """One subcommand. Unless it is `offline`, its function gets the API first."""

    def __init__(self, name: str, *, offline: bool = False, **options: Any) -> None:
        super().__init__(name, **options)
        self._offline = offline
        taken = {each.name for each in self.params}
        self.params += [each for each in global_options() if each.name not in taken]

    def invoke(self, ctx: click.Context) -> Any:
        """Calls the function; its answer is the exit code."""
        assert self.callback is not None
        session = ctx.ensure_object(Session)
        return ctx.invoke(self.callback, *([] if self._offline else [session.api()]), **ctx.params)


def verb(name: str, help: str, *, offline: bool = False) -> Callable[[Callable[..., int]], Verb]:
    """Makes a subcommand of a function that returns an exit code."""

    def make(function: Callable[..., int]) -> Verb:
        params: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
        for each in params:
            if isinstance(each, click.Option | click.Argument) and each.help:
                each.help = _sentence(each.help)
        return Verb(name, offline=offline, callback=function, params=params, help=_sentence(help))

    return make


class _Knowing(click.Group):
    """A group that knows what to do instead of Argo CD's verbs that are not there (`mooring_cli.instead`)."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises `UsageError` with what to do instead."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from mooring_cli.instead import instead_of

            named, above = [args[0]], ctx
            while above.parent is not None:
                named.insert(0, str(above.command.name))
                above = above.parent
            told = instead_of(" ".join(named))
            if not told:
                raise
            raise click.UsageError(f"{' '.join(named)}: {told}", ctx) from None


class Group(_Knowing):
    """Subcommands under one name. `rm` and `delete`, `ls` and `list` are the same word, as `aliases` are."""

    def __init__(self, name: str, help: str, **options: Any) -> None:
        super().__init__(name, help=_sentence(help), **options)
        self.params += global_options()
        self.aliases: dict[str, str] = {}

    def verb(
        self, name: str, help: str, *, offline: bool = False, alias: str = ""
    ) -> Callable[[Callable[..., int]], Verb]:
        """Adds a subcommand; `alias` is another name for it."""

        def make(function: Callable[..., int]) -> Verb:
            made = verb(name, help, offline=offline)(function)
            self.add_command(made)
            if alias:
                self.aliases[alias] = name
            return made

        return make

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A subcommand by its name, or by another one for it."""
        found = super().get_command(ctx, cmd_name)
        return found or super().get_command(ctx, self.aliases.get(cmd_name) or _ALIASES.get(cmd_name, cmd_name))


class LazyGroup(_Knowing):
    """The command itself: `lazy` says of each subcommand where it is (`module:attribute`) and what it does."""

    def __init__(self, name: str, lazy: dict[str, tuple[str, str]], aliases: dict[str, str], **options: Any) -> None:
        super().__init__(name, **options)
        self.params += [*global_options(), root_output()]
        self._lazy, self.aliases = lazy, aliases

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in order; nothing is loaded."""
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Loads the one that is named."""
        entry = self._lazy.get(self.aliases.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, attribute = entry[0].partition(":")
        found: click.Command = getattr(import_module(f"mooring_cli.{module}"), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.told(name)) for name in self.list_commands(ctx)])

    def told(self, name: str) -> str:
        """What a subcommand does, as its own help says it."""
        return _sentence(self._lazy[name][1])


def prints(
    *formats: str, default: str = "table", watch: bool = False
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a subcommand `-o` (all of `FORMATS`, or those that are named) and, with `watch`, `-w`."""
    offered = formats or FORMATS

    def make(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def run(api: Api, *, output: str | None, watching: bool = False, **options: Any) -> int:
            form = output or click.get_current_context().ensure_object(Session).output or default
            if form not in offered:
                raise click.BadParameter(f"{form!r} is not one of {', '.join(offered)}.", param_hint="'--output'")
            out = Output(form, watching=watching)
            if not watching:
                return function(api, out, **options)
            return _watch(api, lambda: function(api, out, **options))

        if watch:
            click.option(
                "-w", "--watch", "watching", is_flag=True, help="Ask again every 2 seconds, and print what changed."
            )(run)
        click.option("-o", "--output", type=click.Choice(offered), help=f"How to print the answer ({default}).")(run)
        return run

    return make


def _watch(api: Api, once: Callable[[], int]) -> int:
    """Asks until it is interrupted; what did not change costs an answer without a body (RFC 9110, 304)."""
    api.remember()
    while True:
        try:
            once()
        except TransientError as error:
            warn([error])
        sys.stdout.flush()
        time.sleep(WATCH_PAUSE)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
