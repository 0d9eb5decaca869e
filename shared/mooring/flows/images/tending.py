"""Which applications have their images kept up to date, what they run, and where their tags are written.

What runs is what the bundle names that git made last: no cluster is asked, and no bundle that was read before. Who may
write an application's annotations may name any repository and any login, so both are held to what is theirs: a
repository has to be permitted by the project, a login to stand in the namespace of the application or of its objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mooring.access.rules import source_allowed
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.images.ports import ImagePorts
from mooring.flows.rules.permitting import refuse
from mooring.images.planning import Tended
from mooring.images.running import running_images
from mooring.model.application import AppKey
from mooring.model.imagenames import parse_image
from mooring.model.imagesettings import AppImages
from mooring.model.imagetargets import WriteTarget, write_target
from mooring.model.imageupdater import ImageUpdater, declared_images
from mooring.source.urls import normalise
from mooring.state.images import ImagesState
from mooring.state.records import Record
from mooring.state.registry import Known

__all__ = ["TendedApp", "groups", "tended_apps"]


@dataclass(frozen=True, slots=True)
class TendedApp:
    """An application whose images are kept up to date: what is declared, found and remembered; `error` says why nothing
    can be done for it. `kept` is what is remembered as it is stored, `state` as it counts now.
    """

    record: Record
    kept: ImagesState
    state: ImagesState
    tended: Tended | None = None
    target: WriteTarget | None = None
    settings: str = ""
    error: MooringError | None = None

    @property
    def key(self) -> AppKey:
        """Whose it is."""
        return self.record.key

    @property
    def repository(self) -> str:
        """The repository that its tags are written to, normalised; empty where they aren't written to git."""
        return normalise(self.target.repository) if self.target is not None and self.target.repository else ""


def tended_apps(
    ports: ImagePorts,
    keys: Iterable[AppKey],
    known: Known,
    updaters: tuple[ImageUpdater, ...],
    images: Iterable[str] = (),
) -> list[TendedApp]:
    """Those of some applications whose images are kept up to date; with `images` those that use one of these."""
    records = ports.asking.applications.sources(keys)
    states = ports.states.load(records)
    wanted = set(images)
    found = []
    for key, record in sorted(records.items()):
        if record.spec is None or record.spec.deleting is not None:
            continue
        app = _tended(ports, record, states[key], known, updaters)
        if app is None:
            continue
        used = set() if app.tended is None else {each.name.repository for each in app.tended.images.images}
        if not wanted or wanted & used:
            found.append(app)
    return found


def _tended(
    ports: ImagePorts, record: Record, kept: ImagesState, known: Known, updaters: tuple[ImageUpdater, ...]
) -> TendedApp | None:
    assert record.spec is not None
    application = record.spec.application
    try:
        declared = declared_images(record.key, application.declared["metadata"], updaters)
        if declared is None:
            return None
        target = write_target(record.key, application.sources, declared.write_back)
        if target.repository:
            normalise(target.repository)
            project = ports.asking.registry.projects.find(application.project, known.projects)
            refuse(source_allowed(project, target.repository))
        _own_logins(record.key, application.destination.namespace, declared)
        running, bundle = _running(ports, record, kept)
    except MooringError as error:
        return TendedApp(record, kept, kept, error=error)
    settings = hashlib.sha256(repr((declared, target)).encode()).hexdigest()[:16]
    tended = Tended(
        record.key, declared, tuple(parse_image(each, field="image") for each in running), application.sources
    )
    state = kept
    if state.settings != settings:  # what was reached under other settings says nothing
        state = replace(state, rows=tuple(replace(each, reached="", reached_at=0.0, held=False) for each in state.rows))
    return TendedApp(record, kept, replace(state, bundle=bundle, running=running), tended, target, settings)


def _own_logins(key: AppKey, namespace: str, declared: AppImages) -> None:
    for image in declared.images:
        if image.pull_secret is not None and image.pull_secret.namespace not in (key.namespace, namespace):
            raise ConfigurationError(
                f"names a Secret of the namespace {image.pull_secret.namespace}; keep the login in that of the "
                f"application ({key.namespace}) or of its objects ({namespace or 'none'})",
                field="pull-secret",
                subject=str(key),
            )


def _running(ports: ImagePorts, record: Record, state: ImagesState) -> tuple[tuple[str, ...], str]:
    bundle = "" if record.wanted is None else record.wanted.bundle
    if bundle == state.bundle:
        return state.running, bundle
    return tuple(each.text for each in running_images(ports.bundles.plain(bundle))), bundle


def groups(apps: Iterable[TendedApp]) -> Mapping[str, list[AppKey]]:
    """Applications by the repository that their tags are written to."""
    found: dict[str, list[AppKey]] = {}
    for each in apps:
        found.setdefault(each.repository, []).append(each.key)
    return found
