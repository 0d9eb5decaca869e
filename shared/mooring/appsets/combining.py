"""Matrix and merge: two ways to make one set of parameters of several (Argo CD, "Matrix Generator", "Merge Generator").

Pure. With Go templates parameters are nested and are laid into each other; without, they are flat text, and a matrix
refuses two values for one name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mooring.appsets.parameters import as_text
from mooring.appsets.ports import Params
from mooring.errors import ConfigurationError

__all__ = ["crossed", "merged"]


def crossed(first: Params, second: Params, *, go_template: bool, where: str) -> Params:
    """One combination of a matrix. The first generator's values win, except where they are empty."""
    if go_template:
        return _under(first, second)
    result = {key: as_text(value) for key, value in first.items()}
    for key, value in second.items():
        text = as_text(value)
        if result.setdefault(key, text) != text:
            raise ConfigurationError(
                f"both generators give the parameter {key!r}, and different values ({result[key]!r}, {text!r}); "
                "use values, or pathParamPrefix for two git generators",
                field=where,
            )
    return dict(result)


def merged(sets: Sequence[Sequence[Params]], keys: Sequence[str], *, go_template: bool, where: str) -> list[Params]:
    """The first generator's parameters, each overridden by those of the others that agree in all keys.

    The first generator decides how many there are; another one's must differ in the keys. Raises `ConfigurationError`.
    """
    base = [dict(params) for params in sets[0]]
    names = [_key(params, keys) for params in base]
    for number, others in enumerate(sets[1:], 1):
        known: dict[str, Params] = {}
        for params in others:
            name = _key(params, keys)
            if name in known:
                raise ConfigurationError(
                    f"gives the same {name} twice; parameters must differ in the mergeKeys",
                    field=f"{where}.generators[{number}]",
                )
            known[name] = params
        for index, name in enumerate(names):
            if name in known:
                base[index] = _over(base[index], known[name], go_template=go_template)
    return base


def _key(params: Params, keys: Sequence[str]) -> str:
    return json.dumps({key: params.get(key) for key in sorted(set(keys))}, sort_keys=True)


def _under(first: Params, second: Params) -> Params:
    result = dict(first)
    for key, value in second.items():
        mine = result.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            result[key] = _under(mine, value)
        elif not mine:
            result[key] = value
    return result


def _over(base: Params, override: Params, *, go_template: bool) -> Params:
    if not go_template:
        return {key: as_text(value) for key, value in (base | override).items()}
    result: dict[str, Any] = dict(base)
    for key, value in override.items():
        mine = result.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            result[key] = _over(mine, value, go_template=True)
        elif value or key not in result:
            result[key] = value
    return result
