"""The routes of `mooring app diff --local`: what a render on somebody's machine must know, and what it would change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from declared import NAMESPACE, Access
from objects import application, project_of

from mooring.access.rbac import named
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.looks import ask_look
from mooring.state.clusters import find_cluster

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_local_routes"]

_PATH = "/api/v1/applications/<name>"
_LARGEST: Final = 4 * 1024 * 1024  # bytes of JSON; a question to a function holds 6 MB at most
_READS = Access("applications", "get", application)


def add_local_routes(desk: Desk) -> None:
    """Adds both."""

    @desk.get(
        f"{_PATH}/build-context",
        does="What a render of the application is told of its cluster",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="BuildContext",
    )
    def get_build_context(name: str) -> Any:
        key = desk.key(name)
        spec = desk.record(key).spec
        if spec is None:
            raise UnknownApplicationError("no application of this name is declared", subject=str(key))
        try:
            cluster = find_cluster(desk.composition.registry.clusters(), spec.application.destination)
        except MooringError:  # a render knows nothing of it either
            return {"kubeVersion": "", "apiVersions": []}
        return {"kubeVersion": cluster.kube_version, "apiVersions": list(cluster.api_versions)}

    @desk.post(
        f"{_PATH}/managed-resources",
        does="What a sync to these manifests would change; with `override` it is tried, and Secrets are compared",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        body="GivenManifests",
        answers="ComparedManifests",
    )
    def compare_manifests(name: str) -> Any:
        body, key = desk.body(), desk.key(name)
        given, sources = (body.get(name) if isinstance(body, dict) else None for name in ("manifests", "sources"))
        if not isinstance(given, list):
            raise ConfigurationError("must be a list of manifests", field="manifests")
        if len(json.dumps(given)) > _LARGEST:
            raise ConfigurationError(f"exceed {_LARGEST >> 20} MiB together", field="manifests")
        tries = desk.may("applications", "override", named(project_of(desk, key), key))
        more = {} if sources is None else {"sources": sources}
        return ask_look(desk.composition.looks, "against", key, manifests=given, tries=tries, **more)
