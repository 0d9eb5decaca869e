"""`mooring gpg …`: the public keys that signatures of commits are checked with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_key_commands"]

_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


def add_key_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring gpg add|list|rm`."""
    keys = commands.add_parser("gpg", help="keys that sign commits").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = keys.add_parser("add", parents=[shared], help="import public keys, or a ConfigMap argocd-gpg-keys-cm")
    parser.add_argument("--from", required=True, dest="origin", metavar="FILE", help="a file, or - for standard input")
    parser.set_defaults(run=add)

    parser = keys.add_parser("list", parents=[shared], help="a line for each imported key")
    add_output_option(parser)
    parser.set_defaults(run=list_keys)

    parser = keys.add_parser("rm", parents=[shared], help="forget a key")
    parser.add_argument("key", metavar="KEY-ID")
    parser.set_defaults(run=remove)


def add(api: Api, args: argparse.Namespace) -> int:
    """Sends keys in ASCII armor as they are, and every document of a YAML file."""
    try:
        text = sys.stdin.read() if args.origin == "-" else Path(args.origin).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        told = "can't be read as text; export keys with `gpg --armor --export KEY`"
        raise ConfigurationError(told, field=args.origin) from error
    armored = text.lstrip().startswith(_ARMOR)
    if args.origin == "-" and not armored:
        raise ConfigurationError("must be keys in ASCII armor; name the file of a ConfigMap", field="standard input")
    bodies = [{"key": text}] if armored else [document for _, document in read_documents(args.origin)]
    for body in bodies:
        for key in api.call("POST", "gpgkeys", body=body)["items"]:
            print(f"key {key['keyID']} imported: {key['owner']}")
    return 0


def list_keys(api: Api, args: argparse.Namespace) -> int:
    """`mooring gpg list`."""
    answer = api.call("GET", "gpgkeys")
    rows = [
        (each["keyID"], "revoked" if each.get("revoked") else each.get("expires", "never"), each["owner"])
        for each in answer["items"]
    ]
    emit(args, answer, lambda: table(["KEY-ID", "EXPIRES", "OWNER"], rows))
    return 0


def remove(api: Api, args: argparse.Namespace) -> int:
    """`mooring gpg rm`."""
    api.call("DELETE", "gpgkeys", args.key)
    print(f"key {args.key} removed")
    return 0
