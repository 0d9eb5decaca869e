"""A folder on this machine, rendered as the function `render` would render it from git.

It is the same code with the same rules (ADR 0119), so there is one way to read a source. Programs (kustomize, helm, and
gokit for Jsonnet) are those found on PATH, as Argo CD's `--local` takes them. Nothing is fetched: what a chart depends
on must lie in its `charts` folder (`helm dependency build`), and a kustomization may name no other repository.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring_cli.names import DEFAULT_NAMESPACE, AppName

if TYPE_CHECKING:
    from mooring.model.source import Source

__all__ = ["Local", "find_root", "render_local"]

Local = tuple[list[dict[str, Any]], Sequence[str]]
"""Manifests, and what should be known of them."""


def find_root(folder: Path, given: str | None) -> Path:
    """The root of the checkout: as given, else the nearest folder above with `.git`, else the folder itself."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise ConfigurationError("is no folder", field=f"--local {folder}")
    if given:
        root = Path(given).resolve()
        if not folder.is_relative_to(root):
            raise ConfigurationError(f"is not above {folder}", field="--local-repo-root")
        return root
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def render_local(
    app: AppName, document: Mapping[str, Any], context: Mapping[str, Any], folder: Path, root: Path, revision: str
) -> Local:
    """Renders `folder` in the place of the application's path. `document` is the Application as it was declared,
    `context` the API's answer about its cluster, `revision` what build variables say.

    Raises `ConfigurationError` and `RenderError` as a render does.
    """
    try:
        from mooring.model.application import parse_application
        from mooring.render import RenderContext, Tools, render
    except ImportError as error:
        raise ConfigurationError(
            f"rendering on this machine takes the package {error.name}: install Mooring with what its functions need"
        ) from error
    application = parse_application(dict(document)).application
    source = replace(_only(application.sources), path=str(folder.resolve().relative_to(root)))
    asked = RenderContext(
        app.name,
        application.destination.namespace,
        kube_version=str(context.get("kubeVersion") or ""),
        api_versions=tuple(context.get("apiVersions") or ()),
        revision=revision,
        project=application.project,
        instance=app.name if app.namespace == DEFAULT_NAMESPACE else f"{app.namespace}_{app.name}",
    )
    kustomize, helm, gokit = (shutil.which(name) or name for name in ("kustomize", "helm", "gokit"))
    tools = Tools(kustomize, helm, gokit, plugins=os.environ.get("MOORING_PLUGINS", ""))
    rendered = render(source, root, asked, tools, allow_empty=True)
    return list(rendered.objects), rendered.warnings


def _only(sources: Sequence[Source]) -> Source:
    giving = [each for each in sources if each.gives_manifests]
    if len(sources) != 1 or not giving:
        raise ConfigurationError("has several sources: --local renders Applications of one", field="spec.sources")
    if giving[0].chart:
        raise ConfigurationError(
            "comes from a registry: unpack the chart, and name its folder by spec.source.path",
            field="spec.source.chart",
        )
    return giving[0]
