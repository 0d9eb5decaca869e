"""All sources of one application, opened at their revisions and rendered, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from mooring.errors import RenderError
from mooring.flows.following import ChartSource
from mooring.flows.recalling import stated_paths
from mooring.model.application import Application
from mooring.model.objects import Manifest
from mooring.model.source import Source
from mooring.render import RenderContext, Rendered, Tools, render
from mooring.source import Repositories
from mooring.state.records import Input

__all__ = ["Built", "build"]


@dataclass(frozen=True, slots=True)
class Built:
    """What the sources of an application give together; `inputs` carry the paths that were read.

    `source_type` names the types of all that give manifests, with commas between them.
    """

    objects: tuple[Manifest, ...]
    inputs: tuple[Input, ...]
    source_type: str
    warnings: tuple[str, ...]
    by_revision: bool


def build(
    repositories: Repositories,
    charts: ChartSource,
    tools: Tools,
    application: Application,
    inputs: Sequence[Input],
    context: RenderContext,
) -> Built:
    """Renders an application; `inputs` are its declared ones, each with its revision.

    Raises `ConfigurationError`, `RenderError`, and what `source` raises where something can't be fetched.
    """
    with ExitStack() as stack:
        folders: dict[tuple[str, str, str], Path] = {}
        for each in inputs:
            place = each.url, each.chart, each.revision
            if place not in folders:
                folders[place] = (
                    charts.fetched(each.url, each.chart, each.revision)
                    if each.chart
                    else stack.enter_context(repositories.checked_out(each.url, each.revision))
                )
        return _render(application, inputs, folders, context, tools)


def _render(
    application: Application,
    inputs: Sequence[Input],
    folders: Mapping[tuple[str, str, str], Path],
    context: RenderContext,
    tools: Tools,
) -> Built:
    sources = application.sources
    at = [folders[each.url, each.chart, each.revision] for each in inputs]
    refs = {source.ref: folder for source, folder in zip(sources, at, strict=True) if source.ref}
    lent: dict[str, set[str]] = {name: set() for name in refs}
    objects: list[Manifest] = []
    types: list[str] = []
    warnings: list[str] = []
    read: list[tuple[str, ...]] = []
    by_revision = False
    for source, given, folder in zip(sources, inputs, at, strict=True):
        if not source.gives_manifests:
            read.append(())
            continue
        asked = replace(context, revision=given.revision, stated=stated_paths(application, source) or ())
        rendered = render(source, folder, asked, tools, refs=refs, allow_empty=True)
        objects += rendered.objects
        types.append(rendered.source_type)
        warnings += rendered.warnings
        read.append(_stated_or_read(application, source, rendered))
        for name, paths in rendered.lent.items():
            lent[name].update(paths)
        by_revision = by_revision or rendered.by_revision
    if not objects and not (application.automated and application.automated.allow_empty):
        hint = f" ({'; '.join(warnings)})" if warnings else ""
        raise RenderError(
            f"gives no manifests at this revision{hint}; add some, correct the path, or set "
            "spec.syncPolicy.automated.allowEmpty",
            field=sources[0].declared_at,
        )
    done = tuple(
        replace(given, depends=tuple(sorted({*paths, *lent.get(source.ref, ())})))
        for source, given, paths in zip(sources, inputs, read, strict=True)
    )
    return Built(tuple(objects), done, ",".join(types), tuple(warnings), by_revision)


def _stated_or_read(application: Application, source: Source, rendered: Rendered) -> tuple[str, ...]:
    stated = stated_paths(application, source)
    return rendered.depends if stated is None else stated
