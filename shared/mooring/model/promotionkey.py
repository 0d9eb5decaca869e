"""The name of a Promotion, apart from what it says: every function meets names, and only one evaluates promotions."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.model.application import DEFAULT_NAMESPACE, NAME, NAMESPACE

__all__ = ["PROMOTION_GROUP", "PROMOTION_KIND", "PromotionKey"]

PROMOTION_GROUP = "mooring.dev"
PROMOTION_KIND = "Promotion"


@dataclass(frozen=True, slots=True, order=True)
class PromotionKey:
    """Names a Promotion in this installation: `namespace/name`."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> PromotionKey:
        """The inverse of `str()`; a bare name lives in `argocd`. Raises `ConfigurationError`."""
        namespace, slash, name = text.rpartition("/")
        key = cls(namespace if slash else DEFAULT_NAMESPACE, name)
        if not NAMESPACE.fullmatch(key.namespace) or not NAME.fullmatch(key.name):
            raise ConfigurationError(f"{text!r} does not name a Promotion (NAME or NAMESPACE/NAME)", field="promotion")
        return key

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
