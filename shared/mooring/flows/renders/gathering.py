"""What applications of one commit read, brought together.

Each request to a git server, and each git process, costs more than a few files more. So before several applications of
one commit are rendered, all paths that are known to be needed are fetched and written at once; what a render finds out
on its way is little, and mostly there already, since applications share it (bases, charts). It is only ever a
preparation: a repository that can't be read is reported by the render that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from mooring.errors import MooringError
from mooring.model.application import Application
from mooring.model.source import Source
from mooring.render.outline import borrowed, named
from mooring.source import Repositories
from mooring.state.wanted import Input

__all__ = ["gather", "known_paths"]


def known_paths(source: Source, given: Input, known: Iterable[Input]) -> list[str]:
    """The paths to begin with: those that the last render read (`known`), and those that the source itself names."""
    read = (path for each in known if (each.url, each.target) == (given.url, given.target) for path in each.depends)
    return [*(named(source) if source.gives_manifests else ()), *read]


def gather(
    repositories: Repositories, applications: Sequence[tuple[Application, Sequence[Input], Sequence[Input]]]
) -> None:
    """Brings the files of applications that read the same commits: one request for each commit instead of one for each
    application. Each comes with its inputs (with revisions) and those of its last render. Raises nothing of sources.
    """
    if len(applications) < 2:
        return
    wants: dict[tuple[str, str], set[str]] = {}
    for application, inputs, known in applications:
        lent = {ref: paths for source in application.sources for ref, paths in borrowed(source).items()}
        for source, each in zip(application.sources, inputs, strict=True):
            if each.in_git:
                paths = wants.setdefault((each.url, each.revision), set())
                paths.update(known_paths(source, each, known), lent.get(source.ref, ()))
    for (url, sha), paths in wants.items():
        with suppress(MooringError), repositories.opened(url, sha, paths):
            pass
