"""`mooring settings …`: what holds for every application, written as Argo CD's ConfigMap `argocd-cm`."""

from __future__ import annotations

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output, warn

__all__ = ["settings"]

settings = Group("settings", "what holds for every application")


@settings.verb("apply", "replace the settings by those of a file")
@click.option("-f", "--filename", required=True, metavar="FILE", help="a ConfigMap argocd-cm, or - for standard input")
def apply(api: Api, filename: str) -> int:
    """Sends the only document of a file."""
    documents = list(read_documents(filename))
    if len(documents) != 1:
        raise ConfigurationError(f"must hold one document, not {len(documents)}", field=filename)
    warn(api.call("PUT", "settings", body=documents[0][1]).get("warnings") or [])
    print("settings applied")
    return 0


@settings.verb("get", "the settings as the ConfigMap argocd-cm")
@prints("yaml", "json", "name", default="yaml", watch=True)
def get(api: Api, out: Output) -> int:
    """Prints them so that `apply` takes them back."""
    found = api.call("GET", "settings")
    error = ((found.get("status") or {}).get("healthScripts") or {}).get("error")
    warn([f"health scripts: {error}"] if error else [])
    out.emit(found, str)
    return 0
