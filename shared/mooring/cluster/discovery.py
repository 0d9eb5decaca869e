"""Which kinds a cluster serves, where, and in which versions.

Two requests bring everything (Kubernetes enhancement proposal 3352, aggregated discovery; stable in 1.30); servers
before 1.26 are asked group by group. The answer changes only when CRDs or aggregated APIs come and go, so it is kept,
can be written down between invocations, and is fetched again when a kind is missing, at most once a question. A group
whose aggregated server is down keeps its name with a version that isn't fresh and holds no kinds: it is passed over,
and the rest works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from mooring.cluster.client import ApiServer
from mooring.errors import MooringError, RejectedError, UnreachableError

__all__ = ["Discovery", "Resource"]

AGGREGATED = ",".join(
    [f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")]
    + ["application/json"]
)
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as served in one version: `deployments` of `apps/v1`, namespaced, with its verbs."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]

    @property
    def api_version(self) -> str:
        """As manifests write it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of one object, or of the collection (in all namespaces, where `namespace` is empty)."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{name}" if name else "")


class Discovery:
    """What one API server serves; asks when first needed. Thread-safe."""

    def __init__(self, server: ApiServer, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._server = server
        self._sleep = sleep
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], tuple[Resource, ...]] = {}
        self._version: dict[str, str] = {}

    def resource(self, group: str, kind: str, version: str = "", *, patience: float = 0.0) -> Resource:
        """How a kind is served: in `version`, or, where that is empty, in the version the cluster prefers.

        Asks the cluster again when it isn't known, and keeps asking for `patience` seconds: a CRD that was applied a
        moment ago is served a moment later. Raises `RejectedError` (reason `NoMatch`) where it isn't served.
        """
        found = self.find(group, kind, version)
        deadline = time.monotonic() + patience
        while found is None and time.monotonic() < deadline:
            self._sleep(POLL_SECONDS)
            found = self.find(group, kind, version)
        if found is not None:
            return found
        name = f"{group}/{version}".strip("/") or "the core group"
        served = ", ".join(resource.api_version for resource in self._kinds.get((group, kind), ()))
        hint = f"the cluster serves it in {served}" if served else "is its CustomResourceDefinition installed?"
        raise RejectedError(f'no matches for kind "{kind}" in version "{name}"; {hint}', code=404, reason="NoMatch")

    def find(self, group: str, kind: str, version: str = "") -> Resource | None:
        """As `resource`, with `None` for a kind that isn't served; asks the cluster at most once."""
        known = self._find(group, kind, version)
        if known is None:
            self.refresh()
            known = self._find(group, kind, version)
        return known

    def refresh(self) -> None:
        """Ask the cluster again."""
        kinds: dict[tuple[str, str], tuple[Resource, ...]] = {}
        for resource in _fetch(self._server):
            key = (resource.group, resource.kind)
            kinds[key] = (*kinds.get(key, ()), resource)
        with self._lock:
            self._kinds = kinds

    def version(self) -> str:
        """The cluster's version as Helm wants it: `v1.36.3`. Raises as `ApiServer.request` does."""
        if "gitVersion" not in self._version:
            body = self._server.request("GET", "/version").body
            self._version = {"gitVersion": str(body.get("gitVersion") or "") if isinstance(body, dict) else ""}
        return self._version["gitVersion"]

    def api_versions(self) -> list[str]:
        """What charts see as `.Capabilities.APIVersions`: `apps/v1` and `apps/v1/Deployment` for everything served."""
        if not self._kinds:
            self.refresh()
        every = [resource for versions in self._kinds.values() for resource in versions]
        groups = {resource.api_version for resource in every}
        return sorted(groups | {f"{resource.api_version}/{resource.kind}" for resource in every})

    def to_json(self) -> bytes:
        """What is known, to be remembered between invocations."""
        rows = [
            [item.group, item.version, item.plural, item.kind, item.namespaced, list(item.verbs)]
            for versions in self._kinds.values()
            for item in versions
        ]
        return orjson.dumps({"resources": rows, "version": self._version})

    @classmethod
    def from_json(cls, server: ApiServer, text: bytes) -> Discovery:
        """The inverse of `to_json`; what can't be read is forgotten and asked again."""
        discovery = cls(server)
        try:
            value = orjson.loads(text)
            for group, version, plural, kind, namespaced, verbs in value["resources"]:
                item = Resource(group, version, plural, kind, namespaced, tuple(verbs))
                discovery._kinds[group, kind] = (*discovery._kinds.get((group, kind), ()), item)
            discovery._version = dict(value["version"])
        except (ValueError, TypeError, KeyError):
            return cls(server)
        return discovery

    def _find(self, group: str, kind: str, version: str) -> Resource | None:
        with self._lock:
            versions = self._kinds.get((group, kind), ())
        for resource in versions:
            if version in {"", resource.version}:
                return resource
        return None


def _fetch(server: ApiServer) -> Iterator[Resource]:
    """Everything served, each group's preferred version first."""
    for root in ("/api", "/apis"):
        body = server.request("GET", root, headers={"Accept": AGGREGATED}).body
        if not isinstance(body, dict):
            raise UnreachableError(f"{server.server} does not answer as an API server; it is tried again")
        if body.get("kind") == "APIGroupDiscoveryList":
            yield from _aggregated(body)
        else:
            yield from _legacy(server, root, body)


def _aggregated(body: dict[str, Any]) -> Iterator[Resource]:
    for item in body.get("items") or ():
        group = item["metadata"].get("name") or ""
        for version in item.get("versions") or ():
            for entry in version.get("resources") or ():
                # A resource may answer with another group's kind (`deployments/scale` does); the entry itself never
                # leaves its group, and an empty response kind marks one that only has subresources.
                kind = (entry.get("responseKind") or {}).get("kind")
                if kind:
                    scope = entry.get("scope") == "Namespaced"
                    yield _resource(group, version["version"], entry["resource"], kind, scope, entry.get("verbs") or ())


def _legacy(server: ApiServer, root: str, body: dict[str, Any]) -> Iterator[Resource]:
    """Group by group, for servers before 1.26; a group that doesn't answer is passed over."""
    if root == "/api":
        pairs = [("", version) for version in body.get("versions") or ()]
    else:
        pairs = []
        for item in body.get("groups") or ():
            names = [entry["version"] for entry in item.get("versions") or ()]
            preferred = (item.get("preferredVersion") or {}).get("version")
            pairs += [(item["name"], name) for name in sorted(names, key=lambda name: name != preferred)]
    for group, version in pairs:
        try:
            listed = server.request("GET", f"{root}/{group}/{version}" if group else f"{root}/{version}").body
        except MooringError:
            continue
        for entry in (listed or {}).get("resources") or ():
            if "/" not in entry["name"]:
                namespaced = bool(entry.get("namespaced"))
                yield _resource(group, version, entry["name"], entry["kind"], namespaced, entry.get("verbs") or ())


def _resource(group: str, version: str, plural: str, kind: str, namespaced: bool, verbs: Iterable[str]) -> Resource:
    return Resource(group, version, plural, kind, namespaced, tuple(verbs))
