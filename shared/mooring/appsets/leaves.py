"""Generators that combine nothing: each turns an answer of the world into sets of parameters.

What they are called and contain is what Argo CD documents on the page of each generator. `values` are not here: they
are templates, and are rendered for many generators at once (see `evaluating`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mooring.appsets.filtering import chosen_repositories, chosen_requests
from mooring.appsets.globs import file_glob, folder_glob
from mooring.appsets.parameters import as_text, flattened, normalized, path_params
from mooring.appsets.ports import ClusterFacts, FoundRepository, Params, Ports
from mooring.appsets.rendering import Renderer
from mooring.errors import ConfigurationError
from mooring.model.applicationset import SetKey
from mooring.model.generatorkinds import (
    ClusterDecisions,
    Clusters,
    Elements,
    Generator,
    GitDirectories,
    GitFiles,
    PathItem,
    Plugin,
    PullRequests,
    Repositories,
)
from mooring.render.yaml import load_documents

__all__ = ["Leaves"]

_CLUSTER_LABEL = {"argocd.argoproj.io/secret-type": "cluster"}
_SHORT, _SHORTER = 8, 7


class Leaves:
    """The sets of parameters of single generators of one ApplicationSet."""

    def __init__(self, key: SetKey, ports: Ports, renderer: Renderer) -> None:
        self._key = key
        self._ports = ports
        self._renderer = renderer
        self._go = renderer.go_template

    def of(self, generator: Generator) -> list[Params]:
        """What a generator gives, without its `values`. Raises whatever the world answers, and never half of it."""
        match generator.detail:
            case Elements() as detail:
                return self._elements(detail, generator.where)
            case Clusters() as detail:
                return self._clusters(detail)
            case GitDirectories() as detail:
                return self._directories(detail, generator.where)
            case GitFiles() as detail:
                return self._files(detail, generator.where)
            case Repositories() as detail:
                return self._repositories(detail, generator.where)
            case PullRequests() as detail:
                return self._pull_requests(detail, generator.where)
            case Plugin() as detail:
                return self._plugin(detail)
            case ClusterDecisions() as detail:
                return self._decisions(detail)
            case _:
                raise TypeError(f"{generator.kind} combines others")

    def _elements(self, detail: Elements, where: str) -> list[Params]:
        found = [self._element(each, f"{where}.elements[{index}]") for index, each in enumerate(detail.elements)]
        if detail.yaml:
            at = f"{where}.elementsYaml"
            more = (load_documents(detail.yaml, where=at) or [[]])[0] or []
            if not isinstance(more, list) or not all(isinstance(each, dict) for each in more):
                raise ConfigurationError("must be a YAML list of mappings", field=at)
            found += more
        return found

    def _element(self, element: Mapping[str, Any], where: str) -> Params:
        if self._go:
            return dict(element)
        params: Params = {}
        for key, value in element.items():
            inner = (
                {f"values.{name}": each for name, each in value.items()}
                if key == "values" and isinstance(value, dict)
                else {key: value}
            )
            for name, text in inner.items():
                if not isinstance(text, str):
                    raise ConfigurationError("must be text; quote it, or use goTemplate: true", field=f"{where}.{name}")
                params[name] = text
        return params

    def _clusters(self, detail: Clusters) -> list[Params]:
        chosen = [each for each in self._ports.clusters if detail.selector.matches(_labels(each))]
        return [_cluster_params(each, go_template=self._go) for each in chosen]

    def _directories(self, detail: GitDirectories, where: str) -> list[Params]:
        folders = _folders(self._ports.git.paths(detail.url, detail.revision))
        chosen = _chosen(folders, detail.items, folder_glob, f"{where}.directories")
        return [path_params(each, "", detail.prefix, go_template=self._go) for each in chosen]

    def _files(self, detail: GitFiles, where: str) -> list[Params]:
        paths = self._ports.git.paths(detail.url, detail.revision)
        chosen = _chosen(sorted(paths), detail.items, file_glob, f"{where}.files")
        contents = self._ports.git.read(detail.url, detail.revision, chosen) if chosen else {}
        return [
            (dict(each) if self._go else {key: value for key, value in flattened(each).items() if key})
            | path_params(posixpath.dirname(path) or ".", posixpath.basename(path), detail.prefix, go_template=self._go)
            for path in chosen
            for each in _mappings(contents[path], path, where)
        ]

    def _repositories(self, detail: Repositories, where: str) -> list[Params]:
        found = chosen_repositories(self._ports.hosts, detail, self._key.namespace, self._renderer, where)
        return [_repository_params(each, detail.protocol) for each in found]

    def _pull_requests(self, detail: PullRequests, where: str) -> list[Params]:
        chosen = chosen_requests(self._ports.hosts, detail, self._key.namespace, self._renderer, where)
        slugs = iter(self._renderer.slugs([text for each in chosen for text in (each.branch, each.target)]))
        return [
            {
                "number": str(each.number),
                "title": each.title,
                "branch": each.branch,
                "branch_slug": next(slugs),
                "target_branch": each.target,
                "target_branch_slug": next(slugs),
                "head_sha": each.sha,
                "head_short_sha": each.sha[:_SHORT],
                "head_short_sha_7": each.sha[:_SHORTER],
                "author": each.author,
                **({"labels": list(each.labels)} if self._go else {}),
            }
            for each in chosen
        ]

    def _plugin(self, detail: Plugin) -> list[Params]:
        key = self._key
        answers = self._ports.plugins.parameters(key.namespace, detail.config_map, key.name, detail.parameters)
        inputs = {"generator": {"input": {"parameters": detail.parameters}}}
        return [(dict(each) if self._go else dict(flattened(each))) | inputs for each in answers]

    def _decisions(self, detail: ClusterDecisions) -> list[Params]:
        match_key, decisions = self._ports.decisions.decisions(detail)
        known = {each.name: each for each in self._ports.clusters}
        found: list[Params] = []
        for decision in decisions:
            cluster = known.get(str(decision.get(match_key, "")))
            if cluster is None:
                continue  # Argo CD passes over clusters that it does not know
            facts: Params = {"name": cluster.name, "server": cluster.server}
            found.append(facts | {key: as_text(value) for key, value in decision.items()})
        return found


def _labels(cluster: ClusterFacts) -> dict[str, str]:
    return {**_CLUSTER_LABEL, **cluster.labels}


def _cluster_params(cluster: ClusterFacts, *, go_template: bool) -> Params:
    params: Params = {
        "name": cluster.name,
        "nameNormalized": normalized(cluster.name),
        "server": cluster.server,
        "project": cluster.project,
    }
    labels = _labels(cluster)
    if go_template:
        return params | {"metadata": {"labels": labels, "annotations": dict(cluster.annotations)}}
    params |= {f"metadata.labels.{key}": value for key, value in labels.items()}
    return params | {f"metadata.annotations.{key}": value for key, value in cluster.annotations.items()}


def _folders(paths: Iterable[str]) -> list[str]:
    """Every folder that holds a file somewhere below, except hidden ones and the root."""
    folders: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    return sorted(each for each in folders if not any(part.startswith(".") for part in each.split("/")))


def _chosen(
    paths: Iterable[str], items: Iterable[PathItem], glob: Callable[..., re.Pattern[str]], where: str
) -> list[str]:
    """Those that any pattern takes and none leaves out, whatever their order."""
    patterns = [(glob(each.path, where=f"{where}[{index}].path"), each.exclude) for index, each in enumerate(items)]
    takes = [pattern for pattern, exclude in patterns if not exclude]
    leaves = [pattern for pattern, exclude in patterns if exclude]
    return [
        path
        for path in paths
        if any(each.fullmatch(path) for each in takes) and not any(each.fullmatch(path) for each in leaves)
    ]


def _mappings(content: bytes, path: str, where: str) -> list[Mapping[str, Any]]:
    """The parameters in a file: one mapping, or a list of them; an empty file has one without any."""
    documents = load_documents(content, where=path)
    value = documents[0] if documents else {}
    found = value if isinstance(value, list) else [{} if value is None else value]
    if not all(isinstance(each, dict) for each in found):
        raise ConfigurationError(f"{path} must hold a mapping of parameters, or a list of mappings", field=where)
    return found


def _repository_params(found: FoundRepository, protocol: str) -> Params:
    url = found.https if protocol.startswith("https") or not found.ssh else found.ssh
    if protocol == "https-fips":
        url = url.replace("https://git-codecommit.", "https://git-codecommit-fips.", 1)
    return {
        "organization": found.owner,
        "repository": found.name,
        "repository_id": found.ident,
        "url": url,
        "branch": found.branch,
        "branchNormalized": normalized(found.branch),
        "sha": found.sha,
        "short_sha": found.sha[:_SHORT],
        "short_sha_7": found.sha[:_SHORTER],
        "labels": ",".join(found.labels),
    }
