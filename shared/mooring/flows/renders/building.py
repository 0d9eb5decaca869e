"""All sources of one application, opened at their revisions and rendered, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from mooring.errors import ConfigurationError, RenderError
from mooring.flows.renders.elsewhere import OtherRepositories, PermittedCharts, Reach
from mooring.flows.renders.gathering import known_paths
from mooring.flows.renders.recalling import stated_paths
from mooring.flows.rules.permitting import permit_source
from mooring.model.application import Application
from mooring.model.objects import Manifest
from mooring.model.source import Source
from mooring.render import RenderContext, Rendered, Tools, render
from mooring.render.helm_dependencies import ChartSource
from mooring.render.outline import borrowed, outline
from mooring.render.paths import cover, reachable
from mooring.source import Repositories
from mooring.source.charts import Charts
from mooring.source.trees import Checkout
from mooring.state.wanted import Input

__all__ = ["Built", "build"]


@dataclass(frozen=True, slots=True)
class Built:
    """What the sources of an application give together; `inputs` carry the paths that were read.

    After the declared inputs come those that they led to: charts that are named by a range, and the repositories that
    kustomizations name. `unpinned` says that something was read that has no revisions, `opened` that
    SOPS files were opened: then any of the objects may hold a secret.
    `source_type` names the types of all that give manifests, with commas between them; `parts` counts the objects of
    each declared source, in their order.
    """

    objects: tuple[Manifest, ...]
    inputs: tuple[Input, ...]
    source_type: str
    warnings: tuple[str, ...]
    by_revision: bool
    by_cluster: bool
    unpinned: bool
    opened: bool
    parts: tuple[int, ...]


def build(
    repositories: Repositories,
    charts: Charts,
    tools: Tools,
    application: Application,
    inputs: Sequence[Input],
    context: RenderContext,
    known: Iterable[Input] = (),
    reach: Reach | None = None,
) -> Built:
    """Renders an application; `inputs` are its declared ones, each with its revision, `known` those of its last render,
    those that were led to with the revision of now. Without `reach`, kustomizations may name no other repository.

    Raises `ConfigurationError`, `RenderError`, and what `source` raises where something can't be fetched.
    """
    permit = partial(permit_source, reach.project, application) if reach is not None else None
    with ExitStack() as stack:
        opened: dict[tuple[str, str, str], Checkout] = {}
        for source, each in zip(application.sources, inputs, strict=True):
            place = each.url, each.chart, each.revision
            if place not in opened:
                opened[place] = (
                    stack.enter_context(
                        repositories.opened(each.url, each.revision, known_paths(source, each, known), permit=permit)
                    )
                    if each.in_git
                    else _fetched(charts, source, each)
                )
        at = [opened[each.url, each.chart, each.revision] for each in inputs]
        _widen(application, at, context)
        resolved = [*inputs, *(each for each in known if each.led_to)]
        elsewhere = OtherRepositories(reach, application, stack, resolved) if reach is not None else None
        dependencies = charts if permit is None else PermittedCharts(charts, permit)
        return _render(application, inputs, at, context, tools, dependencies, elsewhere)


def _fetched(charts: Charts, source: Source, given: Input) -> Checkout:
    folder = charts.fetched(given.url, given.chart, given.revision, pass_credentials=source.helm.pass_credentials)
    return Checkout(folder, given.revision, _have)


def _have(_paths: Iterable[str]) -> None:
    """What comes from a registry is whole."""


def _widen(application: Application, at: Sequence[Checkout], context: RenderContext) -> None:
    """Brings what the renders will read, until what is there names nothing more."""
    lenders = {source.ref: checkout for source, checkout in zip(application.sources, at, strict=True) if source.ref}
    for source, checkout in zip(application.sources, at, strict=True):
        if not source.gives_manifests:
            continue
        asked = replace(context, revision=checkout.sha, stated=stated_paths(application, source) or ())
        named: tuple[str, ...] = ()
        while (found := outline(source, checkout.root, asked)) != named:
            checkout.widen(found)
            named = found
        for ref, paths in borrowed(source).items():
            if ref in lenders:
                _lend(lenders[ref], paths)


def _lend(checkout: Checkout, paths: tuple[str, ...]) -> None:
    """Brings what another source borrows, and what links on the way lead to."""
    named: tuple[str, ...] = ()
    while True:
        try:
            found = cover(reachable(checkout.root, paths, sparse=True))
        except ConfigurationError:
            return  # a link leads out of the repository: the render says where it was borrowed
        if found == named:
            return
        checkout.widen(found)
        named = found


def _render(
    application: Application,
    inputs: Sequence[Input],
    at: Sequence[Checkout],
    context: RenderContext,
    tools: Tools,
    charts: ChartSource,
    elsewhere: OtherRepositories | None,
) -> Built:
    sources = application.sources
    refs = {source.ref: checkout.root for source, checkout in zip(sources, at, strict=True) if source.ref}
    lent: dict[str, set[str]] = {name: set() for name in refs}
    objects: list[Manifest] = []
    types: list[str] = []
    warnings: list[str] = []
    read: list[tuple[str, ...]] = []
    parts: list[int] = []
    by_revision = by_cluster = unpinned = opened = False
    led_to: dict[Input, None] = {}
    for source, given, checkout in zip(sources, inputs, at, strict=True):
        if not source.gives_manifests:
            read.append(())
            parts.append(0)
            continue
        asked = replace(context, revision=given.revision, stated=stated_paths(application, source) or ())
        rendered = render(
            source, checkout.root, asked, tools, refs=refs, charts=charts, elsewhere=elsewhere, allow_empty=True
        )
        objects += rendered.objects
        parts.append(len(rendered.objects))
        types.append(rendered.source_type)
        warnings += rendered.warnings
        read.append(_stated_or_read(application, source, rendered))
        for name, paths in rendered.lent.items():
            lent[name].update(paths)
        by_revision = by_revision or rendered.by_revision
        by_cluster = by_cluster or rendered.by_cluster
        unpinned = unpinned or rendered.unpinned
        opened = opened or rendered.opened
        led_to |= dict.fromkeys(
            Input(use.url, use.revision, use.chart, use.version, led_to=True)
            for use in rendered.charts
            if not use.locked
        )
        led_to |= dict.fromkeys(
            Input(use.url, use.target, revision=use.revision, depends=use.depends, led_to=True)
            for use in rendered.bases
        )
    if not objects and not (application.automated and application.automated.allow_empty):
        hint = f" ({'; '.join(warnings)})" if warnings else ""
        first = next(source for source in sources if source.gives_manifests)
        raise RenderError(
            f"{first.chart or first.path!r} gives no manifests at this revision{hint}; add some, correct the path, or "
            "set spec.syncPolicy.automated.allowEmpty",
            field=f"{first.declared_at}.{'chart' if first.chart else 'path'}",
        )
    done = tuple(
        replace(given, depends=tuple(sorted({*paths, *lent.get(source.ref, ())})))
        for source, given, paths in zip(sources, inputs, read, strict=True)
    )
    return Built(
        tuple(objects),
        (*done, *led_to),
        ",".join(types),
        tuple(warnings),
        by_revision or unpinned,
        by_cluster,
        unpinned,
        opened,
        tuple(parts),
    )


def _stated_or_read(application: Application, source: Source, rendered: Rendered) -> tuple[str, ...]:
    stated = stated_paths(application, source)
    return rendered.depends if stated is None else stated
