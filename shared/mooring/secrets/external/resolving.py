"""From ExternalSecrets to Secrets: all that an application asks of a store is asked at once, then each is put together.

What becomes of one ExternalSecret is its own: where a value can't be had it gets an error, and the others go on. A
result names what it was made of by version ids, never by values, so that whoever compares two of them sees a rotation
and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mooring.errors import ConfigurationError, MooringError
from mooring.model.externalsecret import (
    DataFrom,
    ExternalSecret,
    GeneratorRef,
    RemoteRef,
    StoreRef,
)
from mooring.model.externalstore import Store
from mooring.model.objects import Manifest, digest
from mooring.secrets.external.asking import Cached, Providers, Surroundings
from mooring.secrets.external.building import build
from mooring.secrets.external.generating import generate
from mooring.secrets.external.provider import AbsentError, Ask
from mooring.secrets.external.rewriting import matching, rewrite
from mooring.secrets.external.templating import Templates
from mooring.secrets.external.values import check_keys, convert_keys, decode, extract, property_of

__all__ = ["Resolved", "Use", "resolve"]


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A secret of a provider that an ExternalSecret is made of; without a name: it looks through all of them."""

    service: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an ExternalSecret stands for: a Secret, or None for none. `due` is when to look again, 0 for never."""

    secret: Manifest | None = field(repr=False)
    version: str
    due: float
    uses: frozenset[Use]


def resolve(
    externals: Sequence[ExternalSecret], around: Surroundings, providers: Providers, templates: Templates
) -> list[Resolved | MooringError]:
    """What each ExternalSecret stands for, or its own error, in their order."""
    jobs = [_Job(each, around, providers, templates) for each in externals]
    concerned: set[Cached] = set()
    for job in jobs:
        concerned |= job.plan()
    for cached in concerned:
        cached.load()
    return templates.together([job.result for job in jobs])


class _Job:
    """One ExternalSecret on its way."""

    def __init__(
        self, external: ExternalSecret, around: Surroundings, providers: Providers, templates: Templates
    ) -> None:
        self._external = external
        self._around = around
        self._providers = providers
        self._templates = templates
        self._stores: dict[StoreRef, Store] = {}
        self._found: dict[int, list[str]] = {}
        self._error: MooringError | None = None
        self._made_of: list[object] = []
        self._uses: set[Use] = set()

    def plan(self) -> set[Cached]:
        """Says what it wants of which stores."""
        concerned: set[Cached] = set()
        try:
            for datum in self._external.data:
                concerned.add(self._want(datum.source, _ask(datum.ref)))
            for index, each in enumerate(self._external.data_from):
                concerned |= self._want_many(index, each)
        except MooringError as error:
            self._error = error
        return concerned

    def result(self) -> Resolved | MooringError:
        """What it stands for, now that everything was asked for."""
        if self._error is not None:
            return self._error
        self._made_of.clear()
        try:
            values = self._values()
            gone = not values and self._external.target.deletion == "Delete"
            none = gone or self._external.target.creation == "None"
            secret = None if none else build(self._external, values, self._held, self._templates)
            if self._external.target.creation == "Orphan" and secret is not None:
                secret = _kept(secret)
            if self._external.target.creation == "Merge" and secret is not None and not secret["data"]:
                secret = None  # there is nothing to add any more, as deletionPolicy: Merge has it
        except MooringError as error:
            return error
        return Resolved(secret, digest(self._made_of), self._due(), frozenset(self._uses))

    def _want(self, source: object, ask: Ask) -> Cached:
        assert isinstance(source, StoreRef)
        store = self._store(source)
        self._around.permit(store, [store.whole(ask.key)], False)
        cached = self._providers.of(store, self._around)
        cached.wanted.add(ask)
        self._uses.add(Use(store.service, store.region, store.whole(ask.key)))
        return cached

    def _want_many(self, index: int, each: DataFrom) -> set[Cached]:
        if isinstance(each.source, GeneratorRef):
            return set()
        if each.extract is not None:
            return {self._want(each.source, _ask(each.extract))}
        assert each.find is not None
        store = self._store(each.source)
        cached = self._providers.of(store, self._around)
        names = matching(cached.names(each.find), each.find.regexp, self._templates, f"{each.field}.find.name.regexp")
        self._around.permit(store, [store.whole(name) for name in names], True)
        self._found[index] = sorted(names)
        self._uses.add(Use(store.service, store.region, ""))
        for name in names:
            self._want(each.source, Ask(name))
        return {cached}

    def _store(self, ref: StoreRef) -> Store:
        if ref not in self._stores:
            self._stores[ref] = self._around.store(ref, self._external.namespace)
        return self._stores[ref]

    def _values(self) -> dict[str, bytes]:
        values: dict[str, bytes] = {}
        for index, each in enumerate(self._external.data_from):
            try:
                values |= self._from(index, each)
            except ConfigurationError as error:
                if not isinstance(error, AbsentError) or self._external.target.deletion == "Retain":
                    raise _at(error, each.field) from None
        for datum in self._external.data:
            try:
                values[datum.key] = self._one(datum.source, datum.ref)
            except ConfigurationError as error:
                if not isinstance(error, AbsentError) or self._external.target.deletion == "Retain":
                    raise _at(error, f"{datum.field}.remoteRef") from None
        return values

    def _one(self, source: object, ref: RemoteRef) -> bytes:
        found = property_of(self._read(source, _ask(ref)), ref.property, ref.key)
        return decode(found, ref.decoding, ref.key)

    def _read(self, source: object, ask: Ask) -> bytes:
        assert isinstance(source, StoreRef)
        store = self._store(source)
        value = self._providers.of(store, self._around).value(ask)
        if self._external.refreshes:
            self._made_of.append([*store.place, ask.key, ask.version, ask.metadata, value.version])
        return value.data

    def _from(self, index: int, each: DataFrom) -> dict[str, bytes]:
        if isinstance(each.source, GeneratorRef):
            made = rewrite(self._generated(each.source), each.rewrites, self._templates)
            check_keys(made)
            return made
        if each.extract is not None:
            ref = each.extract
            found = property_of(self._read(each.source, _ask(ref)), ref.property, ref.key)
            conversion, decoding, keys = ref.conversion, ref.decoding, extract(found, ref.key)
        else:
            assert each.find is not None
            conversion, decoding = each.find.conversion, each.find.decoding
            keys = {name: self._read(each.source, Ask(name)) for name in self._found[index]}
            if not keys:
                raise AbsentError("finds no secret; check path, name and tags", field="find")
        keys = rewrite(keys, each.rewrites, self._templates) if each.rewrites else convert_keys(keys, conversion)
        check_keys(keys)
        return {key: decode(value, decoding, key) for key, value in keys.items()}

    def _generated(self, ref: GeneratorRef) -> dict[str, bytes]:
        """What a generator gives in this interval: the same for as long as it lasts."""
        generator = self._around.generator(ref, self._external.namespace)
        seconds = self._external.refreshes
        period = str(int(self._around.now // seconds)) if seconds else ""
        self._made_of.append([ref.kind, ref.name, digest(repr(generator)), period])
        names = self._external.namespace, self._external.name, ref.kind, ref.name, repr(generator), period
        return generate(generator, self._providers.aws, self._around.seed(names))

    def _held(self, kind: str, namespace: str, name: str) -> Manifest | None:
        manifest = self._around.held(kind, namespace, name)
        if manifest is not None:
            self._made_of.append([kind, name, self._around.keyed(manifest)])
        return manifest

    def _due(self) -> float:
        seconds, now = self._external.refreshes, self._around.now
        if not seconds:
            return 0.0
        if any(isinstance(each.source, GeneratorRef) for each in self._external.data_from):
            return (now // seconds + 1) * seconds
        return now + seconds


def _ask(ref: RemoteRef) -> Ask:
    return Ask(ref.key, ref.version, ref.metadata)


def _at(error: ConfigurationError, field: str) -> ConfigurationError:
    """The error with the path of the part that it is about before its own."""
    if error.field and error.field.startswith("spec"):
        return error
    return ConfigurationError(error.message, field=f"{field}.{error.field}" if error.field else field)


def _kept(secret: Manifest) -> Manifest:
    """Marked so that it outlives the ExternalSecret and the application."""
    metadata = secret["metadata"]
    option = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
    return {**secret, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **option}}}
