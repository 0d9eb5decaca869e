"""`mooring cluster audit-webhook`: the file that lets a cluster's API server send its audit events.

The file holds a token and is printed once; it goes to the machine of the API server, as its
`--audit-webhook-config-file`.
"""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.output import emit
from mooring_cli.secrets import read_secret

__all__ = ["add_audit_options", "audit_webhook"]


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """The options of `mooring cluster audit-webhook`."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--user", metavar="USER", default="", help="who Mooring is in this cluster")
    parser.add_argument("--address", metavar="URL", help="where the API server reaches Mooring (default: as you do)")
    parser.add_argument("--ca-file", metavar="FILE", help="a PEM file with the authority of that address")
    parser.add_argument("--token-file", metavar="FILE", help="a token of your own instead of a new one (- for stdin)")
    parser.add_argument("--off", action="store_true", help="take no more events from this cluster")


def audit_webhook(api: Api, args: argparse.Namespace) -> int:
    """Prints a kubeconfig for `--audit-webhook-config-file`, or ends the cluster's events."""
    if args.off:
        answer = api.call("DELETE", "clusters", args.name, "audit-webhook")
        emit(args, answer, lambda: f"no more audit events are taken from {args.name}")
        return 0
    body = {"user": args.user} | ({"token": read_secret(args.token_file)} if args.token_file else {})
    server = (args.address or api.endpoint.url).rstrip("/")
    if not server.startswith("https://"):
        raise ConfigurationError(
            f"must be an https address, not {server}: an API server shows its token to nobody else", field="--address"
        )
    authority = _authority(args.ca_file) if args.ca_file else {}
    answer = api.call("PUT", "clusters", args.name, "audit-webhook", body=body)
    config = _kubeconfig({"server": server + answer["path"]} | authority, answer["token"])
    emit(args, config, lambda: _yaml(config))
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
