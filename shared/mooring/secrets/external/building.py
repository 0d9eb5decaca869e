"""From fetched values to the Secret: templates, labels and annotations, type, immutability.

Templates of ConfigMaps and Secrets are those of the same bundle: the rights with which a cluster is synced must not
read for an author what the author may not read. Labels and annotations see no values, since they are shown wherever
the object is. Source: external-secrets.io, "Advanced Templating v2".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.externalsecret import ExternalSecret, Template, TemplateFrom
from mooring.model.merges import merge_key
from mooring.model.objects import Manifest
from mooring.secrets.digests import is_secret
from mooring.secrets.external.templating import Templates
from mooring.secrets.external.values import check_keys, is_key
from mooring.secrets.masking import RECOGNISED

__all__ = ["Held", "build"]

Held = Callable[[str, str, str], Manifest | None]
"""A ConfigMap or Secret of the bundle by kind, namespace and name."""

_FIELD = "spec.target.template"
_KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"


def build(external: ExternalSecret, values: Mapping[str, bytes], held: Held, templates: Templates) -> Manifest:
    """The Secret that an ExternalSecret stands for, or what it adds to one (`creationPolicy: Merge`).

    Raises `ConfigurationError` with the field's path.
    """
    target = external.target
    template = target.template
    merges = target.creation == "Merge"
    name = merge_key(external.namespace, target.name, external.name).name if merges else target.name
    metadata: dict[str, Any] = {"name": name, "namespace": external.namespace}
    data = dict(values)
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    if template is None and not merges:
        labels = dict(external.labels)
        annotations = {name: value for name, value in external.annotations.items() if name != _KUBECTL}
    elif template is not None:
        labels, annotations, made = _rendered(external, template, values, held, templates)
        if template.makes_data:
            data = {**(data if template.merge else {}), **made}
        if template.finalizers:
            metadata["finalizers"] = list(template.finalizers)
    check_keys(data)
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    secret: Manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": (template.type if template is not None else "") or "Opaque",
        "data": {key: base64.b64encode(value).decode() for key, value in sorted(data.items())},
    }
    if target.immutable:
        secret["immutable"] = True
    return secret


def _rendered(
    external: ExternalSecret, template: Template, values: Mapping[str, bytes], held: Held, templates: Templates
) -> tuple[dict[str, str], dict[str, str], dict[str, bytes]]:
    """Labels, annotations and data."""
    shown = {
        **{f"{_FIELD}.metadata.labels[{name}]": text for name, text in template.labels.items()},
        **{f"{_FIELD}.metadata.annotations[{name}]": text for name, text in template.annotations.items()},
    }
    written = templates.render(shown, {}) if shown else {}
    labels = {name: written[f"{_FIELD}.metadata.labels[{name}]"] for name in template.labels}
    annotations = {name: written[f"{_FIELD}.metadata.annotations[{name}]"] for name in template.annotations}
    data: dict[str, bytes] = {}
    for index, source in enumerate(template.sources):
        field = f"{_FIELD}.templateFrom[{index}]"
        found = _from(source, external.namespace, field, held, templates, values if source.into == "Data" else {})
        match source.into:
            case "Data":
                data |= found
            case "Labels":
                labels |= _texts(found, field)
            case "Annotations":
                annotations |= _texts(found, field)
    named = {f"{_FIELD}.data[{key}]": text for key, text in template.data.items()}
    made = templates.render_bytes(named, values) if named else {}
    data |= {key: made[f"{_FIELD}.data[{key}]"] for key in template.data}
    return labels, annotations, data


def _from(
    source: TemplateFrom,
    namespace: str,
    field: str,
    held: Held,
    templates: Templates,
    values: Mapping[str, bytes],
) -> dict[str, bytes]:
    if not source.kind:
        return _pairs(templates.render({f"{field}.literal": source.literal}, values)[f"{field}.literal"], field, values)
    manifest = held(source.kind, namespace, source.name)
    if manifest is None:
        raise ConfigurationError(
            f"there is no {source.kind} {namespace}/{source.name} among the application's manifests: templates are not "
            "read from the cluster",
            field=field,
        )
    quiet = is_secret(manifest)
    if quiet and source.into != "Data":
        raise ConfigurationError(
            f"can't be {source.into} of what stands in a {source.kind} that holds secrets: they are shown wherever the "
            "object is",
            field=f"{field}.target",
        )
    result: dict[str, bytes] = {}
    for key, whole in source.items:
        text = _content(manifest, key)
        if text is None:
            raise ConfigurationError(f"{source.kind} {source.name} has no key {key!r} with text", field=field)
        if whole:
            result |= _pairs(templates.render({field: text}, values, quiet=quiet)[field], field, values)
        else:
            result[key] = templates.render_bytes({field: text}, values, quiet=quiet)[field]
    return result


def _texts(found: Mapping[str, bytes], field: str) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in found.items()}
    except UnicodeDecodeError:
        raise ConfigurationError("renders to bytes that are no text (UTF-8)", field=field) from None


def _content(manifest: Manifest, key: str) -> str | None:
    for block in ("stringData", "data"):
        value = (manifest.get(block) or {}).get(key)
        if isinstance(value, str):
            if block == "stringData" or manifest["kind"] == "ConfigMap":
                return value
            try:
                return base64.b64decode(value, validate=True).decode()
            except ValueError:
                return None
    return None


def _pairs(text: str, field: str, values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keys and values of a rendered YAML mapping. Of keys that were made of values none is told."""
    import yaml

    try:
        # BaseLoader takes every scalar as it is written, and neither dates nor numbers out of it.
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes nothing but text, lists and mappings)
    except (yaml.YAMLError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigurationError("must render to a YAML mapping of keys to text", field=field) from None
    if values:
        spelled = [text for value in values.values() for text in _spellings(value)]
        if any(each in key for key in found for each in spelled):
            raise ConfigurationError("renders to a key that holds a value: keys are shown, values are not", field=field)
        if not all(is_key(key) for key in found):
            told = "renders to a key that no Secret can have: letters, digits, '-', '_' and '.' are allowed"
            raise ConfigurationError(told, field=field)
    return {str(key): value.encode() for key, value in found.items()}


def _spellings(value: bytes) -> list[str]:
    """As what a value would be recognised in a key; short ones stand there by chance."""
    plain = value.decode(errors="replace").strip()
    if len(plain) < RECOGNISED:
        return []
    return [plain, base64.b64encode(plain.encode()).decode().rstrip("="), plain.encode().hex()]
