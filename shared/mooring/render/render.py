"""A source at a revision becomes manifests.

One function: find the folder, find the tool, read or run it, and check what came out. Nothing is fetched and nothing in
the checkout is changed; the same files always give the same objects, in the same order. What a render depends on is
part of its result, as paths whose git objects decide it completely: a commit that leaves them alone needs no new
render.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mooring.errors import ConfigurationError, RenderError
from mooring.model.objects import Manifest
from mooring.model.source import Source
from mooring.render.detect import SourceType, detect
from mooring.render.objects import Found, accept
from mooring.render.paths import cover, folder

__all__ = ["RenderContext", "Rendered", "Tools", "render"]

TIMEOUT: Final = 60.0
"""Seconds that a tool may take; Argo CD's own limit is 90 s."""


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What charts may ask for: the application, its destination, and what the cluster speaks (`1.36.3`; API versions
    as `apps/v1` and `apps/v1/Deployment`).
    """

    app_name: str
    namespace: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the rendering tools are: paths of executables."""

    kustomize: str
    helm: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The outcome of a render.

    `depends` are paths relative to the repository's root, sorted, none inside another; `.` is everything, and one
    that doesn't exist counts as well (its appearance would change the outcome). Symbolic links on the way are listed
    beside what they lead to. `lent` are the paths that were read in the checkouts of other sources, by their `ref`;
    `by_revision` says that the revision itself came in through a build variable.
    """

    objects: tuple[Manifest, ...]
    source_type: SourceType
    depends: tuple[str, ...]
    warnings: tuple[str, ...]
    lent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_revision: bool = False


def render(
    source: Source,
    checkout: Path,
    context: RenderContext,
    tools: Tools,
    *,
    refs: Mapping[str, Path] = MappingProxyType({}),
    timeout: float = TIMEOUT,
    allow_empty: bool = False,
) -> Rendered:
    """Renders `source` from a checkout of its revision; `timeout` is in seconds, `refs` are the checkouts of sources
    that lend their files, by `ref`.

    Raises `ConfigurationError` (paths, options) and `RenderError` (the files don't give manifests), also for a render
    that gives none unless `allow_empty`.
    """
    checkout = checkout.absolute()
    place = folder(checkout, source.path or ".", field="spec.source.path")
    path = place.path
    _refuse_overrides(checkout / path, context.app_name)
    if source.kind == "Plugin":
        raise ConfigurationError("is not supported yet", field=f"{source.declared_at}.plugin")
    kind = detect(checkout / path, source.kind)
    if kind == "Directory":
        from mooring.render.directory import read_directory

        found = read_directory(checkout, path, source.directory)
    else:
        # Imported only here: a folder of plain manifests should not pay for what starts processes.
        import tempfile

        with tempfile.TemporaryDirectory(prefix="render-", ignore_cleanup_errors=True) as scratch:
            found = _by_tool(kind, source, checkout, path, context, tools, Path(scratch), timeout)
    objects = accept(found.documents, namespace=context.namespace)
    if not objects and not allow_empty:
        hint = f" ({'; '.join(found.warnings)})" if found.warnings else ""
        raise RenderError(
            f"{path!r} gives no manifests at this revision{hint}; add some, correct the path, or set "
            "spec.syncPolicy.automated.allowEmpty",
            field="spec.source.path",
        )
    return Rendered(objects, kind, cover({*found.depends, *place.links}), tuple(found.warnings))


def _by_tool(
    kind: SourceType,
    source: Source,
    checkout: Path,
    path: str,
    context: RenderContext,
    tools: Tools,
    scratch: Path,
    timeout: float,
) -> Found:
    if kind == "Kustomize":
        from mooring.render.kustomize import build

        return build(checkout, path, tool=tools.kustomize, scratch=scratch, timeout=timeout)
    from mooring.render.helm import template

    return template(
        checkout,
        path,
        source.helm,
        release=context.app_name,
        namespace=context.namespace,
        kube_version=context.kube_version,
        api_versions=context.api_versions,
        tool=tools.helm,
        scratch=scratch,
        timeout=timeout,
    )


def _refuse_overrides(where: Path, app_name: str) -> None:
    for name in (".argocd-source.yaml", f".argocd-source-{app_name}.yaml"):
        if (where / name).exists():
            raise ConfigurationError(
                f"the folder holds {name}, which Mooring does not read yet; move its parameters into the application",
                field="spec.source.path",
            )
