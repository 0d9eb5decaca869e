"""Secrets that ExternalSecrets with `creationPolicy: Merge` add keys to: whether they are there.

They are looked at before any value is read, so that one that waits for its Secret costs its provider nothing. A Secret
that comes with the application itself is there when its turn comes: what is added to it is applied after the Secrets of
its wave. Source: external-secrets.io, "Lifecycle", sections Merge and Behavior matrix, reason `SecretMissing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from mooring.errors import ConfigurationError, MooringError, TransientError
from mooring.flows.secrets.opening import Context
from mooring.model.externalsecret import ExternalSecret
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["MergeTargets"]

_MADE_BY: Final = (("v1", "Secret"), ("bitnami.com/v1alpha1", "SealedSecret"))
_MAKING: Final = ("Owner", "Orphan")


class MergeTargets:
    """The Secrets of one application that something may be added to."""

    def __init__(self, context: Context, externals: Iterable[ExternalSecret]) -> None:
        self._context = context
        self._made = {_target(each) for each in externals if each.target.creation in _MAKING}

    @cached_property
    def _bundle(self) -> dict[ObjectKey, Manifest]:
        return dict(self._of_bundle())

    def troubles(self, externals: Iterable[ExternalSecret]) -> dict[str, MooringError]:
        """By namespace, why nothing can be added to a Secret now: it is missing, or its manifest sets the same keys."""
        merging = [each for each in externals if each.target.creation == "Merge"]
        return {each.namespace: error for each in merging if (error := self._trouble(each)) is not None}

    def _trouble(self, external: ExternalSecret) -> MooringError | None:
        key = _target(external)
        manifest = self._bundle.get(key)
        if manifest is not None:
            own = {*(manifest.get("data") or {}), *(manifest.get("stringData") or {})}
            both = sorted(own & {each.key for each in external.data}) if manifest["kind"] == "Secret" else []
            if both and external.target.template is None:
                told = f"names {both[0]!r}, which the manifest of the Secret {key.name} sets: leave it out of one"
                return ConfigurationError(told, field="spec.data")
            return None
        if key in self._made:
            return None
        try:
            if self._context.target.get(key) is not None:
                return None
        except MooringError as error:
            return error
        return TransientError(
            f"SecretMissing: there is no Secret {key.namespace}/{key.name}, and creationPolicy: Merge makes none",
            retry_after=external.refreshes or None,
            field="spec.target",
        )

    def _of_bundle(self) -> Iterable[tuple[ObjectKey, Manifest]]:
        for manifest in self._context.bundle:
            if (manifest["apiVersion"], manifest["kind"]) in _MADE_BY and manifest["metadata"].get("name"):
                metadata = manifest["metadata"]
                namespace = metadata.get("namespace") or self._context.namespace
                yield ObjectKey("", "Secret", namespace, metadata["name"]), manifest


def _target(external: ExternalSecret) -> ObjectKey:
    return ObjectKey("", "Secret", external.namespace, external.target.name)
