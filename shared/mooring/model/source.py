"""Where an application's manifests come from: `spec.source` or `spec.sources`, with the options of every tool.

Field names, defaults and precedence are those of Argo CD's `ApplicationSource` (its v1alpha1 types; user guide, "Helm",
"Kustomize", "Directory", "Jsonnet", "Multiple Sources", "Config Management Plugins"). What is checked here is what can
be told without the repository; what a file or a registry must answer is checked where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mooring.model.fields import Fields
from mooring.model.kustomizing import KustomizeOptions, parse_kustomize

__all__ = [
    "DirectoryOptions",
    "HelmOptions",
    "HelmParameter",
    "Kind",
    "NamedText",
    "PluginOptions",
    "PluginParameter",
    "Source",
    "parse_source",
    "parse_sources",
]

Kind = Literal["", "Helm", "Kustomize", "Directory", "Plugin"]
_BLOCKS: Mapping[str, Kind] = {
    "helm": "Helm",
    "kustomize": "Kustomize",
    "directory": "Directory",
    "plugin": "Plugin",
}


@dataclass(frozen=True, slots=True)
class NamedText:
    """A named value; `code` tells Jsonnet to evaluate it instead of taking it as a string."""

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryOptions:
    """`source.directory`: plain manifests and Jsonnet. Globs are relative to the source's path, `libs` to the
    repository's root.
    """

    recurse: bool = False
    include: str = ""
    exclude: str = ""
    ext_vars: tuple[NamedText, ...] = ()
    tlas: tuple[NamedText, ...] = ()
    libs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelmParameter:
    """One `--set` (or, with `force_string`, `--set-string`)."""

    name: str
    value: str
    force_string: bool = False


@dataclass(frozen=True, slots=True)
class HelmOptions:
    """`source.helm`. Precedence as in Argo CD: value files, then values (the object wins), then parameters, then
    file parameters (name → path).
    """

    value_files: tuple[str, ...] = ()
    values: str = ""
    values_object: Mapping[str, Any] | None = None
    parameters: tuple[HelmParameter, ...] = ()
    file_parameters: tuple[NamedText, ...] = ()
    release_name: str = ""
    namespace: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    skip_crds: bool = False
    skip_tests: bool = False
    skip_schema_validation: bool = False
    ignore_missing_value_files: bool = False
    pass_credentials: bool = False


@dataclass(frozen=True, slots=True)
class PluginParameter:
    """A parameter of a config management plugin: a string, a list or a mapping; what is None was not given."""

    name: str
    string: str | None = None
    array: tuple[str, ...] | None = None
    map: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PluginOptions:
    """`source.plugin`. Without a name, the plugin whose discovery rule matches is used."""

    name: str = ""
    env: tuple[NamedText, ...] = ()
    parameters: tuple[PluginParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One source of manifests, or (with `ref`) of value files for the others.

    A repository of charts has a `chart` and no `path`. `kind` is the type that the user forced by giving its block
    (`helm`, `kustomize`, `directory`, `plugin`), else empty: then it is detected from the files. `declared_at` is
    the path of its declaration (`spec.source`, `spec.sources[1]`).
    """

    repo_url: str
    path: str = ""
    target_revision: str = "HEAD"
    chart: str = ""
    ref: str = ""
    name: str = ""
    kind: Kind = ""
    helm: HelmOptions = HelmOptions()
    kustomize: KustomizeOptions = KustomizeOptions()
    directory: DirectoryOptions = DirectoryOptions()
    plugin: PluginOptions = PluginOptions()
    declared_at: str = "spec.source"

    @property
    def gives_manifests(self) -> bool:
        """Whether anything is rendered from it: a source with a `ref` alone only lends its files."""
        return bool(self.path or self.chart or not self.ref)


def parse_sources(spec: Fields) -> tuple[Source, ...]:
    """`spec.source` or `spec.sources`, at least one. Raises `ConfigurationError` with the path of what is wrong.

    Where both are given, `sources` wins, as in Argo CD ("Multiple Sources").
    """
    several = tuple(spec.mappings("sources"))
    single = spec.mapping("source")
    if several:
        sources = tuple(parse_source(each, several=True) for each in several)
        _check_together(spec, sources)
        return sources
    if single is None:
        raise spec.error("source", "must not be empty (or give spec.sources)")
    return (parse_source(single),)


def parse_source(fields: Fields, *, several: bool = False) -> Source:
    """One source, complete in itself; `ref` has a meaning only beside others. Raises `ConfigurationError`."""
    repo_url = fields.required_text("repoURL")
    path, chart, ref = fields.text("path"), fields.text("chart"), fields.text("ref")
    _check_place(fields, path, chart, ref, several=several)
    target = fields.text("targetRevision")
    if chart and not target:
        raise fields.error("targetRevision", "must be the chart's version or a range of versions")
    blocks = [name for name in _BLOCKS if fields.has(name)]
    if len(blocks) > 1:
        raise fields.error(blocks[1], f"can't be set together with {blocks[0]}: a source has one type")
    kind: Kind = _BLOCKS[blocks[0]] if blocks else ""
    if chart and kind not in ("", "Helm"):
        raise fields.error(blocks[0], "can't be set together with chart: a chart is rendered by Helm")
    helm, kustomize, directory, plugin = HelmOptions(), KustomizeOptions(), DirectoryOptions(), PluginOptions()
    if (block := fields.mapping("helm")) is not None:
        helm = _helm(block)
    if (block := fields.mapping("kustomize")) is not None:
        kustomize = parse_kustomize(block)
    if (block := fields.mapping("directory")) is not None:
        directory = _directory(block)
    if (block := fields.mapping("plugin")) is not None:
        plugin = _plugin(block)
    source = Source(
        repo_url=repo_url,
        path=path,
        target_revision=target or "HEAD",
        chart=chart,
        ref=ref,
        name=fields.text("name"),
        kind=kind,
        helm=helm,
        kustomize=kustomize,
        directory=directory,
        plugin=plugin,
        declared_at=fields.path,
    )
    fields.close()
    return source


def _check_place(fields: Fields, path: str, chart: str, ref: str, *, several: bool) -> None:
    if path.startswith("/"):
        raise fields.error("path", "must be relative to the root of the repository")
    if path and chart:
        raise fields.error("chart", "can't be set together with path: a source is a folder or a chart")
    if not path and not chart and not (several and ref):
        raise fields.error("path", "must not be empty (or give a chart)")
    if ref and not several:
        raise fields.error("ref", "has a meaning only in spec.sources, for the value files of the other sources")
    if ref and chart:
        raise fields.error("ref", "can't be set together with chart: only files of a git repository can be referred to")
    if ref and not ref.replace("-", "").replace("_", "").isalnum():
        raise fields.error("ref", "must consist of letters, digits, '-' and '_'")


def _check_together(spec: Fields, sources: tuple[Source, ...]) -> None:
    refs: set[str] = set()
    names: set[str] = set()
    for index, source in enumerate(sources):
        if source.ref and source.ref in refs:
            raise spec.error(f"sources[{index}].ref", f"{source.ref!r} is the ref of another source already")
        if source.name and source.name in names:
            raise spec.error(f"sources[{index}].name", f"{source.name!r} is the name of another source already")
        refs.add(source.ref)
        names.add(source.name)
    for index, source in enumerate(sources):
        named = [*source.helm.value_files, *(each.value for each in source.helm.file_parameters)]
        for file in named:
            ref = file[1:].split("/", 1)[0] if file.startswith("$") else ""
            if ref and "/" in file and ref not in refs and not ref.startswith("ARGOCD_"):
                raise spec.error(
                    f"sources[{index}].helm",
                    f"{file!r} refers to a source with the ref {ref!r}; add one, or correct the name",
                )
    if not any(source.gives_manifests for source in sources):
        raise spec.error("sources", "give no manifests: at least one needs a path or a chart")


def _helm(block: Fields) -> HelmOptions:
    if block.text("version") not in ("", "v3"):
        raise block.error("version", "must be v3 (the only version of charts that is supported) or absent")
    parameters = []
    for item in block.mappings("parameters"):
        parameters.append(
            HelmParameter(item.required_text("name"), item.text("value"), item.boolean("forceString", False))
        )
        item.close()
    files = []
    for item in block.mappings("fileParameters"):
        files.append(NamedText(item.required_text("name"), item.required_text("path")))
        item.close()
    options = HelmOptions(
        value_files=block.texts("valueFiles"),
        values=block.text("values"),
        values_object=block.raw_mapping("valuesObject"),
        parameters=tuple(parameters),
        file_parameters=tuple(files),
        release_name=block.text("releaseName"),
        namespace=block.text("namespace"),
        kube_version=block.text("kubeVersion"),
        api_versions=block.texts("apiVersions"),
        skip_crds=block.boolean("skipCrds", False),
        skip_tests=block.boolean("skipTests", False),
        skip_schema_validation=block.boolean("skipSchemaValidation", False),
        ignore_missing_value_files=block.boolean("ignoreMissingValueFiles", False),
        pass_credentials=block.boolean("passCredentials", False),
    )
    block.close()
    return options


def _directory(block: Fields) -> DirectoryOptions:
    ext_vars: tuple[NamedText, ...] = ()
    tlas: tuple[NamedText, ...] = ()
    libs: tuple[str, ...] = ()
    if (jsonnet := block.mapping("jsonnet")) is not None:
        ext_vars, tlas, libs = _named(jsonnet, "extVars"), _named(jsonnet, "tlas"), jsonnet.texts("libs")
        jsonnet.close()
    options = DirectoryOptions(
        block.boolean("recurse", False), block.text("include"), block.text("exclude"), ext_vars, tlas, libs
    )
    block.close()
    return options


def _named(fields: Fields, name: str) -> tuple[NamedText, ...]:
    found = []
    for item in fields.mappings(name):
        found.append(NamedText(item.required_text("name"), item.text("value"), item.boolean("code", False)))
        item.close()
    return tuple(found)


def _plugin(block: Fields) -> PluginOptions:
    env = []
    for item in block.mappings("env"):
        env.append(NamedText(item.required_text("name"), item.text("value")))
        item.close()
    parameters = []
    for item in block.mappings("parameters"):
        name = item.required_text("name")
        parameters.append(
            PluginParameter(
                name,
                item.text("string") if item.has("string") else None,
                item.texts("array") if item.has("array") else None,
                item.text_map("map") if item.has("map") else None,
            )
        )
        item.ignore("string", "array", "map")
        item.close()
    options = PluginOptions(block.text("name"), tuple(env), tuple(parameters))
    block.close()
    return options
