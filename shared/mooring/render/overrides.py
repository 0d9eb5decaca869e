"""Parameters that the source's own folder overrides: `.argocd-source.yaml`, for one application
`.argocd-source-<application>.yaml`.

Argo CD's Image Updater and other robots write them. They are merged over the declared source as JSON merge patches (RFC
7386); what says where the source is can't be overridden, else whoever can push to one repository could point the
application at another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.model.source import NamedText, PluginParameter, Source, parse_source
from mooring.render.paths import LeavesError, MissingError, locate
from mooring.render.yaml import load_documents

__all__ = ["OVERRIDES", "Overridden", "overridden"]

OVERRIDES = ".argocd-source"
"""What the names of these files begin with."""
_BLOCKS = ("helm", "kustomize", "directory", "plugin")


class Overridden:
    """The source after its overrides, the paths that decided it, and warnings about fields that nobody knows."""

    __slots__ = ("depends", "source", "warnings")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.depends: set[str] = set()
        self.warnings: list[str] = []


def overridden(source: Source, root: Path, path: str, app_name: str) -> Overridden:
    """`source` with what the folder `path` of the checkout adds; `app_name` is the application's instance name
    (`<namespace>_<name>` outside of Argo CD's own namespace).

    Raises `ConfigurationError` for a file that can't be merged, naming it. Source: Argo CD, "Parameter Overrides",
    Store Overrides In Git.
    """
    result = Overridden(source)
    for name in (f"{OVERRIDES}.yaml", f"{OVERRIDES}-{app_name}.yaml"):
        where = name if path == "." else f"{path}/{name}"
        try:
            place = locate(root, where)
        except LeavesError as error:
            raise ConfigurationError(f"{error}: replace it with a file", field=where) from None
        except MissingError:
            continue
        result.depends.update((*place.links, place.path))
        if place.is_folder:
            continue
        documents = load_documents(Path(root, place.path).read_bytes(), where=where)
        patch = documents[0] if documents else {}
        if len(documents) > 1 or not isinstance(patch, dict):
            raise ConfigurationError("must be one mapping with fields of the application's source", field=where)
        result.source = _merged(result.source, patch, where, result.warnings)
    return result


def _merged(source: Source, patch: dict[str, Any], where: str, warnings: list[str]) -> Source:
    blocks = {name: value for name, value in patch.items() if name in _BLOCKS}
    merged = _merge(_document(source), blocks)
    told: list[str] = []
    fields = Fields({"repoURL": source.repo_url, "path": source.path or ".", **merged}, where, told)
    parsed = parse_source(fields)
    warnings += told
    return replace(
        source,
        kind=parsed.kind,
        helm=parsed.helm,
        kustomize=parsed.kustomize,
        directory=parsed.directory,
        plugin=parsed.plugin,
    )


def _merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merge(result.get(name), value)
    return result


def _document(source: Source) -> dict[str, Any]:
    """The block of a source as it is declared: the inverse of `parse_source` for what can be overridden."""
    if source.kind == "Helm":
        return {"helm": _helm(source)}
    if source.kind == "Kustomize":
        return {"kustomize": _kustomize(source)}
    if source.kind == "Directory":
        options = source.directory
        jsonnet = {
            "extVars": [_text(each) for each in options.ext_vars],
            "tlas": [_text(each) for each in options.tlas],
            "libs": list(options.libs),
        }
        return {
            "directory": {
                "recurse": options.recurse,
                "include": options.include,
                "exclude": options.exclude,
                "jsonnet": jsonnet,
            }
        }
    if source.kind == "Plugin":
        plugin = source.plugin
        return {
            "plugin": {
                "name": plugin.name,
                "env": [{"name": each.name, "value": each.value} for each in plugin.env],
                "parameters": [_parameter(each) for each in plugin.parameters],
            }
        }
    return {}


def _helm(source: Source) -> dict[str, Any]:
    helm = source.helm
    return {
        "valueFiles": list(helm.value_files),
        "values": helm.values,
        **({} if helm.values_object is None else {"valuesObject": helm.values_object}),
        "parameters": [
            {"name": each.name, "value": each.value, "forceString": each.force_string} for each in helm.parameters
        ],
        "fileParameters": [{"name": each.name, "path": each.value} for each in helm.file_parameters],
        "releaseName": helm.release_name,
        "namespace": helm.namespace,
        "kubeVersion": helm.kube_version,
        "apiVersions": list(helm.api_versions),
        "skipCrds": helm.skip_crds,
        "skipTests": helm.skip_tests,
        "skipSchemaValidation": helm.skip_schema_validation,
        "ignoreMissingValueFiles": helm.ignore_missing_value_files,
        "passCredentials": helm.pass_credentials,
    }


def _kustomize(source: Source) -> dict[str, Any]:
    options = source.kustomize
    patches = [
        {
            "patch": each.patch,
            "path": each.path,
            **({} if each.target is None else {"target": dict(each.target)}),
            **({} if each.options is None else {"options": dict(each.options)}),
        }
        for each in options.patches
    ]
    return {
        "namePrefix": options.name_prefix,
        "nameSuffix": options.name_suffix,
        "images": list(options.images),
        "replicas": [{"name": each.name, "count": each.count} for each in options.replicas],
        "patches": patches,
        "components": list(options.components),
        "ignoreMissingComponents": options.ignore_missing_components,
        "commonLabels": dict(options.common_labels or {}),
        "commonAnnotations": dict(options.common_annotations or {}),
        "commonAnnotationsEnvsubst": options.common_annotations_envsubst,
        "forceCommonLabels": options.force_common_labels,
        "forceCommonAnnotations": options.force_common_annotations,
        "labelWithoutSelector": options.label_without_selector,
        "labelIncludeTemplates": options.label_include_templates,
        "namespace": options.namespace,
        "version": options.version,
        "kubeVersion": options.kube_version,
        "apiVersions": list(options.api_versions),
    }


def _text(each: NamedText) -> dict[str, Any]:
    return {"name": each.name, "value": each.value, "code": each.code}


def _parameter(each: PluginParameter) -> dict[str, Any]:
    given = {"string": each.string, "array": None if each.array is None else list(each.array), "map": each.map}
    return {"name": each.name, **{name: value for name, value in given.items() if value is not None}}
