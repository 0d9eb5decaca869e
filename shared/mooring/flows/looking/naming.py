"""Which object of an application somebody means who says as little as `Deployment/web`.

Parts that are left open are found among the application's own objects, as it remembers them. What is named in full may
also be something that these own, a pod say; whether it is the application's is decided by whoever reads it (`owned`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.model.objects import ObjectKey
from mooring.state.records import Record

__all__ = ["named_object"]

_ANY: Final = "*"
_TOLD: Final = 20  # objects that an error names


def named_object(record: Record, which: Mapping[str, Any]) -> ObjectKey:
    """The object of `kind` and `name`; `group` and `namespace` may be `*`. Kinds are compared as kubectl does.

    Raises `ConfigurationError` where none or several of the application's objects are called so.
    """
    for part, parameter in (("kind", "kind"), ("name", "resourceName")):
        if not which.get(part):
            raise ConfigurationError("must be given", field=parameter)
    fitting = sorted(key for key in record.inventory if _fits(key, which))
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and _ANY not in (which.get("group"), which.get("namespace")):
        return ObjectKey(*(str(which.get(part) or "") for part in ("group", "kind", "namespace", "name")))
    if fitting:
        raise ConfigurationError(f"means several objects: {_listed(fitting)}", field="resourceName")
    known = _listed(sorted(record.inventory)) or "none"
    raise ConfigurationError(f"is no object of {record.key.name}; it has {known}", field="resourceName")


def _fits(key: ObjectKey, which: Mapping[str, Any]) -> bool:
    kind = key.kind.lower()
    return (
        str(which["kind"]).lower() in (kind, f"{kind}s")
        and which["name"] == key.name
        and (which.get("group") or "") in (_ANY, key.group)
        and (which.get("namespace") or "") in (_ANY, key.namespace)
    )


def _listed(keys: list[ObjectKey]) -> str:
    more = f" and {len(keys) - _TOLD} more" if len(keys) > _TOLD else ""
    return ", ".join(map(_spelt, keys[:_TOLD])) + more


def _spelt(key: ObjectKey) -> str:
    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    return "/".join(part for part in (kind, key.namespace, key.name) if part)
