"""What External Secrets of one application find around them: stores, generators, templates, and what is permitted.

A store is looked for among the application's own manifests first, then in the cluster (where that serves the kind);
generators, and ConfigMaps and Secrets with templates, are those of the manifests only: a sync can read more of a
cluster than the author of an application may. A project's rules narrow all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mooring.access.secretrules import keys_allowed, roles_allowed, store_allowed
from mooring.errors import ConfigurationError
from mooring.flows.rules.permitting import refuse
from mooring.flows.secrets.externalplaces import Elsewhere
from mooring.flows.secrets.externalproofs import account_role
from mooring.flows.secrets.opening import Context
from mooring.model.externalaws import AccountLogin, AwsAccess, KeyLogin
from mooring.model.externalgenerators import EcrTokenGenerator, Generator, StsTokenGenerator, parse_generator
from mooring.model.externalkinds import GENERATORS, GROUP
from mooring.model.externalsecret import GeneratorRef, StoreRef
from mooring.model.externalstore import Store, StoreCondition, parse_store
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.external.asking import Surroundings
from mooring.secrets.external.rewriting import matching
from mooring.secrets.external.templating import Templates

__all__ = ["Around"]


class Around:
    """What ExternalSecrets of one application find around them."""

    def __init__(
        self,
        context: Context,
        sources: Sequence[Manifest],
        templates: Templates,
        keyed: Callable[[Manifest], str],
        elsewhere: Elsewhere,
    ) -> None:
        self._context = context
        self._elsewhere = elsewhere
        self._templates = templates
        self._keyed = keyed
        self._sources = {
            (each["kind"], each["metadata"].get("namespace") or "", each["metadata"]["name"]): each for each in sources
        }
        self._stores: dict[tuple[str, str, str], Store] = {}

    def surroundings(self) -> Surroundings:
        """What resolving is given of it."""
        context = self._context
        return Surroundings(
            self.store,
            self._generator,
            self.held,
            self._keyed,
            self._seed,
            context.now,
            self._permit,
            lambda store: self._elsewhere.provider(store, context, lambda aws: self._access(aws, store.title)),
            f"{context.project.name}/{context.target.cluster.name}",
        )

    def _permit(self, store: Store, keys: Sequence[str], found: bool) -> None:
        refuse(keys_allowed(self._context.project, store.service, keys, found=found))

    def _access(self, access: AwsAccess, what: str) -> AwsAccess:
        """As whom AWS is asked: by the project's role first, where it has one."""
        context = self._context
        match access.login:
            case KeyLogin() as login:
                access = replace(access, login=replace(login, project=context.project.name))
            case AccountLogin(account):
                role = account_role(context.target, account)
                refuse(roles_allowed(context.project, [role], what))
                access = replace(access, login=AccountLogin(account, context.target.cluster.name, role))
        refuse(roles_allowed(context.project, access.roles, what))
        rules = context.project.secrets
        if rules is None or not rules.role or access.roles[:1] == (rules.role,):
            return access
        return replace(access, roles=(rules.role, *access.roles))

    def store(self, ref: StoreRef, namespace: str) -> Store:
        """A store as objects of a namespace may use it. Raises `MooringError`."""
        kind, place = ("ClusterSecretStore", "") if ref.cluster else ("SecretStore", namespace)
        key = (kind, place, ref.name)
        if key not in self._stores:
            refuse(store_allowed(self._context.project, *key))
            manifest = self._sources.get(key) or self._live(ObjectKey(GROUP, *key))
            if manifest is None:
                where = f"{kind} {place}/{ref.name}" if place else f"{kind} {ref.name}"
                raise ConfigurationError(
                    f"there is no {where}: neither among the application's manifests nor in the cluster",
                    field="spec.secretStoreRef",
                )
            parsed = parse_store(manifest, place, [])
            if isinstance(parsed.access, AwsAccess):
                parsed = replace(parsed, access=self._access(parsed.access, parsed.title))
            self._stores[key] = parsed
        store = self._stores[key]
        if store.conditions and not any(self._fits(each, namespace) for each in store.conditions):
            raise ConfigurationError(
                f"{store.title} may not be used in the namespace {namespace}: none of its conditions names it",
                field="spec.secretStoreRef",
            )
        return store

    def _fits(self, condition: StoreCondition, namespace: str) -> bool:
        if namespace in condition.names:
            return True
        if any(matching([namespace], each, self._templates, "namespaceRegexes") for each in condition.regexps):
            return True
        if condition.selector is None:
            return False
        found = self._live(ObjectKey("", "Namespace", "", namespace))
        labels = ((found or {}).get("metadata") or {}).get("labels") or {}
        return condition.selector.matches(labels)

    def _live(self, key: ObjectKey) -> Manifest | None:
        found = self._context.target.get(key)
        return None if found is None else found.live

    def _generator(self, ref: GeneratorRef, namespace: str) -> Generator:
        manifest = self._sources.get((ref.kind, namespace, ref.name))
        if manifest is None or ref.kind not in GENERATORS:
            raise ConfigurationError(
                f"there is no generator {ref.kind} {namespace}/{ref.name} among the application's manifests",
                field="sourceRef.generatorRef",
            )
        generator = parse_generator(manifest, [])
        if isinstance(generator, EcrTokenGenerator | StsTokenGenerator):
            access = self._access(generator.access, f"the generator {ref.kind} {namespace}/{ref.name}")
            return replace(generator, access=access)
        return generator

    def held(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """A ConfigMap or Secret of the application's manifests."""
        for manifest in self._context.bundle:
            metadata = manifest["metadata"]
            if manifest["apiVersion"] != "v1" or (manifest["kind"], metadata["name"]) != (kind, name):
                continue
            if (metadata.get("namespace") or self._context.namespace) == namespace:
                return manifest
        return None

    def _seed(self, names: Sequence[str]) -> bytes:
        # No manifest looks like this, so that no digest of one, which is kept, is ever a seed.
        asked: Manifest = {"apiVersion": "v1", "kind": "Secret", "seed": [self._context.target.cluster.name, *names]}
        return bytes.fromhex(self._keyed(asked))
