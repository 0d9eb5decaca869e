"""`mooring access …`: who may what here, as Argo CD's ConfigMap `argocd-rbac-cm`."""

from __future__ import annotations

import click

from mooring.errors import ConfigurationError
from mooring_cli.accessgenerate import generate
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output, warn

__all__ = ["access"]

access = Group("access", "who may what here")
access.add_command(generate)


@access.verb("get", "the policy, as the ConfigMap argocd-rbac-cm")
@prints("yaml", "json", default="yaml", watch=True)
def get(api: Api, out: Output) -> int:
    """So that `apply` takes it back."""
    found = api.call("GET", "settings", "access")
    out.emit(found, str)
    return 0


@access.verb("apply", "replace the policy by that of a file")
@click.option("-f", "--filename", required=True, metavar="FILE", help="a ConfigMap argocd-rbac-cm, or - for input")
def apply(api: Api, filename: str) -> int:
    """Sends the only document of a file."""
    documents = list(read_documents(filename))
    if len(documents) != 1:
        raise ConfigurationError(f"must hold one document, not {len(documents)}", field=filename)
    warn(api.call("PUT", "settings", "access", body=documents[0][1]).get("warnings") or [])
    print("policy applied")
    return 0
