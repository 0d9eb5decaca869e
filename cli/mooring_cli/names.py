"""How a person names an application: `NAME`, or `NAMESPACE/NAME` as Argo CD's own command prints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.completion import app_names

__all__ = ["DEFAULT_NAMESPACE", "AppName", "app_namespace", "one_app"]

DEFAULT_NAMESPACE = "argocd"


@dataclass(frozen=True, slots=True)
class AppName:
    """An application's name and the namespace that it was declared in."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str, namespace: str = DEFAULT_NAMESPACE) -> AppName:
        """Reads `NAME` or `NAMESPACE/NAME`. Raises `ConfigurationError` for anything else."""
        before, slash, name = text.rpartition("/")
        if not name or "/" in before or (slash and not before):
            raise ConfigurationError(f"must be NAME or NAMESPACE/NAME, not {text!r}", field="application")
        return cls(before or namespace, name)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that complete the name in the API's paths."""
        return {"namespace": self.namespace}

    def __str__(self) -> str:
        return self.name if self.namespace == DEFAULT_NAMESPACE else f"{self.namespace}/{self.name}"


def app_namespace(function: Callable[..., int]) -> Callable[..., int]:
    """`-N`: the namespace of names that have none in them."""
    return click.option(
        "--app-namespace",
        "-N",
        default=DEFAULT_NAMESPACE,
        metavar="NAMESPACE",
        help=f"The namespace that the Application was declared in (default {DEFAULT_NAMESPACE}).",
    )(function)


def one_app(function: Callable[..., int]) -> Callable[..., int]:
    """Gives a subcommand the argument NAME with `-N`; its function takes both as `app`."""

    @wraps(function)
    def run(*args: Any, name: str, app_namespace: str, **options: Any) -> int:
        return function(*args, app=AppName.parse(name, app_namespace), **options)

    return click.argument("name", shell_complete=app_names)(app_namespace(run))
