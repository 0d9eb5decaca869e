"""How a person names what has a namespace: `NAME`, or `NAMESPACE/NAME` as Argo CD's own command prints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.completion import app_names

__all__ = ["DEFAULT_NAMESPACE", "AppName", "app_namespace", "one", "one_app"]

Completer = Callable[[click.Context, click.Parameter, str], list[str]]
Decorator = Callable[[Callable[..., int]], Callable[..., int]]

DEFAULT_NAMESPACE = "argocd"


@dataclass(frozen=True, slots=True)
class AppName:
    """A name and the namespace that what has it was declared in."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str, namespace: str = DEFAULT_NAMESPACE) -> AppName:
        """Reads `NAME` or `NAMESPACE/NAME`. Raises `ConfigurationError` for anything else."""
        before, slash, name = text.rpartition("/")
        if not name or "/" in before or (slash and not before):
            raise ConfigurationError(f"must be NAME or NAMESPACE/NAME, not {text!r}", field="NAME")
        return cls(before or namespace, name)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that complete the name in the API's paths."""
        return {"namespace": self.namespace}

    def __str__(self) -> str:
        return self.name if self.namespace == DEFAULT_NAMESPACE else f"{self.namespace}/{self.name}"


def app_namespace(function: Callable[..., int]) -> Callable[..., int]:
    """`-N`: the namespace of Applications' names that have none in them."""
    return _namespace("--app-namespace", "Application")(function)


def one_app(function: Callable[..., int]) -> Callable[..., int]:
    """Gives a subcommand the argument NAME with `-N`; its function takes both as `app`."""
    return one("--app-namespace", "Application", "app", app_names)(function)


def one(option: str, kind: str, takes: str, complete: Completer | None = None) -> Decorator:
    """Gives a subcommand the argument NAME and `option` (also `-N`); its function takes both as `takes`."""
    given = option.removeprefix("--").replace("-", "_")

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def run(*args: Any, name: str, **options: Any) -> int:
            return function(*args, **{takes: AppName.parse(name, options.pop(given))}, **options)

        return click.argument("name", shell_complete=complete)(_namespace(option, kind)(run))

    return decorate


def _namespace(option: str, kind: str) -> Decorator:
    told = f"The namespace that the {kind} was declared in (default {DEFAULT_NAMESPACE})."
    return click.option(option, "-N", default=DEFAULT_NAMESPACE, metavar="NAMESPACE", help=told)
