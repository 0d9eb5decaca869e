"""What PushSecrets ask for, compared with what the stores hold: the errands that are left to a sync.

An application may write what its store's role and its project's rules let it. What an ExternalSecret or SealedSecret
makes is pushed in the same sync, since this comes after all opening. See docs/external-secrets.md and ADR 0083.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mooring.access.secretrules import keys_allowed, pushes_allowed
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.rules.permitting import refuse
from mooring.flows.secrets.externalplaces import Elsewhere
from mooring.flows.secrets.externalsurroundings import Around
from mooring.flows.secrets.opening import OPENED, Context, Errand, Opening, told
from mooring.flows.secrets.pushes import is_push
from mooring.flows.secrets.pushsources import PushedSecrets, data_of, value_of
from mooring.health import Health
from mooring.model.externalaws import AwsAccess, access_from, access_text
from mooring.model.externalkinds import GROUP
from mooring.model.externalsecret import ExternalSecret, StoreRef, Target
from mooring.model.externalstore import Store
from mooring.model.objectoptions import ObjectOptions, read_object_options
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.pushsecret import PushMetadata, PushSecret, PushStores, parse_push_secret
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.awspushing import Part, PushStore
from mooring.secrets.external.building import build
from mooring.secrets.external.templating import Templates
from mooring.state.statuses import Pushed, Resource

__all__ = ["PushReader"]

_STORES = ("SecretStore", "ClusterSecretStore")


@dataclass(slots=True)
class _Parcel:
    """All that one PushSecret puts into one secret."""

    store: Store
    access: AwsAccess
    name: str
    metadata: PushMetadata
    parts: list[Part] = field(default_factory=list, repr=False)


_Claims = dict[tuple[str, str], dict[str, ObjectKey]]
"""By access and name of a secret, which properties (empty: the whole) are whose."""


class PushReader:
    """Plans the errands of one invocation; `keyed` makes digests of objects that are secret themselves."""

    def __init__(
        self, clients: AwsClients, templates: Templates, keyed: Callable[[Manifest], str], elsewhere: Elsewhere
    ) -> None:
        self._clients = clients
        self._templates = templates
        self._keyed = keyed
        self._elsewhere = elsewhere

    def added(self, opening: Opening, context: Context, pushed: Sequence[Pushed]) -> Opening:
        """The opening without PushSecrets, what they ask for among its sources."""
        places = [place for place, each in enumerate(opening.manifests) if not is_push(each)]
        kept = tuple(opening.manifests[place] for place in places)
        origins = {now: opening.origins[was] for now, was in enumerate(places) if was in opening.origins}
        around = Around(context, _stores(context), self._templates, self._keyed, self._elsewhere)
        secrets = PushedSecrets(context, kept)
        claims: _Claims = {}
        found = [
            self._one(_placed(each, context), context, around, secrets, claims)
            for each in opening.manifests
            if is_push(each)
        ]
        removals = self._removals(pushed, found, claims, context)
        sources = opening.sources
        # What a PushSecret pushed that can't be read now stays remembered.
        known = {each.row.key for each in found if each.trouble is not None}
        remembered = [
            *(each for each in pushed if each.source in known),
            *(each for one in found for each in one.pushed),
            *(errand.prunes for errand in removals if errand.prunes is not None),
        ]
        dues = [due for due in (sources.due, *(each.due for each in found)) if due]
        added = replace(
            sources,
            rows=(*sources.rows, *(each.row for each in found), *_gone(removals)),
            held=sources.held | {each.row.key for each in found},
            troubles=(*sources.troubles, *((each.row, each.trouble) for each in found if each.trouble is not None)),
            warnings=(*sources.warnings, *(text for each in found for text in each.warnings)),
            due=min(dues, default=0.0),
            errands=(*(each.errand for each in found if each.errand is not None), *removals),
            pushed=tuple(dict.fromkeys(remembered)),
        )
        return Opening(kept, origins, added)

    def delete(self, pushed: Pushed, app: str) -> None:
        """Deletes one secret, or property, that was pushed for an application. Raises `MooringError`."""
        self._store(access_from(pushed.access), "").remove(pushed.name, pushed.property, app, pushed.recovery)

    def _store(self, access: AwsAccess, project: str) -> PushStore:
        def keyed(data: bytes) -> str:
            return self._keyed({"apiVersion": "v1", "kind": "Secret", "pushed": data.hex()})

        return PushStore(lambda: self._clients.client("secretsmanager", access), keyed, project)

    def _one(
        self, source: Manifest, context: Context, around: Around, secrets: PushedSecrets, claims: _Claims
    ) -> _Found:
        key, warnings = ObjectKey.of(source), list[str]()
        row = Resource(key, source["apiVersion"].rpartition("/")[2], 0, "Synced", Health("Healthy"), uncounted=OPENED)
        try:
            if source["kind"] != "PushSecret":
                raise ConfigurationError(
                    f"{source['kind']} is not supported by Mooring: write a PushSecret for each namespace", field="kind"
                )
            push = parse_push_secret(source, warnings)
            parcels = self._parcels(push, context, around, secrets)
            _claim(key, parcels, claims)
            app, project = str(context.application.key), context.project.name
            due = [
                parcel
                for parcel in parcels
                if self._store(parcel.access, project).differs(parcel.name, parcel.parts, parcel.metadata, app)
            ]
        except MooringError as error:
            row = replace(row, sync="OutOfSync", health=Health("Degraded", told(error)))
            return _Found(row, trouble=error)
        deletes = push.deletes and _may_go(source, context.application.options.objects)
        mine = [
            Pushed(key, parcel.name, part.property, access_text(parcel.access), parcel.store.recovery)
            for parcel in parcels
            for part in parcel.parts
            if deletes
        ]
        found = _Found(
            row,
            pushed=mine,
            warnings=[f"{key.kind} {key.name}: {text}" for text in warnings],
            due=context.now + push.interval if push.interval else 0.0,
        )
        if due:
            found.row = replace(
                row, sync="OutOfSync", health=Health("Progressing", "is pushed when the rest is synced")
            )
            said = f"{len(due)} of {len(parcels)} secrets written"
            found.errand = Errand(key, partial(self._push, due, app, project), said)
        return found

    def _push(self, parcels: Iterable[_Parcel], app: str, project: str) -> None:
        for parcel in parcels:
            self._store(parcel.access, project).push(parcel.name, parcel.parts, parcel.metadata, app)

    def _parcels(self, push: PushSecret, context: Context, around: Around, secrets: PushedSecrets) -> list[_Parcel]:
        """What goes to which secret. Raises `MooringError`."""
        values = secrets.values(push)
        if push.template is not None:
            shaped = ExternalSecret(
                push.namespace, push.name, Target(push.secret or push.name, template=push.template), (), ()
            )
            try:
                values = data_of(build(shaped, values, around.held, self._templates))
            except ConfigurationError as error:
                where = (error.field or "spec.template").replace("spec.target.template", "spec.template")
                raise ConfigurationError(error.message, field=where) from None
        parcels: dict[tuple[str, str], _Parcel] = {}
        for each in push.stores:
            for store in _chosen(each, push.namespace, around, context):
                if store.service != "SecretsManager" or not isinstance(store.access, AwsAccess):
                    raise ConfigurationError(
                        f"{store.title} takes no PushSecrets: only stores of AWS Secrets Manager do", field=each.field
                    )
                for datum in push.data:
                    name = store.whole(datum.remote)
                    refuse(keys_allowed(context.project, store.service, [name]))
                    refuse(pushes_allowed(context.project, name))
                    place = access_text(store.access), name
                    parcel = parcels.setdefault(place, _Parcel(store, store.access, name, datum.metadata))
                    parcel.parts.append(Part(datum.property, value_of(datum, values), push.replaces))
        return list(parcels.values())

    def _removals(
        self, pushed: Sequence[Pushed], found: Sequence[_Found], claims: _Claims, context: Context
    ) -> list[Errand]:
        """What was pushed, and nobody asks for any more. A PushSecret that can't be read now asks for all it had."""
        spared = {each.row.key for each in found if each.trouble is not None}
        errands = []
        for each in pushed:
            wanted = claims.get((each.access, each.name), {})
            # A property of a secret that is wanted as a whole goes with the next push, and the other way round.
            if each.source in spared or each.property in wanted or (wanted and (not each.property or "" in wanted)):
                continue
            said = f"{each.property} of {each.name}" if each.property else each.name
            run = partial(self.delete, each, str(context.application.key))
            errands.append(Errand(each.source, run, f"{said} deleted", prunes=each))
        return errands


@dataclass(slots=True)
class _Found:
    """What one PushSecret comes to."""

    row: Resource
    errand: Errand | None = None
    pushed: list[Pushed] = field(default_factory=list)
    trouble: MooringError | None = None
    warnings: list[str] = field(default_factory=list)
    due: float = 0.0


def _claim(key: ObjectKey, parcels: Iterable[_Parcel], claims: _Claims) -> None:
    """Notes whose each secret is. Raises `ConfigurationError` where something would be written twice."""
    for parcel in parcels:
        owners = dict(claims.get((access_text(parcel.access), parcel.name), {}))
        for part in parcel.parts:
            if part.property in owners or (owners and (not part.property or "" in owners)):
                other = next(iter(owners.values()))
                whose = "this PushSecret" if other == key else f"PushSecret {other.name}"
                raise ConfigurationError(
                    f"{parcel.name!r} is pushed twice, the other time by {whose}: give each value a property",
                    field="spec.data",
                )
            owners[part.property] = key
    for parcel in parcels:
        owners = claims.setdefault((access_text(parcel.access), parcel.name), {})
        owners |= {part.property: key for part in parcel.parts}


def _chosen(given: PushStores, namespace: str, around: Around, context: Context) -> list[Store]:
    """The stores of one entry. Raises `MooringError`."""
    if given.selector is None:
        return [around.store(given.ref, namespace)]
    kind, place = ("ClusterSecretStore", "") if given.ref.cluster else ("SecretStore", namespace)
    names = [
        each["metadata"]["name"]
        for each in _stores(context)
        if (each["kind"], each["metadata"].get("namespace") or "") == (kind, place)
        and given.selector.matches(each["metadata"].get("labels") or {})
    ]
    if not names:
        raise ConfigurationError(
            f"fits no {kind} among the application's manifests", field=f"{given.field}.labelSelector"
        )
    return [around.store(StoreRef(name, given.ref.cluster), namespace) for name in sorted(names)]


def _stores(context: Context) -> list[Manifest]:
    found = [
        each for each in context.bundle if each["kind"] in _STORES and each["apiVersion"].rpartition("/")[0] == GROUP
    ]
    return [each if each["kind"] == "ClusterSecretStore" else _placed(each, context) for each in found]


def _placed(manifest: Manifest, context: Context) -> Manifest:
    metadata = manifest["metadata"]
    if metadata.get("namespace") or manifest["kind"].startswith("Cluster"):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": context.namespace}}


def _may_go(source: Manifest, defaults: ObjectOptions) -> bool:
    """Whether what is pushed may be deleted with its PushSecret: not where that itself is to stay."""
    options = read_object_options(source, defaults)
    return options.prune != "false" and options.delete != "false" and not options.keep


def _gone(removals: Iterable[Errand]) -> list[Resource]:
    """Rows of PushSecrets that git has no more, as long as something of theirs is left."""
    sources = dict.fromkeys(each.source for each in removals)
    health = Health("Healthy", "what it pushed is deleted when it is pruned")
    return [
        Resource(key, "v1alpha1", 0, "OutOfSync", health, requires_pruning=True, uncounted=OPENED) for key in sources
    ]
