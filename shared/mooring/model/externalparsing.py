"""Reading ExternalSecrets, and templates as PushSecrets have them, too: strictly, and refusing what would be left out.

Nothing is fetched here. Source of the fields and their defaults: external-secrets.io, "API specification".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from mooring.errors import ConfigurationError
from mooring.model.duration import parse_duration
from mooring.model.externalsecret import (
    Conversion,
    CreationPolicy,
    DataFrom,
    Datum,
    Decoding,
    DeletionPolicy,
    ExternalSecret,
    Find,
    GeneratorRef,
    Into,
    MergeRewrite,
    RefreshPolicy,
    RegexpRewrite,
    RemoteRef,
    Rewrite,
    Source,
    StoreRef,
    Target,
    Template,
    TemplateFrom,
    TransformRewrite,
)
from mooring.model.fields import Fields
from mooring.model.objects import Manifest

__all__ = ["parse_external_secret", "parse_spec", "parse_template"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def parse_external_secret(manifest: Manifest, warnings: list[str]) -> ExternalSecret:
    """Reads an ExternalSecret whose namespace is filled in. Raises `ConfigurationError` with the field's path."""
    document = Fields(manifest, "", warnings)
    metadata = document.mapping("metadata") or Fields({}, "metadata", warnings)
    spec = document.mapping("spec")
    if spec is None:
        raise document.error("spec", "must not be empty")
    return parse_spec(
        spec,
        namespace=metadata.required_text("namespace"),
        name=metadata.required_text("name"),
        labels=metadata.text_map("labels"),
        annotations=metadata.text_map("annotations"),
    )


def parse_spec(
    spec: Fields, *, namespace: str, name: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> ExternalSecret:
    """Reads the spec of an ExternalSecret, or the one inside of a ClusterExternalSecret."""
    default = _store(spec.mapping("secretStoreRef"))
    data = tuple(_datum(each, default) for each in spec.mappings("data"))
    data_from = tuple(_data_from(each, default) for each in spec.mappings("dataFrom"))
    if not data and not data_from:
        raise spec.error("data", "must name at least one value here or in dataFrom")
    target = _target(spec.mapping("target") or Fields({}, f"{spec.path}.target", spec.warnings), name)
    policy = _word(spec, "refreshPolicy", "Periodic", RefreshPolicy)
    text = spec.text("refreshInterval", "1h")
    try:
        interval = parse_duration(text)
    except ValueError:
        raise spec.error("refreshInterval", f"{text!r} is not a duration like 1h, 30m or 15s; 0 turns it off") from None
    _refuse(spec, "syncWindows")
    spec.close()
    return ExternalSecret(namespace, name, target, data, data_from, policy, interval, labels, annotations)


def _refuse(fields: Fields, *names: str) -> None:
    """Fields of the operator that are not honoured: an error where one is set."""
    for name in names:
        if fields.raw(name) not in (None, "", False, [], {}):
            raise fields.error(name, "is not supported by Mooring; docs/external-secrets.md lists what is")


def _word(fields: Fields, name: str, default: str, kind: Any) -> Any:
    words: tuple[str, ...] = get_args(kind)
    value = fields.text(name) or default
    if value not in words:
        raise fields.error(name, f"must be one of {', '.join(words)}, not {value!r}")
    return value


def _store(fields: Fields | None) -> StoreRef | None:
    if fields is None:
        return None
    name = fields.required_text("name")
    kind = _word(fields, "kind", "SecretStore", Literal["SecretStore", "ClusterSecretStore"])
    fields.close()
    return StoreRef(name, kind == "ClusterSecretStore")


def _source(fields: Fields, default: StoreRef | None) -> Source:
    source = fields.mapping("sourceRef")
    if source is not None:
        store, generator = _store(source.mapping("storeRef")), source.mapping("generatorRef")
        _refuse(source, "generator")
        source.close()
        if (store is None) == (generator is None):
            raise fields.error("sourceRef", "must have either storeRef or generatorRef")
        if generator is not None:
            version = generator.text("apiVersion", "generators.external-secrets.io/v1alpha1")
            if version != "generators.external-secrets.io/v1alpha1":
                raise generator.error("apiVersion", "must be generators.external-secrets.io/v1alpha1")
            ref = GeneratorRef(generator.required_text("kind"), generator.required_text("name"))
            generator.close()
            return ref
        default = store
    if default is None:
        raise fields.error("sourceRef", "must name a store, since spec.secretStoreRef names none")
    return default


def _remote(fields: Fields) -> RemoteRef:
    _refuse(fields, "nullBytePolicy")
    ref = RemoteRef(
        fields.required_text("key"),
        fields.text("property"),
        fields.text("version"),
        _word(fields, "metadataPolicy", "None", Literal["None", "Fetch"]) == "Fetch",
        _word(fields, "conversionStrategy", "Default", Conversion),
        _word(fields, "decodingStrategy", "None", Decoding),
    )
    fields.close()
    return ref


def _datum(fields: Fields, default: StoreRef | None) -> Datum:
    ref = fields.mapping("remoteRef")
    if ref is None:
        raise fields.error("remoteRef", "must not be empty")
    source = _source(fields, default)
    if isinstance(source, GeneratorRef):
        raise fields.error("sourceRef.generatorRef", "gives many keys: use it in dataFrom")
    datum = Datum(fields.required_text("secretKey"), _remote(ref), source, fields.path)
    fields.close()
    return datum


def _data_from(fields: Fields, default: StoreRef | None) -> DataFrom:
    source = _source(fields, default)
    extract, find = fields.mapping("extract"), fields.mapping("find")
    if isinstance(source, GeneratorRef):
        if extract is not None or find is not None:
            raise fields.error("sourceRef.generatorRef", "can't stand beside extract or find")
    elif (extract is None) == (find is None):
        raise fields.error("extract", "must stand here, or find (one of them)")
    read = DataFrom(
        source,
        None if extract is None else _remote(extract),
        None if find is None else _find(find),
        tuple(_rewrite(each) for each in fields.mappings("rewrite")),
        fields.path,
    )
    fields.close()
    return read


def _find(fields: Fields) -> Find:
    name = fields.mapping("name")
    regexp = "" if name is None else name.required_text("regexp")
    find = Find(
        fields.text("path"),
        regexp,
        fields.text_map("tags"),
        _word(fields, "conversionStrategy", "Default", Conversion),
        _word(fields, "decodingStrategy", "None", Decoding),
    )
    _refuse(fields, "nullBytePolicy")
    if not (find.regexp or find.tags or find.path):
        raise fields.error("name", "must stand here, or tags or path: find everything is never meant")
    fields.close()
    return find


def _rewrite(fields: Fields) -> Rewrite:
    regexp, transform, merge = fields.mapping("regexp"), fields.mapping("transform"), fields.mapping("merge")
    fields.close()
    if sum(each is not None for each in (regexp, transform, merge)) != 1:
        raise ConfigurationError("must have exactly one of regexp, transform and merge", field=fields.path)
    if regexp is not None:
        return RegexpRewrite(regexp.required_text("source"), regexp.text("target"))
    if transform is not None:
        return TransformRewrite(transform.required_text("template"))
    assert merge is not None
    as_json = _word(merge, "strategy", "Extract", Literal["Extract", "JSON"]) == "JSON"
    into = merge.text("into")
    if as_json and not into:
        raise merge.error("into", "must name a key when strategy is JSON")
    return MergeRewrite(
        into,
        merge.texts("priority"),
        _word(merge, "priorityPolicy", "Strict", Literal["Strict", "IgnoreNotFound"]) == "IgnoreNotFound",
        _word(merge, "conflictPolicy", "Error", Literal["Error", "Ignore"]) == "Ignore",
        as_json,
    )


def _target(fields: Fields, name: str) -> Target:
    template = fields.mapping("template")
    _refuse(fields, "manifest")
    target = Target(
        fields.text("name") or name,
        _word(fields, "creationPolicy", "Owner", CreationPolicy),
        _word(fields, "deletionPolicy", "Retain", DeletionPolicy),
        None if template is None else parse_template(template),
        fields.boolean("immutable", False),
    )
    if not _NAME.fullmatch(target.name):
        raise fields.error("name", f"must be a DNS name, not {target.name!r}: lower-case letters, digits, '-' and '.'")
    if target.deletion == "Delete" and target.creation in ("Merge", "None"):
        raise fields.error(
            "deletionPolicy", f"can't be Delete with creationPolicy {target.creation}: it owns no Secret"
        )
    if target.deletion == "Merge" and target.creation == "None":
        raise fields.error("deletionPolicy", "can't be Merge with creationPolicy None, which writes no Secret")
    if target.creation == "Merge" and target.immutable:
        raise fields.error("immutable", "can't be true with creationPolicy Merge: whoever makes the Secret says that")
    if target.creation == "Merge" and target.template is not None and target.template.finalizers:
        raise fields.error("template.metadata.finalizers", "can't stand with creationPolicy Merge: it owns no Secret")
    fields.close()
    return target


def parse_template(fields: Fields) -> Template:
    """Reads a template of an ExternalSecret or PushSecret. Raises `ConfigurationError` with the field's path."""
    engine = fields.text("engineVersion", "v2")
    if engine != "v2":
        raise fields.error("engineVersion", f"must be v2, not {engine!r}: the operator has removed the older engine")
    metadata = fields.mapping("metadata") or Fields({}, f"{fields.path}.metadata", fields.warnings)
    template = Template(
        fields.text("type"),
        metadata.text_map("labels"),
        metadata.text_map("annotations"),
        metadata.texts("finalizers"),
        fields.text_map("data"),
        tuple(_template_from(each) for each in fields.mappings("templateFrom")),
        _word(fields, "mergePolicy", "Replace", Literal["Replace", "Merge"]) == "Merge",
    )
    metadata.close()
    fields.close()
    return template


def _template_from(fields: Fields) -> TemplateFrom:
    config, secret, literal = fields.mapping("configMap"), fields.mapping("secret"), fields.text("literal")
    into = cast(Into, _word(fields, "target", "Data", Into))
    fields.close()
    if sum((config is not None, secret is not None, bool(literal))) != 1:
        raise ConfigurationError("must have exactly one of configMap, secret and literal", field=fields.path)
    held = config or secret
    if held is None:
        return TemplateFrom("", "", (), literal, into)
    items = tuple(
        (
            each.required_text("key"),
            _word(each, "templateAs", "Values", Literal["Values", "KeysAndValues"]) == "KeysAndValues",
        )
        for each in held.mappings("items")
    )
    name = held.required_text("name")
    held.close()
    return TemplateFrom("ConfigMap" if config is not None else "Secret", name, items, "", into)
