"""Sealed Secrets: the opener for syncs, and what kubeseal asks a controller for.

A SealedSecret's Secret has its name and namespace, so that is what stays as it is where one can't be opened. `verify`
and `rotate` answer as the controller's `/v1/verify` and `/v1/rotate` do, and tell as little: whether everything in an
object opens, and the same values sealed for the newest key in the same scope. Neither evaluates a template.

The library of certificates takes a twentieth of a second to import, so it waits for the first SealedSecret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from mooring.errors import ConfigurationError, DecryptError, ForbiddenError, MooringError, TransientError
from mooring.flows.secrets.opening import Context, Opened
from mooring.model.objects import Manifest, ObjectKey

if TYPE_CHECKING:
    from mooring.secrets.sealedsecret import Templates
    from mooring.state.sealingkeys import Certificate, SealingKeys

__all__ = ["GoTemplates", "SealedOpener", "answer_kubeseal", "import_key", "rotate", "verify"]

_GROUP: Final = "bitnami.com"
_KIND: Final = "SealedSecret"
_CONTROLLERS_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"


class Asked(Protocol):
    """What answers template questions; `mooring.source.gokit.GoKit` does."""

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each request, in order."""


class GoTemplates:
    """Evaluates Go templates; what goes wrong is told without a word of theirs, since those may quote a value."""

    def __init__(self, gokit: Asked) -> None:
        self._gokit = gokit

    def __call__(self, templates: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
        """The texts by key. Raises `DecryptError` naming the key of one that fails, or what asking raises."""
        keys = list(templates)
        requests = [
            {"verb": "template", "tree": templates[key], "params": [dict(values)], "options": ["missingkey=error"]}
            for key in keys
        ]
        texts = {}
        for key, answer in zip(keys, self._gokit.ask(requests), strict=True):
            results = answer.get("results") or [{}]
            text = results[0].get("tree")
            if "error" in answer or "error" in results[0] or not isinstance(text, str):
                raise DecryptError(
                    "can't be evaluated: check its syntax, its functions and the names of the values that it uses",
                    field=f"spec.template.data.{key}",
                )
            texts[key] = text
        return texts


class SealedOpener:
    """Opens SealedSecrets with the keys of the installation; they are read when the first one is met."""

    name = "sealed-secrets"
    kinds: Mapping[tuple[str, str], bool] = {(_GROUP, _KIND): True}

    def __init__(self, keys: Callable[[], SealingKeys], templates: Templates) -> None:
        self._keys = keys
        self._templates = templates

    def targets(self, source: Manifest, context: Context) -> Iterable[ObjectKey]:
        """The Secret of the same name, or what is added to it."""
        from mooring.secrets.sealedsecret import patch_key, patching

        metadata, annotations = source["metadata"], source.get("spec")
        for part in ("template", "metadata", "annotations"):
            annotations = annotations.get(part) if isinstance(annotations, dict) else None
        namespace, name = metadata.get("namespace") or context.namespace, metadata["name"]
        return [patch_key(namespace, name) if patching(annotations) else ObjectKey("", "Secret", namespace, name)]

    def open(self, sources: Sequence[Manifest], context: Context) -> Sequence[Opened | MooringError]:
        """The Secrets, or why one does not open."""
        from mooring.access.secretrules import seal_allowed
        from mooring.flows.rules.permitting import permit_opening, refuse
        from mooring.secrets.sealedsecret import read_sealed, unseal

        keys = self._keys().private()
        opened: list[Opened | MooringError] = []
        for source in sources:
            try:
                sealed = read_sealed(source)
                permit_opening(context.project, context.application, context.target.cluster, ObjectKey.of(source))
                refuse(seal_allowed(context.project, sealed.scope))
                if sealed.patches:
                    _find_patched(ObjectKey("", "Secret", sealed.namespace, sealed.name), context)
                opened.append(Opened((unseal(sealed, keys, self._templates),)))
            except MooringError as error:
                opened.append(error)
        return opened


def _find_patched(key: ObjectKey, context: Context) -> None:
    """Raises `TransientError` where there is no Secret to add to, nor one among the application's manifests."""
    for manifest in context.bundle:
        metadata = manifest["metadata"]
        where = metadata.get("namespace") or context.namespace, metadata.get("name")
        if manifest["kind"] == "Secret" and where == (key.namespace, key.name):
            return
    if context.target.get(key) is None:
        raise TransientError(
            f"there is no Secret {key.namespace}/{key.name} to add to: it is waited for; without the annotation "
            "sealedsecrets.bitnami.com/patch the SealedSecret would make it",
            field="spec.template.metadata.annotations",
        )


def verify(keys: SealingKeys, body: bytes) -> bool:
    """Whether every value of a SealedSecret opens.

    Raises `ConfigurationError` where the body holds none, `UnreachableError` where a key can't be read that may fit.
    """
    from mooring.secrets.sealedsecret import open_values, read_sealed

    sealed = read_sealed(_sealed_in(body))
    try:
        open_values(sealed, keys.private())
    except DecryptError:
        return False
    return True


def rotate(keys: SealingKeys, body: bytes) -> Manifest:
    """The SealedSecret with its values sealed for the newest key. Raises as `verify` does, or `DecryptError`."""
    from mooring.secrets.sealed import public_key_of
    from mooring.secrets.sealedsecret import reseal

    return reseal(_sealed_in(body), keys.private(), public_key_of(keys.newest().pem))


def answer_kubeseal(
    keys: SealingKeys, path: str, authorization: str, body: bytes, token: Callable[[], str]
) -> tuple[int, Any]:
    """Status and JSON for `POST …/v1/verify` and `POST …/v1/rotate`, as the controller's: 409 for what does not open.

    `token` brings the bearer token that has to be sent. Raises `MooringError` for everything but a value that does not
    open.
    """
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token()}".encode()):
        raise ForbiddenError("send Authorization: Bearer TOKEN with the API's token", field="Authorization")
    if path.endswith("/v1/verify"):
        return (200 if verify(keys, body) else 409), {}
    try:
        return 200, rotate(keys, body)
    except DecryptError as error:
        told = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": error.message}
        return 409, {**told, "field": error.field}


def import_key(keys: SealingKeys, document: object) -> Certificate:
    """Takes in a controller's key: a TLS Secret as `kubectl get secret -o yaml` prints it.

    Raises `ConfigurationError` naming the field that is wrong, and nothing that is in it.
    """
    if not isinstance(document, dict) or document.get("kind") != "Secret":
        raise ConfigurationError(f"must be a Secret of a controller (label {_CONTROLLERS_LABEL})", field="kind")
    found = {name: _text(document, name) for name in ("tls.key", "tls.crt")}
    return keys.put(found["tls.key"], found["tls.crt"])


def _text(document: Mapping[str, Any], name: str) -> str:
    plain, data = document.get("stringData"), document.get("data")
    if isinstance(plain, dict) and isinstance(plain.get(name), str):
        return str(plain[name])
    value = data.get(name) if isinstance(data, dict) else None
    try:
        return base64.b64decode(value or "", validate=True).decode()
    except (binascii.Error, ValueError, TypeError):
        raise ConfigurationError("must be base64 of PEM", field=f"data.{name}") from None


def _sealed_in(body: bytes) -> Manifest:
    try:
        manifest = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ConfigurationError("must be one SealedSecret as JSON", field="body") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != _KIND:
        raise ConfigurationError("must be a SealedSecret", field="kind")
    return manifest
