"""`mooring seal` and `mooring sealed-secrets …`: sealing on this machine, and the keys of the installation.

Nothing that is sealed here leaves the machine before it is sealed: the API is asked for a certificate and no more. What
the API can't do, since it can't read a private key, is a backup; that goes to Secrets Manager with the caller's rights.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints, verb
from mooring_cli.output import Output
from mooring_cli.tables import table

if TYPE_CHECKING:
    from mooring.secrets.sealed import Scope

__all__ = ["seal", "sealed_secrets"]

sealed_secrets = Group("sealed-secrets", "the keys that SealedSecrets are opened with")

_SCOPES = ("strict", "namespace-wide", "cluster-wide")
_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"


@verb("seal", "turn Secrets into SealedSecrets")
@click.option("-f", "--filename", default="-", metavar="FILE", help="Secrets, or - for standard input")
@click.option("--cert", metavar="FILE", help="the certificate to seal for (else the installation's newest)")
@click.option("--scope", type=click.Choice(_SCOPES), help="where it opens (else as the Secret's annotations say)")
@click.option("--merge-into", metavar="FILE", help="a SealedSecret that the values are put into, in place")
@click.option("--raw", is_flag=True, help="seal standard input as one value, and print just that")
@click.option("--name", default="", metavar="NAME", help="with --raw: of the Secret")
@click.option("--namespace", default="", metavar="NAMESPACE", help="with --raw: of the Secret")
@prints("yaml", "json", default="yaml")
def seal(
    api: Api,
    out: Output,
    filename: str,
    cert: str | None,
    scope: Scope | None,
    merge_into: str | None,
    raw: bool,
    name: str,
    namespace: str,
) -> int:
    """Seals what it is given and prints it, or puts it into a file."""
    from mooring.secrets.sealed import label_of, public_key_of, seal_value
    from mooring.secrets.sealedsecret import seal_secret

    key = public_key_of(_certificate(api, cert))
    if raw:
        bound: Scope = scope or "strict"
        if bound != "cluster-wide" and not namespace:
            raise ConfigurationError(f"is needed: the scope {bound} binds the value to it", field="--namespace")
        if bound == "strict" and not name:
            raise ConfigurationError("is needed: the scope strict binds the value to it", field="--name")
        print(seal_value(key, sys.stdin.buffer.read(), label_of(namespace, name, bound)))
        return 0
    made = [seal_secret(_secret(origin, each), key, scope) for origin, each in read_documents(filename)]
    if merge_into:
        _merge(Path(merge_into), made)
        return 0
    for each in made:
        _print(each, out.form, several=len(made) > 1)
    return 0


def _certificate(api: Api, file: str | None) -> str:
    if file:
        try:
            return Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"can't read: {error}", field=file) from error
    items = api.items("sealed-secrets")
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


@sealed_secrets.verb("list", "a line for each key, the one that seals first")
@prints(watch=True)
def list_keys(api: Api, out: Output) -> int:
    """`mooring sealed-secrets list`."""
    answer = api.whole("sealed-secrets")
    rows = [
        (each["fingerprint"], datetime.fromtimestamp(each["since"], UTC).strftime("%Y-%m-%d"), "" if index else "seals")
        for index, each in enumerate(answer["items"])
    ]
    out.emit(answer, lambda: table(["FINGERPRINT", "SINCE", ""], rows))
    return 0


@sealed_secrets.verb("import", "take in the keys of a cluster's controller")
@click.option("-f", "--filename", required=True, metavar="FILE", help="its Secrets, or - for standard input")
def import_keys(api: Api, filename: str) -> int:
    """Sends every key; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(filename):
        try:
            print(f"key {api.call('POST', 'sealed-secrets', body=document)['fingerprint']} imported")
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
    return failed


@sealed_secrets.verb("backup", "write all keys to a file, with your own rights in AWS")
@click.argument("file", help="a file that is not there yet")
@click.option("--stack", default="mooring", metavar="NAME", help="the stack's name (default: mooring)")
@click.option("--region", metavar="REGION", help="of the stack (default: as your AWS profile says)")
@click.option("--profile", metavar="PROFILE", help="your AWS profile")
def backup(api: Api, file: str, stack: str, region: str | None, profile: str | None) -> int:
    """Writes the keys as a controller keeps them: kubeseal opens with that file, and `import` takes it back."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": f"sealed-secrets-key-{number}", "labels": {_LABEL: "active"}},
            "stringData": pair,
        }
        for number, pair in enumerate(_pairs(stack, region, profile), 1)
    ]
    if not items:
        raise ConfigurationError(f"no key lies below {stack}/sealed-secrets/ there", field="--stack")
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(f"can't be made: {error.strerror}", field=file) from error
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, opened, indent=2)
    print(f"{len(items)} key(s) of {api.endpoint.url} in {file}: whoever has it opens every SealedSecret")
    return 0


def _pairs(stack: str, region: str | None, profile: str | None) -> list[dict[str, str]]:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ConfigurationError("takes the package boto3 (pip install boto3)", field="backup") from error
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = f"{stack}/sealed-secrets/"
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
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
