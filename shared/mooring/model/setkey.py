"""The name of an ApplicationSet, apart from what a set is: many look for sets, and few read one."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.model.application import DEFAULT_NAMESPACE, NAME, NAMESPACE

__all__ = ["SetKey"]


@dataclass(frozen=True, slots=True, order=True)
class SetKey:
    """Names an ApplicationSet in this installation: `namespace/name`."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> SetKey:
        """The inverse of `str()`; a bare name lives in `argocd`. Raises `ConfigurationError`."""
        namespace, slash, name = text.rpartition("/")
        key = cls(namespace if slash else DEFAULT_NAMESPACE, name)
        if not NAMESPACE.fullmatch(key.namespace) or not NAME.fullmatch(key.name):
            raise ConfigurationError(f"{text!r} does not name an ApplicationSet (NAME or NAMESPACE/NAME)", field="set")
        return key

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
