"""What a user may hand over to register a cluster: Mooring's own form, and Argo CD's cluster Secret.

The Secret is read as Argo CD reads it ("Declarative Setup", Clusters): label `argocd.argoproj.io/secret-type: cluster`,
and in `data` (base64) or `stringData` the fields `name`, `server`, `config`, `project`, `namespaces`,
`clusterResources` and `shard`. Whatever the form, the result is one `ClusterForm`; who to be there is checked by
whoever knows about logins.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields

__all__ = ["ClusterForm", "is_cluster_secret", "read_cluster_form", "read_cluster_secret", "read_numbers"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
_TYPE = "argocd.argoproj.io/secret-type"
_KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"
_MOST = 1000
_DRIFT = "mooring.dev/drift"
_MODES = ("sweep", "watch", "audit")


@dataclass(frozen=True, slots=True)
class ClusterForm:
    """A cluster as it is to be registered; `config` is the text or the mapping that says how to log in.

    Exactly one of `config`, `eks` and `kubeconfig_secret` is given. None of `labels` and the like means: as before.
    """

    name: str
    server: str = ""
    config: str | Mapping[str, Any] | None = field(default=None, repr=False)
    eks: Mapping[str, str] | None = None
    kubeconfig_secret: Mapping[str, str] | None = None
    default: bool | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    project: str | None = None
    namespaces: tuple[str, ...] | None = None
    cluster_resources: bool | None = None
    per_second: float | None = None
    at_once: int | None = None


def check_name(name: str) -> None:
    """Raises `ConfigurationError` where a cluster can't have this name."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError("must be a DNS name: lower-case letters, digits, '-' and '.'", field="name")


def read_cluster_form(name: str, document: object, warnings: list[str], *, whole: bool = True) -> ClusterForm:
    """Mooring's own form; with `whole` it must say how to log in, without it must not (it changes the rest).

    Raises `ConfigurationError` naming the field that is wrong; whatever is unknown is wrong here.
    """
    check_name(name)
    unknown: list[str] = []
    fields = Fields(document, "", unknown)
    config = fields.raw_mapping("config")
    eks, secret = _texts(fields, "eks", "clusterName"), _texts(fields, "kubeconfigSecret", "name")
    given = [at for at, each in (("config", config), ("eks", eks), ("kubeconfigSecret", secret)) if each is not None]
    if whole and not given:
        raise fields.error("config", "must hold the cluster's credentials (or name an eks or kubeconfigSecret)")
    if len(given) > 1:
        raise fields.error(given[1], f"can't stand beside {given[0]}; keep one of them")
    if not whole and (given or fields.has("server")):
        raise fields.error((*given, "server")[0], "is part of a registration; use `mooring cluster add`")
    server = fields.required_text("server") if config is not None else fields.text("server")
    numbers = fields.mapping("limits")
    per_second, at_once = (None, None) if numbers is None else read_numbers(numbers)
    form = ClusterForm(
        name,
        server,
        None if config is None else dict(config),
        eks,
        secret,
        fields.boolean("default", False) if fields.has("default") else None,
        fields.text_map("labels") if fields.has("labels") else None,
        fields.text_map("annotations") if fields.has("annotations") else None,
        fields.text("project") if fields.has("project") else None,
        fields.texts("namespaces") if fields.has("namespaces") else None,
        fields.boolean("clusterResources", False) if fields.has("clusterResources") else None,
        per_second,
        at_once,
    )
    fields.ignore("default", "labels", "annotations", "project", "namespaces", "clusterResources")
    fields.close()
    if unknown:
        raise ConfigurationError(unknown[0])
    _warn(form, warnings)
    return form


def read_numbers(limits: Fields) -> tuple[float, int]:
    """`requestsPerSecond` and `atOnce`; 0 for no limit."""
    per_second, at_once = limits.integer("requestsPerSecond", 0), limits.integer("atOnce", 0)
    for name, value in (("requestsPerSecond", per_second), ("atOnce", at_once)):
        if not 0 <= value <= _MOST:
            raise limits.error(name, f"must be between 1 and {_MOST}, or 0 for no limit")
    limits.close()
    return float(per_second), at_once


def is_cluster_secret(document: object) -> bool:
    """Whether this is a Secret of Argo CD's that registers a cluster."""
    if not isinstance(document, dict) or document.get("kind") != "Secret":
        return False
    metadata = document.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and labels.get(_TYPE) == "cluster"


def read_cluster_secret(document: object, warnings: list[str]) -> ClusterForm:
    """Argo CD's cluster Secret. Raises `ConfigurationError` naming the field that is wrong."""
    if not is_cluster_secret(document):
        raise ConfigurationError(f"must be a Secret with the label {_TYPE}: cluster", field="metadata.labels")
    fields = Fields(document, "", warnings)
    fields.ignore("apiVersion", "kind", "type", "immutable")
    metadata = fields.mapping("metadata")
    assert metadata is not None
    labels, annotations = metadata.text_map("labels"), metadata.text_map("annotations")
    values = _values(fields)
    fields.close()
    name, server = values.pop("name", ""), values.pop("server", "")
    if not server:
        raise ConfigurationError("must not be empty", field="data.server")
    if not name:
        raise ConfigurationError("must not be empty: it is what destination.name means", field="data.name")
    check_name(name)
    namespaces = tuple(part for each in values.pop("namespaces", "").split(",") if (part := each.strip()))
    form = ClusterForm(
        name,
        server,
        values.pop("config", "") or "{}",
        labels={key: value for key, value in labels.items() if key != _TYPE},
        annotations={key: value for key, value in annotations.items() if key != _KUBECTL},
        project=values.pop("project", ""),
        namespaces=namespaces,
        cluster_resources=values.pop("clusterResources", "") == "true",
    )
    if values.pop("shard", ""):
        warnings.append("data.shard: ignored: there are no controllers to divide clusters among")
    warnings += [f"data.{left}: unknown field, ignored" for left in values]
    _warn(form, warnings)
    return form


def _values(fields: Fields) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, encoded in fields.text_map("data").items():
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise fields.error(f"data.{key}", "must be base64 of text; plain text goes into stringData") from None
    return values | fields.text_map("stringData")


def _texts(fields: Fields, name: str, needed: str) -> dict[str, str] | None:
    section = fields.mapping(name)
    if section is None:
        return None
    known = ("clusterName", "region", "roleARN") if name == "eks" else ("name", "context")
    section.required_text(needed)
    found = {key: section.text(key) for key in known}
    section.close()
    return {key: value for key, value in found.items() if value}


def _warn(form: ClusterForm, warnings: list[str]) -> None:
    """Adds what the user should know. Raises `ConfigurationError` for a mode of drift that there is not."""
    mode = (form.annotations or {}).get(_DRIFT, "sweep")
    if mode not in _MODES:
        raise ConfigurationError(f"must be one of {', '.join(_MODES)}", field=f"annotations.{_DRIFT}")
    if form.namespaces or form.cluster_resources:
        warnings.append(
            "namespaces: remembered and not enforced; restrict what may be deployed by an AppProject's destinations, "
            "and what may be done by the rights of the cluster's user"
        )
