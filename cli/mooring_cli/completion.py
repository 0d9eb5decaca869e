"""`mooring completion SHELL`, and the names that it completes.

The script comes from Click (its documentation, "Shell Completion"). Names of applications, clusters and projects come
from the API, which gets little time to answer: a shell that hangs is worse than a word that isn't completed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.frame import Session, verb

__all__ = ["app_names", "cluster_names", "completion", "project_names", "set_names"]

_PATIENCE: Final = 1.5  # seconds


@verb("completion", "the script that completes words in your shell", offline=True)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), help="as in `source <(mooring completion bash)`")
def completion(shell: str) -> int:
    """Prints it."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    root = click.get_current_context().find_root().command
    print(found(root, {}, "mooring", "_MOORING_COMPLETE").source())
    return 0


def _named(*path: str, namespaced: bool = False) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        try:
            session = ctx.ensure_object(Session)
            query = {"view": "summary"} if path == ("applications",) else None
            answer = Api(session.api().endpoint, timeout=_PATIENCE).call("GET", *path, query=query)
            return sorted(
                name for each in answer["items"] for name in _names(each, namespaced) if _fits(name, incomplete)
            )
        except (MooringError, LookupError, TypeError, AttributeError):
            return []

    return complete


def _names(item: dict[str, Any], namespaced: bool) -> list[str]:
    metadata = item.get("metadata") or item
    name = str(metadata.get("name") or "")
    if not name:
        return []
    namespace = metadata.get("namespace") or "argocd"
    return [f"{namespace}/{name}"] if namespaced and namespace != "argocd" else [name]


def _fits(name: str, incomplete: str) -> bool:
    return name.startswith(incomplete)


app_names: Final = _named("applications", namespaced=True)
cluster_names: Final = _named("clusters")
project_names: Final = _named("projects")
set_names: Final = _named("applicationsets", namespaced=True)
