"""Secrets of registered clusters as a provider: what a project's applications may deploy to, they may read from.

A store names a cluster as applications do and brings no credentials: Mooring's own reach further than its author may
see, so the project's destinations decide which namespaces are open to it. A Secret is a JSON object of its keys.
Source: external-secrets.io, "Kubernetes".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

import orjson

from mooring.cluster.observe import list_objects
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.clusters.live import Live, Target
from mooring.flows.clusters.registering import WithDeclared
from mooring.model.externalsecret import Find
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.external.provider import AbsentError, Answer, Ask, Value

__all__ = ["ClusterSecrets", "namespaces_of", "plain"]


def plain(live: Live, field: str) -> Target:
    """The cluster itself. Raises `ConfigurationError` where it is the installation and no cluster."""
    found = live.live if isinstance(live, WithDeclared) else live
    if not isinstance(found, Target):
        raise ConfigurationError("needs a cluster; the destination is the installation itself", field=field)
    return found


def namespaces_of(live: Live) -> dict[str, dict[str, str]]:
    """The labels of every namespace, by name. Raises `MooringError`."""
    target = plain(live, "kind")
    resource = target.discovery.resource("", "Namespace", "v1")
    found = list_objects(target.server, resource, selector="", full=True)
    return {each.key.name: ((each.live or {}).get("metadata") or {}).get("labels") or {} for each in found}


class ClusterSecrets:
    """The Secrets of one namespace of a cluster."""

    def __init__(self, target: Target, namespace: str) -> None:
        self._target = target
        self._namespace = namespace
        self._listed: dict[str, Manifest] = {}
        self.calls = 0

    def fetch(self, asks: Iterable[Ask]) -> Mapping[Ask, Answer]:
        """A value for each, or why there is none."""
        return {ask: self._one(ask) for ask in asks}

    def names(self, find: Find) -> list[str]:
        """The names of Secrets that have all these labels. Raises `MooringError`."""
        if find.path:
            raise ConfigurationError("is unknown to Kubernetes; find by name or tags, which are labels", field="path")
        resource = self._target.discovery.resource("", "Secret", "v1")
        selector = ",".join(f"{key}={value}" for key, value in sorted(find.tags.items()))
        self.calls += 1
        found: list[str] = []
        for each in list_objects(
            self._target.server, resource, selector=selector, namespace=self._namespace, full=True
        ):
            live = each.live or {}
            # A value with a comma in it would be another selector.
            if find.tags.items() <= (live.get("metadata", {}).get("labels") or {}).items():
                self._listed[each.key.name] = live
                found.append(each.key.name)
        return list(dict.fromkeys(found))

    def _one(self, ask: Ask) -> Answer:
        try:
            if ask.version:
                raise ConfigurationError("is unknown to Kubernetes, which keeps one value", field="version")
            live = self._listed.get(ask.key) or self._read(ask.key)
            metadata = live["metadata"]
            version = f"{metadata.get('uid', '')}@{metadata.get('resourceVersion', '')}"
            if ask.metadata:
                shown = {name: metadata.get(name) or {} for name in ("annotations", "labels")}
                return Value(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS), version)
            return Value(orjson.dumps(self._texts(ask.key, live), option=orjson.OPT_SORT_KEYS), version)
        except MooringError as error:
            return error

    def _read(self, name: str) -> Manifest:
        if not name or "/" in name or name in (".", ".."):
            raise ConfigurationError("must be the name of a Secret", field="key")
        self.calls += 1
        found = self._target.get(ObjectKey("", "Secret", self._namespace, name))
        if found is None or found.live is None:
            raise AbsentError(f"there is no Secret {self._namespace}/{name} in the cluster {self._target.cluster.name}")
        return found.live

    def _texts(self, name: str, live: Manifest) -> dict[str, str]:
        texts: dict[str, str] = {}
        for key, value in (live.get("data") or {}).items():
            try:
                texts[key] = base64.b64decode(value).decode()
            except ValueError:
                raise ConfigurationError(
                    f"the Secret {self._namespace}/{name} can't be read: {key!r} is not text (UTF-8)", field="key"
                ) from None
        return texts
