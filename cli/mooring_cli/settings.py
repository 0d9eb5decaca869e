"""`mooring settings …`: what holds for every application, written as Argo CD's ConfigMap `argocd-cm`."""

from __future__ import annotations

import argparse
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.output import emit, warn

__all__ = ["add_settings_commands"]


def add_settings_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring settings apply|get`."""
    settings = commands.add_parser("settings", help="what holds for every application").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = settings.add_parser("apply", parents=[shared], help="replace the settings by those of a file")
    parser.add_argument(
        "-f", "--filename", required=True, metavar="FILE", help="a ConfigMap argocd-cm, or - for standard input"
    )
    parser.set_defaults(run=apply)

    parser = settings.add_parser("get", parents=[shared], help="the settings as the ConfigMap argocd-cm")
    parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml", help="how to print them")
    parser.set_defaults(run=get)


def apply(api: Api, args: argparse.Namespace) -> int:
    """Sends the only document of a file."""
    documents = list(read_documents(args.filename))
    if len(documents) != 1:
        raise ConfigurationError(f"must hold one document, not {len(documents)}", field=args.filename)
    warn(api.call("PUT", "settings", body=documents[0][1]).get("warnings") or [])
    print("settings applied")
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """Prints them so that `apply` takes them back."""
    settings = api.call("GET", "settings")
    error = ((settings.get("status") or {}).get("healthScripts") or {}).get("error")
    warn([f"health scripts: {error}"] if error else [])
    emit(args, settings, str)
    return 0
