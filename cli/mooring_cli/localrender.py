"""Folders on this machine, rendered as the function `render` would render them from git.

It is the same code with the same rules (ADR 0119), so there is one way to read a source. Programs (kustomize, helm, and
gokit for Jsonnet) are those found on PATH, as Argo CD's `--local` takes them. Nothing is fetched: what a chart depends
on must lie in its `charts` folder (`helm dependency build`), and a kustomization may name no other repository.

Of several sources those are rendered whose repository the folder's checkout is, and whatever takes files from it; the
others stay as git has them, which the API knows. A chart of a registry that takes its values from the checkout is
rendered from where somebody has unpacked it. Argo CD refuses `--local` for several sources.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import ConfigurationError
from mooring_cli.names import DEFAULT_NAMESPACE, AppName

if TYPE_CHECKING:
    from mooring.model.source import Source

__all__ = ["Checkout", "Local", "find_root", "read_places", "render_local"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the folder is: the `root` of its checkout, which commit that is at (empty for none), and the addresses of
    the repositories that it comes from.
    """

    folder: Path
    root: Path
    revision: str = ""
    remotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Local:
    """Manifests, the sources that gave them (position, count; None for all of them), what should be known of them."""

    manifests: list[dict[str, Any]]
    sources: list[dict[str, int]] | None
    warnings: Sequence[str]


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


def read_places(given: Sequence[str]) -> dict[str, Path]:
    """The folders of `--local-source SOURCE=FOLDER`, by position or name. Raises `ConfigurationError`."""
    places: dict[str, Path] = {}
    for each in given:
        which, _, folder = each.partition("=")
        if not which or not folder or not Path(folder).is_dir():
            raise ConfigurationError(
                f"must be SOURCE=FOLDER with a folder that is there, not {each!r}", field="--local-source"
            )
        places[which] = Path(folder).resolve()
    return places


def render_local(
    app: AppName,
    document: Mapping[str, Any],
    context: Mapping[str, Any],
    checkout: Checkout,
    named: Sequence[str] = (),
    places: Mapping[str, Path] | None = None,
) -> Local:
    """Renders what the checkout has in the place of what git has. `document` is the Application as it was declared,
    `context` the API's answer about its cluster. `named` are the sources (positions or names) that the checkout stands
    for where its remotes don't say so, `places` where others lie, unpacked.

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
    sources = application.sources
    roots = _roots(sources, checkout, named, places or {})
    sources = _at_folder(sources, roots, checkout)
    asked = RenderContext(
        app.name,
        application.destination.namespace,
        kube_version=str(context.get("kubeVersion") or ""),
        api_versions=tuple(context.get("apiVersions") or ()),
        revision=checkout.revision,
        project=application.project,
        instance=app.name if app.namespace == DEFAULT_NAMESPACE else f"{app.namespace}_{app.name}",
    )
    kustomize, helm, gokit = (shutil.which(name) or name for name in ("kustomize", "helm", "gokit"))
    tools = Tools(kustomize, helm, gokit, plugins=os.environ.get("MOORING_PLUGINS", ""))
    refs = {source.ref: roots[at] for at, source in enumerate(sources) if source.ref and at in roots}
    manifests: list[dict[str, Any]] = []
    warnings: list[str] = []
    gave: list[dict[str, int]] = []
    for at, source in enumerate(sources):
        if at not in roots:
            continue
        count = 0
        if source.gives_manifests:
            rendered = render(source, roots[at], asked, tools, refs=refs, allow_empty=True)
            manifests += rendered.objects
            warnings += rendered.warnings
            count = len(rendered.objects)
        gave.append({"position": at + 1, "count": count})
    return Local(manifests, gave if len(sources) > 1 else None, warnings)


def _roots(
    sources: Sequence[Source], checkout: Checkout, named: Sequence[str], places: Mapping[str, Path]
) -> dict[int, Path]:
    """Where each source that is rendered here lies, by its index."""
    if len(sources) == 1:
        if sources[0].chart:  # the folder is the chart, unpacked
            return {0: checkout.folder}
        return {0: checkout.root}
    chosen = {_index(sources, each, "--source-positions") for each in named} or _of(sources, checkout)
    roots = dict.fromkeys(chosen, checkout.root)
    for which, folder in places.items():
        roots[_index(sources, which, "--local-source")] = folder
    lent = {f"${source.ref}/" for at, source in enumerate(sources) if source.ref and at in roots}
    for at, source in enumerate(sources):
        borrows = sorted(each for each in _borrowed(source) if each in lent or at in roots)
        missing = [each for each in borrows if each not in lent]
        if missing:
            raise _needs(sources, next(n for n, each in enumerate(sources) if f"${each.ref}/" == missing[0]), source)
        if borrows and at not in roots:
            raise _needs(sources, at, source)
    return roots


def _of(sources: Sequence[Source], checkout: Checkout) -> set[int]:
    """The sources whose repository the checkout is, as its remotes say."""
    from mooring.source.urls import normalise

    known = {_normal(each, normalise) for each in checkout.remotes}
    found = {
        at for at, source in enumerate(sources) if not source.chart and _normal(source.repo_url, normalise) in known
    }
    if not found:
        urls = ", ".join(dict.fromkeys(source.repo_url for source in sources))
        raise ConfigurationError(
            f"is a checkout of none of its sources ({urls}), as its remotes say; name them by --source-positions or "
            "--source-names",
            field=f"--local {checkout.folder}",
        )
    return found


def _normal(url: str, normalise: Any) -> str:
    try:
        return str(normalise(url))
    except ConfigurationError:
        return url


def _index(sources: Sequence[Source], which: str, option: str) -> int:
    for at, source in enumerate(sources):
        if which in (str(at + 1), source.name):
            return at
    raise ConfigurationError(f"the application has no source {which!r}; it has {len(sources)}", field=option)


def _borrowed(source: Source) -> set[str]:
    """The `$REF/` that a source takes files from."""
    files = (*source.helm.value_files, *(each.value for each in source.helm.file_parameters))
    return {each.partition("/")[0] + "/" for each in files if each.startswith("$")}


def _needs(sources: Sequence[Source], at: int, borrower: Source) -> ConfigurationError:
    source = sources[at]
    if source.chart:
        what = f"helm pull {source.chart} --repo {source.repo_url} --version {source.target_revision} --untar"
    else:
        what = f"git clone {source.repo_url}"
    why = "takes files from what is rendered here" if source is borrower else "lends files to what is rendered here"
    return ConfigurationError(
        f"{why}: have it on this machine (`{what}`), and say where by --local-source {at + 1}=FOLDER",
        field=source.declared_at,
    )


def _at_folder(sources: Sequence[Source], roots: Mapping[int, Path], checkout: Checkout) -> tuple[Source, ...]:
    """The sources with the folder in the place of the path of that one which it stands for."""
    here = [at for at, source in enumerate(sources) if roots.get(at) == checkout.root and source.gives_manifests]
    if len(sources) == 1 and sources[0].chart:
        return tuple(sources)
    path = str(checkout.folder.resolve().relative_to(checkout.root))
    if len(here) == 1 and (len(sources) == 1 or checkout.folder.resolve() != checkout.root):
        return tuple(replace(each, path=path) if at == here[0] else each for at, each in enumerate(sources))
    paths = {os.path.normpath(sources[at].path or ".") for at in here}
    if here and path not in {".", *paths}:
        raise ConfigurationError(
            f"is the folder of none of its sources in this checkout ({', '.join(sorted(paths))}); name one of these, "
            "or the checkout's root for all",
            field=f"--local {checkout.folder}",
        )
    return tuple(sources)
