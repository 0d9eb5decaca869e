"""Which kinds a cluster serves, where, and in which versions.

Two requests bring everything (Kubernetes enhancement proposal 3352, aggregated discovery; stable in 1.30); servers
before 1.26 are asked group by group. The answer changes only when CRDs or aggregated APIs come and go, so it is kept as
long as the function instance lives, and fetched again when a kind is missing, when the server did not know a path that
it once listed, and after ten minutes. A group whose aggregated server is down keeps its name with a version that isn't
fresh and holds no kinds: it is passed over, and the rest works.

It is not written down for the next cold start: measured, the two requests take 1.5 ms and 25 KB from an API server
nearby, while a copy in the table would be read by every invocation and be out of date in just the cases that matter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mooring.cluster.client import ApiServer
from mooring.errors import MooringError, RejectedError, UnreachableError

__all__ = ["Discovery", "Resource"]

AGGREGATED = ",".join(
    [f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")]
    + ["application/json"]
)
POLL_SECONDS = 0.1
# A kind that is missing is asked for again after this time: a bundle may hold hundreds of objects of it.
MISSING_SECONDS = 1.0
KEPT_SECONDS = 600.0


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
        """The path of one object, or of the collection (in all namespaces, where `namespace` is empty).

        Whatever names hold, they stay one segment each: what a project permits is asked of them as they are written.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(namespace, safe=':')}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{quote(name, safe=':')}" if name else "")


class Discovery:
    """What one API server serves; asks when first needed. Thread-safe."""

    def __init__(
        self,
        server: ApiServer,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._server = server
        self._sleep = sleep
        self._now = now
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._asked_at = float("-inf")
        self._unserved = 0
        self._kinds: dict[tuple[str, str], tuple[Resource, ...]] = {}
        self._down: set[str] = set()
        self._version = ""

    def resource(self, group: str, kind: str, version: str = "", *, patience: float = 0.0) -> Resource:
        """How a kind is served: in `version`, or, where that is empty, in the version the cluster prefers.

        Asks the cluster again when it isn't known, and keeps asking for `patience` seconds: a CRD that was applied a
        moment ago is served a moment later. Raises `RejectedError` (reason `NoMatch`) where it isn't served.
        """
        found = self.find(group, kind, version)
        deadline = time.monotonic() + patience
        while found is None and time.monotonic() < deadline:
            self._sleep(POLL_SECONDS)
            self._refresh_if_older(POLL_SECONDS)
            found = self._find(group, kind, version)
        if found is not None:
            return found
        name = f"{group}/{version}".strip("/") or "the core group"
        served = ", ".join(resource.api_version for resource in self._kinds.get((group, kind), ()))
        hint = f"the cluster serves it in {served}" if served else "is its CustomResourceDefinition installed?"
        raise RejectedError(f'no matches for kind "{kind}" in version "{name}"; {hint}', code=404, reason="NoMatch")

    def find(self, group: str, kind: str, version: str = "") -> Resource | None:
        """As `resource`, with `None` for a kind that isn't served; asks the cluster at most once.

        Raises `UnreachableError` where nobody can say, because the group's aggregated server is down.
        """
        self._refresh_if_older(KEPT_SECONDS)
        known = self._find(group, kind, version)
        if known is None:
            self._refresh_if_older(MISSING_SECONDS)
            known = self._find(group, kind, version)
        if known is None and self.is_down(group):
            raise UnreachableError(f"the API server can't reach the aggregated API {group}; it is tried again")
        return known

    def kinds(self) -> list[Resource]:
        """Every kind that is served, in the version that the cluster prefers."""
        self._refresh_if_older(KEPT_SECONDS)
        with self._lock:
            return [versions[0] for versions in self._kinds.values()]

    def down(self) -> frozenset[str]:
        """The groups whose aggregated server was down when the cluster was asked last."""
        with self._lock:
            return frozenset(self._down)

    def is_down(self, group: str) -> bool:
        """Whether the group's aggregated server was down when the cluster was asked last: nobody knows its kinds."""
        with self._lock:
            return group in self._down

    def refresh(self) -> None:
        """Ask the cluster again."""
        unserved, asked_at = self._server.unserved, self._now()
        kinds: dict[tuple[str, str], tuple[Resource, ...]] = {}
        down: set[str] = set()
        for found in _fetch(self._server):
            if isinstance(found, str):
                down.add(found)
            else:
                kinds[found.group, found.kind] = (*kinds.get((found.group, found.kind), ()), found)
        with self._lock:
            self._kinds, self._down, self._unserved, self._asked_at = kinds, down, unserved, asked_at

    def _refresh_if_older(self, seconds: float) -> None:
        """Asks again if the last answer is older than that; of threads that want it at once, one asks for all."""
        before = self._now() - seconds
        if self._is_stale(before):
            with self._asking:
                if self._is_stale(before):
                    self.refresh()

    def _is_stale(self, before: float) -> bool:
        return self._asked_at < before or self._unserved != self._server.unserved

    def version(self) -> str:
        """The cluster's version as Helm wants it: `v1.36.3`. Raises as `ApiServer.request` does."""
        if not self._version:
            body = self._server.request("GET", "/version").body
            self._version = str(body.get("gitVersion") or "") if isinstance(body, dict) else ""
        return self._version

    def api_versions(self) -> list[str]:
        """What charts see as `.Capabilities.APIVersions`: `apps/v1` and `apps/v1/Deployment` for everything served."""
        self._refresh_if_older(KEPT_SECONDS)
        every = [resource for versions in self._kinds.values() for resource in versions]
        groups = {resource.api_version for resource in every}
        return sorted(groups | {f"{resource.api_version}/{resource.kind}" for resource in every})

    def _find(self, group: str, kind: str, version: str) -> Resource | None:
        with self._lock:
            versions = self._kinds.get((group, kind), ())
        for resource in versions:
            if version in {"", resource.version}:
                return resource
        return None


def _fetch(server: ApiServer) -> Iterator[Resource | str]:
    """Everything served, each group's preferred version first; and the names of groups that are down."""
    for root in ("/api", "/apis"):
        body = server.request("GET", root, headers={"Accept": AGGREGATED}).body
        if not isinstance(body, dict):
            raise UnreachableError(f"{server.server} does not answer as an API server; it is tried again")
        if body.get("kind") == "APIGroupDiscoveryList":
            yield from _aggregated(body)
        else:
            yield from _legacy(server, root, body)


def _aggregated(body: dict[str, Any]) -> Iterator[Resource | str]:
    for item in body.get("items") or ():
        group = item["metadata"].get("name") or ""
        for version in item.get("versions") or ():
            if version.get("freshness") == "Stale" and not version.get("resources"):
                yield group
            for entry in version.get("resources") or ():
                # A resource may answer with another group's kind (`deployments/scale` does); the entry itself never
                # leaves its group, and an empty response kind marks one that only has subresources.
                kind = (entry.get("responseKind") or {}).get("kind")
                if kind:
                    scope = entry.get("scope") == "Namespaced"
                    yield _resource(group, version["version"], entry["resource"], kind, scope, entry.get("verbs") or ())


def _legacy(server: ApiServer, root: str, body: dict[str, Any]) -> Iterator[Resource | str]:
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
            yield group
            continue
        for entry in (listed or {}).get("resources") or ():
            if "/" not in entry["name"]:
                namespaced = bool(entry.get("namespaced"))
                yield _resource(group, version, entry["name"], entry["kind"], namespaced, entry.get("verbs") or ())


def _resource(group: str, version: str, plural: str, kind: str, namespaced: bool, verbs: Iterable[str]) -> Resource:
    return Resource(group, version, plural, kind, namespaced, tuple(verbs))
