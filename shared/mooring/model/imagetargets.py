"""Where an application's new tags are written: which repository, branch and file, and under which source.

The rules are Image Updater's ("Update methods"): a path is relative to the source's own unless it begins with `/`, and
of several sources the one counts that the target fits. Whether the branch is one is seen when the repository is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.model.application import DEFAULT_NAMESPACE, AppKey
from mooring.model.imageannotations import PREFIX
from mooring.model.imagesettings import Method, TargetKind, WriteBack
from mooring.model.source import Source

__all__ = ["WriteTarget", "write_target"]


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """Where to write. With the method `argocd` everything else but `source` is empty: the application is changed.

    `path` is relative to the repository: the file, or for `kustomization` the folder. `source` is the index of the
    application's source. `base` is the branch to start from (`HEAD`: the default one), `branch` the template of the one
    to write to (empty: the same), `pull_request` the kind of code host (`auto`: what the address says), else empty.
    """

    method: Method
    source: int
    kind: TargetKind = "parameters"
    repository: str = ""
    base: str = ""
    branch: str = ""
    path: str = ""
    credential: str = ""
    pull_request: str = ""


def write_target(key: AppKey, sources: Sequence[Source], write_back: WriteBack) -> WriteTarget:
    """Where this application's tags are written. Raises `ConfigurationError` that names the annotation."""
    index = _index(sources, write_back.target)
    source = sources[index]
    if write_back.method == "argocd":
        return WriteTarget("argocd", index)
    if source.chart and not write_back.repository:
        raise ConfigurationError(
            "must name the git repository to write to: the application's source is a chart",
            field=f"{PREFIX}git-repository",
            subject=str(key),
        )
    if source.chart and not write_back.base_branch:
        raise ConfigurationError(
            "must name a branch: the revision of the application's source is a chart's version",
            field=f"{PREFIX}git-branch",
            subject=str(key),
        )
    return WriteTarget(
        method="git",
        source=index,
        kind=write_back.target,
        repository=write_back.repository or source.repo_url,
        base=write_back.base_branch or source.target_revision or "HEAD",
        branch=write_back.write_branch,
        path=_path(key, source, write_back),
        credential=write_back.credential,
        pull_request=write_back.pull_request,
    )


def _index(sources: Sequence[Source], target: TargetKind) -> int:
    wanted = {"kustomization": ("Kustomize",), "helmvalues": ("Helm",), "parameters": ("Helm", "Kustomize")}[target]
    giving = [index for index, each in enumerate(sources) if each.gives_manifests]
    for index in giving:
        if sources[index].kind in wanted:
            return index
    in_git = [index for index in giving if not sources[index].chart]
    return next(iter(in_git if target == "kustomization" else giving), 0)


def _path(key: AppKey, source: Source, write_back: WriteBack) -> str:
    relative = write_back.path if write_back.target != "parameters" else f".argocd-source-{_instance(key)}.yaml"
    start = "" if relative.startswith("/") else source.path
    path = posixpath.normpath(posixpath.join("/", start, relative.lstrip("/"))).lstrip("/")
    depth = 0
    for part in posixpath.join(start, relative.lstrip("/")).split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            raise ConfigurationError(
                f"{write_back.path!r} leads out of the repository", field=f"{PREFIX}write-back-target", subject=str(key)
            )
    return path or "."


def _instance(key: AppKey) -> str:
    """The name among all namespaces, by which Argo CD looks for overrides (its page "Parameter Overrides")."""
    return key.name if key.namespace == DEFAULT_NAMESPACE else f"{key.namespace}_{key.name}"
