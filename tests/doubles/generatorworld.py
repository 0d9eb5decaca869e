"""A world for generators to ask, in memory, and ApplicationSets to ask it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mooring.appsets.ports import ClusterFacts, FoundRepository, Params, Ports, PullRequest
from mooring.model.applicationset import ApplicationSet, parse_application_set
from mooring.model.forges import Forge
from mooring.model.generatorkinds import ClusterDecisions


@dataclass
class World:
    """Whatever a test puts here; counts what it is asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    clusters: list[ClusterFacts] = field(default_factory=list)
    found: list[FoundRepository] = field(default_factory=list)
    at_branches: list[FoundRepository] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    requests: list[PullRequest] | None = field(default_factory=list)
    answers: list[Params] = field(default_factory=list)
    decided: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ports(self, templates: Any = None) -> Ports:
        """All ports are this world."""
        return Ports(templates or self, self, self.clusters, self, self, self)

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Slugs and patterns only, made simply: Go templates are tried with the program that renders them."""
        return [self._answer(each) for each in requests]

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["verb"] == "slug":
            return {"slugs": [text.lower().replace("/", "-") for text in request["texts"]]}
        assert request["verb"] == "match"
        return {"matches": [re.search(request["pattern"], text) is not None for text in request["texts"]]}

    def paths(self, url: str, revision: str) -> list[str]:
        self.asked.append(f"{url}@{revision}")
        return list(self.files)

    def read(self, url: str, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
        return {path: self.files[path] for path in paths}

    def repositories(self, forge: Forge, namespace: str) -> list[FoundRepository]:
        return self.found

    def branches(self, forge: Forge, namespace: str, repository: FoundRepository) -> list[FoundRepository]:
        self.asked.append(repository.name)
        if not forge.all_branches:
            return [repository]
        return [each for each in self.at_branches if each.name == repository.name]

    def has_path(self, forge: Forge, namespace: str, repository: FoundRepository, path: str) -> bool:
        self.asked.append(f"{repository.name}:{path}")
        return f"{repository.name}:{path}" in self.present

    def pull_requests(self, forge: Forge, namespace: str) -> list[PullRequest] | None:
        return self.requests

    def parameters(self, namespace: str, config_map: str, set_name: str, inputs: Mapping[str, Any]) -> list[Params]:
        self.asked.append(f"{namespace}/{config_map} for {set_name}: {dict(inputs)}")
        return self.answers

    def decisions(self, wanted: ClusterDecisions) -> tuple[str, list[Mapping[str, Any]]]:
        return "clusterName", self.decided


def declared(*generators: dict[str, Any], name: str = "{{name}}", **spec: Any) -> ApplicationSet:
    """An ApplicationSet of these generators, whose applications are called so."""
    template = {
        "metadata": {"name": name},
        "spec": {
            "project": "shops",
            "source": {"repoURL": "https://git.example/fleet.git", "path": "web", "targetRevision": "main"},
            "destination": {"name": "in-cluster", "namespace": "web"},
        },
    }
    return parse_application_set(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": "shops", "namespace": "argocd"},
            "spec": {"generators": list(generators), "template": template, **spec},
        }
    ).application_set
