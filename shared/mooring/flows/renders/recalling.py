"""Nothing is rendered twice: what decided a render, as one digest, and the former renders that a revision finds again.

A render's outcome depends on what the application declares about it, on the versions of the tools, on the git objects
at exactly the paths that it read, on the charts' versions, and, for those that ask, on what the cluster serves.
While the digest of all that comes out the same, so does the bundle; and a revert brings back a digest that is still
remembered, and with it its bundle.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mooring import __version__
from mooring.flows.renders.following import bare
from mooring.model.application import Application
from mooring.model.objects import digest
from mooring.model.source import Source
from mooring.render import RenderContext
from mooring.source import Survey
from mooring.state.wanted import Input, Rendering, WantedState

__all__ = [
    "REMEMBERED",
    "RENDERER",
    "Surveys",
    "find_again",
    "identify",
    "questions",
    "recipe",
    "remember",
    "stated_paths",
]

RENDERER = f"{__version__}"
"""Names the version of everything that turns files into objects: where it changes, all is rendered anew."""

REMEMBERED = 4
"""Former renderings that are kept: a revert, and the revert of the revert, need no render."""

_GENERATE_PATHS = "argocd.argoproj.io/manifest-generate-paths"

Surveys = Mapping[tuple[str, str], Survey]
"""What lies at the paths that were asked for, by address and SHA."""


def recipe(application: Application) -> str:
    """The digest of everything an application declares that its render depends on."""
    spec = application.declared["spec"]
    annotations = application.declared["metadata"].get("annotations") or {}
    automated = application.automated
    return digest(
        [
            str(application.key),
            spec.get("project") or "default",
            spec.get("sources") or [spec.get("source")],
            application.destination.namespace,
            bool(automated and automated.allow_empty),
            annotations.get(_GENERATE_PATHS, ""),
        ]
    )


def stated_paths(application: Application, source: Source) -> tuple[str, ...] | None:
    """The paths that the user says decide the render, or None where the annotation is absent.

    Separated by semicolons, relative to the source's path, or with a leading slash to the root; of a glob, the folder
    before its first wildcard (Argo CD, "Webhook and Manifest Paths Annotation").
    """
    annotations = application.declared["metadata"].get("annotations") or {}
    text = annotations.get(_GENERATE_PATHS, "")
    paths = [each.strip() for each in text.split(";") if each.strip()]
    if not paths or source.chart:
        return None
    return tuple(sorted({_rooted(each, source.path) for each in paths}))


def _rooted(path: str, base: str) -> str:
    plain = path
    for index, character in enumerate(path):
        if character in "*?[":
            plain = posixpath.dirname(path[:index]) + ("" if "/" in path[:index] else ".")
            break
    joined = plain.lstrip("/") if path.startswith("/") else posixpath.join(base or ".", plain)
    return posixpath.normpath(joined or ".")


def questions(candidates: Iterable[Rendering], revisions: Mapping[Input, str]) -> dict[tuple[str, str], set[str]]:
    """Which paths have to be surveyed, by address and SHA, to tell whether one of the renderings stands."""
    asked: dict[tuple[str, str], set[str]] = {}
    for rendering in candidates:
        for each in rendering.inputs:
            revision = revisions.get(bare(each))
            if revision and each.in_git:
                asked.setdefault((each.url, revision), set()).update(each.depends)
    return asked


def identify(
    application: Application,
    inputs: Sequence[Input],
    surveys: Surveys,
    context: RenderContext,
    *,
    by_revision: bool,
    by_cluster: bool,
) -> str:
    """The digest of all that decides a render; the inputs carry their revisions and paths."""
    asked = [context.kube_version, context.api_versions] if by_cluster else []
    read = [
        [each.url, [[path, surveys[each.url, each.revision].trees.get(path)] for path in each.depends]]
        if each.in_git
        else [each.url, each.chart, each.revision]
        for each in inputs
    ]
    revisions = [each.revision for each in inputs] if by_revision else []
    return digest([recipe(application), RENDERER, asked, read, revisions])


def find_again(
    application: Application,
    wanted: WantedState,
    revisions: Mapping[Input, str],
    surveys: Surveys,
    context: RenderContext,
) -> Rendering | None:
    """The rendering, current or former, that stands for these revisions too, with its inputs at them."""
    for known in (wanted.rendering, *wanted.earlier):
        if not known.bundle or any(bare(each) not in revisions for each in known.inputs):
            continue
        inputs = tuple(replace(each, revision=revisions[bare(each)]) for each in known.inputs)
        identity = identify(
            application, inputs, surveys, context, by_revision=known.by_revision, by_cluster=known.by_cluster
        )
        if identity == known.identity:
            return replace(known, inputs=inputs)
    return None


def remember(wanted: WantedState | None, rendering: Rendering) -> tuple[Rendering, ...]:
    """The former renderings beside this one, newest first."""
    if wanted is None:
        return ()
    former = [
        each for each in (wanted.rendering, *wanted.earlier) if each.bundle and each.identity != rendering.identity
    ]
    return tuple(former[:REMEMBERED])
