"""`mooring seal` and `mooring sealed-secrets …`: sealing on this machine, and the keys of the installation.

Nothing that is sealed here leaves the machine before it is sealed: the API is asked for a certificate and no more. What
the API can't do, since it can't read a private key, is a backup; that goes to Secrets Manager with the caller's rights.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_sealing_commands"]

_SCOPES = ("strict", "namespace-wide", "cluster-wide")
_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"


def add_sealing_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring seal` and `mooring sealed-secrets list|import|backup`."""
    parser = commands.add_parser("seal", parents=[shared], help="turn Secrets into SealedSecrets")
    parser.add_argument("-f", "--filename", default="-", metavar="FILE", help="Secrets, or - for standard input")
    parser.add_argument("--cert", metavar="FILE", help="the certificate to seal for (else the installation's newest)")
    parser.add_argument("--scope", choices=_SCOPES, help="where it opens (else as the Secret's annotations say)")
    parser.add_argument("--merge-into", metavar="FILE", help="a SealedSecret that the values are put into, in place")
    parser.add_argument("--raw", action="store_true", help="seal standard input as one value, and print just that")
    parser.add_argument("--name", metavar="NAME", default="", help="with --raw: of the Secret")
    parser.add_argument("--namespace", metavar="NAMESPACE", default="", help="with --raw: of the Secret")
    parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml", help="how to print it")
    parser.set_defaults(run=seal)

    keys = commands.add_parser("sealed-secrets", help="the keys that SealedSecrets are opened with").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = keys.add_parser("list", parents=[shared], help="a line for each key, the one that seals first")
    add_output_option(parser)
    parser.set_defaults(run=list_keys)
    parser = keys.add_parser("import", parents=[shared], help="take in the keys of a cluster's controller")
    parser.add_argument("-f", "--filename", required=True, metavar="FILE", help="its Secrets, or - for standard input")
    parser.set_defaults(run=import_keys)
    parser = keys.add_parser("backup", parents=[shared], help="write all keys to a file, with your own rights in AWS")
    parser.add_argument("file", metavar="FILE", help="a file that is not there yet")
    parser.add_argument("--stack", default="mooring", metavar="NAME", help="the stack's name (default: mooring)")
    parser.add_argument("--region", metavar="REGION")
    parser.add_argument("--profile", metavar="PROFILE")
    parser.set_defaults(run=backup)


def seal(api: Api, args: argparse.Namespace) -> int:
    """Seals what it is given and prints it, or puts it into a file."""
    from mooring.secrets.sealed import Scope, label_of, public_key_of, seal_value
    from mooring.secrets.sealedsecret import seal_secret

    key = public_key_of(_certificate(api, args.cert))
    if args.raw:
        scope: Scope = args.scope or "strict"
        if scope != "cluster-wide" and not args.namespace:
            raise ConfigurationError(f"is needed: the scope {scope} binds the value to it", field="--namespace")
        if scope == "strict" and not args.name:
            raise ConfigurationError("is needed: the scope strict binds the value to it", field="--name")
        print(seal_value(key, sys.stdin.buffer.read(), label_of(args.namespace, args.name, scope)))
        return 0
    made = [seal_secret(_secret(origin, each), key, args.scope) for origin, each in read_documents(args.filename)]
    if args.merge_into:
        _merge(Path(args.merge_into), made)
        return 0
    for each in made:
        _print(each, args.output, several=len(made) > 1)
    return 0


def _certificate(api: Api, file: str | None) -> str:
    if file:
        try:
            return Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"can't read: {error}", field=file) from error
    items = api.call("GET", "sealed-secrets")["items"]
    if not items:
        raise ConfigurationError("the installation has no key yet; the schedule makes one within the hour")
    return str(items[0]["certificate"])


def _secret(origin: str, document: dict[str, Any]) -> dict[str, Any]:
    if document.get("kind") != "Secret":
        raise ConfigurationError("must be a Secret", field=f"{origin}: kind")
    return document


def _merge(file: Path, made: list[dict[str, Any]]) -> None:
    documents = [document for _, document in read_documents(str(file))]
    if len(documents) != 1 or len(made) != 1:
        raise ConfigurationError("takes one Secret and a file with one SealedSecret", field="--merge-into")
    (old,), (new,) = documents, made
    same = all(old["metadata"].get(each) == new["metadata"].get(each) for each in ("name", "namespace"))
    if old.get("kind") != "SealedSecret" or not same:
        raise ConfigurationError("must hold the SealedSecret of the same name and namespace", field=str(file))
    scopes = [each["metadata"].get("annotations") or {} for each in (old, new)]
    if any(scopes[0].get(name) != scopes[1].get(name) for name in (f"sealedsecrets.bitnami.com/{s}" for s in _SCOPES)):
        raise ConfigurationError("has another scope; name it with --scope", field=str(file))
    spec = old.setdefault("spec", {})
    spec["encryptedData"] = {**(spec.get("encryptedData") or {}), **new["spec"]["encryptedData"]}
    file.write_text(_text(old, "json" if file.suffix == ".json" else "yaml"), encoding="utf-8")


def _print(document: dict[str, Any], output: str, *, several: bool) -> None:
    print("---\n" if several and output == "yaml" else "", _text(document, output), sep="", end="")


def _text(document: dict[str, Any], output: str) -> str:
    if output == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def list_keys(api: Api, args: argparse.Namespace) -> int:
    """`mooring sealed-secrets list`."""
    answer = api.call("GET", "sealed-secrets")
    rows = [
        (each["fingerprint"], datetime.fromtimestamp(each["since"], UTC).strftime("%Y-%m-%d"), "" if index else "seals")
        for index, each in enumerate(answer["items"])
    ]
    emit(args, answer, lambda: table(["FINGERPRINT", "SINCE", ""], rows))
    return 0


def import_keys(api: Api, args: argparse.Namespace) -> int:
    """Sends every key; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(args.filename):
        try:
            print(f"key {api.call('POST', 'sealed-secrets', body=document)['fingerprint']} imported")
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
    return failed


def backup(api: Api, args: argparse.Namespace) -> int:
    """Writes the keys as a controller keeps them: kubeseal opens with that file, and `import` takes it back."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": f"sealed-secrets-key-{number}", "labels": {_LABEL: "active"}},
            "stringData": pair,
        }
        for number, pair in enumerate(_pairs(args), 1)
    ]
    if not items:
        raise ConfigurationError(f"no key lies below {args.stack}/sealed-secrets/ there", field="--stack")
    try:
        handle = os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(f"can't be made: {error.strerror}", field=args.file) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file, indent=2)
    print(f"{len(items)} key(s) of {api.endpoint.url} in {args.file}: whoever has it opens every SealedSecret")
    return 0


def _pairs(args: argparse.Namespace) -> list[dict[str, str]]:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ConfigurationError("takes the package boto3 (pip install boto3)", field="backup") from error
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = f"{args.stack}/sealed-secrets/"
    try:
        session = boto3.Session(profile_name=args.profile, region_name=args.region)
        config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
        client = session.client("secretsmanager", config=config)
        pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
        names = sorted(each["Name"] for page in pages for each in page["SecretList"])
        return [json.loads(client.get_secret_value(SecretId=name)["SecretString"]) for name in names]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        raise ForbiddenError(
            f"Secrets Manager refuses it ({code}); it takes secretsmanager:ListSecrets, and GetSecretValue of {prefix}*"
        ) from None
    except BotoCoreError as error:
        raise UnreachableError(f"Secrets Manager can't be asked: {type(error).__name__}") from None
