"""The user's health scripts, and which of them is meant for a kind.

They come from two places, both Argo CD's (documentation, "Resource Health", "Custom Health Checks"): settings as in
`argocd-cm`, and files laid out `<group>/<Kind>/health.lua` as in Argo CD's own `resource_customizations`. There a
wildcard in a folder's name is written `_`, since `*` is no name for a folder. Reading settings and files is the
caller's business: what is here takes texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["Scripts", "find_script", "scripts_from_files", "scripts_from_settings"]

ONE_KIND = "resource.customizations.health."
ALL_KINDS = "resource.customizations"
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts of one origin by `group/Kind` (`Kind` alone for the core group); wildcards in the order they count in."""

    exact: Mapping[str, str] = field(default_factory=lambda: _NONE)
    wildcards: tuple[tuple[str, str], ...] = ()


def find_script(origins: Iterable[Scripts], group: str, kind: str) -> str | None:
    """The script for a kind: the first origin that has one counts, and in it an exact name before a wildcard."""
    name = f"{group}/{kind}" if group else kind
    for scripts in origins:
        if name in scripts.exact:
            return scripts.exact[name]
        for pattern, script in scripts.wildcards:
            if fnmatchcase(name, pattern):
                return script
    return None


def scripts_from_settings(settings: Mapping[str, Any]) -> Scripts:
    """Reads the data of `argocd-cm`: `resource.customizations.health.<group>_<Kind>`, and `resource.customizations`.

    The latter, YAML in a ConfigMap, is expected as the mapping that it holds. `*` is a wildcard in the names of both;
    other settings are passed over. Raises `ConfigurationError`.
    """
    found: dict[str, str] = {}
    for name, script in settings.items():
        if name.startswith(ONE_KIND):
            if not isinstance(script, str):
                raise ConfigurationError("must be the text of a Lua script", field=name)
            group, _, kind = name.removeprefix(ONE_KIND).rpartition("_")
            if not kind or "_" in group:
                raise ConfigurationError("must be named after <group>_<Kind>, or <Kind> for the core group", field=name)
            found[f"{group}/{kind}" if group else kind] = script
    found.update(_nested(settings.get(ALL_KINDS) or {}))
    return _sorted_out(found)


def scripts_from_files(files: Mapping[str, str]) -> Scripts:
    """Takes the health scripts out of a folder: texts by path relative to it.

    `<group>/<Kind>/health.lua`, or `<Kind>/health.lua` for the core group; `_` in a folder's name is a wildcard, and
    of several that fit, the first in the order of paths counts. Other files (actions, tests) are passed over.
    """
    found: dict[str, str] = {}
    for path in sorted(files):
        *folders, name = path.strip("/").split("/")
        if name == "health.lua" and 1 <= len(folders) <= 2:
            found["/".join(folders).replace("_", "*")] = files[path]
    return _sorted_out(found)


def _nested(kinds: Any) -> dict[str, str]:
    if not isinstance(kinds, Mapping):
        raise ConfigurationError("must be a mapping from group/Kind to settings", field=ALL_KINDS)
    found: dict[str, str] = {}
    for kind, customization in kinds.items():
        where = f"{ALL_KINDS}.{kind}"
        if not isinstance(customization, Mapping):
            raise ConfigurationError("must be a mapping with health.lua", field=where)
        script = customization.get("health.lua")
        if script is None:
            continue
        if not isinstance(script, str):
            raise ConfigurationError("must be the text of a Lua script", field=f"{where}.health.lua")
        found[str(kind)] = script
    return found


def _sorted_out(found: Mapping[str, str]) -> Scripts:
    used = {name: script for name, script in found.items() if script.strip()}
    exact = {name: script for name, script in used.items() if "*" not in name}
    return Scripts(MappingProxyType(exact), tuple((name, used[name]) for name in used if "*" in name))
