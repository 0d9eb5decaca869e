"""The routes of what is live: trees, objects, differences, manifests, events and logs of an application.

`api` reaches no cluster: each of these asks the function `look` and waits (ADR 0112). What is answered was read just
now and is kept nowhere. The addresses follow Argo CD's; where its query takes an object's `namespace`, this API has
`resourceNamespace`, since `namespace` is where the Application is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import NAMESPACE, Access, Param, flag
from objects import application

from mooring.flows.asked.looks import NoSuchObjectError, UnknownOperationError, ask_look
from mooring.model.moments import told_time

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["OBJECT", "add_look_routes"]

_PATH = "/api/v1/applications/<name>"
OBJECT = (
    Param("group", "The object's group; empty for the core group"),
    Param("kind", "The object's kind", required=True),
    Param("resourceNamespace", "The object's namespace; empty where it has none"),
    Param("resourceName", "The object's name", required=True),
)
_ANY = "; `*` for whichever of the application's own has that name"
_SOME_OBJECT = tuple(
    Param(each.name, each.does + ("" if each.required else _ANY), required=each.required) for each in OBJECT
)
_LINES = (
    Param("container", "A container's name, or `*` for all; the pod's default one where none is given"),
    flag("previous", "Whether the log is that of the container before its last restart"),
    Param("sinceSeconds", "Lines of the last seconds", "count"),
    Param("sinceTime", "Lines from a time on, as 2026-03-01T02:00:00Z"),
    Param("tailLines", "At most this many of the last lines of each container; 200 where none is given", "count"),
    Param("limitBytes", "About how much at most; 2 MiB where none is given", "count"),
    Param("filter", "Text that lines must have"),
    Param("cursor", "`cursor` of the answer before: what came since"),
)
_READS = Access("applications", "get", application)
_READS_LOGS = Access("logs", "get", application)


def add_look_routes(desk: Desk) -> None:
    """Adds what shows a cluster to somebody who waits."""
    desk.missing(NoSuchObjectError, UnknownOperationError)

    def ask(what: str, app: str, /, **more: Any) -> dict[str, Any]:
        return ask_look(desk.composition.looks, what, desk.key(app), **more)

    def named() -> dict[str, str]:
        asked = desk.query
        places = {"group": "group", "kind": "kind", "namespace": "resourceNamespace", "name": "resourceName"}
        return {place: asked.get(param, "") for place, param in places.items()}

    def lines() -> dict[str, Any]:
        asked = desk.query
        texts = {"container": "container", "since_time": "sinceTime", "holding": "filter", "cursor": "cursor"}
        counts = {"since_seconds": "sinceSeconds", "tail": "tailLines", "limit_bytes": "limitBytes"}
        query: dict[str, Any] = {field: asked[param] for field, param in texts.items() if asked.get(param)}
        query |= {field: int(asked[param]) for field, param in counts.items() if asked.get(param)}
        return query | {"previous": desk.flag("previous") is True}

    @desk.get(
        f"{_PATH}/resource-tree",
        does="The application's objects and all that they own, down to pods",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="ResourceTree",
    )
    def get_resource_tree(name: str) -> Any:
        return ask("tree", name)

    @desk.get(
        f"{_PATH}/resource",
        does="One object: as it is, as git wants it, what differs, and who set which field",
        access=_READS,
        tag="live",
        query=(NAMESPACE, *OBJECT, Param("version", "The version in which it is read")),
        answers="LiveResource",
    )
    def get_resource(name: str) -> Any:
        return ask("object", name, **named(), version=desk.query.get("version", ""))

    @desk.get(
        f"{_PATH}/blame",
        does="Who set each field of one object, and when: commits for what is git's, people for the rest",
        access=_READS,
        tag="live",
        query=(NAMESPACE, *_SOME_OBJECT),
        answers="Blamed",
    )
    def blame(name: str) -> Any:
        return ask("blame", name, **named())

    @desk.get(
        f"{_PATH}/managed-resources",
        does="The differences of all objects that differ",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="ManagedResources",
    )
    def list_managed_resources(name: str) -> Any:
        return ask("managed", name)

    @desk.get(
        f"{_PATH}/manifests",
        does="All manifests at the revision that git wants, or that is applied",
        access=_READS,
        tag="live",
        query=(NAMESPACE, Param("at", "`wanted` where nothing is given", choices=("wanted", "synced"))),
        answers="Manifests",
    )
    def get_manifests(name: str) -> Any:
        return ask("manifests", name, at=desk.query.get("at") or "wanted")

    @desk.get(
        f"{_PATH}/operations/<id>/manifests",
        does="All manifests that an operation brought",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="Manifests",
    )
    def get_operation_manifests(name: str, id: str) -> Any:
        return ask("manifests", name, at=id)

    @desk.get(
        f"{_PATH}/operations/<ident>/changes",
        does="What an operation changed, object by object and field by field",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="ChangesOfOperation",
    )
    def get_operation_changes(name: str, ident: str) -> Any:
        return ask("changes", name, operation=ident.upper())

    @desk.get(
        f"{_PATH}/compare",
        does="What differs between two revisions, object by object",
        access=_READS,
        tag="live",
        query=(
            NAMESPACE,
            Param("from", "The id of an operation, `wanted` or `synced`", required=True),
            Param("to", "The id of an operation, `wanted` or `synced`", required=True),
        ),
        answers="Comparison",
    )
    def compare_revisions(name: str) -> Any:
        return ask("compare", name, old=desk.query["from"], new=desk.query["to"])

    @desk.get(
        f"{_PATH}/secrets",
        does="How the application's secrets are, and where each comes from; never a value",
        access=_READS,
        tag="live",
        query=(NAMESPACE,),
        answers="SecretsOfApplication",
    )
    def list_secrets(name: str) -> Any:
        found = ask("secrets", name)
        sealed = any(each["source"] == "SealedSecret" for each in found["items"])
        certificates = desk.composition.sealing_keys.certificates()[:1] if sealed else []
        told = [{"fingerprint": one.fingerprint, "since": told_time(one.since), "until": told_time(one.until)}
                for one in certificates]  # fmt: skip
        return found | {"sealing": told[0] if told else None}

    @desk.get(
        f"{_PATH}/events",
        does="Kubernetes' events of an object, or of all of the application, newest first",
        access=_READS,
        tag="live",
        query=(
            NAMESPACE,
            *(Param(each.name, each.does) for each in OBJECT),
            Param("limit", "How many at most; 100 where none is given", "count"),
        ),
        answers="Events",
    )
    def list_events(name: str) -> Any:
        return ask("events", name, **named(), limit=int(desk.query.get("limit") or 100))

    @desk.get(
        f"{_PATH}/pods/<pod>/logs",
        does="What a pod's containers have written, a range at a time",
        access=_READS_LOGS,
        tag="live",
        query=(NAMESPACE, Param("resourceNamespace", "The pod's namespace", required=True), *_LINES),
        answers="Logs",
    )
    def get_pod_logs(name: str, pod: str) -> Any:
        place = desk.query["resourceNamespace"]
        return ask("logs", name, kind="Pod", namespace=place, name=pod, query=lines())

    @desk.get(
        f"{_PATH}/logs",
        does="What all pods of a workload have written, in order of time, a range at a time",
        access=_READS_LOGS,
        tag="live",
        query=(NAMESPACE, *OBJECT, *_LINES),
        answers="Logs",
    )
    def get_workload_logs(name: str) -> Any:
        return ask("logs", name, **named(), query=lines())
