"""The clusterDecisionResource generator: objects on a cluster whose status names clusters.

A ConfigMap in the set's namespace says which kind of object (`apiVersion`, and `kind` as its plural in lower case),
where in the status the decisions are (`statusListKey`, by default `clusters`) and which of their fields is a cluster's
name (`matchKey`), as in Argo CD ("Cluster Decision Resource Generator"). Both are read from the management
cluster's API server. Rights: `get` on that ConfigMap, `list` on that kind, in the set's namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.cluster.client import ApiServer
from mooring.errors import ConfigurationError
from mooring.model.generatorkinds import ClusterDecisions
from mooring.model.selectors import Requirement

__all__ = ["ClusterDecisionObjects"]

_WHERE = "clusterDecisionResource"


class ClusterDecisionObjects:
    """Decisions as one API server has them."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    def decisions(self, namespace: str, wanted: ClusterDecisions) -> tuple[str, list[Mapping[str, Any]]]:
        """The key that holds a cluster's name, and the decisions of all objects that are meant.

        An object without a status has decided nothing yet. Raises what `ApiServer.request` raises, and
        `ConfigurationError` where the ConfigMap, its fields, the kind or every such object is missing.
        """
        where = f"ConfigMap {namespace}/{wanted.config_map}"
        answer = self._server.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/{wanted.config_map}")
        data = (answer.body or {}).get("data") or {}
        group, slash, version = str(data.get("apiVersion", "")).partition("/")
        kind, match_key = data.get("kind"), data.get("matchKey")
        if not (group and slash and version and kind and match_key):
            raise ConfigurationError(
                "must be there with apiVersion (group/version), kind and matchKey in its data",
                field=f"{_WHERE}.configMapRef",
                subject=where,
            )
        query = {"fieldSelector": f"metadata.name={wanted.name}"} if wanted.name else {"labelSelector": _text(wanted)}
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
        return match_key, [each for each in listed if isinstance(each, dict)]


def _text(wanted: ClusterDecisions) -> str:
    return ",".join(_requirement(each) for each in wanted.selector.requirements)


def _requirement(each: Requirement) -> str:
    match each.operator:
        case "In":
            return f"{each.key} in ({','.join(each.values)})"
        case "NotIn":
            return f"{each.key} notin ({','.join(each.values)})"
        case "Exists":
            return each.key
        case _:
            return f"!{each.key}"
