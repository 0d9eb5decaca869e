"""How a person names one object of an application: by kind and name, and more where that is not enough.

Argo CD's options (`--kind`, `--resource-name`, `--namespace`, `--group`) and their short form `KIND/NAME` mean the
same. What was left out is looked up in the application's tree, which also knows pods and whatever else its objects own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.names import AppName

__all__ = ["Asked", "found_object", "named", "object_options"]


@dataclass(frozen=True, slots=True)
class Asked:
    """An object as it was named; empty where nothing was said, None where the group was not."""

    kind: str = ""
    name: str = ""
    namespace: str | None = None
    group: str | None = None

    def fits(self, node: Mapping[str, Any]) -> bool:
        """Whether a node of a tree is meant; kinds are compared as kubectl does, without case."""
        return (
            str(node["kind"]).lower() == self.kind.lower()
            and (not self.name or node["name"] == self.name)
            and self.namespace in (None, node["namespace"])
            and self.group in (None, node["group"])
        )

    def __str__(self) -> str:
        return "/".join(filter(None, (self.kind, self.namespace, self.name)))


def object_options(*, name: str = "--resource-name") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a subcommand the options that name an object."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        for option in reversed((
            click.option("--kind", metavar="KIND", default="", help="Its kind; or KIND/NAME, KIND.GROUP/NAME."),
            click.option(name, "object_name", metavar="NAME", default="", help="Its name."),
            click.option("--namespace", metavar="NAMESPACE", help="Its namespace, where several have that name."),
            click.option("--group", metavar="GROUP", help="Its API group, where several have that kind."),
        )):  # fmt: skip
            function = option(function)
        return function

    return decorate


def named(kind: str, object_name: str, namespace: str | None, group: str | None) -> Asked:
    """What the options say. Raises `ConfigurationError` for a kind that names an object beside `--resource-name`."""
    kind, slash, short = kind.partition("/")
    if slash and object_name:
        raise ConfigurationError(f"names an object already: {short!r}", field="--kind")
    if slash and not short:
        raise ConfigurationError("must be KIND or KIND/NAME", field="--kind")
    kind, dot, suffix = kind.partition(".")
    if dot and group is not None:
        raise ConfigurationError(f"names a group already: {suffix!r}", field="--kind")
    return Asked(kind, object_name or short, namespace, suffix if dot else group)


def found_object(api: Api, app: AppName, asked: Asked) -> dict[str, str]:
    """The query parameters that name the object.

    Raises `ConfigurationError` where nothing of the application, or more than one thing, is called so.
    """
    if not asked.kind or not asked.name:
        raise ConfigurationError(
            "say which object: --kind KIND --resource-name NAME, or --kind KIND/NAME", field="kind"
        )
    if asked.namespace is not None and asked.group is not None:
        return _query(asked.group, asked.kind, asked.namespace, asked.name)
    tree = api.call("GET", "applications", app.name, "resource-tree", query=app.query)
    fitting = [node for node in tree["nodes"] if asked.fits(node)]
    if not fitting:
        raise ConfigurationError(f"application {app} has no {asked}; `mooring app tree {app}` shows what it has")
    if len(fitting) > 1:
        several = ", ".join("/".join(filter(None, (n["group"], n["kind"], n["namespace"], n["name"]))) for n in fitting)
        raise ConfigurationError(f"may be any of {several}: give --namespace or --group", field=str(asked))
    node = fitting[0]
    return _query(node["group"], node["kind"], node["namespace"], node["name"])


def _query(group: str, kind: str, namespace: str, name: str) -> dict[str, str]:
    return {"group": group, "kind": kind, "resourceNamespace": namespace, "resourceName": name}
