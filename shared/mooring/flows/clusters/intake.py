"""Applications and projects that people apply to a cluster (`kubectl apply`), taken into the registry.

A registered cluster whose annotation `mooring.dev/applications` names namespaces is a management cluster: each look of
the sweep also lists its `applications.argoproj.io` and `appprojects`, declares what is new or changed, and deletes what
is gone. What came from there carries an annotation that says so; what a parent, a set or another cluster declares stays
theirs. Finalizers mean what they mean in Argo CD ("App Deletion"): an object that is being deleted keeps Argo CD's
until its application is gone. No status is written back. Clusters without the annotation cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mooring.access.globs import matches
from mooring.cluster.custom import every, release
from mooring.errors import ConfigurationError, ConflictError, MooringError
from mooring.flows.asked.declaring import AskPorts, declare, delete
from mooring.flows.asked.projects import declare_project, delete_project
from mooring.flows.clusters.live import Live, Target
from mooring.flows.clusters.registering import WithDeclared
from mooring.model.application import DEFAULT_NAMESPACE, RESOURCES_FINALIZER, AppKey
from mooring.model.objects import Manifest
from mooring.model.tracking import APP_LABEL
from mooring.state.records import Record

__all__ = ["take_in"]

_ORIGIN = "mooring.dev/declared-in"
_GROUP = "argoproj.io"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT = ("name", "namespace", "labels", "annotations", "finalizers")


def take_in(ports: AskPorts, target: Live) -> list[tuple[AppKey, MooringError]]:
    """Brings the registry up to what a management cluster holds; returns what could not be declared, and why.

    Raises as the cluster does: where it does not answer, nothing is concluded. A kind that is not served (any more)
    is no reason to delete, either.
    """
    live = target.live if isinstance(target, WithDeclared) else target
    if not isinstance(live, Target):
        return []
    patterns = live.cluster.managed
    listed = {kind: every(live.server, live.discovery, _GROUP, kind) for kind in ("AppProject", "Application")}
    found = {
        kind: {
            _key(each): each
            for each in objects
            if any(matches(pattern, each["metadata"]["namespace"]) for pattern in patterns)
        }
        for kind, objects in listed.items()
        if objects is not None
    }
    troubles: list[tuple[AppKey, MooringError]] = []
    if "AppProject" in found:
        troubles += _projects(ports, live, found["AppProject"])
    if "Application" in found:
        troubles += _applications(ports, live, found["Application"])
    if "AppProject" in found:
        troubles += _gone_projects(ports, live, found["AppProject"])
    return troubles


def _applications(
    ports: AskPorts, live: Target, found: Mapping[AppKey, Manifest]
) -> Iterator[tuple[AppKey, MooringError]]:
    name = live.cluster.name
    keys = [listed.key for listed in ports.applications.registered()]
    records = {key: each for key, each in ports.applications.sources(keys).items() if each.spec is not None}
    for key, given in found.items():
        try:
            _application(ports, live, key, given, records.get(key))
        except ConflictError:
            continue  # it is on its way out, or was changed just now: the next look sees to it
        except MooringError as error:
            yield key, error
    for key, record in records.items():
        if key not in found and _origin(record) == name and record.spec is not None and record.spec.deleting is None:
            delete(ports, key, _by(name), cascade=False)  # what has a finalizer is seen while it is deleted


def _application(ports: AskPorts, live: Target, key: AppKey, given: Manifest, record: Record | None) -> None:
    name, finalizers = live.cluster.name, [each for each in _finalizers(given) if _is_argos(each)]
    spec = None if record is None else record.spec
    if given["metadata"].get("deletionTimestamp"):
        if record is None or spec is None or _origin(record) != name:
            if finalizers:
                release(live.server, live.discovery, given, finalizers)
        elif spec.deleting is None:
            cascade = any(each.startswith(RESOURCES_FINALIZER) for each in finalizers)
            delete(ports, key, _by(name), cascade=cascade)
        return
    if record is not None and spec is not None:
        marks = spec.application.declared["metadata"]
        if _origin(record) not in ("", name) or spec.owner or (marks.get("labels") or {}).get(APP_LABEL):
            raise ConfigurationError(
                f"is declared by {spec.by}, and not taken from the cluster {name}", subject=str(key)
            )
    document = _document(given, name)
    if spec is None or spec.application.declared != document:
        declare(ports, document, _by(name))


def _projects(ports: AskPorts, live: Target, found: Mapping[AppKey, Manifest]) -> Iterator[tuple[AppKey, MooringError]]:
    projects = ports.registry.projects
    for key, given in found.items():
        if given["metadata"].get("deletionTimestamp") or key.namespace != DEFAULT_NAMESPACE:
            continue
        try:
            document, known = _document(given, live.cluster.name), projects.document(key.name)
            if known != document:
                if known is not None and (_came_from(known) != live.cluster.name):
                    raise ConfigurationError("is declared elsewhere, and not taken from the cluster", subject=str(key))
                declare_project(projects, document)
        except MooringError as error:
            yield key, error


def _gone_projects(
    ports: AskPorts, live: Target, found: Mapping[AppKey, Manifest]
) -> Iterator[tuple[AppKey, MooringError]]:
    """Projects go behind their applications; until then they stay, and those that are being deleted are held."""
    projects, staying = ports.registry.projects, set()
    for key, given in found.items():
        if not given["metadata"].get("deletionTimestamp"):
            staying.add(key.name)
    for name in projects.names():
        document = projects.document(name)
        if name in staying or document is None or _came_from(document) != live.cluster.name:
            continue
        try:
            delete_project(projects, ports.applications, name)
        except MooringError as error:
            yield AppKey(DEFAULT_NAMESPACE, name), error
    left = set(projects.names())
    for key, given in found.items():
        finalizers = [each for each in _finalizers(given) if _is_argos(each)]
        if given["metadata"].get("deletionTimestamp") and finalizers and key.name not in left:
            try:
                release(live.server, live.discovery, given, finalizers)
            except ConflictError:
                continue  # changed just now


def _document(given: Manifest, cluster: str) -> Manifest:
    """The object as people declare it, without what is the cluster's, and with where it came from."""
    metadata: dict[str, Any] = {name: given["metadata"][name] for name in _KEPT if name in given["metadata"]}
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != _APPLIED}
    metadata["annotations"] = {**annotations, _ORIGIN: cluster}
    return {"apiVersion": given["apiVersion"], "kind": given["kind"], "metadata": metadata, "spec": given.get("spec")}


def _key(given: Manifest) -> AppKey:
    return AppKey(given["metadata"]["namespace"], given["metadata"]["name"])


def _by(cluster: str) -> str:
    return f"cluster {cluster}"


def _finalizers(given: Manifest) -> Iterable[str]:
    return given["metadata"].get("finalizers") or ()


def _is_argos(finalizer: str) -> bool:
    return "finalizer.argocd.argoproj.io" in finalizer


def _origin(record: Record) -> str:
    return "" if record.spec is None else _came_from(record.spec.application.declared)


def _came_from(document: Manifest) -> str:
    return str((document["metadata"].get("annotations") or {}).get(_ORIGIN, ""))
