"""One object as a tree shows it: what it is, how it is, and the few words that say the rest.

Made while a list streams by, so that of thousands of objects only this is kept. Field names follow Argo CD's
`ResourceNode` (its API, `GET /applications/{name}/resource-tree`); `sync`, `wave`, `drift`, `hook` and `managed` are
ours, for what belongs to the application itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.cluster.discovery import Resource
from mooring.flows.clusters.quoting import judged
from mooring.health import Rules, can_assess
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_hidden

__all__ = ["Node", "node_of"]

_PORTS: Final = {"http": 80, "https": 443}
_MOST_URLS = 20


@dataclass(slots=True)
class Node:
    """One object of a tree. `owners` are (group, kind, name, uid); labels, selectors and backends tie the network."""

    key: ObjectKey
    version: str
    uid: str
    shown: dict[str, Any]
    owners: tuple[tuple[str, str, str, str], ...] = ()
    selector: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    backends: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is answered."""
        key = self.key
        parents = [
            {"group": group, "kind": kind, "namespace": key.namespace, "name": name, "uid": uid}
            for group, kind, name, uid in self.owners
        ]
        named = {
            "group": key.group,
            "version": self.version,
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
        }
        return {**named, "uid": self.uid, **({"parentRefs": parents} if parents else {}), **self.shown}


def node_of(item: Manifest, resource: Resource, rules: Rules, *, full: bool) -> Node:
    """The node of one object as it was listed, in full or its metadata alone.

    Never raises because of what the object holds: what is not shaped as it should be is left out.
    """
    metadata = item["metadata"]
    owners = tuple(
        (_group(each.get("apiVersion")), str(each.get("kind")), str(each.get("name")), str(each.get("uid")))
        for each in _listed(metadata.get("ownerReferences"))
    )
    shown: dict[str, Any] = {"resourceVersion": metadata.get("resourceVersion") or ""}
    if created := metadata.get("creationTimestamp"):
        shown["createdAt"] = created
    key = ObjectKey(resource.group, resource.kind, metadata.get("namespace") or "", metadata["name"])
    labels = _texts(metadata.get("labels"))
    node = Node(key, resource.version, str(metadata.get("uid") or ""), shown, owners, labels=labels)
    if full:
        item["apiVersion"], item["kind"] = resource.api_version, resource.kind  # items of a list don't say
        _tell(node, item, rules)
    return node


def _tell(node: Node, live: Manifest, rules: Rules) -> None:
    """What only the whole object says."""
    key, shown, metadata = node.key, node.shown, live["metadata"]
    if can_assess(key.group, key.kind, rules):
        health = judged(live, rules)
        shown["health"] = {"status": health.status} | ({"message": health.message} if health.message else {})
    if is_hidden(live) or (key.group, key.kind) == ("", "Secret"):
        return
    spec, status = _dict(live.get("spec")), _dict(live.get("status"))
    if images := sorted(set(_images(key.kind, spec))):
        shown["images"] = images
    if info := _info(key.kind, spec, status):
        shown["info"] = [{"name": name, "value": value} for name, value in info]
    node.selector = _texts(spec.get("selector")) if key.kind == "Service" else {}
    if urls := _urls(key, spec, status, metadata):
        shown["externalURLs"] = urls
    if key.kind == "Ingress":
        node.backends = tuple(sorted(set(_backends(spec))))
    if key.kind == "StatefulSet":
        templates = _listed(spec.get("volumeClaimTemplates"))
        node.claims = tuple(str(_dict(each.get("metadata")).get("name")) for each in templates)


def _images(kind: str, spec: dict[str, Any]) -> Iterable[str]:
    pod = spec if kind == "Pod" else _dict(_dict(spec.get("template")).get("spec"))
    if kind == "CronJob":
        pod = _dict(_dict(_dict(_dict(spec.get("jobTemplate")).get("spec")).get("template")).get("spec"))
    for each in (*_listed(pod.get("initContainers")), *_listed(pod.get("containers"))):
        if isinstance(each.get("image"), str):
            yield each["image"]


def _info(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> list[tuple[str, str]]:
    if kind == "Pod":
        statuses = _listed(status.get("containerStatuses"))
        ready = sum(bool(each.get("ready")) for each in statuses)
        restarts = sum(each.get("restartCount") or 0 for each in statuses)
        told = [("Status", _pod_reason(status)), ("Containers", f"{ready}/{len(_listed(spec.get('containers')))}")]
        told += [("Restarts", str(restarts))] if restarts else []
        return told + ([("Node", str(spec["nodeName"]))] if spec.get("nodeName") else [])
    if kind in ("Deployment", "ReplicaSet", "StatefulSet", "Rollout", "ReplicationController"):
        wanted = spec.get("replicas", 1)
        return [("Replicas", f"{status.get('readyReplicas') or 0}/{1 if wanted is None else wanted}")]
    if kind == "DaemonSet":
        return [("Replicas", f"{status.get('numberReady') or 0}/{status.get('desiredNumberScheduled') or 0}")]
    if kind == "Job":
        return [("Completions", f"{status.get('succeeded') or 0}/{spec.get('completions') or 1}")]
    if kind == "CronJob":
        told = [("Schedule", str(spec.get("schedule") or ""))]
        return told + ([("Suspended", "true")] if spec.get("suspend") else [])
    if kind == "PersistentVolumeClaim":
        return [("Capacity", str(_dict(status.get("capacity")).get("storage") or ""))] if status.get("capacity") else []
    return []


def _pod_reason(status: dict[str, Any]) -> str:
    """What kubectl shows as a pod's status, roughly: why a container waits or ended, else the phase."""
    for each in (*_listed(status.get("initContainerStatuses")), *_listed(status.get("containerStatuses"))):
        state = _dict(each.get("state"))
        waiting, ended = _dict(state.get("waiting")), _dict(state.get("terminated"))
        if reason := waiting.get("reason") or (ended.get("reason") if ended.get("exitCode") else ""):
            return str(reason)
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _urls(key: ObjectKey, spec: dict[str, Any], status: dict[str, Any], metadata: dict[str, Any]) -> list[str]:
    """Where people reach it: links of annotations (Argo CD, "External URL Links"), rules of an Ingress, balancers."""
    links = [
        text.rpartition("|")[2]
        for name, text in sorted(_texts(metadata.get("annotations")).items())
        if name.startswith("link.argocd.argoproj.io/")
    ]
    found = [each for each in links if each.startswith(("http://", "https://"))]
    balancers = _listed(_dict(status.get("loadBalancer")).get("ingress"))
    hosts = [str(each.get("hostname") or each.get("ip") or "") for each in balancers]
    if key.kind == "Ingress":
        secure = {host for each in _listed(spec.get("tls")) for host in each.get("hosts") or ("",)}
        for rule in _listed(spec.get("rules")):
            named = str(rule.get("host") or (hosts[0] if hosts else ""))
            scheme = "https" if named in secure or "" in secure else "http"
            paths = _listed(_dict(rule.get("http")).get("paths")) or [{}]
            found += [f"{scheme}://{named}{each.get('path') or ''}" for each in paths if named and "*" not in named]
    elif key.kind == "Service" and spec.get("type") == "LoadBalancer":
        for port in _listed(spec.get("ports")):
            number = port.get("port")
            scheme = next((name for name, usual in _PORTS.items() if usual == number), "")
            found += [f"{scheme}://{host}" if scheme else f"{host}:{number}" for host in hosts if host]
    return list(dict.fromkeys(found))[:_MOST_URLS]


def _backends(spec: dict[str, Any]) -> Iterable[str]:
    paths = [each for rule in _listed(spec.get("rules")) for each in _listed(_dict(rule.get("http")).get("paths"))]
    for backend in (spec.get("defaultBackend"), *(each.get("backend") for each in paths)):
        name = _dict(_dict(backend).get("service")).get("name")
        if isinstance(name, str):
            yield name


def _group(api_version: Any) -> str:
    return str(api_version or "").rpartition("/")[0]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> dict[str, str]:
    return {name: text for name, text in _dict(value).items() if isinstance(text, str)}
