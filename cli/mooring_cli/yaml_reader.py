"""YAML as Kubernetes' tools read it, for the few documents a person applies by hand.

PyYAML follows YAML 1.1 to the letter: `2001-01-01` becomes a date, `12:30:45` a number of seconds, and of two equal
keys the last silently wins. `kubectl` reads neither dates nor sexagesimals and refuses equal keys, and so does this
loader. Kept in a module of its own because importing PyYAML takes as long as the rest of the command.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from mooring.errors import ConfigurationError

__all__ = ["read_yaml"]


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_REPLACED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# The first resolver that matches decides, so whole numbers come before floats.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]*|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def read_yaml(origin: str, text: str) -> list[Any]:
    """The documents of a YAML text. Raises `ConfigurationError`, naming `origin` and the line."""
    try:
        return list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is neither YAML nor JSON: {error}", field=origin) from error
