"""The words of this room: what is offered for an object, what was asked for, and what that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from mooring.model.objects import Manifest

__all__ = ["Action", "Asked", "Impact", "Offer", "Parameter", "Verb"]

Verb: TypeAlias = Literal["patch", "create", "remake"]
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that an action wants to know; values are texts, as in Argo CD ("Resource Actions")."""

    name: str
    default: str = ""

    def to_json(self) -> dict[str, str]:
        """As the API shows it."""
        return {"name": self.name, "default": self.default}


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as it is offered for an object; one that is `disabled` makes no sense as the object is now."""

    name: str
    disabled: bool = False
    display_name: str = ""
    icon: str = ""
    parameters: tuple[Parameter, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As Argo CD's API shows it."""
        return {
            "name": self.name,
            "disabled": self.disabled,
            "displayName": self.display_name or self.name.replace("-", " ").capitalize(),
            "iconClass": self.icon,
            "params": [each.to_json() for each in self.parameters],
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: `at` is when (RFC 3339), `id` names it; with both, doing it twice is doing it once."""

    name: str
    id: str
    at: str
    parameters: Mapping[str, str] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, slots=True)
class Impact:
    """One change: the object as it is to be (`patch`), a new one (`create`), or one that is to be deleted and made
    again from what git wants (`remake`).
    """

    verb: Verb
    resource: Manifest


@dataclass(frozen=True, slots=True)
class Action:
    """One built-in action: what is offered for an object (None for nothing), and what it changes."""

    offer: Callable[[Manifest], Offer | None]
    change: Callable[[Manifest, Asked], Impact]
