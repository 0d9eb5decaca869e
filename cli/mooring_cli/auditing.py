"""`mooring cluster audit-webhook`: the file that lets a cluster's API server send its audit events.

The file holds a token and is printed once; it goes to the machine of the API server, as its
`--audit-webhook-config-file`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.frame import prints, verb
from mooring_cli.output import Output
from mooring_cli.secrets import read_secret

__all__ = ["audit_webhook"]


@verb("audit-webhook", "let its API server send audit events")
@click.argument("name")
@click.option("--user", default="", metavar="USER", help="who Mooring is in this cluster")
@click.option("--address", metavar="URL", help="where the API server reaches Mooring (default: as you do)")
@click.option("--ca-file", metavar="FILE", help="a PEM file with the authority of that address")
@click.option("--token-file", metavar="FILE", help="a token of your own instead of a new one (- for stdin)")
@click.option("--off", is_flag=True, help="take no more events from this cluster")
@prints()
def audit_webhook(
    api: Api,
    out: Output,
    name: str,
    user: str,
    address: str | None,
    ca_file: str | None,
    token_file: str | None,
    off: bool,
) -> int:
    """Prints a kubeconfig for `--audit-webhook-config-file`, or ends the cluster's events."""
    if off:
        answer = api.call("DELETE", "clusters", name, "audit-webhook")
        out.emit(answer, lambda: f"no more audit events are taken from {name}")
        return 0
    body = {"user": user} | ({"token": read_secret(token_file)} if token_file else {})
    server = (address or api.endpoint.url).rstrip("/")
    if not server.startswith("https://"):
        raise ConfigurationError(
            f"must be an https address, not {server}: an API server shows its token to nobody else", field="--address"
        )
    authority = _authority(ca_file) if ca_file else {}
    answer = api.call("PUT", "clusters", name, "audit-webhook", body=body)
    config = _kubeconfig({"server": server + answer["path"]} | authority, answer["token"])
    out.emit(config, lambda: _yaml(config))
    return 0


def _authority(file: str) -> dict[str, str]:
    try:
        return {"certificate-authority-data": base64.b64encode(Path(file).read_bytes()).decode()}
    except OSError as error:
        raise ConfigurationError(f"can't read it: {type(error).__name__}", field="--ca-file") from error


def _kubeconfig(cluster: dict[str, str], token: str) -> dict[str, Any]:
    """The form that the API server reads (Kubernetes documentation, "Auditing", Webhook backend)."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "mooring", "cluster": cluster}],
        "users": [{"name": "api-server", "user": {"token": token}}],
        "contexts": [{"name": "mooring", "context": {"cluster": "mooring", "user": "api-server"}}],
        "current-context": "mooring",
    }


def _yaml(config: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(config, sort_keys=False).rstrip()
