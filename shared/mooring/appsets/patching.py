"""Laying a `templatePatch` over an application, as a strategic merge patch does.

Argo CD applies it with Kubernetes' own library and the Go type of an Application ("Template Patch"). Of that type only
`metadata.finalizers` is joined; every other list is replaced. A null removes a field. `$patch: replace` and
`$patch: delete` in a mapping, `$retainKeys`, and `$deleteFromPrimitiveList/finalizers` mean what they mean to kubectl
(Kubernetes, "Strategic Merge Patch"). The project can't be changed, as in Argo CD: a patch may be written by somebody
who may not choose it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.objects import Manifest
from mooring.render.yaml import load_documents

__all__ = ["patched"]

_FINALIZERS = ("metadata", "finalizers")
_REMOVE = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def patched(application: Manifest, text: str, *, where: str) -> Manifest:
    """The application with a rendered patch laid over it; an empty patch changes nothing.

    Raises `RenderError` or `ConfigurationError` for a text that is no YAML mapping.
    """
    documents = load_documents(text, where=where)
    if len(documents) > 1:
        raise ConfigurationError("must be a single YAML document", field=where)
    patch = documents[0] if documents else None
    if patch is None:
        return application
    if not isinstance(patch, dict):
        raise ConfigurationError("must be a YAML mapping, to be laid over the application", field=where)
    result = _merged(application, patch, (), where)
    if not isinstance(result.get("spec"), dict):
        raise ConfigurationError("must leave a spec in the application", field=where)
    spec = {key: value for key, value in result["spec"].items() if key != "project"}
    project = application["spec"].get("project")
    return {**result, "spec": spec if project is None else {**spec, "project": project}}


def _merged(base: Mapping[str, Any], patch: Mapping[str, Any], at: tuple[str, ...], where: str) -> dict[str, Any]:
    directive = patch.get("$patch", "merge")
    if directive == "replace":
        return {key: value for key, value in patch.items() if not key.startswith("$")}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise ConfigurationError(f"$patch must be merge, replace or delete, not {directive!r}", field=where)
    result = dict(base)
    retained = patch.get("$retainKeys")
    if isinstance(retained, list):
        result = {key: value for key, value in result.items() if key in retained}
    for key, value in patch.items():
        if key.startswith(_REMOVE):
            name = key.removeprefix(_REMOVE)
            result[name] = [each for each in result.get(name) or [] if each not in (value or [])]
        elif key.startswith((_ORDER, "$patch", "$retainKeys")):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _merged(below if isinstance(below, dict) else {}, value, (*at, key), where)
        elif isinstance(value, list) and (*at, key) == _FINALIZERS:
            known = result.get(key) or []
            result[key] = [*known, *(each for each in value if each not in known)]
        else:
            result[key] = value
    return result
