"""`mooring gpg …`: the public keys that signatures of commits are checked with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api, NotFoundError
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output
from mooring_cli.tables import table

__all__ = ["keys"]

keys = Group("gpg", "keys that sign commits")

_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


@keys.verb("add", "import public keys, or a ConfigMap argocd-gpg-keys-cm")
@click.option("--from", "origin", required=True, metavar="FILE", help="a file, or - for standard input")
def add(api: Api, origin: str) -> int:
    """Sends keys in ASCII armor as they are, and every document of a YAML file."""
    try:
        text = sys.stdin.read() if origin == "-" else Path(origin).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        told = "can't be read as text; export keys with `gpg --armor --export KEY`"
        raise ConfigurationError(told, field=origin) from error
    armored = text.lstrip().startswith(_ARMOR)
    if origin == "-" and not armored:
        raise ConfigurationError("must be keys in ASCII armor; name the file of a ConfigMap", field="standard input")
    bodies = [{"key": text}] if armored else [document for _, document in read_documents(origin)]
    for body in bodies:
        for key in api.call("POST", "gpgkeys", body=body)["items"]:
            print(f"key {key['keyID']} imported: {key['owner']}")
    return 0


@keys.verb("list", "a line for each imported key")
@prints(watch=True)
def list_keys(api: Api, out: Output) -> int:
    """`mooring gpg list`."""
    answer = api.whole("gpgkeys")
    rows = [
        (each["keyID"], "revoked" if each.get("revoked") else each.get("expires", "never"), each["owner"])
        for each in answer["items"]
    ]
    out.emit(answer, lambda: table(["KEY-ID", "EXPIRES", "OWNER"], rows))
    return 0


@keys.verb("get", "one imported key")
@click.argument("key", metavar="KEY-ID")
@prints(watch=True)
def get_key(api: Api, out: Output, key: str) -> int:
    """With its owner, and when it expires."""
    found = next((each for each in api.items("gpgkeys") if each["keyID"] == key), None)
    if found is None:
        raise NotFoundError(f"no key {key} is imported: `mooring gpg list` shows those that are")
    out.emit(found, lambda: table(["FIELD", "VALUE"], list(found.items())))
    return 0


@keys.verb("rm", "forget a key")
@click.argument("key", metavar="KEY-ID")
def remove(api: Api, key: str) -> int:
    """`mooring gpg rm`."""
    api.call("DELETE", "gpgkeys", key)
    print(f"key {key} removed")
    return 0
