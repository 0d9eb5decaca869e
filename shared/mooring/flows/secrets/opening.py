"""Objects that are never applied: sealed and external secrets become the Secrets that they stand for, in memory.

Between the bundle and the plan stands a registry of *openers*, one for each family of kinds. An opener is given the
objects of its kinds and brings `Secret` manifests; from there on they are planned, applied, watched for drift and
pruned like any other object. No digest of an opened object is made of its values: it is that of the source as it stands
in git, and of the version that the opener names, so a rotation changes it without telling what it holds (ADR 0080).

The trouble of one source is its own: its Secret in the cluster stays as it is, neither changed nor pruned, and the
source's row, a condition and the sync's result say why. Opening is as lazy as preparing: a sweep over objects that have
not drifted opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from mooring.access.project import Project
from mooring.errors import MooringError, TransientError
from mooring.flows.clusters.live import Live
from mooring.health import Health
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey, digest
from mooring.model.tracking import tracking_value
from mooring.secrets.digests import is_hidden
from mooring.secrets.masking import masked, values_of
from mooring.state.statuses import Condition, Pushed, Resource, Status

__all__ = [
    "CLUSTER_DOES",
    "NOTHING_OPENED",
    "OPENED",
    "Context",
    "Errand",
    "Opened",
    "Opener",
    "Opening",
    "Origin",
    "Sources",
    "identified",
    "open_bundle",
    "told",
]

OPENED: Final = "opened"
"""`Resource.uncounted` of a source: its row is about an object that lives in git alone."""

_FAILED: Final = "SecretError"
_WARNED: Final = "SecretWarning"
CLUSTER_DOES: Final = "in-cluster"  # value of the annotation `mooring.dev/<opener>` of a cluster
_INHERITED: Final = ("argocd.argoproj.io/", "helm.sh/hook", "mooring.dev/")
_TOLD = 5  # sources that a condition names
_AGAIN, _AGAIN_AT_MOST = 60.0, 3600.0  # seconds until a source that did not open is tried again


@dataclass(frozen=True, slots=True)
class Context:
    """For whom secrets are opened. `bundle` holds every manifest beside them; `now` is in seconds since the epoch."""

    application: Application
    project: Project
    target: Live
    bundle: tuple[Manifest, ...] = field(repr=False)
    now: float

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self.application.destination.namespace or "default"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a source stands for: manifests that are complete but for our labels.

    `version` names the values without telling them (a version id, say); whenever they change, it must. `due` is when
    the source has to be opened again by itself (seconds since the epoch), 0 for never; `warnings` are for the reader.
    """

    manifests: tuple[Manifest, ...] = field(default=(), repr=False)
    version: str = ""
    health: Health = Health("Healthy")
    warnings: tuple[str, ...] = ()
    due: float = 0.0


class Opener(Protocol):
    """Turns objects of some kinds into what they stand for.

    `name` is what the annotation `mooring.dev/<name>: in-cluster` of a registered cluster says to leave them to a
    controller; `kinds` are group and kind, and whether objects of the kind live in namespaces.
    """

    @property
    def name(self) -> str:
        """As in the cluster's annotation."""

    @property
    def kinds(self) -> Mapping[tuple[str, str], bool]:
        """Group and kind, and whether objects of the kind live in namespaces."""

    def targets(self, source: Manifest, context: Context) -> Iterable[ObjectKey]:
        """The objects that a source makes, as far as its manifest tells: they stay as they are if it can't be opened.

        Never raises because of what the manifest holds.
        """

    def open(self, sources: Sequence[Manifest], context: Context) -> Sequence[Opened | MooringError]:
        """What each source stands for, or its own error, in their order. Their namespaces are filled in.

        Raises an error of `mooring.errors` where it is the same for all of them.
        """


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an opened object comes from: its source's key, and the digest of everything that decides its values."""

    source: ObjectKey
    identity: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What is left to do outside of the cluster once a sync has applied its objects (see `flows.secrets.pushes`).

    Doing it twice is doing it once; `run` raises `MooringError`. `prunes` is what it deletes, since git has it no more.
    """

    source: ObjectKey
    run: Callable[[], None] = field(repr=False)
    told: str
    prunes: Pushed | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What became of the sources of a bundle, for the status; empty where there were none.

    `held` are the objects of sources that did not open; `due` is when something has to be opened again, or 0.
    `pushed` are secrets elsewhere that may be there after the errands (None where nobody asked for any).
    """

    rows: tuple[Resource, ...] = ()
    held: frozenset[ObjectKey] = frozenset()
    troubles: tuple[tuple[Resource, MooringError], ...] = ()
    warnings: tuple[str, ...] = ()
    due: float = 0.0
    errands: tuple[Errand, ...] = ()
    pushed: tuple[Pushed, ...] | None = None

    def told(self, status: Status, now: float) -> Status:
        """The status with the conditions that follow, and the time of the next opening."""
        failed = [f"{row.key.kind} {row.key.name}: {told(error)}" for row, error in self.troubles]
        status = status.because(_FAILED, _listed(failed), now).because(_WARNED, _listed(self.warnings), now)
        due = self.due
        if failed:
            again = now + max(_AGAIN, min(_AGAIN_AT_MOST, now - _since(status.conditions, now)))
            due = min(due, again) if due else again
        return replace(status, reopen_at=due, pushed=status.pushed if self.pushed is None else self.pushed)


NOTHING_OPENED: Final = Sources()


@dataclass(frozen=True, slots=True)
class Opening:
    """A bundle without sources, with what they stand for in their places; `origins` by place."""

    manifests: tuple[Manifest, ...] = field(repr=False)
    origins: Mapping[int, Origin] = field(default_factory=dict)
    sources: Sources = NOTHING_OPENED


def open_bundle(openers: Sequence[Opener], context: Context) -> Opening:
    """Opens what is to be opened here. Sources of a cluster that has a controller for them are left as they are."""
    annotations = context.target.cluster.annotations
    asked = {
        kind: opener
        for opener in openers
        if annotations.get(f"mooring.dev/{opener.name}") != CLUSTER_DOES
        for kind in opener.kinds
    }
    groups: dict[int, tuple[Opener, list[int]]] = {}
    for place, manifest in enumerate(context.bundle):
        opener = asked.get((manifest["apiVersion"].rpartition("/")[0], manifest["kind"]))
        if opener is not None:
            groups.setdefault(id(opener), (opener, []))[1].append(place)
    if not groups:
        return Opening(context.bundle)
    found: dict[int, tuple[Opener, Manifest, Opened | MooringError]] = {}
    for opener, places in groups.values():
        sources = [_placed(context.bundle[place], opener, context) for place in places]
        try:
            answers = opener.open(sources, context)
        except MooringError as error:
            answers = [error] * len(sources)
        for place, source, answer in zip(places, sources, answers, strict=True):
            found[place] = opener, source, answer
    return _gathered(context, found)


def _gathered(context: Context, found: Mapping[int, tuple[Opener, Manifest, Opened | MooringError]]) -> Opening:
    manifests: list[Manifest] = []
    origins: dict[int, Origin] = {}
    rows: list[Resource] = []
    held: set[ObjectKey] = set()
    troubles: list[tuple[Resource, MooringError]] = []
    warnings: list[str] = []
    dues: list[float] = []
    for place, manifest in enumerate(context.bundle):
        if place not in found:
            manifests.append(manifest)
            continue
        opener, source, answer = found[place]
        key, version = ObjectKey.of(source), source["apiVersion"].rpartition("/")[2]
        held.add(key)  # one that a controller once opened stays until somebody deletes it: its Secret would go with it
        if isinstance(answer, MooringError):
            if is_hidden(source):  # a name in it may be what a SOPS file held
                answer = masked(answer, values_of(source))
            row = Resource(key, version, 0, "OutOfSync", Health("Degraded", told(answer)), uncounted=OPENED)
            troubles.append((row, answer))
            rows.append(row)
            held.update(opener.targets(source, context))
            if isinstance(answer, TransientError) and answer.retry_after:
                dues.append(context.now + answer.retry_after)
            continue
        rows.append(Resource(key, version, 0, "Synced", answer.health, uncounted=OPENED))
        warnings += [f"{key.kind} {key.name}: {warning}" for warning in answer.warnings]
        dues += [answer.due] if answer.due else []
        identity = digest([source, answer.version])
        for each in answer.manifests:
            origins[len(manifests)] = Origin(key, identity)
            manifests.append(_heir(each, source))
    sources = Sources(tuple(rows), frozenset(held), tuple(troubles), tuple(warnings), min(dues, default=0.0))
    return Opening(tuple(manifests), origins, sources)


def identified(origin: Origin, application: Application, key: ObjectKey) -> str:
    """The digest of an opened object, made of what is public about it."""
    return digest([origin.identity, str(key), tracking_value(application.key)])


def _placed(manifest: Manifest, opener: Opener, context: Context) -> Manifest:
    kind = manifest["apiVersion"].rpartition("/")[0], manifest["kind"]
    metadata = manifest["metadata"]
    if not opener.kinds[kind] or metadata.get("namespace"):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": context.namespace}}


def _heir(manifest: Manifest, source: Manifest) -> Manifest:
    """The object with the annotations of its source that say how and when it is synced, unless it has its own."""
    theirs = source["metadata"].get("annotations") or {}
    ours = {name: value for name, value in theirs.items() if name.startswith(_INHERITED)}
    if not ours:
        return manifest
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "annotations": {**ours, **(metadata.get("annotations") or {})}}}


def told(error: MooringError) -> str:
    """What a person reads of a source's error."""
    return f"{error.field}: {error.message}" if error.field else error.message


def _listed(texts: Sequence[str]) -> str:
    more = f" (and {len(texts) - _TOLD} more)" if len(texts) > _TOLD else ""
    return "; ".join(texts[:_TOLD]) + more


def _since(conditions: Iterable[Condition], now: float) -> float:
    return next((each.since for each in conditions if each.type == _FAILED), now)
