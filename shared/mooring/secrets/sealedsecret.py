"""`SealedSecret` (bitnami.com/v1alpha1): from the manifest in git to the `Secret` that it stands for, and back.

The rules are the controller's (Sealed Secrets, README and `SealedSecret.Unseal`): the scope is that of the
SealedSecret's own annotations, name and namespace of the Secret are its own, everything else comes from
`spec.template`; an entry of `spec.template.data` is a Go template over the opened values, and one that is null leaves a
value out. Sealing again (`reseal`) evaluates no template: whoever may ask for that would read any value through it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mooring.errors import ConfigurationError, DecryptError, UnreachableError
from mooring.model.merges import merge_key
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.sealed import SCOPES, LostKey, Scope, SealingKey, label_of, open_value, seal_value

__all__ = [
    "GROUP",
    "KIND",
    "Sealed",
    "Templates",
    "open_values",
    "patch_key",
    "patching",
    "read_sealed",
    "reseal",
    "seal_secret",
    "unseal",
]

GROUP: Final = "bitnami.com"
KIND: Final = "SealedSecret"
_ANNOTATION: Final = "sealedsecrets.bitnami.com/"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_COPIES: Final = ("kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration")

Templates = Callable[[Mapping[str, str], Mapping[str, str]], Mapping[str, str]]
"""Evaluates templates by key over values by name; raises `MooringError` whose text tells no value."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A SealedSecret that was read: `values` are sealed texts, `templates` Go templates or None, by key."""

    namespace: str
    name: str
    scope: Scope
    values: Mapping[str, str]
    templates: Mapping[str, str | None] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    type: str = ""
    immutable: bool = False

    @property
    def patches(self) -> bool:
        """Whether it adds to a Secret of somebody else's, rather than being all of one of its own."""
        return patching(self.metadata.get("annotations"))

    @property
    def label(self) -> bytes:
        """What its values are bound to."""
        return label_of(self.namespace, self.name, self.scope)


def patching(annotations: Any) -> bool:
    """Whether a Secret's annotations say that it is patched, and not managed as well (the controller's README)."""
    said = annotations if isinstance(annotations, dict) else {}
    return said.get(f"{_ANNOTATION}patch") == "true" and said.get(f"{_ANNOTATION}managed") != "true"


def read_sealed(manifest: Manifest) -> Sealed:
    """Reads a SealedSecret whose namespace is filled in. Raises `ConfigurationError` naming the field."""
    metadata = _mapping(manifest.get("metadata"), "metadata")
    spec = _mapping(manifest.get("spec"), "spec")
    if "data" in spec:
        raise ConfigurationError("is the form of long ago; seal the Secret again", field="spec.data")
    template = _mapping(spec.get("template"), "spec.template")
    values = _mapping(spec.get("encryptedData"), "spec.encryptedData")
    for key, value in values.items():
        if not isinstance(value, str):
            raise ConfigurationError("must be text", field=f"spec.encryptedData.{key}")
    templates = _mapping(template.get("data"), "spec.template.data")
    for key, value in templates.items():
        if value is not None and not isinstance(value, str):
            raise ConfigurationError("must be text (a Go template) or null", field=f"spec.template.data.{key}")
    immutable, kind = template.get("immutable"), template.get("type")
    if immutable not in (None, True, False):
        raise ConfigurationError("must be true or false", field="spec.template.immutable")
    if kind is not None and not isinstance(kind, str):
        raise ConfigurationError("must be text", field="spec.template.type")
    name = str(metadata.get("name") or "")
    if name and not _NAME.fullmatch(name):
        raise ConfigurationError("must be a DNS name: lower-case letters, digits, '-' and '.'", field="metadata.name")
    inner = _mapping(template.get("metadata"), "spec.template.metadata")
    for each in ("labels", "annotations"):
        _mapping(inner.get(each), f"spec.template.metadata.{each}")
    return Sealed(
        str(metadata.get("namespace") or ""),
        name,
        _scope(_mapping(metadata.get("annotations"), "metadata.annotations")),
        values,
        templates,
        inner,
        kind or "",
        bool(immutable),
    )


def patch_key(namespace: str, name: str) -> ObjectKey:
    """What a SealedSecret adds to the Secret of its name; no ExternalSecret can be called as its source is."""
    return merge_key(namespace, name, f"sealed:{name}")


def unseal(sealed: Sealed, keys: Sequence[SealingKey | LostKey], templates: Templates) -> Manifest:
    """The Secret, or what is added to one.

    Raises as `open_values` does, or what evaluating the templates raises.
    """
    data = open_values(sealed, keys)
    texts = {key: text for key, text in sealed.templates.items() if text is not None}
    if texts:
        known = {key: value.decode(errors="replace") for key, value in data.items()}
        data |= {key: text.encode() for key, text in templates(texts, known).items()}
    for key, text in sealed.templates.items():
        if text is None:
            data.pop(key, None)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            **{name: dict(value) for name in ("labels", "annotations") if (value := sealed.metadata.get(name))},
            "name": patch_key(sealed.namespace, sealed.name).name if sealed.patches else sealed.name,
            "namespace": sealed.namespace,
        },
        **({"type": sealed.type} if sealed.type else {}),
        **({"immutable": True} if sealed.immutable else {}),
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


def open_values(sealed: Sealed, keys: Sequence[SealingKey | LostKey]) -> dict[str, bytes]:
    """The values alone. Raises `DecryptError` or `UnreachableError` (see `open_value`) naming the key of the value."""
    opened = {}
    for key, text in sealed.values.items():
        try:
            opened[key] = open_value(keys, text, sealed.label, _mistakes(sealed))
        except (DecryptError, UnreachableError) as error:
            raise type(error)(error.message, field=f"spec.encryptedData.{key}") from None
    return opened


def reseal(manifest: Manifest, keys: Sequence[SealingKey | LostKey], newest: RSAPublicKey) -> Manifest:
    """The SealedSecret with its values sealed for the newest key, in the same scope. Raises as `unseal` does."""
    sealed = read_sealed(manifest)
    values = {key: seal_value(newest, value, sealed.label) for key, value in open_values(sealed, keys).items()}
    return {**manifest, "spec": {**manifest["spec"], "encryptedData": values}}


def seal_secret(secret: Manifest, key: RSAPublicKey, scope: Scope | None = None) -> Manifest:
    """A Secret as a SealedSecret; without `scope` that of its annotations counts. Raises `ConfigurationError`."""
    metadata = _mapping(secret.get("metadata"), "metadata")
    annotations = _mapping(metadata.get("annotations"), "metadata.annotations")
    chosen = scope or _scope(annotations)
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    if chosen == "strict" and not name:
        raise ConfigurationError("must not be empty: a strict scope binds the values to it", field="metadata.name")
    if chosen != "cluster-wide" and not namespace:
        raise ConfigurationError(f"must not be empty: the scope {chosen} binds to it", field="metadata.namespace")
    kept = {n: v for n, v in annotations.items() if n not in _COPIES and n not in _SCOPED.values()}
    scoped = {_SCOPED[chosen]: "true"} if chosen in _SCOPED else {}
    label = label_of(namespace, name, chosen)
    inner = {
        **({"labels": metadata["labels"]} if metadata.get("labels") else {}),
        **({"annotations": kept | scoped} if kept or scoped else {}),
        "name": name,
        **({"namespace": namespace} if namespace else {}),
    }
    named = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": KIND,
        "metadata": {**named, **({"annotations": scoped} if scoped else {})},
        "spec": {
            "encryptedData": {each: seal_value(key, value, label) for each, value in _plain(secret).items()},
            "template": {
                "metadata": inner,
                **({"type": secret["type"]} if secret.get("type") else {}),
                **({"immutable": True} if secret.get("immutable") else {}),
            },
        },
    }


_SCOPED: Final[dict[Scope, str]] = {each: f"{_ANNOTATION}{each}" for each in SCOPES if each != "strict"}


def _scope(annotations: Mapping[str, Any]) -> Scope:
    for scope in ("cluster-wide", "namespace-wide"):  # the wider one counts where both are said
        if annotations.get(_SCOPED[scope]) == "true":
            return scope
    return "strict"


def _mistakes(sealed: Sealed) -> list[tuple[bytes, str]]:
    """Labels of what is often mixed up. kubeseal notes in the template for which object it sealed."""
    told = []
    for scope in SCOPES:
        how = f'set the annotation {_SCOPED[scope]}: "true"' if scope in _SCOPED else "take the scope's annotation away"
        told.append(
            (
                label_of(sealed.namespace, sealed.name, scope),
                f"was sealed with the scope {scope}, and the object says {sealed.scope}: {how}, or seal it again",
            )
        )
    meant = str(sealed.metadata.get("namespace") or ""), str(sealed.metadata.get("name") or "")
    advice = "give the object that place, or seal the value for this one"
    for scope in SCOPES[:2]:
        where = "/".join(meant) if scope == "strict" else f"namespace {meant[0]}"
        here = f"{sealed.namespace}/{sealed.name}"
        told.append((label_of(*meant, scope), f"was sealed for {where}, and this is {here}: {advice}"))
    return told


def _plain(secret: Manifest) -> dict[str, bytes]:
    plain: dict[str, bytes] = {}
    for key, value in _mapping(secret.get("data"), "data").items():
        try:
            plain[key] = base64.b64decode(value, validate=True)
        except (ValueError, TypeError):
            raise ConfigurationError("must be base64", field=f"data.{key}") from None
    for key, value in _mapping(secret.get("stringData"), "stringData").items():
        if not isinstance(value, str):
            raise ConfigurationError("must be text", field=f"stringData.{key}")
        plain[key] = value.encode()
    return plain


def _mapping(value: Any, field: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError("must be a mapping", field=field)
    return value
