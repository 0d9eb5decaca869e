"""A source at a revision becomes manifests.

One function: find the folder, find the tool, read or run it, and check what came out. Nothing is fetched and nothing in
the checkout is changed; the same files always give the same objects, in the same order. What a render depends on is
part of its result, as paths whose git objects decide it completely: a commit that leaves them alone needs no new
render.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mooring.errors import ConfigurationError, MooringError, RenderError
from mooring.model.objects import Manifest
from mooring.model.source import Source
from mooring.render.detect import SourceType, detect
from mooring.render.environment import BuildEnvironment
from mooring.render.hiding import marked, refuse_encrypted
from mooring.render.objects import BaseUse, ChartUse, Found, accept
from mooring.render.overrides import overridden
from mooring.render.paths import cover, folder
from mooring.render.scratch import scratch_folder
from mooring.render.sops import SopsOpening
from mooring.secrets.masking import masked

if TYPE_CHECKING:
    from mooring.render.bases import Elsewhere
    from mooring.render.helm_dependencies import ChartSource
    from mooring.render.sops import SopsOpener

__all__ = ["RenderContext", "Rendered", "Tools", "render"]

TIMEOUT: Final = 60.0
"""Seconds that a tool may take; Argo CD's own limit is 90 s."""
_ASK_THE_CLUSTER: Final = frozenset({"Helm", "Plugin"})


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a render may ask for: the application, its destination, and what the cluster speaks (`1.36.3`; API versions
    as `apps/v1` and `apps/v1/Deployment`).

    `instance` is the application's name among all namespaces (`<namespace>_<name>` outside of Argo CD's own; empty is
    the name alone), `stated` are the paths from the root that the application says it is made of
    (`manifest-generate-paths`): a plugin sees them beside its folder. `sops_keys` are patterns of the keys that open
    SOPS files for the project, None for any; `sops_role` is as whom KMS is asked, empty for the function itself.
    """

    app_name: str
    namespace: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    revision: str = ""
    project: str = ""
    instance: str = ""
    stated: tuple[str, ...] = ()
    sops_keys: tuple[str, ...] | None = None
    sops_role: str = ""

    def environment(self, source: Source) -> BuildEnvironment:
        """The build environment of one source."""
        return BuildEnvironment(
            app_name=self.instance or self.app_name,
            namespace=self.namespace,
            project=self.project,
            revision=self.revision,
            path=source.path,
            repo_url=source.repo_url,
            target_revision=source.target_revision,
            kube_version=self.kube_version,
            api_versions=self.api_versions,
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the rendering tools are: paths of executables, and of the folder with config management plugins (empty
    where there are none). `sops` opens encrypted files; without one a render that meets such a file fails.
    """

    kustomize: str
    helm: str
    gokit: str = "gokit"
    plugins: str = ""
    sops: SopsOpener | None = None

    def forget(self) -> None:
        """Drops what was kept in memory for one invocation."""
        if self.sops is not None:
            self.sops.forget()


@dataclass(frozen=True, slots=True)
class Rendered:
    """The outcome of a render.

    `depends` are paths relative to the repository's root, sorted, none inside another; `.` is everything, and one
    that doesn't exist counts as well (its appearance would change the outcome). Symbolic links on the way are listed
    beside what they lead to. `lent` are the paths that were read in the checkouts of other sources, by their `ref`;
    `by_revision` says that the revision itself came in through a build variable, `by_cluster` that what the cluster
    speaks counts: always for charts and plugins, else where a build variable brought it in. `charts` are the
    dependencies of a chart that were fetched for it, `bases` what was read in repositories that a kustomization names;
    `unpinned` says that something was taken by an address that has no revisions, `opened` that encrypted files were
    opened, so that any of the objects may hold a secret.
    """

    objects: tuple[Manifest, ...]
    source_type: SourceType
    depends: tuple[str, ...]
    warnings: tuple[str, ...]
    lent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_revision: bool = False
    by_cluster: bool = False
    charts: tuple[ChartUse, ...] = ()
    bases: tuple[BaseUse, ...] = ()
    unpinned: bool = False
    opened: bool = False


def render(
    source: Source,
    checkout: Path,
    context: RenderContext,
    tools: Tools,
    *,
    refs: Mapping[str, Path] = MappingProxyType({}),
    charts: ChartSource | None = None,
    elsewhere: Elsewhere | None = None,
    timeout: float = TIMEOUT,
    allow_empty: bool = False,
) -> Rendered:
    """Renders `source` from a checkout of its revision; `timeout` is in seconds, `refs` are the checkouts of sources
    that lend their files, by `ref`, `charts` fetches what a chart depends on and doesn't bring along, and `elsewhere`
    opens the repositories that a kustomization names. A chart that was fetched itself is a checkout with the chart at
    its root.

    Raises `ConfigurationError` (paths, options) and `RenderError` (the files don't give manifests), also for a render
    that gives none unless `allow_empty`.
    """
    checkout = checkout.absolute()
    place = folder(checkout, source.path or ".", field=f"{source.declared_at}.path")
    changed = overridden(source, checkout, place.path, context.instance or context.app_name)
    environment = context.environment(source)
    opening = SopsOpening(tools.sops, context.project, context.sops_keys, context.sops_role)
    job = _Job(
        changed.source, checkout, place.path, context, environment, tools, refs, charts, elsewhere, timeout, opening
    )
    try:
        kind, found = job.result()
        objects, repeated = accept(found.documents, namespace=context.namespace)
    except MooringError as error:
        if opening.used:
            raise masked(error, opening.values) from None
        raise
    refuse_encrypted(objects)
    if opening.used:
        objects = marked(objects, opening.values)
    depends = cover({*found.depends, *place.links, *changed.depends})
    path, warnings = place.path, (*changed.warnings, *found.warnings, *repeated)
    if not objects and not allow_empty:
        hint = f" ({'; '.join(warnings)})" if warnings else ""
        raise RenderError(
            f"{path!r} gives no manifests at this revision{hint}; add some, correct the path, or set "
            "spec.syncPolicy.automated.allowEmpty",
            field=f"{source.declared_at}.path",
        )
    lent = {ref: cover(paths) for ref, paths in found.lent.items()}
    by_cluster = kind in _ASK_THE_CLUSTER or environment.cluster_used
    return Rendered(
        objects,
        kind,
        depends,
        warnings,
        lent,
        environment.revision_used,
        by_cluster,
        tuple(found.charts),
        tuple(found.bases),
        found.unpinned,
        opening.used,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """One source on its way to its documents. What starts processes is imported where it is needed: a folder of plain
    manifests should not pay for it.
    """

    source: Source
    checkout: Path
    path: str
    context: RenderContext
    environment: BuildEnvironment
    tools: Tools
    refs: Mapping[str, Path]
    charts: ChartSource | None
    elsewhere: Elsewhere | None
    timeout: float
    opening: SopsOpening

    def result(self) -> tuple[SourceType, Found]:
        source, at = self.source, self.source.declared_at
        if source.kind == "Plugin" or (not source.kind and not source.chart and os.path.isdir(self.tools.plugins)):
            with scratch_folder() as scratch:
                if (found := self._by_plugin(scratch)) is not None:
                    return "Plugin", found
        kind = detect(self.checkout / self.path, source.kind)
        if kind == "Directory":
            from mooring.render.directory import read_directory

            field = f"{at}.directory"
            return kind, read_directory(
                self.checkout, self.path, source.directory, self._jsonnet, field=field, opening=self.opening
            )
        with scratch_folder() as scratch:
            return kind, self._by_tool(kind, scratch)

    def _jsonnet(self, files: Sequence[str]) -> Iterator[tuple[str, list[Any], set[str]]]:
        from mooring.render.jsonnet import evaluate

        with scratch_folder() as scratch:
            yield from evaluate(
                self.checkout,
                self.path,
                files,
                self.source.directory,
                self.environment,
                tool=self.tools.gokit,
                scratch=scratch,
                timeout=self.timeout,
                field=f"{self.source.declared_at}.directory",
            )

    def _by_plugin(self, scratch: Path) -> Found | None:
        from mooring.render.plugin import PluginRun

        field = f"{self.source.declared_at}.plugin"
        plugins = PluginRun(
            self.checkout,
            self.path,
            self.source.plugin,
            self.environment,
            stated=self.context.stated,
            scratch=scratch,
            timeout=self.timeout,
            field=field,
        )
        plugin = plugins.chosen(self.tools.plugins)
        if plugin is not None:
            return plugins.generate(plugin)
        if self.source.kind == "Plugin":
            raise ConfigurationError("no installed plugin recognises the folder: name one in plugin.name", field=field)
        return None

    def _by_tool(self, kind: SourceType, scratch: Path) -> Found:
        source, context = self.source, self.context
        if kind == "Kustomize":
            from mooring.render.kustomize import build

            return build(
                self.checkout,
                self.path,
                source.kustomize,
                self.environment,
                tool=self.tools.kustomize,
                scratch=scratch,
                timeout=self.timeout,
                field=f"{source.declared_at}.kustomize",
                elsewhere=self.elsewhere,
                opening=self.opening,
            )
        from mooring.render.helm import template

        return template(
            self.checkout,
            self.path,
            source.helm,
            release=context.app_name,
            namespace=context.namespace,
            kube_version=context.kube_version,
            api_versions=context.api_versions,
            tool=self.tools.helm,
            scratch=scratch,
            timeout=self.timeout,
            environment=self.environment,
            refs=self.refs,
            charts=self.charts,
            declared_at=source.declared_at,
            opening=self.opening,
        )
