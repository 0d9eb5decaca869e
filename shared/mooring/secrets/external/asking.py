"""The stores of one invocation as they are asked: each for everything that is wanted of it at once, and only once.

Two stores that are the same place, asked as the same role, are one. What an application's ExternalSecrets find around
them comes as functions, since it is the flows that know clusters, manifests and projects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mooring.errors import MooringError
from mooring.model.externalaws import AwsAccess
from mooring.model.externalgenerators import Generator
from mooring.model.externalsecret import Find, GeneratorRef, StoreRef
from mooring.model.externalstore import Store
from mooring.model.objects import Manifest
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.awsparameters import ParameterStore
from mooring.secrets.external.awssecrets import SecretsManager
from mooring.secrets.external.building import Held
from mooring.secrets.external.provider import Answer, Ask, Provider, Value

__all__ = ["Cached", "Providers", "Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where ExternalSecrets find what they name; each may raise `MooringError`.

    `seed` makes 32 bytes out of names that nobody can guess who does not know the installation's key; `keyed` is the
    digest of an object that is secret itself. `permit` is asked whether keys of a store may be read, named ones or
    (True) those that a search has found. `elsewhere` reaches a store that isn't AWS's, as those in `scope` may.
    """

    store: Callable[[StoreRef, str], Store]
    generator: Callable[[GeneratorRef, str], Generator]
    held: Held
    keyed: Callable[[Manifest], str]
    seed: Callable[[Sequence[str]], bytes]
    now: float
    permit: Callable[[Store, Sequence[str], bool], None]
    elsewhere: Callable[[Store], Provider]
    scope: str


class Providers:
    """The stores of one invocation; whatever was read once is not asked for again."""

    def __init__(self, aws: AwsClients) -> None:
        self.aws = aws
        self._known: dict[tuple[object, ...], Cached] = {}

    def of(self, store: Store, around: Surroundings) -> Cached:
        """The store as it is reached. Two stores that are the same place and role are one."""
        access = store.access
        if not isinstance(access, AwsAccess):
            elsewhere = (around.scope, store.namespace, access)
            if elsewhere not in self._known:
                self._known[elsewhere] = Cached(around.elsewhere(store))
            return self._known[elsewhere]
        key = (store.service, access, store.prefix)
        if key not in self._known:
            service = "secretsmanager" if store.service == "SecretsManager" else "ssm"
            kind = SecretsManager if store.service == "SecretsManager" else ParameterStore
            self._known[key] = Cached(kind(lambda: self.aws.client(service, access), store.prefix))
        return self._known[key]

    @property
    def calls(self) -> int:
        """How many requests were made of providers."""
        return sum(each.provider.calls for each in self._known.values())


class Cached:
    """A provider that is asked once for everything."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.wanted: set[Ask] = set()
        self._answers: dict[Ask, Answer] = {}
        self._names: dict[str, list[str]] = {}

    def load(self) -> None:
        """Asks for all that is wanted and not known."""
        missing = sorted(self.wanted - self._answers.keys())
        self.wanted.clear()
        if missing:
            self._answers.update(self.provider.fetch(missing))

    def value(self, ask: Ask) -> Value:
        """What was answered. Raises `MooringError` where that was an error."""
        answer = self._answers[ask]
        if isinstance(answer, MooringError):
            raise answer
        return answer

    def names(self, find: Find) -> list[str]:
        """The names below a path with some tags. Raises `MooringError`."""
        key = repr((find.path, sorted(find.tags.items())))
        if key not in self._names:
            self._names[key] = self.provider.names(find)
        return self._names[key]
