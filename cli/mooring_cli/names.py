"""How a person names an application: `NAME`, or `NAMESPACE/NAME` as Argo CD's own command prints it."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.errors import ConfigurationError

__all__ = ["DEFAULT_NAMESPACE", "AppName"]

DEFAULT_NAMESPACE = "argocd"


@dataclass(frozen=True, slots=True)
class AppName:
    """An application's name and the namespace that it was declared in."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str, namespace: str = DEFAULT_NAMESPACE) -> AppName:
        """Reads `NAME` or `NAMESPACE/NAME`. Raises `ConfigurationError` for anything else."""
        before, slash, name = text.rpartition("/")
        if not name or "/" in before or (slash and not before):
            raise ConfigurationError(f"must be NAME or NAMESPACE/NAME, not {text!r}", field="application")
        return cls(before or namespace, name)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that complete the name in the API's paths."""
        return {"namespace": self.namespace}

    def __str__(self) -> str:
        return self.name if self.namespace == DEFAULT_NAMESPACE else f"{self.namespace}/{self.name}"
