"""Registering clusters and repository credentials: checked before anything is kept."""

from __future__ import annotations

import re

import orjson

from mooring.cluster.auth import Connection
from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.source.credentials import parse_credential
from mooring.state.registry import Cluster, Registry

__all__ = ["register_cluster", "register_repository"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")


def register_cluster(registry: Registry, name: str, document: object) -> Cluster:
    """Registers a cluster from `{"server", "default", "config"}`, `config` being that of Argo CD's cluster secrets.

    Raises `ConfigurationError` naming the field that is wrong.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError("must be a DNS name: lower-case letters, digits, '-' and '.'", field="name")
    warnings: list[str] = []
    fields = Fields(document, "", warnings)
    server = fields.required_text("server")
    default = fields.boolean("default", False)
    config = fields.raw_mapping("config")
    if config is None:
        raise fields.error("config", "must hold the cluster's credentials")
    fields.close()
    if warnings:
        raise ConfigurationError(warnings[0])
    connection = Connection.from_argo(server, orjson.dumps(config))
    return registry.register_cluster(name, connection.server, default=default, config=dict(config))


def register_repository(registry: Registry, document: object) -> str:
    """Registers the credentials of a repository, or of all whose address starts so; returns the address.

    Raises `ConfigurationError` naming the field that is wrong.
    """
    if not isinstance(document, dict) or not isinstance(document.get("url"), str):
        raise ConfigurationError("must be the address of a repository, or its beginning", field="url")
    url: str = document["url"]
    parse_credential(orjson.dumps(document), name="body")
    registry.register_repository(url, document)
    return url
