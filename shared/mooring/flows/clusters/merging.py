"""A cluster in which an application also adds keys to Secrets that are not its own (`model.merges`).

To whoever plans, applies, prunes and compares, such a part is an object like any other; here it becomes what it is:

- *apply* is a server-side apply of its keys alone, by a field manager of their own, to the Secret that is there: it is
  read first and named by its uid, so the API server makes none where it has gone meanwhile;
- *delete* is an apply of nothing by that manager, which takes away what nobody else owns as well. The Secret itself is
  never deleted, replaced or labelled as the application's;
- *get* shows the part where the manager owns something, and else nothing: there is no other sign of it, so a crash in
  between leaves nothing that a second try would not find.

A key that another application's manifests set, or another ExternalSecret adds, is refused, since the two would take it
from each other for ever; from anybody else it is taken over, as the operator does. Sources: external-secrets.io,
"Lifecycle", section Merge; Kubernetes documentation, "Server-Side Apply", sections Conflicts and Field management.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from mooring.cluster.apply import FIELD_MANAGER, Applied
from mooring.cluster.fingerprint import fingerprint, manager_entries
from mooring.cluster.observe import Observed
from mooring.errors import ConflictError, RejectedError, TransientError
from mooring.flows.clusters.fronting import Front
from mooring.model.application import AppKey
from mooring.model.merges import MERGE_MANAGERS, Merge, merge_manager, merge_of
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.model.tracking import APP_LABEL, TRACKING_ANNOTATION, tracking_id, tracking_value

__all__ = ["WithMerges", "merged_part"]

_THEIRS: Final = f"{FIELD_MANAGER} (of the Secret)"
# Annotations and labels that say how an object is synced or whose it is: of the Secret they are its owner's.
_SYNCING: Final = ("argocd.argoproj.io/", "helm.sh/", "mooring.dev/")


@dataclass(frozen=True, slots=True)
class WithMerges(Front):
    """A cluster for one application, with the parts that it adds to Secrets of others. Implements `live.Live`."""

    app: AppKey

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        """Server-side apply; of a part to the Secret that is there.

        Raises `TransientError` where there is none, `RejectedError` where one of its keys is another's.
        """
        key = ObjectKey.of(manifest)
        merge = merge_of(key)
        if merge is None:
            return self.live.apply(manifest, dry_run=dry_run, validate=validate, field_manager=field_manager)
        found = self._secret(merge)
        if found is None:
            where = f"{merge.secret.namespace}/{merge.secret.name}"
            raise TransientError(
                f"there is no Secret {where} to add keys to, and creationPolicy: Merge makes none", subject=str(key)
            )
        self._refuse_others(found, merge, manifest)
        applied = self._write(found, merge, _part(manifest), dry_run=dry_run, validate=validate)
        return replace(applied, live=self._view(key, merge, applied.live) or _bare(key, applied.live), created=False)

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        """Makes the live object what the manifest says as a whole; a part is only ever applied."""
        if merge_of(ObjectKey.of(manifest)) is not None:
            return self.apply(manifest, validate=validate, dry_run=dry_run)
        return self.live.replace(manifest, validate=validate, dry_run=dry_run)

    def make_room(self, key: ObjectKey) -> None:
        """Deletes what has this name; never a Secret for a part of it."""
        if merge_of(key) is not None:
            raise RejectedError("is part of a Secret of somebody else, which is not deleted for it", subject=str(key))
        self.live.make_room(key)

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        """Makes old managers' fields ours; in a Secret that a part is added to they stay whose they are."""
        return merge_of(ObjectKey.of(live)) is None and self.live.adopt(live, client_side=client_side)

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        """One object in full, or None where it isn't there."""
        merge = merge_of(key)
        if merge is None:
            return self.live.get(key, version)
        found = self._secret(merge)
        live = None if found is None else self._view(key, merge, found)
        return None if live is None else self._observed(key, live)

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        """Deletes the object with this uid; of a part only what the application has added. False where it was gone."""
        merge = merge_of(key)
        if merge is None:
            return self.live.delete(key, uid, propagation)
        found = self._secret(merge)
        if found is None or found["metadata"]["uid"] != uid or self._view(key, merge, found) is None:
            return False
        try:
            self._write(found, merge, {})
        except ConflictError:  # it went in between, and our keys with it
            return False
        except RejectedError:
            if found.get("immutable") is not True:
                raise
            return False  # its data can't be changed any more: the keys stay as long as the Secret does
        return True

    def _secret(self, merge: Merge) -> Manifest | None:
        found = self.live.get(merge.secret, "v1")
        return None if found is None else found.live

    def _write(
        self, secret: Manifest, merge: Merge, part: Manifest, *, dry_run: bool = False, validate: bool = True
    ) -> Applied:
        metadata, key = part.get("metadata") or {}, merge.secret
        named = {"name": key.name, "namespace": key.namespace, "uid": secret["metadata"]["uid"]}
        body = {**part, "apiVersion": "v1", "kind": "Secret", "metadata": {**metadata, **named}}
        manager = merge_manager(self.app, merge.source)
        try:
            return self.live.apply(body, dry_run=dry_run, validate=validate, field_manager=manager)
        except RejectedError as error:
            if secret.get("immutable") is not True:
                raise
            raise RejectedError(
                f"the Secret {key.namespace}/{key.name} does not let its data be changed: whoever makes it has to make "
                "it anew, or add the keys there",
                subject=error.subject,
            ) from error

    def _refuse_others(self, secret: Manifest, merge: Merge, manifest: Manifest) -> None:
        metadata = secret["metadata"]
        ours, label = merge_manager(self.app, merge.source), tracking_value(self.app)
        owner = str((metadata.get("labels") or {}).get(APP_LABEL, ""))
        for entry in metadata.get("managedFields") or ():
            manager = str(entry.get("manager") or "")
            if entry.get("operation") != "Apply" or manager == ours:
                continue
            if manager == FIELD_MANAGER and owner in ("", label):
                continue
            if manager != FIELD_MANAGER and not manager.startswith(MERGE_MANAGERS):
                continue
            taken = ((entry.get("fieldsV1") or {}).get("f:data") or {}).keys()
            for name in sorted(manifest.get("data") or {}):
                if f"f:{name}" in taken:
                    whose = f"the application {owner}" if manager == FIELD_MANAGER else manager[len(MERGE_MANAGERS) :]
                    raise RejectedError(
                        f"the key {name!r} of the Secret {merge.secret.namespace}/{merge.secret.name} is set by "
                        f"{whose} already: the two would take it from each other; leave it out of one of them",
                        subject=str(ObjectKey.of(manifest)),
                    )

    def _view(self, key: ObjectKey, merge: Merge, secret: Manifest) -> Manifest | None:
        """The part as an object that is the application's: None where the manager of the part owns nothing."""
        manager = merge_manager(self.app, merge.source)
        entries: list[dict[str, Any]] = secret["metadata"].get("managedFields") or []
        managed = [_renamed(entry, manager) for entry in entries]
        if fingerprint({"managedFields": managed}) is None:
            return None
        bare = _bare(key, secret)
        metadata = bare["metadata"]
        metadata["managedFields"] = managed
        metadata["labels"] |= {APP_LABEL: tracking_value(self.app)}
        metadata["annotations"] |= {TRACKING_ANNOTATION: tracking_id(self.app, key)}
        return bare

    def _observed(self, key: ObjectKey, live: Manifest) -> Observed:
        metadata = live["metadata"]
        return Observed(
            key,
            metadata["uid"],
            0,
            metadata["resourceVersion"],
            fingerprint(metadata),
            metadata["labels"][APP_LABEL],
            "",
            manager_entries(metadata),
            live,
            metadata["annotations"][TRACKING_ANNOTATION],
        )


def merged_part(manifest: Manifest) -> Manifest:
    """The manifest of a part as it is compared and sent: its keys, and labels and annotations that a template names."""
    metadata = manifest["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace")}
    for field in ("labels", "annotations"):
        ours = {
            name: value
            for name, value in (metadata.get(field) or {}).items()
            if not name.startswith(_SYNCING) or name in (APP_LABEL, TRACKING_ANNOTATION)
        }
        if ours:
            kept[field] = ours
    return {"apiVersion": "v1", "kind": "Secret", "metadata": kept, "data": manifest.get("data") or {}}


def _part(manifest: Manifest) -> Manifest:
    """What of a part is sent: nothing that says whose it is."""
    metadata = {field: _plain(manifest["metadata"].get(field)) for field in ("labels", "annotations")}
    return {"metadata": {field: values for field, values in metadata.items() if values}, "data": manifest["data"]}


def _plain(values: dict[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (values or {}).items() if not name.startswith(_SYNCING)}


def _bare(key: ObjectKey, secret: Manifest) -> Manifest:
    metadata = secret["metadata"]
    shown = {
        "name": key.name,
        "namespace": key.namespace,
        "uid": metadata["uid"],
        "resourceVersion": metadata.get("resourceVersion") or "",
        "labels": _plain(metadata.get("labels")),
        "annotations": _plain(metadata.get("annotations")),
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": shown, "data": secret.get("data") or {}}


def _renamed(entry: dict[str, Any], manager: str) -> dict[str, Any]:
    """An entry of the Secret's managers as it stands in the part, whose own manager is `mooring`."""
    if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
        return {**entry, "manager": FIELD_MANAGER}
    return {**entry, "manager": _THEIRS} if entry.get("manager") == FIELD_MANAGER else entry
