"""ExternalSecrets as openers see them: which kinds they are, and which Secrets they make.

What reads them (`flows.secrets.externalreading`) is loaded for the first that has to be opened, since most syncs open
none. See docs/external-secrets.md and ADR 0081.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mooring.errors import MooringError
from mooring.flows.secrets.opening import Context, Opened
from mooring.model.externalkinds import GENERATORS, GENERATORS_GROUP, GROUP
from mooring.model.merges import merge_key
from mooring.model.objects import Manifest, ObjectKey

if TYPE_CHECKING:
    from mooring.flows.secrets.externalreading import ExternalReader

__all__ = ["ExternalSecrets"]


class ExternalSecrets:
    """The opener of External Secrets, for one invocation; `reader` makes what reads them."""

    name: Final = "external-secrets"
    kinds: Final[Mapping[tuple[str, str], bool]] = MappingProxyType(
        {
            (GROUP, "ExternalSecret"): True,
            (GROUP, "SecretStore"): True,
            (GROUP, "ClusterSecretStore"): False,
            (GROUP, "ClusterExternalSecret"): False,
            **{(GENERATORS_GROUP, kind): True for kind in GENERATORS},
        }
    )

    def __init__(self, reader: Callable[[], ExternalReader]) -> None:
        self._make = reader

    @cached_property
    def _reader(self) -> ExternalReader:
        return self._make()

    def targets(self, source: Manifest, context: Context) -> Iterable[ObjectKey]:
        """The Secret of an ExternalSecret, or what it adds to one; of one for many namespaces, those of all.

        Raises `MooringError` where the namespaces can't be read: nobody could say then what has to stay.
        """
        if source["kind"] == "ClusterExternalSecret":
            return self._spread(source, context)
        if source["kind"] != "ExternalSecret":
            return []
        spec = source.get("spec")
        target = spec.get("target") if isinstance(spec, dict) else None
        name = target.get("name") if isinstance(target, dict) else None
        metadata = source["metadata"]
        named = name if isinstance(name, str) and name else str(metadata["name"])
        namespace = str(metadata.get("namespace") or context.namespace)
        return [_made(target, namespace, named, str(metadata["name"]))]

    def _spread(self, source: Manifest, context: Context) -> list[ObjectKey]:
        spec = source.get("spec")
        inside = spec.get("externalSecretSpec") if isinstance(spec, dict) else None
        target = inside.get("target") if isinstance(inside, dict) else None
        given = (spec.get("externalSecretName") if isinstance(spec, dict) else None, source["metadata"]["name"])
        single = next(str(each) for each in given if isinstance(each, str) and each)
        name = target.get("name") if isinstance(target, dict) else None
        name = name if isinstance(name, str) and name else single
        return [_made(target, namespace, name, single) for namespace in self._reader.namespaces(context)]

    def open(self, sources: Sequence[Manifest], context: Context) -> Sequence[Opened | MooringError]:
        """What each source stands for, or its own error, in their order."""
        return self._reader.open(sources, context)


def _made(target: object, namespace: str, name: str, source: str) -> ObjectKey:
    if isinstance(target, dict) and target.get("creationPolicy") == "Merge":
        return merge_key(namespace, name, source)
    return ObjectKey("", "Secret", namespace, name)
