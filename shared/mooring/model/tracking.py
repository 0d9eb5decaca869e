"""How an object says which application it belongs to: a label to find it by, and an annotation to be sure.

The label's value fits the 63 characters of label values, and selects. The annotation also names the object itself, so a
copy of an object, which carries the label and the annotation of what it was copied from, is nobody's. An object that
was applied before there was an annotation is believed by its label alone. Source: Argo CD, "Resource Tracking".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["APP_LABEL", "TRACKING_ANNOTATION", "Owner", "is_tracked", "owner_of", "tracking_id", "tracking_value"]

APP_LABEL = "mooring.dev/app"
TRACKING_ANNOTATION = "mooring.dev/tracking-id"
_ARGO_ANNOTATION = "argocd.argoproj.io/tracking-id"
_ARGO_LABELS = ("argocd.argoproj.io/instance", "app.kubernetes.io/instance")
_ARGO_MANAGERS = frozenset({"argocd-controller", "argocd-application-controller"})
_LONGEST = 63  # characters (Kubernetes documentation, "Labels and Selectors")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who an object says it belongs to: `label` is Mooring's, empty where Argo CD tracks it; `app` its application."""

    app: str
    label: str = ""

    def __str__(self) -> str:
        return self.app if self.label else f"{self.app} (of Argo CD)"


def tracking_value(app: AppKey) -> str:
    """`namespace.name`, which is unique since namespaces have no dots; long names are cut and carry a hash."""
    plain = f"{app.namespace}.{app.name}"
    if len(plain) <= _LONGEST:
        return plain
    hashed = hashlib.sha256(plain.encode()).hexdigest()[:16]
    return f"{app.name[: _LONGEST - 17].rstrip('-.')}-{hashed}"


def tracking_id(app: AppKey, key: ObjectKey) -> str:
    """`namespace/application:group/Kind:namespace/name`, the last two of the object."""
    return f"{app}:{_identity(key)}"


def is_tracked(app: AppKey, key: ObjectKey, label: str, annotation: str) -> bool:
    """Whether label and annotation (empty where there is none) say that the object is this application's."""
    return label == tracking_value(app) and annotation in ("", tracking_id(app, key))


def owner_of(live: Manifest, app: AppKey) -> Owner | None:
    """The application other than `app` that a live object says it belongs to; copies belong to nobody.

    What Argo CD tracks under the application's own name was its before it moved to Mooring. The label that Argo CD
    once tracked by is one that charts set too, so it counts only where Argo CD has written the object.
    """
    metadata, key = live["metadata"], ObjectKey.of(live)
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    label, annotation = str(labels.get(APP_LABEL, "")), str(annotations.get(TRACKING_ANNOTATION, ""))
    name, _, identity = annotation.partition(":")
    if label and (not annotation or identity == _identity(key)):
        return None if label == tracking_value(app) else Owner(name or label, label)
    argo, _, identity = str(annotations.get(_ARGO_ANNOTATION, "")).partition(":")
    if argo and identity != _identity(key):
        return None
    if not argo and any(entry.get("manager") in _ARGO_MANAGERS for entry in metadata.get("managedFields") or ()):
        argo = next((str(labels[each]) for each in _ARGO_LABELS if labels.get(each)), "")
    # Applications outside of Argo CD's own namespace are named `namespace_name`.
    return None if not argo or argo in (app.name, f"{app.namespace}_{app.name}") else Owner(argo)


def _identity(key: ObjectKey) -> str:
    return f"{key.group}/{key.kind}:{key.namespace}/{key.name}"
