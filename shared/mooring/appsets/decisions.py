"""The clusterDecisionResource generator: objects on a cluster whose status names clusters.

A ConfigMap in the set's namespace says which kind of object (`apiVersion`, and `kind` as its plural in lower case),
where in the status the decisions are (`statusListKey`, by default `clusters`) and which of their fields is a cluster's
name (`matchKey`), as in Argo CD ("Cluster Decision Resource Generator"). Both are read from the default cluster's API
server. Rights: `get` on that ConfigMap, `list` on that kind, in the set's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring.state.decisions import Answer, Asked

if TYPE_CHECKING:
    from mooring.cluster.client import ApiServer

__all__ = ["ClusterDecisionObjects"]

_WHERE = "clusterDecisionResource"


class ClusterDecisionObjects:
    """Decisions as one API server has them; each ConfigMap is read once."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._known: dict[tuple[str, str], Mapping[str, Any]] = {}

    def read(self, namespace: str, asked: Asked) -> Answer:
        """The key that holds a cluster's name, and the decisions of all objects that are meant.

        An object without a status has decided nothing yet. Raises what `ApiServer.request` raises, and
        `ConfigurationError` where the ConfigMap, its fields, the kind or every such object is missing.
        """
        where = f"ConfigMap {namespace}/{asked.config_map}"
        data = self._config_map(namespace, asked.config_map)
        group, slash, version = str(data.get("apiVersion", "")).partition("/")
        kind, match_key = data.get("kind"), data.get("matchKey")
        if not (group and slash and version and kind and match_key):
            raise ConfigurationError(
                "must be there with apiVersion (group/version), kind and matchKey in its data",
                field=f"{_WHERE}.configMapRef",
                subject=where,
            )
        query = {"fieldSelector": f"metadata.name={asked.name}"} if asked.name else {"labelSelector": asked.selector}
        found = self._server.request("GET", f"/apis/{group}/{version}/namespaces/{namespace}/{kind}", query)
        objects = (found.body or {}).get("items") or []
        if not objects:
            raise ConfigurationError(
                f"no {kind} is there that fits the generator; check its name or labelSelector, and the kind",
                field=_WHERE,
                subject=where,
            )
        key = data.get("statusListKey") or "clusters"
        listed = [each for one in objects for each in (one.get("status") or {}).get(key) or ()]
        return Answer(match_key, tuple(each for each in listed if isinstance(each, dict)))

    def _config_map(self, namespace: str, name: str) -> Mapping[str, Any]:
        if (namespace, name) not in self._known:
            answer = self._server.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")
            self._known[namespace, name] = (answer.body or {}).get("data") or {}
        return self._known[namespace, name]
