"""Reading ExternalSecrets: their stores found, their values read, their Secrets handed to the plan.

Stores and generators are never applied: they mean nothing to a cluster without the operator. Where they are looked for
is `flows.secrets.externalsurroundings`'s matter. See docs/external-secrets.md and ADR 0081.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mooring.errors import ConfigurationError, MooringError
from mooring.events.secretchanges import names_of
from mooring.flows.rules.permitting import permit_opening
from mooring.flows.secrets.externalclusters import namespaces_of
from mooring.flows.secrets.externalmerging import MergeTargets
from mooring.flows.secrets.externalplaces import Elsewhere
from mooring.flows.secrets.externalsurroundings import Around
from mooring.flows.secrets.opening import Context, Opened
from mooring.health import Health
from mooring.model.externalcluster import parse_cluster_external_secret
from mooring.model.externalgenerators import parse_generator
from mooring.model.externalkinds import GENERATORS, GROUP, VERSIONS
from mooring.model.externalparsing import parse_external_secret
from mooring.model.externalsecret import ExternalSecret
from mooring.model.externalstore import parse_store
from mooring.model.objects import Manifest, ObjectKey, digest
from mooring.secrets.external.asking import Providers
from mooring.secrets.external.resolving import Resolved, resolve
from mooring.secrets.external.templating import Templates
from mooring.state.secretuses import SecretUses, use_name

__all__ = ["ExternalReader"]

_STORES: Final = ("SecretStore", "ClusterSecretStore")


class ExternalReader:
    """Opens External Secrets for one invocation.

    `keyed` makes digests of objects that are secret themselves (`secrets.digests`); they are the seeds of generated
    values as well.
    """

    def __init__(
        self,
        providers: Providers,
        templates: Templates,
        keyed: Callable[[Manifest], str],
        uses: SecretUses,
        elsewhere: Elsewhere,
    ) -> None:
        self._providers = providers
        self._templates = templates
        self._keyed = keyed
        self._uses = uses
        self._elsewhere = elsewhere
        self._namespaces: dict[str, dict[str, dict[str, str]]] = {}

    def open(self, sources: Sequence[Manifest], context: Context) -> Sequence[Opened | MooringError]:
        """What each source stands for, or its own error, in their order."""
        read: list[_Read | MooringError] = []
        for source in sources:
            try:
                found = self._read(source, context)
                key = ObjectKey.of(source)
                for one in found.externals:
                    permit_opening(
                        context.project,
                        context.application,
                        context.target.cluster,
                        ObjectKey(key.group, key.kind, one.namespace, key.name),
                    )
                read.append(found)
            except MooringError as error:
                read.append(error)
        read = _merging(read, context)
        externals = [one for each in read if not isinstance(each, MooringError) for one in each.externals]
        around = Around(context, sources, self._templates, self._keyed, self._elsewhere).surroundings()
        answers = iter(resolve(externals, around, self._providers, self._templates))
        opened: list[Opened | MooringError] = []
        resolved: list[Resolved | MooringError] = []
        for each in read:
            if isinstance(each, MooringError):
                opened.append(each)
            else:
                mine = [next(answers) for _ in each.externals]
                resolved += mine
                opened.append(_opened(each, mine))
        self._note(context, resolved)
        return opened

    def namespaces(self, context: Context) -> dict[str, dict[str, str]]:
        """The labels of every namespace of the destination, by name; read once. Raises `MooringError`."""
        name = context.target.cluster.name
        if name not in self._namespaces:
            self._namespaces[name] = namespaces_of(context.target)
        return self._namespaces[name]

    def _read(self, source: Manifest, context: Context) -> _Read:
        """The ExternalSecrets of a source, none for one that others only name."""
        warnings: list[str] = []
        kind = source["kind"]
        version = source["apiVersion"].rpartition("/")[2]
        if kind not in GENERATORS and version not in VERSIONS:
            raise ConfigurationError(
                f"must be {GROUP}/v1 or {GROUP}/v1beta1: {version} has other fields", field="apiVersion"
            )
        if kind in _STORES:
            namespace = "" if kind == "ClusterSecretStore" else source["metadata"]["namespace"]
            parse_store(source, namespace, warnings)
        elif kind in GENERATORS:
            parse_generator(source, warnings)
        elif kind == "ClusterExternalSecret":
            spread = parse_cluster_external_secret(source, warnings)
            known = sorted(self.namespaces(context).items())
            chosen = [replace(spread.single, namespace=name) for name, labels in known if spread.selects(name, labels)]
            if not chosen:
                warnings.append("selects no namespace of the cluster")
            due = context.now + spread.refreshes if spread.refreshes else 0.0
            return _Read(tuple(chosen), warnings, due, Health("Healthy", f"In {len(chosen)} namespaces"), True)
        else:
            return _Read((parse_external_secret(source, warnings),), warnings)
        return _Read((), warnings)

    def _note(self, context: Context, resolved: Sequence[Resolved | MooringError]) -> None:
        """Lists the application under what it is made of; as it was before where something could not be read."""
        if any(isinstance(each, MooringError) for each in resolved):
            return
        names = {
            use_name(use.service, use.region, name)
            for each in resolved
            if isinstance(each, Resolved) and each.due
            for use in each.uses
            if use.region  # of a provider that tells of changes
            for name in (names_of(use.name) if use.name else [""])
        }
        self._uses.note(context.application.key, names, now=context.now)


def _merging(read: Sequence[_Read | MooringError], context: Context) -> list[_Read | MooringError]:
    """The same without what would be added to Secrets that are not there; where it is for one namespace, an error."""
    known = MergeTargets(context, [one for each in read if isinstance(each, _Read) for one in each.externals])
    checked: list[_Read | MooringError] = []
    for each in read:
        troubles = {} if isinstance(each, MooringError) else known.troubles(each.externals)
        if isinstance(each, MooringError) or not troubles:
            checked.append(each)
        elif not each.spread:
            checked += troubles.values()
        else:
            found = tuple(one for one in each.externals if one.namespace not in troubles)
            told = [f"in the namespace {name}: {error.message}" for name, error in sorted(troubles.items())]
            checked.append(replace(each, externals=found, warnings=[*each.warnings, *told]))
    return checked


def _opened(read: _Read, answers: Sequence[Resolved | MooringError]) -> Opened | MooringError:
    """What a source stands for; where one of several namespaces has trouble, that is the source's."""
    done: list[Resolved] = []
    for external, answer in zip(read.externals, answers, strict=True):
        if isinstance(answer, MooringError):
            if len(answers) == 1:
                return answer
            return type(answer)(f"in the namespace {external.namespace}: {answer.message}", field=answer.field)
        done.append(answer)
    manifests = tuple(each.secret for each in done if each.secret is not None)
    versions = [each.version for each in done]
    dues = [due for due in (read.due, *(each.due for each in done)) if due]
    return Opened(
        manifests,
        versions[0] if len(versions) == 1 else digest(versions) if versions else "",
        read.health,
        warnings=tuple(read.warnings),
        due=min(dues, default=0.0),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a source is made of; `due` is when its namespaces are to be looked at again, 0 for never."""

    externals: tuple[ExternalSecret, ...]
    warnings: list[str]
    due: float = 0.0
    health: Health = Health("Healthy")
    spread: bool = False
