"""`PushSecret` (external-secrets.io/v1alpha1): which values of which Secret become which secrets of a store.

Read strictly; what Mooring would have to leave out is refused by name. Nothing is fetched or written here. Source of
the fields and their defaults: external-secrets.io, "PushSecret" and "AWS Secrets Manager" ("Additional Metadata for
PushSecret").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mooring.errors import ConfigurationError
from mooring.model.duration import parse_duration
from mooring.model.externalparsing import parse_template
from mooring.model.externalsecret import StoreRef, Template
from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.model.selectors import Selector, parse_selector

__all__ = ["PushDatum", "PushMetadata", "PushSecret", "PushStores", "parse_push_secret", "reverse_key"]

_ABOUT = "docs/external-secrets.md lists what is supported"
_ESCAPED = re.compile(r"_U([0-9a-fA-F]{4,6})_")


@dataclass(frozen=True, slots=True)
class PushStores:
    """The stores of one entry of `secretStoreRefs`: one by name, or (without it) all that the selector fits."""

    ref: StoreRef
    selector: Selector | None
    field: str


@dataclass(frozen=True, slots=True)
class PushMetadata:
    """What a secret that is made looks like; `text` where it is kept as SecretString. Empty is AWS's own default."""

    text: bool = False
    key: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushDatum:
    """One value: of a key of the Secret, or (empty) all of them as JSON; `property` is a path into JSON."""

    key: str
    remote: str
    property: str
    reverse: bool
    metadata: PushMetadata
    field: str


@dataclass(frozen=True, slots=True)
class PushSecret:
    """One declared PushSecret; its Secret by name or selector. `interval` is in seconds, 0 for never again.

    `replaces` is False where what is there stays (IfNotExists), `deletes` says that what was pushed goes with it.
    """

    namespace: str
    name: str
    secret: str
    selector: Selector | None
    stores: tuple[PushStores, ...]
    data: tuple[PushDatum, ...]
    template: Template | None
    replaces: bool
    deletes: bool
    interval: float


def parse_push_secret(manifest: Manifest, warnings: list[str]) -> PushSecret:
    """Reads a PushSecret whose namespace is filled in. Raises `ConfigurationError` with the field's path."""
    document = Fields(manifest, "", warnings)
    metadata = document.mapping("metadata") or Fields({}, "metadata", warnings)
    if not document.text("apiVersion").endswith("/v1alpha1"):
        raise document.error("apiVersion", "must be external-secrets.io/v1alpha1: other versions have other fields")
    spec = document.mapping("spec")
    if spec is None:
        raise document.error("spec", "must not be empty")
    if spec.raw("dataTo"):
        raise spec.error("dataTo", f"is not supported: name each value in data; {_ABOUT}")
    secret, selector = _source(spec)
    template = spec.mapping("template")
    read = PushSecret(
        metadata.required_text("namespace"),
        metadata.required_text("name"),
        secret,
        selector,
        tuple(_stores(each) for each in spec.mappings("secretStoreRefs")),
        tuple(_datum(each) for each in spec.mappings("data")),
        None if template is None else parse_template(template),
        _choice(spec, "updatePolicy", "Replace", "IfNotExists"),
        not _choice(spec, "deletionPolicy", "None", "Delete"),
        _interval(spec),
    )
    spec.close()
    for name, given in (("secretStoreRefs", read.stores), ("data", read.data)):
        if not given:
            raise spec.error(name, "must name at least one")
    return read


def reverse_key(key: str) -> str:
    """A key with its escapes (`_U002f_`) undone, as conversionStrategy ReverseUnicode wants it."""

    def character(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]

    return _ESCAPED.sub(character, key)


def _choice(fields: Fields, name: str, default: str, other: str) -> bool:
    """Whether it is the default, of two words."""
    word = fields.text(name) or default
    if word not in (default, other):
        raise fields.error(name, f"must be {default} or {other}, not {word!r}")
    return word == default


def _interval(spec: Fields) -> float:
    text = spec.text("refreshInterval") or "1h"
    try:
        return parse_duration(text)
    except ValueError:
        raise spec.error("refreshInterval", f"{text!r} is not a duration like 1h, 30m or 15s; 0 turns it off") from None


def _source(spec: Fields) -> tuple[str, Selector | None]:
    chosen = spec.mapping("selector")
    if chosen is None:
        raise spec.error("selector", "must not be empty")
    if chosen.raw("generatorRef") is not None:
        raise chosen.error(
            "generatorRef", f"is not supported: let an ExternalSecret make the value, and push its Secret; {_ABOUT}"
        )
    secret = chosen.mapping("secret")
    if secret is None:
        raise chosen.error("secret", "must not be empty")
    name, selector = secret.text("name"), parse_selector(secret, "selector")
    if bool(name) == (selector is not None):
        raise secret.error("name", "must stand here, or selector (one of them)")
    secret.close()
    chosen.close()
    return name, selector


def _stores(fields: Fields) -> PushStores:
    cluster = not _choice(fields, "kind", "SecretStore", "ClusterSecretStore")
    name, selector = fields.text("name"), parse_selector(fields, "labelSelector")
    if bool(name) == (selector is not None):
        raise fields.error("name", "must stand here, or labelSelector (one of them)")
    fields.close()
    return PushStores(StoreRef(name, cluster), selector, fields.path)


def _datum(fields: Fields) -> PushDatum:
    match = fields.mapping("match")
    remote = None if match is None else match.mapping("remoteRef")
    if match is None or remote is None:
        raise fields.error("match.remoteRef", "must not be empty")
    datum = PushDatum(
        match.text("secretKey"),
        remote.required_text("remoteKey"),
        remote.text("property"),
        not _choice(fields, "conversionStrategy", "None", "ReverseUnicode"),
        _metadata(fields.mapping("metadata")),
        fields.path,
    )
    for each in (remote, match, fields):
        each.close()
    return datum


def _metadata(fields: Fields | None) -> PushMetadata:
    if fields is None:
        return PushMetadata()
    fields.ignore("apiVersion", "kind")
    # Before 0.10 the operator had the format beside no spec.
    spec = fields.mapping("spec") or fields
    for name in ("resourcePolicy", "replicaRegions"):
        if spec.raw(name) not in (None, "", {}, []):
            raise spec.error(name, f"is not supported: set it where the secret is kept; {_ABOUT}")
    tags = spec.text_map("tags")
    if "managed-by" in tags:
        raise ConfigurationError("is the operator's own tag; use another", field=f"{spec.path}.tags[managed-by]")
    if ours := next((name for name in tags if name.startswith("mooring.dev/")), ""):
        raise ConfigurationError("says whose the secret is; use another tag", field=f"{spec.path}.tags[{ours}]")
    metadata = PushMetadata(
        not _choice(spec, "secretPushFormat", "binary", "string"),
        spec.text("kmsKeyId") or spec.text("kmsKeyID"),
        spec.text("description"),
        tags,
    )
    spec.close()
    if spec is not fields:
        fields.close()
    return metadata
