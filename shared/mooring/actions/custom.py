"""Users' own actions as settings hold them, in Argo CD's format ("Resource Actions", "Custom Resource Actions").

`resource.customizations.actions.<group>_<Kind>` is YAML with `discovery.lua`, `definitions` (each a `name` and an
`action.lua`) and `mergeBuiltinActions`; so is `actions` of a kind in the older `resource.customizations`. Where a kind
has actions of its own, the built-in ones are gone unless they are to be merged; of one name, the user's counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from mooring.errors import ConfigurationError

__all__ = ["ONE_KIND", "CustomActions", "read_custom"]

ONE_KIND: Final = "resource.customizations.actions."
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CustomActions:
    """The actions of one kind: which script says what is offered, and the script of each by its name."""

    discovery: str = ""
    scripts: Mapping[str, str] = field(default_factory=lambda: _NONE)
    merged: bool = False


def read_custom(where: str, document: object) -> CustomActions:
    """Reads the decoded YAML of one kind. Raises `ConfigurationError` naming the field."""
    if not isinstance(document, Mapping):
        raise ConfigurationError("must be a mapping with discovery.lua and definitions", field=where)
    discovery = _text(document, "discovery.lua", where)
    merged = document.get("mergeBuiltinActions", False)
    if not isinstance(merged, bool):
        raise ConfigurationError("must be true or false", field=f"{where}.mergeBuiltinActions")
    definitions = [] if document.get("definitions") is None else document["definitions"]
    if not isinstance(definitions, list):
        raise ConfigurationError("must be a list", field=f"{where}.definitions")
    scripts: dict[str, str] = {}
    for index, each in enumerate(definitions):
        place = f"{where}.definitions[{index}]"
        if not isinstance(each, Mapping):
            raise ConfigurationError("must be a mapping with name and action.lua", field=place)
        name = _text(each, "name", place)
        script = _text(each, "action.lua", place)
        if not name or not script:
            raise ConfigurationError("must not be empty", field=f"{place}.{'action.lua' if name else 'name'}")
        scripts[name] = script
    return CustomActions(discovery, MappingProxyType(scripts), merged)


def _text(fields: Mapping[Any, Any], name: str, where: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ConfigurationError("must be a text", field=f"{where}.{name}")
    return value
