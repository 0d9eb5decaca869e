"""Applications, sets, projects and Promotions in a bundle: they go to Mooring's own registry, and not to a cluster.

To a sync they are objects like any others. They are applied in their wave, their health is what waves wait for and
what counts in the parent's, edits by hand are drift, and what git no longer has is pruned. So the registry is put
behind the same interface as a cluster (`registering.WithDeclared`), and only the kinds of Argo CD's group, and
Promotion, take that way. The parent is known by the label and the annotation that every object of an application
carries. Source: Argo CD, "Cluster Bootstrapping".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mooring.cluster.apply import FIELD_MANAGER, Applied
from mooring.cluster.fingerprint import manager_entries, own_fingerprint
from mooring.cluster.observe import Observed
from mooring.errors import ConfigurationError, ConflictError, TransientError
from mooring.flows.asked.declaring import AskPorts, UnknownApplicationError, declare, delete
from mooring.flows.asked.projects import declare_project, delete_project
from mooring.flows.asked.showing import show_application
from mooring.flows.sets.circles import refuse_circle
from mooring.flows.sets.setasking import UnknownSetError, declare_set, delete_set, show_set
from mooring.model.application import DEFAULT_NAMESPACE, AppKey
from mooring.model.objects import Manifest, ObjectKey, digest
from mooring.model.promotionkey import PROMOTION_KIND, PromotionKey
from mooring.model.setkey import SetKey
from mooring.model.tracking import APP_LABEL, TRACKING_ANNOTATION, tracking_value
from mooring.state.applicationsets import SetRecord
from mooring.state.records import Record

if TYPE_CHECKING:
    from mooring.state.imageupdaters import DeclaredUpdater
    from mooring.state.promotions import PromotionRecord

__all__ = ["Declared"]

_SHOWN = ("ownerReferences", "deletionTimestamp")  # of an application's metadata, beside what was declared


class StillUsedError(TransientError):
    """A project that applications name can't go before they do."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The registry as a place for objects."""

    ports: AskPorts

    def apply(self, manifest: Manifest, *, dry_run: bool) -> Applied:
        """Declares an application or a project as its parent's bundle has it.

        With a `resourceVersion` it must not exist yet, else that is a `ConflictError`. Raises as declaring does, and
        `ConfigurationError` where applications would declare each other in a circle.
        """
        key = ObjectKey.of(manifest)
        metadata = dict(manifest["metadata"])
        new_only = metadata.pop("resourceVersion", None) is not None
        document = {**manifest, "metadata": metadata}
        before = self.get(key)
        if before is not None and new_only:
            raise ConflictError("exists already", subject=str(key))
        parent = _parent(document)
        if key.kind == "AppProject":
            if not dry_run:
                declare_project(self.ports.registry.projects, document)
            return Applied(_project(document), before is None, ())
        if dry_run:
            return Applied(_as_declared(document, f"application {parent}"), before is None, ())
        if key.kind == PROMOTION_KIND:
            from mooring.flows.promotions.asking import declare_promotion  # few bundles hold one

            told = declare_promotion(self.ports, document, f"application {parent}").warnings
            return Applied(self._live(key), before is None, told)
        if key.kind == "ImageUpdater":
            from mooring.flows.images.updaters import declare_updater  # few bundles hold one

            warnings = declare_updater(self.ports, document, f"application {parent}", bundled=True).warnings
            return Applied(self._live(key), before is None, warnings)
        if key.kind == "ApplicationSet":
            if before is not None and before.tracking_id.partition(":")[0] != parent:
                refuse_circle(self.ports.applications, self.ports.registry, SetKey(key.namespace, key.name), parent)
            read = declare_set(self.ports, document, f"application {parent}")
            return Applied(self._live(key), before is None, read.warnings)
        if before is not None:  # what is new can't be above its parent yet
            _refuse_generated(before, key)
            if before.tracking_id.partition(":")[0] != parent:
                refuse_circle(self.ports.applications, self.ports.registry, AppKey(key.namespace, key.name), parent)
        parsed = declare(self.ports, document, f"application {parent}")
        return Applied(self._live(key), before is None, parsed.warnings)

    def get(self, key: ObjectKey) -> Observed | None:
        """One of them with its state, or None."""
        if key.kind == "AppProject":
            document = self._project(key)
            return None if document is None else _observed(_project(document))
        if key.kind == "ApplicationSet":
            name = SetKey(key.namespace, key.name)
            found = self.ports.registry.sets.load([name])[name]
            return None if found.spec is None else _observed(_set(found))
        if key.kind == PROMOTION_KIND:
            promotion = PromotionKey(key.namespace, key.name)
            known = self.ports.registry.promotions.load([promotion])[promotion]
            return None if known.spec is None else _observed(_promotion(known))
        if key.kind == "ImageUpdater":
            updater = self.ports.registry.image_updaters.load([AppKey(key.namespace, key.name)])
            return next((_observed(_updater(each)) for each in updater.values()), None)
        app = AppKey(key.namespace, key.name)
        record = self.ports.applications.load([app])[app]
        return None if record.spec is None else _observed(_application(record))

    def delete(self, key: ObjectKey) -> bool:
        """Asks for its deletion; False where it was gone. Raises `StillUsedError` for a project that is in use."""
        if key.kind == "AppProject":
            if self._project(key) is None:
                return False
            try:
                delete_project(self.ports.registry.projects, self.ports.applications, key.name)
            except ConfigurationError as error:
                if self._project(key) is None:
                    return False
                raise StillUsedError(error.message, subject=str(key)) from error
            return True
        if key.kind == "ApplicationSet":
            return self._delete_set(SetKey(key.namespace, key.name))
        if key.kind == PROMOTION_KIND:
            from mooring.flows.promotions.asking import UnknownPromotionError, delete_promotion

            try:
                delete_promotion(self.ports, PromotionKey(key.namespace, key.name))
            except UnknownPromotionError:
                return False
            return True
        if key.kind == "ImageUpdater":
            from mooring.flows.images.updaters import UnknownUpdaterError, delete_updater

            try:
                delete_updater(self.ports, AppKey(key.namespace, key.name))
            except UnknownUpdaterError:
                return False
            return True
        found = self.get(key)
        parent = "" if found is None else found.tracking_id.partition(":")[0]
        try:
            delete(self.ports, AppKey(key.namespace, key.name), f"application {parent}", cascade=None)
        except UnknownApplicationError:
            return False
        return True

    def look(self, kind: str, labels: Iterable[str]) -> Iterator[Observed]:
        """All that carry the tracking label with one of these values (or with any)."""
        wanted = frozenset(labels)
        if kind == "AppProject":
            projects = self.ports.registry.projects
            documents = (projects.document(name) for name in projects.names())
            found = (_observed(_project(document)) for document in documents if document is not None)
            yield from (each for each in found if each.app_label and (not wanted or each.app_label in wanted))
            return
        if kind == "ApplicationSet":
            sets = self.ports.registry.sets
            names = [each.key for each in sets.listed() if each.label and (not wanted or each.label in wanted)]
            yield from (_observed(_set(each)) for each in sets.load(names).values() if each.spec is not None)
            return
        if kind == PROMOTION_KIND:
            promotions = self.ports.registry.promotions
            mine = [each.key for each in promotions.listed() if each.label and (not wanted or each.label in wanted)]
            yield from (_observed(_promotion(each)) for each in promotions.load(mine).values() if each.spec is not None)
            return
        if kind == "ImageUpdater":
            updaters = self.ports.registry.image_updaters
            all_updaters = updaters.load(updaters.names()).values()
            yield from (
                _observed(_updater(each))
                for each in all_updaters
                if each.label and (not wanted or each.label in wanted)
            )
            return
        keys = [
            listed.key
            for listed in self.ports.applications.registered()
            if listed.label and (not wanted or listed.label in wanted)
        ]
        for record in self.ports.applications.load(keys).values():
            if record.spec is not None:
                yield _observed(_application(record))

    def _project(self, key: ObjectKey) -> Manifest | None:
        """Projects live in `argocd`: an object of the same name elsewhere is none, and must not pass for one."""
        return self.ports.registry.projects.document(key.name) if key.namespace == DEFAULT_NAMESPACE else None

    def _delete_set(self, key: SetKey) -> bool:
        try:
            delete_set(self.ports, key, "its application", cascade=True)
        except UnknownSetError:
            return False
        return True

    def _live(self, key: ObjectKey) -> Manifest:
        found = self.get(key)
        if found is None or found.live is None:
            raise ConflictError("was deleted while it was declared", subject=str(key))
        return found.live


def _parent(document: Manifest) -> str:
    annotations = document["metadata"].get("annotations") or {}
    return str(annotations.get(TRACKING_ANNOTATION, "")).partition(":")[0]


def _refuse_generated(before: Observed, key: ObjectKey) -> None:
    """A set and a parent that both declare an application would undo each other's work for ever."""
    for owner in (before.live or {}).get("metadata", {}).get("ownerReferences") or ():
        raise ConfigurationError(
            f"is generated by the ApplicationSet {owner['name']}; take it out of there, or out of the parent's source",
            subject=str(key),
        )


def _application(record: Record) -> Manifest:
    """An application as an object with a status: what waves wait for is that it is synced as it is declared now."""
    spec = record.spec
    assert spec is not None
    shown = show_application(record, brief=True)
    live = _as_declared(spec.application.declared, spec.by)
    metadata = {**live["metadata"], "generation": spec.generation, "resourceVersion": str(spec.generation)}
    metadata |= {name: shown["metadata"][name] for name in _SHOWN if name in shown["metadata"]}
    status = shown["status"]
    if metadata.get("labels", {}).get(APP_LABEL) == tracking_value(record.key):
        status = {**status, "health": {"status": "Healthy"}}  # its own parent: it must not wait for itself
    elif (waits := _waits(record)) and status["health"]["status"] != "Degraded":
        status = {**status, "health": {"status": "Progressing", "message": waits}}
    return {**live, "metadata": metadata, "status": status}


def _set(record: SetRecord) -> Manifest:
    """An ApplicationSet as an object with Argo CD's conditions, by which its health is told."""
    spec = record.spec
    assert spec is not None
    live, shown = _as_declared(spec.application_set.declared, spec.by), show_set(record)
    metadata = {**live["metadata"], "generation": spec.generation, "resourceVersion": str(spec.generation)}
    if spec.deleting is not None:
        metadata["deletionTimestamp"] = shown["metadata"]["deletionTimestamp"]
    return {**live, "metadata": metadata, "status": shown["status"]}


def _promotion(record: PromotionRecord) -> Manifest:
    """A promotion as an object; what it waits for is nothing that a wave should wait for."""
    assert record.spec is not None
    live = _as_declared(record.spec.promotion.declared, record.spec.by)
    numbered = {"generation": record.spec.generation, "resourceVersion": str(record.spec.generation)}
    return {**live, "metadata": {**live["metadata"], **numbered}}


def _updater(updater: DeclaredUpdater) -> Manifest:
    live = _as_declared(updater.declared, updater.by)
    numbered = {"generation": updater.generation, "resourceVersion": str(updater.generation)}
    return {**live, "metadata": {**live["metadata"], **numbered}}


def _waits(record: Record) -> str:
    spec, status, wanted = record.spec, record.status, record.wanted
    assert spec is not None
    if spec.deleting is not None:
        return "is being deleted"
    if wanted is not None and wanted.failure is not None and not status.bundle:
        return f"can't be rendered: {wanted.failure.message}"
    if not status.bundle or status.health.status == "Missing":
        return "is not synced yet"
    if spec.application.automated is not None and spec.paused is None and status.generation != spec.generation:
        return "is not synced as it is declared now"
    return ""


def _project(document: Manifest) -> Manifest:
    return _as_declared(document, f"application {_parent(document)}")


def _as_declared(document: Manifest, by: str) -> Manifest:
    """A document as an object: its one manager is Mooring where its parent declared it last, else whoever did."""
    metadata: dict[str, Any] = dict(document["metadata"])
    metadata["uid"] = f"{document['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
    metadata["resourceVersion"] = digest(document)[:16]
    entry = {"manager": by or "unknown", "operation": "Update", "fieldsV1": {"f:spec": {}, "f:metadata": {}}}
    if by == f"application {_parent(document)}":
        entry = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {f"f:{digest(document)}": {}}}
    metadata["managedFields"] = [entry]
    return {**document, "metadata": metadata}


def _observed(live: Manifest) -> Observed:
    metadata = live["metadata"]
    return Observed(
        ObjectKey.of(live),
        metadata["uid"],
        metadata.get("generation", 0),
        metadata["resourceVersion"],
        own_fingerprint(metadata),
        str((metadata.get("labels") or {}).get(APP_LABEL, "")),
        metadata.get("deletionTimestamp", ""),
        manager_entries(metadata),
        live,
        str((metadata.get("annotations") or {}).get(TRACKING_ANNOTATION, "")),
    )
