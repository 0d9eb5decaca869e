"""A cluster with Mooring's own registry in front of it: each object goes to the one that takes its kind.

Whoever plans, applies, prunes and compares sees one `live.Live`, and asks nowhere which of the two it has before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mooring.cluster.apply import FIELD_MANAGER, Applied
from mooring.flows.clusters.fronting import Front
from mooring.model.application import is_registered
from mooring.model.objects import Manifest, ObjectKey

if TYPE_CHECKING:
    from mooring.cluster.observe import Observed
    from mooring.flows.clusters.declared import Declared
    from mooring.model.options import Propagation

__all__ = ["WithDeclared"]


@dataclass(frozen=True, slots=True)
class WithDeclared(Front):
    """A cluster, with the registry in the place of the kinds that it takes. Implements `live.Live`."""

    declared: Declared

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        """Whether a kind lives in namespaces."""
        return True if is_registered(group, kind) else self.live.namespaced(group, kind, version)

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = FIELD_MANAGER
    ) -> Applied:
        """Declares, or applies in the cluster."""
        key = ObjectKey.of(manifest)
        if is_registered(key.group, key.kind):
            return self.declared.apply(manifest, dry_run=dry_run)
        return self.live.apply(manifest, dry_run=dry_run, validate=validate, field_manager=field_manager)

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        """Declares (which replaces what was declared), or replaces in the cluster."""
        key = ObjectKey.of(manifest)
        if is_registered(key.group, key.kind):
            return self.declared.apply(manifest, dry_run=dry_run)
        return self.live.replace(manifest, validate=validate, dry_run=dry_run)

    def make_room(self, key: ObjectKey) -> None:
        """Nothing about a declaration is immutable, so none is deleted to be made anew."""
        if not is_registered(key.group, key.kind):
            self.live.make_room(key)

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        """Takes over fields in the cluster; a declaration has no fields of others."""
        key = ObjectKey.of(live)
        return False if is_registered(key.group, key.kind) else self.live.adopt(live, client_side=client_side)

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        """One object, or None."""
        return self.declared.get(key) if is_registered(key.group, key.kind) else self.live.get(key, version)

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        """Deletes it; False where it was gone."""
        if is_registered(key.group, key.kind):
            return self.declared.delete(key)
        return self.live.delete(key, uid, propagation)

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        """Every object of a kind that carries the tracking label with one of these values (or with any)."""
        if is_registered(group, kind):
            return self.declared.look(kind, apps)
        return self.live.look(group, kind, version, apps, full=full)
